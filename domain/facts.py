"""What a decision may look at besides the state: fetched before, handed in, never looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from domain.customers.customer import Customer
from domain.paths.calendars import Calendar
from domain.paths.path import OrderPath
from domain.products.pricing import Offer
from domain.stock.stock import Stock

PathKey = tuple[str, int]  # (path, version), immutable once published


@dataclass(frozen=True, slots=True)
class Facts:
    """Published definitions, and prices, that a command's decision needs."""

    paths: Mapping[PathKey, OrderPath] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)  # the latest of each name
    stocks: Mapping[str, Stock] = field(default_factory=dict)  # by stream id
    customer: Customer | None = None  # of the order, if a condition of its path asks
    offer: Offer | None = None  # what prices are taken from; None: from nowhere
    accepted: frozenset[UUID] = frozenset()  # earlier commands, as far as conditions depend on them
