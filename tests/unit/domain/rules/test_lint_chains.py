"""Lint: live rules that can lead to each other in a longer row than a chain may have."""

from collections.abc import Sequence
from datetime import timedelta

from domain.rules.findings import Known
from domain.rules.judge import MAX_CHAIN
from domain.rules.lint import lint
from domain.rules.lint_chains import MAX_CHAINS, list_long_chains
from domain.rules.rule import Rule
from tests.support.examples import PATH
from tests.support.rules import line_of, ring_of, rule_of

LINE = line_of(MAX_CHAIN + 1)
NAMES = [rule.rule for rule in LINE]


def chains(rules: Sequence[Rule]) -> list[list[str]]:
    return [[*names] for names, _ in list_long_chains(rules, [PATH])]


def found(rules: Sequence[Rule], others: Sequence[Rule] = ()) -> list[tuple[str, str]]:
    return [(at.rule, one.code) for at, one in lint(rules, Known([PATH], others=others))]


def in_mode(mode: str, number: int) -> list[Rule]:
    """Give the line with one rule in another mode."""
    return [
        rule.model_copy(update={"mode": mode}) if rule is LINE[number] else rule for rule in LINE
    ]


def test_nine_in_a_row_are_told_once_in_their_order_with_what_to_do() -> None:
    ((at, finding),) = lint(LINE, Known([PATH]))

    assert (at.rule, finding.code, finding.severity) == (
        "line_0", "rules_in_long_chain", "warning",
    )  # fmt: skip
    assert finding.message == f"in a row: {' > '.join(NAMES)}"
    assert finding.why == "after 8 rules in a row the next one does nothing, and an alert says so"
    assert "let one rule do what several of them do" in finding.needed


def test_as_many_as_a_chain_may_have_are_well() -> None:
    assert found(line_of(MAX_CHAIN)) == []


def test_a_row_is_told_as_long_as_it_is_in_whatever_order_its_rules_are_given() -> None:
    rules = line_of(MAX_CHAIN + 4)

    assert chains([*reversed(rules)]) == [[rule.rule for rule in rules]]


def test_what_is_no_live_rule_leads_nowhere() -> None:
    assert chains(in_mode("shadow", 4)) == chains(in_mode("off", 0)) == []
    assert chains(in_mode("shadow", MAX_CHAIN)) == []


def test_a_chain_begins_anew_with_silence_a_time_limit_and_not_with_a_delay() -> None:
    silent = rule_of("silent", on=[{"silence": "1h"}], then=[{"set": {"track_number": "R4"}}])
    late = rule_of("late", on=[{"event": "order.deadline_passed"}],
                   then=[{"set": {"track_number": "R4"}}])  # fmt: skip
    slow = LINE[4].model_copy(update={"delay": timedelta(days=1)})

    assert chains([*LINE[:4], silent, *LINE[4:-1]]) == []
    assert chains([*LINE[:4], late, *LINE[4:-1]]) == []
    assert chains([*LINE[:4], slow, *LINE[5:]]) == [NAMES]


def test_with_published_rules_it_is_told_at_the_one_that_is_given() -> None:
    assert found([LINE[6]], [*LINE[:6], *LINE[7:]]) == [("line_6", "rules_in_long_chain")]
    apart = rule_of("apart", then=[{"tag": "seen"}])
    assert found([apart], LINE) == []


def test_each_rule_that_stands_in_a_long_row_is_named() -> None:
    beside = LINE[4].model_copy(update={"rule": "beside"})
    end = rule_of("end", on=[{"change": "track_number", "to": f"R{MAX_CHAIN}"}])

    named = {name for chain in chains([*LINE, beside, end]) for name in chain}

    assert named == {*NAMES, "beside", "end"}


def test_a_circle_of_few_rules_is_no_long_row_and_one_of_many_is_both() -> None:
    assert {code for _, code in found(ring_of(MAX_CHAIN))} == {"rules_in_circle"}

    told = [one for _, one in lint(ring_of(MAX_CHAIN + 1), Known([PATH]))]

    assert {one.code for one in told} == {"rules_in_circle", "rules_in_long_chain"}
    (circle,) = [one for one in told if one.code == "rules_in_circle"]
    assert circle.why == "after 8 rules the next one does nothing, each time that it begins"


def test_a_circle_on_the_way_makes_no_row_longer() -> None:
    *line, _ = LINE
    round_ = rule_of("round", on=[{"change": "track_number", "to": "R4"}],
                     then=[{"set": {"track_number": "R3"}}])  # fmt: skip

    assert chains([*line, round_]) == []


def test_p33_a_knot_of_sixty_rules_is_looked_through_in_a_second_or_two() -> None:
    knot = [rule_of(f"k{n}", on=[{"event": "order.note_added"}]) for n in range(60)]
    apart = [
        rule_of(f"o{n}", on=[{"change": "owner_group", "to": f"g{n % 8}"}],
                then=[{"assign": {"group": f"g{(n + 1) % 8}"}}])
        for n in range(60)
    ]  # fmt: skip

    told = chains([*knot, *apart])

    assert 0 < len(told) <= MAX_CHAINS
    assert {name for chain in told for name in chain} >= {rule.rule for rule in knot}
