"""Sending: messages that wait go out, each through its outlet. `orderpath send` runs it, on as many
machines as one likes.

A message is taken for a while, looked up in the log, handed over, and what became of it is said by
a command. A sender that dies between the last two leaves one that is sent once more, with the same
id: docs/messages.md.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from random import random
from threading import Event as Signal
from time import monotonic
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from pydantic import ValidationError

from domain.effects.channels import Gate, Outlet, Taken, Undelivered
from domain.effects.commands import MarkFailed, MarkSent
from domain.effects.effect import Effect
from domain.effects.endpoints import PauseEndpoint
from domain.effects.retries import PAUSE_AFTER, PAUSE_SPAN, STALE, next_try
from domain.messages import Actor, Command, Outcome
from domain.refusals import InfraError
from projections.outbox import Terms, failing, finish, give_back_pace, take
from projections.sessions import Lend, transaction
from services.aside import Aside
from services.letters import Letters
from services.turns import PATIENCE_SECONDS, Rest, take_turns

SENDER: Final = Actor(kind="system", id="sender")
AT_ONCE: Final = {"mail": 4, "sms": 2, "webhook": 1}  # threads of an outlet, in each process
# So long nobody else takes a message: a minute more, at least, than its gate may need for it.
LEASE_SECONDS: Final = {"mail": 900.0, "sms": 120.0, "webhook": 120.0}
REST: Final = Rest(shortest_seconds=0.05, longest_seconds=1.0)  # between two looks at what waits
LOOK_SECONDS: Final = 0.5  # between two looks whether to end

log_ = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends what is due. Any number of them share the work."""

    lend: Lend
    letters: Letters
    gates: Mapping[Outlet, Gate]
    execute: Callable[[Command], Outcome]
    clock: Callable[[], datetime]
    _: KW_ONLY
    per_minute: Mapping[str, int]  # by channel, all senders together
    lease_seconds: Mapping[str, float] = field(default_factory=lambda: LEASE_SECONDS)  # by channel
    chance: Callable[[], float] = random  # 0 to 1: of the jitter
    sender: UUID = field(default_factory=uuid4)

    def run(self, stop: Signal, beat: Callable[[], None] = lambda: None) -> None:
        """Send until told to stop; what is under way is finished. Ends, too, when a thread fails,
        and raises its error: the program is started anew, with a thread too few it would look
        healthy.
        """
        ending = Signal()
        shifts = [Shift(outlet) for outlet in self.gates for _ in range(AT_ONCE[outlet.channel])]
        with ThreadPoolExecutor(max(len(shifts), 1), "orderpath sender") as threads:
            works = [threads.submit(self._serve, one, ending) for one in shifts]
            try:
                while not any(one.done() for one in works):
                    if not any(self._is_stuck(one) for one in shifts):
                        beat()
                    if stop.wait(LOOK_SECONDS):
                        break
            finally:
                ending.set()
        for one in works:
            one.result()

    def _is_stuck(self, shift: "Shift") -> bool:
        """Whether a step takes longer than any message may be on its way."""
        return monotonic() - shift.began > self.lease_seconds[shift.outlet.channel]

    def send_due(self) -> int:
        """Send all that is due now; give how many were tried. Raises: InfraError"""
        tried = 0
        for outlet in self.gates:
            while self.step(outlet):
                tried += 1
        return tried

    def step(self, outlet: Outlet, ending: Signal | None = None) -> bool:
        """Send the next message of an outlet; False: none is due. Raises: InfraError

        ending: is set when the program is to end, and waits for no database any more
        """
        channel = outlet.channel
        tells = Telling(self.execute, monotonic() + self.lease_seconds[channel], ending or Signal())
        terms = Terms(self.sender, self.per_minute[channel], self.lease_seconds[channel])
        with transaction(self.lend) as tx:
            taken = take(tx, outlet, self.clock(), terms)
        if taken is None:
            return False
        tried = self._try(outlet, taken, tells)
        if tried is None:
            return True
        with transaction(self.lend) as tx:
            if not tried:
                give_back_pace(tx, outlet, self.per_minute[channel])
            finish(tx, taken, self.sender)
        return True

    def _serve(self, shift: "Shift", ending: Signal) -> None:
        def turn() -> bool:
            shift.began = monotonic()
            return self.step(shift.outlet, ending)

        def hear(error: InfraError) -> None:
            log_.warning("sender_waits", outlet=shift.outlet.name, code=error.code)

        take_turns(turn, ending, REST, hear)

    def _try(self, outlet: Outlet, taken: Taken, tells: "Telling") -> bool | None:
        """Send a message and say whether it was tried; None: what it reads is damaged. It is taken
        again when the lease is over, and the others go on. Raises: InfraError
        """
        try:
            return self._send(outlet, taken, tells)
        except InfraError as error:
            if not Aside(self.execute, self.clock, "sender").takes(error):
                raise
        with transaction(self.lend) as tx:
            give_back_pace(tx, outlet, self.per_minute[outlet.channel])
        return None

    def _send(self, outlet: Outlet, taken: Taken, tells: "Telling") -> bool:
        """Send a message, unless the log knows what became of it; say whether it was tried."""
        wanted = self.letters.wanted(taken.effect_id)
        effect = wanted.effect
        if wanted.by is None or not effect.is_waiting or effect.attempts + 1 != taken.attempt:
            return False  # The read model does not know yet what became of it.
        says: dict[str, Any] = {"effect_id": str(taken.effect_id), "outlet": outlet.name}
        envelope = _envelope(wanted.by.command_id, wanted.by.correlation_id)
        command, failure = self._tried(outlet, taken, effect, envelope)
        outcome = tells.until_known(command, says)
        if outcome.kind == "refused":  # It failed and was dropped, or others thought us dead.
            codes = [unmet.code for unmet in outcome.unmet]
            log_.warning("effect_told_too_late", **says, attempt=taken.attempt, codes=codes)
        elif failure is None:
            log_.info("effect_sent", **says, attempt=taken.attempt)
        else:
            dead = isinstance(command, MarkFailed) and command.next_at is None
            log_.warning(
                "effect_failed", **says, attempt=taken.attempt, code=failure.code, dead=dead
            )
        if failure is not None:
            self._pause_if_hopeless(outlet, failure, command)
        return True

    def _tried(
        self, outlet: Outlet, taken: Taken, effect: Effect, envelope: Mapping[str, Any]
    ) -> tuple[Command, Undelivered | None]:
        """Hand a message over; give the command that says what became of it."""
        told = {**envelope, "effect_id": taken.effect_id, "attempt": taken.attempt}
        try:
            provider_id = self._hand_over(outlet, taken, effect)
        except Undelivered as failure:
            return self._failed(told, effect, failure), failure
        except InfraError:
            raise
        except Exception as error:  # noqa: BLE001 - else it would be sent again and again
            log_.error("effect_broke", effect_id=str(taken.effect_id), error=type(error).__name__)
            broke = Undelivered("unexpected", f"a fault of ours: {type(error).__name__}")
            return self._failed(told, effect, broke), broke
        return _sent(told, provider_id), None

    def _hand_over(self, outlet: Outlet, taken: Taken, effect: Effect) -> str | None:
        now = self.clock()
        if effect.tries == 0 and effect.due_since and now - effect.due_since > STALE:
            raise Undelivered("too_late", "nobody sent it in time", final=True)
        return self.gates[outlet].send(self.letters.write(taken.effect_id, effect))

    def _failed(self, told: Mapping[str, Any], effect: Effect, failure: Undelivered) -> Command:
        again = next_try(effect.tries + 1, self.clock(), self.chance(), failure.at_least)
        return MarkFailed(
            **told,
            reason_code=failure.code,
            error=failure.error,
            next_at=None if failure.final else again,
        )

    def _pause_if_hopeless(self, outlet: Outlet, failure: Undelivered, told: Command) -> None:
        with transaction(self.lend) as tx:
            how = failing(tx, outlet)
        for_long = how.since and self.clock() - how.since >= PAUSE_SPAN[outlet.channel]
        if failure.code != "gone" and not (how.failures >= PAUSE_AFTER and for_long):
            return
        name, failures = outlet.name, how.failures
        envelope = _envelope(told.command_id, told.correlation_id)
        pause = PauseEndpoint(**envelope, endpoint=name, failures=max(failures, 1))
        if self.execute(pause).kind == "accepted":
            log_.error("endpoint_paused", endpoint=name, failures=failures, code=failure.code)


