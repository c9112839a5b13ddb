"""What a visit says: who held the order, when it was taken up, whether the path allowed it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

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
        text = "select * from " + source + " order by order_id, visit_no"  # noqa: S608 - names of our own views
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


FAR = NOW + timedelta(days=3_000)


def snooze(world: World, order_id: UUID, until: datetime, by: Actor | None = None) -> None:
    who = {"command_id": uuid4(), "actor": by or actor(), "order_id": order_id}
    (outcome,) = world.send(c.SnoozeDeadline(**who, until=until, reason="Call after lunch"))
    assert outcome.kind == "accepted", outcome.unmet


def overdue_at(world: World, moment: datetime, *known: str) -> list[bool]:
    """Say of each open order whether it was overdue, by what was known until then."""
    arguments = ", ".join(["%s", *["%s"] * len(known)])
    rows = world.query(
        f"select overdue from analytics.stale_orders_at({arguments})",  # noqa: S608 - placeholders
        moment,
        *known,
        role="orderpath_analyst",
    )
    return [overdue for (overdue,) in rows]


@pytest.mark.parametrize("by", [actor(), IMPORT])
def test_a_stay_whose_limit_was_put_off_is_late_by_the_new_one_and_keeps_the_first(
    world: World, by: Actor
) -> None:
    order_id, other = world.place(), world.place()
    world.now += timedelta(minutes=5)
    snooze(world, order_id, NOW + timedelta(hours=1), by)
    world.now += timedelta(minutes=5)
    snooze(world, order_id, NOW + timedelta(hours=2), by)
    world.now += timedelta(minutes=20)
    world.move(order_id, "confirmed")
    world.move(other, "confirmed")

    put_off, _, late, _ = visits(world)

    assert put_off["due_at"] == NOW + timedelta(hours=2)
    assert put_off["first_due_at"] == NOW + timedelta(minutes=10)
    assert put_off["overdue"] is False, "It left before the new limit."
    assert (late["due_at"], late["first_due_at"]) == (put_off["first_due_at"],) * 2
    assert late["overdue"] is True
    assert world.query(
        "select due_at, occurred_at from analytics.snoozes order by version",
        role="orderpath_analyst",
    ) == [
        (NOW + timedelta(hours=1), NOW + timedelta(minutes=5)),
        (NOW + timedelta(hours=2), NOW + timedelta(minutes=10)),
    ]
    before = world.tables()
    world.models.rebuild("status_visits")
    assert world.tables() == before
    assert world.models.verify("status_visits").differing == ()


def test_an_order_whose_limit_was_put_off_is_stale_and_not_overdue_until_then(
    world: World,
) -> None:
    put_off, late = world.place(), world.place()
    snooze(world, put_off, FAR)
    world.catch_up()

    for view in ("stale_orders", "orders", "work_queue"):
        rows = world.query(f"select order_id, due_at, overdue from analytics.{view}")  # noqa: S608 - names of our own views
        assert sorted(rows) == [
            (put_off, FAR, False),
            (late, NOW + timedelta(minutes=10), True),
        ], view
    assert world.query("select orders, overdue from analytics.funnel_now") == [(2, 1)]
    assert world.query("select order_id from analytics.overdue") == [(late,)]


def test_as_of_a_moment_before_the_snooze_an_order_was_overdue_by_the_limit_of_then(
    world: World,
) -> None:
    order_id = world.place()
    world.now = NOW + timedelta(minutes=20)
    snooze(world, order_id, NOW + timedelta(hours=1))
    world.catch_up()
    unknown = "-infinity"

    for minutes, overdue in ((5, False), (15, True), (20, False), (59, False), (61, True)):
        moment = NOW + timedelta(minutes=minutes)
        assert overdue_at(world, moment) == [overdue], minutes
        assert overdue_at(world, moment, "2100-01-01") == [overdue], minutes
        (stay,) = visits(world, f"analytics.status_visits_at('{moment.isoformat()}')")
        assert stay["overdue"] is overdue, minutes
    assert overdue_at(world, NOW + timedelta(minutes=30), unknown) == []
    (placed,) = world.query("select recorded_at::text from log.events where version = 1"
                            " and stream_id like 'order-%%'")  # fmt: skip
    assert overdue_at(world, NOW + timedelta(minutes=30), *placed) == [True], "Not known yet."


def test_the_next_stay_has_its_own_limit_and_not_the_one_that_was_put_off(world: World) -> None:
    order_id = world.place()
    snooze(world, order_id, FAR)
    world.move(order_id, "confirmed", "packed")

    new, confirmed, packed = visits(world)

    assert (new["due_at"], confirmed["due_at"]) == (FAR, None)
    assert packed["due_at"] == packed["first_due_at"] == packed["entered_at"] + timedelta(days=2)


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
