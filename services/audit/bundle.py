"""What auditors take along: events with proofs and the head that they lead to, in one document.

docs/examples/verify_bundle.py checks it without Orderpath and without a network.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from domain.audit.records import TreeName
from domain.refusals import Unusable
from services.audit.ports import SealedLog
from services.audit.proofs import base64_of, find_head, held_of, prove_inclusion, public_keys
from services.audit.stored_tree import damaged
from services.reading import find_order

if TYPE_CHECKING:
    from services.bootstrap import System

FORMAT: Final = "orderpath.audit.bundle.v1"
MOST_EVENTS: Final = 100_000  # of one bundle
_EVENTS: Final[TreeName] = "events"
_NUMBERS: Final = ("position", "version", "shard")
_IDS: Final = ("fact_id", "key_id", "command_id", "correlation_id", "causation_id")
_TIMES: Final = ("occurred_at", "recorded_at")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Part:
    """What a bundle is about: all of an order's events that are sealed, or a span of positions."""

    stream_id: str | None = None
    first: int | None = None
    last: int | None = None


def stream_of(system: "System", order: str) -> str:
    """Name the stream of an order. Raises: Refusal order_unknown, order_ambiguous"""
    return f"order-{find_order(system, order)}"


def export_bundle(log: SealedLog, part: Part) -> dict[str, Any]:
    """Give the bundle of a part of the log, as JSON has it.

    Raises: Unusable for a part that is not sealed, or too large; InfraError seal_damaged for an
            event that is not as it was sealed
    """
    signed = find_head(log)
    size = signed.head.events.size
    positions = _positions(log, part, size)
    if not positions:
        raise Unusable("Nothing of that is sealed yet.")
    if len(positions) > MOST_EVENTS:
        raise Unusable(f"A bundle has at most {MOST_EVENTS} events: choose a smaller part.")
    proofs = prove_inclusion(log, positions, signed.head.number)
    for proof in proofs:
        if not proof.holds:
            raise damaged(f"the event at position {proof.position} is not as it was sealed")
    leaves = log.row_leaves(_EVENTS, positions)
    events = [
        readable(log.columns_of(leaf, _EVENTS))
        | {"proof": [base64_of(step) for step in proof.path]}
        for leaf, proof in zip(leaves, proofs, strict=True)
    ]
    about: dict[str, Any] = (
        {"from": positions[0], "to": positions[-1]}
        if part.stream_id is None
        else {"stream_id": part.stream_id, "events": len(events)}
    )
    return {
        "format": FORMAT,
        "about": about,
        "head": signed.note(public_keys(log)[signed.head.key_id]),
        "keys": list(_keys(log)),
        "events": events,
    }


def write_bundle(bundle: Mapping[str, Any], path: Path) -> None:
    """Write a bundle into a file that is not there yet. Raises: Unusable"""
    told = json.dumps(bundle, ensure_ascii=False, indent=1)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(told + "\n")
    except OSError as error:
        raise Unusable(f"{path} cannot be written ({error.strerror}): name another file") from error


def readable(columns: Mapping[str, bytes | None]) -> dict[str, Any]:
    """Give the columns of a leaf for people and programs; whoever checks turns them back."""
    return {name: None if told is None else _readable(name, told) for name, told in columns.items()}


def _readable(name: str, told: bytes) -> Any:
    if name in _NUMBERS:
        return int.from_bytes(told, signed=True)
    if name in _IDS:
        return str(UUID(bytes=told))
    if name in _TIMES:
        moment = _EPOCH + timedelta(microseconds=int.from_bytes(told, signed=True))
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    try:
        return told.decode()
    except UnicodeDecodeError:
        return {"base64": base64_of(told)}


def _positions(log: SealedLog, part: Part, size: int) -> Sequence[int]:
    if part.stream_id is not None:
        return held_of(log, part.stream_id, size, MOST_EVENTS + 1)[0]
    first, last = part.first or 1, part.last or size
    if not 1 <= first <= last <= size:
        raise Unusable(f"From {first} to {last} not all is sealed: 1 to {size} is.")
    return range(first, last + 1)


def _keys(log: SealedLog) -> Iterator[dict[str, Any]]:
    """Give every key; of each but the first, who announced it, and when, is signed."""
    before = None
    for key in log.known_keys():
        told: dict[str, Any] = {"key_id": key.key_id, "public_key": base64_of(key.public_key)}
        if before is not None and key.signature is not None:
            moment = key.added_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            told |= {"added_at": moment, "signature": base64_of(key.signature)}
        yield told
        before = key
