"""Import of any event log by a mapping: what rows become, and what a mapping may say."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL

import pytest

from domain.orders.events import (
    ItemAdded,
    OrderPlaced,
    PaymentCharged,
    StatusRecorded,
    stream_of,
)
from domain.orders.identity import id_of, order_id_of
from domain.paths.commands import PublishPath
from infra.postgres import connect
from services.bootstrap import SYSTEM, System, open_system, read_path
from services.imports.log_file import import_log
from services.imports.problem import ImportProblem
from services.imports.quarantine import fix, list_rows, resubmit
from services.imports.rows import SourceRow, id_of_row
from tests.integration.imports.sources import facts_in_log, write_csv
from tests.support.damaged import How, damaged

HEADER = ("case", "at", "what")
PATH = """
path: parcels
stages: [open, closed]
statuses:
  new: {stage: open}
  packed: {stage: open}
  sent: {stage: closed, final: success}
initial: [{status: new}]
transitions: [{from: new, to: packed}, {from: packed, to: sent}]
"""
MAPPING = """
source: depot
path: parcels
order_id: case
time: {column: at, zone: Europe/Berlin}
activity: {column: what, map: {Created: new, Packed: packed, Sent: sent}}
"""
ROWS = [
    ("7", "2025-01-10 08:00:00", "Created"),
    ("7", "2025-01-10 09:00:00", "Packed"),
    ("7", "2025-01-11 10:00:00", "Sent"),
]


@pytest.fixture
def depot(system: System) -> System:
    """The system with the depot's path published."""
    definition = read_path(PATH, where="parcels.yaml")
    command_id = id_of(NAMESPACE_URL, "parcels")
    system.execute(PublishPath(command_id=command_id, actor=SYSTEM, definition=definition))
    return system


def log(
    folder: Path,
    rows: Iterable[Sequence[str]],
    mapping: str = MAPPING,
    header: Sequence[str] = HEADER,
) -> tuple[Path, Path]:
    """Write a log and its mapping."""
    (folder / "map.yaml").write_text(mapping)
    return write_csv(folder / "log.csv", header, rows), folder / "map.yaml"


def events_of(system: System, number: str) -> list[Any]:
    stream = stream_of(order_id_of("depot", number))
    return system.log.load({stream: 0})[stream]


def test_each_row_becomes_a_status_at_its_moment(depot: System, tmp_path: Path) -> None:
    report = import_log(depot, *log(tmp_path, ROWS))

    assert [(e.event.to_status, e.occurred_at) for e in events_of(depot, "7")] == [
        ("new", datetime(2025, 1, 10, 7, tzinfo=UTC)),
        ("packed", datetime(2025, 1, 10, 8, tzinfo=UTC)),
        ("sent", datetime(2025, 1, 11, 9, tzinfo=UTC)),
    ]
    assert (report.orders, report.facts_new, report.rows_read) == (1, 3, 3)


def test_the_same_log_twice_adds_nothing_and_more_rows_only_themselves(
    depot: System, tmp_path: Path
) -> None:
    import_log(depot, *log(tmp_path, ROWS[:2]))

    more = import_log(depot, *log(tmp_path, ROWS))
    again = import_log(depot, *log(tmp_path, ROWS[::-1]))

    assert (more.facts_new, more.facts_known) == (1, 2)
    assert (again.facts_new, again.facts_known) == (0, 3)


def test_steps_against_the_path_are_recorded_and_counted(depot: System, tmp_path: Path) -> None:
    report = import_log(depot, *log(tmp_path, [ROWS[2], ROWS[0], ("8", *ROWS[1][1:])]))

    assert report.facts_new == 3
    assert report.nonconforming == {"transition_not_allowed": 1, "not_an_initial_status": 1}


def test_what_is_counted_against_the_path_is_what_was_recorded(
    depot: System, tmp_path: Path
) -> None:
    import_log(depot, *log(tmp_path, ROWS[:2]))
    more = [ROWS[2], ("8", *ROWS[2][1:]), ("9", *ROWS[0][1:]), ("9", *ROWS[2][1:])]
    would = import_log(depot, *log(tmp_path, more), dry_run=True)

    report = import_log(depot, *log(tmp_path, more))
    again = import_log(depot, *log(tmp_path, more[::-1]))

    # "Sent" of order 7 follows on what was in the log already; the file alone does not say so.
    assert report.nonconforming == {"not_an_initial_status": 1, "transition_not_allowed": 1}
    assert report.nonconforming == against_the_path(depot, "7", "8", "9")
    assert would.nonconforming == report.nonconforming
    assert (again.facts_known, again.nonconforming) == (4, {})


