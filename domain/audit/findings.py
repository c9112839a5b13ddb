"""What a check of the sealed log found: each thing that is not as it was sealed, by its place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "event_altered",
    "event_inserted",
    "event_missing",
    "event_moved",
    "events_swapped",
    "events_changed",  # somewhere in a span; the seal was changed with them
    "version_missing",
    "command_altered",
    "command_inserted",
    "command_missing",
    "commands_changed",
    "definition_altered",
    "definition_inserted",
    "definition_missing",
    "head_forged",
    "head_missing",
    "key_unannounced",
    "key_unknown",
    "seal_altered",  # what proofs are made of; the log itself is as sealed
    "witness_unreadable",
    "log_rewritten",  # a head that was held outside says otherwise
    "log_restored",
    "restore_forged",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was sealed."""

    kind: Kind
    message: str
    first: int | None = None  # position; of commands their number
    last: int | None = None
    head: int | None = None  # number of the head that shows it


@dataclass(frozen=True, slots=True)
class Differences:
    """Positions that do not hold what was sealed there."""

    altered: Mapping[int, bytes]  # by position, the hash that was sealed
    missing: Mapping[int, bytes]
    origins: Mapping[int, int]  # of altered positions: where their event stood


def name_differences(found: Differences) -> Iterator[Finding]:
    """Name what became of each position: swapped, moved, inserted, missing, altered."""
    origins = found.origins
    swapped = {p for p, q in origins.items() if origins.get(q) == p}
    for position in sorted(swapped):
        if position < origins[position]:
            yield Finding(
                "events_swapped",
                f"The events at positions {position} and {origins[position]} changed places.",
                position,
                origins[position],
            )
    later = [p for p in sorted(origins) if origins[p] == p - 1 and p not in swapped]
    earlier = [p for p in sorted(origins) if origins[p] == p + 1 and p not in swapped]
    told = {*swapped, *later, *earlier}
    for first, last in spans(later):
        yield Finding(
            "event_inserted",
            f"The event at position {first - 1} was inserted: what was sealed at {first - 1} to "
            f"{last - 1} stands one position later.",
            first - 1,
            first - 1,
        )
        told.add(first - 1)
    for first, last in spans(earlier):
        yield Finding(
            "event_missing",
            f"The event of position {first} is missing: what was sealed at {first + 1} to "
            f"{last + 1} stands one position earlier.",
            first,
            first,
        )
    for position in sorted(origins.keys() - told):
        yield Finding(
            "event_moved",
            f"Position {position} holds the event of position {origins[position]}.",
            position,
            position,
        )
    gone = found.missing.keys() - set(origins.values())
    for first, last in spans(sorted(gone)):
        yield Finding("event_missing", f"{_events(first, last)} missing.", first, last)
    for first, last in spans(sorted(found.altered.keys() - told - origins.keys())):
        yield Finding("event_altered", f"{_events(first, last)} altered.", first, last)


def spans(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Give ascending numbers as spans of those that follow each other."""
    first = last = None
    for number in numbers:
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = number
    if first is not None and last is not None:
        yield first, last


def gaps(numbers: Iterable[int], first: int, last: int) -> Iterator[tuple[int, int]]:
    """Give the spans from one number to another that hold none of some ascending ones up to it."""
    free = first
    for number in numbers:
        if number > free:
            yield free, number - 1
        free = max(free, number + 1)
    if free <= last:
        yield free, last


def moved_leaf(leaf: bytes, position: int) -> bytes:
    """Give the leaf of the same event as it would be at another position."""
    return leaf[:4] + position.to_bytes(8, signed=True) + leaf[12:]


def near_first(position: int, places: Iterable[int]) -> list[int]:
    """Order places where an event may have stood: the neighbours first, as after a shift."""
    near = [position - 1, position + 1]
    return near + [one for one in places if one not in near]


def _events(first: int, last: int) -> str:
    if first == last:
        return f"The event at position {first} is"
    return f"The events at positions {first} to {last} are"
