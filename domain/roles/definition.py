"""A role as a value: what whoever holds it may command, ask and see. Data, never code.

Source: the YAML language of docs/rights.md; infra reads the file, `Role` checks it.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, model_validator

from domain.messages import Code, OneOrMany, Shape, Text
from domain.paths.definition import Definition, Title, is_published
from domain.sights import PERSONAL, Personal, Region

MAX_NAMES = 1_000  # of one list of a role
# Who may give rights may give himself all of them, and is told who has which.
GIVING: frozenset[str] = frozenset({"role.publish", "apikey.create", "apikey.rotate"})
OF_RIGHTS: frozenset[str] = frozenset({"role.list", "role.show", "apikey.list"})  # questions

# A name, all of an area, or everything: order.cancel, order.*, *
NamePattern = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\*|[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*(\.\*)?)$", max_length=100
    ),
]
# A field of an answer; a star stands for any signs: total_minor, *_minor
FieldPattern = Annotated[str, StringConstraints(pattern=r"^[a-z*][a-z0-9_*]*$", max_length=100)]
NamePatterns = Annotated[tuple[NamePattern, ...], Field(max_length=MAX_NAMES)]
Several = Annotated[OneOrMany, Field(max_length=MAX_NAMES)]
TestOrders = Literal["no", "yes", "only"]


def _one_or_many(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return (
        tuple(value) if isinstance(value, list) else value
    )  # Also where types are taken strictly.


Kinds = Annotated[tuple[Personal | Literal["all"], ...], BeforeValidator(_one_or_many)]

_TESTS: dict[TestOrders, tuple[bool, ...]] = {
    "no": (False,),
    "yes": (False, True),
    "only": (True,),
}


class OrdersMeant(Shape):
    """Which orders: of these shops, types and channels. What is left out does not matter."""

    shops: Several = ()
    order_types: Several = ()
    channels: Several = ()
    test: TestOrders = "no"

    @cached_property
    def region(self) -> Region:
        """The same as rights compare it."""
        return Region(
            self.shops or None,
            self.order_types or None,
            self.channels or None,
            _TESTS[self.test],
        )


class Role(Definition):
    """One role, checked."""

    role: Code
    title: Title = Field(default_factory=dict)
    description: Text | None = None
    acts_as: tuple[Code, ...] = ()  # roles that a path asks for; empty: its own name
    commands: NamePatterns = ()
    questions: NamePatterns = ()
    never: NamePatterns = ()  # of either; stronger than what is allowed
    orders: OrdersMeant = Field(default_factory=OrdersMeant)
    personal: Kinds = ()  # what it reads; all else is sealed
    hidden: Annotated[tuple[FieldPattern, ...], Field(max_length=MAX_NAMES)] = ()
    on_behalf: bool = False  # it may act for the people whom it names

    @model_validator(mode="after")
    def _allows_what_it_forbids(self, info: ValidationInfo) -> Self:
        if is_published(info):
            return self
        allowed = {*self.commands, *self.questions}
        for name in self.never:
            if name in allowed:
                raise ValueError(f"never and allowed at once is {name}: take one of them out")
        return self

    @property
    def held_as(self) -> tuple[str, ...]:
        """The roles that paths see."""
        return self.acts_as or (self.role,)

    @property
    def region(self) -> Region:
        return self.orders.region

    @property
    def reads(self) -> frozenset[Personal]:
        """The kinds of personal data that it reads."""
        return PERSONAL.intersection(self.personal) if "all" not in self.personal else PERSONAL

    def may_command(self, name: str) -> bool:
        """Whether it allows a command by its stored name."""
        return names(self.commands, name) and not names(self.never, name)

    def may_ask(self, name: str) -> bool:
        """Whether it allows a question by its name; of rights only if it may give some, too."""
        if name in OF_RIGHTS and not any(map(self.may_command, GIVING)):
            return False
        return names(self.questions, name) and not names(self.never, name)


def names(patterns: Iterable[str], name: str) -> bool:
    """Whether one of the patterns is this name, or an area that it belongs to."""
    return any(
        pattern in (name, "*") or (pattern.endswith(".*") and name.startswith(pattern[:-1]))
        for pattern in patterns
    )
