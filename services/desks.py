"""Where questions are asked and commands handed in: near, in this process, or far, over HTTP.

Used by the CLI and by tests. What a desk answers is what JSON says of it, near as far.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from domain.messages import Command, Outcome
from domain.refusals import OrderpathError
from services.plain_json import from_json, to_json
from services.questions.catalog import BY_ASKED
from services.questions.question import Asked

if TYPE_CHECKING:
    # Whoever is near needs no HTTP.
    from services.bootstrap import System
    from services.client import Client

Settled = Outcome | OrderpathError


class Desk(Protocol):
    """Answers questions and takes commands."""

    is_far: ClassVar[bool]  # then the key says who acts

    def ask(self, asked: Asked) -> Any:
        """Answer a question, on all that was answered before. Raises: OrderpathError"""

    def send(self, command: Command) -> Outcome:
        """Hand a command in and wait for its outcome. Raises: OrderpathError"""

    def send_all(self, commands: Sequence[Command]) -> list[Settled]:
        """Hand commands in, each by itself; give of each its outcome, or why it has none."""


@dataclass(frozen=True, slots=True)
class Near:
    """A system in this process.

    catch_up: brings the read models to the end of the log, and tells people of it
    """

    is_far: ClassVar[bool] = False

    system: "System"
    catch_up: "Callable[[System], Any]"

    def ask(self, asked: Asked) -> Any:
        question = BY_ASKED[type(asked)]
        if question.reads == "tables":
            self.catch_up(self.system)
        return from_json(to_json(question.function(self.system, asked)))

    def send(self, command: Command) -> Outcome:
        return self.system.execute(command)

    def send_all(self, commands: Sequence[Command]) -> list[Settled]:
        waiting = [self.system.pipeline.submit(command) for command in commands]
        return list(map(_settled, waiting))


@dataclass(frozen=True, slots=True)
class Far:
    """A system behind a running server."""

    is_far: ClassVar[bool] = True

    client: "Client"

    def ask(self, asked: Asked) -> Any:
        return self.client.ask(asked)

    def send(self, command: Command) -> Outcome:
        return self.client.send(command)

    def send_all(self, commands: Sequence[Command]) -> list[Settled]:
        return self.client.send_all(commands)


def _settled(waiting: Any) -> Settled:
    try:
        outcome: Outcome = waiting.result()
    except OrderpathError as error:
        return error
    return outcome
