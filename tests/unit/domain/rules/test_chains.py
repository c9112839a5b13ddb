"""Chains of rules: which part went round, what is stopped, who is turned off, who hears of it."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from domain.alerts.events import AlertRaised
from domain.messages import Command
from domain.rules.judge import MAX_CHAIN
from domain.rules.judging import Sight
from domain.rules.rule import Rule
from domain.rules.runs import Case, Chain, Run
from tests.support.examples import COMMANDS
from tests.support.rules import Watch, in_force, line_of, ring_of, rule_of, watched_by

PLACE = COMMANDS["order.place"]
ONLOOKER = rule_of("onlooker", on=[{"change": "track_number"}], limits={"per_order": 50})


def begin(watch: Watch, track_number: str = "R0") -> list[Run]:
    """Let a person begin a chain; give what became of the rules that looked."""
    change = COMMANDS["order.change_fields"].model_copy(update={"track_number": track_number})
    return [*watch.when(PLACE, change).runs]


def stopped(runs: list[Run]) -> list[tuple[str, str | None]]:
    return [(run.case.of.name, run.why) for run in runs if run.result == "stopped"]


def modes(watch: Watch) -> Counter[str]:
    return Counter(one.rule.mode for one in watch.rules.by_name.values())


def quiet(watch: Watch) -> list[str]:
    """Name the rules that were turned to shadow."""
    return [name for name, one in watch.rules.by_name.items() if one.rule.mode == "shadow"]


def alerts(watch: Watch) -> list[AlertRaised]:
    raised = (stored.event for _, stored in watch.world.stored)
    return [event for event in raised if isinstance(event, AlertRaised)]


def circle_of(*before: str) -> Chain:
    *led, last = before
    rules = in_force(*(rule_of(name) for name in dict.fromkeys(before)))
    sight: Any = Sight.__new__(Sight)
    return Case(rules, rules.by_name[last], sight, before=tuple(led)).circle


@pytest.mark.parametrize(
    ("chain", "circle"),
    [
        ("abc", ""),
        ("aa", "aa"),
        ("abab", "abab"),
        ("leadabab", "adabab"),
        ("xabaw", "aba"),
        ("abcba", "abcba"),
        ("abacb", "abacb"),
        ("ababxcc", "cc"),  # It is the one that is about to go on.
        ("ababxccw", "abab"),
        ("aaxccw", "aa"),
    ],
)
def test_a_circle_is_what_went_round_without_who_led_to_it_or_looked(
    chain: str, circle: str
) -> None:
    assert "".join(circle_of(*chain)) == circle


class TestDepth:
    """Rules that go round nowhere: the ninth does nothing, and nobody is turned off."""

    def test_the_ninth_of_nine_rules_does_nothing_and_all_stay_live(self) -> None:
        watch = watched_by(*line_of(MAX_CHAIN + 1), carrying_out=True)

        runs = begin(watch)

        assert [run.result for run in runs] == ["fired"] * MAX_CHAIN + ["stopped"]
        assert stopped(runs) == [("line_8", "depth")]
        assert watch.order.fields["track_number"] == "R8"
        assert modes(watch) == {"live": MAX_CHAIN + 1}

    def test_the_alert_names_the_chain_in_its_order_and_says_what_to_do(self) -> None:
        watch = watched_by(*line_of(MAX_CHAIN + 1), carrying_out=True)

        begin(watch)

        (alert,) = alerts(watch)
        assert alert.details == tuple(f"line_{number}" for number in range(MAX_CHAIN + 1))
        assert alert.title == (
            "Rule line_8 did nothing: 8 rules in a row had led to it."
            " Let one do what several do, or wait for silence, a time limit or a fixed hour"
        )
        assert (alert.kind, alert.group, alert.rule) == ("rule_stopped", "admins", "line_8")

    def test_eight_in_a_row_are_no_more_than_may_be(self) -> None:
        watch = watched_by(*line_of(MAX_CHAIN), carrying_out=True)

        runs = begin(watch)

        assert [run.result for run in runs] == ["fired"] * MAX_CHAIN
        assert alerts(watch) == []

    @pytest.mark.parametrize("is_youngest", [True, False])
    def test_a_watcher_behind_eight_others_turns_nobody_off(self, is_youngest: bool) -> None:
        line = line_of(MAX_CHAIN)
        rules = [*line, ONLOOKER] if is_youngest else [ONLOOKER, *line[1:], line[0]]
        watch = watched_by(*rules, carrying_out=True)

        runs = begin(watch)

        assert stopped(runs) == [("onlooker", "depth")]
        assert modes(watch) == {"live": MAX_CHAIN + 1}
        assert [alert.rule for alert in alerts(watch)] == ["onlooker"]

    def test_a_delay_in_it_begins_no_chain(self) -> None:
        *line, last = line_of(MAX_CHAIN + 1)
        later = last.model_copy(update={"delay": timedelta(hours=1)})
        watch = watched_by(*line, later, carrying_out=True)

        begin(watch)

        assert stopped(watch.when_time_passes(timedelta(hours=1)).runs) == [("line_8", "depth")]
        assert [alert.rule for alert in alerts(watch)] == ["line_8"]

    def test_a_chain_is_told_of_once_and_again_when_one_of_its_rules_is_another(self) -> None:
        rules = line_of(MAX_CHAIN + 1)
        watch = watched_by(*rules, carrying_out=True)

        begin(watch)
        watch.when(_track("elsewhere"), _track("R0"))
        assert len(alerts(watch)) == 1
        watch.publish(rules[3]).when(_track("elsewhere"), _track("R0"))

        assert len(alerts(watch)) == 2

    def test_a_shadow_that_comes_ninth_stops_nobody_and_says_what_it_would_do(self) -> None:
        *line, last = line_of(MAX_CHAIN + 1)
        watch = watched_by(*line, last.model_copy(update={"mode": "shadow"}), carrying_out=True)

        assert stopped(begin(watch)) == []
        assert alerts(watch) == []

    def test_what_a_chain_may_have_begins_anew_with_silence(self) -> None:
        *line, _ = line_of(MAX_CHAIN + 1)
        last = rule_of(on=[{"silence": "1h"}], then=[{"tag": "quiet"}])
        watch = watched_by(*line, last, carrying_out=True)

        begin(watch)

        watch.when_time_passes(timedelta(hours=1)).then_runs(watch="fired")


class TestLoop:
    """Rules that go round: the youngest of them only judges, and that is told once."""

    @pytest.mark.parametrize("delayed", [None, 0, 1])
    def test_with_a_watcher_and_a_delay_it_is_told_once(self, delayed: int | None) -> None:
        watch = watched_by(*_delayed(ring_of(2), delayed), ONLOOKER, carrying_out=True)

        runs = begin(watch)
        for _ in range(MAX_CHAIN):
            runs += watch.when_time_passes(timedelta(hours=1)).runs

        assert quiet(watch) == ["ring_1"]
        assert [(one.rule, {*one.details}) for one in alerts(watch)] == [
            ("ring_1", {"ring_0", "ring_1"})
        ]
        looked = Counter(run.result for run in runs if run.case.of.name == "onlooker")
        assert looked == {"fired": MAX_CHAIN, "stopped": 1}

    @pytest.mark.parametrize("delayed", [None, 0, 5])
    def test_one_of_eight_rules_with_a_watcher_is_told_once(self, delayed: int | None) -> None:
        watch = watched_by(ONLOOKER, *_delayed(ring_of(MAX_CHAIN), delayed), carrying_out=True)

        begin(watch)
        for _ in range(3):
            watch.when_time_passes(timedelta(hours=1))

        assert quiet(watch) == ["ring_7"]
        assert [one.rule for one in alerts(watch)] == ["ring_7"]

    def test_who_led_to_it_is_not_turned_off_though_it_is_younger(self) -> None:
        leading = rule_of("leading", on=[{"event": "order.note_added"}],
                          then=[{"set": {"track_number": "R0"}}])  # fmt: skip
        watch = watched_by(*ring_of(2), leading, carrying_out=True)

        watch.when(PLACE, COMMANDS["order.add_note"])

        assert quiet(watch) == ["ring_1"]
        assert "leading" not in {name for one in alerts(watch) for name in one.details}

    def test_a_watcher_that_is_younger_stays_live_and_goes_on(self) -> None:
        watch = watched_by(*ring_of(3), ONLOOKER, carrying_out=True)

        begin(watch)

        assert quiet(watch) == ["ring_2"]
        watch.when(_track("anything")).then_runs(onlooker="fired")

    def test_what_waits_for_a_delay_while_the_loop_is_stopped_is_told_no_more(self) -> None:
        watch = watched_by(*_delayed(ring_of(2), 0), ONLOOKER, carrying_out=True)
        begin(watch)
        for _ in range(MAX_CHAIN // 2):
            watch.when_time_passes(timedelta(hours=1))
        assert len(alerts(watch)) == 1

        last = watch.when_time_passes(timedelta(hours=1)).runs

        assert [(run.why, [*run.acts]) for run in last] == [("loop", [])]

    def test_set_live_again_as_it_was_it_is_stopped_and_told_again(self) -> None:
        rules = ring_of(2)
        watch = watched_by(*rules, carrying_out=True)
        begin(watch)

        watch.publish(rules[1]).when(_track("elsewhere"), _track("R0"))

        assert quiet(watch) == ["ring_1"]
        assert [(one.rule, one.rule_version) for one in alerts(watch)] == [
            ("ring_1", 1), ("ring_1", 3),
        ]  # fmt: skip


def _track(number: str) -> Command:
    return COMMANDS["order.change_fields"].model_copy(update={"track_number": number})


def _delayed(rules: list[Rule], number: int | None) -> list[Rule]:
    """Give one of the rules a delay."""
    return [
        rule.model_copy(update={"delay": timedelta(hours=1)}) if place == number else rule
        for place, rule in enumerate(rules)
    ]
