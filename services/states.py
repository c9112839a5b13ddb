"""The pipeline's memory of aggregates: immutable states, the least recently used go first."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from domain.batch import Log
from domain.catalog import empty_state
from domain.reading import check_versions


class StateCache:
    """States by stream id. A stale one is brought up to date by its missing events only."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._states: OrderedDict[str, Any] = OrderedDict()
        self._stale: set[str] = set()
        self.found_stale = False  # the last fetch found events behind a remembered state

    def __contains__(self, stream: str) -> bool:
        return stream in self._states

    def fetch(self, log: Log, streams: Iterable[str], *, fresh: bool) -> dict[str, Any]:
        """Give the state of each stream, reading what is missing in one query.

        fresh: read also what is remembered, because it may have moved.
        """
        wanted = dict.fromkeys(streams)
        states = {stream: self._states.get(stream) or empty_state(stream) for stream in wanted}
        missing = {
            stream: states[stream].version
            for stream in wanted
            if fresh or stream in self._stale or stream not in self._states
        }
        self.found_stale = False
        if missing:
            self._read(log, missing, states)
        return states

    def _read(self, log: Log, missing: Mapping[str, int], states: dict[str, Any]) -> None:
        """Bring states up to date, whole ones by what was kept of them and the events behind."""
        above = dict(missing)
        unread = [stream for stream, version in missing.items() if version == 0]
        if unread:
            kept = log.load_states(unread)
            states |= kept
            above |= {stream: state.version for stream, state in kept.items()}
        for stream, happened in log.load(above).items():
            check_versions(stream, happened, above[stream])
            for event in happened:
                states[stream] = states[stream].evolve(event)
        self.found_stale = any(
            states[stream].version > version
            for stream, version in missing.items()
            if stream in self._states
        )

    def keep(self, states: Mapping[str, Any]) -> None:
        """Remember states that are known to stand in the log."""
        for stream, state in states.items():
            self._states[stream] = state
            self._states.move_to_end(stream)
        self._stale.difference_update(states)
        while len(self._states) > self._size:
            gone, _ = self._states.popitem(last=False)
            self._stale.discard(gone)

    def forget(self, streams: Iterable[str]) -> None:
        """Read these streams from their first event on when they are needed again."""
        for stream in streams:
            self._states.pop(stream, None)
            self._stale.discard(stream)

    def doubt(self, streams: Iterable[str]) -> None:
        """Read the events behind these states before they are used again."""
        self._stale.update(stream for stream in streams if stream in self._states)

    def doubt_all(self) -> None:
        """Doubt every state: an append may have been written without our knowing."""
        self._stale.update(self._states)
