"""Laws of what lint says of rules without judging: whatever really happens, it had foreseen."""

from collections.abc import Iterator
from itertools import combinations, pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.messages import Command
from domain.orders.commands import AssignOwner, ChangeFields, ChangeStatus
from domain.rules.changed_by import CHANGED_BY
from domain.rules.judge import MAX_CHAIN
from domain.rules.leading import leads, traces_of
from domain.rules.lint_chains import list_long_chains
from domain.rules.lint_circles import led_to
from domain.rules.lint_conflicts import list_conflicts
from domain.rules.occasions import statuses_of
from domain.rules.rule import Rule
from domain.rules.runs import Run
from domain.rules.triggers import CHANGING, EVENT_NAMES
from tests.properties.test_rule_laws import BEGIN, LOOP, lines, rules, steps, watch
from tests.support.examples import COMMANDS, PATH
from tests.support.strategies import any_command


@given(happening=st.lists(any_command, max_size=12))
@settings(max_examples=150, deadline=None)
def test_a_field_changes_by_the_events_that_are_known_to_change_it(
    happening: list[Command],
) -> None:
    watched, _ = watch([], happening, carrying_out=False)

    for sight in watched.log:
        for name in CHANGING:
            assert sight.change(name) is None or sight.name in CHANGED_BY[name], name


def test_every_field_has_events_and_every_event_is_one() -> None:
    assert CHANGED_BY.keys() == CHANGING.keys()
    assert {name for names in CHANGED_BY.values() for name in names} <= {*EVENT_NAMES}


@given(some=rules, happening=steps)
@example(some=[LOOP], happening=[COMMANDS["order.add_note"]])
@settings(max_examples=150, deadline=None)
def test_whatever_rule_another_one_leads_to_was_foreseen(
    some: list[Rule], happening: list[Command]
) -> None:
    _, runs = watch(some, happening, carrying_out=True)
    by_name = {rule.rule: rule for rule in some}

    for run in runs:
        if run.result in ("fired", "stopped") and len(run.case.chain) > 1:
            before, then = run.case.chain[-2:]
            assert leads(traces_of(by_name[before], [PATH]), by_name[then])


@given(row=lines, some=rules, happening=steps, data=st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_chain_is_too_long_was_told_of_before(
    row: list[Rule], some: list[Rule], happening: list[Command], data: st.DataObject
) -> None:
    order = data.draw(st.permutations([*row, *some]))
    _, runs = watch([*order], [BEGIN, *happening], carrying_out=True)
    linked = led_to(order, [PATH], but_for_the_clock=True)
    told = [{*names} for names, _ in list_long_chains(order, [PATH])]

    stopped = [run.case.chain for run in runs if run.why == "depth"]
    assert told or len(row) <= MAX_CHAIN
    for chain in stopped:
        if all(one in linked[other] for one, other in pairwise(chain)):
            assert any(chain[-1] in names for names in told)


@given(row=lines)
@settings(max_examples=20, deadline=None)
def test_only_a_chain_that_is_too_long_is_told_of(row: list[Rule]) -> None:
    _, runs = watch([*row], [BEGIN], carrying_out=True)

    told = [names for names, _ in list_long_chains(row, [PATH])]

    is_stopped = any(run.why == "depth" for run in runs)
    assert told == ([tuple(rule.rule for rule in row)] if is_stopped else [])


@given(some=rules, happening=steps)
@settings(max_examples=150, deadline=None)
def test_a_rule_fires_in_no_status_but_those_that_were_foreseen(
    some: list[Rule], happening: list[Command]
) -> None:
    _, runs = watch(some, happening, carrying_out=True)

    for run in runs:
        sight = run.case.sight
        if run.result in ("fired", "stopped") and sight.happened.fact_id is None:
            assert sight.after.status in statuses_of(run.case.of.rule, PATH)


@given(some=rules, happening=steps)
@settings(max_examples=150, deadline=None)
def test_two_rules_that_want_different_things_at_once_were_told_of(
    some: list[Rule], happening: list[Command]
) -> None:
    _, runs = watch(some, happening, carrying_out=False)
    told = {frozenset(names) for names, _ in list_conflicts(some)}

    for one, other in combinations(runs, 2):
        at_once = one.case.sight.happened == other.case.sight.happened
        if at_once and one.result == other.result == "fired" and _differ(one, other):
            assert {one.case.of.name, other.case.of.name} in told


def _differ(one: Run, other: Run) -> bool:
    """Whether two runs set the same to something else."""
    ours, theirs = dict(_set(one)), dict(_set(other))
    return any(theirs.get(name, value) != value for name, value in ours.items())


def _set(run: Run) -> Iterator[tuple[str, object]]:
    for command in run.acts:
        match command:
            case ChangeStatus(to_status=status):
                yield "status", status
            case AssignOwner(user=user, group=group):
                yield "owner", (user, group)
            case ChangeFields(track_number=number):
                yield "track_number", number
            case _:
                pass
