"""What the clock says of deadlines, and how people put them off (P10, P11, D8)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.alerts.events import AlertRaised
from domain.messages import Actor, Decided
from domain.orders import commands as c
from domain.orders import events as e
from domain.paths.path import OrderPath
from tests.support.examples import NOW, ORDER_ID, PATH, TEA, actor, fact_id
from tests.support.spec import Answer, Scenario, given
from tests.unit.domain.orders.test_working_limits import PUBLISHED

CLOCK = Actor(kind="clock", id="orderpath")
WARN, DUE, TWICE = (NOW + timedelta(hours=hours) for hours in (1, 2, 4))
LATER = NOW + timedelta(days=1)


MANAGERS = {"group": "managers"}


DORA = {"user": "dora"}


def path(
    limit: dict[str, Any] | None = None,
    *,
    owner: Any = MANAGERS,
    escalated: Any = DORA,
    **more: Any,
) -> OrderPath:
    limit = limit or {"wall": "2h"}
    escalate = [{"at": "200%", "to": escalated}]
    return OrderPath.model_validate(
        {
            "path": "shop",
            "stages": ["all"],
            "statuses": {
                "new": {
                    "stage": "all",
                    "owner": owner,
                    "limit": limit | {"warn": "50%", "escalate": escalate},
                },
                "waiting": {"stage": "all", "pauses_clock": True},
                "on_hold": {"stage": "all", "pauses_clock": True},
                "free": {"stage": "all"},
                "done": {"stage": "all", "final": "success"},
            },
            "initial": [{"status": "new"}],
            "transitions": [{"from": "*", "to": ["new", "waiting", "on_hold", "free", "done"]}],
        }
        | more
    )


def who(by: Actor | None = None) -> dict[str, Any]:
    return {"command_id": UUID(int=2), "actor": by or actor(), "order_id": ORDER_ID}


PLACE = c.PlaceOrder(**who(), path="shop", currency="EUR", lines=(TEA,))
OWNED = c.AssignOwner(**who(), user="ann", group="managers")


def to(status: str) -> c.ChangeStatus:
    return c.ChangeStatus(**who(), to_status=status)


def passes(level: str, due_at: datetime, entered: int = 1) -> c.PassDeadline:
    return c.PassDeadline(**who(CLOCK), entered=entered, level=level, due_at=due_at)


def snooze(until: datetime = LATER, reason: str | None = "Call after lunch") -> c.SnoozeDeadline:
    return c.SnoozeDeadline(**who(), until=until, reason=reason)


def a(*history: Any, **limit: Any) -> Scenario:
    return given(*history, paths=(path(**limit),))


def levels(answer: Answer) -> list[tuple[str, datetime]]:
    return [(one.level, one.at) for one in answer.order.limit.open]


class TestPassing:
    def test_p10_p11_whoever_holds_the_order_at_that_moment_is_named(self) -> None:
        assert a(PLACE, OWNED).at(WARN).when(passes("warn", WARN)).events[0] == e.DeadlinePassed(
            entered=1,
            status="new",
            level="warn",
            due_at=WARN,
            holder_user="ann",
            holder_group="managers",
            to_group="managers",
        )

    def test_p10_p11_a_late_clock_names_who_held_it_then_and_alerts_who_holds_it_now(self) -> None:
        ann = e.OwnerAssigned(user="ann", group="managers")
        handed_on = Decided(e.OwnerAssigned(user="bob"), DUE + timedelta(hours=1))
        scenario = a(PLACE, Decided(ann, WARN), handed_on).at(TWICE)

        event, alert = scenario.when(passes("due", DUE)).events

        assert isinstance(event, e.DeadlinePassed)
        assert (event.holder_user, event.holder_group) == ("ann", "managers")
        assert isinstance(alert, AlertRaised)
        assert alert.user == "bob"

    def test_p10_p11_whoever_gets_the_order_just_when_its_limit_ends_holds_it(self) -> None:
        before, just_then = (
            Decided(e.OwnerAssigned(user=name), at) for name, at in (("ann", WARN), ("bob", DUE))
        )

        event, _ = a(PLACE, before, just_then).at(TWICE).when(passes("due", DUE)).events

        assert isinstance(event, e.DeadlinePassed)
        assert event.holder_user == "bob"

    @pytest.mark.parametrize(("handed_on", "holder"), [(98, "ann"), (120, None)])
    def test_p10_p11_a_holder_whom_the_order_no_longer_remembers_is_not_guessed(
        self, handed_on: int, holder: str | None
    ) -> None:
        late = [
            Decided(e.OwnerAssigned(user=f"user-{number}"), DUE + timedelta(seconds=number + 1))
            for number in range(handed_on)
        ]
        first = Decided(e.OwnerAssigned(user="ann"), WARN)

        event, _ = a(PLACE, first, *late).at(TWICE).when(passes("due", DUE)).events

        assert isinstance(event, e.DeadlinePassed)
        assert (event.holder_user, event.holder_group) == (holder, None)

    @pytest.mark.parametrize(("handed_on", "holder"), [(99, "bob"), (100, None)])
    def test_p10_p11_holders_are_remembered_back_to_the_very_moment_at_which_one_began(
        self, handed_on: int, holder: str | None
    ) -> None:
        ann, bob = (
            Decided(e.OwnerAssigned(user=name), at) for name, at in (("ann", WARN), ("bob", DUE))
        )
        late = [
            Decided(e.OwnerAssigned(user=f"user-{number}"), DUE + timedelta(seconds=number + 1))
            for number in range(handed_on)
        ]

        event, _ = a(PLACE, ann, bob, *late).at(TWICE).when(passes("due", DUE)).events

        assert isinstance(event, e.DeadlinePassed)
        assert event.holder_user == holder

    def test_d8_an_escalation_names_whom_the_path_names_for_it(self) -> None:
        event, _ = a(PLACE).at(TWICE).when(passes("escalate_200", TWICE)).events

        assert isinstance(event, e.DeadlinePassed)
        assert (event.to_user, event.to_group, event.holder_user) == ("dora", None, None)

    def test_d8_p2_no_deadline_is_too_old(self) -> None:
        fifteen_years_later = NOW + timedelta(days=15 * 365)

        assert a(PLACE).at(fifteen_years_later).when(passes("due", DUE)).events

    def test_a_deadline_passes_once(self) -> None:
        scenario = a(PLACE).at(DUE)

        assert scenario.when(passes("due", DUE)).events
        scenario.when(passes("due", DUE)).then_nothing()
        assert scenario.when(passes("warn", WARN)).events

    def test_nothing_passes_before_its_time(self) -> None:
        a(PLACE).at(DUE - timedelta(microseconds=1)).when(passes("due", DUE)).then_nothing()

    def test_nothing_passes_that_is_no_deadline_of_the_order(self) -> None:
        scenario = a(PLACE).at(LATER)

        scenario.when(passes("due", DUE - timedelta(minutes=1))).then_nothing()
        scenario.when(passes("escalate_300", DUE)).then_nothing()

    def test_nothing_passes_once_the_order_has_left(self) -> None:
        a(PLACE, to("free")).at(LATER).when(passes("due", DUE)).then_nothing()

    def test_nothing_passes_of_an_earlier_stay_in_the_same_status(self) -> None:
        scenario = a(PLACE, to("free"), to("new")).at(LATER)

        scenario.when(passes("due", DUE)).then_nothing()
        assert scenario.when(passes("due", DUE + timedelta(minutes=2), entered=3)).events

    def test_nothing_passes_where_a_fact_has_moved_the_order_on(self) -> None:
        moved = Decided(
            e.StatusRecorded(
                path="shop", path_version=1, to_status="free", rank=1, conforming=True
            ),
            NOW + timedelta(minutes=30),
            fact_id(1),
        )
        annul = c.CorrectFact(**who(), version=2, reason="Another order")
        scenario = a(PLACE, moved).at(LATER)

        scenario.when(passes("due", DUE)).then_nothing()
        scenario.when(annul)
        assert scenario.when(passes("due", DUE)).events

    def test_nothing_passes_while_the_clock_is_paused(self) -> None:
        a(PLACE, to("waiting")).at(LATER).when(passes("due", DUE)).then_nothing()

    def test_d8_what_passed_before_a_pause_does_not_pass_again_after_it(self) -> None:
        scenario = a(PLACE).at(WARN)
        scenario.when(passes("warn", WARN))
        scenario.when(to("waiting"))
        scenario.when(to("on_hold"))
        back = scenario.at(LATER).when(to("new"))

        assert [level for level, _ in levels(back)] == ["due", "escalate_200"]
        entered = back.order.version
        scenario.when(passes("warn", LATER, entered)).then_nothing()

    def test_d8_what_came_before_a_pause_and_was_not_told_passes_after_it(self) -> None:
        scenario = a(PLACE).at(WARN)
        scenario.when(to("waiting"))
        back = scenario.at(LATER).when(to("new"))

        assert levels(back)[0] == ("warn", LATER)
        assert scenario.when(passes("warn", LATER, back.order.version)).events


class TestSnoozing:
    def test_d8_the_limit_ends_later_and_what_follows_keeps_its_distance(self) -> None:
        a(PLACE).when(snooze()).then(
            e.DeadlineSnoozed(
                entered=1,
                status="new",
                until=LATER,
                deadlines=(
                    e.Deadline("due", LATER),
                    e.Deadline("escalate_200", LATER + timedelta(hours=2)),
                ),
            )
        )

    def test_d8_what_follows_keeps_its_distance_in_working_time(self) -> None:
        monday = datetime.fromisoformat("2026-03-09T16:30:00Z")  # Half an hour before closing.
        shop = path({"working": "1h"}, calendar="shop")

        (event,) = given(PUBLISHED, PLACE, paths=(shop,)).when(snooze(monday)).events

        assert isinstance(event, e.DeadlineSnoozed)
        assert [(one.level, one.at) for one in event.deadlines] == [
            ("due", monday),
            ("escalate_200", datetime.fromisoformat("2026-03-14T09:30:00Z")),
        ]

    def test_a_deadline_that_was_put_off_does_not_pass_at_its_old_time(self) -> None:
        scenario = a(PLACE, snooze()).at(LATER)

        scenario.when(passes("due", DUE)).then_nothing()
        assert scenario.when(passes("due", LATER)).events
        scenario.when(passes("due", LATER)).then_nothing()

    def test_what_has_passed_may_be_put_off_and_passes_once_more(self) -> None:
        scenario = a(PLACE).at(DUE)
        scenario.when(passes("due", DUE))
        scenario.when(snooze())

        assert scenario.at(LATER).when(passes("due", LATER)).events

    def test_the_same_moment_again_is_nothing(self) -> None:
        a(PLACE, snooze()).when(snooze()).then_nothing()
        a(PLACE).when(snooze(DUE)).then_nothing()

    def test_it_is_put_off_to_a_moment_that_makes_sense(self) -> None:
        scenario = a(PLACE)

        scenario.when(snooze(NOW)).then_refused("snooze_too_early")
        scenario.when(snooze(DUE - timedelta(seconds=1))).then_refused("snooze_too_early")
        scenario.when(snooze(NOW + timedelta(days=3_651))).then_refused("snooze_too_late")
        assert scenario.when(snooze(NOW + timedelta(days=3_650))).events

    def test_what_has_passed_is_not_put_off_to_the_past(self) -> None:
        a(PLACE).at(TWICE).when(snooze(DUE + timedelta(hours=1))).then_refused("snooze_too_early")
        a(PLACE).at(TWICE).when(snooze(TWICE)).then_refused("snooze_too_early")

    def test_a_reason_is_mandatory(self) -> None:
        a(PLACE).when(snooze(reason=" ")).then_refused("reason_required")

    def test_without_a_deadline_there_is_nothing_to_put_off(self) -> None:
        a(PLACE, to("free")).when(snooze()).then_refused("no_deadline")
        a(PLACE, to("waiting")).when(snooze()).then_refused("no_deadline")

    def test_a_finished_order_is_told_to_be_one(self) -> None:
        a(PLACE, to("done")).when(snooze()).then_refused("order_finished", "no_deadline")

    def test_a_pause_keeps_what_is_left_of_the_later_limit(self) -> None:
        scenario = a(PLACE, snooze(), to("waiting"))  # two minutes later
        back = scenario.at(LATER).when(to("new"))

        assert levels(back)[0] == ("due", LATER + timedelta(hours=23, minutes=58))


def test_an_order_without_a_path_has_no_deadline() -> None:
    told = c.RecordFacts(
        command_id=UUID(int=3),
        actor=actor("import"),
        order_id=ORDER_ID,
        path="shop",
        facts=(c.ItemFact(fact_id=fact_id(2), occurred_at=NOW, line=TEA),),
    )

    given(told, paths=(PATH,)).when(passes("due", DUE)).then_nothing()
    given(told, paths=(PATH,)).when(snooze()).then_refused("path_not_pinned")


@pytest.mark.parametrize(
    ("at", "codes"),
    [
        (datetime.max.replace(tzinfo=UTC), ("time_not_allowed", "time_in_future")),
        (datetime.min.replace(tzinfo=UTC), ("time_not_allowed",)),
    ],
)
def test_a_move_of_the_first_or_the_last_moment_there_is_is_refused(
    at: datetime, codes: tuple[str, ...]
) -> None:
    for status in ("new", "waiting"):
        moved = to(status).model_copy(update={"occurred_at": at})
        a(PLACE, to("free")).when(moved).then_refused(*codes)
        a(PLACE).when(to("waiting").model_copy(update={"occurred_at": at})).then_refused(*codes)
