"""`orderpath audit who` and `audit day`: what auditors ask of the whole log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.messages import Actor
from domain.orders import commands as c
from services.bootstrap import Settings, System, open_system
from tests.integration.cli.test_overrides import LOOSE
from tests.support.command_line import CommandLine

ROBOT = Actor(kind="api_key", id="robot", on_behalf_of="eva")
GATEWAY = Actor(kind="api_key", id="gateway")
FACT = {"currency": "EUR", "amount_minor": 500, "method": "card"}


@pytest.fixture
def system(line: CommandLine, environment: dict[str, str], tmp_path: Path) -> Iterator[System]:
    """The system that the command line asks, for what no command of it sends."""
    with open_system(Settings(database_url=environment["ORDERPATH_DATABASE_URL"])) as system:
        yield system


@pytest.fixture
def shop(line: CommandLine, system: System, tmp_path: Path) -> CommandLine:
    """A shop where eva did this and that, and a robot did something for her."""
    file = tmp_path / "loose.yaml"
    file.write_text(LOOSE)
    place = ("order", "place", "--path", "loose", "--currency", "EUR", "--item", "MUG:1:5")
    by_eva = ("--actor", "eva", "--reason", "Mr Smith insisted")
    assert line.run("path", "publish", file, "--actor", "eva").code == 0
    assert line.run(*place, "--external-id", "A-1", "--actor", "ann").code == 0
    assert line.run("order", "move", "A-1", "done", *by_eva).code == 0
    assert line.run("order", "move", "A-1", "nowhere", *by_eva).code == 1
    assert line.run("order", "mark-test", "A-1", "--actor", "eva").code == 0
    send(system, c.AddNote, order(line), ROBOT, text="Done for her")
    send(
        system, c.ChargePayment, order(line), GATEWAY, **FACT, gateway_ref="cb-1",
        occurred_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    return line


def order(line: CommandLine) -> UUID:
    return UUID(line.run("order", "show", "A-1", "--json").json["order_id"])


def send(system: System, command: Any, order_id: UUID, who: Actor, **body: Any) -> None:
    made = {"command_id": uuid4(), "actor": who, "order_id": order_id, **body}
    outcome = system.execute(command.model_validate(made))
    assert outcome.kind == "accepted", outcome


def who(line: CommandLine, *words: object) -> Any:
    return line.run("audit", "who", "--actor", *words, "--json").json


def told(answer: Any) -> list[tuple[str, str, str]]:
    return [(one["actor"]["id"], one["event"], one["outcome"]) for one in answer["acts"]]


def test_d4_p22_who_lists_all_that_somebody_did_also_through_others_and_in_vain_the_newest_first(
    shop: CommandLine,
) -> None:
    answer = who(shop, "eva")

    assert told(answer) == [
        ("robot", "order.note_added.v1", "done"),
        ("eva", "order.test_flag_changed.v1", "done"),
        ("eva", "attempt.refused.v1", "refused"),
        ("eva", "order.override_used.v1", "done"),
        ("eva", "order.status_changed.v1", "done"),
        ("eva", "selection.path_listed.v1", "done"),
        ("eva", "path.published.v1", "done"),
    ]
    acts = answer["acts"]
    assert acts[0]["actor"]["on_behalf_of"] == "eva"
    assert (acts[2]["command"], acts[2]["unmet"]) == ("order.change_status", ["status_unknown"])
    assert (acts[4]["what"], acts[4]["reason"]) == ("new to done", "Mr Smith insisted")
    assert [one["position"] for one in acts] == sorted((o["position"] for o in acts), reverse=True)
    assert answer["next"] is None


def test_d4_pages_of_who_follow_each_other_without_a_gap_or_a_repeat(shop: CommandLine) -> None:
    whole = who(shop, "eva")["acts"]

    pages: list[Any] = []
    cursor: list[object] = []
    while True:
        page = who(shop, "eva", "--limit", 2, *cursor)
        pages += page["acts"]
        if page["next"] is None:
            break
        cursor = ["--cursor", page["next"]]

    assert pages == whole
    assert len(whole) == 7


def test_d4_who_tells_apart_by_kind_and_by_when_the_log_took_it(shop: CommandLine) -> None:
    acts = who(shop, "eva")["acts"]
    flag = next(one for one in acts if one["event"] == "order.test_flag_changed.v1")

    assert told(who(shop, "eva", "--kind", "api_key")) == [("robot", "order.note_added.v1", "done")]
    assert who(shop, "eva", "--from", flag["recorded_at"])["acts"] == acts[:2]
    assert who(shop, "eva", "--to", flag["recorded_at"])["acts"] == acts[2:]
    assert who(shop, "nobody")["acts"] == []
    assert shop.run("audit", "who", "--actor", "eva", "--kind", "ghost").code == 2


def test_d4_p22_the_day_tells_overrides_refusals_late_facts_and_flags_with_who_and_why(
    shop: CommandLine,
) -> None:
    answer = shop.run("audit", "day", "--json").json

    sections = answer["sections"]
    assert {name: one["total"] for name, one in sections.items()} == {
        "overrides": 1,
        "refusals": 1,
        "turned_away": 0,
        "late_facts": 2,
        "corrections": 0,
        "erasures": 0,
        "test_flags": 1,
    }
    (override,) = sections["overrides"]["listed"]
    assert (override["actor"]["id"], override["what"]) == ("eva", "new to done")
    assert override["reason"] == "Mr Smith insisted"
    assert sections["overrides"]["by"] == [
        {"kind": "user", "id": "eva", "on_behalf_of": None, "times": 1}
    ]
    late, announced = sections["late_facts"]["listed"]
    assert (late["event"], late["actor"]["id"]) == ("order.payment_charged.v1", "gateway")
    assert announced["event"] == "order.payment_submitted.v1"
    assert late["occurred_at"] == "2026-01-01T00:00:00Z"
    assert (answer["zone"], answer["is_over"]) == ("UTC", False)


def test_d4_the_day_tells_what_was_corrected_and_why(shop: CommandLine) -> None:
    changes = shop.run("order", "history", "A-1", "--json").json["changes"]
    (version,) = {one["version"] for one in changes if one["event"] == "order.payment_charged.v1"}
    corrected = shop.run("order", "correct", "A-1", version, "--reason", "Twice", "--actor", "eva")
    assert corrected.code == 0

    (correction,) = shop.run("audit", "day", "--json").json["sections"]["corrections"]["listed"]

    assert (correction["what"], correction["reason"]) == (
        f"event {version}, order.payment_charged.v1",
        "Twice",
    )


def test_lists_of_a_day_are_bounded_and_its_counts_are_not(shop: CommandLine) -> None:
    for _ in range(3):
        shop.run("order", "move", "A-1", "nowhere", "--actor", "bob")

    refusals = shop.run("audit", "day", "--limit", 1, "--json").json["sections"]["refusals"]

    assert (refusals["total"], len(refusals["listed"]), len(refusals["by"])) == (4, 1, 1)
    assert refusals["by"][0] == {"kind": "user", "id": "bob", "on_behalf_of": None, "times": 3}
    assert refusals["listed"][0]["actor"]["id"] == "bob"


def test_a_day_begins_where_its_zone_says_and_another_day_is_empty(shop: CommandLine) -> None:
    other = shop.run("audit", "day", "2020-07-01", "--zone", "Europe/Berlin", "--json").json

    assert (other["begins_at"], other["ends_at"]) == (
        "2020-06-30T22:00:00Z",
        "2020-07-01T22:00:00Z",
    )
    assert (other["events"], other["is_over"]) == (0, True)
    assert shop.run("audit", "day", "--zone", "Nowhere").code == 2
    assert shop.run("audit", "day", "1st of May").code == 2


def test_people_see_tables_with_who_why_and_where_to_go_on(shop: CommandLine) -> None:
    page = shop.run("audit", "who", "--actor", "eva", "--limit", 2).out
    day = shop.run("audit", "day").out

    for words in ("robot for eva", "a test order", "There is more: --cursor"):
        assert words in page
    for words in ("so far", "Overrides", "Late facts", "Mr Smith", "refused order.change_status"):
        assert words in day
