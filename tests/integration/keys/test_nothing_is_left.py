"""A person is erased: what was told of them by every way in can be found nowhere, neither as it is
in a dump of the whole database or a file of the data folder, nor by whoever holds all keys that are
left. Reports, history and the log go on.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from domain.alerts.commands import RaiseAlert
from domain.refusals import CommandUnreadable
from domain.wire import decode
from infra.event_log import EventLog
from services.bootstrap import Settings, System, open_system
from services.imports.quarantine import list_rows
from tests.support.command_line import CommandLine, Here
from tests.support.examples import actor
from tests.support.leftovers import (
    MARK,
    PHONE,
    VALUES,
    assert_nothing_left,
    files,
    openable,
)

ITEM: Final = ("--item", "TEA:1:9.90", "--currency", "EUR")


@pytest.fixture
def line(environment: dict[str, str]) -> CommandLine:
    return Here(environment)


@pytest.fixture
def system(environment: dict[str, str], tmp_path: Path) -> Iterator[System]:
    url = environment["ORDERPATH_DATABASE_URL"]
    with open_system(Settings(database_url=url, data_dir=tmp_path / "data")) as opened:
        yield opened


def said(line: CommandLine, *words: object) -> Any:
    done = line.run(*words, "--json")
    assert done.code == 0, (words, done.err)
    return done.json


def fill(line: CommandLine, system: System, folder: Path) -> tuple[str, str, str]:
    """Tell of the person by every way in; give the customer, an order and a task."""
    order = said(line, "order", "place", *ITEM, "--name", f"Anna {MARK}", "--phone", PHONE,
                 "--email", f"{MARK}@example.org", "--address", f"{MARK} Street 1",
                 "--reason", f"Called {MARK}")["order_id"]  # fmt: skip
    for words in (
        ("order", "set", order, "--name", f"New {MARK}", "--address", f"New {MARK}"),
        ("order", "note", order, f"Note {MARK}"),
        ("customer", "change", PHONE, "--address", f"Home {MARK}", "--reason", f"Moved {MARK}"),
        ("customer", "note", PHONE, f"Rings {MARK}"),
        ("enquiry", "record", f"Tea for {MARK}?", "--phone", PHONE, "--name", f"Anna {MARK}"),
        ("order", "log-call", order, "reached",
         "--reason", f"About {MARK}"),
    ):  # fmt: skip
        said(line, *words)
    asked_by_nobody(line)
    task = said(line, "task", "create", "Call back", "--order", order, "--user", "ann")["task_id"]
    said(line, "task", "done", task, "--note", f"Told {MARK}")
    (customer,) = said(line, "customer", "find", PHONE)["customers"]
    alerted(line, system, order)
    said(line, "document", "issue", order, "invoice", "--reason", f"Billed {MARK}")
    said(line, "order", "bulk", "move", "--to", "confirmed", "--order", order,
         "--role", "manager", "--reason", f"Many {MARK}")  # fmt: skip
    from_kafka(system, order)
    imported(line, folder, customer["customer_id"])
    for words in (
        ("order", "move", order, "nowhere", "--reason", f"Refused {MARK}"),
        ("order", "note", str(uuid4()), f"Nobody's {MARK}"),
    ):
        assert line.run(*words).code == 1
    return customer["customer_id"], order, task


def asked_by_nobody(line: CommandLine) -> None:
    """Ask without a contact, then order: only the order says whose the enquiry is."""
    name = ("--name", f"Anna {MARK}")
    enquiry = said(line, "enquiry", "record", f"Cocoa for {MARK}?", *name)["enquiry_id"]
    said(line, "order", "place", *ITEM, "--phone", PHONE, "--enquiry", enquiry)


def from_kafka(system: System, order: str) -> None:
    """Send a command as Kafka brings it, and one that cannot be read."""
    body = (
        f'{{"command": "order.add_note", "command_id": "{uuid4()}", "order_id": "{order}",'
        f' "actor": {actor().model_dump_json()}, "text": "By topic {MARK}"}}'
    )
    assert system.execute(decode(body.encode())).kind == "accepted"
    with pytest.raises(CommandUnreadable) as error:
        decode(body.replace('"text"', '"txt"').encode())
    assert MARK not in str(error.value)


def alerted(line: CommandLine, system: System, order: str) -> None:
    """Raise an alert about the order, of which somebody writes something down."""
    alert_id = uuid4()
    command = RaiseAlert(command_id=uuid4(), actor=actor(), alert_id=alert_id, kind="rule",
                         title="Look", group="leads", order_id=UUID(order))  # fmt: skip
    assert system.execute(command).kind == "accepted"
    said(line, "alert", "ack", alert_id, "--note", f"Seen {MARK}")


MAPPING: Final = """
source: test
path: olist
order_id: order
time: {column: when, zone: UTC}
activity: {column: what, map: {placed: placed, approved: approved}}
customer: customer
personal: [who]
"""


def imported(line: CommandLine, folder: Path, customer: str) -> None:
    """Import an order of the same person, with one row that can be read and one that cannot."""
    rows, mapping = folder / "log.csv", folder / "map.yaml"
    rows.write_text(
        "order,what,when,customer,who\n"
        f"7,placed,2026-01-01 00:00,{customer},Anna {MARK}\n"
        f"7,approved,{MARK},{customer},Anna {MARK}\n"
    )
    mapping.write_text(MAPPING)
    assert line.run("import", "log", rows, "--mapping", mapping).code == 1


def test_d4_of_an_erased_person_nothing_is_left_anywhere(
    line: CommandLine, system: System, database_url: str, tmp_path: Path, log: EventLog
) -> None:
    customer, order, task = fill(line, system, tmp_path)
    said(line, "report", "funnel")
    known = openable(system, log)  # The search would find it.
    told_before = ("Anna", "Street 1", "Called", "New", "Note", "Home", "Moved", "Rings", "About",
                   "Seen", "Billed", "Many")  # fmt: skip
    for words in (*told_before, "Told", "By topic", "Tea for"):
        assert re.search(f"{words} {MARK}|{MARK} {words}", known), words
    assert any(MARK in repr(row.values) for row in list_rows(system))
    figures = reports(line)

    told = said(line, "customer", "erase", PHONE, "--reason-code", "customer_asked")

    assert told["outcome"] == "accepted"
    assert_nothing_left(database_url, tmp_path / "data")
    assert still_open(openable(system, log)) == []
    found = [str(path) for path, held in files(tmp_path / "data")
             if any(value.encode() in held for value in VALUES)]  # fmt: skip
    assert found == []
    assert reports(line) == figures
    reads(line, customer, order, task)


def still_open(text: str) -> list[str]:
    """What is left: nothing of the person."""
    return [value for value in VALUES if value in text]


def reports(line: CommandLine) -> list[Any]:
    """Give the figures of the shop."""
    return [
        said(line, "report", name)
        for name in ("funnel", "operators", "segments", "demand", "receivables")
    ]


def reads(line: CommandLine, customer: str, order: str, task: str) -> None:
    """Everything that can be asked is answered, [erased] where somebody's data stood."""
    shown = said(line, "order", "show", order)
    assert "[erased]" in repr(shown)
    for words in (
        ("order", "history", order), ("order", "allowed", order), ("customer", "show", customer),
        ("customer", "history", customer), ("enquiry", "list"), ("task", "show", task),
        ("projection", "verify"), ("import", "quarantine", "list"),
    ):  # fmt: skip
        said(line, *words)
    assert said(line, "customer", "find", PHONE)["customers"] == []
    assert said(line, "customer", "find", MARK)["customers"] == []
    again = said(line, "customer", "erase", customer, "--reason-code", "customer_asked")
    assert again["outcome"] == "nothing"


