"""A rule is tried on what has happened, and nothing is changed by that."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg.rows import dict_row

from domain.orders import commands as c
from domain.paths.calendar_line import PublishCalendar
from domain.refusals import Refusal
from domain.rules.lint_conflicts import list_conflicts
from domain.rules.rule import Rule
from infra.postgres import connect
from projections.reports.rule_runs import compare_shadow, list_runs
from services.backtest import Backtested, Part, backtest
from tests.integration.projections.world import World, a_day
from tests.integration.rules.ruling import fire, publish, runs, settle
from tests.support.damaged import damaged
from tests.support.examples import CALENDAR, NOW, PATH, actor

CONFIRM: dict[str, Any] = {
    "rule": "confirm",
    "on": [{"event": "order.placed"}],
    "then": [{"move": "confirmed"}],
}


def tried(world: World, *rules: Mapping[str, Any], path: str | None = None) -> list[Backtested]:
    part = Part(0, world.log.head().position, NOW, world.now, path)
    return backtest(world.log, [Rule.model_validate(one) for one in rules], part)


def test_d10_a_backtest_says_what_would_have_fired_and_changes_nothing(world: World) -> None:
    orders = a_day(world, 4)
    dear = {"dear": "order.total_minor > 100000000", "new": "order.status == 'new'"}
    before = world.log.head()

    confirm, never = tried(world, CONFIRM, CONFIRM | {"rule": "never", "if": dear})

    assert [one.order_id for one in confirm.would] == orders
    assert confirm.results == {"fired": 4}
    assert (never.results, never.missed) == ({"skipped": 4}, {"dear": 4})
    assert world.log.head() == before
    world.catch_up()
    assert world.query("select count(*) from live.trigger_runs") == [(0,)]


def test_d10_a_backtest_of_a_rule_that_is_off_says_what_it_would_do(world: World) -> None:
    orders = a_day(world, 4)

    (confirm,) = tried(world, CONFIRM | {"mode": "off"})

    assert [one.order_id for one in confirm.would] == orders
    assert confirm.results == {"fired": 4}


def test_d10_a_backtest_gives_what_the_rule_gave_while_it_was_live(world: World) -> None:
    later: dict[str, Any] = {"rule": "later", "delay": "30m", "then": [{"note": "Half an hour"}]}
    later |= {"on": [{"change": "status", "to": "confirmed"}], "cancel_on": "order.note_added"}
    silent = {"rule": "silent", "on": [{"silence": "3d", "in": "packed"}], "then": [{"tag": "x"}]}
    publish(world, CONFIRM, later, silent)
    for _ in range(3):
        world.place()
        settle(world)
        world.now += timedelta(minutes=20)
        fire(world)
        settle(world)
    world.now += timedelta(days=4)
    fire(world)
    settle(world)
    world.place()  # The log's own time goes on with it.
    settle(world)

    for tested in tried(world, CONFIRM, later, silent):
        live = [result for rule, _, result in runs(world) if rule == tested.rule]
        assert sorted(tested.results.elements()) == sorted(live)


def test_d10_a_backtest_sees_a_silence_that_was_broken_and_began_anew(world: World) -> None:
    order_id = world.place()
    world.now += timedelta(hours=2)
    world.move(order_id, "confirmed")
    world.now += timedelta(hours=4)
    world.place()  # The log's own time goes on with it.

    (tested,) = tried(world, CONFIRM | {"rule": "silent", "on": [{"silence": "3h"}]})

    assert tested.results == {"fired": 1}


def test_d10_a_backtest_takes_what_was_told_late_as_of_when_it_happened(world: World) -> None:
    """As its page says: live the silence was over before anybody told of the fact."""
    silent = CONFIRM | {"rule": "silent", "on": [{"silence": "2d", "in": "new"}]}
    order_id = world.place()
    world.now += timedelta(days=4)
    told = c.SourceStatusFact(
        fact_id=uuid4(), occurred_at=NOW + timedelta(days=1), source_status="Sent"
    )
    shop = {"actor": actor("api_key"), "path": PATH.path}
    world.send(c.RecordFacts(command_id=uuid4(), order_id=order_id, facts=(told,), **shop))

    (tested,) = tried(world, silent)

    assert [one.occurred_at for one in tested.would] == [NOW + timedelta(days=3)]


def test_d10_a_backtest_counts_what_came_due_behind_the_last_event(world: World) -> None:
    later = CONFIRM | {"rule": "later", "delay": "2h"}
    silent = CONFIRM | {"rule": "silent", "on": [{"silence": "3h"}]}
    world.place()
    world.now += timedelta(hours=3) - timedelta(seconds=1)
    assert [one.results for one in tried(world, later, silent)] == [{"delayed": 1, "fired": 1}, {}]

    world.now += timedelta(seconds=1)

    assert [one.results for one in tried(world, later, silent)] == [
        {"delayed": 1, "fired": 1},
        {"fired": 1},
    ]


def test_d10_a_backtest_counts_what_began_before_its_days_and_came_due_in_them(
    world: World,
) -> None:
    silent = CONFIRM | {"rule": "silent", "on": [{"silence": "40d"}]}
    later = CONFIRM | {"rule": "later", "delay": "40d"}
    over = CONFIRM | {"rule": "over", "delay": "10d"}
    world.place()
    world.now += timedelta(days=5)
    found = world.place()
    world.now += timedelta(days=42)
    head = world.log.head().position
    part = Part(head, head, world.now - timedelta(days=5), world.now, begins=0)

    rules = [Rule.model_validate(one) for one in (silent, later, over)]
    tested = [backtest(world.log, [rule], part)[0] for rule in rules]

    assert [one.results for one in tested] == [{"fired": 1}, {"fired": 1}, {}]
    assert [[told.order_id for told in one.would] for one in tested] == [[found], [found], []]
    assert [one.looked for one in tested] == [1, 1, 0]


def test_d10_the_fixed_hours_of_a_backtest_do_not_depend_on_what_else_the_rule_waits_for(
    world: World,
) -> None:
    world.send(PublishCalendar(command_id=uuid4(), actor=actor(), definition=CALENDAR))
    hours = {"schedule": {"at": ["10:00"], "days": "every"}, "in": "new"}
    world.place()
    behind = world.log.head().position
    world.now += timedelta(days=45)
    found = world.place()
    world.now += timedelta(days=1)
    since = world.now - timedelta(days=3)
    part = Part(behind, world.log.head().position, since, world.now, begins=0)

    told = [
        backtest(world.log, [Rule.model_validate(CONFIRM | {"on": on})], part)[0].would
        for on in ([hours], [hours, {"silence": "40d"}])
    ]

    assert [[one.order_id for one in would] for would in told] == [[found], [found]]


def test_d10_a_backtest_sees_what_two_rules_want_at_the_end_of_one_delay(world: World) -> None:
    publish(world, {"rule": "other", "delay": "2h", "then": [{"move": "cancelled"}]})
    world.place()
    world.now += timedelta(hours=2)

    (tested,) = tried(world, CONFIRM | {"delay": "2h"})

    assert tested.conflicts == {"other": 1}


def test_d10_a_backtest_is_refused_without_the_calendar_that_a_rule_goes_by(world: World) -> None:
    on = [{"schedule": {"at": ["10:00"], "calendar": "nobodys"}, "in": ["new"]}]
    with pytest.raises(Refusal, match="No calendar nobodys is published"):
        tried(world, CONFIRM | {"on": on})


def test_d10_a_backtest_names_moves_that_the_path_refuses_and_rules_that_want_another(
    world: World,
) -> None:
    publish(world, {"rule": "other", "then": [{"move": "cancelled"}]})
    world.place()

    (tested,) = tried(world, CONFIRM | {"then": [{"move": "packed"}]})

    assert tested.refused == {"transition_not_allowed": 1}
    assert tested.conflicts == {"other": 1}


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ({"move": "confirmed"}, {"move": "confirmed"}, False),
        ({"move": "confirmed"}, {"move": "cancelled"}, True),
        ({"assign": {"group": "sales"}}, {"assign": {"group": "stores"}}, True),
        ({"assign": {"group": "sales"}}, {"assign": {"group": "sales"}}, False),
        ({"set": {"track_number": "A"}}, {"set": {"track_number": "A"}}, False),
        ({"set": {"track_number": "A"}}, {"set": {"track_number": "B"}}, True),
        ({"set": {"track_number": "A"}}, {"set": {"delivery_method": "b"}}, False),
        ({"move": "confirmed"}, {"assign": {"group": "sales"}}, False),
    ],
)
def test_d10_a_backtest_and_lint_agree_on_what_two_rules_want_of_an_order(
    world: World, one: dict[str, Any], other: dict[str, Any], clash: bool
) -> None:
    tested, beside = CONFIRM | {"then": [one]}, CONFIRM | {"rule": "other", "then": [other]}
    publish(world, beside)
    world.place()

    (found,) = tried(world, tested)

    assert found.conflicts == ({"other": 1} if clash else {})
    rules = [Rule.model_validate(said) for said in (tested, beside)]
    assert bool([*list_conflicts(rules)]) == clash


def test_d10_a_backtest_leaves_an_order_that_cannot_be_read_aside_and_names_it(
    world: World,
) -> None:
    bad, well = world.place(), world.place()
    for order_id in (bad, well, bad, well):
        world.send(c.AddNote(command_id=order_id, actor=actor(), order_id=order_id, text="Called"))

    with damaged(world.url, f"order-{bad}", version=2):
        (tested,) = tried(world, CONFIRM | {"on": [{"event": "order.note_added"}]})

    assert [one.order_id for one in tested.would] == [well, well]
    assert tested.aside == [bad]


def test_d10_a_backtest_can_be_of_one_path(world: World) -> None:
    world.place()
    (tested,) = tried(world, CONFIRM, path="another")
    assert tested.looked == 0


def test_d10_a_shadow_is_set_beside_what_people_did(world: World) -> None:
    publish(world, CONFIRM | {"mode": "shadow"})
    same, other, _ = (world.place() for _ in range(3))
    world.move(same, "confirmed")
    world.move(other, "cancelled")
    settle(world)

    with connect(world.url, role="orderpath_analyst") as session:
        reader = session.cursor(row_factory=dict_row)
        (found,) = compare_shadow(reader, "confirm", since=timedelta(days=36_500))
    assert (found["to_status"], found["runs"]) == ("confirmed", 3)
    assert (found["same"], found["other"], found["waiting"]) == (1, 1, 1)
    assert found["median_seconds"] == 60


def test_d10_what_another_rule_did_is_not_taken_for_what_people_did(world: World) -> None:
    publish(world, CONFIRM | {"mode": "shadow"}, CONFIRM | {"rule": "live"})
    world.place()
    world.now += timedelta(minutes=1)
    settle(world)

    with connect(world.url, role="orderpath_analyst") as session:
        reader = session.cursor(row_factory=dict_row)
        (found,) = compare_shadow(reader, "confirm", since=timedelta(days=36_500))
    assert (found["same"], found["other"], found["programs"], found["waiting"]) == (0, 0, 1, 0)
    assert found["median_seconds"] is None


def test_d9_why_a_rule_did_not_act_is_told_with_the_answer_to_each_condition(
    world: World,
) -> None:
    conditions = {"dear": "order.total_minor > 100000000", "new": "order.status == 'new'"}
    publish(
        world,
        CONFIRM | {"rule": "dear", "if": conditions},
        CONFIRM | {"if": {"new": conditions["new"]}},
    )
    order_id = world.place()
    world.catch_up()
    world.send(
        c.CancelOrder(
            command_id=uuid4(),
            actor=actor(),
            order_id=order_id,
            reason_code="changed_mind",
            initiator="client",
        )
    )
    settle(world)

    with connect(world.url, role="orderpath_analyst") as session:
        reader = session.cursor(row_factory=dict_row)
        (missed,) = list_runs(reader, order_id, "dear")
        (overtaken,) = list_runs(reader, order_id, "confirm")
    assert (missed["result"], missed["conditions"]) == ("skipped", {"dear": False, "new": True})
    assert overtaken["result"] == "fired"
    assert [act["outcome"] for act in overtaken["acts"]] == ["nothing"]