def against_the_path(system: System, *numbers: str) -> Counter[str]:
    """Count the reasons that stand in the log."""
    return Counter(
        reason
        for number in numbers
        for recorded in events_of(system, number)
        for reason in recorded.event.nonconforming
    )


def test_a_long_order_is_counted_against_the_path_once(depot: System, tmp_path: Path) -> None:
    rows = [("7", f"2025-01-10 08:{n // 60:02}:{n % 60:02}", "Packed") for n in range(1_200)]
    would = import_log(depot, *log(tmp_path, rows), dry_run=True)
    report = import_log(depot, *log(tmp_path, rows))

    assert (would.facts_new, report.facts_new) == (1_200, 1_200)
    assert would.nonconforming == report.nonconforming == against_the_path(depot, "7")
    assert report.nonconforming == {"not_an_initial_status": 1, "transition_not_allowed": 1_199}


@pytest.mark.parametrize("activity", ["Created", "Paid"])
def test_other_columns_are_kept_and_personal_ones_sealed(
    depot: System, tmp_path: Path, activity: str
) -> None:
    mapping = MAPPING + (
        "personal: [name]\nactor: who\nrole: job\nreason: why\n"
        "payment: {amount: paid, currency: EUR, movements: {Paid: charged}}\n"
    )
    header = (*HEADER, "name", "who", "job", "why", "paid", "depot", "empty")
    row = (*ROWS[0][:2], activity, "Anna Ivanova", "w1", "Packer", "as_planned", "9", "North", "")
    import_log(depot, *log(tmp_path, [row], mapping, header))

    (recorded,) = events_of(depot, "7")
    event = recorded.event
    assert (event.actor, event.role, event.reason_code) == ("w1", "Packer", "as_planned")
    assert (event.external_id, event.attributes) == ("7", {"depot": "North", "paid": "9"})
    assert json.loads(event.personal) == {"name": "Anna Ivanova"}
    assert "Anna" not in str(facts_in_log(depot))


def test_a_known_row_that_says_something_else_now_is_counted(depot: System, tmp_path: Path) -> None:
    mapping, header = MAPPING + "event_id: no\n", (*HEADER, "no")
    packed = ("7", "2025-01-10 09:00:00", "Packed", "2")
    import_log(depot, *log(tmp_path, [(*ROWS[0], "1")], mapping, header))
    before = facts_in_log(depot)

    changed = [("7", "2025-01-11 09:00:00", "Created", "1"), packed]
    reports = [
        import_log(depot, *log(tmp_path, changed, mapping, header), dry_run=dry)
        for dry in (True, False, False, True)
    ]

    told = [(one.facts_new, one.facts_known, one.told_differently) for one in reports]
    assert told == [(1, 1, 1), (1, 1, 1), (0, 2, 1), (0, 2, 1)]
    assert [one.quarantined.total() for one in reports] == [0, 0, 0, 0]
    attempts = f"attempt-{order_id_of('depot', '7')}"
    assert len(depot.log.load({attempts: 0})[attempts]) == 1
    assert [one.attempts_refused for one in reports] == [1, 1, 0, 0]
    assert before[0] in facts_in_log(depot)


def test_a_reason_is_a_code_or_it_is_sealed(depot: System, tmp_path: Path) -> None:
    mapping = MAPPING + "reason: why\nreasons: {Too late!: too_late}\npersonal: [name]\n"
    whys = ("Too late!", "out_of_stock", "Anna hung up", "")
    rows = [(str(n), *ROWS[0][1:], "Ivanova", why) for n, why in enumerate(whys)]

    report = import_log(depot, *log(tmp_path, rows, mapping, (*HEADER, "name", "why")))

    told = [events_of(depot, str(n))[0].event for n in range(len(whys))]
    assert report.quarantined == {}
    assert [event.reason_code for event in told] == ["too_late", "out_of_stock", None, None]
    assert [json.loads(event.personal).get("why") for event in told] == [
        None, None, "Anna hung up", None,
    ]  # fmt: skip
    assert "Anna" not in str(facts_in_log(depot))


