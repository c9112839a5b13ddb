"""D1: an order is brought onto another version of its path, or onto another path."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Command
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.migration import MigrateOrder
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from tests.support.examples import (
    CALENDAR,
    COMMANDS,
    EVENTS,
    KEEPING,
    NEXT_PATH,
    NOW,
    ORDER_ID,
    PATH,
    actor,
    fact_id,
)
from tests.support.spec import Scenario, given
from tests.support.strategies import records

PLACED = COMMANDS["order.place"]
CONFIRMED = COMMANDS["order.change_status"]
OTHER = NEXT_PATH.model_copy(update={"path": "depot"})
PATHS = (PATH, NEXT_PATH, OTHER)
LATER = NOW + timedelta(hours=3)


def on_paths(*history: Command, paths: tuple[OrderPath, ...] = PATHS) -> Scenario:
    """Give an order that was placed before the later versions were published."""
    placed = given().when(PLACED).events
    return given(*(placed[0] if step is PLACED else step for step in history), paths=paths).at(
        LATER
    )


def migrates(**body: Any) -> MigrateOrder:
    told = {"command_id": UUID(int=2), "actor": actor(), "order_id": ORDER_ID}
    return MigrateOrder(**told | {"path": "shop", "reason": "New words"} | body)


def migrated(**said: Any) -> e.PathMigrated:
    told: dict[str, Any] = {
        "from_path": "shop", "from_version": 1, "path": "shop", "path_version": 2,
        "from_status": "new", "to_status": "new", "entered": False,
    }  # fmt: skip
    return e.PathMigrated(**told | said)


def due_in(hours: int) -> tuple[e.Deadline, ...]:
    return (e.Deadline(level="due", at=LATER + timedelta(hours=hours)),)


def test_d1_the_limits_of_the_new_version_count_by_its_own_calendar() -> None:
    statuses = PATH.content["statuses"]
    working = {"stage": "intake", "limit": {"working": "2h", "calendar": CALENDAR.calendar}}
    newer = OrderPath.model_validate(PATH.content | {"statuses": statuses | {"new": working}})
    shop = given(PLACED, EVENTS["calendar.published.v1"], paths=(PATH,))
    shop.when(PublishPath(command_id=UUID(int=3), actor=actor(), definition=newer))

    (event,) = shop.when(migrates(mapping={"new": "new"})).events

    assert isinstance(event, e.PathMigrated)
    assert [deadline.level for deadline in event.deadlines] == ["due"]


def test_d2_a_migration_of_an_unknown_order_is_refused_with_all_that_is_missing() -> None:
    asked = migrates(path="nowhere", reason=None)

    given(paths=(PATH,)).when(asked).then_refused(
        "order_unknown", "path_unknown", "reason_required"
    )


def test_d14_an_order_that_follows_another_version_by_now_is_left_alone() -> None:
    later = migrates(path_version=2, expected_path=("shop", 2))

    answer = on_paths(PLACED).when(later).then_refused("path_differs")

    assert answer.fields == ["expected_path"]


def test_d1_an_order_that_stays_where_it_is_keeps_its_time_and_its_limit() -> None:
    answer = on_paths(PLACED).when(migrates()).then(migrated())

    assert (answer.order.path_version, answer.order.status) == (2, "new")
    assert [entry.version for entry in answer.order.timeline] == [1]


def test_d1_a_status_that_is_mapped_is_entered_with_the_limit_of_the_new_version() -> None:
    answer = on_paths(PLACED, CONFIRMED).when(migrates(mapping={"confirmed": "accepted"}))

    answer.then(
        migrated(from_status="confirmed", to_status="accepted", entered=True, deadlines=due_in(24))
    )
    assert answer.order.status == "accepted"


def test_d1_a_status_that_is_mapped_to_itself_is_entered_anew() -> None:
    on_paths(PLACED).when(migrates(mapping={"new": "new"})).then(
        migrated(entered=True, deadlines=due_in(1))
    )


def test_d1_a_status_of_another_stage_or_path_is_another_status() -> None:
    packing = c.ChangeStatus(
        command_id=UUID(int=3),
        actor=actor("user", "warehouse"),
        order_id=ORDER_ID,
        to_status="packed",
        reason="because",
    )

    on_paths(PLACED, CONFIRMED, packing).when(migrates()).then(
        migrated(from_status="packed", to_status="packed", entered=True)
    )
    on_paths(PLACED).when(migrates(path="depot")).then(
        migrated(path="depot", path_version=1, entered=True, deadlines=due_in(1))
    )


def test_d1_later_moves_follow_the_new_version_and_no_move_asks_it_before() -> None:
    world = on_paths(PLACED, CONFIRMED, migrates(mapping={"confirmed": "accepted"}))
    move = {"command_id": UUID(int=3), "actor": actor(), "order_id": ORDER_ID}

    world.when(c.ChangeStatus(**move, to_status="packed")).then(
        e.StatusChanged(from_status="accepted", to_status="packed")
    )
    world.when(c.ChangeStatus(**move, to_status="accepted")).then_refused("transition_not_allowed")


def test_d1_an_order_goes_back_to_an_earlier_version() -> None:
    back = migrates(path_version=1, mapping={"accepted": "confirmed"})
    there = migrates(mapping={"confirmed": "accepted"})

    answer = on_paths(PLACED, CONFIRMED, there).when(back)

    assert (answer.order.path_version, answer.order.status) == (1, "confirmed")


def test_d1_where_the_order_is_already_there_is_nothing_to_do() -> None:
    on_paths(PLACED).when(migrates(path_version=1, reason=None)).then_nothing()
    on_paths(PLACED, migrates()).when(migrates(mapping={"new": "accepted"})).then_nothing()


@pytest.mark.parametrize(
    ("wish", "codes"),
    [
        ({"mapping": {}}, ["status_not_mapped"]),
        ({"mapping": {"confirmed": "nowhere"}}, ["status_not_mapped"]),
        ({"reason": None}, ["reason_required", "status_not_mapped"]),
        ({"expected_status": "new", "path": "depot", "reason": None},
         ["status_differs", "reason_required", "status_not_mapped"]),
        ({"path": "nowhere"}, ["path_unknown"]),
        ({"path_version": 3, "reason": None}, ["path_version_unknown", "reason_required"]),
        ({"occurred_at": NOW, "mapping": {"confirmed": "accepted"}}, ["time_not_allowed"]),
    ],
)  # fmt: skip
def test_d1_everything_that_stands_against_it_is_told(
    wish: dict[str, Any], codes: list[str]
) -> None:
    answer = on_paths(PLACED, CONFIRMED).when(migrates(**wish))

    answer.then_refused(*codes)
    if codes == ["status_not_mapped"]:
        assert answer.unmet[0].needed == (
            "confirmed mapped to one of new, accepted, packed, done, cancelled, lost"
        )


def changed(**statuses: dict[str, Any]) -> OrderPath:
    """Give a version of the path in which some statuses are others."""
    content = PATH.content
    return OrderPath.model_validate(content | {"statuses": content["statuses"] | statuses})


def test_d1_p4_nobody_ends_or_stays_in_a_closed_status_because_it_was_not_thought_of() -> None:
    ending = changed(confirmed={"stage": "end", "final": "success"})
    off = changed(confirmed={"stage": "work", "active": False})
    ended = on_paths(PLACED, CONFIRMED, paths=(PATH, ending))

    ended.when(migrates()).then_refused("status_not_mapped")
    ended.when(migrates(mapping={"confirmed": "confirmed"})).then(
        migrated(from_status="confirmed", to_status="confirmed", entered=True)
    )
    on_paths(PLACED, CONFIRMED, paths=(PATH, off)).when(migrates()).then_refused("status_inactive")
    on_paths(PLACED, paths=(PATH, off)).when(migrates(mapping={"new": "confirmed"})).then_refused(
        "status_inactive"
    )


def guarded(*ways: str) -> OrderPath:
    """Give a version whose ways to `done` are guarded: by the money those that are named."""
    paid = {"code": "all_paid", "when": "order.due_minor <= 0", "message": "Not paid"}
    tried = {"code": "tried", "when": "order.test", "message": "Nobody tried it"}
    moves = [
        {"from": one, "to": "done", "guards": [tried, paid] if one in ways else [tried]}
        for one in ("accepted", "packed")
    ]
    others = [{"from": "new", "to": ["accepted", "packed", "cancelled"]}]
    return OrderPath.model_validate(
        NEXT_PATH.content | {"transitions": [*others, *moves], "follow": []}
    )


def test_d1_a_mapping_makes_no_success_of_what_no_move_could() -> None:
    to_done = migrates(mapping={"confirmed": "done"})
    strict, loose = guarded("accepted", "packed"), guarded("packed")

    def against(path: OrderPath) -> list[str]:
        answer = on_paths(PLACED, CONFIRMED, paths=(PATH, path)).when(to_done)
        assert not answer.events
        return [one.code for one in answer.unmet]

    assert against(strict) == ["tried", "all_paid"]
    assert against(loose) == ["tried"]
    assert on_paths(PLACED, CONFIRMED).when(to_done).order.status == "done"


def test_d1_an_order_that_had_succeeded_is_mapped_into_a_success() -> None:
    won = changed(confirmed={"stage": "end", "final": "success"})

    answer = on_paths(PLACED, CONFIRMED, paths=(won, guarded("accepted", "packed"))).when(
        migrates(mapping={"confirmed": "done"})
    )

    assert answer.order.status == "done"


def test_d1_an_order_that_is_finished_stays_so_without_being_mapped() -> None:
    done = COMMANDS["order.cancel"]

    answer = on_paths(PLACED, done).when(migrates())

    answer.then(migrated(from_status="cancelled", to_status="cancelled"))


def test_d1_an_order_that_ends_by_being_migrated_gives_its_goods_back() -> None:
    received = EVENTS["stock.received.v1"]
    reserving = COMMANDS["order.reserve_items"]

    answer = given(received, PLACED, reserving, paths=(KEEPING, OTHER)).when(
        migrates(path="depot", mapping={"new": "lost"})
    )

    assert [event.NAME for event in answer.events] == [
        "order.path_migrated.v1", "order.reservation_changed.v1", "order.item_status_changed.v1",
        "stock.released.v1",
    ]  # fmt: skip
    assert answer.stock.level.reserved == 0


def test_d1_a_version_that_was_never_published_is_none() -> None:
    answer = on_paths(PLACED).when(migrates(path_version=3)).then_refused("path_version_unknown")

    assert answer.unmet[0].needed == "1 to 2"


def test_d1_what_follows_no_path_yet_is_not_migrated() -> None:
    item = COMMANDS["order.record_facts"].facts[1]  # type: ignore[attr-defined]
    fact = c.StatusFact(fact_id=fact_id(9), occurred_at=NOW, status="new", rank=0)
    told = records(fact)
    taken_back = c.CorrectFact(
        command_id=UUID(int=3), actor=actor(), order_id=ORDER_ID, version=1, reason="wrong"
    )

    on_paths().when(migrates()).then_refused("order_unknown")
    on_paths(records(item)).when(migrates()).then_refused("path_not_pinned", "status_not_mapped")
    on_paths(told, taken_back).when(migrates(path="depot")).then_refused("status_not_mapped")
