"""The pipeline's memory of aggregates: immutable states, the least recently used go first."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from domain.batch import Log
from domain.catalog import empty_state
from domain.customers.events import customer_of
from domain.orders.held_bytes import held_bytes
from domain.orders.order import Order
from domain.reading import check_versions, evolved
from domain.refusals import InfraError
from domain.stock.stock import Stock

STREAM_BYTES: Final = 12_800  # for each state that may be kept: more than orders take mostly
LEAST_BYTES: Final = 64 * 1024 * 1024  # where few may be kept: a large order has room
OTHER_BYTES: Final = 1_000  # in memory, as measured: of a state that is no order
RESERVATION_BYTES: Final = 500  # of each order that a stock keeps pieces for


class StateCache:
    """States by stream id. A stale one is brought up to date by its missing events only.

    size: how many are remembered; fewer where they are so large that together they take more
    memory than so many orders do mostly
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._most_bytes = max(size * STREAM_BYTES, LEAST_BYTES)
        self._states: OrderedDict[str, Any] = OrderedDict()
        self._held: dict[str, int] = {}  # bytes, by stream
        self._bytes = 0  # of all of them
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
                states[stream] = evolved(stream, states[stream], event)
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
            self._bytes -= self._held.get(stream, 0)
            self._held[stream] = held = state_bytes(state)
            self._bytes += held
        self._stale.difference_update(states)
        while len(self._states) > self._size or self._bytes > self._most_bytes:
            self._drop(next(iter(self._states)))

    def forget(self, streams: Iterable[str]) -> None:
        """Read these streams from their first event on when they are needed again."""
        for stream in streams:
            self._drop(stream)

    def forget_subjects(self, subjects: Collection[str]) -> None:
        """Forget what is known of persons who were erased, and read it again without their data."""
        if subjects:
            gone = [
                stream
                for stream, state in self._states.items()
                if stream in subjects
                or not subjects_of(state).isdisjoint(subjects)
                or customer_of(stream) in subjects
            ]
            self.forget(gone)

    def forget_erased(self, log: Log) -> None:
        """Forget who was erased by others since we last heard of any. Done while nobody asks."""
        with suppress(InfraError):  # While the database is away nobody is erased.
            self.forget_subjects(log.newly_erased())

    def doubt(self, streams: Iterable[str]) -> None:
        """Read the events behind these states before they are used again."""
        self._stale.update(stream for stream in streams if stream in self._states)

    def doubt_all(self) -> None:
        """Doubt every state: an append may have been written without our knowing."""
        self._stale.update(self._states)

    def _drop(self, stream: str) -> None:
        self._states.pop(stream, None)
        self._bytes -= self._held.pop(stream, 0)
        self._stale.discard(stream)


def subjects_of(state: Any) -> frozenset[str]:
    """Name everybody whose personal data a state may hold."""
    if isinstance(state, Order):
        return state.subjects
    return frozenset(() if state.subject_id is None else (state.subject_id,))


def state_bytes(state: Any) -> int:
    """Say about how much memory a state takes."""
    if isinstance(state, Order):
        return held_bytes(state)
    if isinstance(state, Stock):
        return OTHER_BYTES + RESERVATION_BYTES * len(state.reservations)
    return OTHER_BYTES
