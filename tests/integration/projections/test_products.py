"""What is sold at which price, less what, and how it travels, as readers see it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg.rows import dict_row

from domain.messages import Command
from domain.products import commands as c
from domain.products.delivery_methods import (
    DeliveryMethod,
    EndDeliveryMethod,
    SetDeliveryMethod,
)
from domain.products.discounts import Discount, EndDiscount, SetDiscount
from infra.postgres import connect
from projections.reports.products import list_delivery_methods, list_discounts, list_products
from tests.integration.projections.laws import assert_tables_follow_from_the_log, in_pieces
from tests.integration.projections.world import World
from tests.support.examples import COMMANDS, DISCOUNT, NOW, actor

PRODUCTS = (
    "select sku, title, unit_price_minor, currency, vat_bp, supplier, category, price_since,"
    " active, changed_at from analytics.products order by sku"
)
DISCOUNTS = "select code, scope, percent_bp, valid_from, ended_at from analytics.discounts"
METHODS = "select code, price_minor, free_from_minor, ended_at from analytics.delivery_methods"
POST = DeliveryMethod(code="post", price_minor=400, currency="EUR")


def to(kind: type[Command], **body: Any) -> Command:
    return kind.model_validate({"command_id": uuid4(), "actor": actor(), **body})


def some_days(world: World) -> None:
    """Two of each are there; one product gets dearer, the other one of each goes."""
    cup = {"title": "Cup", "unit_price_minor": 10**15, "currency": "EUR"}
    ten = Discount(code="ten", percent_bp=1_000)
    world.send(COMMANDS["product.publish"], to(c.PublishProduct, sku="CUP-1", **cup))
    world.send(COMMANDS["discount.set"], to(SetDiscount, discount=ten))
    post = POST.model_copy(update={"price_minor": 10**15})
    world.send(COMMANDS["delivery_method.set"], to(SetDeliveryMethod, method=post))
    world.now += timedelta(days=1)
    world.send(to(EndDeliveryMethod, code="post"))
    world.send(to(c.ChangeProduct, sku="TEA-100", unit_price_minor=550, title="Tea"))
    world.send(to(c.WithdrawProduct, sku="CUP-1"), to(EndDiscount, code="ten"))


def test_v7_products_are_told_with_the_moment_since_when_their_price_holds(world: World) -> None:
    some_days(world)
    world.catch_up()

    later = NOW + timedelta(days=1)
    assert world.query(PRODUCTS, role="orderpath_analyst") == [
        ("CUP-1", "Cup", 10**15, "EUR", 0, None, None, NOW, False, later),
        ("TEA-100", "Tea", 550, "EUR", 2_000, "Leaf & Co.", "tea", later, True, later),
    ]


def test_v7_discounts_are_told_also_once_they_are_ended(world: World) -> None:
    some_days(world)
    world.catch_up()

    assert world.query(DISCOUNTS + " order by code", role="orderpath_analyst") == [
        ("spring", "category", 1_000, NOW, None),
        ("ten", "order", 1_000, NOW, NOW + timedelta(days=1)),
    ]


def test_v4_delivery_methods_are_told_also_once_they_are_ended(world: World) -> None:
    some_days(world)
    world.catch_up()

    assert world.query(METHODS + " order by code", role="orderpath_analyst") == [
        ("courier", 300, 5_000, None),
        ("post", 10**15, None, NOW + timedelta(days=1)),
    ]
    world.send(COMMANDS["delivery_method.set"].model_copy(update={"method": POST}))
    world.catch_up()
    assert world.query(METHODS + " where code = 'post'") == [("post", 400, None, None)]


def test_a_discount_that_is_given_again_is_not_ended(world: World) -> None:
    some_days(world)
    world.send(to(SetDiscount, discount=Discount(code="ten", percent_bp=500)))
    world.catch_up()

    assert world.query(DISCOUNTS + " where code = 'ten'") == [
        ("ten", "order", 500, NOW + timedelta(days=1), None)
    ]


def test_the_questions_leave_out_what_is_over_and_have_a_limit(world: World) -> None:
    some_days(world)
    world.catch_up()
    with (
        connect(world.url, role="orderpath_analyst") as connection,
        connection.cursor(row_factory=dict_row) as reader,
    ):
        sold = list_products(reader, limit=9)
        everything = list_products(reader, withdrawn=True, limit=9)
        cups = list_products(reader, category="cups", withdrawn=True, limit=9)
        given = list_discounts(reader, NOW, limit=9)
        over = list_discounts(reader, NOW + timedelta(days=30), limit=9)
        all_of_them = list_discounts(reader, NOW, everything=True, limit=9)
        methods = list_delivery_methods(reader, limit=9)
        all_methods = list_delivery_methods(reader, everything=True, limit=9)

        assert [one["sku"] for one in sold] == ["TEA-100"]
        assert [one["sku"] for one in everything] == ["CUP-1", "TEA-100"]
        assert (cups, over) == ([], [])
        assert [(one["code"], one["category"]) for one in given] == [("spring", DISCOUNT.category)]
        assert [one["code"] for one in all_of_them] == ["spring", "ten"]
        assert [one["code"] for one in methods] == ["courier"]
        assert [one["code"] for one in all_methods] == ["courier", "post"]
        with pytest.raises(ValueError, match="limit must be in"):
            list_products(reader, limit=0)
        with pytest.raises(ValueError, match="limit must be in"):
            list_delivery_methods(reader, limit=0)
        with pytest.raises(ValueError, match="limit must be in"):
            list_discounts(reader, NOW, limit=10**9)


@in_pieces
def test_d12_in_whatever_pieces_again_and_rebuilt_the_tables_are_the_same(
    world: World, batch_events: int
) -> None:
    for _ in range(3):
        some_days(world)
        world.follower(batch_events).catch_up()

    assert_tables_follow_from_the_log(world, "products", "discounts", "delivery_methods")


def test_the_longest_names_there_can_be_have_their_product(world: World) -> None:
    sku, title = "𝄞" * 200, "é\n" * 100
    body = {"sku": sku, "title": title, "unit_price_minor": 1, "currency": "EUR"}
    (outcome,) = world.send(to(c.PublishProduct, **body, category=title, supplier=title))
    world.catch_up()

    assert outcome.kind == "accepted"
    assert world.query("select sku, title, category from analytics.products") == [
        (sku, title, title)
    ]
