"""What a command leads to: late callbacks, following orders, pieces that got lost, kept as paid."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.facts import Facts
from domain.orders import commands as c
from domain.orders.allowed import list_moves
from domain.orders.context import Situation
from domain.orders.migration import MigrateOrder
from domain.paths.commands import PublishPath
from domain.paths.lint import lint
from domain.paths.path import OrderPath
from domain.stock.stock import Stock
from tests.support.examples import CALENDAR, EVENTS, NOW, ORDER_ID, PATH, TEA, actor
from tests.support.spec import Answer, Scenario, given
from tests.unit.domain.orders.test_goods import ENOUGH, PLACE, a, kept, piece, receive, stock_of, to
from tests.unit.domain.orders.test_goods import path as goods_path

FOLLOW = [{"items": "delivered", "from": ["new", "packed"], "to": "done"}]


def path(**more: Any) -> OrderPath:
    ways = [*PATH.content["transitions"], {"from": "new", "to": "done", "roles": ["system"]}]
    return OrderPath.model_validate(PATH.content | {"transitions": ways} | more)


def who(kind: Any = "user", *roles: str) -> dict[str, Any]:
    return {"command_id": UUID(int=2), "actor": actor(kind, *roles), "order_id": ORDER_ID}


def moved(source: str, target: str, quantity: int = 3) -> c.MoveItem:
    return c.MoveItem(**who(), item_id="1", quantity=quantity, from_status=source, to_status=target)


ORDER = c.PlaceOrder(**who(), path="shop", currency="EUR", lines=(TEA,))


class TestLateCallbacks:
    def test_an_order_follows_now_whenever_the_carrier_delivered(self) -> None:
        shop = given(
            ORDER,
            moved("ordered", "assembled"),
            c.CreateShipment(**who(), shipment_id="s-1", carrier="dhl", pieces={"1": 3}),
            c.MoveShipment(**who(), shipment_id="s-1", to_status="handed_over"),
            paths=(path(follow=FOLLOW),),
        )
        shop.when(c.ChangeStatus(**who(), to_status="confirmed"))
        pack = c.ChangeStatus(**who("user", "warehouse"), to_status="packed", reason="all there")
        entered = shop.at(NOW + timedelta(minutes=30)).when(pack)
        assert entered.order.status == "packed"
        late = c.MoveShipment(
            **who("api_key"),
            shipment_id="s-1",
            to_status="delivered",
            carrier_ref="r-1",
            occurred_at=NOW + timedelta(minutes=20),
        )

        answer = shop.at(NOW + timedelta(hours=1)).when(late)

        assert answer.order.status == "done"
        assert answer.order.items_status == "delivered"
        assert answer.order.timeline[-1].key[0] == NOW + timedelta(hours=1)


class TestFollowing:
    def test_a_pausing_status_that_is_followed_into_pauses_the_clock(self) -> None:
        statuses = PATH.content["statuses"]
        pausing = statuses | {"confirmed": {"stage": "work", "pauses_clock": True}}
        follow = [{"items": "assembled", "from": "new", "to": "confirmed"}]
        shop = given(ORDER, paths=(path(statuses=pausing, follow=follow),))

        order = shop.when(moved("ordered", "assembled")).order

        assert order.status == "confirmed"
        assert order.limit.paused is not None
        assert order.limit.paused.status == "new"

    @pytest.mark.parametrize("asked", [{"approval": {"by": "lead"}}, {"override": True}])
    def test_nobody_is_there_to_agree_or_to_say_why(self, asked: dict[str, Any]) -> None:
        moves = [*PATH.content["transitions"], {"from": "new", "to": "done", **asked}]

        with pytest.raises(ValidationError, match="nobody is there to follow from new to done"):
            path(transitions=moves, follow=FOLLOW)

    @pytest.mark.parametrize(
        ("to", "asked", "named"),
        [
            ("cancelled", {}, "reason_code, initiator"),
            ("done", {"require": ["reason"]}, "reason"),
        ],
    )
    def test_nobody_publishes_that_orders_follow_where_something_has_to_be_said(
        self, to: str, asked: dict[str, Any], named: str
    ) -> None:
        moves = [{"from": "new", "to": to, **asked}, *PATH.content["transitions"]]
        follow = [{"items": "delivered", "from": "new", "to": to}]
        publish = PublishPath(
            command_id=UUID(int=7), actor=actor(), definition=path(transitions=moves, follow=follow)
        )

        answer = given(paths=()).when(publish)

        answer.then_refused("follow_asks")
        assert answer.unmet[0].message.endswith(f"follow from new to {to} with {named}")
        assert "follow_asks" in [one.code for one in lint(publish.definition)]

    def test_an_order_on_a_path_from_before_stays_where_something_has_to_be_said(self) -> None:
        moves = [{"from": "new", "to": "cancelled"}]
        follow = [{"items": "assembled", "from": "new", "to": "cancelled"}]
        shop = given(ORDER, paths=(path(transitions=moves, follow=follow),))

        assert shop.when(moved("ordered", "assembled")).order.status == "new"

    def test_an_order_does_not_follow_as_delivered_what_came_back(self) -> None:
        history = (ORDER, moved("ordered", "assembled"), moved("assembled", "shipped"))
        shop = given(*history, paths=(path(follow=FOLLOW),))

        assert shop.when(moved("shipped", "returned")).order.status == "new"

    def test_reserving_may_lead_into_a_status_with_working_time(self) -> None:
        statuses = PATH.content["statuses"]
        working = statuses | {"confirmed": {"stage": "work", "limit": {"working": "2h"}}}
        follow = [{"items": "reserved", "from": "new", "to": "confirmed"}]
        tea = ("stock.received.v1", "stock.received.v1")
        shop = given(
            EVENTS["calendar.published.v1"],
            *map(EVENTS.__getitem__, tea),
            ORDER,
            paths=(
                path(
                    statuses=working,
                    follow=follow,
                    calendar=CALENDAR.calendar,
                    stock={"locations": ["main"]},
                ),
            ),
        )

        order = shop.when(c.ReserveItems(**who())).order

        assert (order.status, len(order.limit.deadlines)) == ("confirmed", 1)


class TestDearConditions:
    """Of the 500 items of an order, each with each: more than all that is asked may take."""

    DEAR = "items.all(i, items.all(j, j.quantity <= i.quantity && j.sku == i.sku))"
    LINES = tuple(TEA.model_copy(update={"item_id": str(n), "quantity": 1}) for n in range(500))

    def shop(self, *conditions: str) -> Scenario:
        """Packed at once on the way to `confirmed`, from where it goes on as the rules say."""
        statuses = PATH.content["statuses"]
        packing = statuses | {
            "confirmed": {"stage": "work", "on_enter": {"items": {"to": "assembled"}}},
            "lost": {"stage": "end"},
        }
        targets = ("lost", "packed", "done")[: len(conditions)]
        guarded = [
            {
                "from": "confirmed",
                "to": to,
                "guards": [{"code": "asked", "when": when, "message": "Not yet"}],
            }
            for to, when in zip(targets, conditions, strict=True)
        ]
        follow = [{"items": "assembled", "from": "confirmed", "to": to} for to in targets]
        moves = [*guarded, {"from": "new", "to": "confirmed"}]
        order = ORDER.model_copy(update={"lines": self.LINES})
        return given(order, paths=(path(statuses=packing, transitions=moves, follow=follow),))

    def test_a_rule_that_is_too_dear_to_ask_leaves_those_after_it_what_costs_nothing(self) -> None:
        confirm = c.ChangeStatus(**who(), to_status="confirmed")

        assert self.shop(self.DEAR).when(confirm).order.status == "confirmed"
        assert self.shop(self.DEAR, "!order.test").when(confirm).order.status == "packed"

    def test_what_is_too_dear_to_ask_uses_up_nothing(self) -> None:
        confirm = c.ChangeStatus(**who(), to_status="confirmed")
        through_a_list = "items.all(i, i.quantity == 1)"

        shop = self.shop(self.DEAR, through_a_list, "!order.test")

        assert self.shop(through_a_list).when(confirm).order.status == "lost"
        assert shop.when(confirm).order.status == "packed"


ENDLESS = {"stage": "work", "limit": {"working": "3650d"}}  # more than any calendar reaches


class TestBeyondTheCalendar:
    def shop(self) -> Scenario:
        limited = PATH.content["statuses"] | {"confirmed": ENDLESS}
        follow = [{"items": "shipped", "from": "new", "to": "confirmed"}]
        return given(
            EVENTS["calendar.published.v1"],
            ORDER,
            moved("ordered", "assembled"),
            c.CreateShipment(**who(), shipment_id="s-1", carrier="dhl", pieces={"1": 3}),
            paths=(path(statuses=limited, follow=follow, calendar=CALENDAR.calendar),),
        )

    def test_what_a_carrier_tells_is_recorded_though_nothing_can_follow(self) -> None:
        told = c.MoveShipment(
            **who("api_key"), shipment_id="s-1", to_status="handed_over", carrier_ref="r-1"
        )

        order = self.shop().when(told).order

        assert (order.items_status, order.status) == ("shipped", "new")

    def test_a_person_is_refused_and_the_move_is_told_as_closed(self) -> None:
        shop = self.shop()
        hand_over = c.MoveShipment(**who(), shipment_id="s-1", to_status="handed_over")

        shop.when(hand_over).then_refused("deadline_out_of_reach")
        calendars = {CALENDAR.calendar: CALENDAR}
        world = shop.world
        seen = Situation(
            ORDER_ID, world.order, world.paths["shop", 1], actor(), NOW, Facts(calendars=calendars)
        )
        closed = {move.to_status: [u.code for u in move.unmet] for move in list_moves(seen)}
        assert closed["confirmed"] == ["deadline_out_of_reach"]


class TestTrackNumbers:
    RIGHTS: ClassVar[dict[str, Any]] = {"track_number": {"edit": ["carrier"]}}

    def shop(self) -> Scenario:
        packed = (ORDER, moved("ordered", "assembled"))
        return given(*packed, paths=(path(fields=self.RIGHTS),))

    def test_p23_a_shipment_gives_no_way_round_the_right_to_the_track_number(self) -> None:
        shop = self.shop()
        create = {"shipment_id": "s-1", "carrier": "dhl", "pieces": {"1": 3}}
        track = c.TrackShipment(**who(), shipment_id="s-1", track_number="RR1")

        shop.when(c.CreateShipment(**who(), **create, track_number="RR1")).then_refused(
            "field_not_editable"
        )
        assert shop.when(c.CreateShipment(**who(), **create)).events
        shop.when(track).then_refused("field_not_editable")
        by_carrier = track.model_copy(update={"actor": actor("user", "carrier")})
        assert shop.when(by_carrier).order.shipments["s-1"].track_number == "RR1"


def sent() -> Scenario:
    return a(*ENOUGH, PLACE, to("confirmed"), to("packed"), to("delivered"))


def tea(answer: Answer) -> Stock:
    return stock_of(answer, "TEA")


class TestPiecesThatAreGone:
    def test_another_piece_for_a_lost_one_is_reserved_and_written_off(self) -> None:
        shop = sent()
        for step in (piece("shipped", "lost"), piece("lost", "ordered")):
            assert shop.when(step).events

        reserved = shop.when(piece("ordered", "reserved"))
        assert kept(reserved, "tea") == {"main": 1}
        shop.when(to("packed"))
        assert tea(shop.when(to("delivered"))).level.on_hand == 10 - 4

    def test_a_piece_that_breaks_in_the_warehouse_has_left(self) -> None:
        shop = a(*ENOUGH, PLACE, to("confirmed"))

        answer = shop.when(piece("reserved", "damaged"))

        assert (tea(answer).level.on_hand, tea(answer).level.reserved) == (9, 2)
        assert answer.order.goods["tea"].committed == 1

    def test_a_returned_piece_is_not_written_off_a_second_time(self) -> None:
        shop = sent()
        assert tea(shop.when(piece("shipped", "returned"))).level.on_hand == 8

        shop.when(to("packed"))
        answer = shop.when(to("delivered"))

        assert tea(answer).level.on_hand == 8


BARE = OrderPath.model_validate(
    goods_path().content
    | {
        "path": "bare",
        "stock": None,
        "statuses": {code: {"stage": "all"} for code in goods_path().content["statuses"]}
        | {"cancelled": {"stage": "all", "final": "failure"}},
    }
)


class TestKeptAsPaid:
    LATER = NOW + timedelta(days=2)

    def test_d7_who_says_later_to_pay_at_the_door_keeps_the_goods(self) -> None:
        shop = a(*ENOUGH, PLACE, to("confirmed"))
        shop.when(c.SubmitPayment(**who(), method="cod", currency="EUR"))

        shop.at(self.LATER).when(c.ExpireReservations(**who())).then_nothing()

    def test_d7_an_order_that_is_placed_with_cash_on_delivery_keeps_the_goods(self) -> None:
        start = [{"status": "confirmed"}]
        shop = given(
            receive("TEA", 9),
            receive("CUP", 9),
            paths=(OrderPath.model_validate(goods_path().content | {"initial": start}),),
        )
        placed = PLACE.model_copy(update={"payment": c.PlacedPayment(method="cod")})

        assert kept(shop.when(placed), "tea") == {"main": 3}
        shop.at(self.LATER).when(c.ExpireReservations(**who())).then_nothing()

    def test_d7_what_is_beyond_its_time_goes_back_also_on_a_path_that_keeps_no_stock(self) -> None:
        shop = self.confirmed(keeps_stock=False)
        shop.when(c.SubmitPayment(**who(), method="card", currency="EUR"))

        answer = shop.at(self.LATER).when(c.ExpireReservations(**who()))

        assert (kept(answer, "tea"), tea(answer).level.reserved) == ({}, 0)

    @pytest.mark.parametrize("keeps_stock", [True, False])
    def test_d7_goods_wait_again_when_the_bank_takes_their_money_back(
        self, keeps_stock: bool
    ) -> None:
        shop = self.paid(keeps_stock=keeps_stock)

        back = shop.when(c.ChargeBackPayment(**who(), currency="EUR"))

        assert waits_until(back) is not None
        assert kept(shop.at(self.LATER).when(c.ExpireReservations(**who())), "tea") == {}

    @pytest.mark.parametrize("keeps_stock", [True, False])
    def test_d7_goods_wait_again_once_we_hold_none_of_their_money(self, keeps_stock: bool) -> None:
        shop = self.paid(keeps_stock=keeps_stock)

        some = c.RefundPayment(**who(), amount_minor=500, currency="EUR")
        assert waits_until(shop.when(some)) is None
        assert waits_until(shop.when(c.RefundPayment(**who(), currency="EUR"))) is not None

    @pytest.mark.parametrize("keeps_stock", [True, False])
    def test_d7_goods_wait_again_for_money_that_never_came(self, keeps_stock: bool) -> None:
        shop = self.paid(keeps_stock=keeps_stock)
        version = max(shop.world.order.correctable)

        wrong = c.CorrectFact(**who(), version=version, reason="Of another order")
        annulled = shop.at(NOW + timedelta(minutes=9)).when(wrong)

        assert annulled.unmet == ()
        assert waits_until(annulled) is not None

    def paid(self, *, keeps_stock: bool) -> Scenario:
        shop = self.confirmed(keeps_stock=keeps_stock)
        told = who() | {"actor": actor("api_key"), "gateway_ref": "g-1", "occurred_at": NOW}
        paid = shop.when(c.ChargePayment(**told, method="card", currency="EUR"))
        assert waits_until(paid) is None
        return shop

    def confirmed(self, *, keeps_stock: bool) -> Scenario:
        """Reserved goods, on the path that reserved them, or on one that says nothing of stock."""
        shop = given(*(*ENOUGH, PLACE, to("confirmed")), paths=(goods_path(), BARE))
        if not keeps_stock:
            assert shop.when(MigrateOrder(**who(), path="bare", reason="Another shop")).events
        return shop


def waits_until(answer: Answer) -> datetime | None:
    return tea(answer).reserved_for(ORDER_ID)["tea"].expires_at
