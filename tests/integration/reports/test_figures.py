"""Laws of the figures on a simulated shop: they agree with the tables that they are made of."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from statistics import pstdev
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

import pytest

from domain.customers.commands import AddTag
from domain.messages import Actor
from domain.orders.commands import LogCall
from domain.products.commands import PublishProduct
from infra.settings import Settings
from projections.reports.compare import Period, compare_periods
from projections.reports.demand import list_demand
from projections.reports.operators import measure_operators
from projections.reports.pipeline import value_pipeline
from projections.reports.reasons import list_reasons
from projections.reports.receivables import list_receivables
from projections.reports.segments import list_segments
from services.bootstrap import System, open_system
from services.demo.clock import VirtualClock
from services.demo.run import run_demo
from services.demo.shop import ARTICLES, CURRENCY, START
from tests.integration.reports.conftest import Ask, asker, rows
from tests.support.postgres import cloned_database

Rows = Sequence[dict[str, Any]]
DAYS: Final = 40
HEAD: Final = Actor(kind="user", id="head", roles=("lead",))


@pytest.fixture(scope="module")
def played(migrated_server: str) -> Iterator[System]:
    """A shop after some weeks, with suppliers, tags and calls besides. For reading only."""
    with (
        cloned_database(migrated_server) as url,
        open_system(Settings(database_url=url), VirtualClock(START)) as system,
    ):
        run_demo(system, seed=3, days=DAYS, orders=400)
        for number, article in enumerate(ARTICLES):
            product = PublishProduct(
                command_id=new(number), actor=HEAD, sku=article.sku, title=article.title,
                unit_price_minor=article.price_minor, currency=CURRENCY, supplier=f"s-{number % 3}",
            )  # fmt: skip
            system.execute(product)
        system.catch_up()
        for number, row in enumerate(everything(system, "orders")):
            body = {"actor": HEAD, "command_id": new(number, "call")}
            call = LogCall(
                **body, order_id=row["order_id"], talk_seconds=number % 90,
                result="reached" if number % 3 else "busy",
            )  # fmt: skip
            assert system.execute(call).kind == "accepted"
            if row["customer_id"] and number % 4 == 0:
                tag = AddTag(
                    actor=HEAD, command_id=new(number, "tag"), customer_id=row["customer_id"],
                    tag=("waits_for_sale", "wholesale")[number % 8 == 0],
                )  # fmt: skip
                system.execute(tag)
        system.catch_up()
        yield system


@pytest.fixture
def ask_shop(played: System) -> Ask:
    return asker(played)


@pytest.fixture(scope="module")
def orders(played: System) -> Rows:
    """Every order that counts."""
    return [row for row in everything(played, "orders") if not row["test"]]


@pytest.fixture(scope="module")
def visits(played: System) -> Rows:
    return everything(played, "status_visits")


@pytest.fixture(scope="module")
def items(played: System) -> Rows:
    return everything(played, "items")


def new(*parts: object) -> Any:
    return uuid5(NAMESPACE_OID, repr(parts))


def everything(system: System, view: str) -> Rows:
    with system.snapshot() as reader:
        return rows(reader, f"select * from analytics.{view}")  # noqa: S608 - names of our own views


def test_a6_the_pipeline_is_worth_what_the_open_orders_cost(ask_shop: Ask, orders: Rows) -> None:
    found = ask_shop(value_pipeline)["stages"]

    opened = [order for order in orders if order["final"] is None]
    assert len(opened) > 50
    counted, worth = Counter[str](), Counter[str]()
    for order in opened:
        counted[order["stage"]] += 1
        worth[order["stage"]] += order["total_minor"]
    assert {row["stage"]: row["orders"] for row in found} == counted
    assert {row["stage"]: row["total_minor"] for row in found} == worth


def test_a6_what_may_be_expected_follows_from_the_orders_that_ended(
    ask_shop: Ask, orders: Rows, visits: Rows
) -> None:
    final = {order["order_id"]: order["final"] for order in orders}
    been: dict[str, set[Any]] = defaultdict(set)
    for visit in visits:
        if visit["final"] is None and final[visit["order_id"]] is not None:
            been[visit["stage"]].add(visit["order_id"])

    found = ask_shop(value_pipeline)["stages"]
    assert len(found) > 2
    for row in found:
        ended = been[row["stage"]]
        won = sum(final[order_id] == "success" for order_id in ended)
        assert row["conversion"] == pytest.approx(won / len(ended))
        assert row["expected_minor"] == pytest.approx(row["total_minor"] * won / len(ended), abs=1)
        assert 0 < row["expected_minor"] < row["total_minor"]


def test_a6_the_workload_is_what_past_orders_asked_for_from_there_on(
    ask_shop: Ask, orders: Rows, visits: Rows
) -> None:
    ended = {order["order_id"] for order in orders if order["final"] is not None}
    stays: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    held, left = Counter[str](), Counter[str]()
    for visit in sorted(visits, key=lambda one: one["visit_no"]):
        if visit["left_at"] is not None:
            left[visit["status"]] += 1
            held[visit["status"]] += visit["handling_seconds"] or 0
        if visit["final"] is None and visit["order_id"] in ended:
            stays[visit["order_id"]].append(visit)
    begun, ahead = Counter[str](), Counter[tuple[str, str]]()
    for way in stays.values():
        for number, visit in enumerate(way):
            if visit["status_visit_no"] == 1:
                begun[visit["status"]] += 1
                ahead.update((visit["status"], later["status"]) for later in way[number:])
    expected_stays = expected_seconds = 0.0
    for order in orders:
        if order["final"] is None:
            for (status, later), times in ahead.items():
                if status == order["status"]:
                    expected_stays += times / begun[status]
                    expected_seconds += times / begun[status] * held[later] / left[later]

    found = ask_shop(value_pipeline)["workload"]

    assert sum(row["expected_stays"] for row in found) == pytest.approx(expected_stays, abs=0.1)
    assert sum(row["expected_seconds"] for row in found) == pytest.approx(expected_seconds, abs=1)
    assert {row["role"] for row in found} == {"managers", "warehouse", "couriers"}


def test_a33_what_is_owed_is_what_did_not_come_in(ask_shop: Ask, orders: Rows) -> None:
    found = ask_shop(list_receivables)

    owed = {
        order["order_id"]: order["total_minor"]
        - order["charged_minor"]
        + order["charged_back_minor"]
        for order in orders
        if order["final"] != "failure"
    }
    assert {row["order_id"]: row["unpaid_minor"] for row in found["orders"]} == {
        order_id: minor for order_id, minor in owed.items() if minor > 0
    }
    whole = sum(row["unpaid_minor"] for row in found["orders"])
    assert whole > 0
    for part in ("ages", "customers"):
        assert sum(row["unpaid_minor"] for row in found[part]) == whole
        assert sum(row["orders"] for row in found[part]) == len(found["orders"])


def test_p6_demand_adds_up_to_the_positions_of_all_orders(
    ask_shop: Ask, orders: Rows, items: Rows
) -> None:
    failed = {order["order_id"] for order in orders if order["final"] == "failure"}
    ordered, earned = Counter[str](), Counter[str]()
    for item in items:
        ordered[item["sku"]] += item["quantity"]
        earned[item["sku"]] += 0 if item["order_id"] in failed else item["net_minor"]

    found = ask_shop(list_demand)

    assert {row["sku"]: row["ordered"] for row in found} == ordered
    assert {row["sku"]: row["net_minor"] for row in found} == earned
    assert sum(row["share"] for row in found) == pytest.approx(1)


def test_p6_the_fewest_articles_that_make_four_fifths_are_a(ask_shop: Ask) -> None:
    found = ask_shop(list_demand)

    before = [0, *accumulate(row["net_minor"] for row in found)]
    whole = before[-1]
    for row, sold in zip(found, before[:-1], strict=True):
        assert row["abc"] == ("A" if sold < 0.8 * whole else "B" if sold < 0.95 * whole else "C")
    assert {row["abc"] for row in found} == {"A", "B", "C"}


def test_p6_evenness_is_measured_week_by_week(ask_shop: Ask, orders: Rows, items: Rows) -> None:
    placed = {order["order_id"]: order["placed_at"] for order in orders}
    weeks: dict[str, Counter[int]] = defaultdict(Counter)
    for item in items:
        weeks[item["sku"]][(placed[item["order_id"]] - START).days // 7] += item["quantity"]
    latest = max(week for of_sku in weeks.values() for week in of_sku)

    for row in ask_shop(list_demand):
        of_sku = weeks[row["sku"]]
        asked = [of_sku[week] for week in range(min(of_sku), latest + 1)]
        mean = sum(asked) / len(asked)
        assert row["weekly_mean"] == pytest.approx(mean)
        assert row["variation"] == pytest.approx(pstdev(asked) / mean)
        assert row["xyz"] == (
            "X" if row["variation"] < 0.5 else "Y" if row["variation"] < 1 else "Z"
        )


def test_p5_a_segment_is_all_customers_with_its_tag_and_reason(
    played: System, ask_shop: Ask
) -> None:
    members = everything(played, "segment_members")
    customers = everything(played, "customers")
    tagged = {one["customer_id"]: set(one["tags"]) for one in customers}

    assert {one["customer_id"] for one in members} == set(tagged)
    for one in members:
        assert one["tag"] in (tagged[one["customer_id"]] or {None})
    found = ask_shop(list_segments)
    counted = Counter((one["tag"], one["reason_code"]) for one in members)
    assert {(row["tag"], row["reason_code"]): row["customers"] for row in found} == counted
    lost = {one["customer_id"]: one["lost_orders"] for one in customers}
    reasons = {(one["customer_id"], one["reason_code"]): one["orders"] for one in members}
    for (customer_id, _), orders in reasons.items():
        lost[customer_id] -= orders
    assert set(lost.values()) == {0}


def test_p5_reasons_are_told_by_status_manager_and_supplier(
    ask_shop: Ask, orders: Rows, visits: Rows, items: Rows
) -> None:
    failed = {order["order_id"] for order in orders if order["final"] == "failure"}
    ends = {one["order_id"]: one for one in visits if one["is_current"] and one["final"]}
    suppliers = {article.sku: f"s-{n % 3}" for n, article in enumerate(ARTICLES)}
    goods, whose = Counter[Any](), defaultdict(set)
    for item in items:
        if item["order_id"] in failed:
            end = ends[item["order_id"]]
            key = (end["previous_status"], end["reason_code"], end["holder_user"],
                   item["supplier"] or suppliers.get(item["sku"]))  # fmt: skip
            goods[key] += item["quantity"] * item["unit_price_minor"]
            whose[key].add(item["order_id"])

    found_goods, found_orders = Counter[Any](), Counter[Any]()
    for row in ask_shop(list_reasons):
        key = (row["previous_status"], row["reason_code"], row["holder_user"], row["supplier"])
        found_goods[key] += row["goods_minor"]
        found_orders[key] += row["orders"]

    assert len(failed) > 20
    assert found_goods == goods
    assert found_orders == Counter({key: len(of_key) for key, of_key in whose.items()})


def test_p24_the_figures_of_operators_agree_with_calls_and_items(
    played: System, ask_shop: Ask, orders: Rows, items: Rows
) -> None:
    calls = everything(played, "calls")
    failed = {order["order_id"] for order in orders if order["final"] == "failure"}
    upsold = sum(
        item["net_minor"] for item in items if item["upsell"] and item["order_id"] not in failed
    )

    found = ask_shop(measure_operators)

    assert sum(row["calls"] for row in found) == len(calls) > len(orders)
    assert sum(row["talk_seconds"] for row in found) == sum(one["talk_seconds"] for one in calls)
    assert sum(row["reached"] for row in found) == sum(one["result"] == "reached" for one in calls)
    assert sum(row["upsell_minor"] for row in found) == upsold > 0


def test_p32_handling_is_that_of_the_stays_which_people_ended(ask_shop: Ask, visits: Rows) -> None:
    after = {(one["order_id"], one["visit_no"] - 1): one for one in visits}
    handled, seconds = Counter[str](), Counter[str]()
    for one in visits:
        following = after.get((one["order_id"], one["visit_no"]))
        if following and following["actor_kind"] == "user" and one["handling_seconds"] is not None:
            handled[following["actor_id"]] += 1
            seconds[following["actor_id"]] += one["handling_seconds"]

    found = {row["operator"]: row for row in ask_shop(measure_operators) if row["handled"]}
    assert {operator: row["handled"] for operator, row in found.items()} == handled
    assert sum(handled.values()) > 100
    for operator, row in found.items():
        mean = seconds[operator] / handled[operator]
        assert row["mean_handling_seconds"] == pytest.approx(mean, abs=0.001)


def test_p24_figures_of_some_days_are_part_of_those_of_all(ask_shop: Ask) -> None:
    middle = (START + timedelta(days=20)).date()

    early = ask_shop(measure_operators, None, middle)
    late = ask_shop(measure_operators, middle + timedelta(days=1), None)

    for name in ("calls", "handled", "upsell_minor", "days"):
        parts = [sum(row[name] for row in part) for part in (early, late)]
        assert sum(parts) == sum(row[name] for row in ask_shop(measure_operators)) > 0, name
        assert name == "calls" or min(parts) > 0, name  # All calls are of the last day.


def test_p36_two_halves_of_a_period_earn_what_the_whole_does(ask_shop: Ask, orders: Rows) -> None:
    start, middle, end = (START + timedelta(days=days) for days in (0, 20, DAYS + 30))

    halves = ask_shop(compare_periods, Period(start, middle), Period(middle, end))
    whole = ask_shop(compare_periods, Period(start, end), Period(end, end + timedelta(days=1)))

    def of(found: Rows, name: str) -> int:
        return sum({row["from"]: row[name] for row in found}.values())

    for name in ("placed", "won", "revenue_minor"):
        assert of(halves, name) == of(whole, name) > 0
    won = [order["total_minor"] for order in orders if order["final"] == "success"]
    assert of(whole, "revenue_minor") == sum(won)
    assert {row["to"] for row in whole} == {end}


def test_p36_everybody_counts_in_one_role(ask_shop: Ask, visits: Rows) -> None:
    start, end = START, START + timedelta(days=DAYS + 30)
    ended_by = {one["actor_id"] for one in visits if one["previous_status"]
                and one["actor_kind"] == "user"}  # fmt: skip

    found = ask_shop(compare_periods, Period(start, end), Period(end, end + timedelta(days=1)))

    people = {row["role"]: row["people"] for row in found}
    assert people == {"managers": 4, "warehouse": 2, "couriers": 2}
    assert sum(people.values()) == len(ended_by)


def test_the_figures_of_an_empty_shop_are_empty(ask: Ask) -> None:
    day = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))

    assert ask(value_pipeline) == {"stages": [], "workload": []}
    assert ask(list_receivables) == {"ages": [], "customers": [], "orders": []}
    for question in (list_demand, list_segments, list_reasons, measure_operators):
        assert ask(question) == []
    assert ask(compare_periods, day, day) == []


@pytest.mark.parametrize("limit", [0, 10**6])
@pytest.mark.parametrize("question", [list_receivables, list_demand, list_segments, list_reasons])
def test_a_list_of_figures_has_a_limit(ask: Ask, question: Any, limit: int) -> None:
    with pytest.raises(ValueError, match="limit must be in"):
        ask(question, limit=limit)
