"""Laws of the order: whatever is asked, by whomever, in whatever order it comes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalog import EVENTS
from domain.messages import Command, Decided, Event
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.items import CANCELLED, ITEM_MOVES, ITEM_STATUSES, SHIPPABLE, UNCHARGED
from domain.orders.money import Totals
from domain.orders.order import Order
from domain.orders.shipment_events import Reached
from domain.orders.shipments import PLANNED
from domain.orders.totals import own_items, totals_of
from domain.refusals import Refusal
from tests.support import spec
from tests.support.examples import COMMANDS, NOW, ORDER_ID, PATH, actor, fact_id
from tests.support.spec import Stored, World
from tests.support.strategies import (
    any_command,
    facts_with,
    item_commands,
    known_statuses,
    payment_commands,
    record_facts,
    records,
    sequences,
    shipment_commands,
    status_commands,
)

PLACED = COMMANDS["order.place"]
CHEAP = PLACED.model_copy(update={"discount_minor": 1_400, "delivery_minor": 0, "stated": None})
ON_TOP = [one.model_copy(update={"vat_included": False, "stated": None}) for one in (PLACED, CHEAP)]
PACK = COMMANDS["order.move_item"].model_copy(update={"to_status": "assembled"})
PLACE = st.sampled_from([PLACED, CHEAP, *ON_TOP])
Script = Sequence[tuple[int, Command]]


def play(script: Script) -> Iterator[tuple[World, Command, Sequence[Event] | None]]:
    """Give the world after each command with what it brought; None: it was refused.

    Anything but a Refusal fails the test, and so does a state that decide changes (World.decide).
    """
    world, now = spec.given().world, NOW
    for seconds, command in script:
        now += timedelta(seconds=seconds)
        try:
            events: Sequence[Event] | None = world.run(command, now)
        except Refusal as refusal:
            events = None
            codes = [(u.code, u.field) for u in refusal.unmet]
            assert codes, "a refusal names at least one condition"
            assert len(set(codes)) == len(codes), "a condition is named once"
        yield world, command, events


def played(script: Script) -> World:
    *_, (world, _, _) = play(script)
    return world


def history(world: World) -> list[Stored]:
    return [stored for stream, stored in world.stored if stream.startswith("order-")]


def replayed(stored: Sequence[Stored]) -> Order:
    """Build the order from its events as they come back from the log."""
    order = Order()
    for one in stored:
        event = EVENTS[one.event.NAME].model_validate_json(one.event.model_dump_json())
        order = order.evolve(replace(one, event=event))
    return order


@given(sequences(any_command, first=PLACE))
def test_d3_replay_of_the_stored_events_gives_the_live_state(script: Script) -> None:
    world = played(script)

    assert replayed(history(world)) == world.order


@settings(max_examples=200)
@given(sequences(any_command))
def test_d2_whatever_is_asked_is_accepted_or_refused_with_reasons(script: Script) -> None:
    for world, _, events in play(script):
        own = [event for event in events or () if isinstance(event, e.ORDER_EVENTS)]
        assert world.order.version >= len(own)


@given(sequences(any_command, first=PLACE))
def test_d3_the_same_command_again_never_raises(script: Script) -> None:
    for world, command, _ in play(script):
        with suppress(Refusal):
            world.decide(command, NOW + timedelta(hours=1))


@given(sequences(status_commands, record_facts, first=PLACE))
def test_r1_no_accepted_command_makes_a_move_that_the_matrix_does_not_hold(
    script: Script,
) -> None:
    status: str | None = None
    for world, command, events in play(script):
        if isinstance(command, c.ChangeStatus | c.CancelOrder) and events:
            (moved,) = events
            assert isinstance(moved, e.StatusChanged)
            assert moved.from_status == status
            assert (moved.from_status, moved.to_status) in PATH.matrix
            assert world.order.status == moved.to_status, "what was accepted is so afterwards"
            if PATH.statuses[moved.to_status].final == "failure":
                assert moved.reason_code is not None
                assert moved.initiator is not None
        status = world.order.status


@given(sequences(item_commands, record_facts, first=PLACE))
def test_d6_the_positions_together_are_worth_the_goods_of_the_order(script: Script) -> None:
    order = played(script).order

    worth = sum(item.net_minor for item in own_items(order, order.items))
    assert worth == totals_of(order, order.items).goods_minor


@given(known_statuses, known_statuses, st.booleans())
def test_r1_every_move_of_the_matrix_is_accepted_and_no_other(
    source: str, target: str, with_roles: bool
) -> None:
    fact = c.StatusFact(fact_id=fact_id(1), occurred_at=NOW, status=source, rank=0)
    by = {"kind": "user", "id": "ann", "roles": ("warehouse", "lead") if with_roles else ()}
    rule = PATH.matrix.get((source, target))
    move = c.ChangeStatus.model_validate(
        {
            "command_id": COMMANDS["order.place"].command_id,
            "order_id": records(fact).order_id,
            "actor": by,
            "to_status": target,
            "reason": "because",
            "reason_code": "changed_mind",
            "initiator": "client",
        }
    )

    answer = spec.given(records(fact)).when(move)

    open_to_all = rule is not None and (not rule.roles or with_roles)
    assert bool(answer.events) == (open_to_all and source != target)


def obvious_payment_status(events: Sequence[Event], due: int | None) -> str:
    """Say it as one would to a child, from the events alone."""
    sums: Counter[type[Event]] = Counter()
    for event in events:
        if isinstance(event, e.PaymentSubmitted | e.PaymentEvent) and event.currency == "EUR":
            sums[type(event)] += event.amount_minor  # In others nothing of this order is paid.
    charged, back = sums[e.PaymentCharged], sums[e.PaymentChargedBack]
    held = charged - sums[e.PaymentRefunded] - back
    if due == charged == held == 0:
        return "paid"
    if held > 0:
        if held >= (due or 0):
            return "overpaid" if held > (due or 0) else "paid"
        return "partly_paid" if held == charged else "partly_refunded"
    if charged > 0:
        return "charged_back" if back else "refunded"
    if sums[e.PaymentAuthorised]:
        return "authorised"
    return "submitted" if sums[e.PaymentSubmitted] else "not_paid"


def obvious_pieces(events: Sequence[Event]) -> dict[str, Counter[str]]:
    """Count the pieces of every item by moving them one after another."""
    pieces: dict[str, Counter[str]] = {}
    for event in events:
        if isinstance(event, e.OrderPlaced):
            for line in event.lines:
                pieces[line.item_id] = Counter({"ordered": line.quantity})
        elif isinstance(event, e.ItemAdded):
            pieces[event.line.item_id] = Counter({"ordered": event.line.quantity})
        elif isinstance(event, e.ItemChanged):
            counted = pieces[event.line.item_id]
            counted["ordered"] += event.line.quantity - counted.total()
        elif isinstance(event, e.ItemStatusChanged):
            for _ in range(event.quantity):
                pieces[event.item_id][event.from_status] -= 1
                pieces[event.item_id][event.to_status] += 1
    return pieces


def obvious_items_status(pieces: dict[str, Counter[str]]) -> str:
    everything = sum(pieces.values(), Counter[str]())
    live = sorted((s for s in +everything if s != CANCELLED), key=ITEM_STATUSES.index)
    if live:
        return live[0] if len(live) == 1 else f"partly_{live[-1]}"
    return "cancelled" if everything else "none"


@settings(max_examples=200)
@given(sequences(payment_commands, item_commands, shipment_commands, status_commands, first=PLACE))
def test_d6_derived_statuses_are_a_pure_function_of_what_happened(script: Script) -> None:
    happened: list[Event] = []
    for world, _, events in play(script):
        happened += events or ()
        order, pieces = world.order, obvious_pieces(happened)

        charged = {s for counted in pieces.values() for s in +counted} - UNCHARGED
        due = order.due_minor if charged else None
        assert order.payment_status == obvious_payment_status(happened, due)
        assert {k: dict(item.pieces) for k, item in order.items.items()} == {
            k: {status: n for status, n in counted.items() if n} for k, counted in pieces.items()
        }
        assert order.items_status == obvious_items_status(pieces)


@given(sequences(item_commands, record_facts, first=PLACE))
def test_d6_no_piece_is_lost_or_takes_a_way_that_is_not_there(script: Script) -> None:
    for world, _, events in play(script):
        for item in world.order.items.values():
            assert sum(item.pieces.values()) == item.line.quantity
            assert all(n > 0 for n in item.pieces.values())
        for event in events or ():
            if isinstance(event, e.ItemStatusChanged):
                assert (event.from_status, event.to_status) in ITEM_MOVES


PACKED = st.sampled_from([PACK, PACK.model_copy(update={"quantity": 3})])


@settings(max_examples=300)
@given(
    sequences(item_commands, shipment_commands, shipment_commands, status_commands, first=PLACE),
    PACKED,
)
def test_d6_shipments_and_the_pieces_of_items_never_disagree(
    script: Script, packed: Command
) -> None:
    for world, command, events in play([script[0], (1, packed), *script[1:]]):
        order = world.order
        for item_id, item in order.items.items():
            in_status = [
                (one.status, one.item_status, one.pieces.get(item_id, 0))
                for one in order.shipments.values()
            ]
            planned = sum(n for status, _, n in in_status if status == PLANNED)
            travelling = sum(n for _, there, n in in_status if there == "shipped")

            assert planned <= sum(item.pieces.get(status, 0) for status in SHIPPABLE)
            assert travelling <= item.pieces.get("shipped", 0)
            assert planned + travelling <= item.line.quantity == sum(item.pieces.values())
        went: Counter[str] = Counter()
        for event in events or ():
            if isinstance(event, e.ItemStatusChanged) and event.shipment_id is not None:
                went[event.item_id] += event.quantity
        if went and isinstance(command, c.MoveShipment):
            shipment = order.shipments[command.shipment_id]
            assert went == {k: n for k, n in shipment.pieces.items() if n}
            if isinstance(moved := (events or ())[-1], e.ItemStatusChanged):
                assert moved.to_status == (shipment.item_status or "assembled")


@st.composite
def carrier_tales(draw: st.DrawFn) -> tuple[list[Command], list[Command]]:
    """Draw what a carrier tells of one shipment, and two ways in which it arrives."""
    tales = [
        c.MoveShipment(
            command_id=fact_id(number),
            actor=actor("api_key"),
            order_id=ORDER_ID,
            shipment_id="s-1",
            to_status=draw(st.sampled_from(get_args(Reached))),
            carrier_ref=f"scan-{number}",
            occurred_at=NOW + timedelta(minutes=draw(st.integers(3, 6))),
        )
        for number in range(draw(st.integers(1, 7)))
    ]
    again = [
        tale.model_copy(update={"command_id": fact_id(100 + number)})
        for number, tale in enumerate(draw(st.lists(st.sampled_from(tales), max_size=3)))
    ]
    one, other = (draw(st.permutations([*tales, *again])) for _ in range(2))
    return list(one), list(other)


@settings(max_examples=200)
@given(carrier_tales())
def test_d6_what_a_carrier_tells_gives_the_same_pieces_in_whatever_order_it_comes(
    ways: tuple[list[Command], list[Command]],
) -> None:
    orders = []
    for way in ways:
        world = spec.given(PLACED, PACK, COMMANDS["order.create_shipment"]).world
        for callback in way:
            world.run(callback, NOW + timedelta(hours=1))
        orders.append(world.order)
    one, other = orders

    assert one.shipments["s-1"].status == other.shipments["s-1"].status
    assert one.shipments["s-1"].pieces == other.shipments["s-1"].pieces == {"1": 2}
    assert (one.items["1"].pieces, one.due_minor) == (other.items["1"].pieces, other.due_minor)


def obvious_vat(order: Order, totals: Totals) -> Fraction:
    """Give the VAT to the last fraction: each line bears its part of the order's discount."""
    items = own_items(order, order.items)
    goods = sum(item.net_minor for item in items)
    off = Fraction(min(totals.discount_minor, goods), goods) if goods else Fraction(0)
    included = order.placed is None or order.placed.vat_included
    vat = Fraction(0)
    for item in items:
        rate = item.line.vat_bp
        vat += item.net_minor * (1 - off) * Fraction(rate, 10_000 + (rate if included else 0))
    return vat