@dataclass(frozen=True, slots=True)
class Telling:
    """Says what became of a message. While nobody knows, it would be sent once more."""

    execute: Callable[[Command], Outcome]
    until: float  # the lease is over, in monotonic seconds
    ending: Signal

    def until_known(self, command: Command, says: Mapping[str, Any]) -> Outcome:
        """Say it, again under the same id while the database is away. Raises: InfraError"""
        while True:
            try:
                return self.execute(command)
            except InfraError as error:
                is_hopeless = error.stream_id is not None or self.ending.is_set()
                if is_hopeless or monotonic() + PATIENCE_SECONDS > self.until:
                    log_.error("effect_not_told", **says, told=command.NAME, code=error.code)
                    raise
                log_.warning("effect_not_told_yet", **says, code=error.code)
            self.ending.wait(PATIENCE_SECONDS)


@dataclass(slots=True)
class Shift:
    """What one thread does: an outlet's messages, one behind the other."""

    outlet: Outlet
    began: float = field(default_factory=monotonic)  # its step, in monotonic seconds


def _sent(told: Mapping[str, Any], provider_id: str | None) -> MarkSent:
    """Say that it is sent, also where what the channel calls it is no name: else it went again."""
    try:
        return MarkSent(**told, provider_id=provider_id)
    except ValidationError:
        return MarkSent(**told)


def _envelope(cause: UUID, correlation: UUID | None) -> dict[str, Any]:
    """Name what a command is about: rules count what a message of theirs leads to as their own."""
    whence = {"correlation_id": correlation, "causation_id": cause}
    return {"command_id": uuid4(), "actor": SENDER, "source": "sender", **whence}