def test_items_amounts_and_placing_become_facts_of_their_own(depot: System, tmp_path: Path) -> None:
    mapping = MAPPING + (
        "customer: client\n"
        "placed: {activity: Created, currency: EUR, shop: north}\n"
        "item: {id: sku, quantity: pieces, price: price, currency: EUR}\n"
        "payment: {amount: paid, currency: EUR, movements: {Paid: charged}}\n"
        'decimal: ","\n'
    )
    header = (*HEADER, "client", "sku", "pieces", "price", "paid")
    rows = [
        (*ROWS[0], "c1", "TEA", "2", "5,50", ""),
        ("7", "2025-01-10 08:30:00", "Paid", "c1", "", "", "", "11,00"),
    ]
    import_log(depot, *log(tmp_path, rows, mapping, header))

    placed, item, paid = [recorded.event for recorded in events_of(depot, "7")]
    assert isinstance(placed, OrderPlaced)
    assert (placed.external_id, placed.shop, placed.currency) == ("7", "north", "EUR")
    assert isinstance(item, ItemAdded)
    assert (item.line.quantity, item.line.unit_price_minor) == (2, 550)
    assert isinstance(paid, PaymentCharged)
    assert paid.amount_minor == 1_100


def test_a_row_with_a_status_and_a_payment_tells_the_rest_of_it_once(
    depot: System, tmp_path: Path
) -> None:
    mapping = MAPPING + "payment: {amount: paid, currency: EUR, movements: {Created: charged}}\n"
    import_log(depot, *log(tmp_path, [(*ROWS[0], "9", "2")], mapping, (*HEADER, "paid", "lane")))

    status, paid = [recorded.event for recorded in events_of(depot, "7")]
    assert (status.external_id, status.attributes) == ("7", {"lane": "2", "paid": "9"})
    assert (paid.external_id, paid.attributes) == (None, None)


def test_items_without_a_placing_bring_the_currency(depot: System, tmp_path: Path) -> None:
    mapping = MAPPING + "item: {id: sku, price: price, currency: JPY}\n"
    import_log(
        depot, *log(tmp_path, [(*ROWS[0], "TEA", "550")], mapping, (*HEADER, "sku", "price"))
    )
    depot.catch_up()

    with depot.connect("orderpath_analyst") as session:
        (order,) = session.execute("select currency, total_minor from analytics.orders").fetchall()
        (item,) = session.execute("select currency, net_minor from analytics.items").fetchall()
    assert order == item == ("JPY", 550)


def test_without_a_sequence_the_order_of_the_mapping_breaks_ties(
    depot: System, tmp_path: Path
) -> None:
    at = "2025-01-10 08:00:00"
    import_log(
        depot, *log(tmp_path, [("7", at, "Sent"), ("7", at, "Packed"), ("7", at, "Created")])
    )

    assert [e.event.to_status for e in events_of(depot, "7")] == ["new", "packed", "sent"]


def test_a_sequence_column_breaks_ties(depot: System, tmp_path: Path) -> None:
    at = "2025-01-10 08:00:00"
    rows = [("7", at, "Created", "3"), ("7", at, "Packed", "20"), ("7", at, "Sent", "1")]
    import_log(depot, *log(tmp_path, rows, MAPPING + "sequence: no\n", (*HEADER, "no")))

    assert [e.event.to_status for e in events_of(depot, "7")] == ["sent", "new", "packed"]


@pytest.mark.parametrize(("what", "facts"), [("keep", 3), ("drop", 2)])
def test_equal_rows_are_kept_or_dropped_and_counted_either_way(
    depot: System, tmp_path: Path, what: str, facts: int
) -> None:
    rows = [ROWS[0], ROWS[1], ROWS[1]]
    mapping = MAPPING + f"duplicates: {what}\n"
    report = import_log(depot, *log(tmp_path, rows, mapping))
    again = import_log(depot, *log(tmp_path, rows[::-1], mapping))

    assert (report.facts_new, report.duplicates) == (facts, 1)
    assert (again.facts_new, again.duplicates) == (0, 1)


