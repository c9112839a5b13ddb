"""The books follow the pieces, whatever the path's status of commit is (D6, D7)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.orders import commands as c
from domain.orders import events as e
from domain.stock.events import StockReceived, StockReserved
from domain.stock.stock import Level
from tests.support.examples import NOW, ORDER_ID, TEA, actor
from tests.support.spec import Answer, Scenario, given
from tests.unit.domain.orders.test_goods import (
    ENOUGH,
    PLACE,
    a,
    kept,
    path,
    piece,
    pieces,
    receive,
    stock_of,
    to,
    who,
)

PACKED = (*ENOUGH, PLACE, to("confirmed"), to("packed"))
SHIPPED = (*PACKED, piece("assembled", "shipped", 3))


def level(answer: Answer | Scenario) -> tuple[int, int, int]:
    """On hand, reserved and available pieces of the tea."""
    found: Level = stock_of(answer, "TEA").level
    return found.on_hand, found.reserved, found.available


class TestLeaving:
    def test_what_is_shipped_has_left_the_shelf_before_the_path_commits(self) -> None:
        answer = a(*PACKED).when(piece("assembled", "shipped", 2))

        assert level(answer) == (8, 1, 7)
        assert (kept(answer, "tea"), answer.order.goods["tea"].committed) == ({"main": 1}, 2)

    def test_what_is_shipped_leaves_once_though_the_path_commits_after_it_or_before(self) -> None:
        after = a(*SHIPPED).when(to("delivered"))
        before = a(*PACKED, to("delivered"), to("back"))

        assert level(after) == (7, 0, 7)
        assert level(before) == (7, 0, 7)

    def test_what_was_packed_and_not_reserved_leaves_too_and_not_if_it_is_not_there(self) -> None:
        packed = (PLACE, piece("ordered", "assembled", 2))

        a(receive("TEA", 1), *packed).when(piece("assembled", "shipped", 2)).then_refused(
            "stock_not_available"
        )
        answer = a(receive("TEA", 2), *packed).when(piece("assembled", "shipped", 2))
        assert level(answer) == (0, 0, 0)

    def test_what_is_reserved_for_an_item_is_not_shipped_instead_of_what_was_packed(self) -> None:
        both = (piece("ordered", "reserved", 2), piece("ordered", "assembled"))

        answer = a(receive("TEA", 3), PLACE, *both).when(piece("assembled", "shipped"))

        assert level(answer) == (2, 2, 0)
        assert kept(answer, "tea") == {"main": 2}


class TestComingBack:
    def test_pieces_that_come_back_before_the_commit_are_not_written_off(self) -> None:
        returned = (piece("shipped", "delivered", 3), piece("delivered", "returned", 2))

        answer = a(*SHIPPED, *returned).when(to("delivered"))

        assert level(answer) == (9, 0, 9)

    @pytest.mark.parametrize("end", ["cancelled", "done"])
    @pytest.mark.parametrize("outcome", ["lost", "damaged"])
    def test_lost_and_broken_pieces_are_not_sold_when_the_order_ends(
        self, outcome: str, end: str
    ) -> None:
        answer = a(*SHIPPED, piece("shipped", outcome, 3)).when(to(end))

        assert level(answer) == (7, 0, 7)

    def test_pieces_on_their_way_are_not_sold_when_the_order_is_cancelled_and_are_once_back(
        self,
    ) -> None:
        cancelled = a(*SHIPPED, to("cancelled"))
        assert level(cancelled) == (7, 0, 7)

        answer = cancelled.when(piece("shipped", "not_bought_out", 3))
        assert level(answer) == (10, 0, 10)

    def test_another_piece_for_a_lost_one_leaves_as_well(self) -> None:
        another = (piece("shipped", "lost"), piece("lost", "ordered"))

        answer = a(*SHIPPED, *another, piece("ordered", "reserved")).when(to("delivered"))

        assert level(answer) == (6, 0, 6)

    def test_broken_pieces_that_come_back_are_not_sold_again(self) -> None:
        broken = (piece("shipped", "delivered"), piece("delivered", "damaged"))

        answer = a(*SHIPPED, *broken).when(piece("damaged", "returned"))

        assert level(answer) == (7, 0, 7)
        exchanged = a(*SHIPPED, *broken, piece("damaged", "returned"), piece("returned", "ordered"))
        assert level(exchanged.when(piece("ordered", "reserved"))) == (7, 1, 6)

    def test_a_lost_piece_that_is_found_and_sent_back_can_be_sold_again(self) -> None:
        answer = a(*SHIPPED, piece("shipped", "lost")).when(piece("lost", "not_bought_out"))

        assert level(answer) == (8, 0, 8)

    def test_cancelling_a_lost_piece_leaves_the_others_reserved(self) -> None:
        lost = (piece("ordered", "assembled"), piece("assembled", "damaged"))
        history = (*ENOUGH, PLACE, *lost, piece("ordered", "reserved", 2))

        answer = a(*history).when(
            piece("damaged", "cancelled").model_copy(update={"reason_code": "late"})
        )

        assert (pieces(answer, "tea"), kept(answer, "tea")) == (
            {"reserved": 2, "cancelled": 1},
            {"main": 2},
        )

    def test_an_order_of_fewer_pieces_is_without_the_broken_one_and_still_gets_the_others(
        self,
    ) -> None:
        broken = (piece("ordered", "assembled"), piece("assembled", "damaged"))
        shop = a(*ENOUGH, PLACE, *broken)

        fewer = shop.when(c.ChangeItem(**who(), item_id="tea", quantity=2))
        assert pieces(fewer, "tea") == {"ordered": 2}
        assert level(shop.when(c.ReserveItems(**who()))) == (9, 2, 7)


class TestWhatThePathWroteOffEarly:
    def test_reserving_again_reserves_only_what_has_not_left(self) -> None:
        early = path().content["statuses"] | {
            "delivered": {"stage": "all", "on_enter": {"stock": "commit"}}
        }
        shop = given(
            *(*ENOUGH, PLACE, to("delivered")),
            c.ChangeItem(**who(), item_id="tea", quantity=4),
            paths=(path().model_validate(path().content | {"statuses": early}),),
        )
        assert level(shop) == (7, 0, 7)

        answer = shop.when(c.ReserveItems(**who()))

        assert pieces(answer, "tea") == {"reserved": 4}
        assert level(answer) == (7, 1, 6)


class TestOrdersFromBefore:
    """Events from when shipped pieces were kept until the commit."""

    def shop(self, *more: Any) -> Scenario:
        """Five pieces on their way, kept for the order, of ten."""
        tea = TEA.model_copy(update={"quantity": 5})
        placed = PLACE.model_copy(update={"lines": (tea,)})
        shipped = {"from_status": "ordered", "to_status": "shipped"}
        told = (
            StockReceived(quantity=10),
            StockReserved(order_id=ORDER_ID, item_id="1", quantity=5, expires_at=None),
            e.ReservationChanged(item_id="1", sku="TEA-100", kept={"main": 5}),
            e.ItemStatusChanged(item_id="1", quantity=5, **shipped),
        )
        return given(placed, *told, *more, paths=(path(),))

    def level(self, answer: Answer) -> tuple[int, int, int]:
        found = answer.stock.level
        return found.on_hand, found.reserved, found.available

    def test_they_are_written_off_once_by_the_commit(self) -> None:
        assert self.level(self.shop().when(to("delivered"))) == (5, 0, 5)

    def test_they_are_written_off_when_the_order_ends_first(self) -> None:
        assert self.level(self.shop().when(to("cancelled"))) == (5, 0, 5)

    def test_what_came_back_can_be_sold_again_and_the_rest_is_written_off(self) -> None:
        shop = self.shop()

        assert self.level(shop.when(piece("shipped", "returned", 2, "1"))) == (10, 3, 7)
        assert self.level(shop.when(to("delivered"))) == (7, 0, 7)

    def test_another_one_for_a_lost_one_does_not_put_the_lost_one_on_sale(self) -> None:
        shop = self.shop(piece("shipped", "lost", 2, "1"))

        assert self.level(shop.when(piece("lost", "ordered", 2, "1")))[2] == 5


class TestWhatCarriersTell:
    def test_pieces_that_the_books_never_had_leave_them_as_they_are(self) -> None:
        sent = c.CreateShipment(**who(), shipment_id="s-1", carrier="DHL", pieces={"tea": 3})
        shop = a(receive("TEA", 2), PLACE, piece("ordered", "assembled", 3), sent)
        taken = {**who(), "actor": actor("api_key"), "shipment_id": "s-1"}

        answer = shop.when(c.MoveShipment(**taken, to_status="handed_over"))

        assert pieces(answer, "tea") == {"shipped": 3}
        assert (level(answer), answer.order.goods["tea"].committed) == ((0, 0, 0), 3)


class TestHowLong:
    LATER = NOW + timedelta(days=9)

    def left(self, *history: Any) -> Answer:
        shop = a(*ENOUGH, PLACE, to("confirmed"), *history).at(self.LATER)
        return shop.when(c.ExpireReservations(**who()))

    def test_d7_what_is_paid_at_the_door_in_part_never_expires(self) -> None:
        door = c.SubmitPayment(**who(), method="cod", currency="EUR", amount_minor=400)
        deposit = c.SubmitPayment(**who(), method="card", currency="EUR", amount_minor=100)

        self.left(door, deposit).then_nothing()

    @pytest.mark.parametrize(("amount", "kept_pieces"), [(1, {}), (3_300, {"main": 3})])
    def test_an_authorisation_keeps_goods_if_it_covers_what_is_due(
        self, amount: int, kept_pieces: dict[str, int]
    ) -> None:
        authorised = c.AuthorisePayment(**who(), method="card", currency="EUR", amount_minor=amount)

        assert kept(self.left(authorised), "tea") == kept_pieces

    def test_a_fact_that_tells_of_the_payment_keeps_the_goods(self) -> None:
        paid = c.PaymentFact(
            fact_id=UUID(int=9),
            occurred_at=NOW,
            movement="charged",
            payment_id="p",
            amount_minor=3_300,
            currency="EUR",
        )
        by_import = {**who(), "actor": actor("import")}

        self.left(c.RecordFacts(**by_import, path="shop", facts=(paid,))).then_nothing()


def test_nothing_is_reserved_for_a_finished_order() -> None:
    a(*ENOUGH, PLACE, to("done")).when(c.ReserveItems(**who())).then_refused("order_finished")


def test_p13_reserving_asks_for_the_right_to_move_the_pieces() -> None:
    way = {"from": "ordered", "to": "reserved", "roles": ["warehouse"]}
    narrow = path().model_validate(path().content | {"items": {"transitions": [way]}})
    shop = given(*ENOUGH, PLACE, paths=(narrow,))

    shop.when(c.ReserveItems(**who())).then_refused("role_missing")
    by_warehouse = {**who(), "actor": actor("user", "warehouse")}
    assert pieces(shop.when(c.ReserveItems(**by_warehouse)), "tea") == {"reserved": 3}
