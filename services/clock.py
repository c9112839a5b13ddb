"""The clock: sends a command for whatever is due. `orderpath clock` runs it, any number at once.

What is due are rows of live tables; the event that a command leads to closes its row. Nothing rests
on who fires: the id of a command is made of what is due and when, so one that is sent twice is
answered as the first time, after a crash and by another clock too. Clocks divide the orders into
parts only to save each other the work. What is due of a stream that cannot be read is told of and
left aside: its row stays open, and is asked for again from time to time. So is what is due by a
rule or a calendar that cannot be read.

While nobody else appends, the next commands are sent before the last are answered, which keeps the
pipeline full. While others do, a clock waits for its answers, and then rests twice as long as it
worked.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from operator import attrgetter
from threading import Event as Signal
from time import monotonic
from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog

from domain.messages import Command, Outcome
from domain.refusals import InfraError
from projections.clock_parts import keep_part, take_part
from projections.reports.due import PARTS, Ask, part_of
from projections.sessions import Lend, transaction
from services.aside import Aside
from services.courtesy import Courtesy
from services.due import SOURCES, Defined, Due, Remembering, Source
from services.turns import Rest, take_turns

if TYPE_CHECKING:
    from services.bootstrap import System

REST: Final = Rest(shortest_seconds=0.5, longest_seconds=0.5)  # when nothing is due
AT_ONCE: Final = 250  # rows that are read and fired at a time: few, so that commands beside go on
AHEAD: Final = 1  # pages that may wait for their answers while the next one is sent
FORGET_SECONDS: Final = 60.0  # what was answered and stays due is asked again after so long

Submit = Callable[[Command], Future[Outcome]]
_Sent = list[tuple[Command, Future[Outcome]]]  # a page of what is due, on its way

log_ = structlog.get_logger()


class _Answered:
    """Ids of commands that were answered, and whose rows may still be open: for a while."""

    def __init__(self, forget_seconds: float) -> None:
        self._forget_seconds = forget_seconds
        self._latest: set[UUID] = set()
        self._before: set[UUID] = set()
        self._turned_at = monotonic()

    def __contains__(self, command_id: UUID) -> bool:
        return command_id in self._latest or command_id in self._before

    def add(self, command_id: UUID) -> None:
        self._latest.add(command_id)

    def forget(self) -> None:
        """Forget what was answered long ago. Asked again it is answered as before, at little cost;
        and if its answer was that it cannot be yet, it is not lost."""
        if monotonic() - self._turned_at > self._forget_seconds:
            self._before, self._latest = self._latest, set()
            self._turned_at = monotonic()


@dataclass
class Clockwork:
    """Fires what is due. For one thread."""

    lend: Lend
    hold: Lend  # a session that keeps other clocks away, and is for nothing else
    submit: Submit
    now: Callable[[], datetime]
    sources: Sequence[Source] = SOURCES
    at_once: int = AT_ONCE
    forget_seconds: float = FORGET_SECONDS
    _beat: Callable[[], None] = field(default_factory=lambda: lambda: None, init=False)
    _stop: Signal = field(default_factory=Signal, init=False)
    _answered: _Answered = field(init=False)
    _courtesy: Courtesy = field(default_factory=Courtesy, init=False)
    _aside: Aside = field(init=False)

    def __post_init__(self) -> None:
        self._answered = _Answered(self.forget_seconds)
        self._aside = Aside(lambda command: self.submit(command).result(), self.now, "clock")

    def run(self, stop: Signal, beat: Callable[[], None] = lambda: None) -> None:
        """Fire until told to stop; wait out a database that is away.

        beat: gives a sign of life, again and again
        """
        self._stop, self._beat = stop, beat

        def turn() -> int:
            beat()
            return self.fire()

        take_turns(turn, stop, REST, _waits)

    def fire(self) -> int:
        """Fire what is due now and no other clock is at; give how many commands were sent.

        Raises: InfraError
        """
        self._answered.forget()
        self._courtesy.begin()
        now, sent = self.now(), 0
        for source in self.sources:
            for part in self._parts_with_due(source, now):
                sent += self._work_off(source, Ask(now, self.at_once, (part,)))
            if isinstance(source, Remembering):
                with transaction(self.lend) as tx:
                    source.remember(tx, now)
            if isinstance(source, Defined):
                self._tell_unreadable(source)
        return sent

    def list_due(self, until: datetime) -> list[Due]:
        """List what is due at a moment, in due order; for virtual time. Raises: InfraError"""
        found: list[Due] = []
        for source in self.sources:
            for page in self._pages(source, Ask(until, self.at_once)):
                found += page
        return sorted(found, key=attrgetter("due_at"))

    def _tell_unreadable(self, source: Defined) -> None:
        """Tell of the definitions that a source leaves out. Raises: InfraError"""
        with self.lend() as connection, connection.cursor() as cursor:
            unreadable = source.unreadable(cursor)
        for error in unreadable:
            self._aside.takes(error)

    def _parts_with_due(self, source: Source, now: datetime) -> Iterable[int]:
        """Name the parts in which something is due, the longest due first."""
        found: dict[int, None] = {}
        for page in self._pages(source, Ask(now, self.at_once)):
            found |= dict.fromkeys(part_of(one.order_id) for one in page)
            if len(found) == len(PARTS):
                break
        return found

    def _work_off(self, source: Source, ask: Ask) -> int:
        """Fire all that is due in a part, page by page; nothing if another clock is at it."""
        sent = 0
        waiting: deque[_Sent] = deque()
        with take_part(self.hold, ask.parts[0]) as held:
            if held is None:
                return 0
            for page in self._pages(source, ask):
                waiting.append([(one.command, self.submit(one.command)) for one in page])
                while len(waiting) > (0 if self._courtesy.are_others else AHEAD):
                    self._settle(waiting.popleft())
                self._rest()
                self._beat()
                keep_part(held)
                sent += len(page)
            for page_sent in waiting:
                self._settle(page_sent)
        return sent

    def _rest(self) -> None:
        """Leave the log to others, if there are any."""
        if seconds := self._courtesy.rest_seconds():
            self._stop.wait(seconds)
        self._courtesy.rested()

    def _pages(self, source: Source, ask: Ask) -> Iterator[list[Due]]:
        """Read what is due page by page, and leave out what was answered just now."""
        is_last = False
        while not is_last:
            with self.lend() as connection, connection.cursor() as cursor:
                page = source.list_due(cursor, ask)
            yield [one for one in page if one.command.command_id not in self._answered]
            is_last = len(page) < ask.limit
            ask = ask if is_last else replace(ask, after=page[-1].place)

    def _settle(self, sent: _Sent) -> None:
        """Wait for every answer; what could not be answered now is sent again later."""
        outcomes: list[Outcome] = []
        failed: list[InfraError] = []
        for command, answer in sent:
            error = answer.exception()
            if isinstance(error, InfraError) and not self._aside.takes(error):
                failed.append(error)
                continue
            self._answered.add(command.command_id)
            if error is None:
                outcomes.append(answer.result())
            elif not isinstance(error, InfraError):  # Its own fault: it harms no other.
                log_.error(
                    "due_command_failed",
                    command_id=str(command.command_id),
                    name=command.NAME,
                    error=type(error).__name__,
                )
        self._courtesy.hear(outcomes)
        if failed:
            raise failed[0]


def _waits(error: InfraError) -> None:
    log_.warning("clock_waits", code=error.code, message=str(error))


def clockwork_of(system: "System", sources: Sequence[Source] = SOURCES) -> Clockwork:
    """Give the clock of a system, with a session of its own to keep others away."""
    lend = partial(system.lend, "orderpath_projector")
    return Clockwork(lend, partial(lend, "clock"), system.pipeline.submit, system.clock, sources)
