"""What an order does to the stock: reserve, give back, write off, take back (D7, P14, P27, V12)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.money import Line
from domain.paths.path import OrderPath
from domain.stock.commands import ReceiveStock
from domain.stock.events import StockReleased
from domain.stock.stock import Stock
from tests.support.examples import NOW, ORDER_ID, actor
from tests.support.spec import Answer, Scenario, given

TEA = Line(item_id="tea", sku="TEA", title="Tea", quantity=3, unit_price_minor=500)
CUP = Line(item_id="cup", sku="CUP", title="Cup", quantity=2, unit_price_minor=900)


def path(**stock: Any) -> OrderPath:
    all_moves = ["new", "confirmed", "packed", "delivered", "done", "cancelled"]
    return OrderPath.model_validate(
        {
            "path": "shop",
            "stages": ["all"],
            "statuses": {
                "new": {"stage": "all"},
                "confirmed": {
                    "stage": "all",
                    "on_enter": {"items": {"to": "reserved"}, "stock": "reserve"},
                },
                "packed": {"stage": "all", "on_enter": {"items": {"to": "assembled"}}},
                "delivered": {
                    "stage": "all",
                    "on_enter": {"items": {"to": "shipped"}, "stock": "commit"},
                },
                "back": {"stage": "all", "on_enter": {"stock": "release"}},
                "done": {"stage": "all", "final": "success"},
                "cancelled": {"stage": "all", "final": "failure"},
            },
            "initial": [{"status": "new"}],
            "transitions": [{"from": [*all_moves, "back"], "to": [*all_moves, "back"]}],
            "stock": {"locations": ["main", "supplier_a"]} | stock,
        }
    )


def who() -> dict[str, Any]:
    return {"command_id": UUID(int=2), "actor": actor(), "order_id": ORDER_ID}


def receive(sku: str, quantity: int, location: str = "main") -> ReceiveStock:
    return ReceiveStock(
        command_id=UUID(int=3), actor=actor(), sku=sku, location=location, quantity=quantity
    )


def to(status: str) -> c.ChangeStatus:
    why: dict[str, Any] = {"reason_code": "changed_mind", "initiator": "client"}
    return c.ChangeStatus(**who(), to_status=status, **(why if status == "cancelled" else {}))


def piece(source: str, target: str, quantity: int = 1, item: str = "tea") -> c.MoveItem:
    return c.MoveItem(
        **who(), item_id=item, quantity=quantity, from_status=source, to_status=target
    )


PLACE = c.PlaceOrder(**who(), path="shop", currency="EUR", lines=(TEA, CUP))
ENOUGH = (receive("TEA", 10), receive("CUP", 10))


def a(*history: Any, **stock: Any) -> Scenario:
    return given(*history, paths=(path(**stock),))


def stock_of(answer: Answer | Scenario, sku: str, location: str = "main") -> Stock:
    found = answer.world.state(f"stock-{location}:{sku}")
    assert isinstance(found, Stock)
    return found


def pieces(answer: Answer, item: str) -> dict[str, int]:
    return dict(answer.order.items[item].pieces)


def kept(answer: Answer, item: str) -> dict[str, int]:
    return dict(answer.order.goods[item].parts)


class TestReserve:
    def test_p14_confirming_reserves_the_items_in_the_stock(self) -> None:
        answer = a(*ENOUGH, PLACE).when(to("confirmed"))

        assert pieces(answer, "tea") == {"reserved": 3}
        assert kept(answer, "tea") == {"main": 3}
        assert stock_of(answer, "TEA").reserved_for(ORDER_ID)["tea"].quantity == 3
        assert stock_of(answer, "TEA").level.available == 7

    def test_own_warehouse_first_then_suppliers_and_what_is_missing_is_told(self) -> None:
        history = (receive("TEA", 1), receive("TEA", 1, "supplier_a"), receive("CUP", 9), PLACE)

        answer = a(*history).when(to("confirmed"))

        assert kept(answer, "tea") == {"main": 1, "supplier_a": 1}
        assert pieces(answer, "tea") == {"reserved": 2, "ordered": 1}
        assert answer.order.goods["tea"].missing == 1

    def test_all_or_nothing_where_the_path_says_so(self) -> None:
        answer = a(receive("TEA", 2), receive("CUP", 9), PLACE, partial=False).when(to("confirmed"))

        answer.then_refused("stock_not_available")
        assert answer.unmet[0].message.endswith("2 of 3: main 2, 1 missing")

    def test_what_comes_in_later_is_reserved_by_asking_again(self) -> None:
        scenario = a(receive("TEA", 1), receive("CUP", 9), PLACE, to("confirmed"))
        scenario.when(c.ReserveItems(**who())).then_nothing()
        scenario.when(receive("TEA", 5))

        answer = scenario.when(c.ReserveItems(**who()))

        assert kept(answer, "tea") == {"main": 3}
        assert pieces(answer, "tea") == {"reserved": 3}
        assert answer.order.goods["tea"].missing == 0

    def test_p27_a_piece_that_the_stock_does_not_have_cannot_be_reserved_by_hand(self) -> None:
        a(receive("TEA", 1), PLACE).when(piece("ordered", "reserved", 2)).then_refused(
            "stock_not_available"
        )
        answer = a(receive("TEA", 2), PLACE).when(piece("ordered", "reserved", 2))
        assert kept(answer, "tea") == {"main": 2}

    def test_a_path_without_stock_reserves_nothing(self) -> None:
        bare = OrderPath.model_validate(path().content | {"stock": None, "statuses": {
            code: {"stage": "all"} for code in ("new", "confirmed", "packed", "delivered", "back",
                                                "done", "cancelled")
        }})  # fmt: skip
        scenario = given(PLACE, paths=(bare,))

        scenario.when(c.ReserveItems(**who())).then_refused("stock_not_kept")
        assert scenario.when(piece("ordered", "reserved")).order.goods == {}


class TestGiveBack:
    @pytest.mark.parametrize("end", ["cancelled", "done"])
    def test_d7_every_way_out_gives_back_what_is_kept(self, end: str) -> None:
        answer = a(*ENOUGH, PLACE, to("confirmed")).when(to(end))

        assert kept(answer, "tea") == {}
        assert stock_of(answer, "TEA").reserved_for(ORDER_ID) == {}
        assert stock_of(answer, "TEA").level.available == 10

    def test_a_cancelled_piece_is_there_for_others_at_once(self) -> None:
        cancel = c.CancelItem(**who(), item_id="tea", quantity=1, reason_code="damaged")

        answer = a(*ENOUGH, PLACE, to("confirmed")).when(cancel)

        assert kept(answer, "tea") == {"main": 2}
        assert stock_of(answer, "TEA").level.reserved == 2

    def test_the_supplier_gets_back_first_what_is_not_needed(self) -> None:
        history = (receive("TEA", 2), receive("TEA", 9, "supplier_a"), receive("CUP", 9), PLACE)

        answer = a(*history, to("confirmed")).when(piece("reserved", "ordered"))

        assert kept(answer, "tea") == {"main": 2}
        assert stock_of(answer, "TEA", "supplier_a").level.reserved == 0

    def test_a_status_may_release_everything(self) -> None:
        answer = a(*ENOUGH, PLACE, to("confirmed")).when(to("back"))

        assert pieces(answer, "tea") == {"ordered": 3}
        assert stock_of(answer, "TEA").level.reserved == 0

    def test_packed_pieces_stay_kept(self) -> None:
        answer = a(*ENOUGH, PLACE, to("confirmed")).when(to("packed"))

        assert pieces(answer, "tea") == {"assembled": 3}
        assert kept(answer, "tea") == {"main": 3}


class TestHowLong:
    LATER = NOW + timedelta(days=2)

    def expiring(self, *more: Any) -> Scenario:
        return a(*ENOUGH, PLACE, *more, to("confirmed")).at(self.LATER)

    def test_d7_what_is_kept_beyond_its_time_is_given_back(self) -> None:
        scenario = self.expiring()

        answer = scenario.when(c.ExpireReservations(**who()))

        assert pieces(answer, "tea") == {"ordered": 3}
        assert stock_of(answer, "TEA").reserved_for(ORDER_ID) == {}
        scenario.when(c.ExpireReservations(**who())).then_nothing()

    def test_d7_cash_on_delivery_never_expires(self) -> None:
        cash = c.SubmitPayment(**who(), method="cod", currency="EUR")

        self.expiring(cash).when(c.ExpireReservations(**who())).then_nothing()

    def test_what_is_paid_is_kept_for_good(self) -> None:
        scenario = a(*ENOUGH, PLACE, to("confirmed"))
        paid = scenario.when(c.ChargePayment(**who(), method="card", currency="EUR"))
        assert stock_of(paid, "TEA").reserved_for(ORDER_ID)["tea"].expires_at is None

        scenario.at(self.LATER).when(c.ExpireReservations(**who())).then_nothing()

    def test_what_was_never_paid_waits_for_its_money_again(self) -> None:
        scenario = a(*ENOUGH, PLACE, to("confirmed"))
        told = {"gateway_ref": "g-1", "occurred_at": scenario.now}
        charge = c.ChargePayment(
            **who() | {"actor": actor("api_key")}, method="card", currency="EUR", **told
        )
        paid = scenario.when(charge)
        version = max(paid.order.correctable)

        wrong = c.CorrectFact(**who(), version=version, reason="Of another order")
        corrected = scenario.at(scenario.now + timedelta(minutes=5)).when(wrong)

        assert corrected.unmet == ()
        assert stock_of(corrected, "TEA").reserved_for(ORDER_ID)["tea"].expires_at is not None

    def test_packed_pieces_do_not_expire(self) -> None:
        packed = a(*ENOUGH, PLACE, to("confirmed"), to("packed")).at(self.LATER)

        packed.when(c.ExpireReservations(**who())).then_nothing()


class TestWriteOff:
    def test_v12_delivering_writes_off_what_was_reserved_and_what_was_not(self) -> None:
        reserved_only_tea = (*ENOUGH, PLACE, piece("ordered", "reserved", 3))

        answer = a(*reserved_only_tea).when(to("delivered"))

        assert [stock_of(answer, sku).level.on_hand for sku in ("TEA", "CUP")] == [7, 8]
        assert answer.order.goods["cup"].committed == 2
        assert stock_of(answer, "TEA").level.reserved == 0

    def test_twice_is_once(self) -> None:
        answer = a(*ENOUGH, PLACE, to("delivered"), to("packed")).when(to("delivered"))

        assert stock_of(answer, "TEA").level.on_hand == 7

    def test_what_is_not_there_cannot_leave(self) -> None:
        a(receive("TEA", 10), receive("CUP", 1), PLACE).when(to("delivered")).then_refused(
            "stock_not_available"
        )

    def test_goods_that_come_back_can_be_sold_again(self) -> None:
        sent = (*ENOUGH, PLACE, to("confirmed"), to("packed"), to("delivered"))

        answer = a(*sent).when(piece("shipped", "returned", 2))

        assert stock_of(answer, "TEA").level.on_hand == 9
        assert answer.order.goods["tea"].committed == 1


def test_facts_that_end_an_order_give_back_its_goods() -> None:
    told = c.RecordFacts(
        **{**who(), "actor": actor("api_key")},
        path="shop",
        facts=(
            c.StatusFact(
                fact_id=UUID(int=9),
                occurred_at=NOW + timedelta(hours=1),
                status="cancelled",
                rank=1,
            ),
        ),
    )

    answer = a(*ENOUGH, PLACE, to("confirmed")).at(NOW + timedelta(hours=2)).when(told)

    assert isinstance(answer.events[0], e.StatusRecorded)
    assert stock_of(answer, "TEA").reserved_for(ORDER_ID) == {}


def fact(line: Line, number: int, minutes: int) -> c.RecordFacts:
    told = c.ItemFact(
        fact_id=UUID(int=number), occurred_at=NOW + timedelta(minutes=minutes), line=line
    )
    return c.RecordFacts(**who() | {"actor": actor("import")}, path="shop", facts=(told,))


def annul(version: int) -> c.CorrectFact:
    return c.CorrectFact(**who(), version=version, reason="Wrong")


def released(answer: Answer) -> list[str]:
    return [event.why for event in answer.events if isinstance(event, StockReleased)]


class TestItemsThatFactsTellOf:
    def test_d5_an_annulled_item_gives_back_what_is_kept_for_it(self) -> None:
        history = (*ENOUGH, PLACE, fact(TEA.model_copy(update={"item_id": "more"}), 9, 4))

        answer = a(*history, to("confirmed")).when(annul(2))

        assert kept(answer, "more") == {}
        assert released(answer) == ["cancelled"]
        assert stock_of(answer, "TEA").level.reserved == 3
        later = NOW + timedelta(days=9)
        expired = (
            a(*history, to("confirmed"), annul(2)).at(later).when(c.ExpireReservations(**who()))
        )
        assert stock_of(expired, "TEA").level.reserved == 0

    def test_d5_what_has_left_of_an_annulled_item_counts_for_no_other_of_its_id(self) -> None:
        more = TEA.model_copy(update={"item_id": "more"})
        anew = c.AddItem(**who(), line=more)
        history = (*ENOUGH, PLACE, fact(more, 9, 4), to("delivered"), annul(2))

        answer = a(*history, to("new"), anew).when(to("delivered"))

        assert answer.order.goods["more"].committed == 3
        assert stock_of(answer, "TEA").level.on_hand == 10 - 3 - 3 - 3

    def test_what_is_kept_of_another_article_goes_back_when_facts_change_it(self) -> None:
        other = TEA.model_copy(update={"sku": "CUP"})

        answer = a(*ENOUGH, PLACE, to("confirmed")).when(fact(other, 9, 5))
        assert (kept(answer, "tea"), stock_of(answer, "TEA").level.reserved) == ({}, 0)
        assert released(answer) == ["moved"]

        scenario = a(*ENOUGH, PLACE, to("confirmed"), fact(other, 9, 5), to("back"))
        answer = scenario.when(to("delivered"))
        assert (answer.order.goods["tea"].sku, answer.order.goods["tea"].committed) == ("CUP", 3)
        assert stock_of(answer, "CUP").level.on_hand == 10 - 2 - 3
