"""`orderpath order bulk …` as a person types it (D14)."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.command_line import CommandLine

PLACE = ("order", "place", "--currency", "EUR", "--item", "MUG:1:9.90:A mug", "--actor", "website")
BULK = ("order", "bulk")
CONFIRM = (*BULK, "move", "--to", "confirmed", "--role", "manager", "--actor", "bob")


@pytest.fixture
def numbers(line: CommandLine) -> list[str]:
    """The ids of three new orders, with the numbers A-1 to A-3."""
    said = [line.run(*PLACE, "--external-id", f"A-{n}", "--json") for n in (1, 2, 3)]
    return [one.json["order_id"] for one in said]


def statuses(line: CommandLine, ids: list[str]) -> list[str]:
    return [line.run("order", "show", one, "--json").json["status"] for one in ids]


def test_d14_orders_are_chosen_rehearsed_moved_and_brought_back(
    line: CommandLine, numbers: list[str]
) -> None:
    line.run("order", "move", numbers[2], "confirmed", "--role", "manager")
    chosen = ("--where", "status=new", "--where", "status=confirmed")

    rehearsed = line.run(*CONFIRM, *chosen, "--preview", "--json")
    untouched = statuses(line, numbers)
    moved = line.run(*CONFIRM, *chosen, "--json")
    shown = line.run(*BULK, "show", moved.json["batch_id"])
    undone = line.run(
        *BULK, "undo", moved.json["batch_id"], "--role", "manager", "--reason", "too early"
    )

    assert (rehearsed.code, rehearsed.json["preview"], moved.code) == (0, True, 0)
    for said in (rehearsed.json, moved.json):
        assert said["outcomes"] == {"accepted": 2, "refused": 0, "nothing": 1, "failed": 0}
        assert said["selection"] == {"status": ["new", "confirmed"]}
    assert untouched == ["new", "new", "confirmed"]
    assert "3 orders: 2 changed, 1 already so" in shown.out
    assert undone.code == 1  # No way leads from confirmed to new.
    assert "transition_not_allowed" in undone.out
    assert statuses(line, numbers) == ["confirmed"] * 3


def test_d14_a_preview_for_people_says_who_would_be_refused_and_why(
    line: CommandLine, numbers: list[str]
) -> None:
    said = line.run(*BULK, "move", "--to", "cancelled", "--order", "A-1", "--dry-run")

    assert said.code == 1
    assert "1 order would be asked: 1 refused. Nothing was done." in said.out
    for words in (numbers[0], "role_missing", "reason_code_required", "initiator_required"):
        assert words in said.out


def test_d14_the_same_batch_id_again_is_answered_as_before_though_nobody_is_chosen_any_more(
    line: CommandLine, numbers: list[str]
) -> None:
    command = (*CONFIRM, "--where", "status=new", "--batch-id", uuid4(), "--json")

    first, again = line.run(*command), line.run(*command)

    assert (first.json["repeated"], again.json["repeated"]) == (0, 3)
    assert again.json["outcomes"] == first.json["outcomes"]
    assert "--batch-id and this id" in first.err
    other = line.run(*command, "--reason", "because")
    assert (other.code, "was begun with another wish" in other.err) == (2, True)


def test_d14_ids_come_from_a_file_or_standard_input(
    line: CommandLine, numbers: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "ids"
    file.write_text(f"{numbers[0]}\n\n  A-2  \n")

    by_file = line.run(*CONFIRM, "--ids-from", file, "--preview", "--json")
    by_input = line.run(*CONFIRM, "--ids-from", "-", "--json", stdin=f"{numbers[2]}\n")

    assert ids(by_file.json) == {numbers[0], numbers[1]}
    assert ids(by_input.json) == {numbers[2]}


def ids(report: Any) -> set[str]:
    return {one["order_id"] for one in report["results"]}


def test_d14_batches_are_listed_the_newest_first(line: CommandLine, numbers: list[str]) -> None:
    first = line.run(*CONFIRM, "--order", "A-1", "--json").json["batch_id"]
    second = line.run(*CONFIRM, "--order", "A-2", "--reason", "called", "--json").json["batch_id"]

    listed = line.run(*BULK, "list", "--json").json

    assert [one["batch_id"] for one in listed] == [second, first]
    assert listed[0]["reason"] == "called"
    assert (listed[0]["orders"], listed[0]["actor"]) == (1, "bob")
    assert second in line.run(*BULK, "list").out


def test_d14_nothing_is_meant_nothing_is_done(line: CommandLine, numbers: list[str]) -> None:
    said = line.run(*CONFIRM, "--where", "status=assembling")

    assert (said.code, "No order is meant: nothing was done." in said.out) == (0, True)
    assert line.run(*BULK, "list", "--json").json == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("move", "--to", "confirmed"), 2, "say which orders are meant"),
        (("move", "--to", "confirmed", "--where", "total=5"), 2, "'total=5' is no condition"),
        (("move", "--to", "confirmed", "--order", "A-9"), 2, "no order with the number A-9"),
        (("move", "--where", "status=new"), 2, "--to"),
        (("move", "--to", "", "--where", "status=new"), 2, "to_status"),
        (("show", uuid4()), 2, "there is no batch"),
        (("undo", uuid4()), 2, "there is no batch"),
        (("show", "17"), 2, "is no UUID"),
    ],
)
def test_d14_what_is_wrong_is_said_in_a_sentence(
    line: CommandLine, words: tuple[object, ...], code: int, says: str
) -> None:
    said = line.run(*BULK, *words)

    assert (said.code, says in said.err) == (code, True), said.err
