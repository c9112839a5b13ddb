"""A rule as a value: when it looks, what must hold, what it does. Data, never code.

Source: the YAML language of docs/rules.md; infra reads the file, `Rule` checks it.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.messages import Code, OneOrMany, Shape, Text
from domain.paths.definition import Definition, Title, is_published
from domain.paths.names import Place
from domain.rules.actions import MAX_ACTIONS, Action, Move
from domain.rules.conditions import PAST, When, compiled
from domain.rules.triggers import (
    CHANGING,
    EVENT_NAMES,
    MAX_TRIGGERS,
    STOCK_EVENTS,
    OnChange,
    OnEvent,
    OnSchedule,
    OnSilence,
    Trigger,
    Wait,
)

MAX_CONDITIONS = 20  # of one rule

Mode = Literal["live", "shadow", "off"]  # shadow: it is judged, and does nothing


class Limits(Shape):
    """How often it may fire. Beyond it is stopped (per order), or waits (per minute)."""

    per_order: Annotated[int, Field(ge=1, le=1_000)] = 20
    per_minute: Annotated[int, Field(ge=1, le=100_000)] = 1_000


class Rule(Definition):
    """One rule, checked: every name that is used is defined."""

    rule: Code
    title: Title = Field(default_factory=dict)
    description: Text | None = None
    mode: Mode = "live"
    order: Annotated[int, Field(ge=0, le=10_000)] = 100  # rules of one event act lowest first
    on: Annotated[tuple[Trigger, ...], Field(min_length=1, max_length=MAX_TRIGGERS)]
    if_: Annotated[dict[Code, When], Field(alias="if", max_length=MAX_CONDITIONS)] = Field(
        default_factory=dict
    )
    then: Annotated[tuple[Action, ...], Field(min_length=1, max_length=MAX_ACTIONS)]
    why_not: Code | None = None  # a rule: why it has not acted ends what this one says to people
    delay: Wait | None = None  # then it is judged again, and acts if all still holds
    roles: tuple[Code, ...] = ()  # that it acts with, where a path asks for one
    cancel_on: OneOrMany = ()  # events that end the delay
    hours: Code | None = None  # calendar: outside of its hours it waits for them
    limits: Limits = Field(default_factory=Limits)

    @model_validator(mode="after")
    def _parts_fit_together(self, info: ValidationInfo) -> Self:
        if is_published(info):
            return self
        problems = [
            InitErrorDetails(
                type=PydanticCustomError(
                    "undefined_name", "There is no {kind} {name}", {"kind": kind, "name": name}
                ),
                loc=place,
                input=name,
            )
            for place, kind, name in undefined_names(self)
        ]
        problems += [
            InitErrorDetails(
                type=PydanticCustomError("part_differs", "{problem}", {"problem": problem}),
                loc=place,
                input=place[0],
            )
            for place, problem in _misfits(self)
        ]
        if problems:
            raise ValidationError.from_exception_data("Rule", problems)
        return self

    @property
    def waits(self) -> bool:
        """Whether it may act later than it was led to."""
        return self.delay is not None or self.hours is not None

    @cached_property
    def events(self) -> frozenset[str]:
        """Names of the events that it looks at; see `looks_at_changes` for all others."""
        return frozenset(n for one in self.on if isinstance(one, OnEvent) for n in one.event)

    @cached_property
    def of_change(self) -> tuple[str, ...]:
        """The conditions that look at the change, which is another one for each rule."""
        return tuple(one for one in self.if_.values() if "change" in compiled(one).reads)

    @cached_property
    def alike(self) -> tuple[str, ...]:
        """The conditions that have one answer, whichever rule asks."""
        return tuple(one for one in self.if_.values() if one not in self.of_change)

    @cached_property
    def lasting(self) -> tuple[str, ...]:
        """The conditions that can be asked again later: they look at nothing that is past."""
        return tuple(
            source for source in self.if_.values() if PAST.isdisjoint(compiled(source).reads)
        )

    @cached_property
    def calendars(self) -> tuple[str, ...]:
        """Name the calendars whose hours it goes by, each once."""
        scheduled = (one.schedule.calendar for one in self.on if isinstance(one, OnSchedule))
        return tuple(dict.fromkeys(filter(None, (self.hours, *scheduled))))

    @cached_property
    def longest_wait(self) -> timedelta:
        """How long ago at most it began what has come due: a week longer where it goes by hours."""
        silences = (one.silence for one in self.on if isinstance(one, OnSilence))
        waits = max(timedelta(), self.delay or timedelta(), *silences)
        return waits if self.hours is None else waits + timedelta(days=7)

    @cached_property
    def reads_customer(self) -> bool:
        return any("customer" in compiled(source).reads for source in self.if_.values())


def _misfits(rule: Rule) -> Iterator[tuple[Place, str]]:
    """Give the place of what does not fit together, and what to do about it."""
    if rule.cancel_on and not rule.waits:
        yield ("cancel_on",), "it ends a delay: write delay or hours, or take it out"
    if not any(isinstance(trigger, OnEvent | OnChange) for trigger in rule.on):
        for key in ("delay", "hours"):
            if getattr(rule, key) is not None:
                yield (key,), "silence and fixed hours are times by themselves: take it out"
    elif not STOCK_EVENTS.isdisjoint(rule.events):
        for key in ("delay", "hours"):
            if getattr(rule, key) is not None:
                yield (key,), "of a stock it acts at once: take it out, or write a rule of its own"
    if rule.why_not == rule.rule:
        yield ("why_not",), "it names a rule that has left the order alone: write another one"
    moves = [number for number, action in enumerate(rule.then) if isinstance(action, Move)]
    for number in moves[1:]:
        yield ("then", number), "an order is moved once: write a second rule for the next move"


def undefined_names(rule: Rule) -> Iterator[tuple[Place, str, str]]:
    """Give the place, the kind and the name of whatever is used and not defined."""
    for number, trigger in enumerate(rule.on):
        match trigger:
            case OnEvent(event=names):
                for at, name in enumerate(names):
                    if name not in EVENT_NAMES:
                        yield ("on", number, "event", at), "event", name
            case OnChange(change=name) if name not in CHANGING:
                yield ("on", number, "change"), "field", name
            case OnChange() | OnSilence() | OnSchedule():
                pass
    for at, name in enumerate(rule.cancel_on):
        if name not in EVENT_NAMES:
            yield ("cancel_on", at), "event", name
