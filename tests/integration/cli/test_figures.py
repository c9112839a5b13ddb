"""`orderpath report pipeline|receivables|demand|segments|reasons|operators|compare`, `log-call`."""

import csv
import io

import pytest

from tests.support.command_line import CommandLine

PERIODS = ("--from", "2001-01-01", "--to", "2101-01-01", "--and-from", "2001-01-01", "--and-to",
           "2002-01-01")  # fmt: skip
FIGURES = (
    ("pipeline",),
    ("receivables",),
    ("demand",),
    ("segments",),
    ("reasons",),
    ("operators",),
    ("compare", *PERIODS),
)
each_report = pytest.mark.parametrize("words", FIGURES, ids=lambda words: words[0])


@pytest.fixture
def shop(line: CommandLine) -> CommandLine:
    """A shop with an open order, of which was called, and one that failed."""
    for number in ("A-1", "A-2"):
        place = ("--currency", "EUR", "--item", "MUG:2:5", "--external-id", number)
        assert line.run("order", "place", *place, "--customer-id", number).code == 0
    manager = ("--role", "manager", "--actor", "ann")
    failed = ("--reason-code", "found_cheaper", "--initiator", "client")
    for words in (
        ("assign", "A-1", "--user", "ann", "--group", "managers", *manager),
        ("log-call", "A-1", "no_answer", *manager),
        ("log-call", "A-1", "reached", "--talked", "95", *manager),
        ("log-call", "A-1", "reached", "--talked", "5", "--incoming", *manager),
        ("add-item", "A-1", "CUP:1:4.50:Cup", "--upsell", *manager),
        ("move", "A-1", "confirmed", *manager),
        ("cancel", "A-2", *failed, *manager),
    ):
        said = line.run("order", *words)
        assert said.code == 0, said.err
    return line


def test_p24_the_head_of_the_call_centre_sees_who_did_what(shop: CommandLine) -> None:
    (ann,) = shop.run("report", "operators", "--json").json

    assert ann["mean_handling_seconds"] > 0
    del ann["mean_handling_seconds"]
    assert ann == {
        "operator": "ann", "currency": "EUR", "days": 1, "calls": 3, "dialled": 2, "reached": 1,
        "dial_success": 0.5, "talk_seconds": 100, "upsells": 1, "upsell_minor": 450,
        "orders_handled": 2, "handled": 1,
    }  # fmt: skip
    assert shop.run("report", "operators", "--to", "2001-01-01", "--json").json == []
    swapped = shop.run("report", "operators", "--from", "2002-01-02", "--to", "2002-01-01")
    assert (swapped.code, "--from is later" in swapped.err) == (2, True)
    history = shop.run("order", "history", "A-1").out
    assert "outgoing, reached" in history
    assert shop.run("order", "show", "A-1", "--json").json["calls"] == 3


def test_a6_a33_p5_p6_the_figures_have_the_keys_that_are_promised(shop: CommandLine) -> None:
    pipeline = shop.run("report", "pipeline", "--json").json
    (stage,) = pipeline["stages"]
    assert stage == {
        "path": "universal", "stage": "agreement", "currency": "EUR", "orders": 1,
        "total_minor": 1_450, "conversion": None, "expected_minor": None,
    }  # fmt: skip
    assert pipeline["workload"] == []  # No order has been there and ended.

    owed = shop.run("report", "receivables", "--json").json
    assert owed["ages"] == [
        {"age_bucket": "0-7", "currency": "EUR", "orders": 1, "unpaid_minor": 1_450}
    ]
    assert owed["customers"][0]["unpaid_minor"] == 1_450
    assert set(owed["orders"][0]) == {
        "order_id", "external_id", "customer_id", "path", "status", "owner_user", "owner_group",
        "currency", "total_minor", "unpaid_minor", "since", "age_days", "age_bucket",
    }  # fmt: skip

    mug, cup = shop.run("report", "demand", "--json").json
    assert (mug["sku"], mug["ordered"], mug["sold"], mug["abc"], mug["xyz"]) == (
        "MUG", 4, 2, "A", None,
    )  # fmt: skip
    assert (cup["sku"], cup["upsold"], cup["net_minor"]) == ("CUP", 1, 450)

    (reason,) = shop.run("report", "reasons", "--json").json
    assert reason == {
        "path": "universal", "previous_status": "new", "status": "cancelled",
        "reason_code": "found_cheaper", "holder_user": None, "holder_group": None,
        "supplier": None, "currency": "EUR", "orders": 1, "pieces": 2, "goods_minor": 1_000,
    }  # fmt: skip


def test_p5_a_segment_is_found_by_tag_and_reason(shop: CommandLine) -> None:
    for customer_id in ("A-1", "A-2"):
        assert (
            shop.run("customer", "create", "--customer-id", customer_id, "--name", "Anna").code == 0
        )
    assert shop.run("customer", "tag", "A-2", "waits_for_sale").code == 0

    found = shop.run("report", "segments", "--json").json

    assert {(one["tag"], one["reason_code"], one["customers"], one["orders"]) for one in found} == {
        ("waits_for_sale", "found_cheaper", 1, 1),
        (None, None, 1, 0),
    }


def test_p36_two_periods_are_set_side_by_side(shop: CommandLine) -> None:
    (row,) = shop.run("report", "compare", *PERIODS, "--json").json

    assert row["seconds"]["mean"] == row["seconds"]["median"] > 0
    del row["seconds"]
    assert row == {
        "from": "2001-01-01T00:00:00Z", "to": "2101-01-01T00:00:00Z", "currency": "EUR",
        "placed": 2, "won": 0, "revenue_minor": 0, "role": "managers", "people": 1, "orders": 2,
        "orders_per_person": 2.0, "handled": 1,
    }  # fmt: skip
    wrong = shop.run("report", "compare", *PERIODS[:-1], "2001-01-01")
    assert (wrong.code, "each period ends later" in wrong.err) == (2, True)
    assert shop.run("report", "compare", *PERIODS, "--path", "unversal").code == 2


@each_report
def test_a_figure_is_a_table_json_or_csv(shop: CommandLine, words: tuple[str, ...]) -> None:
    people = shop.run("report", *words)
    assert (people.code, bool(people.out)) == (0, True), people.err

    answer = shop.run("report", *words, "--json").json
    rows = list(csv.DictReader(io.StringIO(shop.run("report", *words, "--csv").out)))
    listed = answer if isinstance(answer, list) else answer.get("orders", answer.get("stages"))
    assert len(rows) == len(listed) > 0


@each_report
def test_a_figure_of_an_empty_shop_is_empty(line: CommandLine, words: tuple[str, ...]) -> None:
    assert line.run("report", *words).code == 0
    assert len(line.run("report", *words, "--csv").out.splitlines()) == 1
