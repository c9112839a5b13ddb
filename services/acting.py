"""Acting: sends what rules have given, through the pipeline like anybody's commands.

A command's id is always the same, so whatever is sent twice is answered as the first time. What a
rule has in hand when it is turned off, or to shadow, is left out, and noted as such. What stops a
rule goes first, and is answered before the rest is looked at. Several processes may act: each takes
shards that no other one holds. An order with an act that reads what is damaged stands aside alone,
and is tried again from time to time. `orderpath act` runs it.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from threading import Event as Signal
from time import monotonic
from typing import Final, TypeVar
from uuid import UUID

import structlog

from domain.effects.commands import RequestEffect
from domain.messages import Command, Outcome
from domain.refusals import CommandUnreadable, InfraError
from domain.rules.inbox import alert_of_haste, alert_of_template
from domain.wire import decode
from projections.acting import hold_shards, move_on, take_acts, take_urgent
from projections.acts_taken import Act, Given
from projections.sessions import Lend, transaction
from services.aside import AGAIN_SECONDS, Aside
from services.pace import Pace
from services.turns import Rest, take_turns

AT_ONCE: Final = 256  # commands of one shard
REST: Final = Rest(shortest_seconds=0.02, longest_seconds=0.5)  # between two looks
HOLDING: Final = "1min"  # a shard, while its commands are answered

Submit = Callable[[Command], Future[Outcome]]
Sent = TypeVar("Sent", bound=Given)

log_ = structlog.get_logger()


class Acting:
    """For one thread."""

    def __init__(
        self,
        lend: Lend,
        submit: Submit,
        now: Callable[[], datetime],
        pace: Pace | None = None,  # None: as usual
        *,
        at_once: int = AT_ONCE,
    ) -> None:
        self._lend = lend
        self._submit = submit
        self._now = now
        self._pace = pace or Pace()
        self._at_once = at_once
        self._aside = Aside(lambda command: submit(command).result(), now, "acting")
        self._urgent_aside: set[UUID] = set()  # commands, for so long
        self._urgent_again_at = 0.0  # in monotonic seconds

    def run(self, stop: Signal, beat: Callable[[], None] = lambda: None) -> None:
        """Act until told to stop; wait out a database that is away."""

        def turn() -> bool:
            beat()
            return self.step() is not None

        take_turns(turn, stop, REST, _waits)

    def catch_up(self) -> int:
        """Send all that is to be sent now; give how many commands that were. Raises: InfraError"""
        sent = 0
        while (step := self.step()) is not None:
            sent += step
        return sent

    def step(self) -> int | None:
        """Send what comes next, and note it once all is answered. Give how many commands that were,
        and None if nothing may go before something happens, or another minute begins.

        Raises: InfraError
        """
        now = self._now()
        spent = self._pace.spent(now)
        if monotonic() >= self._urgent_again_at:
            self._urgent_aside.clear()
        with transaction(self._lend, idle=HOLDING) as tx:
            if not (held := hold_shards(tx, spent, [*self._urgent_aside])):
                return None
            urgent = take_urgent(tx, held, self._at_once, [*self._urgent_aside])
            self._leave_aside(self._send(urgent))
            taken = take_acts(tx, held, self._at_once, spent)
            going, waiting = self._pace.let_go(taken)
            for act in {act.rule: act for act in waiting}.values():
                self._tell(act)
            stuck = self._send_by_order([act for act in going.acts if not act.left_out])
            gone = going.before_these(stuck)
            waiting = [act for act in waiting if act.stream_id not in stuck]
            moved = move_on(tx, gone, waiting, [*stuck.values()], AGAIN_SECONDS)
        self._pace.went(gone.acts, waiting)
        sent = sum(not act.left_out for act in gone.acts)
        return len(urgent) + sent if moved else None

    def _tell(self, act: Act) -> None:
        """Let the admins know that a rule waits: one alert for each of its versions and day."""
        alert = alert_of_haste(act.rule, act.latest_version, act.per_minute, self._pace.minute)
        self._answer(act, self._submit(alert))

    def _leave_aside(self, stuck: Sequence[Given]) -> None:
        """Stop no rule for a while with commands that read what is damaged."""
        if stuck and not self._urgent_aside:
            self._urgent_again_at = monotonic() + AGAIN_SECONDS
        self._urgent_aside.update(one.command_id for one in stuck)

    def _send_by_order(self, acts: Sequence[Act]) -> Mapping[str, Act]:
        """Send in order; give the first act of each order, by its stream, that cannot be decided as
        it reads what is damaged. Of an order that stood aside before, nothing is sent behind the
        first act until that one is answered. Raises: InfraError, then all are sent again
        """
        tried: dict[str, Act] = {}
        for act in acts:
            if act.aside:
                tried.setdefault(act.stream_id, act)
        at_once = [act for act in acts if tried.get(act.stream_id, act) is act]
        stuck = _first_of_each(self._send(at_once))
        behind = (act for act in acts if tried.get(act.stream_id, act) is not act)
        later = [act for act in behind if act.stream_id not in stuck]
        return {**stuck, **_first_of_each(self._send(later))}

    def _send(self, acts: Sequence[Sent]) -> list[Sent]:
        """Send in order, all under way together; give those that read what is damaged.

        Raises: InfraError, then all are sent again
        """
        commands = [(act, command) for act in acts if (command := _read(act)) is not None]
        sent = [(act, command, self._submit(command)) for act, command in commands]
        alerts: dict[UUID, tuple[Given, Command]] = {}  # each once, of however many messages
        stuck: list[Sent] = []
        for act, command, future in sent:
            outcome, is_stuck = self._answer(act, future)
            if is_stuck:
                stuck.append(act)
            if isinstance(command, RequestEffect) and outcome is not None:
                alert = alert_of_template(command, outcome.unmet, self._now())
                if alert is not None:
                    alerts.setdefault(alert.alert_id, (act, alert))
        for whose, raised in alerts.values():
            self._answer(whose, self._submit(raised))
        return stuck

    def _answer(self, act: Given, future: Future[Outcome]) -> tuple[Outcome | None, bool]:
        """Give its answer, none if it can never have one; and whether it has none yet, as it reads
        what is damaged. Raises: InfraError, then it is sent again
        """
        error = future.exception()
        if error is None:
            return future.result(), False
        if isinstance(error, InfraError):
            if not self._aside.takes(error):
                raise error
            return None, True
        what = {"rule": act.rule, "command_id": str(act.command_id)}
        log_.error("act_failed", **what, error=type(error).__name__)
        return None, False


def _first_of_each(stuck: Sequence[Act]) -> dict[str, Act]:
    """Give the first act of each order, by its stream."""
    return {act.stream_id: act for act in reversed(stuck)}


def _read(act: Given) -> Command | None:
    """Give its command. One that cannot be read any more is named, and left out: it never could."""
    try:
        return decode(act.body)
    except CommandUnreadable as error:
        log_.error(
            "act_unreadable",
            rule=act.rule,
            command_id=str(act.command_id),
            error=type(error).__name__,
        )
        return None


def _waits(error: InfraError) -> None:
    log_.warning("acting_waits", code=error.code, message=str(error))
