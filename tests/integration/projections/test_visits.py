"""What a visit says: who held the order, when it was taken up, whether the path allowed it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from domain.messages import Actor
from domain.orders import commands as c
from infra.postgres import connect
from tests.integration.projections.world import World
from tests.support.examples import NOW, actor, fact_id

IMPORT = Actor(kind="import", id="import")
Stay = dict[str, Any]


def visits(world: World, source: str = "analytics.status_visits") -> list[Stay]:
    world.catch_up()
    with connect(world.url, role="orderpath_analyst") as analyst:
        cursor = analyst.cursor(row_factory=psycopg.rows.dict_row)
        text = "select * from " + source + " order by order_id, visit_no"  # noqa: S608
        return cursor.execute(text.encode()).fetchall()


def record(world: World, order_id: UUID, *facts: c.Fact) -> None:
    (outcome,) = world.send(
        c.RecordFacts(command_id=uuid4(), actor=IMPORT, order_id=order_id, path="shop", facts=facts)
    )
    assert outcome.kind == "accepted", outcome.unmet


def status(number: int, minutes: int, code: str, **more: Any) -> c.StatusFact:
    at = NOW + timedelta(minutes=minutes)
    body = {"fact_id": fact_id(number), "occurred_at": at, "status": code, "rank": number}
    return c.StatusFact.model_validate(body | more)


def test_a_stay_ends_when_the_next_begins(world: World) -> None:
    order_id = world.place()
    world.move(order_id, "confirmed", "packed")

    new, confirmed, packed = visits(world)

    assert [new["status"], confirmed["status"], packed["status"]] == ["new", "confirmed", "packed"]
    assert (new["entered_at"], new["left_at"]) == (NOW, confirmed["entered_at"])
    assert new["seconds"] == 60
    assert (new["previous_status"], new["next_status"]) == (None, "confirmed")
    assert (packed["left_at"], packed["seconds"], packed["is_current"]) == (None, None, True)
    assert [stay["stage"] for stay in (new, confirmed, packed)] == ["intake", "work", "work"]
    assert (packed["actor_kind"], packed["actor_id"]) == ("user", "ann")


def test_a_late_fact_takes_its_place_in_the_past(world: World) -> None:
    order_id = UUID(int=5)
    world.now = NOW + timedelta(days=1)
    record(world, order_id, status(1, 0, "new"), status(3, 20, "packed"))
    assert [stay["nonconforming"] for stay in visits(world)] == [None, "transition_not_allowed"]

    record(world, order_id, status(2, 10, "confirmed"))

    stays = visits(world)
    assert [stay["status"] for stay in stays] == ["new", "confirmed", "packed"]
    assert [stay["conforming"] for stay in stays] == [True, True, True]
    assert [stay["seconds"] for stay in stays] == [600, 600, None]


def test_an_order_may_begin_with_any_status(world: World) -> None:
    world.now = NOW + timedelta(days=1)
    record(world, UUID(int=5), status(1, 0, "packed", actor="Olga", role="storekeeper"))

    (stay,) = visits(world)

    assert stay["nonconforming"] == "not_an_initial_status"
    assert (stay["actor_kind"], stay["actor_id"], stay["role"]) == ("import", "Olga", "storekeeper")


def test_an_annulled_fact_leaves_no_trace_but_in_what_was_known_before(world: World) -> None:
    order_id = UUID(int=5)
    world.now = NOW + timedelta(days=1)
    record(world, order_id, status(1, 0, "new"), status(2, 10, "confirmed"))
    record(world, order_id, status(3, 20, "packed"))
    (known,) = world.query("select max(recorded_at)::text from log.events")
    correction = c.CorrectFact(
        command_id=uuid4(), actor=actor(), order_id=order_id, version=2, reason="a mistake"
    )
    assert world.send(correction)[0].kind == "accepted"

    assert [stay["status"] for stay in visits(world)] == ["new", "packed"]
    as_known = visits(world, f"analytics.status_visits_at('infinity', '{known[0]}')")
    assert [stay["status"] for stay in as_known] == ["new", "confirmed", "packed"]
    assert visits(world, "analytics.status_visits_at()") == visits(world)


def test_an_order_is_taken_up_by_the_first_owner_or_act_within_the_stay(world: World) -> None:
    order_id = world.place()
    world.now += timedelta(minutes=3)
    world.send(
        c.AssignOwner(command_id=uuid4(), actor=IMPORT, order_id=order_id, user="bob"),
        c.AddNote(command_id=uuid4(), actor=IMPORT, order_id=order_id, text="nobody's act"),
    )
    world.now += timedelta(minutes=1)
    world.move(order_id, "confirmed")
    world.now += timedelta(minutes=2)
    world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="a call"))
    world.move(order_id, "packed")

    new, confirmed, packed = visits(world)

    assert new["taken_up_at"] == NOW + timedelta(minutes=3)
    assert new["handling_seconds"] == 120
    assert (new["holder_user"], confirmed["holder_user"], packed["holder_user"]) == (
        None,
        "bob",
        "bob",
    )
    assert confirmed["taken_up_at"] - confirmed["entered_at"] == timedelta(minutes=2)
    assert confirmed["handling_seconds"] == 60
    assert (packed["taken_up_at"], packed["handling_seconds"]) == (None, None)


def test_a_time_limit_stays_as_it_was_set(world: World) -> None:
    order_id = world.place()
    world.now += timedelta(minutes=10)
    world.move(order_id, "confirmed")

    new, confirmed = visits(world)

    assert new["due_at"] == NOW + timedelta(minutes=10)
    assert new["overdue"], "It left a minute after its limit."
    assert (confirmed["due_at"], confirmed["overdue"]) == (None, False)


def test_the_past_can_be_looked_at_with_and_without_derived_times(world: World) -> None:
    order_id = UUID(int=5)
    world.now = NOW + timedelta(days=1)
    derived = status(3, 20, "cancelled", time_source="derived")
    record(world, order_id, status(1, 0, "new"), status(2, 10, "confirmed"), derived)
    at = (NOW + timedelta(minutes=30)).isoformat()
    early = (NOW + timedelta(minutes=10)).isoformat()

    then = visits(world, f"analytics.status_visits_at('{at}')")
    timed = visits(world, f"analytics.status_visits_at('{at}', timed_only => true)")
    earlier = visits(world, f"analytics.status_visits_at('{early}')")

    assert [stay["status"] for stay in then] == ["new", "confirmed", "cancelled"]
    assert [stay["status"] for stay in timed] == ["new", "confirmed"]
    assert [stay["status"] for stay in earlier] == ["new", "confirmed"], "Up to and including."
    assert timed[-1]["left_at"] is None
    stale = "select count(*) from analytics.stale_orders_at(%s, timed_only => %s)"
    reader = "orderpath_analyst"
    assert world.query(stale, at, False, role=reader) == [(0,)]
    assert world.query(stale, at, True, role=reader) == [(1,)]
