"""Receiving, counting, thresholds, and the clock that ends reservations."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.messages import Decided
from domain.stock import commands as c
from domain.stock import events as e
from domain.stock.decide import reserve
from domain.stock.events import MAX_PIECES
from domain.stock.stock import ItemRef, Level
from tests.support.examples import NOW, ORDER_ID, actor
from tests.support.spec import given

WHO: dict[str, Any] = {"command_id": UUID(int=3), "actor": actor(), "sku": "TEA-100"}
ITEM = ItemRef(ORDER_ID, "1")
TEN = e.StockReceived(quantity=10)
HOUR = timedelta(hours=1)


def receive(quantity: int = 10, **more: Any) -> c.ReceiveStock:
    return c.ReceiveStock(**{**WHO, **more}, quantity=quantity)


def count(pieces: int) -> c.AdjustStock:
    return c.AdjustStock(**WHO, counted=pieces, reason_code="counted")


def differ(pieces: int) -> c.AdjustStock:
    return c.AdjustStock(**WHO, difference=pieces, reason_code="damaged")


def threshold(pieces: int | None) -> c.SetThreshold:
    return c.SetThreshold(**WHO, threshold=pieces)


def reserved(quantity: int, item_id: str = "1", *, until: Any = None) -> e.StockReserved:
    return e.StockReserved(order_id=ORDER_ID, item_id=item_id, quantity=quantity, expires_at=until)


def released(quantity: int, item_id: str = "1") -> e.StockReleased:
    return e.StockReleased(order_id=ORDER_ID, item_id=item_id, quantity=quantity, why="expired")


class TestReceiveStock:
    def test_goods_that_came_in_are_available(self) -> None:
        answer = given(TEN).when(receive(5, supplier="Leaf & Co."))

        answer.then(e.StockReceived(quantity=5, supplier="Leaf & Co."))
        assert answer.stock.level == Level(on_hand=15)
        assert answer.stock.level.available == 15

    def test_a_location_has_its_own_stock(self) -> None:
        world = given(TEN).when(receive(5, location="supplier_a")).world

        assert world.stock.level.on_hand == 10
        assert world.state("stock-supplier_a:TEA-100").level.on_hand == 5

    def test_there_is_a_most(self) -> None:
        answer = given(TEN).when(receive(MAX_PIECES))

        answer.then_refused("stock_too_large")
        assert answer.fields == ["quantity"]

    def test_a_stock_has_no_status_and_its_decisions_no_time_of_their_own(self) -> None:
        wrong = {"expected_status": "new", "occurred_at": NOW + timedelta(days=1)}

        given(TEN).when(receive(MAX_PIECES, **wrong)).then_refused(
            "status_differs", "time_not_allowed", "time_in_future", "stock_too_large"
        )

    def test_what_is_decided_comes_after_what_is_known(self) -> None:
        later = NOW + HOUR
        world = given(Decided(TEN, later)).at(NOW).when(receive(1)).world

        assert world.stored[-1][1].occurred_at == later


class TestAdjustStock:
    def test_what_was_counted_is_so(self) -> None:
        answer = given(TEN).when(count(7))

        answer.then(e.StockAdjusted(difference=-3, counted=7, reason_code="counted"))
        assert answer.stock.level.on_hand == 7

    def test_a_difference_is_added(self) -> None:
        answer = given(TEN).when(differ(2))

        answer.then(e.StockAdjusted(difference=2, reason_code="damaged"))
        assert answer.stock.level.on_hand == 12

    def test_a_count_that_finds_what_is_known_is_nothing(self) -> None:
        given(TEN).when(count(10)).then_nothing()
        given(TEN).when(differ(0)).then_nothing()

    def test_a_count_may_find_less_than_is_reserved_and_says_how_many_are_short(self) -> None:
        answer = given(TEN, reserved(8)).when(count(5))

        level = answer.then(
            e.StockAdjusted(difference=-5, counted=5, reason_code="counted")
        ).stock.level
        assert (level.on_hand, level.reserved, level.available, level.short) == (5, 8, 0, 3)

    def test_of_a_short_stock_nothing_more_can_be_reserved(self) -> None:
        short = given(TEN, reserved(8), count(5))

        short.when_asked(reserve, ITEM, 1, None).then_refused("stock_not_available")
        short.when(receive(4))
        short.when_asked(reserve, ITEM, 1, None).then(reserved(1))

    def test_there_are_never_less_than_none_nor_more_than_the_most(self) -> None:
        few = given(TEN).when(differ(-11))
        many = given(TEN).when(differ(MAX_PIECES))

        assert few.then_refused("stock_not_on_hand").fields == ["difference"]
        assert many.then_refused("stock_too_large").fields == ["difference"]

    @pytest.mark.parametrize("said", [{}, {"counted": 1, "difference": 1}, {"counted": -1}])
    def test_either_a_count_or_a_difference_is_said(self, said: dict[str, int]) -> None:
        with pytest.raises(ValidationError):
            c.AdjustStock(**WHO, **said, reason_code="counted")


BELOW = e.StockBelowThreshold(available=4, threshold=5)


class TestThreshold:
    def test_it_is_set_and_taken_away(self) -> None:
        given(TEN).when(threshold(5)).then(e.ThresholdSet(threshold=5))
        given(TEN, threshold(5)).when(threshold(5)).then_nothing()
        answer = given(TEN, threshold(5)).when(threshold(None)).then(e.ThresholdSet())
        assert answer.stock.level.threshold is None

    def test_v14_purchasing_is_told_once_when_too_few_are_available(self) -> None:
        shop = given(TEN, threshold(5))

        shop.when_asked(reserve, ITEM, 5, None).then(reserved(5))
        answer = shop.when_asked(reserve, ITEM, 1, None).then(reserved(1), BELOW)
        assert answer.stock.level.below_since == shop.now
        shop.when_asked(reserve, ITEM, 1, None).then(reserved(1))
        shop.when(differ(-1)).then(e.StockAdjusted(difference=-1, reason_code="damaged"))

    def test_v14_it_is_told_again_only_after_there_were_enough(self) -> None:
        shop = given(TEN, threshold(5), count(4))

        shop.when(receive(1)).then(e.StockReceived(quantity=1))
        assert shop.world.stock.level.below_since is None
        shop.when(count(4)).then(
            e.StockAdjusted(difference=-1, counted=4, reason_code="counted"), BELOW
        )

    def test_v14_a_threshold_above_what_is_there_is_told_at_once(self) -> None:
        shop = given(e.StockReceived(quantity=4))

        shop.when(threshold(5)).then(e.ThresholdSet(threshold=5), BELOW)
        shop.when(threshold(6)).then(e.ThresholdSet(threshold=6))
        shop.when(threshold(4)).then(e.ThresholdSet(threshold=4))
        assert shop.world.stock.level.below_since is None
