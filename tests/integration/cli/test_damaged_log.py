"""A log from which something was deleted is called damaged, whatever a person asks."""

import pytest

from infra.postgres import connect
from tests.support.command_line import CommandLine

MUG = ("--currency", "EUR", "--item", "MUG:1:5")


@pytest.fixture
def shop(line: CommandLine) -> CommandLine:
    """A shop with one order, to which an item was added."""
    assert line.run("order", "place", *MUG, "--external-id", "A-1").code == 0
    return line


def lose(url: str, condition: str) -> None:
    with connect(url) as owner:
        owner.execute("alter table log.events disable trigger user")
        owner.execute(f"delete from log.events where {condition}".encode())  # noqa: S608 - our own words
        owner.execute("alter table log.events enable trigger user")


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
def test_whoever_reads_a_log_without_its_start_is_told_so(
    shop: CommandLine, database_url: str, applied: bool
) -> None:
    if applied:
        assert shop.run("report", "funnel").code == 0
    lose(database_url, "position = 1")  # It published the path olist.

    for words in (
        ("report", "funnel"),
        ("projection", "rebuild"),
        ("projection", "verify"),
        ("order", "show", "A-1"),
        ("path", "list"),
        ("path", "show", "olist"),
    ):
        said = shop.run(*words)
        assert said.code == 3, words
        error = said.err.removeprefix("Bringing the projections up to date ...\n")  # If it is slow.
        assert error.startswith("Error: log_gap: "), words
        assert error.endswith("Restore it from a backup.\n"), words


def test_the_status_of_a_damaged_log_is_not_healthy(shop: CommandLine, database_url: str) -> None:
    assert shop.run("status", "--json").json["log"]["gap"] is None
    lose(database_url, "position = 1")

    said = shop.run("status", "--json")

    assert said.code == 1
    assert said.json["log"]["gap"].startswith("Position 1 is missing")
    assert said.json["healthy"] is False
    assert "Position 1 is missing" in shop.run("status").out


@pytest.mark.parametrize("version", [1, 2])
def test_an_order_that_lost_an_event_is_not_shown_as_if_it_had_not(
    shop: CommandLine, database_url: str, version: int
) -> None:
    order_id = shop.run("order", "show", "A-1", "--json").json["order_id"]
    for text in ("Called", "Called again"):
        assert shop.run("order", "note", "A-1", text).code == 0
    lose(database_url, f"stream_id = 'order-{order_id}' and version = {version}")

    for words in (("show", order_id), ("history", order_id), ("as-of", order_id, "2026-01-01")):
        said = shop.run("order", *words)
        assert said.code == 3, words
        assert f"Version {version} of order-{order_id} is missing" in said.err, words
