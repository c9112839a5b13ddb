"""V7: a discount takes its share of the goods that are left, however the others went."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages import Command
from domain.orders import commands as c
from domain.orders.money import Line
from domain.orders.order import Order
from domain.refusals import Refusal
from tests.support import spec
from tests.support.examples import NOW, ORDER_ID, actor

IDS = ("1", "2", "3")
Way = tuple[str, str, int]  # how, of which item, how many of a hundred that are there


def who(number: int) -> dict[str, Any]:
    return {"command_id": UUID(int=number), "actor": actor(), "order_id": ORDER_ID}


@st.composite
def orders(draw: st.DrawFn) -> c.PlaceOrder:
    """Draw an order with discounts off its lines and off the whole."""
    lines = []
    for item_id in IDS[: draw(st.integers(1, 3))]:
        quantity, price = draw(st.integers(1, 12)), draw(st.integers(0, 400))
        off = draw(st.integers(0, quantity * price))
        said = {"item_id": item_id, "sku": "TEA", "title": "Tea", "quantity": quantity}
        money = {"unit_price_minor": price, "discount_minor": off}
        lines.append(Line.model_validate(said | money))
    off = draw(st.integers(0, sum(line.net_minor for line in lines)))
    placed = {"path": "shop", "currency": "EUR", "lines": lines, "discount_minor": off}
    return c.PlaceOrder.model_validate(who(1) | placed)


@st.composite
def ways(draw: st.DrawFn) -> list[Way]:
    """Draw how pieces go, one way after another."""
    named = st.sampled_from(["cancel", "change", "assembled", "shipped", "not_bought_out", "move"])
    one = st.tuples(named, st.sampled_from(IDS), st.integers(1, 100))
    return draw(st.lists(one, max_size=12))


_SOURCE = {"assembled": "ordered", "shipped": "assembled", "not_bought_out": "shipped"}


def going(order: Order, told: Way, number: int) -> Command | None:
    """Give the command by which some of the item's pieces go, if it has any."""
    way, item_id, hundredth = told
    item = order.items.get(item_id)
    if item is None:
        return None
    said: dict[str, Any] = {**who(number), "item_id": item_id}
    there = item.pieces.get(_SOURCE.get(way, "ordered"), 0)
    quantity = -(-there * hundredth // 100)
    if way == "change":
        left = item.line.quantity - quantity
        return c.ChangeItem(**said, quantity=left) if quantity and left else None
    if not quantity:
        return None
    if way == "cancel":
        return c.CancelItem(**said, quantity=quantity, reason_code="changed_mind")
    to = "cancelled" if way == "move" else way
    moved: dict[str, Any] = {
        "quantity": quantity,
        "from_status": _SOURCE.get(way, "ordered"),
        "to_status": to,
    }
    return c.MoveItem(**said, **moved, reason_code="changed_mind")


def gone(placed: c.PlaceOrder, told: list[Way]) -> Iterator[spec.World]:
    """Give the world after each command by which pieces went."""
    world, now = spec.given(placed).world, NOW
    for number, one in enumerate(told, 2):
        now += timedelta(minutes=1)
        command = going(world.order, one, number)
        if command is not None:
            with suppress(Refusal):
                world.run(command, now)
            yield world


@settings(max_examples=300)
@given(orders(), ways())
def test_v7_a_discount_takes_its_share_of_what_is_left_however_the_rest_went(
    placed: c.PlaceOrder, told: list[Way]
) -> None:
    lines = {line.item_id: line for line in placed.lines if isinstance(line, Line)}
    goods = sum(line.net_minor for line in lines.values())
    share = Fraction(placed.discount_minor, goods) if goods else Fraction(0)
    for world in gone(placed, told):
        order, least = world.order, Fraction(0)
        for item_id, item in order.items.items():
            line, live = lines[item_id], item.live_quantity
            fair = Fraction(line.discount_minor * live, line.quantity)
            assert abs(item.discount_minor - fair) < 1
            assert 0 <= item.discount_minor <= live * line.unit_price_minor
            least += (live * line.unit_price_minor - fair) * (1 - share) - 1
        money = order.money
        assert abs(money.discount_minor - share * money.goods_minor) <= Fraction(1, 2)
        assert money.total_minor >= max(least, Fraction(0))
        if not any(item.live_quantity for item in order.items.values()):
            assert (money.goods_minor, money.discount_minor) == (0, 0)


@settings(max_examples=200)
@given(orders(), ways(), st.integers(1, 9), st.integers(1, 9))
def test_v7_more_pieces_and_added_lines_enlarge_no_discount(
    placed: c.PlaceOrder, told: list[Way], more: int, pots: int
) -> None:
    *_, world = [spec.given(placed).world, *gone(placed, told)]
    before = world.order
    first = before.items["1"]
    pot = {"item_id": "pot", "sku": "POT", "title": "Pot", "unit_price_minor": 900}
    later = NOW + timedelta(hours=1)
    added = {**who(98), "line": pot | {"quantity": pots}}
    world.run(c.AddItem.model_validate(added), later)

    assert world.order.money.discount_minor == before.money.discount_minor
    world.run(c.ChangeItem(**who(99), item_id="1", quantity=first.line.quantity + more), later)
    assert world.order.items["1"].discount_minor == first.discount_minor


@given(st.integers(1, 200), st.integers(0, 900), st.data())
def test_v7_pieces_cost_the_same_however_many_changes_and_cancellations_left_them(
    quantity: int, price: int, data: st.DataObject
) -> None:
    steps = sorted(data.draw(st.sets(st.integers(1, quantity), min_size=1)), reverse=True)
    left = steps[-1]
    off = data.draw(st.integers(0, quantity * price))
    tea = {"item_id": "1", "sku": "TEA", "title": "Tea", "unit_price_minor": price}
    line = tea | {"quantity": quantity, "discount_minor": off}
    said = {**who(1), "path": "shop", "currency": "EUR", "lines": [line]}
    placed = c.PlaceOrder.model_validate(said)
    ways: list[list[Command]] = [
        [c.ChangeItem(**who(2), item_id="1", quantity=left)],
        [c.ChangeItem(**who(n), item_id="1", quantity=step) for n, step in enumerate(steps, 2)],
    ]
    if left < quantity:
        dropped = {**who(2), "item_id": "1", "quantity": quantity - left}
        ways.append([c.CancelItem(**dropped, reason_code="changed_mind")])

    assert len({spec.given(placed, *way).world.order.due_minor for way in ways}) == 1
