"""The shapes that every command, event and answer share: envelope, actor, outcome."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple, Protocol, Self
from unicodedata import category
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from domain.refusals import Unmet
from domain.sights import Region
from domain.told_numbers import ToldCount

SHARDS = 16  # of the log and of every checkpoint; fixed for ever
ActorKind = Literal["user", "api_key", "trigger", "clock", "import", "system"]


def no_nul(text: str) -> str:
    """Give a text that PostgreSQL can store. Raises: ValueError"""
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    return text


Text = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(no_nul)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(no_nul)]
_CODE = r"[a-z][a-z0-9_]{0,63}"
Code = Annotated[str, StringConstraints(pattern=f"^{_CODE}$")]


@dataclass(frozen=True, slots=True)
class AskedAsCode:
    """Marks a field that takes any name though a code is meant: deciding says which there are."""


AskedCode = Annotated[Name, AskedAsCode()]
_PHONE_DIGITS = 7  # shorter ones reach nobody
_KEY = r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}"  # as programs number things: TEA-100, p-1, 2026/17


def is_code(text: str) -> bool:
    """Whether a text has the shape of a code, and so is no free text."""
    return re.fullmatch(_CODE, text) is not None


def is_key(text: str) -> bool:
    """Whether a text has the shape of what things are numbered by, and so is no free text.

    A word without a number may be somebody's name, and many digits a telephone number.
    """
    digits = sum(map(str.isdigit, text))
    may_be_phone = digits >= _PHONE_DIGITS and not any(map(str.isalpha, text))
    return digits > 0 and not may_be_phone and re.fullmatch(_KEY, text) is not None


def is_article(text: str) -> bool:
    """Whether a text has the shape of what articles are called: TEA-100, also POT."""
    return is_key(text) or re.fullmatch(r"[A-Z][A-Z_-]{0,63}", text) is not None


def named(kind: str, key: str, is_shown: Callable[[str], bool] = is_key) -> str:
    """Name a thing in a refusal. It is stored: free text may be personal and is not repeated."""
    return f"{kind} {key}" if is_shown(key) else f"such {kind}"


def _one_or_many(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


# People may leave [ ] out. A list is as good as a tuple, also where types are taken strictly.
OneOrMany = Annotated[
    tuple[Name, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=Name | tuple[Name, ...]),
]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie within the years 1 to 9999") from None


# A moment that somebody tells: in whatever zone, the same moment is the same text, and so the same
# command.
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


def _by_name(attributes: dict[str, str]) -> dict[str, str]:
    return dict(sorted(attributes.items()))


# Column -> value, as a source has them; in what order is none of its facts.
Attributes = Annotated[dict[Name, Text], Field(max_length=100), AfterValidator(_by_name)]


@dataclass(frozen=True, slots=True)
class PersonalField:
    """Marks a field as personal data: the mapper stores it encrypted per subject."""


Personal = Annotated[Text, PersonalField()]


# Letters and symbols by name, and blank: fillers of Hangul, Braille without dots, no note.
_UNSEEN: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")


def is_blank(text: str | None) -> bool:
    """Whether nothing is written: no letter, number, punctuation or symbol that could be seen."""
    return not any(category(sign)[0] in "LNPS" and sign not in _UNSEEN for sign in text or "")


def _not_blank(text: str) -> str:
    if is_blank(text):
        raise ValueError("write something")
    return text


Written = Annotated[Personal, AfterValidator(_not_blank)]


class Shape(BaseModel):
    """A frozen value that names every field it takes."""

    # Input is hidden, because it may be personal and validation errors reach logs.
    model_config = ConfigDict(
        frozen=True, extra="forbid", serialize_by_alias=True, hide_input_in_errors=True
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy what is said. What was worked out of it, as a stream's id, is worked out anew."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


class Actor(Shape):
    """Who acts: a person, a program with a key, a rule, the clock, an import, the system."""

    kind: ActorKind
    id: Name
    roles: tuple[Name, ...] = ()  # as whoever knows the actor calls them
    on_behalf_of: Name | None = None
    reach: tuple[Region, ...] | None = None  # the orders that it may command; None: all

    @property
    def held(self) -> str:
        """The roles as a refusal tells them: what is no code may be anything, and is hidden."""
        told = (role if is_code(role) else "an unknown role" for role in self.roles)
        return ", ".join(dict.fromkeys(told))


class Command(Shape):
    """Something that somebody wants. Subclasses add the target and the body.

    The body hash (idempotency) covers NAME and every explicitly set field except ENVELOPE.
    """

    NAME: ClassVar[str]
    ENVELOPE: ClassVar[frozenset[str]] = frozenset(
        {"command_id", "actor", "correlation_id", "causation_id", "source"}
    )
    OF_PROGRAMS: ClassVar[tuple[str, ...]] = ()  # fields that no caller over HTTP tells
    MAY_BE_FACT: ClassVar[bool] = False  # it may tell what happened elsewhere, with its time
    ALONE: ClassVar[bool] = False  # decided and appended while nobody else appends

    command_id: UUID
    actor: Actor
    correlation_id: UUID | None = None  # None: the command id
    causation_id: UUID | None = None  # the command or event that led to this one
    source: Name = "api"
    reason: Personal | None = None  # free text, for people
    occurred_at: Moment | None = None  # None: now; only facts may set the past
    expected_version: ToldCount | None = None
    expected_status: AskedCode | None = None


class Event(Shape):
    """Something that has happened. NAME is its stored name: a contract for ever."""

    NAME: ClassVar[str]


class Decided(NamedTuple):
    """An event as decide gives it: not yet in the log."""

    event: Event
    occurred_at: datetime
    fact_id: UUID | None = None  # set: a fact from outside, None: a decision made here


Verdict = tuple[list[Event], list[Unmet]]  # what would happen, and all that stands against it


class Happened(Protocol):
    """What evolve needs to know of an event, stored or about to be."""

    @property
    def event(self) -> Event: ...
    @property
    def version(self) -> int: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def fact_id(self) -> UUID | None: ...


@dataclass(slots=True)  # One an event on the hot path: freezing costs as much as the rest.
class Foreseen:
    """A decided event with the version that it will have, as evolve wants it."""

    event: Event
    version: int
    occurred_at: datetime
    fact_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the log, with its whole envelope."""

    position: int  # contiguous over the log, in commit order
    stream_id: str
    version: int
    shard: int  # 0..15
    event: Event
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    actor_kind: str
    actor_id: str
    on_behalf_of: str | None
    reason: str | None
    source: str
    occurred_at: datetime  # when it happened, UTC
    recorded_at: datetime  # when the log took it, UTC, never decreasing by position
    fact_id: UUID | None = None

    @property
    def entity_id(self) -> str:
        """The id of the order (path, …) that owns the stream: `order-X` gives `X`."""
        return entity_of(self.stream_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The final answer to a command, stored with its events and repeated for ever."""

    command_id: UUID
    kind: Literal["accepted", "refused", "nothing"]
    first_position: int | None = None
    last_position: int | None = None
    versions: Mapping[str, int] = field(default_factory=dict)  # stream id -> version after
    unmet: tuple[Unmet, ...] = ()
    repeated: bool = False  # True: answered from the store, nothing was done now

    @property
    def events(self) -> int:
        """How many were stored."""
        if self.first_position is None or self.last_position is None:
            return 0
        return self.last_position - self.first_position + 1

    def event_ids(self, log_id: UUID) -> list[str]:
        """Ids of the stored events, `log_id/position`, in order."""
        if self.first_position is None or self.last_position is None:
            return []
        return [f"{log_id}/{p}" for p in range(self.first_position, self.last_position + 1)]


class Aggregate(Protocol):
    """A state built from the events of one stream; immutable."""

    @property
    def version(self) -> int: ...
    @property
    def last_occurred_at(self) -> datetime | None: ...
    @property
    def subject_id(self) -> str | None: ...  # whose personal data its events hold
    def evolve(self, happened: Happened) -> Self: ...


def entity_of(stream_id: str) -> str:
    """Give the id behind the stream's category: `order-17` and `attempt-17` give `17`."""
    return stream_id.partition("-")[2]
