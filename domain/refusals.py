"""The ways in which Orderpath says no, as one tree; the edges translate them once.

OrderpathError
├── Refusal                 the business says no: every unmet condition at once
│   └── Denied              whoever asks may not: every right that is missing
├── UnknownCaller           nobody knows who asks
├── Absent                  there is nothing of what was asked for
├── Turned                  a request that is turned away over HTTP (services.api.problems)
├── Misread                 parameters of one that are not as described (services.api.problems)
├── Conflict                somebody was faster than the stated expected_version
├── CommandIdReused         the same command id came with another body, or from another caller
├── FactIdReused            a fact that is known belongs to another order
├── Undelivered             a message did not go out (domain.effects.channels)
├── NoAnswer                a request over HTTP without an answer (infra.posting)
├── BeyondCalendar          working time that no calendar reaches (domain.paths.calendars)
├── Unusable                what was handed in cannot be used at all
│   ├── UnreadableError     a text: it is no amount, no time, no number
│   ├── SettingsError       settings (infra.settings)
│   ├── TableError          a file that is no table (infra.tables)
│   ├── FileError           a file that is no path or calendar (infra.yaml_language)
│   ├── ImportProblem       files, mappings, rows of an import (services.imports.problem)
│   ├── CommandUnreadable   what came as a command is none (domain.wire)
│   ├── ReplayError         topics or positions to publish again (services.replay)
│   ├── NoteUnreadable      a text is no signed head of the log (domain.audit.heads)
│   ├── Unrenderable    a template that cannot say what it shall (domain.templates.language)
│   ├── ConditionError      a condition that says nothing of an order (domain.paths.conditions)
│   ├── TooMuchToCompile    conditions and texts of a definition (domain.paths.definition)
│   └── UnknownProjection   a name that no projection has (projections.catalog)
└── InfraError              database gone, full, or written by a newer version
    ├── LogGap              something is missing between what the log holds (domain.reading)
    ├── KeyUnreadable       a key of personal data is not what was written (infra.sealing)
    ├── EventUnreadable     what stands in the log is not what its name says (infra.mapper)
    ├── Busy                somebody else holds the tables (projections.sessions)
    └── SessionLost         the session ended while we were at it (projections.sessions)
"""

from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Unmet(BaseModel):
    """One condition that a command did not meet. Never holds personal data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str  # stable, lower case, see tests/golden/stored_names.txt
    field: str | None = None  # dotted path into the command, None: the command as a whole
    message: str  # English, for people
    needed: str | None = None  # what would open the way


class OrderpathError(Exception):
    """Everything that Orderpath raises on purpose."""


class Refusal(OrderpathError):
    """The business says no. Carries all unmet conditions in a stable order."""

    def __init__(self, *unmet: Unmet) -> None:
        super().__init__("; ".join(f"{u.code}: {u.message}" for u in unmet))
        self.unmet: tuple[Unmet, ...] = unmet


class Denied(Refusal):
    """Whoever asks may not. Carries everything that is missing; never stored."""


class UnknownCaller(OrderpathError):
    """Nobody knows who asks: there is no key, or none that is known or still good."""


class Absent(OrderpathError):
    """There is nothing of what was asked for, though the question was a good one."""


class Conflict(OrderpathError):
    """The stream is not at the version that the caller expected. Never stored."""

    def __init__(self, stream_id: str, expected_version: int, version: int) -> None:
        super().__init__(
            f"{stream_id} is at version {version}, not {expected_version}: "
            "read it again, then decide again"
        )
        self.stream_id = stream_id
        self.expected_version = expected_version
        self.version = version


class CommandIdReused(OrderpathError):
    """A command id was used before with another name, target or body, or by another caller."""

    def __init__(self, command_id: object) -> None:
        super().__init__(
            f"command id {command_id} was already used with another body or by another caller:"
            " send a new id"
        )
        self.command_id = command_id


class FactIdReused(OrderpathError):
    """A fact of this command is recorded already, in another stream."""

    def __init__(self) -> None:
        super().__init__(
            "a fact id of this command belongs to another order: make the ids from the source, "
            "the order and the fact"
        )


class Unusable(OrderpathError):
    """What was handed in cannot be used. Says what and where, what is wrong, what to do."""


class UnreadableError(Unusable):
    """A text cannot be read. The message names the column, never the value: it may be personal."""

    def __init__(self, reason: str, column: str | None, message: str) -> None:
        super().__init__(message)
        self.reason = reason  # stable, lower case, see tests/golden/stored_names.txt
        self.column = column
        self.message = message


class CommandUnreadable(Unusable):
    """What came as a command is none. Says all that is wrong and where, never with a value.

    Except for words of a definition that is published: those hold no personal data.
    """

    def __init__(self, *unmet: Unmet, command_id: UUID | None = None) -> None:
        super().__init__(
            "; ".join(f"{u.field}: {u.message}" if u.field else u.message for u in unmet)
        )
        self.unmet: tuple[Unmet, ...] = unmet
        self.command_id = command_id  # as far as it could be read


class InfraError(OrderpathError):
    """Something below the business failed; the same command may be sent again.

    code:      database_unavailable | database_full | newer_version | pipeline_closed | …
    stream_id: of the one stream that is damaged: whoever works on many leaves it aside, and goes
               on with the others; None: nobody can go on
    """

    def __init__(self, code: str, message: str, stream_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.stream_id = stream_id
