"""One stream of the log, read whole. Used by everything that shows or prints one thing."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.messages import Recorded
from domain.reading import check_versions


class Log(Protocol):
    """The log, with what is personal in clear."""

    def load(self, versions: Mapping[str, int]) -> Mapping[str, list[Recorded]]: ...


def events_of(log: Log, stream: str) -> list[Recorded]:
    """Give the events of a stream. Raises: InfraError log_gap if one is missing"""
    events = log.load({stream: 0})[stream]
    check_versions(stream, events)
    return events


def until(events: Sequence[Recorded], version: int | None) -> list[Recorded]:
    """Give a stream as it was at a version; None: as it is."""
    return [one for one in events if version is None or one.version <= version]
