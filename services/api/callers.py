"""Who calls over HTTP, and what they may: as the API asks it of whoever knows rights.

services.access knows; `orderpath serve` does not start with Nobody.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, Protocol

from domain.messages import Actor, ActorKind, Command
from domain.refusals import UnknownCaller, Unmet
from domain.roles.definition import Role
from domain.roles.rights import Decision, Wish
from services.questions.question import Asked, Question


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. Two requests of one caller have the same kind and id, whatever their keys are."""

    kind: ActorKind
    id: str
    roles: tuple[str, ...] = ()  # as paths ask for them
    on_behalf_of: str | None = None  # the person for whom a service acts
    held: tuple[Role, ...] = ()  # what it may, as published
    groups: tuple[str, ...] = ()
    commands: bool = field(init=False, compare=False, repr=False)  # whether any that it holds does
    # What was decided over the same roles before.
    decided: dict[Wish, Decision] = field(default_factory=dict, compare=False, repr=False)
    # Who acts, as the log keeps it. What it reaches is said by `admit` only.
    actor: Actor = field(init=False, compare=False, repr=False)
    said: Mapping[str, Any] = field(init=False, compare=False, repr=False)  # the same, as JSON
    # The actor with what its wishes reach. Never shared: another caller acts for another person.
    acting: dict[Wish, Actor] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Work out once what every command of this caller carries."""
        actor = Actor(
            kind=self.kind,
            id=self.id,
            roles=self.roles,
            on_behalf_of=self.on_behalf_of,
            reach=() if self.held else None,
        )
        object.__setattr__(self, "commands", any(role.commands for role in self.held))
        object.__setattr__(self, "actor", actor)
        object.__setattr__(self, "said", actor.model_dump(mode="json", exclude_defaults=True))

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

    def check_commands(self, caller: Caller) -> None:
        """Whether the caller may command anything at all, before a body is taken. Raises: Denied"""

    def check_name(self, caller: Caller, name: str) -> None:
        """Whether the caller may command that at all, before it is read: `admit` says whether this
        one. Raises: Denied
        """

    def admit(self, caller: Caller, command: Command) -> Command:
        """Give the command with the caller as its actor, and with the orders that it reaches: what
        lies beyond is not there when it is decided. Raises: Denied, with everything that is missing
        """

    def check_right(self, caller: Caller, right: str) -> None:
        """For what is neither question nor command, as the feed. Raises: Denied"""

    def check_command(self, caller: Caller, right: str) -> None:
        """For what writes as commands do and is none, as an import: it may be about any order.
        Raises: Denied
        """

    def reading(self, caller: Caller, right: str) -> AbstractContextManager[None]:
        """Let all that is read within the block, in this thread, be what the caller sees by that
        right: other orders are not there, and personal data is sealed. Raises: Denied
        """

    def told(self, caller: Caller, question: Question, asked: Asked, answer: Any) -> Any:
        """Give the answer as the caller may read it: fields may be hidden, and that personal data
        was read is kept. On a thread that may wait."""

    def heard(
        self, caller: Caller, command: Command, unmet: tuple[Unmet, ...]
    ) -> tuple[Unmet, ...]:
        """Give what stands against a command as the caller may read it: fields may be hidden."""

    def write_notes(self) -> None:
        """Write what was noted so far: who read, which keys were shown. On a thread that may wait.
        What cannot be written waits. Raises: InfraError
        """


class Nobody:
    """Knows no caller. Implements Access."""

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        _unknown()

    def check_question(self, caller: Caller, question: Question, asked: Asked) -> None:
        _unknown()

    def check_commands(self, caller: Caller) -> None:
        _unknown()

    def check_name(self, caller: Caller, name: str) -> None:
        _unknown()

    def admit(self, caller: Caller, command: Command) -> Command:
        _unknown()

    def check_right(self, caller: Caller, right: str) -> None:
        _unknown()

    def check_command(self, caller: Caller, right: str) -> None:
        _unknown()

    def reading(self, caller: Caller, right: str) -> AbstractContextManager[None]:
        _unknown()

    def told(self, caller: Caller, question: Question, asked: Asked, answer: Any) -> Any:
        _unknown()

    def heard(
        self, caller: Caller, command: Command, unmet: tuple[Unmet, ...]
    ) -> tuple[Unmet, ...]:
        _unknown()

    def write_notes(self) -> None:
        """Nobody has read, and no key was shown."""


def _unknown() -> NoReturn:
    raise UnknownCaller("nobody has a key yet")


NOBODY: Final = Nobody()
