"""Import of the Olist tables: what each row becomes, and what happens to bad ones."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.orders.events import stream_of
from domain.orders.identity import order_id_of
from domain.refusals import UnreadableError
from infra.postgres import connect
from services.bootstrap import System
from services.history import state_of
from services.imports.olist import import_olist
from services.imports.problem import ImportProblem
from services.imports.quarantine import find_row, fix, list_rows, resubmit
from services.imports.report import ImportReport
from services.imports.rows import SourceRow
from services.imports.runner import Recorder
from services.imports.session import begin
from tests.integration.imports.sources import (
    ITEM,
    ORDER,
    PAYMENT,
    facts_in_log,
    types_in_log,
    write_csv,
    write_olist,
)

STREAM = stream_of(order_id_of("olist", "o1"))


def times(system: System, stream: str = STREAM) -> list[tuple[str, datetime]]:
    events = system.log.load({stream: 0})[stream]
    return [
        (getattr(e.event, "to_status", e.event.NAME.split(".")[1]), e.occurred_at) for e in events
    ]


def test_an_order_becomes_the_facts_that_its_rows_tell(system: System, tmp_path: Path) -> None:
    report = import_olist(system, write_olist(tmp_path / "shop"))

    placed = datetime(2018, 5, 1, 10, tzinfo=UTC)
    approved = datetime(2018, 5, 1, 11, tzinfo=UTC)
    assert sorted(times(system)) == sorted(
        [
            ("placed", placed),
            ("item_added", placed),
            ("payment_submitted", placed),
            ("approved", approved),
            ("payment_charged", approved),
            ("shipped", datetime(2018, 5, 2, 8, tzinfo=UTC)),
            ("delivered", datetime(2018, 5, 9, 17, 30, tzinfo=UTC)),
        ]
    )
    assert report.as_dict()["facts"] == {"new": 7, "known": 0}
    assert (report.rows_read, report.orders, report.nonconforming.total()) == (3, 1, 0)


def test_prices_are_exact_to_the_minor_unit(system: System, tmp_path: Path) -> None:
    import_olist(system, write_olist(tmp_path / "shop", items=[ITEM | {"price": "1234567.29"}]))

    payloads = {kind: json.loads(body) for _, _, kind, _, body in facts_in_log(system)}
    assert payloads["order.item_added.v1"]["line"]["unit_price_minor"] == 123_456_729
    assert payloads["order.item_added.v1"]["delivery_minor"] == 1_520
    assert payloads["order.payment_charged.v1"]["amount_minor"] == 5_110


@pytest.mark.parametrize("status", ["canceled", "unavailable"])
def test_an_end_without_a_time_stands_last_at_the_last_known_one(
    system: System, tmp_path: Path, status: str
) -> None:
    order = ORDER | {
        "order_status": status,
        "order_approved_at": "2018-05-03 00:00:00",  # Later than the carrier had it.
        "order_delivered_customer_date": "",
    }
    import_olist(system, write_olist(tmp_path / "shop", [order], [], []))

    last = system.log.load({STREAM: 0})[STREAM][-1]
    assert (times(system)[-1]) == (status, datetime(2018, 5, 3, tzinfo=UTC))
    assert getattr(last.event, "time_source", None) == "derived"


@pytest.mark.parametrize("sequence", ["1", "2", "12", "21", "1212"])
def test_an_end_stands_behind_what_any_dump_tells_whichever_came_first(
    system: System, tmp_path: Path, sequence: str
) -> None:
    known = {"1": "", "2": "2018-05-02 08:00:00"}  # when the carrier had it, as each dump says
    added = 0
    for dump in sequence:
        order = ORDER | {
            "order_status": "canceled",
            "order_delivered_carrier_date": known[dump],
            "order_delivered_customer_date": "",
        }
        report = import_olist(system, write_olist(tmp_path / dump, [order], [], []))
        added += report.facts_new

    order_now = state_of(system.log.load({STREAM: 0})[STREAM])
    assert order_now.status == "canceled"
    assert added == {"1": 3, "2": 4}.get(sequence, 5), "the same dump again adds nothing"
    entered = [entry.status for entry in order_now.timeline if entry.status != "placed"]
    if len(set(sequence)) == 2:
        assert entered == ["approved", "canceled", "shipped", "canceled"]


def test_a_status_without_a_time_is_noted_not_entered(system: System, tmp_path: Path) -> None:
    order = ORDER | {
        "order_status": "invoiced",
        "order_delivered_carrier_date": "",
        "order_delivered_customer_date": "",
    }
    import_olist(system, write_olist(tmp_path / "shop", [order], [], []))

    assert types_in_log(system) == {
        "order.placed.v1": 1,
        "order.status_recorded.v1": 1,
        "order.source_status_noted.v1": 1,
    }


def test_facts_against_the_path_are_recorded_and_counted_by_reason(
    system: System, tmp_path: Path
) -> None:
    order = ORDER | {"order_delivered_carrier_date": "2018-05-01 10:30:00"}  # before approved
    report = import_olist(system, write_olist(tmp_path / "shop", [order]))

    # placed -> shipped, shipped -> approved, approved -> delivered
    assert report.nonconforming == {"transition_not_allowed": 3}
    against = [
        json.loads(body) for *_, body in facts_in_log(system) if '"conforming":false' in body
    ]
    assert len(against) == 3


def test_the_same_files_twice_add_nothing(system: System, tmp_path: Path) -> None:
    folder = write_olist(tmp_path / "shop")
    import_olist(system, folder)
    before = facts_in_log(system)

    again = import_olist(system, folder)

    assert facts_in_log(system) == before
    assert (again.facts_new, again.facts_known) == (0, 7)


def test_overlapping_files_add_what_is_new(system: System, tmp_path: Path) -> None:
    on_its_way = ORDER | {"order_status": "shipped", "order_delivered_customer_date": ""}
    import_olist(system, write_olist(tmp_path / "may", [on_its_way]))
    other = ORDER | {"order_id": "o2"}

    report = import_olist(system, write_olist(tmp_path / "june", [ORDER, other]))

    assert (report.facts_new, report.facts_known) == (1 + 4, 6)


def test_a_dry_run_says_what_would_be_and_writes_nothing(system: System, tmp_path: Path) -> None:
    folder = write_olist(
        tmp_path / "shop", [ORDER, ORDER | {"order_id": "o2", "order_status": "?"}]
    )

    report = import_olist(system, folder, dry_run=True)

    assert (report.facts_new, report.facts_known) == (7, 0)
    assert report.quarantined == {"status_unknown": 1}
    assert facts_in_log(system) == []
    assert list_rows(system) == []


def test_one_bad_row_stops_no_other(system: System, tmp_path: Path) -> None:
    orders = [ORDER | {"order_id": f"o{n}"} for n in range(1, 10)]
    orders[4] |= {"order_approved_at": "yesterday"}
    report = import_olist(system, write_olist(tmp_path / "shop", orders, [], []))

    assert report.orders == 8
    assert report.quarantined == {"time_unreadable": 1}
    (row,) = list_rows(system)
    assert (row.file, row.line, row.column) == ("orders.csv", 6, "order_approved_at")
    assert row.values is not None
    assert row.values["order_approved_at"] == "yesterday"
    assert "yesterday" not in row.message


@pytest.mark.parametrize(
    ("table", "change", "reason"),
    [
        ("orders", {"order_id": " "}, "order_id_missing"),
        ("orders", {"order_id": "x" * 201}, "order_id_unusable"),
        ("orders", {"order_status": "lost"}, "status_unknown"),
        ("orders", {"order_purchase_timestamp": ""}, "time_missing"),
        ("orders", {"order_purchase_timestamp": "2018-02-30 10:00:00"}, "time_unreadable"),
        ("orders", {"order_delivered_customer_date": "2026-03-02 09:06:00"}, "time_in_future"),
        ("orders", {"customer_id": "x" * 201}, "value_refused"),
        ("items", {"price": "35,90"}, "amount_unreadable"),
        ("items", {"price": "-1"}, "amount_unreadable"),
        ("items", {"price": "NaN"}, "amount_unreadable"),
        ("items", {"price": "1e3"}, "amount_unreadable"),
        ("items", {"price": "35.905"}, "amount_too_fine"),
        ("items", {"price": "99999999999999"}, "amount_too_large"),
        ("items", {"order_item_id": "0"}, "number_unreadable"),
        ("items", {"product_id": ""}, "value_missing"),
        ("items", {"order_id": "nobody"}, "order_missing"),
        ("payments", {"payment_value": ""}, "amount_unreadable"),
        ("payments", {"payment_sequential": "one"}, "number_unreadable"),
        ("payments", {"payment_type": "x" * 201}, "value_too_long"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(
    system: System, tmp_path: Path, table: str, change: dict[str, str], reason: str
) -> None:
    tables = {"orders": ORDER, "items": ITEM, "payments": PAYMENT}
    others = {"orders": [ORDER], "items": [], "payments": []}
    bad = tables[table] | {"order_id": "o1"} | change
    if table == "orders":
        others["orders"] = [ORDER | {"order_id": "good"}]
    others[table] = [*others[table], bad]
    report = import_olist(system, write_olist(tmp_path / "shop", **others))

    assert report.quarantined == {reason: 1}
    assert report.orders == 1


def test_four_minutes_ahead_is_a_fast_clock(system: System, tmp_path: Path) -> None:
    order = ORDER | {"order_delivered_customer_date": "2026-03-02 09:04:00"}

    assert not import_olist(system, write_olist(tmp_path / "shop", [order])).quarantined


def test_equal_rows_are_counted_and_contradicting_ones_not_believed(
    system: System, tmp_path: Path
) -> None:
    payments = [PAYMENT, PAYMENT, PAYMENT | {"payment_sequential": "2"}]
    items = [ITEM, ITEM | {"price": "1.00"}]
    report = import_olist(system, write_olist(tmp_path / "shop", [ORDER], items, payments))

    assert report.duplicates == 1
    assert report.quarantined == {"rows_contradict": 2}
    assert types_in_log(system)["order.payment_submitted.v1"] == 2


def test_a_fixed_row_is_recorded_with_all_that_waited_for_it(
    system: System, tmp_path: Path
) -> None:
    folder = write_olist(tmp_path / "shop", [ORDER | {"order_purchase_timestamp": "?"}])
    report = import_olist(system, folder)
    assert report.quarantined == {"time_unreadable": 1, "order_missing": 2}
    assert facts_in_log(system) == []

    waiting = [row for row in list_rows(system) if row.table != "orders"]
    assert {row.message for row in waiting} == {
        "its order is in orders, but cannot be read there: put that row right first"
    }
    (order,) = [row for row in list_rows(system) if row.table == "orders"]
    fixed = fix(system, order.row_id, {"order_purchase_timestamp": "2018-05-01 10:00:00"})
    assert fixed.fixed
    sent = resubmit(system)

    assert (sent.facts_new, sent.quarantined) == (7, {})
    assert list_rows(system) == []
    assert len(list_rows(system, state="resolved")) == 3
    again = import_olist(system, folder)
    assert (again.facts_new, again.facts_known, again.already_resolved) == (0, 3, 1)


def test_rows_that_wait_are_free_once_another_import_records_them(
    system: System, tmp_path: Path
) -> None:
    import_olist(system, write_olist(tmp_path / "half", [], [ITEM, ITEM | {"order_id": "o2"}]))
    assert len(list_rows(system)) == 3
    whole = write_olist(tmp_path / "whole", [ORDER])

    would = import_olist(system, whole, dry_run=True)
    assert (would.freed, len(list_rows(system))) == (2, 3)
    report = import_olist(system, whole)

    assert (report.freed, report.still_bad) == (2, 0)
    (still,) = list_rows(system)
    assert still.order_id == order_id_of("olist", "o2")
    assert import_olist(system, whole).freed == 0


def test_rows_that_stayed_though_they_were_recorded_are_free_when_they_come_again(
    system: System, tmp_path: Path
) -> None:
    import_olist(system, write_olist(tmp_path / "half", []))
    whole = write_olist(tmp_path / "whole")
    import_olist(system, whole)
    with system.connect("orderpath_writer") as session:
        session.execute("update ops.quarantine set state = 'open'")

    report = import_olist(system, whole)

    assert (report.facts_new, report.freed, list_rows(system)) == (0, 2, [])


def test_a_row_that_somebody_fixed_waits_for_resubmit(system: System, tmp_path: Path) -> None:
    import_olist(system, write_olist(tmp_path / "half", [], [ITEM], []))
    (row,) = list_rows(system)
    fix(system, row.row_id, {"price": "36.90"})

    report = import_olist(system, write_olist(tmp_path / "whole", [ORDER]))

    assert report.freed == 0
    assert [one.row_id for one in list_rows(system)] == [row.row_id]


def test_a_row_of_an_order_in_the_log_borrows_its_times(system: System, tmp_path: Path) -> None:
    import_olist(system, write_olist(tmp_path / "shop", items=[ITEM | {"price": "x"}]))
    (row,) = list_rows(system)

    fix(system, row.row_id, {"price": "35.90"})
    resubmit(system, row_ids=[row.row_id])

    assert ("item_added", datetime(2018, 5, 1, 10, tzinfo=UTC)) in times(system)


def test_what_is_still_wrong_stays(system: System, tmp_path: Path) -> None:
    import_olist(system, write_olist(tmp_path / "shop", [ORDER], [ITEM | {"price": "x"}], []))
    (row,) = list_rows(system)
    fix(system, row.row_id, {"price": "1.234"})

    report = resubmit(system)

    (still,) = list_rows(system)
    assert report.quarantined == {"amount_too_fine": 1}
    assert (still.row_id, still.reason, still.line) == (row.row_id, "amount_too_fine", 2)


def test_a_fix_names_columns_that_exist(system: System, tmp_path: Path) -> None:
    import_olist(system, write_olist(tmp_path / "shop", [ORDER], [ITEM | {"price": "x"}], []))
    (row,) = list_rows(system)

    with pytest.raises(ImportProblem, match="did you mean price"):
        fix(system, row.row_id, {"prize": "1"})


class Meanwhile(dict[str, str]):
    """Changes during whose reading something else happens to the row."""

    def __init__(self, changes: dict[str, str], happens: Callable[[], object]) -> None:
        super().__init__(changes)
        self._happens = happens

    def items(self) -> Any:
        self._happens()
        return super().items()


@pytest.mark.parametrize("happens", ["recorded", "erased"])
def test_a_fix_that_came_too_late_says_so_and_changes_nothing(
    system: System, tmp_path: Path, happens: str
) -> None:
    import_olist(system, write_olist(tmp_path / "shop", [ORDER], [ITEM | {"price": "x"}], []))
    (row,) = list_rows(system)

    def meanwhile() -> None:
        if happens == "recorded":
            system.import_desk.store.resolve([row.row_id])
        else:
            erase(system)

    with pytest.raises(ImportProblem, match="recorded or erased meanwhile, nothing was changed"):
        fix(system, row.row_id, Meanwhile({"price": "1.00"}, meanwhile))

    now = find_row(system, row.row_id)
    assert not now.fixed
    assert now.values is None or now.values["price"] == "x"


def erase(system: System) -> None:
    """Destroy the key of the order's person, and with it what it sealed."""
    with connect(system.url) as session:
        session.execute("update log.keys set key = null where subject_id = %s", (STREAM,))


