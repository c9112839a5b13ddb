"""The reports on 8,000 real orders equal what pm4py and pandas calculated from the same files.

The oracle says `order_handed_to_carrier` where we say `shipped`.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from projections.reports.conversion import measure_conversion
from projections.reports.funnel import count_cohorts, count_funnel
from projections.reports.routes import count_routes
from projections.reports.scope import Scope
from projections.reports.stale import list_stale
from projections.reports.transitions import count_transitions
from services.bootstrap import System
from services.reading import status_places
from tests.integration.reports.conftest import Ask, rows
from tests.support.command_line import CommandLine, Here

STATUS_OF: Final = {
    "order_placed": "placed",
    "order_approved": "approved",
    "order_handed_to_carrier": "shipped",
    "order_delivered": "delivered",
    "order_canceled": "canceled",
    "order_unavailable": "unavailable",
    "handed_to_carrier": "shipped",
    "carrier": "shipped",
}
HISTORY: Final = "as_of_history(timed events only)"
MOMENTS: Final = (
    "2017-06-30T23:59:59",
    "2017-12-31T23:59:59",
    "2018-06-30T23:59:59",
    "2018-10-03 18:55:29",
)


def status(activity: str) -> str:
    return STATUS_OF.get(activity, activity)


def statuses(found: dict[str, Any]) -> dict[str, Any]:
    return {status(activity): number for activity, number in found.items()}


def pairs(found: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    return {tuple(map(status, pair.split(" -> "))): value for pair, value in found.items()}


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def standing(funnel: dict[str, Any]) -> dict[str, int]:
    return {stage["status"]: stage["orders"] for stage in funnel["stages"]}


def without(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in names}


@pytest.fixture
def places(olist: System) -> dict[tuple[str, str], int]:
    return status_places(olist)


def test_so_many_orders_reached_each_status(
    ask_olist: Ask, oracle: dict[str, Any], places: Any
) -> None:
    funnel = ask_olist(count_funnel, Scope(), places)

    expected = statuses(oracle["funnel_reached_stage"])
    assert {name: funnel["reached"][name] for name in expected} == expected
    assert funnel["reached"] == statuses(oracle["cases_per_activity"])
    assert standing(funnel) == statuses(oracle["current_stage_counts(last event)"])


def test_the_moves_are_those_of_process_mining(ask_olist: Ask, oracle: dict[str, Any]) -> None:
    found = {(row["from"], row["to"]): row for row in ask_olist(count_transitions, Scope())}

    assert {pair: row["count"] for pair, row in found.items()} == pairs(oracle["pm4py_dfg"])
    assert {pair: {"n": row["count"], **row["seconds"]} for pair, row in found.items()} == pairs(
        oracle["pm4py_dfg_durations"]
    )


def test_conversion_times_are_equal_to_the_last_digit(
    ask_olist: Ask, oracle: dict[str, Any]
) -> None:
    expected = pairs(oracle["stage_durations_first_to_first"])
    assert len(expected) == 5
    for (start, end), told in expected.items():
        found = ask_olist(measure_conversion, Scope(), start, end)

        assert {"n": found["orders"], **found["seconds"]} == without(
            told, "negative", "zero", "non_negative_only"
        )


@pytest.mark.parametrize("moment", MOMENTS)
def test_any_moment_with_derived_times_is_as_it_was(
    ask_olist: Ask, oracle: dict[str, Any], places: Any, moment: str
) -> None:
    expected = oracle["as_of_snapshots"][moment]
    funnel = ask_olist(count_funnel, Scope(as_of=at(moment)), places)
    found = ask_olist(list_stale, Scope(as_of=at(moment)))

    assert standing(funnel) == statuses(expected["current_stage(last event)"])
    assert sum(standing(funnel).values()) == expected["cases"]
    assert found["open"] == funnel["open"]
    assert {"open": found["open"], **{f">{name}": n for name, n in found["silent"].items()}} == (
        expected["A_last_event_not_terminal"]
    )


@pytest.mark.parametrize("moment", MOMENTS[:3])
def test_any_moment_without_derived_times_is_as_it_was(
    ask_olist: Ask, oracle: dict[str, Any], places: Any, moment: str
) -> None:
    expected = oracle[HISTORY][moment]
    scope = Scope(as_of=at(moment), timed_only=True)
    funnel = ask_olist(count_funnel, scope, places)

    assert standing(funnel) == statuses(expected["current_stage"])
    assert sum(standing(funnel).values()) == expected["orders_known"]
    assert funnel["open"] == expected["open"]
    for days in (3, 7, 14, 30):
        found = ask_olist(list_stale, scope, silent_for=timedelta(days=days))
        assert found["open"] == expected["open"]
        assert found["silent"][f"{days}d"] == expected[f"open_silent_>{days}d"]
        assert len(found["orders"]) == expected[f"open_silent_>{days}d"]


def test_stale_orders_are_the_same_ones(ask_olist: Ask, oracle: dict[str, Any]) -> None:
    expected = oracle["stale"]
    scope = Scope(as_of=at(expected["as_of"]))
    found = ask_olist(list_stale, scope, silent_for=timedelta(days=30))

    assert found["open"] == expected["open_cases"]
    for days in (7, 30, 60, 90):
        assert found["silent"][f"{days}d"] == expected[f"open_and_silent_>{days}d"]
    by_status: dict[str, int] = {}
    for order in found["orders"]:
        by_status[order["status"]] = by_status.get(order["status"], 0) + 1
    assert by_status == statuses(expected["by_last_activity_>30d"])


def test_payments_add_up(ask_olist: Ask, oracle: dict[str, Any]) -> None:
    found = ask_olist(
        rows,
        "select method, count(*) as payments, sum(submitted_minor) as submitted,"
        " sum(charged_minor) as charged from analytics.payments group by method",
    )
    expected = oracle["payments"]

    assert {row["method"]: row["payments"] for row in found} == expected["count_by_type"]
    assert {row["method"]: row["submitted"] for row in found} == {
        method: minor(value) for method, value in expected["value_by_type"].items()
    }
    assert sum(row["payments"] for row in found) == expected["rows"]
    assert sum(row["submitted"] for row in found) == minor(expected["total"])
    approved = expected["approved_value(orders with approved_at)"]
    assert sum(row["charged"] for row in found) == minor(approved)


def test_items_add_up(ask_olist: Ask, oracle: dict[str, Any]) -> None:
    (found,) = ask_olist(
        rows,
        "select count(*) as items, sum(net_minor) as price, sum(delivery_minor) as freight"
        " from analytics.items",
    )

    assert found == {
        "items": oracle["items"]["rows"],
        "price": minor(oracle["items"]["price_total"]),
        "freight": minor(oracle["items"]["freight_total"]),
    }


def minor(value: float) -> int:
    return int(Decimal(str(value)) * 100)


def test_the_orders_of_each_month_came_so_far(
    ask_olist: Ask, oracle: dict[str, Any], places: Any
) -> None:
    cohorts = ask_olist(count_cohorts, Scope(), places)["cohorts"]
    expected = oracle["funnel_by_purchase_month"]

    assert {
        cohort["month"]: {name: cohort["reached"].get(status(name), 0) for name in expected[month]}
        for cohort in cohorts
        for month in [cohort["month"]]
    } == expected
    assert all(cohort["orders"] == cohort["reached"]["placed"] for cohort in cohorts)


def test_routes_are_the_variants_of_process_mining(ask_olist: Ask, oracle: dict[str, Any]) -> None:
    found = ask_olist(count_routes, Scope())
    expected = oracle["pm4py_variants"]
    top = {tuple(map(status, one["trace"])): one["n"] for one in expected["top"]}

    assert len(found) == expected["count"]
    assert sum(row["orders"] for row in found) == oracle["totals"]["cases"]
    assert {
        tuple(row["route"]): row["orders"] for row in found if tuple(row["route"]) in top
    } == top


def test_the_command_line_says_the_same(olist: System, oracle: dict[str, Any]) -> None:
    assert_reports_equal(Here({"ORDERPATH_DATABASE_URL": olist.url}), oracle)


def assert_reports_equal(line: CommandLine, oracle: dict[str, Any]) -> None:
    """Prove that the reports of a command line are what other tools calculated."""
    moment = MOMENTS[2]

    funnel = line.run("report", "funnel", "--json").json
    assert funnel["reached"] == statuses(oracle["cases_per_activity"])
    then = line.run("report", "funnel", "--as-of", moment, "--timed-only", "--json").json
    assert then["as_of"] == f"{moment}Z"
    assert standing(then) == statuses(oracle[HISTORY][moment]["current_stage"])
    found = line.run("report", "stale", "--as-of", oracle["stale"]["as_of"], "--json").json
    assert (found["open"], found["silent"]["90d"]) == (125, oracle["stale"]["open_and_silent_>90d"])
    both = ("--from", "approved", "--to", "shipped")
    told = oracle["stage_durations_first_to_first"]["order_approved -> order_handed_to_carrier"]
    assert line.run("report", "conversion", *both, "--json").json == {
        "from": "approved",
        "to": "shipped",
        "orders": told["n"],
        "seconds": without(told, "n", "negative", "zero", "non_negative_only"),
    }
    moves = line.run("report", "transitions", "--json").json
    assert {(row["from"], row["to"]): row["count"] for row in moves} == pairs(oracle["pm4py_dfg"])
