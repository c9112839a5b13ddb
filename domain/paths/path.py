"""The order path as a value: statuses, transitions, limits. Data, never code.

Source: the YAML language of docs/paths.md; infra reads the file, `OrderPath` checks it.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.messages import Code, Name, OneOrMany, Shape, Text
from domain.orders.fields import FIELDS
from domain.paths.definition import Definition, Title
from domain.paths.limits import Limit

MAX_STATUSES = 1_000
MAX_TRANSITIONS = 20_000
ANY = "*"

Place = tuple[str | int, ...]  # keys and indexes from the top of the path down
Requirement = Literal["reason_code", "initiator", "reason"]
Kind = Literal["stage", "status", "field"]  # of a name that is used
Nonconforming = Literal["not_an_initial_status", "transition_not_allowed"]  # stored with facts


class Status(Shape):
    """One stop of the path."""

    stage: Code
    title: Title = Field(default_factory=dict)
    description: Text | None = None
    owner: dict[Literal["user", "group"], Name] | None = None
    limit: Limit | None = None
    final: Literal["success", "failure"] | None = None
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    icon: Name | None = None
    public_label: Title = Field(default_factory=dict)


class Initial(Shape):
    """Where an order starts."""

    status: Code


Names = Annotated[OneOrMany, Field(min_length=1, max_length=MAX_STATUSES)]


class Transition(Shape):
    """Moves that are allowed, for whom, and what has to be said."""

    from_: Annotated[Names, Field(alias="from")]
    to: Names
    roles: tuple[Code, ...] = ()  # empty: everybody
    require: tuple[Requirement, ...] = ()
    reasons: tuple[Code, ...] = ()  # allowed reason codes; empty: any


class FieldRight(Shape):
    """Who may change a detail of the order, and until when."""

    edit: tuple[Code, ...] = ()  # empty: everybody
    never: tuple[Code, ...] = ()  # stronger than edit
    closed_in: tuple[Code, ...] = ()  # statuses in which nobody may


class OrderPath(Definition):
    """A whole path, checked: every name that is used is defined."""

    path: Code
    title: Title = Field(default_factory=dict)
    calendar: Code | None = None  # of limits in working time that name none
    applies_to: tuple[dict[Literal["order_type", "channel", "shop"], Names], ...] = ()
    stages: Annotated[tuple[Code, ...], Field(min_length=1, max_length=MAX_STATUSES)]
    statuses: Annotated[dict[Code, Status], Field(min_length=1, max_length=MAX_STATUSES)]
    initial: Annotated[tuple[Initial, ...], Field(min_length=1)]
    transitions: Annotated[tuple[Transition, ...], Field(max_length=MAX_TRANSITIONS)] = ()
    fields: dict[Code, FieldRight] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_defined(self) -> Self:
        undefined = [
            InitErrorDetails(
                type=PydanticCustomError(
                    "undefined_name", "There is no {kind} {name}", {"kind": kind, "name": name}
                ),
                loc=place,
                input=name,
            )
            for place, kind, name in self.undefined_names()
        ]
        if undefined:
            raise ValidationError.from_exception_data("OrderPath", undefined)
        if len(list(islice(self._pairs(), MAX_TRANSITIONS + 1))) > MAX_TRANSITIONS:
            raise ValueError(f"a path has at most {MAX_TRANSITIONS} moves: split it")
        return self

    @model_validator(mode="after")
    def _working_time_has_a_calendar(self) -> Self:
        without = [
            code
            for code, status in self.statuses.items()
            if status.limit and status.limit.working and not self.calendar_of(status.limit)
        ]
        if without:
            advice = "write calendar in the limit, or once for the whole path"
            raise ValueError(f"no calendar for the working time of {', '.join(without)}: {advice}")
        return self

    def calendar_of(self, limit: Limit) -> str | None:
        """Name the calendar that a limit counts by; None for the wall clock."""
        return None if limit.working is None else limit.calendar or self.calendar

    @cached_property
    def calendars(self) -> tuple[str, ...]:
        """Name every calendar that a limit counts by."""
        limits = (status.limit for status in self.statuses.values() if status.limit)
        return tuple(dict.fromkeys(filter(None, map(self.calendar_of, limits))))

    def undefined_names(self) -> Iterator[tuple[Place, Kind, str]]:
        """Give every name that is used and not defined, with its place and what it should be."""
        for code, status in self.statuses.items():
            if status.stage not in self.stages:
                yield ("statuses", code, "stage"), "stage", status.stage
        for number, start in enumerate(self.initial):
            if start.status not in self.statuses:
                yield ("initial", number, "status"), "status", start.status
        for number, transition in enumerate(self.transitions):
            for index, code in enumerate(transition.from_):
                if code != ANY and code not in self.statuses:
                    yield ("transitions", number, "from", index), "status", code
            for index, code in enumerate(transition.to):
                if code not in self.statuses:
                    yield ("transitions", number, "to", index), "status", code
        for name, right in self.fields.items():
            if name not in FIELDS:
                yield ("fields", name, "[key]"), "field", name
            for index, code in enumerate(right.closed_in):
                if code not in self.statuses:
                    yield ("fields", name, "closed_in", index), "status", code

    def _pairs(self) -> Iterator[tuple[str, str, Transition]]:
        for transition in self.transitions:
            everywhere = self._open_statuses if ANY in transition.from_ else ()
            named = (code for code in transition.from_ if code != ANY)
            targets = dict.fromkeys(transition.to)
            for source in dict.fromkeys((*everywhere, *named)):
                for target in targets:
                    if source != target:
                        yield source, target, transition

    @cached_property
    def _open_statuses(self) -> tuple[str, ...]:
        return tuple(code for code, status in self.statuses.items() if status.final is None)

    @cached_property
    def matrix(self) -> dict[tuple[str, str], Transition]:
        """Every allowed move. `from: "*"` means every status that is not final.

        A move that two rules allow follows the one that stands first in the file.
        """
        moves: dict[tuple[str, str], Transition] = {}
        for source, target, transition in self._pairs():
            moves.setdefault((source, target), transition)
        return moves

    def moves_from(self, status: str) -> tuple[str, ...]:
        """Give the statuses that can be entered from here, in the file's order."""
        return tuple(code for code in self.statuses if (status, code) in self.matrix)

    def against(self, before: str | None, status: str) -> Nonconforming | None:
        """Say why the path forbids a move, None if it allows it; before: None for the first one."""
        if before is None:
            starts = (start.status for start in self.initial)
            return None if status in starts else "not_an_initial_status"
        return None if (before, status) in self.matrix else "transition_not_allowed"

    @cached_property
    def first_failure(self) -> str | None:
        """Where a cancelled order goes when nobody says otherwise."""
        return next((c for c, s in self.statuses.items() if s.final == "failure"), None)
