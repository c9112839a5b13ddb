"""Ids that follow from what a source says, so that telling it twice adds nothing.

They reach the log: a contract for ever. Asked by imports, and by whoever places an order that has
a number elsewhere.
"""

import json
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

ORDERS: Final = uuid5(NAMESPACE_URL, "orderpath:order")
FACTS: Final = uuid5(NAMESPACE_URL, "orderpath:fact")

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def order_id_of(source: str, external_id: str) -> UUID:
    """Give the id of the order that a source calls `external_id`."""
    return uuid5(ORDERS, _joined(source, external_id))


def fact_id_of(source: str, external_id: str, key: str) -> UUID:
    """Give the id of one fact; key: `placed`, `item:1`, …, unique within the order."""
    return uuid5(FACTS, _joined(source, external_id, key))


def id_of(namespace: UUID, *parts: str) -> UUID:
    """Give the id that follows from the parts."""
    return uuid5(namespace, _joined(*parts))


def _joined(*parts: str) -> str:
    return _ENCODE(parts)