def test_ids_say_nothing_of_what_is_personal(depot: System, tmp_path: Path) -> None:
    """Whoever knows the rest of a row could try out whose it is."""
    mapping, header = MAPPING + "personal: [name]\nduplicates: drop\n", (*HEADER, "name")
    two = [(*ROWS[0], "Anna"), (*ROWS[0], "Boris")]
    report = import_log(depot, *log(tmp_path, two, mapping, header))
    told = {(one.fact_id, one.command_id) for one in events_of(depot, "7")}
    others = [(*ROWS[0], "Clara"), (*ROWS[0], "Dora")]
    again = import_log(depot, *log(tmp_path, others, mapping, header))

    assert (report.facts_new, report.duplicates) == (2, 0)
    assert (again.facts_new, again.facts_known) == (0, 2)
    assert {(one.fact_id, one.command_id) for one in events_of(depot, "7")} == told


@pytest.mark.parametrize("how", ["spoilt", "gone", "torn", "impossible"])
def test_rows_of_a_damaged_order_wait_in_quarantine_and_all_others_go_on(
    depot: System, database_url: str, tmp_path: Path, how: How
) -> None:
    import_log(depot, *log(tmp_path, ROWS))
    damaged_one = stream_of(order_id_of("depot", "7"))
    more = [("7", "2025-01-12 10:00:00", "Sent"), ("9", "2025-01-12 10:00:00", "Created")]
    given = log(tmp_path, more)
    with (
        damaged(database_url, damaged_one, how=how),
        open_system(depot.settings, depot.clock) as another,
    ):
        would = import_log(another, *given, dry_run=True)
        report = import_log(another, *given)
        (waiting,) = list_rows(another)
    reason = "log_gap" if how == "gone" else "event_unreadable"
    with open_system(depot.settings, depot.clock) as mended:
        sent = resubmit(mended)

    assert report.quarantined == would.quarantined == {reason: 1}
    assert (report.facts_new, sent.facts_new) == (1, 1)
    assert waiting.line == 2


def test_the_id_of_a_bad_row_stays_and_says_nothing_of_it(depot: System, tmp_path: Path) -> None:
    """Whoever knows the rest of a row could try out its phone number."""
    row = ("7", "2025-01-11 10:00:00", "Snet", "+79161234567")
    given = log(tmp_path, [row], MAPPING + "personal: [phone]\n", (*HEADER, "phone"))
    reports = [import_log(depot, *given) for _ in range(2)]

    (waiting,) = list_rows(depot)
    assert [one.quarantined.total() for one in reports] == [1, 1]
    said = SourceRow("log", "log.csv", 2, dict(zip((*HEADER, "phone"), row, strict=True)))
    assert waiting.values == said.values
    assert waiting.row_id != id_of_row("depot", replace(said, table=waiting.table))


def test_an_id_column_is_the_identity_of_a_row(depot: System, tmp_path: Path) -> None:
    mapping, header = MAPPING + "event_id: no\n", (*HEADER, "no")
    rows = [
        (*ROWS[0], "e1"),
        (*ROWS[0], "e2"),
        (*ROWS[0], "e2"),
        (*ROWS[1], "e3"),
        (*ROWS[2], "e3"),
        (*ROWS[2], ""),
    ]
    report = import_log(depot, *log(tmp_path, rows, mapping, header))

    assert (report.facts_new, report.duplicates) == (2, 1)
    assert report.quarantined == {"rows_contradict": 2, "value_missing": 1}


def test_an_order_of_more_than_500_facts_takes_several_commands(
    depot: System, tmp_path: Path
) -> None:
    rows = [("7", f"2025-01-10 08:{n // 60:02}:{n % 60:02}", "Packed") for n in range(1_200)]
    report = import_log(depot, *log(tmp_path, rows))
    again = import_log(depot, *log(tmp_path, rows))

    assert (report.orders, report.facts_new, len(events_of(depot, "7"))) == (1, 1_200, 1_200)
    assert (again.facts_new, again.facts_known) == (0, 1_200)


def test_several_columns_make_one_number(depot: System, tmp_path: Path) -> None:
    mapping = MAPPING.replace("order_id: case", "order_id: [shop, case]")
    rows = [("a|b", *ROWS[0]), ("a", "b|7", *ROWS[0][1:])]
    report = import_log(depot, *log(tmp_path, rows, mapping, ("shop", *HEADER)))

    assert report.orders == 2
    assert len(events_of(depot, r"a\|b|7")) == 1


