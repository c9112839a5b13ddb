"""Laws of rules: judging is pure, no chain is longer than 8, no rule fires beyond its limit."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.alerts.events import AlertRaised
from domain.messages import Command
from domain.refusals import Refusal
from domain.rules.judge import MAX_CHAIN, Judge
from domain.rules.judging import Sight
from domain.rules.rule import Rule
from domain.rules.runs import Run, Wait
from tests.support.examples import COMMANDS, ORDER_ID, PATH
from tests.support.rules import Watch, in_force, line_of, ring_of, rule_of, told, watched_by
from tests.support.strategies import any_command

PLACE = COMMANDS["order.place"]
HOUR = timedelta(hours=1)
LOOP = rule_of(on=[{"event": "order.note_added"}], limits={"per_order": 50})
OTHER = UUID(int=99)  # an order, beside ORDER_ID
names = st.sampled_from(["a", "b", "c", "d"])
statuses = st.sampled_from([*PATH.statuses])
triggers = st.one_of(
    st.sampled_from(
        ["order.placed", "order.note_added", "order.status_changed", "order.owner_assigned"]
    ).map(lambda name: {"event": name}),
    st.builds(lambda to: {"change": "status", "to": to}, statuses),
    st.sampled_from(["owner_group", "track_number", "payment_status"]).map(
        lambda name: {"change": name}
    ),
    st.just({"silence": "1h"}),
)
actions = st.one_of(
    st.builds(lambda to: {"move": to, "reason": "By rule"}, statuses),
    st.sampled_from(["a", "b"]).map(lambda group: {"assign": {"group": group}}),
    st.sampled_from(["T1", "T2"]).map(lambda number: {"set": {"track_number": number}}),
    st.just({"note": "Again"}),
    st.just({"tag": "seen"}),
)
conditions = st.sampled_from(
    [{}, {"new": "order.status == 'new'"}, {"moved": "change.old != ''"}, {"dear": "order.test"}]
)


def one_move(then: list[dict[str, Any]]) -> list[dict[str, Any]]:
    moves = [action for action in then if "move" in action]
    return [action for action in then if "move" not in action] + moves[:1]


rules = st.lists(
    st.builds(
        lambda name, on, then, condition, limit: rule_of(
            name, on=on, then=one_move(then), limits={"per_order": limit}, conditions=condition
        ),
        names,
        st.lists(triggers, min_size=1, max_size=2),
        st.lists(actions, min_size=1, max_size=2),
        conditions,
        st.sampled_from([1, 3, 50]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda rule: rule.rule,
)
steps = st.lists(any_command, max_size=4)


rings = st.integers(2, MAX_CHAIN).map(ring_of)
lines = st.integers(MAX_CHAIN - 1, MAX_CHAIN + 3).map(line_of)
ONLOOKER = rule_of("onlooker", on=[{"change": "track_number"}], limits={"per_order": 50})
BEGIN = COMMANDS["order.change_fields"].model_copy(update={"track_number": "R0"})


def watch(
    some: list[Rule], happening: list[Command], *, carrying_out: bool
) -> tuple[Watch, list[Run]]:
    """Let things happen to a placed order; whatever is refused does not."""
    watched = watched_by(*some, carrying_out=carrying_out)
    runs: list[Run] = []
    for step in (PLACE, *happening):
        try:
            watched.when(step)
        except Refusal:
            continue
        runs += watched.runs
    watched.when_time_passes(timedelta(hours=2))
    return watched, runs + watched.runs


@given(some=rules, happening=steps)
@example(some=[LOOP], happening=[COMMANDS["order.add_note"]])
@settings(max_examples=100, deadline=None)
def test_d9_no_chain_of_rules_is_longer_than_eight(
    some: list[Rule], happening: list[Command]
) -> None:
    _, runs = watch(some, happening, carrying_out=True)

    assert MAX_CHAIN == 8
    assert all(len(run.case.chain) <= 8 for run in runs if run.result == "fired")


@given(ring=rings, some=rules, happening=steps, data=st.data())
@settings(max_examples=100, deadline=None)
def test_d9_rules_that_lead_round_to_each_other_are_stopped_among_whatever_rules(
    ring: list[Rule], some: list[Rule], happening: list[Command], data: st.DataObject
) -> None:
    order = data.draw(st.permutations([*ring, ONLOOKER, *some]))
    watched, runs = watch([*order], [BEGIN, *happening], carrying_out=True)

    assert all(len(run.case.chain) <= 8 for run in runs if run.result == "fired")
    by_name = {rule.rule: rule for rule in order}
    fired = Counter(run.case.of.name for run in runs if run.result == "fired")
    assert all(fired[name] <= rule.limits.per_order for name, rule in by_name.items())
    went_round = {name for run in runs if run.why == "loop" for name in run.case.circle}
    assert went_round
    quiet = {name for name, one in watched.rules.by_name.items() if one.rule.mode == "shadow"}
    assert set() < quiet <= went_round


@given(rows=st.one_of(lines, rings), some=rules, happening=steps, data=st.data())
@settings(max_examples=100, deadline=None)
def test_d9_each_loop_is_told_once_and_turns_off_none_but_who_went_round(
    rows: list[Rule], some: list[Rule], happening: list[Command], data: st.DataObject
) -> None:
    delayed = data.draw(st.sets(st.sampled_from([one.rule for one in rows]), max_size=2))
    row = [one.model_copy(update={"delay": HOUR if one.rule in delayed else None}) for one in rows]
    order = data.draw(st.permutations([*row, ONLOOKER, *some]))
    watched, runs = watch([*order], [BEGIN, *happening], carrying_out=True)
    for _ in range(MAX_CHAIN):
        runs += watched.when_time_passes(HOUR).runs

    for run in runs:
        if run.why in ("loop", "depth"):
            comes_twice = len({*run.case.chain}) < len(run.case.chain)
            assert (run.why == "loop") == comes_twice == bool(run.case.circle)
    turned = [name for name, one in watched.rules.by_name.items() if one.rule.mode == "shadow"]
    went_round = {name for run in runs if run.why == "loop" for name in run.case.circle}
    assert {*turned} <= went_round
    events = (stored.event for _, stored in watched.world.stored)
    raised = [one for one in events if isinstance(one, AlertRaised) and one.kind == "rule_stopped"]
    loops = [one.rule for one in raised if "only judges now" in one.title]
    assert sorted(map(str, loops)) == sorted(turned)


@given(rows=lines, data=st.data())
@settings(max_examples=50, deadline=None)
def test_d9_rules_that_go_round_nowhere_are_stopped_at_eight_and_all_stay_live(
    rows: list[Rule], data: st.DataObject
) -> None:
    order = data.draw(st.permutations([*rows, ONLOOKER]))
    watched, runs = watch([*order], [BEGIN], carrying_out=True)

    fired = Counter(run.case.of.name for run in runs if run.result == "fired")
    stopped = {run.case.of.name: run.why for run in runs if run.result == "stopped"}
    assert fired == dict.fromkeys([f"line_{n}" for n in range(min(len(rows), MAX_CHAIN))], 1) | {
        "onlooker": min(len(rows) + 1, MAX_CHAIN)
    }
    ninth = [f"line_{MAX_CHAIN}"] if len(rows) > MAX_CHAIN else []
    onlooking = ["onlooker"] if len(rows) >= MAX_CHAIN else []
    assert stopped == dict.fromkeys([*ninth, *onlooking], "depth")
    assert all(one.rule.mode == "live" for one in watched.rules.by_name.values())


@given(some=rules, happening=steps)
@example(some=[LOOP], happening=[COMMANDS["order.add_note"]] * 9)
@settings(max_examples=100, deadline=None)
def test_d9_no_rule_fires_more_often_for_an_order_than_its_limit(
    some: list[Rule], happening: list[Command]
) -> None:
    _, runs = watch(some, happening, carrying_out=True)

    fired = Counter(run.case.of.name for run in runs if run.result == "fired")
    assert all(fired[rule.rule] <= rule.limits.per_order for rule in some)


@given(some=rules, happening=steps, elsewhere=steps, data=st.data())
@settings(max_examples=100, deadline=None)
def test_d9_any_subset_of_the_orders_judged_apart_gives_the_same_runs(
    some: list[Rule], happening: list[Command], elsewhere: list[Command], data: st.DataObject
) -> None:
    one, _ = watch(some, happening, carrying_out=False)
    other, _ = watch(some, elsewhere, carrying_out=False)
    ours = [sight for sight in one.sights() if sight.name != "timer.fired"]
    theirs = [_of_another_order(s) for s in other.sights() if s.name != "timer.fired"]
    mixed = data.draw(st.permutations([True] * len(ours) + [False] * len(theirs)))
    first, second = iter(ours), iter(theirs)

    together = _judged(Judge(), some, [next(first if mine else second) for mine in mixed])

    apart = _judged(Judge(), some, ours), _judged(Judge(), some, theirs)
    assert [run for run in together if run[0] != OTHER] == apart[0]
    assert [run for run in together if run[0] == OTHER] == apart[1]


@given(some=rules, happening=steps, data=st.data())
@settings(max_examples=100, deadline=None)
def test_d9_judging_in_whatever_batches_gives_the_same_runs(
    some: list[Rule], happening: list[Command], data: st.DataObject
) -> None:
    watched, _ = watch(some, happening, carrying_out=False)
    sights = [*watched.sights()]
    cut = data.draw(st.integers(0, len(sights)))

    first = Judge()
    before = _judged(first, some, sights[:cut])
    then = Judge(waits=dict(first.waits), fired=first.fired.copy(), chains=dict(first.chains))

    assert before + _judged(then, some, sights[cut:]) == _judged(Judge(), some, sights)


@given(some=rules, happening=steps)
@settings(max_examples=100, deadline=None)
def test_d9_what_is_awaited_is_the_same_however_often_somebody_asks_for_it(
    some: list[Rule], happening: list[Command]
) -> None:
    watched, _ = watch(some, happening, carrying_out=False)
    asked, unasked = Judge(), Judge()
    told: dict[UUID, Wait] = {}
    for sight in watched.sights():
        _judged(asked, some, [sight])
        told |= {one.wait_id: one for one in asked.changed()[0]}
    _judged(unasked, some, [*watched.sights()])

    assert asked.waits == unasked.waits
    assert {id_: told[id_] for id_ in asked.waits} == asked.waits


def _of_another_order(sight: Sight) -> Sight:
    happened = sight.happened
    stream_id = happened.stream_id.replace(str(ORDER_ID), str(OTHER))
    command_id = uuid5(OTHER, str(happened.command_id))
    return replace(sight, happened=replace(happened, stream_id=stream_id, command_id=command_id))


def _judged(judge: Judge, some: list[Rule], sights: list[Sight]) -> list[tuple[Any, ...]]:
    """Give the runs as far as they are told to anybody, by the order that they belong to."""
    force = in_force(*some)
    return [
        (
            UUID(sight.happened.entity_id),
            run.case.of.name,
            run.result,
            [(one.command_id, told(one)) for one in run.acts],
        )
        for sight in sights
        for run in (
            judge.judge_timer(force, sight)
            if sight.name == "timer.fired"
            else judge.judge(force, sight)
        )
    ]
