"""Shipments: people and rules are checked, what a carrier reports has happened; pieces follow."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from domain.messages import ActorKind, Decided
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.decide_shipments import MAX_SHIPMENTS
from domain.orders.items import ITEM_MOVES, ITEM_STATUSES, SHIPPABLE
from domain.orders.shipments import PLANNED, SHIPMENT_MOVES, SHIPMENT_STATUSES, Shipment
from domain.paths.conditions import compile_condition, evaluate
from domain.paths.environment import ENVIRONMENT, ListOf, Record
from tests.support.contexts import context
from tests.support.examples import COMMANDS, CUP, NOW, ORDER_ID, TEA, actor, fact_id
from tests.support.spec import Scenario, given
from tests.unit.domain.orders.test_decide_items import drop, move, place

WHO: dict[str, Any] = {"command_id": UUID(int=6), "actor": actor(), "order_id": ORDER_ID}
LATER = NOW + timedelta(hours=1)
CANCEL_ORDER = COMMANDS["order.cancel"]
PACKED = (place(TEA, CUP), move(3, "ordered", "assembled"))


def create(shipment_id: str | None = "s-1", **more: Any) -> c.CreateShipment:
    return c.CreateShipment(**WHO, shipment_id=shipment_id, **{"carrier": "DHL"} | more)


def bring(to_status: Any, by: ActorKind = "user", shipment_id: str = "s-1", **more: Any) -> Any:
    who = WHO | {"actor": actor(by)} | more
    return c.MoveShipment(**who, shipment_id=shipment_id, to_status=to_status)


def told(to_status: str, minutes: int, ref: str | None = None) -> c.MoveShipment:
    """A callback of the carrier about what happened so many minutes after NOW."""
    command: c.MoveShipment = bring(
        to_status,
        "api_key",
        command_id=UUID(int=1_000 * minutes + SHIPMENT_STATUSES.index(to_status)),
        occurred_at=NOW + timedelta(minutes=minutes),
        carrier_ref=ref or f"scan-{minutes}",
    )
    return command


def pieces(scenario: Scenario, item_id: str = "1") -> dict[str, int]:
    return dict(scenario.world.order.items[item_id].pieces)


def moved(quantity: int, source: str, target: str, **more: Any) -> e.ItemStatusChanged:
    return e.ItemStatusChanged(
        item_id="1",
        quantity=quantity,
        from_status=source,
        to_status=target,
        shipment_id="s-1",
        **more,
    )


SENT = (*PACKED, create(pieces={"1": 2}), bring("handed_over"))


class TestCreateShipment:
    def test_d6_some_pieces_travel_and_stay_where_they_are_until_they_are_handed_over(
        self,
    ) -> None:
        answer = given(*PACKED).when(create(pieces={"1": 2}, track_number="RR1"))

        answer.then(
            e.ShipmentCreated(shipment_id="s-1", carrier="DHL", track_number="RR1", pieces={"1": 2})
        )
        assert answer.order.shipments["s-1"].status == PLANNED
        assert answer.order.items["1"].pieces == {"assembled": 3}

    def test_without_pieces_all_that_may_be_shipped_and_are_in_no_shipment(self) -> None:
        half = (*PACKED, move(1, "ordered", "assembled", item_id="2"), create(pieces={"1": 1}))
        answer = given(*half).when(create(None))

        assert answer.order.shipments["shipment-2"].pieces == {"1": 2, "2": 1}
        given(*half, create(None)).when(create("s-3")).then_refused("nothing_to_ship")

    def test_only_pieces_that_may_be_shipped_are_shipped(self) -> None:
        answer = given(*PACKED, create(pieces={"1": 2})).when(
            create("s-2", pieces={"1": 2, "2": 1, "9": 1})
        )

        answer.then_refused("pieces_not_shippable", "pieces_not_shippable", "item_unknown")
        assert answer.fields == ["pieces.1", "pieces.2", "pieces.9"]
        assert [unmet.needed for unmet in answer.unmet[:2]] == ["at most 1", "at most 0"]

    def test_the_same_shipment_again_is_nothing_and_another_has_an_id_of_its_own(self) -> None:
        planned = given(*PACKED, create(pieces={"1": 2}))

        planned.when(create(pieces={"1": 2})).then_nothing()
        planned.when(create(pieces={"1": 1})).then_refused("shipment_exists")

    def test_d2_a_refused_shipment_names_everything_at_once(self) -> None:
        finished = (*PACKED, create(pieces={"1": 3}), CANCEL_ORDER)

        given(*finished).when(create(pieces={"9": 1})).then_refused(
            "order_finished", "shipment_exists", "item_unknown"
        )

    def test_an_order_has_so_many_shipments(self) -> None:
        many = [
            e.ShipmentCreated(shipment_id=f"x-{n}", carrier="DHL", pieces={"2": 1})
            for n in range(MAX_SHIPMENTS)
        ]

        given(*PACKED, *many).when(create(pieces={"1": 1})).then_refused("too_many_shipments")


class TestTrackShipment:
    def test_p30_a_track_number_is_set_and_a_guard_can_ask_for_it(self) -> None:
        has_number = compile_condition(
            "shipments.all(s, s.track_number != '') && shipments.size() > 0", ENVIRONMENT
        )
        scenario = given(*SENT)

        before = evaluate([has_number], context(shipments=seen(scenario)))
        answer = scenario.when(c.TrackShipment(**WHO, shipment_id="s-1", track_number="RR2"))

        answer.then(e.ShipmentTracked(shipment_id="s-1", track_number="RR2"))
        assert (before, evaluate([has_number], context(shipments=seen(scenario)))) == (
            [False],
            [True],
        )

    def test_the_same_number_is_nothing_and_an_unknown_shipment_has_none(self) -> None:
        track = c.TrackShipment(**WHO, shipment_id="s-1", track_number="RR2")

        given(*SENT, track).when(track).then_nothing()
        given(*PACKED).when(track).then_refused("shipment_unknown")


def seen(scenario: Scenario) -> list[dict[str, Any]]:
    """Give the shipments as a condition sees them: every field that it can name is there."""
    type_ = ENVIRONMENT["shipments"]
    assert isinstance(type_, ListOf)
    assert isinstance(type_.element, Record)
    return [
        {name: getattr(shipment, name) for name in type_.element.fields}
        for shipment in scenario.world.order.shipments.values()
    ]


class TestMoveShipment:
    def test_d6_pieces_go_with_their_shipment_in_the_same_decision(self) -> None:
        scenario = given(*PACKED, create(pieces={"1": 2}))
        answer = scenario.when(bring("handed_over"))

        answer.then(
            e.ShipmentMoved(shipment_id="s-1", to_status="handed_over"),
            moved(2, "assembled", "shipped"),
        )
        for status in ("in_transit", "at_pickup_point"):
            (event,) = scenario.when(bring(status)).events
            assert isinstance(event, e.ShipmentMoved)
        scenario.when(bring("delivered"))
        assert pieces(scenario) == {"assembled": 1, "delivered": 2}

    def test_what_the_customer_never_had_was_not_bought_out_and_is_not_charged(self) -> None:
        scenario = given(*SENT)
        before = scenario.world.order.due_minor

        order = scenario.when(bring("returned", reason_code="refused")).order

        assert order.items["1"].pieces == {"assembled": 1, "not_bought_out": 2}
        assert order.items_status == "partly_not_bought_out"
        assert before - order.due_minor == 2 * 500 - 67  # less their share of the discount

    def test_an_order_of_which_nothing_was_bought_out_has_nothing_to_pay(self) -> None:
        packed = (place(TEA), move(3, "ordered", "assembled"), create(), bring("handed_over"))

        order = given(*packed).when(bring("returned")).order

        assert (order.items_status, order.due_minor, order.payment_status) == (
            "not_bought_out",
            0,
            "not_paid",
        )

    def test_what_the_customer_had_is_returned_and_stays_charged(self) -> None:
        scenario = given(*SENT, bring("delivered"))
        before = scenario.world.order.due_minor

        order = scenario.when(bring("returned")).order

        assert order.items["1"].pieces == {"assembled": 1, "returned": 2}
        assert order.due_minor == before

    def test_a_lost_shipment_loses_its_pieces_until_it_is_found(self) -> None:
        scenario = given(*SENT, bring("lost"))
        assert pieces(scenario) == {"assembled": 1, "lost": 2}

        scenario.when(bring("delivered"))
        assert pieces(scenario) == {"assembled": 1, "delivered": 2}

    def test_a_cancelled_shipment_leaves_its_pieces_to_another(self) -> None:
        scenario = given(*PACKED, create(pieces={"1": 3}), bring("cancelled"))
        assert pieces(scenario) == {"assembled": 3}

        scenario.when(create("s-2", pieces={"1": 3}))
        assert scenario.world.order.shipments["s-2"].pieces == {"1": 3}

    def test_no_way_that_is_not_there_and_no_shipment_that_is_not_there(self) -> None:
        answer = given(*PACKED, create()).when(bring("delivered"))

        answer.then_refused("shipment_transition_not_allowed")
        assert answer.unmet[0].needed == "one of cancelled, handed_over"
        given(*PACKED).when(bring("handed_over")).then_refused("shipment_unknown")
        given(*SENT, bring("returned")).when(bring("lost")).then_refused(
            "shipment_transition_not_allowed"
        )

    def test_a_finished_order_hands_nothing_over_but_what_is_on_its_way_arrives(self) -> None:
        given(*PACKED, create(), CANCEL_ORDER).when(bring("handed_over")).then_refused(
            "order_finished"
        )
        scenario = given(*SENT, CANCEL_ORDER)
        scenario.when(bring("returned"))
        assert pieces(scenario) == {"assembled": 1, "not_bought_out": 2}

    def test_where_it_is_already_is_nothing(self) -> None:
        given(*SENT).when(bring("handed_over")).then_nothing()

    def test_every_way_leads_from_a_known_status_to_a_known_one(self) -> None:
        assert {status for way in SHIPMENT_MOVES for status in way} == set(SHIPMENT_STATUSES)
        for status in SHIPMENT_STATUSES[1:]:
            event = e.ShipmentMoved(shipment_id="s-1", to_status=status)
            there = Shipment("s-1").moved(event, NOW, 1, None).item_status
            assert there is None or there in ITEM_STATUSES

    def test_pieces_take_with_their_shipment_only_ways_that_they_have(self) -> None:
        for source, target in SHIPMENT_MOVES - {(PLANNED, "cancelled")}:
            before = Shipment("s-1")
            if source != PLANNED:
                event = e.ShipmentMoved(shipment_id="s-1", to_status=source)
                before = before.moved(event, NOW, 1, None)
            event = e.ShipmentMoved(shipment_id="s-1", to_status=target)
            there = before.moved(event, NOW, 2, None).item_status
            starts = SHIPPABLE if before.item_status is None else (before.item_status,)
            for start in starts:
                assert start == there or (start, there) in ITEM_MOVES, (source, target)


class TestPiecesInAShipment:
    @pytest.mark.parametrize("target", ["shipped", "cancelled", "damaged", "reserved"])
    def test_pieces_that_a_shipment_waits_for_go_nowhere_else(self, target: str) -> None:
        planned = given(*PACKED, create(pieces={"1": 2}))
        reason = {"reason_code": "out_of_stock"}

        answer = planned.when(move(2, "assembled", target, **reason))

        answer.then_refused("pieces_in_shipment")
        assert answer.unmet[0].needed == "at most 1; or move their shipment"
        assert planned.when(move(1, "assembled", target, **reason)).events

    def test_pieces_on_their_way_arrive_with_their_shipment(self) -> None:
        by_hand = move(1, "assembled", "shipped")
        scenario = given(*SENT, by_hand)

        scenario.when(move(2, "shipped", "delivered")).then_refused("pieces_in_shipment")
        scenario.when(move(1, "shipped", "delivered"))
        assert pieces(scenario) == {"shipped": 2, "delivered": 1}

    def test_pieces_in_a_shipment_are_not_cancelled(self) -> None:
        planned = (*PACKED, create(pieces={"1": 2}))

        given(*planned).when(drop(2)).then_refused("pieces_in_shipment")
        assert given(*planned).when(drop()).order.items["1"].pieces == {
            "assembled": 2,
            "cancelled": 1,
        }

    def test_d6_an_exchange_goes_by_pieces(self) -> None:
        scenario = given(*SENT, bring("delivered"), move(1, "delivered", "returned"))

        scenario.when(move(1, "returned", "ordered"))
        scenario.when(move(1, "ordered", "assembled"))
        scenario.when(create("s-2", pieces={"1": 1}))
        scenario.when(bring("handed_over", shipment_id="s-2"))
        scenario.when(bring("delivered", shipment_id="s-2"))
        assert pieces(scenario) == {"assembled": 1, "delivered": 2}


class TestCarrierCallbacks:
    CALLBACKS = (
        told("handed_over", 1),
        told("in_transit", 2),
        told("at_pickup_point", 3),
        told("delivered", 4),
        told("returned", 5),
    )

    def test_told_late_twice_and_in_any_order_they_give_the_same_shipment(self) -> None:
        planned = (*PACKED, create(pieces={"1": 2}))
        for way in permutations(self.CALLBACKS):
            scenario = given(*planned, *way, *way).at(LATER)
            order = scenario.world.order
            shipment = order.shipments["s-1"]

            assert [entry.status for entry in shipment.timeline] == [
                *("handed_over", "in_transit", "at_pickup_point", "delivered", "returned")
            ]
            assert order.items["1"].pieces == {"assembled": 1, "returned": 2}
            assert order.due_minor == given(*planned).world.order.due_minor

    def test_the_same_movement_again_is_nothing_whenever_it_is_told(self) -> None:
        scenario = given(*SENT, told("delivered", 8, "scan-8"))

        scenario.when(told("delivered", 9, "scan-8")).then_nothing()
        assert scenario.when(told("in_transit", 6, "scan-8")).events, "of another status it is new"

    def test_a_carrier_is_never_refused(self) -> None:
        scenario = given(*SENT, bring("returned"), CANCEL_ORDER).at(LATER)

        for number, status in enumerate(SHIPMENT_STATUSES[1:]):
            answer = scenario.when(told(status, 10 + number))
            assert (answer.unmet, len(answer.events) > 0) == ((), True)

    def test_what_a_carrier_tells_before_anybody_planned_it_waits_for_its_pieces(self) -> None:
        scenario = given(*PACKED, told("delivered", 1))
        assert scenario.world.order.shipments["s-1"].pieces == {}

        scenario.when(create(pieces={"1": 2}))
        assert scenario.world.order.shipments["s-1"].status == "delivered"
        assert pieces(scenario) == {"assembled": 1, "delivered": 2}

    def test_pieces_that_are_elsewhere_meanwhile_stay_there(self) -> None:
        back = (move(1, "delivered", "returned"), move(1, "returned", "ordered"))
        scenario = given(*SENT, told("delivered", 6), *back)

        answer = scenario.when(told("returned", 9))

        assert isinstance(answer.events[0], e.ShipmentMoved)
        assert answer.events[0].pieces == {"1": 1}
        assert pieces(scenario) == {"assembled": 1, "ordered": 1, "returned": 1}
        assert scenario.world.order.shipments["s-1"].pieces == {"1": 1}

    def test_of_two_at_the_same_moment_the_more_advanced_counts(self) -> None:
        both = (told("delivered", 7, "a"), told("in_transit", 7, "b"))

        for way in (both, both[::-1]):
            assert given(*SENT, *way).world.order.shipments["s-1"].status == "delivered"

    def test_what_follows_for_pieces_never_stands_before_what_happened_to_them_last(self) -> None:
        scenario = given(*SENT).at(LATER)
        for callback in (told("returned", 30), told("delivered", 20)):
            scenario.when(callback)

        followed = [
            (stored.occurred_at - NOW, stored.fact_id)
            for _, stored in scenario.world.stored
            if isinstance(stored.event, e.ItemStatusChanged)
        ]
        assert followed[-2:] == [(timedelta(minutes=30), None)] * 2
        assert pieces(scenario) == {"assembled": 1, "returned": 2}

    def test_the_lines_of_an_import_may_shrink_under_a_shipment(self) -> None:
        fewer = e.ItemAdded(line=TEA.model_copy(update={"quantity": 1}))
        scenario = given(*SENT, Decided(fewer, NOW + timedelta(minutes=9), fact_id(1)))

        scenario.at(LATER).when(told("delivered", 30))
        assert pieces(scenario) == {"delivered": 1}
