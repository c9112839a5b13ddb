"""Who may do what apart from moving the order: its details, its items, its payments."""

from functools import cached_property
from itertools import product
from typing import Annotated

from pydantic import Field

from domain.messages import Code, Name, Shape
from domain.orders.ledger import EntryKind, PaymentStatus
from domain.paths.appearance import Appearance
from domain.paths.transitions import Names


class FieldRight(Shape):
    """Who may change a detail of the order, and until when."""

    edit: tuple[Code, ...] = ()  # empty: everybody
    never: tuple[Code, ...] = ()  # stronger than edit
    closed_in: tuple[Code, ...] = ()  # statuses in which nobody may


class ItemTransition(Shape):
    """Ways of pieces that are allowed, and for whom."""

    from_: Annotated[Names, Field(alias="from")]
    to: Names
    roles: tuple[Code, ...] = ()  # empty: everybody


class ItemRules(Shape):
    """The statuses of pieces as this shop uses them."""

    statuses: dict[Code, Appearance] = Field(default_factory=dict)
    transitions: tuple[ItemTransition, ...] = ()  # empty: all that there are, for everybody

    @cached_property
    def ways(self) -> dict[tuple[str, str], ItemTransition]:
        """Every way that is named; of two rules for one the first counts."""
        ways: dict[tuple[str, str], ItemTransition] = {}
        for rule in self.transitions:
            for way in product(rule.from_, rule.to):
                ways.setdefault(way, rule)
        return ways


class PaymentRight(Shape):
    """Who may make a movement of money. What a gateway tells has happened and is never refused."""

    to: EntryKind
    roles: tuple[Code, ...] = ()


class PaymentRules(Shape):
    """The payments as this shop takes them."""

    methods: tuple[Name, ...] = ()  # empty: any
    statuses: dict[PaymentStatus, Appearance] = Field(default_factory=dict)
    transitions: tuple[PaymentRight, ...] = ()  # what is not named everybody may

    @cached_property
    def roles(self) -> dict[EntryKind, tuple[str, ...]]:
        """Who may make which movement; of two rules for one the first counts."""
        return {rule.to: rule.roles for rule in reversed(self.transitions)}
