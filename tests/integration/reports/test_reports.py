"""What the words of the reports mean, each on the smallest shop that shows it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Actor
from domain.orders import commands as c
from domain.paths.commands import PublishPath
from projections.reports.conversion import measure_conversion
from projections.reports.funnel import count_cohorts, count_flow, count_funnel
from projections.reports.routes import count_routes
from projections.reports.scope import Scope
from projections.reports.stale import list_stale
from projections.reports.times import measure_handling, measure_time_in_status
from projections.reports.transitions import count_transitions
from services.bootstrap import SYSTEM, System
from services.demo.clock import VirtualClock
from services.reading import status_places
from tests.integration.reports.conftest import Ask
from tests.integration.reports.small_shop import after, order_id, tell
from tests.support.paths import clean_path, path_of

NO_SECONDS = {"mean": None, "median": None, "p90": None, "min": None, "max": None}


def test_as_of_includes_the_moment_itself(shop: System, ask: Ask) -> None:
    tell(shop, "a", ("placed", after(hours=0)), ("delivered", after(hours=1)))
    places = status_places(shop)

    then = ask(count_funnel, Scope(as_of=after(hours=1)), places)
    before = ask(count_funnel, Scope(as_of=after(hours=1) - timedelta(microseconds=1)), places)

    assert (then["open"], [s["status"] for s in then["stages"]]) == (0, ["delivered"])
    assert (before["open"], [s["status"] for s in before["stages"]]) == (1, ["placed"])


def test_silent_means_strictly_longer(shop: System, ask: Ask) -> None:
    tell(shop, "a", ("placed", after(days=0)))

    at_seven_days = ask(list_stale, Scope(as_of=after(days=7)))
    later = ask(list_stale, Scope(as_of=after(days=7, seconds=1)))

    assert (at_seven_days["silent"]["7d"], at_seven_days["orders"]) == (0, [])
    assert later["silent"] == {"7d": 1, "30d": 0, "60d": 0, "90d": 0}
    assert [order["external_id"] for order in later["orders"]] == ["a"]


def test_an_order_is_open_by_its_last_status_whatever_it_reached(shop: System, ask: Ask) -> None:
    tell(shop, "a", ("placed", after(days=0)), ("delivered", after(days=1)))
    tell(
        shop, "b", ("placed", after(days=0)), ("delivered", after(days=1)),
        ("approved", after(days=2)),
    )  # fmt: skip
    found = ask(count_funnel, Scope(), status_places(shop))

    assert found["open"] == 1
    assert found["reached"] == {"placed": 2, "approved": 1, "delivered": 2}
    assert ask(list_stale, Scope())["open"] == 1


def test_a_status_of_two_paths_was_reached_on_each_by_its_own_orders(
    shop: System, ask: Ask
) -> None:
    shop.execute(
        PublishPath(command_id=UUID(int=9), actor=SYSTEM, definition=path_of(clean_path()))
    )
    for number, path in enumerate(("universal", "universal", "small")):
        placed = _place(order_id(f"{path}-{number}"))
        body = {"path": path, "command_id": UUID(int=20 + number)}
        assert shop.execute(placed.model_copy(update=body)).kind == "accepted"

    found = ask(count_funnel, Scope(), status_places(shop))

    reached = {(stage["path"], stage["status"]): stage["reached"] for stage in found["stages"]}
    assert reached == {("universal", "new"): 2, ("small", "new"): 1}
    assert found["reached"] == {"new": 3}


def test_the_longest_silent_come_first_and_only_so_many(shop: System, ask: Ask) -> None:
    for day in (3, 1, 2):
        tell(shop, f"day {day}", ("placed", after(days=day)))

    found = ask(list_stale, Scope(as_of=after(days=40)), limit=2)

    assert found["silent"]["7d"] == 3
    assert [order["external_id"] for order in found["orders"]] == ["day 1", "day 2"]


def test_conversion_counts_who_reached_both_also_backwards(shop: System, ask: Ask) -> None:
    tell(shop, "there", ("placed", after(hours=0)), ("shipped", after(hours=2)))
    tell(shop, "back", ("shipped", after(hours=0)), ("placed", after(hours=1)))
    tell(shop, "halfway", ("placed", after(hours=0)))

    found = ask(measure_conversion, Scope(), "placed", "shipped")

    assert found == {
        "from": "placed",
        "to": "shipped",
        "orders": 2,
        "seconds": {
            "mean": 1_800.0, "median": 1_800.0, "p90": 6_120.0, "min": -3_600.0, "max": 7_200.0,
        },
    }  # fmt: skip


def test_conversion_takes_the_first_entry_of_each(shop: System, ask: Ask) -> None:
    tell(
        shop, "a", ("placed", after(hours=0)), ("approved", after(hours=1)),
        ("shipped", after(hours=2)), ("approved", after(hours=5)), ("shipped", after(hours=9)),
    )  # fmt: skip

    assert ask(measure_conversion, Scope(), "approved", "shipped")["seconds"]["max"] == 3_600.0


def test_without_orders_there_are_no_seconds(ask: Ask) -> None:
    found = ask(measure_conversion, Scope(), "placed", "shipped")

    assert (found["orders"], found["seconds"]) == (0, NO_SECONDS)
    assert ask(count_transitions, Scope()) == []
    assert ask(list_stale, Scope())["open"] == 0


def test_derived_times_count_unless_left_out(shop: System, ask: Ask) -> None:
    tell(shop, "a", ("placed", after(hours=0)), ("canceled", after(hours=0)), derived=("canceled",))

    assert [(m["from"], m["to"]) for m in ask(count_transitions, Scope())] == [
        ("placed", "canceled")
    ]
    assert ask(count_transitions, Scope(timed_only=True)) == []
    assert ask(list_stale, Scope(timed_only=True))["open"] == 1


def test_as_known_still_shows_what_was_corrected_later(shop: System, ask: Ask) -> None:
    order = tell(shop, "a", ("placed", after(hours=0)), ("shipped", after(hours=1)))
    known_at = shop.log.load({f"order-{order}": 0})[f"order-{order}"][-1].recorded_at
    shop.execute(
        c.CorrectFact(
            command_id=UUID(int=1), actor=Actor(kind="user", id="ann"), order_id=order, version=3,
            reason="the wrong parcel",
        )
    )  # fmt: skip
    places = status_places(shop)

    assert ask(count_funnel, Scope(), places)["reached"] == {"placed": 1}
    assert ask(count_funnel, Scope(as_known=known_at), places)["reached"] == {
        "placed": 1,
        "shipped": 1,
    }


def test_moves_off_the_path_are_counted_as_such(shop: System, ask: Ask) -> None:
    tell(shop, "a", ("placed", after(hours=0)), ("shipped", after(hours=1)))

    (move,) = ask(count_transitions, Scope())

    assert (move["count"], move["nonconforming"]) == (1, 1)


def test_money_is_summed_by_currency(shop: System, ask: Ask) -> None:
    tell(shop, "a", ("placed", after(hours=0)), price_minor=700)
    tell(shop, "b", ("placed", after(hours=0)), price_minor=50, currency="USD")
    tell(shop, "c", ("placed", after(hours=0)), price_minor=300)

    for scope in (Scope(), Scope(as_of=after(days=1))):
        stages = ask(count_funnel, scope, status_places(shop))["stages"]
        money = [(s["currency"], s["orders"], s["total_minor"]) for s in stages]
        assert money == [("EUR", 2, 1_000), ("USD", 1, 50)]


def test_test_orders_are_in_no_report(shop: System, ask: Ask) -> None:
    order = tell(shop, "a", ("placed", after(hours=0)), ("shipped", after(hours=1)))
    actor = Actor(kind="user", id="ann")
    shop.execute(c.MarkTest(command_id=UUID(int=1), actor=actor, order_id=order))

    for scope in (Scope(), Scope(as_of=after(days=1))):
        assert ask(count_funnel, scope, status_places(shop))["reached"] == {}
        assert ask(list_stale, scope)["open"] == 0
        assert ask(count_routes, scope) == []


def test_now_is_what_entered_less_what_left_on_every_day(shop: System, ask: Ask) -> None:
    tell(shop, "a", ("placed", after(days=0)), ("approved", after(days=2)))
    tell(shop, "b", ("placed", after(days=1)), ("approved", after(days=2)))

    days = ask(count_flow, Scope(), status_places(shop))["days"]

    assert [(str(d["day"]), d["status"], d["entered"], d["left"], d["now"]) for d in days] == [
        ("2026-01-01", "placed", 1, 0, 1),
        ("2026-01-02", "placed", 1, 0, 2),
        ("2026-01-03", "placed", 0, 2, 0),
        ("2026-01-03", "approved", 2, 0, 2),
    ]


def test_a_cohort_is_the_month_of_placing(shop: System, ask: Ask) -> None:
    tell(shop, "a", ("placed", after(days=0)), ("shipped", after(days=40)))
    tell(shop, "b", ("placed", after(days=31)))

    cohorts = ask(count_cohorts, Scope(), status_places(shop))["cohorts"]

    assert [(c["month"], c["orders"], c["reached"]) for c in cohorts] == [
        ("2026-01", 1, {"placed": 1, "shipped": 1}),
        ("2026-02", 1, {"placed": 1}),
    ]


def test_the_path_chooses_orders(shop: System, ask: Ask) -> None:
    tell(shop, "a", ("placed", after(hours=0)))

    assert ask(list_stale, Scope(path="olist"))["open"] == 1
    assert ask(list_stale, Scope(path="universal"))["open"] == 0
    assert ask(measure_time_in_status, Scope(path="universal", as_of=after(days=1))) == []


def test_time_in_status_measures_stays_that_ended(shop: System, ask: Ask) -> None:
    tell(shop, "a", ("placed", after(hours=0)), ("approved", after(hours=3)))
    tell(shop, "b", ("placed", after(hours=0)), ("approved", after(hours=1)))

    rows = {row["status"]: row for row in ask(measure_time_in_status, Scope())}

    assert (rows["placed"]["visits"], rows["placed"]["open"]) == (2, 0)
    assert rows["placed"]["seconds"]["p50"] == 7_200.0
    assert (rows["approved"]["visits"], rows["approved"]["open"]) == (0, 2)


def test_handling_runs_from_taken_up_to_handed_on(
    ask: Ask, shop: System, clock: VirtualClock
) -> None:
    order = order_id("handled")
    started = clock.now
    ann = Actor(kind="user", id="ann", roles=("manager",))
    steps: list[tuple[float, c.OrderCommand]] = [
        (0, _place(order)),
        (60, c.AddNote(command_id=UUID(int=2), actor=ann, order_id=order, text="Called")),
        (
            150,
            c.ChangeStatus(
                command_id=UUID(int=3), actor=ann, order_id=order, to_status="confirmed"
            ),
        ),
    ]
    for seconds, command in steps:
        clock.set(started + timedelta(seconds=seconds))
        assert shop.execute(command).kind == "accepted"

    for scope in (Scope(), Scope(as_of=started + timedelta(hours=1))):
        (found,) = ask(measure_handling, scope)
        assert (found["status"], found["visits"], found["seconds"]["p50"]) == ("new", 1, 90.0)


def _place(order: UUID) -> c.PlaceOrder:
    line = {"item_id": "1", "sku": "A", "title": "A", "quantity": 1, "unit_price_minor": 5}
    return c.PlaceOrder.model_validate(
        {
            "command_id": UUID(int=1),
            "actor": {"kind": "api_key", "id": "website"},
            "order_id": order,
            "currency": "EUR",
            "lines": [line],
        }
    )


@pytest.mark.parametrize("question", [list_stale, count_routes])
@pytest.mark.parametrize("limit", [0, 100_001])
def test_a_list_has_a_limit(ask: Ask, question: Any, limit: int) -> None:
    with pytest.raises(ValueError, match="limit must be in"):
        ask(question, Scope(), limit=limit)
