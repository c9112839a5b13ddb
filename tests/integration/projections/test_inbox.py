"""P10, A34: what waits for whom, as people and analysts see it, whatever happens meanwhile."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.alerts import commands as a
from domain.messages import Command
from domain.tasks import commands as t
from tests.integration.projections.laws import assert_tables_follow_from_the_log, in_pieces
from tests.integration.projections.world import World
from tests.support.examples import NOW, actor

ANALYST = "orderpath_analyst"
HOUR = timedelta(hours=1)


def to(kind: type[Command], /, **body: Any) -> Command:
    return kind.model_validate({"command_id": uuid4(), "actor": actor(), **body})


def alert(world: World, **more: Any) -> UUID:
    alert_id = uuid4()
    body = {"kind": "rule", "level": "due", "title": "Look", "group": "leads", **more}
    world.send(to(a.RaiseAlert, alert_id=alert_id, **body))
    return alert_id


def task(world: World, **more: Any) -> UUID:
    task_id = uuid4()
    world.send(to(t.CreateTask, task_id=task_id, **{"title": "Call", "user": "bob", **more}))
    return task_id


def some_days(world: World) -> dict[str, UUID]:
    """Alert, tell and task people; an hour later some of it is seen, done, or somebody else's."""
    made = {
        "late": alert(world, order_id=world.place(), since=NOW - HOUR, details=["one", "two"]),
        "seen": alert(world, role="manager", level="notice"),
        "tried": alert(world, order_id=world.place(test=True)),
        "call": task(world, due_at=NOW + HOUR, order_id=world.place()),
        "buy": task(world, subject="stock-main:TEA-100", rule="low_stock", rule_version=2),
        "gone": task(world),
    }
    world.now += 2 * HOUR
    world.send(
        to(a.AcknowledgeAlert, alert_id=made["seen"], note="Anna knows"),
        to(t.AssignTask, task_id=made["buy"], user="cid"),
        to(t.AssignTask, task_id=made["buy"], group="buyers"),
        to(t.FinishTask, task_id=made["call"], outcome="agreed", note="Anna wants it on Monday"),
        to(t.DropTask, task_id=made["gone"], reason_code="not_needed"),
    )
    return made


def test_p10_an_alert_says_who_what_since_when_and_who_has_seen_it(world: World) -> None:
    made = some_days(world)
    world.catch_up()

    found = world.query(
        "select alert_id, kind, level, title, details, order_id is null, to_user, to_group,"
        " to_role, since, raised_at, acknowledged_at, acknowledged_by, seconds, test"
        " from analytics.alerts order by since, test, order_id",
        role=ANALYST,
    )
    who = (None, "leads", None)
    assert found == [
        (made["late"], "rule", "due", "Look", ["one", "two"], False, *who, NOW - HOUR, NOW, None,
         None, None, False),
        (made["seen"], "rule", "notice", "Look", [], True, None, "leads", "manager", NOW, NOW,
         NOW + 2 * HOUR, "ann", 7_200.0, False),
        (made["tried"], "rule", "due", "Look", [], False, *who, NOW, NOW, None, None, None, True),
    ]  # fmt: skip


def test_a_task_says_who_has_it_until_when_who_wants_it_and_what_came_of_it(world: World) -> None:
    made = some_days(world)
    world.catch_up()

    found = world.query(
        "select task_id, to_user, to_group, due_at, created_by, rule, rule_version, assigned_at,"
        " state, ended_at, ended_by, outcome, reason_code, done_late"
        " from analytics.tasks order by state",
        role=ANALYST,
    )
    later = NOW + 2 * HOUR
    assert found == [
        (made["call"], "bob", None, NOW + HOUR, "ann", None, None, NOW, "done", later, "ann",
         "agreed", None, True),
        (made["gone"], "bob", None, None, "ann", None, None, NOW, "dropped", later, "ann", None,
         "not_needed", False),
        (made["buy"], None, "buyers", None, "ann", "low_stock", 2, later, "open", None, None, None,
         None, False),
    ]  # fmt: skip


def test_p10_alerts_tasks_and_notices_are_in_one_place(world: World) -> None:
    made = some_days(world)
    world.catch_up()

    found = world.query("select id, what, kind, open, ended_by from analytics.inbox", role=ANALYST)

    assert {row[0]: row[1:] for row in found} == {
        made["late"]: ("alert", "rule", True, None),
        made["seen"]: ("notice", "rule", False, "ann"),
        made["tried"]: ("alert", "rule", True, None),
        made["call"]: ("task", "person", False, "ann"),
        made["buy"]: ("task", "rule", True, None),
        made["gone"]: ("task", "person", False, "ann"),
    }


def test_d4_no_table_holds_what_is_personal(world: World) -> None:
    some_days(world)
    world.catch_up()

    told = repr(world.tables())
    for secret in ("Anna", "Monday", "sealed"):
        assert secret not in told


@in_pieces
def test_d12_in_whatever_pieces_again_and_rebuilt_the_tables_are_the_same(
    world: World, batch_events: int
) -> None:
    some_days(world)
    world.follower(batch_events).catch_up()

    assert_tables_follow_from_the_log(world, "alerts", "tasks")