@pytest.mark.parametrize(
    ("time", "text", "expected"),
    [
        ("{column: at, zone: UTC}", "2025-01-10T08:00:00", "2025-01-10T08:00:00+00:00"),
        ("{column: at}", "2025-01-10T08:00:00+02:00", "2025-01-10T06:00:00+00:00"),
        ("{column: at, format: epoch}", "1736496000.5", "2025-01-10T08:00:00.500000+00:00"),
        ("{column: at, format: epoch_ms}", "1736496000001", "2025-01-10T08:00:00.001000+00:00"),
        (
            '{column: at, format: "%d.%m.%Y %H:%M", zone: Asia/Kolkata}',
            "10.01.2025 08:00",
            "2025-01-10T02:30:00+00:00",
        ),
        ('{column: at, format: "%Y-%m-%d %z"}', "2025-01-10 -0300", "2025-01-10T03:00:00+00:00"),
        # The clocks went back at 3:00 to 2:00: this local time happened twice.
        (
            "{column: at, zone: Europe/Berlin}",
            "2025-10-26 02:30:00",
            "2025-10-26T00:30:00+00:00",
        ),
        (
            "{column: at, zone: Europe/Berlin, repeated_hour: later}",
            "2025-10-26 02:30:00",
            "2025-10-26T01:30:00+00:00",
        ),
        # The clocks went forward at 2:00 to 3:00: this local time never was.
        (
            "{column: at, zone: Europe/Berlin}",
            "2025-03-30 02:30:00",
            "2025-03-30T01:30:00+00:00",
        ),
    ],
)
def test_times_are_read_by_format_and_zone(
    depot: System, tmp_path: Path, time: str, text: str, expected: str
) -> None:
    mapping = MAPPING.replace("{column: at, zone: Europe/Berlin}", time)
    import_log(depot, *log(tmp_path, [("7", text, "Created")], mapping))

    assert events_of(depot, "7")[0].occurred_at == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("row", "time", "reason"),
    [
        (("7", "soon", "Created"), "zone: UTC", "time_unreadable"),
        (("7", "", "Created"), "zone: UTC", "time_missing"),
        (("7", "2025-01-10 08:00:00", "Created"), "format: iso", "time_zone_missing"),
        (("7", "2026-03-02 09:06:00", "Created"), "zone: UTC", "time_in_future"),
        (("7", "0001-01-01 00:00:00", "Created"), "zone: Asia/Tokyo", "time_unreadable"),
        (("7", "1e400", "Created"), "format: epoch", "time_unreadable"),
        (("7", "2025-01-10 08:00:00", "Lost"), "zone: UTC", "activity_unknown"),
        (("", "2025-01-10 08:00:00", "Created"), "zone: UTC", "order_id_missing"),
        (
            ("7", "2025-10-26 02:30:00", "Created"),
            "zone: Europe/Berlin, repeated_hour: quarantine",
            "time_repeated",
        ),
        (
            ("7", "2025-03-30 02:30:00", "Created"),
            "zone: Europe/Berlin, skipped_hour: quarantine",
            "time_skipped",
        ),
    ],
)
def test_a_row_that_cannot_be_read_goes_into_quarantine(
    depot: System, tmp_path: Path, row: tuple[str, ...], time: str, reason: str
) -> None:
    mapping = MAPPING.replace("zone: Europe/Berlin", time)
    report = import_log(depot, *log(tmp_path, [row], mapping))

    assert report.quarantined == {reason: 1}
    (quarantined,) = list_rows(depot)
    assert (quarantined.file, quarantined.line, quarantined.reason) == ("log.csv", 2, reason)


def test_what_was_decided_about_clocks_is_counted(depot: System, tmp_path: Path) -> None:
    rows = [("7", "2025-10-26 02:30:00", "Created"), ("8", "2025-03-30 02:30:00", "Created")]
    report = import_log(depot, *log(tmp_path, rows))

    assert report.notes == {"time_repeated_earlier": 1, "time_skipped_shifted": 1}


def test_ignored_activities_are_counted_only(depot: System, tmp_path: Path) -> None:
    mapping = MAPPING.replace("Sent: sent}", "Sent: sent}, ignore: [Ping]")
    report = import_log(depot, *log(tmp_path, [*ROWS, ("7", "", "Ping")], mapping))

    assert (report.facts_new, report.rows_ignored, report.quarantined) == (3, 1, {})


