"""V7: what is quoted is what is placed, and what was quoted may be stated."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.messages import Decided
from domain.orders.commands import PlaceOrder
from domain.orders.events import OrderPlaced
from domain.orders.money import add_up
from domain.products.delivery_methods import STREAM as METHODS
from domain.products.delivery_methods import DeliveryMethodSet
from domain.products.discounts import STREAM as DISCOUNTS
from domain.products.discounts import Discount, DiscountSet
from domain.products.events import ProductPublished, stream_of
from domain.products.pricing import Priced, offer_in, offer_streams, price
from services.quoting import Basket
from tests.support import spec
from tests.support.examples import COURIER, NOW, ORDER_ID, actor

SKUS: Final = ("TEA", "CUP", "POT")
MINUTE: Final = timedelta(minutes=1)

products = st.builds(
    ProductPublished,
    title=st.just("Something"),
    unit_price_minor=st.integers(0, 2_000),
    currency=st.just("EUR"),
    vat_bp=st.sampled_from([0, 700, 2_000]),
    category=st.sampled_from([None, "tea"]),
)
scopes = st.sampled_from([{}, {"sku": "TEA"}, {"sku": "CUP"}, {"category": "tea"}])
amounts: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(dict, percent_bp=st.integers(1, 10_000)),
    st.builds(dict, amount_minor=st.integers(1, 900), currency=st.sampled_from(["EUR", "USD"])),
)
validity = st.sampled_from([{}, {"valid_until": NOW + MINUTE}, {"valid_from": NOW + 9 * MINUTE}])
minimums = st.sampled_from([{}, {"minimum_minor": 1_500, "currency": "EUR"}])
discounts = st.builds(
    lambda code, *terms: Discount(**{"code": code, "valid_from": NOW} | _merged(terms)),
    st.sampled_from("abcd"), scopes, minimums, amounts, validity,
)  # fmt: skip
lines = st.builds(
    lambda sku, quantity: {"sku": sku, "quantity": quantity},
    st.sampled_from(SKUS), st.integers(1, 5),
)  # fmt: skip
baskets = st.fixed_dictionaries(
    {
        "currency": st.just("EUR"),
        "lines": st.lists(lines, min_size=1, max_size=4),
        "discount_minor": st.integers(0, 200),
    },
    optional={
        "delivery_minor": st.integers(0, 500),
        "delivery": st.sampled_from([{"method": "courier"}, {"method": "post"}]),
    },
)


def _merged(terms: Any) -> dict[str, Any]:
    return {name: value for part in terms for name, value in part.items()}


def shop(sold: dict[str, ProductPublished], given_: list[Discount]) -> spec.World:
    world = spec.given().world
    for sku, product in sold.items():
        world.append(stream_of(sku), [Decided(product, NOW)])
    world.append(METHODS, [Decided(DeliveryMethodSet(method=COURIER), NOW)])
    world.append(DISCOUNTS, [Decided(DiscountSet(discount=one), NOW) for one in given_])
    return world


def quoted(world: spec.World, body: dict[str, Any]) -> Priced:
    basket = Basket.model_validate(body)
    states = {stream: world.state(stream) for stream in offer_streams(basket)}
    return price(basket, offer_in(basket, states), NOW + 2 * MINUTE)


def place(world: spec.World, body: dict[str, Any]) -> spec.Answer:
    who = {"command_id": UUID(int=1), "actor": actor(), "order_id": ORDER_ID, "path": "shop"}
    command = PlaceOrder.model_validate({**who, **body})
    return spec.Scenario(world, NOW + 2 * MINUTE).when(command)


shops = st.tuples(
    st.dictionaries(st.sampled_from(SKUS), products, min_size=2), st.lists(discounts, max_size=6)
)


@given(shops, baskets)
def test_v2_v7_what_is_quoted_is_what_is_placed(
    offered: tuple[dict[str, ProductPublished], list[Discount]], body: dict[str, Any]
) -> None:
    world = shop(*offered)
    quote = quoted(world, body)
    answer = place(world, body)

    if answer.unmet:
        unknown = ("price_unknown", "delivery_method_unknown")
        prices = [one for one in answer.unmet if one.code in unknown]
        assert tuple(prices) == quote.unmet
        assert prices or quote.totals.total_minor < 0
        return
    (event,) = answer.events
    assert isinstance(event, OrderPlaced)
    assert (event.lines, event.totals, event.discounts or ()) == (
        quote.lines, quote.totals, quote.discounts
    )  # fmt: skip
    assert OrderPlaced.model_validate_json(event.model_dump_json(exclude_none=True)) == event


@given(shops, baskets)
def test_v7_what_was_quoted_may_be_stated_to_the_minor_unit_and_nothing_else(
    offered: tuple[dict[str, ProductPublished], list[Discount]], body: dict[str, Any]
) -> None:
    quote = quoted(shop(*offered), body)
    if quote.unmet or quote.totals.total_minor < 0:
        return
    stated = {
        **body,
        "lines": [line.model_dump() for line in quote.lines],
        "stated": {"total_minor": quote.totals.total_minor},
        "check_prices": True,
    }
    if body.get("delivery") == {"method": "courier"} and "delivery_minor" not in body:
        stated["delivery_minor"] = quote.totals.delivery_minor
    else:
        stated.pop("delivery", None)
    dearer = {**stated["lines"][0], "unit_price_minor": quote.lines[0].unit_price_minor + 1}

    same = place(shop(*offered), stated)
    other = place(shop(*offered), {**stated, "lines": [dearer, *stated["lines"][1:]]})

    (event,) = same.events
    assert isinstance(event, OrderPlaced)
    assert (event.lines, event.totals) == (quote.lines, quote.totals)
    assert other.then_refused("price_differs").fields == ["lines.0.unit_price_minor"]


@given(shops, baskets)
def test_v7_the_breakdown_adds_up(
    offered: tuple[dict[str, ProductPublished], list[Discount]], body: dict[str, Any]
) -> None:
    quote = quoted(shop(*offered), body)
    by_line = {one.item_id: one.amount_minor for one in quote.discounts if one.item_id}
    of_order = [one.amount_minor for one in quote.discounts if one.item_id is None]

    assert {line.item_id: line.discount_minor for line in quote.lines if line.discount_minor} == (
        by_line
    )
    assert quote.totals == add_up(
        quote.lines,
        discount_minor=body["discount_minor"] + sum(of_order),
        delivery_minor=quote.totals.delivery_minor,
        vat_included=True,
    )
    assert all(line.net_minor >= 0 for line in quote.lines)
    assert len(of_order) <= 1
