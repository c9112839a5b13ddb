"""`orderpath inbox`, `alert …` and `task …` as a person types them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.alerts.commands import RaiseAlert
from infra.settings import Settings
from services.bootstrap import open_system
from tests.support.command_line import CommandLine
from tests.support.examples import actor

ITEM = ("--item", "TEA:1:9.90", "--currency", "EUR")


def create(line: CommandLine, title: str, *words: object) -> str:
    said = line.run("task", "create", title, *words, "--json")
    assert said.code == 0, said.err
    return str(said.json["task_id"])


@pytest.fixture
def alert(database_url: str) -> UUID:
    """An alert for the group leads, as a rule or the clock raises it."""
    alert_id = uuid4()
    details = tuple(f"move {number}" for number in range(7))
    told: dict[str, Any] = {"kind": "rule", "title": "Look", "group": "leads", "details": details}
    with open_system(Settings(database_url=database_url)) as system:
        command = RaiseAlert(command_id=uuid4(), actor=actor(), alert_id=alert_id, **told)
        assert system.execute(command).kind == "accepted"
    return alert_id


def test_p10_an_inbox_shows_alerts_and_tasks_of_a_user_and_a_group(
    line: CommandLine, alert: UUID
) -> None:
    hers = create(line, "Call", "--user", "ann")
    create(line, "Buy", "--group", "buyers")

    both = line.run("inbox", "--user", "ann", "--group", "leads", "--json").json["entries"]
    everything = line.run("inbox", "--json").json["entries"]
    of_a_role = line.run("inbox", "--role", "manager")

    assert [(one["what"], one["id"]) for one in both] == [("notice", str(alert)), ("task", hers)]
    assert len(everything) == 3
    assert "Nothing waits." in of_a_role.out
    assert "Look" in line.run("inbox").out


def test_p11_what_is_acknowledged_waits_no_more_and_says_who_did_it(
    line: CommandLine, alert: UUID
) -> None:
    (open_,) = line.run("alert", "list", "--json").json["alerts"]
    first = line.run("alert", "ack", alert, "--actor", "bob", "--note", "I call them")
    again = line.run("alert", "ack", alert, "--actor", "cid")
    (seen,) = line.run("alert", "list", "--all", "--json").json["alerts"]

    assert (open_["open"], open_["ended_by"]) == (True, None)
    assert first.code == 0, first.err
    assert "Nothing to do" in again.out
    assert (seen["open"], seen["ended_by"]) == (False, "bob")
    assert "No alert waits." in line.run("alert", "list").out
    assert "I call them" not in line.run("alert", "list", "--all").out
    shown = line.run("alert", "show", alert, "--json").json
    assert (shown["acknowledged_by"], shown["note"]) == ("bob", "I call them")
    assert len(shown["details"]) == 7
    assert "move 6" in line.run("alert", "show", alert).out


@pytest.mark.parametrize("words", ["alert ack", "alert show", "task done", "task show"])
def test_what_never_was_is_told_as_such(line: CommandLine, words: str) -> None:
    said = line.run(*words.split(), uuid4())

    assert said.code == 1
    assert f"{words.partition(' ')[0]}_unknown" in said.err


def test_a_task_about_an_order_is_assigned_and_done(line: CommandLine) -> None:
    order = line.run("order", "place", *ITEM, "--external-id", "A-17", "--json").json["order_id"]
    late = create(line, "Pack", "--group", "packers", "--order", "A-17")
    soon = create(line, "Call", "--user", "ann", "--order", "A-17", "--due", "2026-03-02")
    create(line, "Sweep", "--user", "ann")

    listed = line.run("task", "list", "--order", order, "--json").json["tasks"]
    line.run("task", "assign", late, "--user", "bob")
    done = line.run("task", "done", soon, "--outcome", "agreed", "--note", "After six")
    again = line.run("task", "drop", soon, "--reason-code", "not_needed")
    (his,) = line.run("task", "list", "--user", "bob", "--json").json["tasks"]

    assert [one["task_id"] for one in listed] == [soon, late]
    assert listed[0]["due_at"] == "2026-03-02T00:00:00Z"
    assert done.code == 0, done.err
    assert (again.code, "task_done [task_id]" in again.err) == (1, True)
    assert (his["task_id"], his["to_group"], his["state"]) == (late, None, "open")
    everything = line.run("task", "list", "--all").out
    assert "agreed" in everything
    assert "After six" not in everything
    shown = line.run("task", "show", soon, "--json").json
    assert (shown["state"], shown["outcome"], shown["note"]) == ("done", "agreed", "After six")
    assert line.run("task", "show", late, "--json").json["user"] == "bob"
    assert "After six" in line.run("task", "show", soon).out


def test_a_task_is_somebodys(line: CommandLine) -> None:
    said = line.run("task", "create", "Call")
    assert said.code == 1
    assert "task_for_nobody [user]" in said.err
    assert "Nothing is to be done." in line.run("task", "list").out


def test_a_task_that_is_dropped_waits_no_more(line: CommandLine) -> None:
    task = create(line, "Call", "--user", "ann")
    dropped = line.run("task", "drop", task, "--reason-code", "not_needed")

    assert dropped.code == 0, dropped.err
    assert line.run("inbox", "--json").json["entries"] == []
    (entry,) = line.run("inbox", "--all", "--json").json["entries"]
    assert (entry["what"], entry["open"]) == ("task", False)


def test_the_same_command_id_is_the_same_task(line: CommandLine) -> None:
    command = ("--user", "ann", "--command-id", uuid4())

    assert create(line, "Call", *command) == create(line, "Call", *command)