def test_a_fixed_row_is_the_row_that_a_corrected_file_would_bring(
    depot: System, tmp_path: Path
) -> None:
    import_log(depot, *log(tmp_path, [*ROWS[:2], ("7", "2025-01-11 10:00:00", "Snet")]))
    (row,) = list_rows(depot)

    fix(depot, row.row_id, {"what": "Sent"})
    sent = resubmit(depot)
    corrected = import_log(depot, *log(tmp_path, ROWS))

    assert (sent.facts_new, corrected.facts_new, corrected.facts_known) == (1, 0, 3)


def test_a_fixed_row_stands_where_the_mapping_puts_it_among_those_of_its_second(
    depot: System, tmp_path: Path
) -> None:
    at = "2025-01-10 08:00:00"
    import_log(depot, *log(tmp_path, [("7", at, "Created"), ("7", at, "Packed"), ("7", at, "?")]))
    (row,) = list_rows(depot)

    fix(depot, row.row_id, {"what": "Sent"})
    resubmit(depot)

    ranks = {e.event.to_status: e.event.rank for e in events_of(depot, "7")}
    assert ranks == {"new": 0, "packed": 1, "sent": 2}


def test_a_better_mapping_frees_what_waited(depot: System, tmp_path: Path) -> None:
    import_log(depot, *log(tmp_path, [("7", "2025-01-11 10:00:00", "Shipped")]))
    mapping = MAPPING.replace("Sent: sent", "Shipped: sent")
    import_log(depot, *log(tmp_path, [("9", "2025-01-11 10:00:00", "Shipped")], mapping))

    assert resubmit(depot).facts_new == 1
    assert list_rows(depot) == []


def test_a_stored_mapping_that_is_refused_today_is_named(depot: System, tmp_path: Path) -> None:
    mapping = MAPPING + "item: {id: what, currency: EUR}\n"
    import_log(depot, *log(tmp_path, [("7", "2025-01-11 10:00:00", "Snet")], mapping))
    with connect(depot.url) as session:  # As a version that looked at the shape only stored it.
        session.execute(
            "update ops.import_runs set mapping = jsonb_set(mapping, '{item,currency}', '\"XXQ\"')"
        )

    with pytest.raises(ImportProblem, match=r"item.currency: 'XXQ' is no .* import the file again"):
        resubmit(depot)
    assert len(list_rows(depot)) == 1


def test_discover_drafts_a_path_that_the_log_conforms_to(system: System, tmp_path: Path) -> None:
    mapping = MAPPING.replace("map: {Created: new, Packed: packed, Sent: sent}", "discover: true")
    rows = [*ROWS, ("8", "2025-01-10 08:00:00", "Created"), ("8", "2025-01-12 08:00:00", "Отмена")]
    rows += [("9", "2025-01-10 08:00:00", "Created"), ("9", "2025-01-12 08:00:00", "Cancelled!")]

    report = import_log(system, *log(tmp_path, rows, mapping))

    assert report.path_file == tmp_path / "parcels.path.yaml"
    drafted = read_path(report.path_file.read_text(), where="draft")
    finals = {code: status.final for code, status in drafted.statuses.items()}
    cyrillic = next(code for code in finals if code.startswith("status_"))
    assert finals == {
        "created": None,
        "packed": None,
        "sent": None,
        "cancelled": "failure",
        cyrillic: "failure",
    }
    assert report.warnings == [
        f"parcels.path.yaml: final: failure is guessed from the name of cancelled, {cyrillic}",
        "parcels.path.yaml: no order left sent: write final: success if orders end well there",
    ]
    assert drafted.statuses[cyrillic].title == {"en": "Отмена"}
    assert (report.facts_new, report.nonconforming) == (7, {})
    again = import_log(system, *log(tmp_path, rows[::-1], mapping))
    assert (again.facts_new, again.facts_known) == (0, 7)


def test_a_corrected_draft_is_used_as_it_is(system: System, tmp_path: Path) -> None:
    mapping = MAPPING.replace("map: {Created: new, Packed: packed, Sent: sent}", "discover: true")
    files = log(tmp_path, ROWS, mapping)
    first = import_log(system, *files, dry_run=True)
    assert first.path_file is not None
    assert (first.facts_new, facts_in_log(system)) == (3, [])
    text = first.path_file.read_text()
    first.path_file.write_text(text.replace('title: {en: "Sent"}', "title: {en: Away}"))

    import_log(system, *files)

    assert "Away" in first.path_file.read_text()
    with system.connect("orderpath_auditor") as session:
        row = session.execute(
            "select body::text from log.definitions where name = 'parcels'"
        ).fetchone()
    assert "Away" in str(row)