KEEPING: Final = """
path: keeping
stages: [all]
statuses: {new: {stage: all}, gone: {stage: all, final: failure}}
initial: [{status: new}]
transitions: [{from: new, to: gone}]
stock: {locations: [main], keep: {otherwise: 1d}}
"""


def test_d4_what_goods_numbers_and_teams_are_told_of_an_order_is_erased_with_its_customer(
    line: CommandLine, tmp_path: Path, log: EventLog
) -> None:
    file = tmp_path / "keeping.yaml"
    file.write_text(KEEPING)
    said(line, "path", "publish", file)
    said(line, "stock", "receive", "TEA", 5, "--reason", "Spring")
    said(line, "team", "set", "bob", "--group", "sales", "--reason", "Hired")
    said(line, "team", "come", "bob", "--group", "sales", "--actor", "bob")
    orders = [
        said(line, "order", "place", *ITEM, "--path", "keeping", "--phone", phone)["order_id"]
        for phone in (PHONE, "+7 912 000-00-00")
    ]
    for order in orders:
        said(line, "order", "reserve", order, "--reason", f"Kept {MARK}")
        said(line, "document", "issue", order, "invoice", "--reason", f"Billed {MARK}")
        said(line, "order", "share-out", order, "--group", "sales", "--reason", f"Shared {MARK}")

    streams = ("stock-main:TEA", "series-invoice", "team-sales")
    before = [reasons(log, stream) for stream in streams]
    said(line, "customer", "erase", PHONE, "--reason-code", "customer_asked")

    assert before == [
        ["Spring", f"Kept {MARK}", f"Kept {MARK}"],
        [f"Billed {MARK}", f"Billed {MARK}"],
        ["Hired", f"Shared {MARK}", f"Shared {MARK}"],
    ]
    assert [reasons(log, stream) for stream in streams] == [
        ["Spring", "[erased]", f"Kept {MARK}"],
        ["[erased]", f"Billed {MARK}"],
        ["Hired", "[erased]", f"Shared {MARK}"],
    ]


def reasons(log: EventLog, stream: str) -> list[str]:
    """Give the reasons in a stream, of those events that have one."""
    return [one.reason for one in log.load({stream: 0})[stream] if one.reason is not None]
