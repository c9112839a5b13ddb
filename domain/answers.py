"""The answer to a command as JSON, as the topic of results carries it. Made by consumers.commands.

All keys are always there. What is stored for ever is said so by `kind`:
accepted | refused | nothing  the outcome, the same for every repeat of the command
conflict                      the stream is not at expected_version: read it again, decide again
reused                        the id belongs to another command: send a new id
invalid                       it could not be read: mend it
failed                        it was read and not decided, by a fault that is not the sender's
"""

from collections.abc import Mapping
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from domain.messages import Outcome, Shape
from domain.refusals import (
    CommandIdReused,
    CommandUnreadable,
    Conflict,
    FactIdReused,
    InfraError,
    Unmet,
)

MAX_BYTES: Final = 900 * 1024  # of one answer; of unmet conditions, the first are told
MAX_MESSAGE: Final = 1_000  # characters of a fault's message

Kind = Literal["accepted", "refused", "nothing", "conflict", "reused", "invalid", "failed"]

WITHOUT_OUTCOME: Final[Mapping[type[Exception], tuple[Kind, str]]] = {
    Conflict: ("conflict", "conflict"),
    CommandIdReused: ("reused", "command_id_reused"),
    CommandUnreadable: ("invalid", "command_unreadable"),
    FactIdReused: ("invalid", "fact_id_reused"),
}
TURNED_AWAY: Final = "too_many_refusals"  # not decided, and so not stored
UNKNOWN: Final = "command_failed"  # the code of an error that nobody foresaw


class Positions(Shape):
    """Where the events of an accepted command stand in the log."""

    first: int
    last: int


class Fault(Shape):
    """Why a command has no outcome."""

    code: str  # stable, lower case
    message: str  # English, for people


class Answer(Shape):
    """What became of one command."""

    command_id: UUID | None  # null: it could not be read
    kind: Kind
    positions: Positions | None = None  # null: no event was stored
    versions: Mapping[str, int] = Field(default_factory=dict)  # stream id -> version after
    unmet: tuple[Unmet, ...] = ()  # of refused: every condition; of invalid: every fault
    error: Fault | None = None  # null: there is an outcome
    repeated: bool = False  # true: answered from the store, nothing was done now

    def encode(self) -> bytes:
        """Write it as JSON that fits a record."""
        value = self.model_dump_json().encode()
        if len(value) <= MAX_BYTES or not self.unmet:
            return value
        return self.model_copy(update={"unmet": self.unmet[: len(self.unmet) // 2]}).encode()


def answer_of(outcome: Outcome) -> Answer:
    """Give the answer that tells an outcome; of a command that was turned away there is none."""
    positions = None
    if TURNED_AWAY in (unmet.code for unmet in outcome.unmet):
        (unmet,) = outcome.unmet
        fault = Fault(code=unmet.code, message=f"{unmet.message}: {unmet.needed}")
        return Answer(command_id=outcome.command_id, kind="failed", error=fault)
    if outcome.first_position is not None and outcome.last_position is not None:
        positions = Positions(first=outcome.first_position, last=outcome.last_position)
    return Answer(
        command_id=outcome.command_id,
        kind=outcome.kind,
        positions=positions,
        versions=outcome.versions,
        unmet=outcome.unmet,
        repeated=outcome.repeated,
    )


def answer_to(error: Exception, command_id: UUID | None) -> Answer:
    """Give the answer that tells why there is no outcome.

    Of an error that is not ours only the name is told: its text may hold what was sent.
    """
    kind, code = WITHOUT_OUTCOME.get(type(error), ("failed", UNKNOWN))
    message = str(error)
    unmet: tuple[Unmet, ...] = ()
    if isinstance(error, CommandUnreadable):
        unmet, command_id = error.unmet, error.command_id
    elif isinstance(error, InfraError):
        code = error.code
    elif code == UNKNOWN:
        message = f"deciding it failed by a fault of Orderpath ({type(error).__name__})"
    fault = Fault(code=code, message=message[:MAX_MESSAGE])
    return Answer(command_id=command_id, kind=kind, unmet=unmet, error=fault)
