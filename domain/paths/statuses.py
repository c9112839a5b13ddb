"""The statuses of a path: what they are called, what entering one does, where orders start."""

from typing import Annotated, Literal

from pydantic import Field

from domain.messages import Code, Name, OneOrMany, Shape, Text
from domain.paths.appearance import Color
from domain.paths.conditional import When
from domain.paths.definition import Title
from domain.paths.limits import Limit

StockEffect = Literal["reserve", "commit", "release"]


class ItemEffect(Shape):
    """Pieces that go along: from wherever they may come, or from the named statuses only."""

    to: Code  # an item status
    from_: Annotated[OneOrMany, Field(alias="from")] = ()


class OnEnter(Shape):
    """What entering a status does besides, in the same decision."""

    items: ItemEffect | None = None
    stock: StockEffect | None = None
    documents: tuple[Code, ...] = ()  # kinds that the order must have


class Status(Shape):
    """One stop of the path. Its keys keep their order: hashes of what is published rest on it."""

    stage: Code
    title: Title = Field(default_factory=dict)
    description: Text | None = None
    owner: dict[Literal["user", "group"], Name] | None = None
    limit: Limit | None = None
    final: Literal["success", "failure"] | None = None
    color: Color | None = None
    icon: Name | None = None
    public_label: Title = Field(default_factory=dict)
    pauses_clock: bool = False  # the limit of the status before goes on when the order comes back
    active: bool = True  # False: no order enters it any more
    on_enter: OnEnter | None = None


class Initial(Shape):
    """Where an order starts, if the condition holds."""

    status: Code
    when: When | None = None  # None: always
