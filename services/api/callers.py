"""Who calls over HTTP, and what they may: as the API asks it of whoever knows rights.

Until rights are built nobody is known, and `orderpath serve` does not start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from domain.messages import Actor, ActorKind, Command
from domain.refusals import UnknownCaller
from services.questions.question import Asked, Question

if TYPE_CHECKING:
    from services.bootstrap import System


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. Two requests of one caller have the same kind and id, whatever their keys are."""

    kind: ActorKind
    id: str
    roles: tuple[str, ...] = ()
    on_behalf_of: str | None = None  # the person for whom a service acts

    @property
    def actor(self) -> Actor:
        """Who acts, as the log keeps it."""
        return Actor(kind=self.kind, id=self.id, roles=self.roles, on_behalf_of=self.on_behalf_of)

    @property
    def name(self) -> str:
        """Whom limits count, and whose idempotency keys are apart from those of others."""
        return f"{self.kind}:{self.id}"


class Access(Protocol):
    """Knows callers and their rights. Called on the event loop unless it says otherwise: it waits
    for nothing there that is not in memory.
    """

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """Tell who calls; names of headers are in lower case. Raises: UnknownCaller, Denied"""

    def check_question(self, caller: Caller, question: Question, asked: Asked) -> None:
        """Raises: Denied, with everything that is missing"""

    def check_command(self, caller: Caller, command: Command) -> None:
        """Raises: Denied, with everything that is missing"""

    def check_right(self, caller: Caller, right: str) -> None:
        """For what is neither question nor command, as the feed. Raises: Denied"""

    def seen_by(self, caller: Caller, system: "System") -> "System":
        """Give the system as far as the caller sees it. On a thread that may wait."""

    def told(self, caller: Caller, question: Question, asked: Asked, answer: Any) -> Any:
        """Give the answer as the caller may read it: what is personal may be masked, and that it
        was read is kept. On a thread that may wait."""


class Nobody:
    """Knows no caller. Implements Access."""

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        raise UnknownCaller("nobody has a key yet")

    def check_question(self, caller: Caller, question: Question, asked: Asked) -> None:
        raise UnknownCaller("nobody has a key yet")

    def check_command(self, caller: Caller, command: Command) -> None:
        raise UnknownCaller("nobody has a key yet")

    def check_right(self, caller: Caller, right: str) -> None:
        raise UnknownCaller("nobody has a key yet")

    def seen_by(self, caller: Caller, system: "System") -> "System":
        return system

    def told(self, caller: Caller, question: Question, asked: Asked, answer: Any) -> Any:
        return answer


NOBODY: Final = Nobody()
