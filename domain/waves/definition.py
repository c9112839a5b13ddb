"""A wave as a value: at which hours it comes, which orders it is for, what it asks of each.

Source: the YAML language of docs/waves.md; infra reads the file, `Wave` checks it.
"""

from typing import Annotated, Literal

from pydantic import Field

from domain.messages import Code, OneOrMany, Shape, Text
from domain.paths.definition import Definition, Title
from domain.rules.actions import Move
from domain.rules.triggers import Schedule

Mode = Literal["on", "off"]  # off: only people begin it
Several = Annotated[OneOrMany, Field(max_length=1_000)]


class Meant(Shape):
    """Which orders: all that is said has to hold, of each key any value."""

    status: Annotated[OneOrMany, Field(min_length=1, max_length=1_000)]
    path: Several = ()
    shop: Several = ()
    channel: Several = ()
    order_type: Several = ()
    owner: Several = ()  # a person or a group

    @property
    def conditions(self) -> dict[str, list[str]]:
        """Give what was said, as the conditions of a batch."""
        return {name: list(values) for name, values in self if values}


class Wave(Definition):
    """One wave, checked."""

    wave: Code
    title: Title = Field(default_factory=dict)
    description: Text | None = None
    mode: Mode = "on"
    schedule: Schedule
    orders: Meant
    then: Move
    roles: tuple[Code, ...] = ()  # that it acts with, where a path asks for one
