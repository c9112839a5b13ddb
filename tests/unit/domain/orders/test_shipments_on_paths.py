"""Shipments and documents of an order that follows a path: guards, rights, effects, stock."""

from typing import Any
from uuid import UUID

from domain.messages import ActorKind
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.money import Line
from domain.paths.path import OrderPath
from domain.stock.commands import ReceiveStock
from domain.stock.stock import Stock
from tests.support.examples import ORDER_ID, actor
from tests.support.spec import STEP, Scenario, given

NO_NUMBER, NO_INVOICE = "track_number_missing", "invoice_missing"  # codes of the path's guards
TEA = Line(item_id="tea", sku="TEA", title="Tea", quantity=3, unit_price_minor=500)


def path(**more: Any) -> OrderPath:
    guards = [
        {
            "code": NO_NUMBER,
            "when": "shipments.size() > 0 && shipments.all(s, s.track_number != '')",
            "message": "Every shipment needs its track number",
        },
        {
            "code": NO_INVOICE,
            "when": "documents.exists(d, d.kind == 'invoice' && d.status != 'cancelled')",
            "message": "Issue the invoice first",
        },
    ]
    return OrderPath.model_validate(
        {
            "path": "shop",
            "stages": ["all"],
            "statuses": {
                "new": {"stage": "all"},
                "sending": {"stage": "all", "on_enter": {"items": {"to": "shipped"}}},
                "done": {"stage": "all", "final": "success"},
                "cancelled": {"stage": "all", "final": "failure"},
            },
            "initial": [{"status": "new"}],
            "transitions": [
                {"from": "new", "to": "sending", "guards": guards},
                {"from": ["new", "sending"], "to": ["done", "cancelled"]},
            ],
        }
        | more
    )


def who(kind: ActorKind = "user", *roles: str) -> dict[str, Any]:
    return {"command_id": UUID(int=2), "actor": actor(kind, *roles), "order_id": ORDER_ID}


def pack(shipment_id: str = "s-1", pieces: int = 3) -> c.CreateShipment:
    return c.CreateShipment(**who(), shipment_id=shipment_id, carrier="DHL", pieces={"tea": pieces})


def bring(to_status: Any, *by: Any, shipment_id: str = "s-1") -> c.MoveShipment:
    return c.MoveShipment(**who(*by), shipment_id=shipment_id, to_status=to_status)


PLACE = c.PlaceOrder(**who(), path="shop", currency="EUR", lines=(TEA,))
ASSEMBLE = c.MoveItem(
    **who(), item_id="tea", quantity=3, from_status="ordered", to_status="assembled"
)
SEND = c.ChangeStatus(**who(), to_status="sending")
FOLLOW = [{"items": "delivered", "from": ["new", "sending"], "to": "done"}]


def pieces(scenario: Scenario) -> dict[str, int]:
    return dict(scenario.world.order.items["tea"].pieces)


class TestGuards:
    def test_p30_r5_no_delivery_without_track_number_and_invoice(self) -> None:
        scenario = given(PLACE, ASSEMBLE, pack(), paths=(path(),))

        scenario.when(SEND).then_refused(NO_NUMBER, NO_INVOICE)
        scenario.when(c.TrackShipment(**who(), shipment_id="s-1", track_number="RR1"))
        scenario.when(SEND).then_refused(NO_INVOICE)
        scenario.when(c.IssueDocument(**who(), kind="invoice"))
        assert scenario.when(SEND).order.status == "sending"


class TestRights:
    WAYS = (
        {"from": "ordered", "to": "assembled"},
        {"from": "assembled", "to": "shipped", "roles": ["warehouse"]},
    )

    def test_p13_pieces_go_with_their_shipment_only_where_the_path_lets_them(self) -> None:
        narrow = path(items={"transitions": self.WAYS})
        scenario = given(PLACE, ASSEMBLE, pack(), paths=(narrow,))

        scenario.when(bring("handed_over")).then_refused("role_missing")
        scenario.when(bring("handed_over", "user", "warehouse"))
        scenario.when(bring("delivered", "user", "warehouse")).then_refused(
            "item_transition_closed"
        )
        scenario.at(scenario.now + STEP).when(bring("delivered", "api_key"))
        assert pieces(scenario) == {"delivered": 3}

    def test_p13_planning_what_its_carrier_told_of_before_asks_for_the_way_that_the_pieces_go(
        self,
    ) -> None:
        narrow = path(items={"transitions": self.WAYS})
        scenario = given(PLACE, ASSEMBLE, bring("handed_over", "api_key"), paths=(narrow,))

        scenario.when(pack()).then_refused("role_missing")
        planned = pack().model_copy(update={"actor": actor("user", "warehouse")})
        assert scenario.when(planned).order.items["tea"].pieces == {"shipped": 3}


