"""Who is there, who holds what, and which orders need somebody now, as readers see it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.rows import dict_row

from domain.messages import Command
from domain.orders import commands as o
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from domain.teams import commands as c
from domain.teams.sharing import ShareOut
from infra.postgres import connect
from projections.reports.work_queue import QueuedOrder, list_queue
from tests.integration.projections.laws import assert_tables_follow_from_the_log, in_pieces
from tests.integration.projections.world import World
from tests.support.examples import GROUP, NOW, PATH, actor

MEMBERS = (
    "select member, skills, cap, present, open_orders, free"
    " from analytics.team_members order by joined_at, member"
)
LOADS = "select member, belongs, open_orders, shared_out from analytics.team_loads order by member"
WAITING = OrderPath.model_validate(
    PATH.content
    | {
        "path": "patient",
        "statuses": {**PATH.content["statuses"], "confirmed": {"stage": "work", "pauses_clock": 1}},
    }
)


def of(kind: type[c.TeamCommand], user: str, **more: Any) -> Command:
    told = {"command_id": uuid4(), "actor": actor("user", "lead"), "group": GROUP, "user": user}
    return kind.model_validate(told | more)


def to(kind: type[Command], order_id: UUID, **more: Any) -> Command:
    told = {"command_id": uuid4(), "actor": actor("user", "lead"), "order_id": order_id}
    return kind.model_validate(told | more)


def some_hours(world: World) -> list[UUID]:
    """Two members come, get orders, end and hand on some, go, and one is removed."""
    orders = [world.place() for _ in range(5)]
    world.send(of(c.SetMember, "ann", skills=("tea",), cap=2), of(c.SetMember, "bob"))
    world.send(of(c.Come, "ann"), of(c.Come, "bob"))
    for order_id in orders[:4]:
        world.now += timedelta(minutes=1)
        world.send(to(ShareOut, order_id, group=GROUP))
    world.move(orders[0], "cancelled")
    world.send(to(o.AssignOwner, orders[4], user="eve", group=GROUP))
    world.send(of(c.Go, "bob"), of(c.SetMember, "ann", skills=("tea", "german"), cap=1))
    return orders


def queue(world: World, **filters: Any) -> list[QueuedOrder]:
    with (
        connect(world.url, role="orderpath_analyst") as connection,
        connection.cursor(row_factory=dict_row) as reader,
    ):
        return list_queue(reader, **filters)["orders"]


def test_p28_members_and_their_loads_are_told(world: World) -> None:
    some_hours(world)
    world.catch_up()

    assert world.query(MEMBERS, role="orderpath_analyst") == [
        ("ann", ["tea", "german"], 1, True, 1, False),
        ("bob", [], None, False, 2, False),
    ]
    assert world.query(LOADS, role="orderpath_analyst") == [
        ("ann", True, 1, 1), ("bob", True, 2, 2), ("eve", False, 1, 0),
    ]  # fmt: skip


def test_who_is_removed_is_no_member_but_holds_what_was_held(world: World) -> None:
    some_hours(world)
    world.send(of(c.RemoveMember, "bob"))
    world.catch_up()
    world.send(of(c.SetMember, "bob", cap=7), of(c.RemoveMember, "ann"))
    world.catch_up()

    assert world.query(MEMBERS) == [("bob", [], 7, False, 2, False)]
    assert world.query(LOADS)[0] == ("ann", False, 1, 1)


@pytest.mark.parametrize("batch_events", [1, 2])
def test_who_comes_back_to_a_team_joined_it_then(world: World, batch_events: int) -> None:
    world.send(of(c.SetMember, "ann"))
    world.catch_up()
    for kind in (c.RemoveMember, c.SetMember):
        world.now += timedelta(hours=1)
        world.send(of(kind, "ann"))

    world.follower(batch_events).catch_up()

    assert world.query("select joined_at from live.team_members") == [(world.now,)]


@in_pieces
def test_d12_in_whatever_pieces_again_and_rebuilt_the_tables_are_the_same(
    world: World, batch_events: int
) -> None:
    for _ in range(3):
        some_hours(world)
        world.follower(batch_events).catch_up()

    assert_tables_follow_from_the_log(world, "teams")


def test_v8_the_queue_begins_with_what_runs_out_of_time_first(world: World) -> None:
    late = world.place()
    world.now += timedelta(minutes=3)
    soon, packed, confirmed, ended = (world.place() for _ in range(4))
    world.move(packed, "confirmed", "packed")
    world.move(confirmed, "confirmed")
    world.move(ended, "cancelled")
    world.catch_up()

    found = queue(world)

    assert [one["order_id"] for one in found] == [late, soon, packed, confirmed]
    assert [one["due_at"] for one in found[:2]] == [
        NOW + timedelta(minutes=10), NOW + timedelta(minutes=13),
    ]  # fmt: skip
    assert [one["order_id"] for one in queue(world, limit=1)] == [late]
    with pytest.raises(ValueError, match="limit must be in"):
        queue(world, limit=0)


def test_v8_an_order_whose_limit_was_put_off_comes_when_it_is_due_by_then(world: World) -> None:
    put_off, soon = world.place(), world.place()
    until = NOW + timedelta(days=3_000)
    world.send(to(o.SnoozeDeadline, put_off, until=until, reason="Call after lunch"))
    world.catch_up()

    first, last = queue(world)

    assert (first["order_id"], first["overdue"]) == (soon, True)
    assert (last["order_id"], last["due_at"], last["overdue"]) == (put_off, until, False)
    assert (last["seconds_left"] or 0) > 0


def test_v8_an_order_of_nobody_belongs_to_whom_its_path_names(world: World) -> None:
    nobodys, confirmed, anns = world.place(), world.place(), world.place()
    world.move(confirmed, "confirmed")
    world.send(to(o.AssignOwner, anns, user="ann"))
    world.catch_up()

    owners = {one["order_id"]: one for one in queue(world)}

    assert (owners[nobodys]["owner_user"], owners[nobodys]["owner_group"]) == (None, "managers")
    assert "person" in owners[nobodys]["missing"]
    assert "owner" in owners[confirmed]["missing"]
    assert (owners[anns]["owner_user"], owners[anns]["owner_group"]) == ("ann", None)
    assert owners[anns]["missing"] == ["payment"]
    assert [one["order_id"] for one in queue(world, group="managers")] == [nobodys]


def test_v8_an_order_says_what_it_lacks_and_since_when_it_is_whose(world: World) -> None:
    paid = world.place()
    pay = {"payment_id": "p-1", "amount_minor": 1_500, "currency": "EUR"}
    world.send(to(o.SubmitPayment, paid, method="card", **pay), to(o.ChargePayment, paid, **pay))
    buy = {"item_id": "1", "quantity": 1, "from_status": "ordered", "to_status": "to_buy"}
    world.now += timedelta(minutes=2)
    world.send(to(o.AssignOwner, paid, user="ann"), to(o.MoveItem, paid, **buy))
    world.catch_up()

    (order,) = queue(world)

    assert order["missing"] == ["goods"]
    assert order["owned_since"] == world.now
    assert order["status_since"] == NOW


def test_v8_what_waits_for_somebody_else_and_test_orders_are_left_out(world: World) -> None:
    publish = PublishPath(command_id=uuid4(), actor=actor(), definition=WAITING)
    world.send(publish)
    waits, goes_on = world.place(path="patient"), world.place(path="patient")
    world.place(test=True)
    world.move(waits, "confirmed")
    world.catch_up()

    assert [one["order_id"] for one in queue(world)] == [goes_on]
