"""Whatever is asked of an order, it and the stocks tell the same of what is kept for it, and the
stocks have what lies on the shelves (D7).
"""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any, get_args
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.messages import ActorKind, Command
from domain.orders import commands as c
from domain.orders.items import ITEM_MOVES
from domain.orders.money import Line
from domain.orders.parts import Kept
from domain.orders.shipment_events import Reached
from domain.orders.shipments import ON_THE_WAY, PLANNED, held
from domain.paths.path import OrderPath
from domain.refusals import Refusal
from domain.stock.commands import AdjustStock, ReceiveStock
from domain.stock.stock import Level, Stock
from tests.support.examples import NOW, ORDER_ID, actor
from tests.support.pieces import Pieces
from tests.support.spec import given

STATUSES = ("new", "confirmed", "packed", "sent", "back", "done", "cancelled")
SKUS = ("TEA", "CUP")
LOCATIONS = ("main", "supplier_a")
LINES = tuple(
    Line(item_id=str(n), sku=sku, title=sku, quantity=n + 1, unit_price_minor=100)
    for n, sku in enumerate(("TEA", "CUP", "TEA"), 1)
)
JOURNEYS = (
    ("ordered", "assembled", "shipped", "damaged", "returned", "ordered"),
    ("reserved", "assembled", "shipped", "delivered", "damaged", "cancelled"),
    ("assembled", "shipped", "lost", "not_bought_out", "ordered"),
    ("assembled", "shipped", "lost", "ordered", "reserved"),
    ("ordered", "to_buy", "bought", "received", "damaged", "ordered"),
    ("ordered", "to_buy", "bought", "received", "reserved"),
    ("reserved", "damaged", "cancelled"),
)
effects = st.sampled_from(
    [
        None,
        {"stock": "reserve"},
        {"stock": "commit"},
        {"stock": "commit"},
        {"stock": "release"},
        {"items": {"to": "reserved"}},
        {"items": {"to": "assembled"}},
        {"items": {"to": "shipped"}, "stock": "commit"},
        {"items": {"to": "shipped"}},
        {"items": {"to": "delivered"}, "stock": "commit"},
        {"items": {"to": "cancelled"}},
    ]
)


def who() -> dict[str, Any]:
    return {"command_id": uuid4(), "actor": actor(), "order_id": ORDER_ID}


