"""Laws of what lint says of rules without judging: whatever really happens, it had foreseen."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.messages import Command
from domain.rules.changed_by import CHANGED_BY
from domain.rules.leading import leads, traces_of
from domain.rules.rule import Rule
from domain.rules.triggers import CHANGING, EVENT_NAMES
from tests.properties.test_rule_laws import LOOP, rules, steps, watch
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