def test_quarantined_values_are_sealed_on_disk(system: System, tmp_path: Path) -> None:
    import_olist(
        system, write_olist(tmp_path / "shop", [ORDER | {"order_status": "Anna 555-1234"}])
    )

    with system.connect("orderpath_writer") as session:
        stored = session.execute("select q::text from ops.quarantine q").fetchall()
    assert len(stored) == 3
    assert not any("555-1234" in text for (text,) in stored)


def test_erased_values_are_gone_and_break_nothing(system: System, tmp_path: Path) -> None:
    import_olist(system, write_olist(tmp_path / "shop", [ORDER], [ITEM | {"price": "x"}], []))
    (row,) = list_rows(system)
    erase(system)

    assert find_row(system, row.row_id).values is None
    assert resubmit(system).quarantined == {"amount_unreadable": 1}
    with pytest.raises(ImportProblem, match="erased"):
        fix(system, row.row_id, {"price": "1.00"})


def test_a_file_that_is_wrong_all_over_stops(system: System, tmp_path: Path) -> None:
    report = ImportReport("olist", "olist", ("orders.csv",))
    begin(system, report, [write_csv(tmp_path / "orders.csv", [], [])], {})
    recorder = Recorder(system, report, most_bad=10)
    error = UnreadableError("time_unreadable", "order_approved_at", "no time")
    rows = [
        SourceRow("orders", "orders.csv", n, ORDER | {"order_id": f"o{n}"}) for n in range(2, 13)
    ]
    for row in rows[:10]:
        recorder.bad(row, error)

    with pytest.raises(ImportProblem, match="more than 10 rows cannot be read, 11 of them because"):
        recorder.bad(rows[10], error)
    assert len(list_rows(system)) == 11


