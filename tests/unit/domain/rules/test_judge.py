"""The judge: what becomes of a case, what waits, what is stopped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.messages import ActorKind, Decided
from domain.orders import commands as c
from domain.orders import events as e
from domain.paths.calendars import NEVER
from domain.rules.actions import WriteNote
from domain.rules.book import InForce
from domain.rules.judge import MAX_CHAIN
from domain.rules.line import SetRuleMode
from domain.rules.rule import Rule
from tests.support.examples import CALENDAR, COMMANDS, EVENTS, NOW, ORDER_ID, actor, fact_id
from tests.support.rules import Watch, rule_of, watched_by

WHO = {"command_id": UUID(int=1), "actor": actor(), "order_id": ORDER_ID}
PLACE = COMMANDS["order.place"]
CONFIRM = COMMANDS["order.change_status"]
NOTE = c.AddNote(**WHO, text="Something")
IS_NEW = {"is_new": "order.status == 'new'"}
HOUR = timedelta(hours=1)
SILENCE = {"silence": "1h"}
PLACED_AT = NOW + timedelta(minutes=1)
SENT = EVENTS["order.source_status_noted.v1"]
CLOSING = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_rule_that_fires_sends_its_acts_in_their_order() -> None:
    rule = rule_of(then=[{"move": "confirmed"}, {"note": "Moved"}])

    watched_by(rule).when(PLACE).then_runs(watch="fired").then_acts(
        ("order.change_status", {"to_status": "confirmed"}),
        ("order.add_note", {"text": "Moved"}),
    )


def test_a24_a_shadow_says_what_it_would_have_sent_and_leads_to_nothing() -> None:
    watch = watched_by(rule_of(mode="shadow"), carrying_out=True).when(PLACE)

    watch.then_runs(watch="shadow").then_acts(("order.add_note", {"text": "Seen"}))
    assert not watch.order.noted


def test_rules_of_one_event_judge_the_same_order_though_one_of_them_moves_it() -> None:
    rules = [
        rule_of("first", order=1, then=[{"move": "confirmed"}], conditions=IS_NEW),
        rule_of("second", order=2, conditions=IS_NEW),
    ]

    watched_by(*rules).when(PLACE).then_runs(first="fired", second="fired")


class TestDelay:
    """D9: what is delayed is asked again when it is due."""

    RULE = rule_of(delay="1h", cancel_on="order.payment_submitted", conditions=IS_NEW)

    def test_it_acts_when_its_time_has_come(self) -> None:
        watch = watched_by(self.RULE).when(PLACE).then_runs(watch="delayed").then_acts()

        watch.when_time_passes(HOUR).then_runs(watch="fired")
        watch.then_acts(("order.add_note", {"text": "Seen"}))
        watch.when_time_passes(HOUR).then_runs()

    def test_it_does_not_act_before(self) -> None:
        watched_by(self.RULE).when(PLACE).when_time_passes(HOUR - timedelta(seconds=1)).then_runs()

    def test_it_is_skipped_if_its_conditions_hold_no_longer(self) -> None:
        watch = watched_by(self.RULE).when(PLACE, CONFIRM)

        watch.when_time_passes(HOUR).then_runs(watch="skipped").then_acts()

    def test_what_made_it_look_is_still_that_when_its_time_has_come(self) -> None:
        told = {
            "it": "event.type == 'order.deadline_passed' && event.level == 'warn'",
            "whence": "event.source == 'test'",
            "who": "actor.kind == 'user' && actor.id == 'ann'",
        }
        rule = rule_of(on=[{"event": "order.deadline_passed"}], delay="1h", conditions=told)
        watch = watched_by(rule).when(PLACE, EVENTS["order.deadline_passed.v1"])
        watch.then_runs(watch="delayed")

        watch.when_time_passes(HOUR).then_runs(watch="fired")

    def test_the_order_is_seen_as_it_is_by_then_also_beside_what_made_it_look(self) -> None:
        still_new = {"still_new": "event.type == 'order.placed' && order.status == 'new'"}
        watch = watched_by(rule_of(delay="1h", conditions=still_new)).when(PLACE, CONFIRM)

        watch.when_time_passes(HOUR).then_runs(watch="skipped")

    def test_an_event_cancels_it(self) -> None:
        paying = COMMANDS["order.submit_payment"]
        watch = watched_by(self.RULE).when(PLACE, paying).then_runs(watch="cancelled")

        assert watch.runs[0].why == "event"
        watch.when_time_passes(HOUR).then_runs()

    def test_a_rule_that_is_off_by_then_does_nothing(self) -> None:
        watch = watched_by(self.RULE).when(PLACE)
        timer = next(iter(watch.judge.waits.values()))
        watch._set_mode(
            SetRuleMode(
                command_id=UUID(int=9), actor=actor(), rule="watch", mode="off", of_version=1
            )
        )

        watch.when_time_passes(HOUR).then_runs(watch="cancelled")
        assert (watch.runs[0].why, timer.rule_version) == ("retired", 1)

    def test_another_version_goes_on_with_what_began_to_wait(self) -> None:
        mended = self.RULE.model_copy(update={"then": (WriteNote(note="Mended"),)})
        watch = watched_by(self.RULE).when(PLACE).publish(mended)

        watch.when_time_passes(HOUR).then_runs(watch="fired")
        watch.then_acts(("order.add_note", {"text": "Mended"}))
        assert watch.runs[0].case.of.version == 2

    def test_what_began_with_something_else_than_the_version_looks_at_ends(self) -> None:
        elsewhere = rule_of(delay="1h", on=[{"event": "order.note_added"}])
        watch = watched_by(self.RULE).when(PLACE).publish(elsewhere)

        watch.when_time_passes(HOUR).then_runs(watch="cancelled")
        assert watch.runs[0].why == "retired"

    @pytest.mark.parametrize(("to", "goes_on"), [("confirmed", True), ("packed", False)])
    def test_of_a_change_it_is_one_that_the_version_looks_at(self, to: str, goes_on: bool) -> None:
        rule = rule_of(delay="1h", on=[{"change": "status", "to": "confirmed"}])
        other = rule_of(delay="1h", on=[{"event": "order.placed"}, {"change": "status", "to": to}])
        watch = watched_by(rule).when(PLACE, CONFIRM).publish(other)

        watch.when_time_passes(HOUR).then_runs(watch="fired" if goes_on else "cancelled")

    def test_a_version_that_waits_longer_counts_from_where_the_wait_began(self) -> None:
        longer = self.RULE.model_copy(update={"delay": 3 * HOUR})
        watch = watched_by(self.RULE).when(PLACE).publish(longer)

        watch.when_time_passes(HOUR).then_runs(watch="delayed")
        watch.when_time_passes(2 * HOUR - timedelta(seconds=1)).then_runs()
        watch.when_time_passes(timedelta(seconds=1)).then_runs(watch="fired")

    def test_an_event_cancels_it_while_the_rule_is_off_too(self) -> None:
        watch = watched_by(self.RULE).when(PLACE)
        watch.publish(self.RULE.model_copy(update={"mode": "off"}))
        watch.when(COMMANDS["order.submit_payment"]).publish(self.RULE)

        watch.when_time_passes(HOUR).then_runs()


def went(watch: Watch, hours: int) -> list[tuple[str, str | None]]:
    """Let hours pass, one by one; give what became of what waited, but for what waits on."""
    found: list[tuple[str, str | None]] = []
    for _ in range(hours):
        runs = watch.when_time_passes(HOUR).runs
        found += [(run.result, run.why) for run in runs if run.result != "delayed"]
    return found


def by_day(rule: Rule) -> Watch:
    return watched_by(rule, calendars=[CALENDAR])


class TestHours:
    """D9: outside of its hours a rule waits for them, and is judged again then."""

    NIGHT = timedelta(hours=10)  # on from Monday morning: the shop opens on Saturday again
    SATURDAY = datetime(2026, 3, 7, 9, tzinfo=UTC)

    def test_within_them_it_acts_at_once(self) -> None:
        by_day(rule_of(hours="shop")).when(PLACE).then_runs(watch="fired")

    def test_within_their_last_second_it_acts_at_once(self) -> None:
        watch = by_day(rule_of(hours="shop"))
        watch.now = CLOSING - timedelta(minutes=1, milliseconds=1)  # Each step takes a minute.

        watch.when(PLACE).then_runs(watch="fired")

    def test_outside_of_them_it_waits(self) -> None:
        watch = by_day(rule_of(hours="shop"))
        watch.now += self.NIGHT
        watch.when(PLACE).then_runs(watch="delayed").then_acts()

        watch.when_time_passes(self.SATURDAY - watch.now).then_runs(watch="fired")

    def test_where_the_clock_comes_late_it_waits_for_the_next_ones(self) -> None:
        watch = by_day(rule_of(hours="shop", delay="1h", conditions=IS_NEW)).when(PLACE)

        watch.when_time_passes(self.NIGHT).then_runs(watch="delayed").then_acts()
        assert watch.runs[0].due_at == self.SATURDAY
        watch.when_time_passes(timedelta(hours=1)).then_runs()
        watch.when_time_passes(self.SATURDAY - watch.now).then_runs(watch="fired")
        watch.when_time_passes(self.NIGHT).then_runs()

    def test_where_the_clock_comes_late_it_is_judged_again_at_once(self) -> None:
        rule = rule_of(hours="shop", delay="1h", conditions=IS_NEW)

        watch = by_day(rule).when(PLACE, CONFIRM).when_time_passes(self.NIGHT)

        watch.then_runs(watch="skipped")

    def test_what_was_within_them_and_is_told_of_later_waits_for_the_next_ones(self) -> None:
        rule = rule_of(on=[{"event": "order.payment_charged"}], hours="shop")
        watch = by_day(rule).when(PLACE)
        watch.when(EVENTS["order.payment_charged.v1"], who=actor("api_key"))
        watch.then_runs(watch="delayed").then_acts()

        watch.when_time_passes(self.NIGHT).then_runs(watch="delayed").then_acts()
        watch.when_time_passes(self.SATURDAY - watch.now).then_runs(watch="fired")

    def test_what_is_told_of_within_them_is_acted_on_when_the_clock_looks(self) -> None:
        rule = rule_of(on=[{"event": "order.payment_charged"}], hours="shop")
        watch = by_day(rule).when(PLACE)
        watch.when(EVENTS["order.payment_charged.v1"], who=actor("api_key"))

        watch.when_time_passes(timedelta(seconds=1)).then_runs(watch="fired")

    @pytest.mark.parametrize("year", [1, 1899, 9999])
    def test_what_happened_where_no_calendar_reaches_is_as_outside_of_them(self, year: int) -> None:
        placed = PLACE.model_copy(update={"occurred_at": None})
        watch = by_day(rule_of(hours="shop", delay="3650d"))
        watch.now = datetime(year, 12, 30, tzinfo=UTC)

        watch.when(placed).then_runs(watch="delayed")
        (wait,) = watch.judge.waits.values()
        if year == 9999:
            assert wait.due_at == NEVER
        else:
            assert wait.due_at.year == 1970
            watch.when_time_passes(NOW - watch.now)
            assert watch.runs[0].result in ("delayed", "fired")


class TestSilence:
    """P34: nothing has happened to the order for so long."""

    RULE = rule_of(on=[SILENCE | {"in": ["new", "packed"]}])

    def test_it_looks_after_so_much_silence(self) -> None:
        watch = watched_by(self.RULE).when(PLACE).then_runs()

        watch.when_time_passes(HOUR).then_runs(watch="fired")
        watch.when_time_passes(10 * HOUR).then_runs()

    def test_whatever_happens_breaks_it_and_it_begins_anew(self) -> None:
        watch = watched_by(self.RULE).when(PLACE)
        watch.now += HOUR - timedelta(minutes=2)
        watch.when(NOTE)

        watch.when_time_passes(timedelta(minutes=2)).then_runs()
        watch.when_time_passes(HOUR).then_runs(watch="fired")

    @pytest.mark.parametrize("event", ["order.deadline_passed.v1", "order.reservation_changed.v1"])
    def test_what_the_clock_says_by_itself_does_not_break_it(self, event: str) -> None:
        watch = watched_by(self.RULE).when(PLACE)
        watch.now += HOUR - timedelta(minutes=2)
        watch.when(EVENTS[event], who=actor("clock"))

        watch.when_time_passes(timedelta(minutes=1)).then_runs(watch="fired")

    def test_a_status_that_the_order_came_to_by_the_clock_is_another_silence(self) -> None:
        packed = e.StatusChanged(from_status="confirmed", to_status="packed")
        watch = watched_by(self.RULE).when(PLACE, CONFIRM).when(packed, who=actor("clock"))

        watch.when_time_passes(HOUR).then_runs(watch="fired")

    def test_who_puts_a_limit_off_breaks_it(self) -> None:
        watch = watched_by(self.RULE).when(PLACE)
        watch.now += HOUR - timedelta(minutes=2)
        watch.when(EVENTS["order.deadline_snoozed.v1"])

        watch.when_time_passes(HOUR - timedelta(minutes=1)).then_runs()

    @pytest.mark.parametrize(
        ("late", "who", "begins"),
        [
            (timedelta(hours=30), "api_key", "told"),
            (timedelta(minutes=6), "system", "told"),
            (timedelta(minutes=4), "api_key", "happened"),
            (timedelta(hours=30), "import", "happened"),
        ],
    )
    def test_what_a_program_tells_late_begins_it_anew_when_it_is_told(
        self, late: timedelta, who: ActorKind, begins: str
    ) -> None:
        watch = watched_by(self.RULE).when(PLACE)
        watch.now += timedelta(days=2)
        told_at = watch.now + timedelta(minutes=1)
        watch.when(Decided(SENT, told_at - late, fact_id(1)), who=actor(who))

        (wait,) = watch.judge.waits.values()
        latest = max(told_at - late, PLACED_AT)
        assert wait.since == (told_at if begins == "told" else latest)

    def test_where_time_is_played_what_is_told_late_counts_from_when_it_happened(self) -> None:
        watch = watched_by(self.RULE)
        played = replace(watch.rules.by_name["watch"], in_real_time=False)
        watch.rules = InForce({"watch": played})
        watch.when(PLACE)
        watch.now += timedelta(days=2)
        watch.when(Decided(SENT, PLACED_AT + HOUR, fact_id(1)), who=actor("api_key"))

        (wait,) = watch.judge.waits.values()
        assert wait.since == PLACED_AT + HOUR

    def test_it_is_the_clock_that_looks(self) -> None:
        rule = rule_of(
            on=[{"silence": "1h"}],
            conditions={"it": "event.type == 'timer.fired'", "who": "actor.kind == 'clock'"},
        )

        watched_by(rule).when(PLACE).when_time_passes(HOUR).then_runs(watch="fired")

    def test_elsewhere_nobody_waits_for_it(self) -> None:
        watch = watched_by(self.RULE).when(PLACE, CONFIRM)

        watch.when_time_passes(10 * HOUR).then_runs()

    def test_without_statuses_it_is_awaited_wherever_the_order_has_not_ended(self) -> None:
        rule = rule_of(on=[{"silence": "1h"}])
        ended = c.ChangeStatus(
            **WHO, to_status="cancelled", reason_code="changed_mind", initiator="client"
        )

        watched_by(rule).when(PLACE, CONFIRM).when_time_passes(HOUR).then_runs(watch="fired")
        watched_by(rule).when(PLACE, ended).when_time_passes(HOUR).then_runs()

    def test_two_silences_of_one_span_are_awaited_each_where_it_is_for(self) -> None:
        rule = rule_of(on=[{"silence": "1h", "in": "new"}, {"silence": "1h", "in": "packed"}])

        watched_by(rule).when(PLACE).when_time_passes(HOUR).then_runs(watch="fired")
        packed = e.StatusChanged(from_status="confirmed", to_status="packed")
        watch = watched_by(rule).when(PLACE, CONFIRM).then_runs()
        assert not watch.judge.waits
        watch.when(packed).when_time_passes(HOUR).then_runs(watch="fired")

    def test_another_version_goes_on_with_what_is_silent(self) -> None:
        mended = self.RULE.model_copy(update={"title": {"en": "Silent"}})
        watch = watched_by(self.RULE).when(PLACE).publish(mended)

        watch.when_time_passes(HOUR).then_runs(watch="fired")

    def test_another_version_that_is_for_somewhere_else_ends_it(self) -> None:
        watch = watched_by(self.RULE).when(PLACE).publish(rule_of(on=[SILENCE | {"in": "packed"}]))

        watch.when_time_passes(HOUR).then_runs(watch="cancelled")

    def test_another_span_counts_from_where_the_silence_began(self) -> None:
        longer = rule_of(on=[{"silence": "3h", "in": "new"}])
        watch = watched_by(self.RULE).when(PLACE).publish(longer)

        watch.when_time_passes(HOUR).then_runs(watch="delayed")
        watch.when_time_passes(2 * HOUR - timedelta(seconds=1)).then_runs()
        watch.when_time_passes(timedelta(seconds=1)).then_runs(watch="fired")
        watch.when_time_passes(10 * HOUR).then_runs()

    def test_of_two_spans_the_one_that_is_left_ends_once(self) -> None:
        both = rule_of(on=[SILENCE, {"silence": "3h"}])
        watch = watched_by(both).when(PLACE).publish(rule_of(on=[{"silence": "3h"}]))

        watch.when_time_passes(HOUR).then_runs(watch="delayed")
        watch.when_time_passes(2 * HOUR).then_runs(watch="fired")
        watch.when_time_passes(10 * HOUR).then_runs()

    @pytest.mark.parametrize(
        "between", [RULE.model_copy(update={"mode": "off"}), rule_of(on=[{"silence": "9h"}])]
    )
    def test_it_is_broken_whatever_version_was_in_force_meanwhile(self, between: Rule) -> None:
        watch = watched_by(self.RULE).when(PLACE).publish(between)

        watch.when(NOTE).publish(self.RULE)

        watch.when_time_passes(HOUR).then_runs()

    def test_silences_that_are_awaited_at_once_end_together(self) -> None:
        rule = rule_of(on=[{"silence": "1h"}, {"silence": "3h", "in": "new"}])
        watch = watched_by(rule).when(PLACE)

        assert len(watch.judge.waits) == 2
        watch.when(CONFIRM)
        assert [wait.due_at - watch.now for wait in watch.judge.waits.values()] == [HOUR]


class TestLimits:
    """D9: what goes too far is stopped: a rule for that order, a circle of rules for good."""

    def test_a_rule_fires_no_more_often_for_an_order_than_it_may(self) -> None:
        rule = rule_of(on=[{"event": "order.note_added"}], then=[{"tag": "chatty"}],
                       limits={"per_order": 2})  # fmt: skip
        watch = watched_by(rule).when(PLACE, NOTE, NOTE).then_runs(watch="fired")

        watch.when(NOTE).then_runs(watch="stopped")
        (run,) = watch.runs
        assert run.why == "per_order"
        assert [command.NAME for command in run.acts] == ["alert.raise"]

    def test_what_was_stopped_for_an_order_does_nothing_more_for_it_and_stays_live(self) -> None:
        rule = rule_of(on=[{"event": "order.note_added"}], then=[{"tag": "chatty"}],
                       limits={"per_order": 1})  # fmt: skip
        watch = watched_by(rule, carrying_out=True).when(PLACE, NOTE)

        for _ in range(3):
            watch.when(NOTE).then_runs(watch="stopped")
        assert watch.rules.by_name["watch"].rule.mode == "live"

    def test_rules_that_went_round_until_one_had_fired_too_often_are_a_loop(self) -> None:
        limits = {"per_order": 2}
        first = rule_of("first", on=[{"change": "track_number", "to": "A"}],
                        then=[{"set": {"track_number": "B"}}], limits=limits)  # fmt: skip
        second = rule_of("second", on=[{"change": "track_number", "to": "B"}],
                         then=[{"set": {"track_number": "A"}}], limits=limits)  # fmt: skip
        change = COMMANDS["order.change_fields"].model_copy(update={"track_number": "A"})
        watch = watched_by(first, second, carrying_out=True).when(PLACE, change)

        (stopped,) = [run for run in watch.runs if run.result == "stopped"]
        assert (stopped.why, stopped.case.circle) == (
            "loop", ("first", "second", "first", "second", "first"),
        )  # fmt: skip
        modes = {name: one.rule.mode for name, one in watch.rules.by_name.items()}
        assert modes == {"first": "live", "second": "shadow"}

    def test_a_shadow_behind_the_longest_chain_stops_nobody(self) -> None:
        quiet = rule_of("quiet", on=[{"event": "order.note_added"}], mode="shadow")
        watch = watched_by(quiet).when(PLACE)
        watch.judge.chains[UUID(int=9)] = ("live",) * MAX_CHAIN

        by_rule = {"command_id": UUID(int=9), "actor": actor("trigger")}
        watch.when(NOTE.model_copy(update=by_rule))
        assert len(watch.runs[0].case.chain) == MAX_CHAIN + 1
        watch.then_runs(quiet="shadow").then_acts(("order.add_note", {"text": "Seen"}))

    def test_p16_p26_a_rule_that_leads_to_itself_is_stopped_at_the_longest_chain(self) -> None:
        rule = rule_of(on=[{"event": "order.note_added"}], limits={"per_order": 100})

        watch = watched_by(rule, carrying_out=True).when(PLACE, NOTE)

        *fired, stopped = watch.runs
        assert [run.result for run in fired] == ["fired"] * MAX_CHAIN
        assert (stopped.result, stopped.why) == ("stopped", "loop")
        assert stopped.case.chain == ("watch",) * (MAX_CHAIN + 1)

    @pytest.mark.parametrize(
        ("kind", "before"),
        [("system", ("asked",)), ("clock", ()), ("user", ()), ("api_key", ()), ("import", ())],
    )
    def test_what_a_program_of_ours_tells_of_an_act_is_led_to_by_its_rule(
        self, kind: ActorKind, before: tuple[str, ...]
    ) -> None:
        watch = watched_by(rule_of(on=[{"event": "order.note_added"}])).when(PLACE)
        watch.judge.chains[UUID(int=9)] = ("asked",)

        told = {"command_id": UUID(int=10), "actor": actor(kind), "causation_id": UUID(int=9)}
        watch.when(NOTE.model_copy(update=told))
        assert watch.runs[0].case.before == before

    def test_what_a_program_of_ours_told_before_it_named_a_cause_begins_a_chain(self) -> None:
        watch = watched_by(rule_of(on=[{"event": "order.note_added"}])).when(PLACE)
        watch.when(NOTE.model_copy(update={"actor": actor("system")}))

        assert watch.runs[0].case.chain == ("watch",)

    def test_a_loop_that_waits_for_its_delays_is_stopped_at_the_longest_chain(self) -> None:
        on = [{"event": "order.note_added"}]
        rule = rule_of(on=on, delay="1h", limits={"per_order": 100})
        watch = watched_by(rule, carrying_out=True).when(PLACE, NOTE)

        assert went(watch, MAX_CHAIN + 3) == [("fired", None)] * MAX_CHAIN + [("stopped", "loop")]
        assert watch.rules.by_name["watch"].rule.mode == "shadow"

    def test_a_loop_that_waits_for_silence_ends_for_its_order_as_often_as_the_rule_may(
        self,
    ) -> None:
        rule = rule_of(on=[SILENCE], limits={"per_order": MAX_CHAIN + 3})
        watch = watched_by(rule, carrying_out=True).when(PLACE)

        most = [("fired", None)] * (MAX_CHAIN + 3)
        assert went(watch, MAX_CHAIN + 6) == [*most, ("stopped", "per_order")]
        assert watch.rules.by_name["watch"].rule.mode == "live"

    def test_of_a_loop_of_two_the_youngest_only_watches_from_then_on(self) -> None:
        rules = [
            rule_of("older", on=[{"change": "owner_group", "to": "b"}],
                    then=[{"assign": {"group": "a"}}]),
            rule_of("younger", on=[{"change": "owner_group", "to": "a"}],
                    then=[{"assign": {"group": "b"}}]),
        ]  # fmt: skip
        watch = watched_by(*rules, carrying_out=True)

        watch.when(PLACE, c.AssignOwner(**WHO, group="a"))

        (stopped,) = [run for run in watch.runs if run.result == "stopped"]
        assert stopped.case.chain == ("younger", "older") * (MAX_CHAIN // 2) + ("younger",)
        modes = {name: one.rule.mode for name, one in watch.rules.by_name.items()}
        assert modes == {"older": "live", "younger": "shadow"}
        watch.when(c.AssignOwner(**WHO, group="c"), c.AssignOwner(**WHO, group="a"))
        watch.then_runs(younger="shadow")
