"""What makes a rule look, and what its conditions see: the order right behind the event."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from domain.orders import commands as c
from domain.orders import events as e
from domain.rules.conditions import ONLY_RULES, RULE_ENVIRONMENT
from domain.rules.judge import Judge
from domain.rules.judging import Change, Sight, ask, looking
from tests.support.examples import COMMANDS, EVENTS, ORDER_ID, actor
from tests.support.rules import in_force, rule_of, watched_by
from tests.support.spec import Step

WHO = {"command_id": UUID(int=1), "actor": actor(), "order_id": ORDER_ID}
PLACE = COMMANDS["order.place"]
CONFIRM = COMMANDS["order.change_status"]


def test_d9_the_order_is_seen_right_behind_the_event_and_not_as_it_is_later() -> None:
    rule = rule_of(conditions={"is_new": "order.status == 'new'"})

    watched_by(rule).when(PLACE).then_runs(watch="fired")
    watched_by(rule).when(PLACE, CONFIRM).then_runs()


@pytest.mark.parametrize(
    ("trigger", "looks"),
    [
        ({"change": "status"}, True),
        ({"change": "status", "from": "new"}, True),
        ({"change": "status", "to": ["confirmed", "packed"]}, True),
        ({"change": "status", "from": "packed"}, False),
        ({"change": "status", "to": "packed"}, False),
        ({"change": "stage", "from": "intake", "to": "work"}, True),
        ({"change": "path"}, False),
        ({"change": "payment_status"}, False),
        ({"event": "order.status_changed"}, True),
        ({"event": "order.placed"}, False),
        ({"silence": "1d"}, False),
        ({"schedule": {"at": ["09:00"]}, "in": "confirmed"}, False),
    ],
)
def test_a_rule_looks_at_its_events_and_at_its_changes_only(
    trigger: dict[str, object], looks: bool
) -> None:
    watch = watched_by(rule_of(on=[trigger])).when(PLACE, CONFIRM)

    assert bool(watch.runs) is looks


def test_a_placed_order_has_come_from_nothing() -> None:
    watched_by(rule_of(on=[{"change": "status", "to": "new"}])).when(PLACE).then_runs(watch="fired")
    watched_by(rule_of(on=[{"change": "status", "from": "new"}])).when(PLACE).then_runs()
    watched_by(rule_of(on=[{"change": "path", "to": "shop"}])).when(PLACE).then_runs(watch="fired")


def test_a_condition_sees_the_change_the_event_and_who_acted() -> None:
    rule = rule_of(
        on=[{"change": "status"}],
        conditions={
            "field": "change.field == 'status'",
            "values": "change.old == 'new' && change.new == 'confirmed'",
            "event": "event.type == 'order.status_changed' && event.source == 'api'",
            "actor": "actor.kind == 'user' && actor.id == 'ann'",
        },
    )

    watched_by(rule).when(PLACE, CONFIRM).then_runs(watch="fired")


def test_a_condition_tells_a_warning_from_an_escalation() -> None:
    rule = rule_of(
        on=[{"event": ["order.placed", "order.deadline_passed"]}],
        conditions={"last": "event.level == 'escalate_200'"},
    )
    passed = EVENTS["order.deadline_passed.v1"]
    warn, last = (passed.model_copy(update={"level": one}) for one in ("warn", "escalate_200"))

    watched_by(rule).when(PLACE).then_runs(watch="skipped")
    watched_by(rule).when(PLACE, warn).then_runs(watch="skipped")
    watched_by(rule).when(PLACE, last).then_runs(watch="fired")


def test_a_run_that_was_skipped_has_the_answer_to_each_condition() -> None:
    rule = rule_of(
        conditions={"is_new": "order.status == 'new'", "is_dear": "order.total_minor > 5000"}
    )

    watch = watched_by(rule).when(PLACE).then_runs(watch="skipped").then_acts()

    assert watch.runs[0].case.answers == {
        "is_new": True,
        "is_dear": False,
    }


def test_a_stock_is_no_order_and_its_conditions_see_nothing_of_one() -> None:
    rule = rule_of(
        on=[{"event": "stock.below_threshold"}],
        conditions={"of_none": "order.status == '' && order.total_minor == 0 && items.size() == 0"},
    )
    watch = watched_by(rule).when(EVENTS["stock.below_threshold.v1"])

    watch.then_runs(watch="fired").then_acts()


def test_a_condition_that_many_rules_share_is_asked_once_and_answers_all() -> None:
    same = "order.total_minor >= 1650"
    rules = [rule_of(f"rule_{n}", conditions={"dear": same, "new": "order.status == 'new'"})
             for n in range(5)]  # fmt: skip
    watch = watched_by(*rules).when(PLACE)

    assert [run.case.answers for run in watch.runs] == [{"dear": True, "new": True}] * 5


class Counting(Sight):
    """Says how often somebody has asked for its variables."""

    asked = 0

    def context(self, change: Change) -> Mapping[str, Any]:
        self.asked += 1
        return super().context(change)


def counting(name: str, *steps: Step) -> Counting:
    """Give an event of an order, as it is seen for the first time."""
    (seen,) = (one for one in watched_by().when(*steps).sights() if one.name == name)
    return Counting(seen.happened, seen.before, seen.after, seen.path)


def test_however_many_rules_look_at_an_event_its_variables_are_told_once() -> None:
    rules = [
        rule_of(f"rule_{n}", conditions={"dear": f"order.total_minor > {n}", "new": "!order.test"})
        for n in range(50)
    ]
    sight = counting("order.placed", PLACE)

    runs = Judge().judge(in_force(*rules), sight)

    assert (len(runs), sight.asked) == (50, 1)
    assert sum(run.case.answers["dear"] is True for run in runs) == 50


def test_rules_that_ask_the_same_of_the_same_change_tell_it_once() -> None:
    conditions = {"seen": "change.new == 'confirmed'", "new": "!order.test"}
    rules = [
        rule_of(f"rule_{n}", on=[{"change": "status"}], conditions=conditions) for n in range(50)
    ]
    sight = counting("order.status_changed", PLACE, CONFIRM)

    runs = Judge().judge(in_force(*rules), sight)

    assert ({run.result for run in runs}, len(runs), sight.asked) == ({"fired"}, 50, 2)


def test_of_an_event_that_no_rule_looks_at_no_variables_are_told() -> None:
    conditions = {"dear": "order.total_minor > 0"}
    rules = [
        rule_of("placed", conditions=conditions),
        rule_of("moved", on=[{"change": "status", "to": "packed"}], conditions=conditions),
        rule_of("paid", on=[{"change": "payment_status"}], conditions=conditions),
        rule_of("silent", on=[{"silence": "1h"}], conditions=conditions),
    ]
    sight = counting("order.status_changed", PLACE, CONFIRM)

    assert (Judge().judge(in_force(*rules), sight), sight.asked) == ([], 0)


def test_changes_are_asked_for_each_rule_apart() -> None:
    source = "change.new == 'confirmed'"
    rules = [
        rule_of("status", on=[{"change": "status"}], conditions={"seen": source}),
        rule_of("stage", on=[{"change": "stage"}], conditions={"seen": source}),
    ]

    watched_by(*rules).when(PLACE, CONFIRM).then_runs(status="fired", stage="skipped")


def test_the_customer_is_seen_with_tags_and_marks() -> None:
    rule = rule_of(
        on=[{"event": "order.placed"}],
        conditions={
            "wholesale": "'wholesale' in customer.tags",
            "quiet": "customer.marks.size() == 0",
        },
    )
    known = [EVENTS["customer.created.v1"], EVENTS["customer.tag_added.v1"]]

    watched_by(rule).when(*known, PLACE).then_runs(watch="fired")
    watched_by(rule).when(PLACE).then_runs(watch="skipped")


def test_an_event_that_changes_nothing_leads_no_rule_that_looks_at_changes() -> None:
    rule = rule_of(on=[{"change": name} for name in ("status", "track_number", "payment_status")])

    watched_by(rule).when(PLACE, c.AddNote(**WHO, text="Hello")).then_runs()


def test_every_variable_that_only_rules_have_is_told() -> None:
    watch = watched_by(rule_of()).when(PLACE)
    sight = watch.runs[0].case.sight
    context = sight.context(watch.runs[0].case.change)

    assert set(RULE_ENVIRONMENT) == set(context)
    assert all(context[name] for name in ONLY_RULES)


def test_asking_gives_an_answer_to_each_condition_of_each_rule_in_their_order() -> None:
    one = rule_of("one", conditions={"a": "order.test", "b": "order.total_minor > 0"})
    other = rule_of("other")
    sight = watched_by(one).when(PLACE).runs[0].case.sight
    asked = [(found.rule, change) for found, change in looking(in_force(one, other), sight)]

    assert list(ask(sight, asked)) == [{"a": False, "b": True}, {}]


def test_what_cannot_be_answered_is_no_yes() -> None:
    rule = rule_of(conditions={"odd": "order.total_minor / order.refunded_minor > 1"})

    watch = watched_by(rule).when(PLACE).then_runs(watch="skipped")

    assert not watch.runs[0].case.answers["odd"]


def test_the_order_of_an_event_is_known_by_its_stream() -> None:
    watch = watched_by(rule_of()).when(PLACE)
    sight = watch.runs[0].case.sight

    assert (sight.order_id, sight.name) == (ORDER_ID, "order.placed")
    assert Sight(sight.happened).order_id is None
    assert isinstance(sight.happened.event, e.OrderPlaced)
