"""The flood guard: whoever is refused too often within a minute is turned away before deciding.

Called by services.pipeline, from its one thread. Nothing is read from a clock here: a minute is
over when a command comes that was received later.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from domain.callers import CountFlood
from domain.messages import Actor, ActorKind, Command, Outcome
from domain.refusals import Unmet

MAX_CALLERS: Final = 10_000  # that are counted within a minute
MINUTE: Final = timedelta(minutes=1)
GUARDED: Final = frozenset({"user", "api_key"})  # the others are programs of ours

_Caller = tuple[ActorKind, str]  # kind and id of the actor
_COUNTER: Final = Actor(kind="system", id="flood-guard")


class FloodGuard:
    """Counts refusals by caller and minute."""

    def __init__(self) -> None:
        self.limit: int | None = None  # refusals of a minute that are decided; None: all are
        self._minute = datetime.min.replace(tzinfo=UTC)
        self._refused: Counter[_Caller] = Counter()
        self._turned_away: dict[_Caller, int] = {}  # callers beyond the limit; usually none
        self._spared: set[UUID] = set()  # batches: each of their refusals was asked for
        self._floods: list[CountFlood] = []  # of minutes that are over, not yet handed out

    @contextmanager
    def sparing(self, correlation_id: UUID) -> Iterator[None]:
        """Let pass all commands of a batch while it runs in this process."""
        self._spared.add(correlation_id)
        try:
            yield
        finally:
            self._spared.discard(correlation_id)

    def count(self, command: Command, at: datetime) -> None:
        """Note that a command was refused."""
        caller = self._caller_of(command)
        if self.limit is None or caller is None:
            return
        self._turn(at)
        if caller not in self._refused and len(self._refused) >= MAX_CALLERS:
            return
        self._refused[caller] += 1
        if self._refused[caller] >= self.limit:
            self._turned_away.setdefault(caller, 0)

    def take_back(self, command: Command, at: datetime) -> None:
        """Forget a refusal: the command is decided again, or was answered before."""
        caller = self._caller_of(command)
        if self.limit is None or caller is None or at < self._minute or not self._refused[caller]:
            return
        self._refused[caller] -= 1
        if self._refused[caller] < self.limit and self._turned_away.get(caller) == 0:
            del self._turned_away[caller]

    def guards_against(self, command: Command) -> bool:
        """Say whether a command would be turned away if it came now."""
        return bool(self._turned_away) and self._caller_of(command) in self._turned_away

    def turn_away(self, command: Command, at: datetime) -> Outcome | None:
        """Give the refusal of a command that is not decided; None: let it pass."""
        if not self._turned_away:  # So it is for nearly all: nothing else is looked at.
            return None
        self._turn(at)
        caller = self._caller_of(command)
        if caller is None or caller not in self._turned_away:
            return None
        self._turned_away[caller] += 1
        return Outcome(command.command_id, "refused", unmet=(self._too_many(),))

    def floods(self, *, ending: bool = False) -> list[CountFlood]:
        """Hand out what has to be kept of the minutes that are over; ending: of this one too."""
        if ending:
            self._close()
        floods, self._floods = self._floods, []
        return floods

    def _caller_of(self, command: Command) -> _Caller | None:
        actor = command.actor
        if actor.kind not in GUARDED or command.correlation_id in self._spared:
            return None
        return actor.kind, actor.id

    def _turn(self, at: datetime) -> None:
        """Begin a new minute if one has; a command that was received before it counts to it."""
        if at >= self._minute + MINUTE:
            self._close()
            self._minute = at.replace(second=0, microsecond=0)

    def _close(self) -> None:
        self._floods += [
            CountFlood(
                command_id=uuid4(),
                actor=_COUNTER,
                source="flood",
                caller_kind=kind,
                caller_id=caller_id,
                minute=self._minute,
                refused=self._refused[kind, caller_id],
                turned_away=times,
            )
            for (kind, caller_id), times in self._turned_away.items()
            if times
        ]
        self._refused.clear()
        self._turned_away.clear()

    def _too_many(self) -> Unmet:
        again = (self._minute + MINUTE).isoformat()
        return Unmet(
            code="too_many_refusals",
            field="actor.id",
            message=f"{self.limit} commands of this caller were refused within a minute; "
            "this one was not looked at",
            needed=f"try again from {again} on, when you know what is refused",
        )
