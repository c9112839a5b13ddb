"""Which path an order takes by itself (R5, R7, P7)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.orders.commands import PlaceOrder
from domain.paths.path import OrderPath
from domain.paths.selection import (
    DIMENSIONS,
    MAX_REMEMBERED,
    AppliesTo,
    Dimension,
    Listed,
    Selection,
)
from tests.support.examples import NOW, ORDER_ID, PATH, TEA, actor
from tests.support.spec import Scenario, given


def path(name: str, *applies_to: dict[str, Any], **changes: Any) -> OrderPath:
    return OrderPath.model_validate(
        PATH.content | {"path": name, "applies_to": applies_to} | changes
    )


def place(**changes: Any) -> PlaceOrder:
    told = {"command_id": UUID(int=1), "actor": actor(), "order_id": ORDER_ID}
    return PlaceOrder(**told | {"currency": "EUR", "lines": (TEA,)} | changes)


ANYWHERE = path("anywhere", {})
COMPANIES = path("companies", {"order_type": "company"})
MARKET = path("market", {"channel": ["market", "bazaar"], "shop": "*"})
NORTH = path("north", {"shop": "north"}, {"shop": "south", "order_type": "company"})
ALL = (ANYWHERE, COMPANIES, MARKET, NORTH)


@pytest.mark.parametrize(
    ("order", "chosen"),
    [
        ({}, "anywhere"),
        ({"order_type": "company"}, "companies"),
        ({"channel": "bazaar"}, "market"),
        ({"channel": "bazaar", "order_type": "company"}, "market"),
        ({"shop": "north", "channel": "bazaar"}, "north"),
        ({"shop": "south"}, "anywhere"),
        ({"shop": "south", "order_type": "company"}, "north"),
    ],
)
def test_r5_p7_the_closest_path_is_taken_shop_before_channel_before_type(
    order: dict[str, str], chosen: str
) -> None:
    assert given(paths=ALL).when(place(**order)).order.path == chosen


def test_an_order_may_name_its_path_whatever_applies() -> None:
    assert given(paths=ALL).when(place(path="market")).order.path == "market"


def test_of_two_that_are_equally_close_the_one_published_later_is_taken() -> None:
    twin = path("twin", {"order_type": "company"})

    assert (
        given(paths=(twin, COMPANIES)).when(place(order_type="company")).order.path == "companies"
    )
    again = path("twin", {"order_type": "company"}, title={"en": "Second version"})
    order = given(paths=(twin, COMPANIES, again)).when(place(order_type="company")).order
    assert (order.path, order.path_version) == ("twin", 2)


def test_where_no_path_applies_the_order_is_refused_with_what_it_is() -> None:
    answer = given(paths=(COMPANIES,)).when(place()).then_refused("path_not_chosen")

    assert answer.unmet[0].message == (
        "No path applies to orders of the type private, the channel web and this shop"
    )


def test_a_path_that_applies_to_nothing_is_taken_by_name_only() -> None:
    shop: Scenario = given(paths=(PATH,))

    shop.when(place()).then_refused("path_not_chosen")
    assert shop.when(place(path="shop")).order.path == "shop"


def test_orders_keep_the_path_that_they_were_placed_on() -> None:
    first = given(place(), paths=(ANYWHERE, path("closer", {"channel": "phone"})))

    assert first.at(NOW + timedelta(days=1)).world.order.path == "anywhere"


class CountedPaths(dict[str, Listed]):
    """Paths that know how often all of them were looked at."""

    looked_at = 0

    def values(self) -> Any:
        self.looked_at += 1
        return super().values()


def kind(number: int) -> dict[Dimension, str]:
    return {"shop": "s", "channel": f"c{number}", "order_type": "private"}


def test_what_was_chosen_is_remembered_for_so_many_kinds_of_orders_and_no_more() -> None:
    paths = CountedPaths(web=Listed("web", 1, ({"channel": ("c0", "c7")},), 1))
    selection = Selection(paths=paths)

    def chosen(*numbers: int) -> list[str | None]:
        found = [selection.choose(kind(number)) for number in numbers]
        return [one.path if one else None for one in found]

    chosen(*range(MAX_REMEMBERED))
    assert (chosen(0, 1, 7), paths.looked_at) == (["web", None, "web"], MAX_REMEMBERED)

    assert (chosen(MAX_REMEMBERED), paths.looked_at) == ([None], MAX_REMEMBERED + 1)
    assert (chosen(0, 1, 7, 0), paths.looked_at) == (["web", None, "web", "web"],
                                                     MAX_REMEMBERED + 4)  # fmt: skip


names = st.sampled_from(["a", "b", "c"])
alternatives = st.fixed_dictionaries(
    {}, optional={one: st.one_of(st.just(("*",)), st.tuples(names)) for one in DIMENSIONS}
)


listings = st.lists(st.lists(alternatives, max_size=3).map(tuple), max_size=5)
orders: st.SearchStrategy[dict[Any, str]] = st.fixed_dictionaries(dict.fromkeys(DIMENSIONS, names))


@for_all(listings, st.lists(orders, max_size=8))
def test_what_is_remembered_is_what_would_be_chosen_anew(
    listed: list[AppliesTo], asked: list[dict[Any, str]]
) -> None:
    selection = Selection(
        paths={str(n): Listed(str(n), 1, applies_to, n) for n, applies_to in enumerate(listed)}
    )

    for order in (*asked, *asked):
        assert selection.choose(order) == Selection(paths=selection.paths).choose(order)


@for_all(listings, orders)
def test_what_is_taken_applies_and_nothing_that_applies_is_closer(
    listed: list[AppliesTo], order: dict[Any, str]
) -> None:
    selection = Selection(
        paths={str(n): Listed(str(n), 1, applies_to, n) for n, applies_to in enumerate(listed)}
    )

    def naming(alternative: Any) -> tuple[bool, ...] | None:
        if any(alternative.get(d, ("*",)) not in (("*",), (order[d],)) for d in DIMENSIONS):
            return None
        return tuple(alternative.get(d) == (order[d],) for d in DIMENSIONS)

    fitting = [
        (named, n)
        for n, applies_to in enumerate(listed)
        for alternative in applies_to
        if (named := naming(alternative)) is not None
    ]
    chosen = selection.choose(order)
    assert (chosen.path if chosen else None) == (str(max(fitting)[1]) if fitting else None)
