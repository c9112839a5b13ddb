"""Laws of the read models: they say what the aggregate says, and the order in which facts came
is nowhere to be seen in them. Everything goes through the real pipeline and log.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.messages import Command
from domain.orders import commands as c
from domain.orders.deadlines import standing
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.paths.commands import PublishPath
from infra.postgres import connect
from projections.builds import Build, create_build
from projections.catalog import PROJECTIONS
from projections.sessions import transaction
from services.follower import Follower
from tests.integration.projections.world import Rows, World, open_world
from tests.support.examples import COMMANDS, NEXT_PATH, NOW, PATH, actor, fact_id
from tests.support.strategies import (
    any_command,
    corrections,
    facts_with,
    imported,
    item_commands,
    item_facts,
    records,
    sequences,
    snoozes,
)

EXAMPLES = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
LATER = NOW + timedelta(days=1)  # nothing that the strategies draw is still to come then
EVER = "'9999-01-01'"  # all is recorded by then; but being a moment, it is asked of the entries
_EARLIEST_FACTS = 2**64  # each order's facts have ids of their own, in the same order

# A path that orders are migrated to: its first version is not like the one of the shop.
OLD_DEPOT, DEPOT = (
    PublishPath(
        command_id=UUID(int=1), actor=actor(), definition=path.model_copy(update={"path": "depot"})
    )
    for path in (NEXT_PATH, PATH)
)

numbers = count(1)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        opened.send(OLD_DEPOT, DEPOT)
        yield opened


@pytest.fixture
def replay(world: World) -> dict[str, Build]:
    """Second tables of each read model, which no follower feeds."""
    with transaction(world.lend) as tx:
        head = world.log.head()
        return {p.name: create_build(tx, p, "scratch", head) for p in PROJECTIONS}


class Case:
    """One order of an example, with ids that no other example uses."""

    def __init__(self) -> None:
        self.number = next(numbers)
        self.order_id = UUID(int=self.number * 2**96)

    def own(self, command: Command) -> Command:
        """Turn a command about the strategies' order into one about this order."""
        update: dict[str, Any] = {"order_id": self.order_id}
        if isinstance(command, c.RecordFacts):
            update["facts"] = tuple(
                fact.model_copy(update={"fact_id": self.own_id(fact.fact_id)})
                for fact in command.facts
            )
        return command.model_copy(update=update)

    def neutral(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Give a row as if it were of any example's order."""
        return {
            name: UUID(int=value.int % _EARLIEST_FACTS)
            if name in ("order_id", "fact_id", "placed_fact_id", "key_fact_id") and value
            else value
            for name, value in row.items()
        }

    def own_id(self, fact: UUID) -> UUID:
        return UUID(int=self.number * _EARLIEST_FACTS + fact.int)

    def rows(self, tables: Mapping[str, Rows]) -> dict[str, list[dict[str, Any]]]:
        return {
            table: sorted((self.neutral(row) for row in found
                           if row.get("order_id") == self.order_id), key=repr)
            for table, found in tables.items()
        }  # fmt: skip


def chunked(facts: Sequence[c.Fact], sizes: Sequence[int]) -> list[Command]:
    commands: list[Command] = []
    left = list(facts)
    for size in [*sizes, len(left)]:
        if left[:size]:
            commands.append(records(*left[:size]))
            left = left[size:]
    return commands


told = st.fixed_dictionaries(
    {
        "external_id": st.sampled_from([None, "A-1", "A-2"]),
        "customer_id": st.sampled_from([None, None, "c-1", "c-2"]),
        "actor": st.sampled_from([None, "Olga"]),
    }
)


_TELLING = (c.PlacedFact, c.StatusFact, c.PaymentFact)


def _with(fact: c.Fact, more: dict[str, Any]) -> c.Fact:
    """Add what a source may tell beside."""
    return fact.model_copy(update=more) if isinstance(fact, _TELLING) else fact


@st.composite
def two_arrivals(draw: st.DrawFn) -> tuple[list[Command], list[Command]]:
    ids = draw(st.lists(st.integers(1, 60), min_size=1, max_size=12, unique=True))
    facts = [draw(facts_with(st.just(fact_id(number)))) for number in ids]
    facts = [_with(fact, draw(told)) for fact in facts]
    shuffled = draw(st.permutations(facts))
    sizes = st.lists(st.integers(1, 5), max_size=4)
    return chunked(facts, draw(sizes)), chunked(shuffled, draw(sizes))


@EXAMPLES
@given(arrivals=two_arrivals(), batch_events=st.integers(1, 9))
def test_the_same_facts_in_any_order_give_identical_tables(
    world: World, arrivals: tuple[list[Command], list[Command]], batch_events: int
) -> None:
    world.now = LATER
    cases = Case(), Case()
    for case, commands in zip(cases, arrivals, strict=True):
        for outcome in world.send(*(case.own(command) for command in commands)):
            assert outcome.kind == "accepted", outcome.unmet
        world.follower(batch_events).catch_up()

    tables = world.tables(arrival=False)

    assert cases[0].rows(tables) == cases[1].rows(tables)


Step = c.RecordFacts | c.Fact  # facts are told, or one that was told is annulled


@st.composite
def corrected_arrivals(draw: st.DrawFn) -> tuple[list[Step], list[Step], list[c.Fact]]:
    """Draw facts, some of them wrong, two ways in which all arrive, and those that are right."""
    ids = draw(st.lists(st.integers(1, 60), min_size=1, max_size=10, unique=True))
    facts = [_with(draw(facts_with(st.just(fact_id(number)))), draw(told)) for number in ids]
    wrong = draw(st.lists(st.sampled_from(facts), unique=True, max_size=5))
    ways = []
    for _ in range(2):
        steps: list[Step] = []
        left, known = list(wrong), list[c.Fact]()
        for command in chunked(draw(st.permutations(facts)), draw(st.lists(st.integers(1, 4)))):
            assert isinstance(command, c.RecordFacts)
            steps.append(command)
            known += command.facts
            for fact in [one for one in left if one in known]:
                if draw(st.booleans()):
                    left.remove(fact)
                    steps.append(fact)
        ways.append([*steps, *left])
    return ways[0], ways[1], [fact for fact in facts if fact not in wrong]


def take(world: World, case: Case, step: Step) -> None:
    """Tell facts, or annul one that was told."""
    command: Command
    if isinstance(step, c.RecordFacts):
        command = case.own(step)
    else:
        stream = stream_of(case.order_id)
        happened = world.pipeline_log.load({stream: 0})[stream]
        (told_as,) = (h.version for h in happened if h.fact_id == case.own_id(step.fact_id))
        command = c.CorrectFact(
            command_id=UUID(int=1), actor=actor(), order_id=case.order_id, version=told_as,
            reason="Wrong",
        )  # fmt: skip
    (outcome,) = world.send(command)
    assert outcome.kind == "accepted", outcome.unmet


@EXAMPLES
@given(arrived=corrected_arrivals(), batch_events=st.integers(1, 9), every=st.integers(1, 5))
def test_d5_the_same_facts_and_corrections_in_any_order_give_identical_tables(
    world: World,
    arrived: tuple[list[Step], list[Step], list[c.Fact]],
    batch_events: int,
    every: int,
) -> None:
    world.now = LATER
    way, other_way, right = arrived
    only_right: list[Step] = [records(*right)] if right else []
    cases = [Case(), Case(), Case()]
    for case, steps in zip(cases, [way, other_way, only_right], strict=True):
        for number, step in enumerate(steps):
            take(world, case, step)
            if number % every == 0:
                world.follower(batch_events).catch_up()
    world.follower(batch_events).catch_up()

    tables = world.tables(arrival=False)
    one, other, never = (case.rows(tables) for case in cases)

    assert one == other
    assert what_counts(one) == what_counts(never)


COUNTING = (
    "orders.orders", "orders.placements", "items.items", "items.order_totals", "items.tellings",
    "status_visits.visits", "status_visits.standings",
)  # fmt: skip
# What an order is found by, and the path that it is pinned to, stay when facts are annulled.
STAYING = frozenset(
    {"path", "path_version", "external_id", "told_external_id", "customer_id", "told_customer_id"}
)


def what_counts(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Give the rows that show what is so, not what was once told."""
    shown = {table: rows[table] for table in COUNTING}
    blank = {"test": False, "details_changed": []}
    orders = [
        {name: value for name, value in row.items() if name not in STAYING}
        for row in shown["orders.orders"]
    ]
    shown["orders.orders"] = [
        row
        for row in orders
        if any(v is not None for k, v in row.items() if k != "order_id" and blank.get(k) != v)
    ]
    return shown


@st.composite
def followed_in_pieces(draw: st.DrawFn) -> list[tuple[list[Command], int]]:
    """Draw what happens to one order, in pieces: after each a follower applies so many events
    at a time. Two files tell of it, each with a path of its own; some facts are taken back."""
    told_by = st.sampled_from(["shop", "depot"])
    ids = st.lists(st.integers(1, 60).map(fact_id), min_size=1, max_size=5)
    pieces = []
    for _ in range(draw(st.integers(1, 6))):
        facts = [_with(draw(facts_with(st.just(one))), draw(told)) for one in draw(ids)]
        commands: list[Command] = [records(*facts).model_copy(update={"path": draw(told_by)})]
        commands += draw(
            st.lists(st.one_of(any_command, item_facts, corrections, snoozes), max_size=3)
        )
        pieces.append((draw(st.permutations(commands)), draw(st.integers(1, 5))))
    return pieces


@EXAMPLES
@given(pieces=followed_in_pieces())
def test_incremental_equals_rebuilt_wherever_batches_begin_and_end(
    world: World, replay: dict[str, Build], pieces: list[tuple[list[Command], int]]
) -> None:
    case = Case()
    world.now = LATER
    for commands, batch_events in pieces:
        world.now += timedelta(minutes=1)
        world.send(*(case.own(command) for command in commands))
        world.follower(batch_events).catch_up()

    for build in replay.values():
        Follower(world.projector(driver=None, build=build.build), world.log).catch_up()

    assert case.rows(world.tables()) == case.rows(world.tables(replay))


scripts = st.one_of(
    sequences(any_command),
    sequences(
        item_commands,
        item_facts,
        corrections,
        first=st.one_of(imported, st.just(COMMANDS["order.place"])),
    ),
)


@EXAMPLES
@given(script=scripts, batch_events=st.integers(1, 9))
def test_the_read_models_say_what_the_aggregate_says(
    world: World, script: list[tuple[int, Command]], batch_events: int
) -> None:
    case = Case()
    world.now = LATER
    for seconds, command in script:
        world.now += timedelta(seconds=seconds)
        world.send(case.own(command))
    world.follower(batch_events).catch_up()

    order = aggregate(world, case.order_id)
    row = one_order(world, case.order_id)

    if order.version == 0:
        assert row is None
        return
    assert row is not None
    assert row["status"] == order.status
    assert (row["path"], row["path_version"]) == (order.path or None, order.path_version or None)
    assert row["total_minor"] == order.due_minor
    assert row["placed_at"] == (order.placed_by[1][0] if order.placed_by else None)
    assert row["items"] == len(order.items)
    assert pieces(world, case.order_id) == {
        item_id: (item.line.quantity, item.pieces, item.currency)
        for item_id, item in order.items.items()
    }
    assert row["items_status"] == order.items_status
    assert row["payment_status"] == order.payment_status
    assert row["currency"] == order.currency
    assert row["other_currencies"] == other_currencies(order)
    assert row["paid_minor"] == order.balance.paid_minor
    assert row["due_minor"] == order.owed_minor
    assert row["charged_back_minor"] == order.balance.charged_back_minor
    assert row["refund_status"] == order.refund_status
    assert row["granted_minor"] == order.balance.granted_minor
    assert row["to_refund_minor"] == order.balance.to_refund_minor
    assert (row["owner_user"], row["owner_group"]) == (order.owner_user, order.owner_group)
    assert row["test"] == order.test
    assert row["promised_at"] == order.field_value("promised_at")
    assert row["delivery_method"] == order.field_value("delivery_method")
    assert row["visits"] == (len(order.timeline) or None)
    assert shipments_of(world, case.order_id) == {
        one.shipment_id: (one.carrier, one.track_number, one.status, one.pieces)
        for one in order.shipments.values()
    }
    assert documents_of(world, case.order_id) == {
        one.document_id: (one.kind, one.series, one.number, one.status, one.total_minor)
        for one in order.documents.values()
    }


def shipments_of(world: World, order_id: UUID) -> dict[str, tuple[Any, ...]]:
    rows = world.query(
        "select shipment_id, carrier, track_number, status, coalesce(pieces, '{}')"
        " from live.shipments where order_id = %s",
        order_id,
    )
    return {shipment_id: tuple(row) for shipment_id, *row in rows}


def pieces(world: World, order_id: UUID) -> dict[str, tuple[int, dict[str, int], str | None]]:
    text = "select item_id, quantity, pieces, currency from live.items where order_id = %s"
    return {item_id: tuple(row) for item_id, *row in world.query(text, order_id)}


def documents_of(world: World, order_id: UUID) -> dict[str, tuple[Any, ...]]:
    rows = world.query(
        "select document_id, kind, series, number, status, total_minor"
        " from analytics.documents where order_id = %s",
        order_id,
    )
    return {document_id: tuple(row) for document_id, *row in rows}


def other_currencies(order: Order) -> list[str] | None:
    return sorted({entry.currency for entry in order.ledger} - {order.currency}) or None


@EXAMPLES
@given(script=sequences(any_command, snoozes), cut=st.integers(1, 20))
def test_visits_are_the_timeline_and_the_function_of_all_times_gives_the_same(
    world: World, script: list[tuple[int, Command]], cut: int
) -> None:
    case = Case()
    world.now = LATER
    for number, (seconds, command) in enumerate(script):
        world.now += timedelta(seconds=seconds)
        world.send(case.own(command))
        if number == cut:
            world.catch_up()
    world.catch_up()

    order = aggregate(world, case.order_id)
    visits = stays(world, "analytics.status_visits", case.order_id)
    assert visits == stays(world, "analytics.status_visits_at()", case.order_id)
    assert visits == stays(world, f"analytics.status_visits_at(as_known => {EVER})", case.order_id)
    if not order.test:
        entered = [(entry.key[0], entry.status) for entry in order.timeline]
        assert [(visit["entered_at"], visit["status"]) for visit in visits] == entered
        left = [at for at, _ in entered[1:]]
        assert [visit["left_at"] for visit in visits] == [*left, None][: len(visits)]
        assert not visits or visits[-1]["due_at"] == limit_of(order)


def limit_of(order: Order) -> datetime | None:
    """Say when the limit ends of the stay in which the order is."""
    return next((one.at for one in standing(order) if one.level == "due"), None)


@EXAMPLES
@given(script=sequences(any_command, snoozes))
def test_the_past_by_what_is_known_now_is_the_past_derived_from_the_entries(
    world: World, script: list[tuple[int, Command]]
) -> None:
    case = Case()
    world.now = LATER
    for seconds, command in script:
        world.now += timedelta(seconds=seconds)
        world.send(case.own(command))
    world.catch_up()

    visits = stays(world, "analytics.status_visits", case.order_id)
    moments = {visit[name] for visit in visits for name in ("entered_at", "taken_up_at")} - {None}
    moments |= {at for (at,) in world.query("select occurred_at from live.snoozes")}
    for moment in sorted(moments | {at - timedelta(microseconds=1) for at in moments}):
        assert not world.query(differing("status_visits_at"), *[moment] * 4)
        assert not world.query(differing("stale_orders_at"), *[moment] * 4)


def differing(function: str) -> str:
    """Ask for the rows that a function of the past gives from the read model or from the entries
    alone."""
    known_now, derived = f"analytics.{function}(%s)", f"analytics.{function}(%s, {EVER})"
    return (
        f"(table {known_now} except all table {derived}) union all"
        f" (table {derived} except all table {known_now})"
    ).replace("table ", "select * from ")


@EXAMPLES
@given(
    script=sequences(any_command),
    moments=st.lists(st.integers(-700, 90_000), min_size=1, max_size=3),
)
def test_now_is_in_minus_out_for_every_status_at_any_date(
    world: World, script: list[tuple[int, Command]], moments: list[int]
) -> None:
    case = Case()
    world.now = LATER
    for seconds, command in script:
        world.now += timedelta(seconds=seconds * 900)
        world.send(case.own(command))
    world.catch_up()

    for moment in moments:
        end_of_day = (NOW + timedelta(seconds=moment * 30)).replace(hour=23, minute=59, second=59)
        assert flow_until(world, end_of_day) == standing_at(world, end_of_day)
    assert flow_until(world, datetime.max.replace(tzinfo=NOW.tzinfo)) == dict(
        world.query("select status, sum(orders)::bigint from analytics.funnel_now group by 1")
    )


def flow_until(world: World, moment: datetime) -> dict[str, int]:
    rows = world.query(
        "select distinct on (path, stage, status) status, now from analytics.funnel_flow"
        " where day <= (%s::timestamptz at time zone 'UTC')::date"
        " order by path, stage, status, day desc",
        moment,
    )
    totals = world.query(
        "select status, sum(entered) - sum(departed) from analytics.funnel_flow"
        " where day <= (%s::timestamptz at time zone 'UTC')::date group by status",
        moment,
    )
    assert dict(rows) == {s: int(n) for s, n in totals}
    return {status: now for status, now in rows if now}


def standing_at(world: World, moment: datetime) -> dict[str, int]:
    return dict(
        world.query(
            "select status, count(*) from analytics.status_visits_at(%s) where is_current"
            " group by 1",
            moment,
        )
    )


def aggregate(world: World, order_id: UUID) -> Order:
    order = Order()
    stream = stream_of(order_id)
    for event in world.pipeline_log.load({stream: 0})[stream]:
        order = order.evolve(event)
    return order


def one_order(world: World, order_id: UUID) -> dict[str, Any] | None:
    with connect(world.url, role="orderpath_analyst") as connection:
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        return cursor.execute(
            "select * from analytics.orders where order_id = %s", [order_id]
        ).fetchone()


def stays(world: World, source: str, order_id: UUID) -> list[dict[str, Any]]:
    with connect(world.url, role="orderpath_analyst") as connection:
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        text = "select * from " + source + " where order_id = %s order by 1, 2"  # noqa: S608 - names of our own tables
        return cursor.execute(text.encode(), [order_id]).fetchall()
