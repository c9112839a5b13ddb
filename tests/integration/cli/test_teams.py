"""`orderpath team …`, `order share-out` and `queue` as people type them."""

import shlex
from typing import Any
from uuid import uuid4

import pytest

from tests.support.command_line import ROOT, CommandLine

GROUP = ("--group", "managers")
ITEM = ("--item", "TEA:1:9.90", "--currency", "EUR")


def place(line: CommandLine, *more: object) -> str:
    said = line.run("order", "place", *ITEM, *more, "--json")
    assert said.code == 0, said.err
    return str(said.json["order_id"])


def run(line: CommandLine, *words: object) -> Any:
    said = line.run(*words, "--json")
    assert said.code == 0, said.err
    return said.json


def member(line: CommandLine, user: str, *more: object) -> None:
    run(line, "team", "set", user, *GROUP, *more)
    run(line, "team", "come", user, *GROUP, "--actor", user)


def owner(line: CommandLine, order: str) -> Any:
    return run(line, "order", "show", order)["owner"]


@pytest.fixture
def team(line: CommandLine) -> CommandLine:
    """A team of two: ann holds two orders, bob one."""
    member(line, "ann", "--cap", 2, "--skill", "tea")
    member(line, "bob")
    for _ in range(3):
        run(line, "order", "share-out", place(line), *GROUP)
    return line


def test_p28_orders_are_shared_out_and_the_team_is_listed_with_its_loads(
    team: CommandLine,
) -> None:
    listed = run(team, "team", "list", *GROUP)

    assert [(m["member"], m["open_orders"], m["cap"], m["free"]) for m in listed["members"]] == [
        ("ann", 2, 2, False), ("bob", 1, None, True),
    ]  # fmt: skip
    assert listed["members"][0]["skills"] == ["tea"]
    assert "ann" in team.run("team", "list").out


def test_p28_who_goes_hands_over_each_order_with_the_reason(team: CommandLine) -> None:
    held = [one["order_id"] for one in run(team, "queue", "--user", "ann")["orders"]]

    gone = run(team, "team", "go", "ann", *GROUP, "--hand-over", "--actor", "ann")

    assert len(held) == 2
    assert gone["handed_over"]["outcomes"]["accepted"] == 2
    assert {owner(team, order)["user"] for order in held} == {"bob"}
    told = {one["field"]: one for one in run(team, "order", "history", held[0])["changes"]}
    assert told["shared_out"]["reason"] == "ann hands over"
    assert told["shared_out"]["to"] == "least_load"
    assert told["candidates"]["to"] == ["ann 2 (hands_over)", "bob 1"]
    assert "ann 2 (hands_over)" in team.run("order", "history", held[0]).out
    again = run(team, "team", "go", "ann", *GROUP, "--hand-over", "--actor", "ann")
    assert (again["outcome"], again["handed_over"]["orders"]) == ("nothing", 0)
    assert run(team, "team", "list")["members"][0]["open_orders"] == 0


def test_p28_what_nobody_can_take_stays_with_the_group_and_a_preview_changes_nothing(
    team: CommandLine,
) -> None:
    run(team, "team", "go", "bob", *GROUP, "--role", "lead")
    before = run(team, "team", "list")

    tried = run(team, "team", "redistribute", "bob", "--preview")
    assert tried["outcomes"]["accepted"] == 1
    assert run(team, "team", "list") == before

    done = run(team, "team", "redistribute", "bob", "--reason", "bob is ill")
    (order,) = [one["order_id"] for one in done["results"]]
    assert owner(team, order) == {"user": None, "group": "managers"}
    (waiting,) = [one for one in run(team, "queue")["orders"] if "person" in one["missing"]]
    assert waiting["order_id"] == order
    told = {one["field"]: one for one in run(team, "order", "history", order)["changes"]}
    assert told["shared_out"]["reason"] == "bob is ill"
    assert told["shared_out"]["to"] == "nobody_free"


def test_v8_the_queue_of_a_person_is_what_is_theirs_and_what_nobody_of_the_team_has(
    team: CommandLine,
) -> None:
    nobodys, couriers = place(team), place(team)
    run(team, "order", "assign", nobodys, *GROUP)
    run(team, "order", "assign", couriers, "--group", "couriers")

    of_bob = {one["order_id"] for one in run(team, "queue", "--user", "bob")["orders"]}
    of_couriers = [one["order_id"] for one in run(team, "queue", "--group", "couriers")["orders"]]

    assert len(of_bob) == 2
    assert nobodys in of_bob
    assert of_couriers == [couriers]
    assert couriers in team.run("queue").out
    assert "Nothing needs anybody" in team.run("queue", "--user", "eve").out


def test_who_belongs_to_no_team_and_a_team_that_is_not_there_are_told_as_such(
    line: CommandLine,
) -> None:
    shared = line.run("order", "share-out", place(line), *GROUP)
    come = line.run("team", "come", "ann", *GROUP, "--actor", "ann")
    how = line.run("team", "go", "ann", *GROUP, "--hand-over", "--by", "dice")

    assert (shared.code, come.code, how.code) == (1, 1, 2)
    assert "team_unknown" in shared.err
    assert "member_unknown" in come.err


def test_a27_others_are_said_to_be_there_by_a_lead_only(line: CommandLine) -> None:
    run(line, "team", "set", "ann", *GROUP)

    other = line.run("team", "come", "ann", *GROUP, "--actor", "bob")
    lead = line.run("team", "come", "ann", *GROUP, "--actor", "bob", "--role", "lead")

    assert (other.code, lead.code) == (1, 0)
    assert "role_missing" in other.err


def test_what_a_removed_member_left_behind_is_listed(team: CommandLine) -> None:
    run(team, "team", "remove", "ann", *GROUP)

    left = run(team, "team", "list")["left_behind"]

    assert [(one["member"], one["open_orders"]) for one in left] == [("ann", 2)]
    assert "belongs to the team no more" in team.run("team", "list").out


def test_the_same_command_id_hands_over_once(team: CommandLine) -> None:
    command = ("--command-id", uuid4(), "--role", "lead")

    first, second = (
        run(team, "team", "go", "ann", *GROUP, "--hand-over", *command) for _ in range(2)
    )

    assert first["handed_over"]["batch_id"] == second["handed_over"]["batch_id"]
    assert (first["handed_over"]["repeated"], second["handed_over"]["repeated"]) == (0, 2)


def test_what_the_page_shows_is_what_happens(line: CommandLine) -> None:
    place(line, "--external-id", "A-17")
    page = (ROOT / "docs/teams.md").read_text().partition("```sh\n")[2].partition("```")[0]
    shown = [shlex.split(one)[1:] for one in page.splitlines()]

    assert [(words, line.run(*words).code) for words in shown] == [(words, 0) for words in shown]
    assert owner(line, "A-17") == {"user": "bob", "group": "managers"}
