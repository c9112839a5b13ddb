"""The flood guard: whoever is refused too often within a minute is turned away before deciding.

Called by services.pipeline, from its one thread. Nothing is read from a clock here: a minute is
over when a command comes that was received later.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from domain.callers import CountFlood
from domain.messages import Actor, ActorKind, Command, Outcome
from domain.refusals import Unmet

MAX_CALLERS: Final = 10_000  # and persons for whom they act, that are counted within a minute
PERSONS: Final = 10  # so many times the limit is decided for all persons of one caller together
MINUTE: Final = timedelta(minutes=1)
GUARDED: Final = frozenset({"user", "api_key"})  # the others are programs of ours

_Caller = tuple[ActorKind, str]  # kind and id of the actor
_Person = tuple[ActorKind, str, str | None]  # and for whom it acts; None: for itself
_COUNTER: Final = Actor(kind="system", id="flood-guard")


@dataclass(slots=True)
class _TurnedAway:
    """What has to be kept of a caller of this minute."""

    refused: int = 0  # commands, as counted when one was turned away: some may be taken back since
    times: int = 0


class FloodGuard:
    """Counts refusals by minute, of each caller, and of each person for whom it acts: one of them
    is in no other's way, and a caller who names ever new ones comes to an end, too.
    """

    def __init__(self) -> None:
        self.limit: int | None = None  # refusals of a minute that are decided; None: all are
        self._minute = datetime.min.replace(tzinfo=UTC)
        self._refused: Counter[_Caller | _Person] = Counter()
        self._stopped: set[_Caller | _Person] = set()  # beyond the limit; usually none
        self._turned_away: dict[_Caller, _TurnedAway] = {}
        self._spared: set[UUID] = set()  # batches: each of their refusals was asked for
        self._passing: set[UUID] = set()  # commands that are decided whatever the count is by now
        self._floods: list[CountFlood] = []  # of minutes that are over, not yet handed out

    @contextmanager
    def sparing(self, correlation_id: UUID) -> Iterator[None]:
        """Let pass all commands of a batch while it runs in this process."""
        self._spared.add(correlation_id)
        try:
            yield
        finally:
            self._spared.discard(correlation_id)

    @contextmanager
    def judging_whole(self, actor: Actor, at: datetime) -> Iterator[Callable[[UUID], None]]:
        """Judge what somebody hands in together by the count as it is now. Each refusal counts.

        Gives what takes the ids of the commands. Called from one thread, that of the event loop.
        """
        ids: set[UUID] = set()
        is_open = self._is_over(at) or self._stopping(actor) is None

        def let_pass(command_id: UUID) -> None:
            if is_open:
                ids.add(command_id)
                self._passing.add(command_id)

        try:
            yield let_pass
        finally:
            self._passing -= ids

    def count(self, command: Command, at: datetime) -> None:
        """Note that a command was refused."""
        if self.limit is None or not self._is_guarded(command):
            return
        self._turn(at)
        for one in _counted(command.actor):
            if one not in self._refused and len(self._refused) >= MAX_CALLERS:
                continue
            self._refused[one] += 1
            if self._refused[one] >= self._most(one):
                self._stopped.add(one)

    def take_back(self, command: Command, at: datetime) -> None:
        """Forget a refusal: the command is decided again, or was answered before."""
        if self.limit is None or not self._is_guarded(command) or at < self._minute:
            return
        for one in _counted(command.actor):
            if not self._refused[one]:
                continue
            self._refused[one] -= 1
            if self._refused[one] < self._most(one):
                self._stopped.discard(one)

    def guards_against(self, command: Command) -> bool:
        """Say whether a command would be turned away if it came now."""
        return bool(self._stopped) and self._stopping_command(command) is not None

    def turn_away(self, command: Command, at: datetime) -> Outcome | None:
        """Give the refusal of a command that is not decided; None: let it pass."""
        if not self._stopped:  # So it is for nearly all: nothing else is looked at.
            return None
        self._turn(at)
        stopping = self._stopping_command(command)
        if stopping is None:
            return None
        caller = command.actor.kind, command.actor.id
        told = self._turned_away.setdefault(caller, _TurnedAway())
        told.refused = max(told.refused, self._refused[caller], self._refused[stopping])
        told.times += 1
        return Outcome(command.command_id, "refused", unmet=(self._too_many(),))

    def floods(self, *, ending: bool = False) -> list[CountFlood]:
        """Hand out what has to be kept of the minutes that are over; ending: of this one too."""
        if ending:
            self._close()
        floods, self._floods = self._floods, []
        return floods

    def _is_guarded(self, command: Command) -> bool:
        return command.actor.kind in GUARDED and command.correlation_id not in self._spared

    def _stopping_command(self, command: Command) -> _Caller | _Person | None:
        if not self._is_guarded(command) or command.command_id in self._passing:
            return None
        return self._stopping(command.actor)

    def _stopping(self, actor: Actor) -> _Caller | _Person | None:
        return next((one for one in _counted(actor) if one in self._stopped), None)

    def _most(self, counted: _Caller | _Person) -> int:
        """Say how many refusals are decided: of a person, or of all for whom a caller acts."""
        assert self.limit is not None, "nothing is counted without a limit"
        return self.limit if len(counted) == 3 else self.limit * PERSONS

    def _turn(self, at: datetime) -> None:
        """Begin a new minute if one has; a command that was received before it counts to it."""
        if self._is_over(at):
            self._close()
            self._minute = at.replace(second=0, microsecond=0)

    def _is_over(self, at: datetime) -> bool:
        """Whether it is another minute; also where the clock was set back: no command waits here
        for longer than a minute.
        """
        return not -MINUTE <= at - self._minute < MINUTE

    def _close(self) -> None:
        refused, turned_away = self._refused, self._turned_away
        self._refused, self._stopped, self._turned_away = Counter(), set(), {}
        self._floods += [
            CountFlood(
                command_id=uuid4(),
                actor=_COUNTER,
                source="flood",
                caller_kind=kind,
                caller_id=caller_id,
                minute=self._minute,
                refused=max(told.refused, refused[kind, caller_id]),
                turned_away=told.times,
            )
            for (kind, caller_id), told in turned_away.items()
        ]

    def _too_many(self) -> Unmet:
        again = (self._minute + MINUTE).isoformat()
        return Unmet(
            code="too_many_refusals",
            field="actor.id",
            message="too many commands of this caller were refused within a minute; "
            "this one was not looked at",
            needed=f"try again from {again} on, when you know what is refused",
        )


def seconds_left(at: datetime) -> int:
    """Say after how many seconds, 1..60, a minute is over, and its count with it."""
    return 60 - at.second


def _counted(actor: Actor) -> tuple[_Person, _Caller]:
    """Name what refusals of an actor count to."""
    return (actor.kind, actor.id, actor.on_behalf_of), (actor.kind, actor.id)
