"""What is said to be allowed is what then happens, for any path, order and role (R3, D2)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.customers.events import CustomerCreated, TagAdded
from domain.facts import Facts
from domain.messages import Actor, Command, Event
from domain.orders import commands as c
from domain.orders.allowed import Move, list_fields, list_moves
from domain.orders.context import Situation
from domain.orders.events import Customer
from domain.orders.fields import FIELDS, RIGHTS
from domain.orders.items import ITEM_MOVES
from domain.orders.stocks_read import stocks_of
from domain.paths.calendar_line import PublishCalendar
from domain.paths.calendars import Calendar
from domain.paths.path import OrderPath
from domain.refusals import Refusal, Unmet
from domain.stock.events import StockReceived
from tests.support.examples import NOW, ORDER_ID, TEA
from tests.support.spec import World
from tests.support.spec import given as history

ROLES = ("manager", "warehouse", "lead")
CODES = ("a", "b", "c", "d", "e")
PIECES = ("ordered", "reserved", "assembled", "shipped", "delivered", "returned")
CONDITIONS = (
    "order.paid_minor >= order.total_minor",
    "items.all(i, i.reserved == i.quantity)",
    "'lead' in actor.roles",
    "order.status == 'a' || order.items_status == 'ordered'",
    "1000 / order.paid_minor > 1",
    "'vip' in customer.tags",
    "customer.customer_id == '' || 'bad' in customer.marks",
)
EFFECTS = (
    {"stock": "reserve"},
    {"stock": "commit"},
    {"stock": "release"},
    {"items": {"to": "reserved"}},
    {"items": {"to": "assembled"}},
    {"items": {"to": "shipped"}},
    {"documents": ["invoice"]},
)
LIMITS = ({"wall": "1h"}, {"working": "2h"}, {"working": "300h", "warn": "50%"})
HOURS = ("00:00-24:00", "09:00-18:00", "00:00-00:01")  # of Monday, in the calendars
some_roles = st.lists(st.sampled_from(ROLES), max_size=2, unique=True)


@st.composite
def paths(draw: st.DrawFn) -> OrderPath:
    codes = CODES[: draw(st.integers(2, 5))]
    code = st.sampled_from(codes)
    statuses = {
        one: {"stage": "s"}
        | draw(
            st.sampled_from(
                [{}, {}, {"final": "failure"}, {"final": "success"}, {"pauses_clock": True}]
            )
        )
        | draw(st.sampled_from([{}, {}, *({"limit": limit} for limit in LIMITS)]))
        | draw(st.sampled_from([{}, {}, *({"on_enter": effect} for effect in EFFECTS)]))
        | ({"active": False} if one != codes[0] and draw(st.integers(0, 9)) == 0 else {})
        for one in codes
    }
    guards = st.builds(
        lambda when: {"code": "not_yet", "when": when, "message": "Not yet"},
        st.sampled_from(CONDITIONS),
    )
    moves = st.fixed_dictionaries(
        {"from": st.one_of(code, st.just("*")), "to": code, "roles": some_roles},
        optional={
            "require": st.lists(
                st.sampled_from(["reason_code", "initiator", "reason"]), unique=True
            ),
            "reasons": st.just(["late", "broken"]),
            "override": st.booleans(),
            "approval": st.fixed_dictionaries(
                {"by": st.just(["lead"])}, optional={"not_self": st.booleans()}
            ),
            "guards": st.lists(guards, max_size=2),
        },
    )
    rights = st.fixed_dictionaries(
        {},
        optional={"edit": some_roles, "never": some_roles, "closed_in": st.lists(code, max_size=2)},
    )
    ways = st.fixed_dictionaries(
        {
            "way": st.sampled_from(sorted(ITEM_MOVES)),
            "roles": some_roles,
        }
    ).map(lambda rule: {"from": rule["way"][0], "to": rule["way"][1], "roles": rule["roles"]})
    path = OrderPath.model_validate(
        {
            "path": "random",
            "calendar": "shop",
            "stages": ["s"],
            "statuses": statuses,
            "initial": [
                *draw(
                    st.lists(
                        st.builds(
                            lambda when: {"status": codes[0], "when": when},
                            st.sampled_from(CONDITIONS),
                        ),
                        max_size=1,
                    )
                ),
                {"status": codes[0]},
            ],
            "transitions": draw(st.lists(moves, max_size=8)),
            "stock": {"locations": ["main", "away"], "partial": draw(st.booleans())},
            "fields": draw(st.dictionaries(st.sampled_from(RIGHTS), rights, max_size=3)),
            "items": {"transitions": draw(st.lists(ways, max_size=4))},
        }
    )
    return path.model_validate(path.content | {"follow": draw(follows(path))})


@st.composite
def follows(draw: st.DrawFn, path: OrderPath) -> list[dict[str, str]]:
    """Moves that orders may make by themselves, none of them back."""
    moves = [
        {"items": draw(st.sampled_from(PIECES)), "from": source, "to": target}
        for (source, target), rule in path.matrix.items()
        if source < target and rule.approval is None and not rule.override
    ]
    return draw(st.lists(st.sampled_from(moves), max_size=3)) if moves else []


def who(roles: list[str], by: str = "ann") -> dict[str, Any]:
    actor = Actor(kind="user", id=by, roles=tuple(roles))
    return {"command_id": uuid4(), "actor": actor, "order_id": ORDER_ID}


def calendar(hours: str) -> PublishCalendar:
    """Hours of one day a week."""
    definition = {"calendar": "shop", "zone": "UTC", "hours": {"mon": [hours]}}
    by = {"command_id": uuid4(), "actor": Actor(kind="user", id="boss")}
    return PublishCalendar(**by, definition=Calendar.model_validate(definition))


def start(path: OrderPath, pieces: int) -> World:
    """An order of three pieces, and a stock that may have fewer."""
    received = [StockReceived(quantity=pieces)] if pieces else []
    known: list[Event] = [CustomerCreated(customer_id="c-7", name="Anna"), TagAdded(tag="vip")]
    website = {"actor": Actor(kind="api_key", id="website")}  # Prices are what it says.
    customer = Customer(customer_id="c-7")
    placed = c.PlaceOrder(
        **who([]) | website, path="random", currency="EUR", lines=(TEA,), customer=customer
    )
    world = history(calendar(HOURS[0]), *received, *known, paths=[path]).world
    found = after(world, placed)
    return found if isinstance(found, World) else world


def start_without_status(path: OrderPath, pieces: int) -> World:
    """The same order, told by an import, after all that told of its status was annulled."""
    told = {**who([]), "actor": Actor(kind="import", id="old-shop")}
    when = {"occurred_at": NOW - timedelta(days=1)}
    facts = (
        c.PlacedFact(fact_id=uuid4(), **when, status=CODES[0], currency="EUR"),
        c.ItemFact(fact_id=uuid4(), **when, line=TEA),
    )
    received = [StockReceived(quantity=pieces)] if pieces else []
    return history(
        calendar(HOURS[0]),
        *received,
        c.RecordFacts(**told, path="random", facts=facts),
        c.CorrectFact(**who([]), version=1, reason="Of another shop"),
        paths=[path],
    ).world


@st.composite
def steps(draw: st.DrawFn) -> Command:
    """What may happen between two looks at what is allowed."""
    way = draw(st.sampled_from(sorted(ITEM_MOVES)))
    move = {"item_id": "1", "from_status": way[0], "to_status": way[1], "reason_code": "late"}
    roles = draw(some_roles)
    return draw(
        st.sampled_from(
            [
                c.MoveItem(**who(roles), **move, quantity=draw(st.integers(1, 3))),
                c.ReserveItems(**who(roles)),
                c.ChargePayment(**who(roles), method="card", currency="EUR"),
                calendar(draw(st.sampled_from(HOURS))),
            ]
        )
    )


def after(world: World, command: Command, now: datetime = NOW) -> World | tuple[Unmet, ...]:
    """Give the world after the command, or what stands against it."""
    following = World(dict(world.states), [], world.paths)
    try:
        following.run(command, now)
    except Refusal as refusal:
        return refusal.unmet
    return following


def seen(world: World, path: OrderPath, roles: list[str], now: datetime = NOW) -> Situation:
    """Look at an order as services.reading does."""
    actor = Actor(kind="user", id="ann", roles=tuple(roles))
    order = world.order
    customer = world.state(f"customer-{order.subject_id}") if order.subject_id else None
    facts = Facts(
        calendars={name: world.state(f"calendar-{name}").calendar for name in path.calendars},
        stocks={stream: world.state(stream) for stream in stocks_of(order, path)},
        customer=customer if "customer" in path.reads else None,
    )
    return Situation(ORDER_ID, order, path, actor, max(now, order.last_occurred_at or now), facts)


def moved(move: Move, roles: list[str]) -> c.ChangeStatus:
    """Move, and say all that the move asks for."""
    words = {"reason_code": (*move.reasons, "any")[0], "initiator": "client", "reason": "because"}
    said: dict[str, Any] = {name: words[name] for name in move.asks}
    return c.ChangeStatus(**who(roles), to_status=move.to_status, **said)


@settings(max_examples=1_000)
@given(paths(), st.integers(0, 4), st.data())
def test_d2_r3_allowed_moves_are_those_that_then_succeed(
    path: OrderPath, pieces: int, data: st.DataObject
) -> None:
    world = data.draw(st.sampled_from([start, start, start_without_status]))(path, pieces)
    assume(world.order.exists)
    now = NOW
    for _ in range(3):
        now += timedelta(hours=data.draw(st.sampled_from([0, 1, 90])))
        roles = data.draw(some_roles)
        for step in data.draw(st.lists(steps(), max_size=2)):
            happened = after(world, step, now)
            world = happened if isinstance(happened, World) else world
        if data.draw(st.booleans()):
            target = data.draw(st.sampled_from(list(path.statuses)))
            agreed = after(world, c.ApproveMove(**who(["lead"], by="bob"), to_status=target), now)
            world = agreed if isinstance(agreed, World) else world
        ways = []
        for move in list_moves(seen(world, path, roles, now)):
            found = after(world, moved(move, roles), now)
            if move.is_open:
                assert isinstance(found, World)
                assert move.to_status in been_in(found, since=world)
                ways.append(found)
            else:
                assert found == move.unmet
        if not ways:
            break
        world = data.draw(st.sampled_from(ways))


def been_in(world: World, since: World) -> list[str]:
    """Where the order has been since: from where it is brought it may go on by itself."""
    return [entry.status for entry in world.order.timeline[len(since.order.timeline) :]]


@given(paths(), some_roles)
def test_an_order_without_a_status_may_be_brought_where_its_path_begins(
    path: OrderPath, roles: list[str]
) -> None:
    world = start_without_status(path, pieces=3)
    assert world.order.status is None

    stopped = ("document_missing", "stock_not_available")  # by what entering it does
    for move in list_moves(seen(world, path, roles)):
        begins = move.to_status in [initial.status for initial in path.initial]
        codes = {unmet.code for unmet in move.unmet} - set(stopped)
        assert ("transition_not_allowed" not in codes) == begins
        assert not codes or not begins


@settings(max_examples=200)
@given(paths(), some_roles, st.data())
def test_fields_that_may_be_edited_are_those_that_then_change(
    path: OrderPath, roles: list[str], data: st.DataObject
) -> None:
    world = start(path, 3)
    assume(world.order.exists)
    for move in list_moves(seen(world, path, roles)):
        if move.is_open and data.draw(st.booleans()):
            found = after(world, moved(move, roles))
            assert isinstance(found, World)
            world = found
            break
    for field in list_fields(seen(world, path, roles)):
        if field.name not in FIELDS:
            continue
        value = NOW if field.name == "promised_at" else "other"
        found = after(world, c.ChangeFields(**who(roles), **{field.name: value}))
        if field.is_open:
            assert isinstance(found, World)
            assert found.order.field_value(field.name) == value
        else:
            assert found == field.unmet


@settings(max_examples=200)
@given(paths(), some_roles)
def test_prices_and_lines_that_may_be_edited_are_those_that_then_change(
    path: OrderPath, roles: list[str]
) -> None:
    world = start(path, 3)
    assume(world.order.exists)
    asked = {
        "price": {"unit_price_minor": 501},
        "discount": {"discount_minor": 99},
        "lines": {"quantity": 4},
    }
    fields = {field.name: field for field in list_fields(seen(world, path, roles))}
    # No product says what more pieces of this article cost: only who may state prices does.
    beside = {"lines": [one for one in fields["price"].unmet if one.code != "order_finished"]}
    for name, change in asked.items():
        found = after(world, c.ChangeItem(**who(roles), item_id="1", **change))
        codes = [] if isinstance(found, World) else [one.code for one in found]
        against = [*fields[name].unmet, *beside.get(name, ())]
        assert codes == [one.code for one in against], name


@given(paths(), some_roles)
def test_a_move_that_says_nothing_is_refused_with_all_that_is_asked_and_all_else(
    path: OrderPath, roles: list[str]
) -> None:
    world = start(path, 3)
    assume(world.order.exists)
    for move in list_moves(seen(world, path, roles)):
        found = after(world, c.ChangeStatus(**who(roles), to_status=move.to_status))
        codes = [unmet.code for unmet in found] if isinstance(found, tuple) else []
        assert codes == [u.code for u in move.unmet] + [f"{name}_required" for name in move.asks]
