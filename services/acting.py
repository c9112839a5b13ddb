"""Acting: sends what rules have given, through the pipeline like anybody's commands.

A command's id is always the same, so whatever is sent twice is answered as the first time. What a
rule has in hand when it is turned off, or to shadow, is left out, and noted as such. What stops a
rule goes first, and is answered before the rest is looked at. Several processes may act: each takes
shards that no other one holds. `orderpath act` runs it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from threading import Event as Signal
from typing import Final
from uuid import UUID

import structlog

from domain.effects.commands import RequestEffect
from domain.messages import Command, Outcome
from domain.refusals import CommandUnreadable, InfraError
from domain.rules.inbox import alert_of_haste, alert_of_template
from domain.wire import decode
from projections.acting import Act, Given, hold_shards, move_on, take_acts, take_urgent
from projections.sessions import Lend, transaction
from services.pace import Pace
from services.turns import Rest, take_turns

AT_ONCE: Final = 256  # commands of one shard
REST: Final = Rest(shortest_seconds=0.02, longest_seconds=0.5)  # between two looks
HOLDING: Final = "1min"  # a shard, while its commands are answered

Submit = Callable[[Command], Future[Outcome]]

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
        with transaction(self._lend, idle=HOLDING) as tx:
            if not (held := hold_shards(tx, spent)):
                return None
            urgent = take_urgent(tx, held, self._at_once)
            self._send(urgent)
            taken = take_acts(tx, held, self._at_once, spent)
            going, waiting = self._pace.let_go(taken)
            for act in {act.rule: act for act in waiting}.values():
                self._tell(act)
            sent = [act for act in going.acts if not act.left_out]
            self._send(sent)
            moved = move_on(tx, going, waiting)
        return len(urgent) + len(sent) if moved else None

    def _tell(self, act: Act) -> None:
        """Let the admins know that a rule waits: one alert for each of its versions and day."""
        alert = alert_of_haste(act.rule, act.latest_version, act.per_minute, self._pace.minute)
        _await(act, self._submit(alert))

    def _send(self, acts: Sequence[Given]) -> None:
        """Send in order, all under way together. Raises: InfraError, then all are sent again"""
        commands = [(act, command) for act in acts if (command := _read(act)) is not None]
        sent = [(act, command, self._submit(command)) for act, command in commands]
        alerts: dict[UUID, tuple[Given, Command]] = {}  # each once, of however many messages
        for act, command, future in sent:
            outcome = _await(act, future)
            if isinstance(command, RequestEffect) and outcome is not None:
                alert = alert_of_template(command, outcome.unmet, self._now())
                if alert is not None:
                    alerts.setdefault(alert.alert_id, (act, alert))
        for act, raised in alerts.values():
            _await(act, self._submit(raised))


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


def _await(act: Given, future: Future[Outcome]) -> Outcome | None:
    """Give its answer, None if it can never have one. Raises: InfraError, then it is sent again"""
    error = future.exception()
    if isinstance(error, InfraError):
        raise error
    if error is not None:
        log_.error(
            "act_failed", rule=act.rule, command_id=str(act.command_id), error=type(error).__name__
        )
        return None
    return future.result()