@pytest.mark.parametrize("price", ["99999999999999", "9" * 16, "9" * 40])
def test_an_amount_that_is_too_large_is_told_with_limit_column_and_line(
    system: System, tmp_path: Path, price: str
) -> None:
    items = [ITEM, ITEM | {"order_item_id": "2", "price": price}]
    import_olist(system, write_olist(tmp_path / "shop", items=items))

    (row,) = list_rows(system)
    assert (row.reason, row.file, row.line, row.column) == (
        "amount_too_large", "order_items.csv", 3, "price",
    )  # fmt: skip
    assert row.message == "price: the amount is too large, write at most 10000000000000.00 BRL"


def test_a_resubmit_is_logged_without_a_run_that_it_is_not(system: System, tmp_path: Path) -> None:
    with capture_logs() as logged:
        report = import_olist(system, write_olist(tmp_path / "shop", items=[ITEM | {"price": "x"}]))
        resubmit(system)

    first, second = (entry for entry in logged if entry["event"] == "import_done")
    assert first["run_id"] == str(report.run_id)
    assert (second["kind"], "run_id" in second) == ("quarantine", False)


def test_the_shuffled_rows_leave_the_same_facts(system: System, tmp_path: Path) -> None:
    orders = [ORDER | {"order_id": f"o{n}"} for n in range(30)]
    items = [
        ITEM | {"order_id": f"o{n}", "order_item_id": str(i)} for n in range(30) for i in (1, 2)
    ]
    import_olist(system, write_olist(tmp_path / "straight", orders, items))
    before = facts_in_log(system)

    report = import_olist(system, write_olist(tmp_path / "turned", orders[::-1], items[::-1]))

    assert report.facts_new == 0
    assert facts_in_log(system) == before