class TestEffects:
    def test_p14_entering_a_status_leaves_alone_what_goes_with_a_shipment(self) -> None:
        free = path(transitions=[{"from": "new", "to": "sending"}])
        scenario = given(PLACE, ASSEMBLE, pack(pieces=2), SEND, paths=(free,))
        assert pieces(scenario) == {"assembled": 2, "shipped": 1}

        scenario.when(bring("handed_over"))
        assert pieces(scenario) == {"shipped": 3}

    def test_p14_an_order_follows_its_shipments_when_the_last_is_delivered(self) -> None:
        followed = path(follow=FOLLOW)
        both = (pack(pieces=2), pack("s-2", 1), bring("handed_over"))
        scenario = given(
            *(PLACE, ASSEMBLE, *both, bring("handed_over", shipment_id="s-2")), paths=(followed,)
        )

        assert scenario.when(bring("delivered", "api_key")).order.status == "new"
        answer = scenario.when(bring("delivered", "api_key", shipment_id="s-2"))
        assert answer.order.status == "done"

    def test_a_lost_piece_holds_the_order_up_and_one_that_was_not_taken_does_not(self) -> None:
        sent = (PLACE, ASSEMBLE, pack(pieces=2), pack("s-2", 1))
        on_the_way = (bring("handed_over"), bring("handed_over", shipment_id="s-2"))
        for outcome, status in (("lost", "new"), ("returned", "done")):
            history = (*sent, *on_the_way, bring(outcome, shipment_id="s-2"))
            scenario = given(*history, paths=(path(follow=FOLLOW),))

            assert scenario.when(bring("delivered")).order.status == status

    def test_nothing_delivered_is_no_success(self) -> None:
        followed = path(follow=FOLLOW)
        history = (PLACE, ASSEMBLE, pack(), bring("handed_over"), bring("returned"))

        assert given(*history, paths=(followed,)).world.order.status == "new"


class TestStock:
    RECEIVED = ReceiveStock(
        command_id=UUID(int=3), actor=actor(), sku="TEA", location="main", quantity=3
    )

    def kept(self, **done: Any) -> OrderPath:
        statuses = path().content["statuses"] | {"done": {"stage": "all", "on_enter": done}}
        return path(statuses=statuses, stock={"locations": ["main"]}, follow=FOLLOW)

    def on_hand(self, scenario: Scenario) -> int:
        stock = scenario.world.state("stock-main:TEA")
        assert isinstance(stock, Stock)
        return stock.level.on_hand

    def test_what_was_not_bought_out_is_there_to_be_sold_again(self) -> None:
        done = c.ChangeStatus(**who(), to_status="done")
        history = (self.RECEIVED, PLACE, ASSEMBLE, pack(), bring("handed_over"), done)
        scenario = given(*history, paths=(self.kept(stock="commit"),))
        assert self.on_hand(scenario) == 0

        scenario.when(bring("returned", "api_key"))
        assert (self.on_hand(scenario), pieces(scenario)) == (3, {"not_bought_out": 3})

    def test_what_the_books_do_not_have_is_taken_along_by_no_person_and_by_its_carrier(
        self,
    ) -> None:
        scenario = given(PLACE, ASSEMBLE, pack(), paths=(self.kept(stock="commit"),))

        scenario.when(bring("handed_over")).then_refused("stock_not_available")
        answer = scenario.when(bring("handed_over", "api_key"))
        assert isinstance(answer.events[0], e.ShipmentMoved)
        assert (answer.order.status, pieces(scenario)) == ("new", {"shipped": 3})
        assert scenario.when(bring("delivered", "api_key")).order.status == "done"
        assert self.on_hand(scenario) == 0
