"""`orderpath demo --shop kupidon`, as people start it: an order goes overdue, and somebody hears of
it, in the inbox and by mail.
"""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import pytest

from infra.embedded import stop_embedded
from tests.support.command_line import Processes
from tests.support.receivers import mail_server

DEMO: Final = ("demo", "--shop", "kupidon", "--days", 3)
ELSEWHERE: Final = {
    "ORDERPATH_SMTP_URL": "smtp://shop:secret@mail.shop.example",
    "ORDERPATH_MAIL_FROM": "shop@shop.example",
}


@pytest.fixture
def data(tmp_path: Path, postgres_server: str) -> Iterator[Path]:
    """A data folder; the servers of the demos below it are gone after the test."""
    assert postgres_server
    yield tmp_path
    for folder in tmp_path.glob("demo-*"):
        stop_embedded(folder)


def program(data: Path, **settings: str) -> Processes:
    return Processes({"ORDERPATH_DATA_DIR": str(data), **settings})


def by_mail(port: int) -> dict[str, str]:
    return {
        "ORDERPATH_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
        "ORDERPATH_MAIL_FROM": "Kupidon <orders@kupidon.example>",
    }


def test_an_order_goes_overdue_is_alerted_of_and_escalated_and_a_mail_is_received(
    data: Path,
) -> None:
    with mail_server() as box:
        said = program(data, **by_mail(box.port)).run(*DEMO)
        sent = [(str(mail["To"]), str(mail["Subject"])) for mail in box.mails]
        again = program(data, **by_mail(box.port)).run(*DEMO, "--json").json

        assert said.code == 0, said.err
        assert len(box.mails) == len(sent) == again["mail"]["sent"] > 0  # Told again, sent once.
    late = again["late"]
    number = late["external_id"]
    told = [(one["what"], one["level"], one["to"], one["state"]) for one in late["told"]]
    assert told == [
        ("alert", "warn", "group managers", "open"),
        ("alert", "due", "group managers", "open"),
        ("alert", "escalate_100", "group leads", "open"),
        ("alert", "escalate_200", "group directors", "open"),
        ("mail", None, "directors@kupidon.example", "sent"),
    ]
    assert {to for to, _ in sent} == set(box.to) == {"directors@kupidon.example"}
    assert f"Order {number} waits" in [subject for _, subject in sent]
    for words in (f"who was told of {number}", f"order why {number}", f"inbox --order {number}"):
        assert words in said.out
    assert f"Mails that the server took: {len(sent)}" in said.out
    _tells_the_chain(program(data / "demo-kupidon-7-3-200"), number)


def _tells_the_chain(shop: Processes, number: str) -> None:
    """The order's own commands tell it, for people and for programs."""
    chains: list[list[dict[str, Any]]] = shop.run("order", "why", number, "--json").json["chains"]
    heads = [(one["type"], one["level"]) for chain in chains for one in chain[0]["events"]]
    levels = ("warn", "due", "escalate_100", "escalate_200")
    assert [head for head in heads if head[1]] == [
        (name, level)
        for level in levels
        for name in ("order.deadline_passed.v1", "alert.raised.v1")
    ]
    asked, passed, began = next(
        chain for chain in chains if chain[0]["events"][0]["type"] == "effect.requested.v1"
    )
    assert (asked["actor"]["id"], passed["actor"]["kind"]) == ("kupidon_not_called", "clock")
    assert passed["events"][0]["level"] == "escalate_200"
    assert [one["type"] for one in began["events"]] == ["order.placed.v1"]
    text = shop.run("order", "why", number).out
    for words in ("order.deadline_passed.v1 escalate_200", "effect.requested.v1", "clock"):
        assert words in text
    entries = shop.run("inbox", "--order", number, "--json").json["entries"]
    assert [one["level"] for one in entries if one["what"] == "alert"] == list(levels)
    (mail,) = shop.run("effects", "list", "--order", number, "--json").json["effects"]
    assert (mail["state"], mail["to_who"], mail["template"]) == ("sent", "directors", "order_waits")


def test_without_a_mail_server_on_this_machine_a_demo_says_so_and_sends_nothing(data: Path) -> None:
    without = program(data).run(*DEMO)
    answer = program(data, **ELSEWHERE).run(*DEMO, "--json").json["mail"]

    assert without.code == 0, without.err
    waiting = answer["pending"]
    assert f"names no mail server. {waiting} wait." in without.out
    assert (answer["closed"], answer["sent"], answer["failed"]) == ("elsewhere", 0, 0)
    with mail_server() as box:
        opened = program(data, **by_mail(box.port)).run(*DEMO, "--json").json["mail"]
    assert (opened["closed"], opened["sent"], opened["pending"]) == (None, waiting, 0)
    assert len(box.mails) == waiting > 0


def test_thirty_days_pass_in_seconds(data: Path) -> None:
    began = perf_counter()
    said = program(data).run("demo", "--shop", "kupidon", "--days", 30, "--orders", 300, "--json")

    assert said.code == 0, said.err
    assert said.json["late"]["orders"] > 0
    assert perf_counter() - began < 110