def test_a_log_in_parquet_is_read_like_csv(depot: System, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="needs the extra `parquet`")
    from pyarrow import parquet

    _, mapping = log(tmp_path, ROWS)
    times = [datetime.fromisoformat(at) for _, at, _ in ROWS]
    table = pa.table(
        {
            "case": [7, 7, 7],
            "at": pa.array(times, pa.timestamp("ns")),
            "what": [what for _, _, what in ROWS],
            "price": [1.5, None, 2.0],
        }
    )
    parquet.write_table(table, tmp_path / "log.parquet")

    report = import_log(depot, tmp_path / "log.parquet", mapping)

    assert report.facts_new == 3
    first = events_of(depot, "7")[0]
    assert first.occurred_at == datetime(2025, 1, 10, 7, tzinfo=UTC)
    assert first.event.attributes["price"] == "1.5"


def test_shuffled_rows_of_packed_files_leave_the_same_facts(depot: System, tmp_path: Path) -> None:
    rows = [(str(n % 50), f"2025-01-{n % 28 + 1:02} 08:00:00", ROWS[n % 3][2]) for n in range(900)]
    mapping = log(tmp_path, [])[1]
    import_log(depot, write_csv(tmp_path / "a.csv.gz", HEADER, rows), mapping)
    before = facts_in_log(depot)

    report = import_log(depot, write_csv(tmp_path / "b.csv", HEADER, rows[::-1]), mapping)

    assert (report.facts_new, facts_in_log(depot)) == (0, before)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("zone: Europe/Berlin", "zone: Europe/Berln"), r"map.yaml:5:26: there is no time zone"),
        (("time:", "tiem:"), r"map.yaml:5:1: unknown key 'tiem': did you mean time\?"),
        (("column: at", "colum: at"), r"map.yaml:5:8: unknown key 'colum': did you mean column"),
        (("source: depot", "source: De pot"), r"map.yaml:2:9: source: write a-z"),
        (("zone: Europe/Berlin", 'format: "%d.%m.%Y"'), r"map.yaml:5:7: zone is missing"),
        (
            ("zone: Europe/Berlin", 'format: "%d.%m.%Q", zone: UTC'),
            r"map.yaml:5:28: format: no pattern of strptime \('Q' is a bad directive",
        ),
        (("zone: Europe/Berlin", 'format: "%d %d", zone: UTC'), r"map.yaml:5:28: format: no patt"),
        (("zone: Europe/Berlin", "format: ISO, zone: UTC"), r"map.yaml:5:28: format: write iso"),
        (
            ("zone: Europe/Berlin", 'format: "%d.%m. %H:%M", zone: UTC'),
            r"map.yaml:5:28: format: year, month or day is missing",
        ),
        (
            ("map: {Created: new, Packed: packed, Sent: sent}", "ignore: [Ping]"),
            r"map.yaml:6:11: activity: map is missing",
        ),
        (
            ("order_id: case", "order_id: case\nplaced: {activity: Born, currency: EUR}"),
            r"map.yaml:5:20: placed: the activity 'Born' is not in the map",
        ),
        (("column: what", "column: wath"), r"map.yaml:6:20: log.csv has no column 'wath'"),
        (("Sent: sent", "Sent: snet"), r"map.yaml:6:\d+: the path parcels has no status 'snet'"),
        (("path: parcels", "path: parcel"), r"map.yaml:3:7: no path 'parcel' is published"),
        (("order_id: case", "order_id: [case"), r"map.yaml:\d+:\d+:"),
        (("order_id: case", "order_id: case\nduplicates: both"), "duplicates: write 'keep' or"),
        (
            ("order_id: case", "order_id: case\npersonal: [who, what]"),
            r"map.yaml:7:20: the column 'what' is personal",
        ),
        (("order_id: case", "order_id: case\nreasons: {a: b}"), "reason is missing"),
        (("order_id: case", "order_id: case\nencoding: utf-9"), "there is no encoding 'utf-9'"),
        (
            ("order_id: case", "order_id: case\nitem: {id: case, currency: XXQ}"),
            r"map.yaml:5:28: 'XXQ' is no currency of ISO 4217",
        ),
        (
            ("order_id: case", "order_id: case\nplaced: {activity: Created, currency: XAU}"),
            r"map.yaml:5:39: 'XAU' is no currency of ISO 4217",
        ),
        (
            ("order_id: case", "order_id: case\npayment: {amount: case, currency: EURO}"),
            r"map.yaml:5:35: currency: write a currency of three capital letters, as EUR",
        ),
    ],
)
def test_a_wrong_mapping_is_told_with_its_line(
    depot: System, tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    with pytest.raises(ImportProblem, match=told):
        import_log(depot, *log(tmp_path, ROWS, MAPPING.replace(*change)))
    assert facts_in_log(depot) == []


WRONG = """
source: depot
path: parcels
order_id: nr
time: {column: at, zone: Europe/Berlin}
activity: {column: what, map: {Created: new, Packed: pakced, Sent: Sent!}}
placed: {activity: Nope, currency: EUR}
payment: {amount: paid, currency: EURO, movements: {Paid: chraged}}
reasons: {a: b}
personal: what
"""
MISTAKES = [
    "map.yaml:4:11: log.csv has no column 'nr'",
    "map.yaml:6:20: the column 'what' is personal",
    "map.yaml:6:54: the path parcels has no status 'pakced': did you mean packed?",
    "map.yaml:6:68: Sent: write a-z",
    "map.yaml:7:20: placed: the activity 'Nope' is not in the map",
    "map.yaml:8:19: log.csv has no column 'paid'",
    "map.yaml:8:35: currency: write a currency",
    "map.yaml:8:59: Paid: write 'submitted'",
    "map.yaml:9:10: reason is missing",
]


def test_all_mistakes_of_a_mapping_are_told_at_once(depot: System, tmp_path: Path) -> None:
    with pytest.raises(ImportProblem) as told:
        import_log(depot, *log(tmp_path, ROWS, WRONG))

    assert [
        mistake[: len(start)] for start, mistake in zip(MISTAKES, told.value.problems, strict=True)
    ] == MISTAKES


def test_a_path_that_is_not_published_is_told_with_the_columns_that_are_missing(
    depot: System, tmp_path: Path
) -> None:
    mapping = MAPPING.replace("parcels", "boxes").replace("case", "nr")

    with pytest.raises(ImportProblem, match=r"no path 'boxes' is published") as told:
        import_log(depot, *log(tmp_path, ROWS, mapping))

    assert "has no column 'nr'" in str(told.value)


def test_missing_files_are_named(depot: System, tmp_path: Path) -> None:
    file, mapping = log(tmp_path, ROWS)

    with pytest.raises(ImportProblem, match=r"nothing\.csv cannot be opened"):
        import_log(depot, tmp_path / "nothing.csv", mapping)
    with pytest.raises(ImportProblem, match=r"nothing\.yaml cannot be opened"):
        import_log(depot, file, tmp_path / "nothing.yaml")
    with pytest.raises(ImportProblem, match=r"^\. cannot be opened \(Is a directory\)"):
        import_log(depot, Path(), mapping)
    with pytest.raises(ImportProblem, match=r"^\. cannot be opened \(Is a directory\)"):
        import_log(depot, file, Path())


def test_refused_facts_go_into_quarantine_and_the_others_are_recorded(
    depot: System, tmp_path: Path
) -> None:
    """An order keeps its path; a status that came with a later version is none of its own."""
    import_log(depot, *log(tmp_path, ROWS[:1]))
    wider = PATH.replace("statuses:", "statuses:\n  lost: {stage: closed, final: failure}")
    definition = read_path(wider, where="parcels.yaml")
    command_id = id_of(NAMESPACE_URL, "parcels 2")
    depot.execute(PublishPath(command_id=command_id, actor=SYSTEM, definition=definition))
    mapping = MAPPING.replace("Sent: sent", "Sent: sent, Lost: lost")

    files = log(tmp_path, [*ROWS, ("7", "2025-01-12 08:00:00", "Lost")], mapping)
    would = import_log(depot, *files, dry_run=True)
    report = import_log(depot, *files)

    assert (would.facts_new, would.facts_known, would.quarantined) == (
        report.facts_new, report.facts_known, report.quarantined,
    )  # fmt: skip
    assert (report.facts_new, report.facts_known) == (2, 1)
    assert report.quarantined == {"status_unknown": 1}
    assert all(isinstance(e.event, StatusRecorded) for e in events_of(depot, "7"))
