"""Who may ask in tests: keys that are callers, and rights that are taken away."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from domain.messages import Command
from domain.refusals import Denied, UnknownCaller, Unmet
from services.api.callers import Caller
from services.questions.question import Asked, Question

ANN: Final = Caller("api_key", "back-office", ("manager", "lead", "warehouse"))
BOB: Final = Caller("api_key", "shop-front", ("client",))


@dataclass
class Doorkeeper:
    """Knows callers by their keys. Implements Access."""

    keys: dict[str, Caller] = field(default_factory=lambda: {"ann": ANN, "bob": BOB})
    taken: set[str] = field(default_factory=set)  # rights that nobody has
    denied_persons: set[str] = field(default_factory=set)  # for whom nobody may act

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        key = headers.get("authorization", "").removeprefix("Bearer ")
        if key not in self.keys:
            raise UnknownCaller("there is no such key")
        found = self.keys[key]
        behalf = unquote(headers.get("x-on-behalf-of", ""))
        if behalf in self.denied_persons:
            raise Denied(Unmet(code="on_behalf_not_permitted", message=f"not for {behalf}"))
        return Caller(found.kind, found.id, found.roles, behalf or found.on_behalf_of)

    def check_question(self, caller: Caller, question: Question, asked: Asked) -> None:
        self.check_right(caller, question.right)

    def check_commands(self, caller: Caller) -> None:
        self.check_right(caller, "*")

    def check_name(self, caller: Caller, name: str) -> None:
        self.check_right(caller, name)

    def admit(self, caller: Caller, command: Command) -> Command:
        self.check_right(caller, command.NAME)
        return command

    def check_right(self, caller: Caller, right: str) -> None:
        if right in self.taken:
            raise Denied(Unmet(code="right_missing", message=f"{caller.id} has not {right}"))

    def check_command(self, caller: Caller, right: str) -> None:
        self.check_right(caller, right)

    def reading(self, caller: Caller, right: str) -> AbstractContextManager[None]:
        return nullcontext()

    def told(self, caller: Caller, question: Question, asked: Asked, answer: Any) -> Any:
        return answer

    def heard(
        self, caller: Caller, command: Command, unmet: tuple[Unmet, ...]
    ) -> tuple[Unmet, ...]:
        return unmet

    def write_notes(self) -> None:
        """Nothing is noted."""