class Shop(RuleBasedStateMachine):
    """Random commands to one order and to the stocks of its articles."""

    @initialize(effects=st.lists(effects, min_size=5, max_size=5), partial=st.booleans())
    def start(self, effects: list[Any], partial: bool) -> None:
        self.told_of: set[str] = set()  # items that a fact from elsewhere has shaped
        final = {"done": "success", "cancelled": "failure"}
        statuses = {
            code: {"stage": "all"}
            | ({"on_enter": effect} if effect else {})
            | ({"final": final[code]} if code in final else {})
            for code, effect in zip(STATUSES, [None, {"stock": "reserve"}, *effects], strict=True)
        }
        path = OrderPath.model_validate(
            {
                "path": "shop",
                "stages": ["all"],
                "statuses": statuses,
                "initial": [{"status": "new"}],
                "transitions": [{"from": STATUSES, "to": STATUSES}],
                "follow": [{"items": "shipped", "from": "packed", "to": "sent"}],
                "stock": {"locations": LOCATIONS, "partial": partial},
            }
        )
        self.now = NOW
        self.world = given(paths=(path,)).world
        for sku in SKUS:
            self.send(ReceiveStock(command_id=uuid4(), actor=actor(), sku=sku, quantity=5))
        self.send(c.PlaceOrder(**who(), path="shop", currency="EUR", lines=LINES))

    def send(self, command: Command) -> None:
        self.now += timedelta(minutes=7)
        try:
            self.world.run(command, self.now)
        except Refusal:
            return

    @rule(status=st.sampled_from(STATUSES))
    def move(self, status: str) -> None:
        why: Any = {"reason_code": "late", "initiator": "shop"}
        self.send(c.ChangeStatus(**who(), to_status=status, **why))

    @rule(through=st.sampled_from(["packed", "sent", "back", "confirmed"]))
    def reserve_and_go_on(self, through: str) -> None:
        self.move("confirmed")
        self.move(through)

    @rule(status=st.sampled_from(["done", "cancelled"]))
    def finish(self, status: str) -> None:
        self.move(status)

    @rule(data=st.data(), quantity=st.integers(1, 3))
    def move_pieces(self, data: st.DataObject, quantity: int) -> None:
        there = [
            (item_id, way)
            for item_id, item in self.world.order.items.items()
            for way in sorted(ITEM_MOVES)
            if way[0] in item.pieces
        ]
        if there:
            item_id, way = data.draw(st.sampled_from(there))
            self.bring_pieces(item_id, way, quantity)

    @rule(
        item=st.sampled_from(["1", "2", "3"]),
        journey=st.sampled_from(JOURNEYS),
        quantity=st.integers(1, 2),
    )
    def travel(self, item: str, journey: tuple[str, ...], quantity: int) -> None:
        for way in pairwise(journey):
            self.bring_pieces(item, way, quantity)

    def bring_pieces(self, item_id: str, way: tuple[str, str], quantity: int) -> None:
        source, target = way
        command = c.MoveItem(
            **who(),
            item_id=item_id,
            quantity=quantity,
            from_status=source,
            to_status=target,
            reason_code="late",
        )
        self.send(command)

    @rule(item=st.sampled_from(["1", "5"]), quantity=st.integers(1, 5))
    def want_more_or_fewer(self, item: str, quantity: int) -> None:
        before = self.world.order.items.get(item)
        if before is not None:
            self.send(c.ChangeItem(**who(), item_id=item, quantity=quantity))
            after = self.world.order.items[item]
            if after.line.quantity < before.line.quantity:
                had = after.live_quantity - after.pieces.get("returned", 0)
                assert had == quantity, "fewer than were asked for"
        else:
            line = LINES[1].model_copy(update={"item_id": item, "quantity": quantity})
            self.send(c.AddItem(**who(), line=line))

    @rule(item=st.sampled_from(["1", "2", "3"]))
    def cancel_pieces(self, item: str) -> None:
        self.send(c.CancelItem(**who(), item_id=item, quantity=1, reason_code="late"))

    @rule(pieces=st.dictionaries(st.sampled_from(["1", "2", "3"]), st.integers(1, 2), min_size=1))
    def pack(self, pieces: dict[str, int]) -> None:
        for item, quantity in pieces.items():
            for source in ("ordered", "reserved"):
                self.bring_pieces(item, (source, "assembled"), quantity)
        self.send(c.CreateShipment(**who(), carrier="DHL", pieces=pieces))

    @rule(
        number=st.integers(1, 3),
        status=st.sampled_from(get_args(Reached)),
        by=st.sampled_from(["user", "api_key"]),
    )
    def bring(self, number: int, status: Reached, by: ActorKind) -> None:
        told = {**who(), "actor": actor(by), "shipment_id": f"shipment-{number}"}
        self.send(c.MoveShipment(**told, to_status=status))

    @rule(
        pieces=st.integers(1, 2),
        steps=st.sampled_from(
            [("handed_over", "cancelled"), ("handed_over", "returned"), ("returned",), ("lost",)]
        ),
    )
    def send_in_vain(self, pieces: int, steps: tuple[Reached, ...]) -> None:
        self.bring_pieces("1", ("ordered", "assembled"), pieces)
        self.send(c.CreateShipment(**who(), shipment_id="s", carrier="DHL", pieces={"1": pieces}))
        for reached in steps:
            told = {**who(), "actor": actor("api_key"), "shipment_id": "s"}
            self.send(c.MoveShipment(**told, to_status=reached))

    @rule()
    def reserve(self) -> None:
        self.send(c.ReserveItems(**who()))

    @rule()
    def expire(self) -> None:
        self.now += timedelta(days=2)
        self.send(c.ExpireReservations(**who()))

    @rule()
    def pay(self) -> None:
        self.send(c.ChargePayment(**who(), method="card", currency="EUR"))

    @rule(sku=st.sampled_from(SKUS), location=st.sampled_from(LOCATIONS), n=st.integers(1, 4))
    def receive(self, sku: str, location: str, n: int) -> None:
        self.send(
            ReceiveStock(command_id=uuid4(), actor=actor(), sku=sku, location=location, quantity=n)
        )

    @invariant()
    def order_and_stocks_tell_the_same(self) -> None:
        if not hasattr(self, "world"):
            return
        told = {
            (item_id, location): pieces
            for item_id, kept in self.world.order.goods.items()
            for location, pieces in kept.parts.items()
        }
        held = {
            (item_id, location): reservation.quantity
            for sku in SKUS
            for location in LOCATIONS
            for item_id, reservation in self.world.state(f"stock-{location}:{sku}")
            .reserved_for(ORDER_ID)
            .items()
        }
        assert told == held

    @invariant()
    def a_finished_order_keeps_nothing(self) -> None:
        if hasattr(self, "world") and self.world.order.status in ("done", "cancelled"):
            assert all(not kept.parts for kept in self.world.order.goods.values())

    @invariant()
    def pieces_are_never_fewer_than_none(self) -> None:
        if hasattr(self, "world"):
            for item in self.world.order.items.values():
                assert sum(item.pieces.values()) == item.line.quantity
                assert all(pieces > 0 for pieces in item.pieces.values())