@given(sequences(item_commands, record_facts, first=PLACE))
def test_v7_the_money_of_an_order_always_adds_up(script: Script) -> None:
    for world, _, events in play(script):
        order = world.order
        on_top = order.placed is not None and not order.placed.vat_included
        for totals in [order.totals, *(getattr(one, "totals", None) for one in events or ())]:
            if totals is not None:
                assert (
                    totals.total_minor
                    == totals.goods_minor
                    - totals.discount_minor
                    + totals.delivery_minor
                    + (totals.vat_minor if on_top else 0)
                )
        if order.totals is not None and all(i.net_minor >= 0 for i in order.items.values()):
            assert order.due_minor >= 0
            rounding = Fraction(7, 10) * len(order.items)  # half a unit, and a fifth of another
            exact = obvious_vat(order, order.totals)
            assert abs(order.totals.vat_minor - exact) <= rounding


def picture(order: Order) -> dict[str, Any]:
    """What readers see of an order: all but the marks of arrival."""
    return {
        "timeline": [(entry.key, entry.status) for entry in order.timeline],
        "status": order.status,
        "balance": order.balance,
        "payment_status": order.payment_status,
        "items": {k: (i.line, i.pieces, i.delivery_minor) for k, i in order.items.items()},
        "items_status": order.items_status,
        "due_minor": order.due_minor,
        "placed": order.placed,
        "currency": order.currency,
        "path": (order.path, order.path_version),
        "last_occurred_at": order.last_occurred_at,
        "facts": order.facts,
    }


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[c.RecordFacts], list[c.RecordFacts]]:
    """Draw facts, and two orders and slicings in which they arrive, some of them twice."""
    times = st.integers(0, 3).map(lambda minute: NOW - timedelta(minutes=minute))
    facts = [
        draw(facts_with(st.just(fact_id(number)), times))
        for number in range(draw(st.integers(1, 12)))
    ]
    ways = []
    for _ in range(2):
        again = draw(st.lists(st.sampled_from(facts), max_size=3))
        rest, slices = [*draw(st.permutations(facts)), *again], []
        while rest:
            size = draw(st.integers(1, len(rest)))
            slices.append(records(*rest[:size]))
            rest = rest[size:]
        ways.append(slices)
    return ways[0], ways[1]