@pytest.mark.parametrize("name", ["orders", "order_items", "order_payments"])
def test_a_missing_table_is_named(system: System, tmp_path: Path, name: str) -> None:
    folder = write_olist(tmp_path / "shop")
    (folder / f"{name}.csv").unlink()

    with pytest.raises(ImportProblem, match=rf"{name}\.csv is missing"):
        import_olist(system, folder)


def test_a_missing_folder_is_named(system: System, tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match="is no folder"):
        import_olist(system, tmp_path / "nowhere")


def test_a_wrong_header_is_named(system: System, tmp_path: Path) -> None:
    folder = write_olist(tmp_path / "shop")
    write_csv(folder / "orders.csv", ["order_id", "status"], [["o1", "delivered"]])

    with pytest.raises(ImportProblem, match=r"orders\.csv:1: the column .*order_status"):
        import_olist(system, folder)


def test_a_packed_file_that_ends_too_early_records_nothing(system: System, tmp_path: Path) -> None:
    folder = write_olist(tmp_path / "shop")
    packed = gzip.compress((folder / "orders.csv").read_bytes())
    (folder / "orders.csv").unlink()
    (folder / "orders.csv.gz").write_bytes(packed[:-20])

    with pytest.raises(ImportProblem, match=r"orders\.csv\.gz:\d+: the packed file ends too early"):
        import_olist(system, folder)
    assert facts_in_log(system) == []


def test_a_file_that_ends_in_mid_row_loses_that_row_only(system: System, tmp_path: Path) -> None:
    folder = write_olist(tmp_path / "shop", [ORDER, ORDER | {"order_id": "o2"}], [], [])
    text = (folder / "orders.csv").read_text()
    (folder / "orders.csv").write_text(text[:-60])

    report = import_olist(system, folder)

    assert report.orders == 1
    assert report.quarantined == {"columns_missing": 1}
    assert report.warnings == [
        "orders.csv: the last line has no line break: look whether the file was cut there"
    ]
    assert resubmit(system).quarantined == {"columns_missing": 1}  # Nobody has fixed it.


def test_progress_ends_where_it_said(system: System, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    orders = [ORDER | {"order_id": f"o{n}"} for n in range(3_000)]

    import_olist(
        system,
        write_olist(tmp_path / "shop", orders, [], []),
        dry_run=True,
        progress=lambda done, total: told.append((done, total)),
    )

    assert told == sorted(told, key=lambda pair: pair[0])
    assert told[-1] == (6_000, 6_000)
    assert all(done <= total for done, total in told)