class OneOrder(Shop):
    """The same, with items that facts tell of, and counts that find too few."""

    @rule(item=st.sampled_from(["1", "4"]), sku=st.sampled_from(SKUS), quantity=st.integers(1, 4))
    def tell_of_an_item(self, item: str, sku: str, quantity: int) -> None:
        line = LINES[0].model_copy(update={"item_id": item, "sku": sku, "quantity": quantity})
        self.told_of.add(item)
        fact = c.ItemFact(fact_id=uuid4(), occurred_at=self.now + timedelta(minutes=9), line=line)
        by = {"actor": actor("import")}
        self.send(c.RecordFacts(**who() | by, path="shop", facts=(fact,)))

    @rule(data=st.data())
    def annul(self, data: st.DataObject) -> None:
        told = [*self.world.order.correctable]
        if told:
            wrong = data.draw(st.sampled_from(told))
            self.send(c.CorrectFact(**who(), version=wrong, reason="Wrong"))

    @rule(sku=st.sampled_from(SKUS), counted=st.integers(0, 3))
    def count(self, sku: str, counted: int) -> None:
        self.send(
            AdjustStock(
                command_id=uuid4(), actor=actor(), sku=sku, counted=counted, reason_code="counted"
            )
        )

    @invariant()
    def what_is_reserved_is_kept_or_has_left(self) -> None:
        if hasattr(self, "world") and self.world.order.status not in ("done", "cancelled"):
            for item_id, item in self.world.order.items.items():
                kept = self.world.order.goods.get(item_id)
                if item_id not in self.told_of:
                    there = kept.quantity + kept.committed if kept else 0
                    assert item.pieces.get("reserved", 0) <= there

    @invariant()
    def shipments_hold_no_piece_that_is_elsewhere(self) -> None:
        """A fact is never refused, also one that leaves fewer pieces than were packed: the
        shipment is right again with its next step. No decision does that.
        """
        if hasattr(self, "world"):
            shipments = self.world.order.shipments.values()
            for item_id, item in self.world.order.items.items():
                if item_id in self.told_of:
                    continue
                packed = held(shipments, item_id, (PLANNED,))
                assert packed <= item.pieces.get("assembled", 0)
                assert held(shipments, item_id, ON_THE_WAY) <= item.pieces.get("shipped", 0)


class EveryPiece(Shop):
    """The same, and somebody follows every piece for himself."""

    def send(self, command: Command) -> None:
        stored = len(self.world.stored)
        super().send(command)
        told = [one.event for _, one in self.world.stored[stored:]]
        by_carrier = isinstance(command, c.MoveShipment) and command.actor.kind == "api_key"
        expiring = isinstance(command, c.ExpireReservations)
        if not hasattr(self, "pieces"):
            self.pieces = Pieces(self.world.paths["shop", 1])
        if isinstance(command, ReceiveStock):
            self.pieces.shelf[command.sku] += command.quantity
        self.pieces.see(told, expiring=expiring, told=by_carrier)

    @rule(sku=st.sampled_from(SKUS), location=st.sampled_from(LOCATIONS), n=st.integers(-3, 3))
    def count(self, sku: str, location: str, n: int) -> None:
        """Pieces that nobody wanted are found, or are not there."""
        free = self.level(sku, location).available
        self.pieces.shelf[sku] += max(n, -free)
        if max(n, -free):
            who_counts = {"command_id": uuid4(), "actor": actor(), "reason_code": "counted"}
            found = {"sku": sku, "location": location, "difference": max(n, -free)}
            self.send(AdjustStock(**who_counts, **found))

    def level(self, sku: str, location: str) -> Level:
        stock = self.world.state(f"stock-{location}:{sku}")
        assert isinstance(stock, Stock)
        return stock.level

    @invariant()
    def the_books_have_what_lies_on_the_shelves(self) -> None:
        if hasattr(self, "pieces"):
            for sku in SKUS:
                levels = [self.level(sku, location) for location in LOCATIONS]
                assert sum(level.on_hand for level in levels) == self.pieces.shelf[sku]
                assert sum(level.reserved for level in levels) == self.pieces.kept(sku)
                assert sum(level.available for level in levels) == self.pieces.in_stock(sku)

    @invariant()
    def the_order_says_where_its_pieces_are(self) -> None:
        if hasattr(self, "pieces"):
            for item_id, item in self.world.order.items.items():
                mine = [one for one in self.pieces.pieces if one.item_id == item_id]
                assert Counter(one.status for one in mine) == item.pieces
                kept = self.world.order.goods.get(item_id) or Kept(item.line.sku, {})
                gone = sum(one.place in ("written off", "away") for one in mine)
                assert kept.committed == gone


OneOrder.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
EveryPiece.TestCase.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
TestOneOrder, TestEveryPiece = OneOrder.TestCase, EveryPiece.TestCase