@settings(max_examples=200)
@given(arrivals())
def test_d14_the_same_facts_give_the_same_order_in_whatever_order_they_come(
    ways: tuple[list[c.RecordFacts], list[c.RecordFacts]],
) -> None:
    one, other = (spec.given(*way).world.order for way in ways)

    assert picture(one) == picture(other)


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.data())
def test_d14_at_equal_time_facts_come_before_decisions(
    decisions: list[bool], data: st.DataObject
) -> None:
    world = spec.given(COMMANDS["order.place"]).world
    decided_last = "new"
    for number, is_decision in enumerate(decisions):
        status = data.draw(known_statuses)
        event: Event = e.StatusChanged(from_status="new", to_status=status)
        if is_decision:
            decided_last = status
        else:
            event = e.StatusRecorded(
                path="shop", path_version=1, to_status=status, rank=number, conforming=True
            )
        fact = None if is_decision else fact_id(number)
        world.append(history_stream(world), [Decided(event, NOW, fact)])

        assert world.order.status == decided_last


def history_stream(world: World) -> str:
    return next(stream for stream in world.states if stream.startswith("order-"))


@given(sequences(any_command, first=PLACE))
def test_v7_no_stored_amount_is_beyond_what_a_table_can_hold(script: Script) -> None:
    for _, _, events in play(script):
        for event in events or ():
            amounts = _integers(event.model_dump())
            assert all(-(2**63) <= amount < 2**63 for amount in amounts)


def _integers(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _integers(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _integers(inner)
    elif isinstance(value, int):
        yield value
