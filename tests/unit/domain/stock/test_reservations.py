"""What an order's decision asks of a stock: reserve, keep, release, commit, restock."""

from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.stock import events as e
from domain.stock.decide import commit, keep, release, reserve, restock
from domain.stock.events import MAX_PIECES
from domain.stock.stock import ItemRef, Level, Reservation
from tests.support.examples import NOW, ORDER_ID
from tests.support.spec import STEP, given

ITEM = ItemRef(ORDER_ID, "1")
OTHER = ItemRef(UUID(int=18), "1")
IT = ITEM._asdict()
UNTIL = NOW + timedelta(hours=1)
TEN = e.StockReceived(quantity=10)
SIX = e.StockReserved(**IT, quantity=6, expires_at=UNTIL)


class TestReserve:
    def test_d7_reserved_pieces_are_nobody_elses(self) -> None:
        shop = given(TEN)

        answer = shop.when_asked(reserve, ITEM, 6, UNTIL).then(SIX)

        assert answer.stock.level == Level(on_hand=10, reserved=6)
        assert answer.stock.reserved_for(ORDER_ID) == {"1": Reservation(6, shop.now, UNTIL)}
        refused = shop.when_asked(reserve, OTHER, 5, None).then_refused("stock_not_available")
        assert refused.unmet[0].message == "Item 1 asks for 5 pieces, 4 are available"
        assert refused.unmet[0].needed == "at most 4"
        shop.when_asked(reserve, OTHER, 4, None).then(
            e.StockReserved(**OTHER._asdict(), quantity=4)
        )

    def test_of_what_was_never_received_nothing_is_available(self) -> None:
        given().when_asked(reserve, ITEM, 1, None).then_refused("stock_not_available")

    def test_more_pieces_of_an_item_join_the_first_and_are_kept_as_long(self) -> None:
        answer = given(TEN, SIX).when_asked(reserve, ITEM, 2, None)

        assert answer.stock.reserved_for(ORDER_ID) == {"1": Reservation(8, NOW + STEP, None)}

    def test_no_piece_at_all_is_no_wish(self) -> None:
        for quantity in (0, -1):
            with pytest.raises(ValidationError, match="quantity"):
                given(TEN).when_asked(reserve, ITEM, quantity, None)


class TestKeep:
    def test_what_is_paid_is_kept_for_good(self) -> None:
        shop = given(TEN, SIX)

        answer = shop.when_asked(keep, ITEM, None).then(e.ExpiryChanged(**IT))

        assert answer.stock.reserved_for(ORDER_ID) == {"1": Reservation(6, NOW + STEP, None)}
        shop.when_asked(keep, ITEM, None).then_nothing()

    def test_what_is_not_reserved_cannot_be_kept(self) -> None:
        answer = given(TEN).when_asked(keep, ITEM, None).then_refused("stock_not_reserved")
        assert answer.unmet[0].needed == "reserve them first"


class TestRelease:
    def test_d7_released_pieces_are_available_again(self) -> None:
        shop = given(TEN, SIX)

        answer = shop.when_asked(release, ITEM, 2, "shortened")

        answer.then(e.StockReleased(**IT, quantity=2, why="shortened"))
        assert answer.stock.level == Level(on_hand=10, reserved=4)
        rest = shop.when_asked(release, ITEM, 4, "cancelled")
        assert rest.stock.reservations == {}
        assert rest.stock.level.available == 10

    def test_more_than_is_reserved_is_refused(self) -> None:
        answer = given(TEN, SIX).when_asked(release, ITEM, 7, "moved")
        answer.then_refused("stock_not_reserved")
        assert answer.unmet[0].message == "Item 1 has 6 pieces reserved here, not 7"

    def test_what_others_reserved_stays_theirs(self) -> None:
        given(TEN, SIX).when_asked(release, OTHER, 1, "moved").then_refused("stock_not_reserved")


class TestCommit:
    def test_v12_what_leaves_is_written_off(self) -> None:
        answer = given(TEN, SIX).when_asked(commit, ITEM, 4)

        answer.then(e.StockCommitted(**IT, quantity=4))
        assert answer.stock.level == Level(on_hand=6, reserved=2)
        assert answer.stock.level.available == 4

    def test_v12_everything_against_it_is_named_at_once(self) -> None:
        counted = e.StockAdjusted(difference=-7, counted=3, reason_code="counted")

        given(TEN, SIX, counted).when_asked(commit, ITEM, 7).then_refused(
            "stock_not_reserved", "stock_not_on_hand"
        )
        given(TEN, SIX, counted).when_asked(commit, ITEM, 4).then_refused("stock_not_on_hand")
        given(TEN, SIX, counted).when_asked(commit, ITEM, 3).then(
            e.StockCommitted(**IT, quantity=3)
        )


class TestRestock:
    def test_what_comes_back_can_be_sold_again_wherever_it_comes_to(self) -> None:
        answer = given().when_asked(restock, ITEM, 2)

        answer.then(e.StockRestocked(**IT, quantity=2))
        assert answer.stock.level.available == 2
        assert answer.stock.reservations == {}

    def test_there_is_a_most(self) -> None:
        given(TEN).when_asked(restock, ITEM, MAX_PIECES).then_refused("stock_too_large")


def test_a_decision_that_asks_twice_asks_on_what_it_asked_before() -> None:
    stock = given(TEN).world.stock
    first, _ = reserve(stock, ITEM, 6, None, NOW)

    ahead = stock.after(first)

    assert ahead.version == 2
    assert ahead == given(TEN, *first).world.stock
    assert reserve(ahead, OTHER, 5, None, NOW)[1]
    assert not reserve(ahead, OTHER, 4, None, NOW)[1]
