"""How events shape an item, and what is kept of them so that a fact among them can be taken back.

Only an item that a fact was told of has a history: a decision is undone by another decision.
Called by evolve, so nothing here refuses, also where the item is gone or has fewer pieces.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from domain.orders import events as e
from domain.orders.items import INITIAL, Item
from domain.orders.timeline import TimelineKey

# In this order JSON tells them apart: what is said of a line only is no addition.
ItemEvent = e.ItemStatusChanged | e.ItemChanged | e.ItemAdded


@dataclass(frozen=True, slots=True)
class ItemTelling:
    """One event about an item, with its place among those of the order."""

    version: int  # of the event in the order's stream
    key: TimelineKey
    event: ItemEvent

    @property
    def is_fact(self) -> bool:
        return self.key[1] == 0


@dataclass(frozen=True, slots=True)
class ItemHistory:
    """An item as decisions left it before the first fact about it, and all that came since."""

    before: Item | None
    since: tuple[ItemTelling, ...] = ()  # in the order of arrival; the first is a fact

    @property
    def item(self) -> Item | None:
        """What all of it together makes of the item."""
        return reduce(shaped, self.since, self.before)

    def and_then(self, telling: ItemTelling) -> "ItemHistory":
        return ItemHistory(self.before, (*self.since, telling))

    def without(self, version: int) -> "ItemHistory":
        """Give the history as if that event had never been; without a fact it is only `before`."""
        before = self.before
        left = [telling for telling in self.since if telling.version != version]
        while left and not left[0].is_fact:
            before = shaped(before, left.pop(0))
        return ItemHistory(before, tuple(left))

    def tells(self, version: int) -> bool:
        return any(telling.version == version for telling in self.since)


def with_telling(
    items: Mapping[str, Item], histories: Mapping[str, ItemHistory], telling: ItemTelling
) -> dict[str, Mapping[str, Any]]:
    """Give `items` and `item_histories` of an order after one more event about an item."""
    item_id = _item_id_of(telling.event)
    known = items.get(item_id)
    if telling.is_fact or item_id in histories:
        history = histories.get(item_id, ItemHistory(known))
        histories = {**histories, item_id: history.and_then(telling)}
    item = shaped(known, telling)
    if item is not None:
        items = {**items, item_id: item}
    return {"items": items, "item_histories": histories}


def without_fact(
    items: Mapping[str, Item], histories: Mapping[str, ItemHistory], version: int
) -> dict[str, Mapping[str, Any]]:
    """Give `items` and `item_histories` of an order as if that fact had never been told."""
    for item_id, history in histories.items():
        if history.tells(version):
            left = history.without(version)
            return {
                "items": _put(items, item_id, left.item),
                "item_histories": _put(histories, item_id, left if left.since else None),
            }
    return {}


def shaped(item: Item | None, telling: ItemTelling) -> Item | None:
    """Give the item after one more event; None: there is none. Of facts the latest counts."""
    after = _shaped(item, telling)
    if after is None or after is item:
        return item
    key = max(after.key, telling.key)
    asked = (after.delivery_minor, after.currency, after.supplier)
    return Item(after.line, after.pieces, *asked, key)


def _shaped(item: Item | None, telling: ItemTelling) -> Item | None:
    event = telling.event
    if isinstance(event, e.ItemAdded):
        return _added(item, event, telling.key)
    if item is None:
        return None
    if isinstance(event, e.ItemChanged):
        return item.with_line(event.line)
    return item.move(event.quantity, event.from_status, event.to_status, event.supplier)


def _added(item: Item | None, event: e.ItemAdded, key: TimelineKey) -> Item:
    line = event.line
    if item is None:
        return Item(line, {INITIAL: line.quantity}, event.delivery_minor, event.currency)
    if item.key > key:
        return item
    # What is said of the line says nothing of how far its pieces are.
    return replace(
        item.with_line(line), delivery_minor=event.delivery_minor, currency=event.currency
    )


def _item_id_of(event: ItemEvent) -> str:
    return event.item_id if isinstance(event, e.ItemStatusChanged) else event.line.item_id


def _put(known: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Give the mapping with another value at its place; None: with none."""
    changed = {**known, name: value}
    if value is None:
        del changed[name]
    return changed
