"""What the CLI asks of calendars, waves, teams and the system itself: near and far."""

from tests.integration.http.conftest import Shop
from tests.support.both_ways import BothWays

OFFICE = """\
calendar: office
title: {en: Office}
zone: Europe/Berlin
hours: {mon: [09:00-18:00], tue: [09:00-18:00]}
holidays: {2026-01-01: New Year}
"""
WAVE = "edoque_to_warehouse"


def test_calendars_are_published_and_read_over_http(both: BothWays) -> None:
    said = both.change("calendar", "publish", "-", stdin=OFFICE)

    assert "Limits follow version 1 of calendar office" in said.out
    assert [one["week_hours"] for one in both.read("calendar", "list").json if
            one["calendar"] == "office"] == [18]  # fmt: skip
    assert both.read("calendar", "show", "office").json["version"] == 1
    assert both.read("calendar", "show", "offices").code == 2


def test_waves_and_teams_are_read_over_http(both: BothWays) -> None:
    both.change("team", "set", "ann", "--group", "sales", "--cap", 5)
    both.change("team", "come", "ann", "--group", "sales")
    both.change("wave", "publish", "--ready", WAVE)

    assert both.read("team", "list", "--group", "sales").json["members"][0]["present"] is True
    assert both.read("team", "list").code == 0
    assert [one["wave"] for one in both.read("wave", "list").json] == [WAVE]
    assert both.read("wave", "show", WAVE).json["runs"] == []
    assert both.read("wave", "show", "unknown").code == 2


def test_what_asks_many_orders_is_done_beside_the_database_alone(both: BothWays) -> None:
    for words in (
        ("wave", "preview", "evening"),
        ("wave", "run", "evening"),
        ("team", "redistribute", "ann"),
        ("path", "migrate", "universal", "--reason", "new"),
    ):
        said = both.far.run(*words)

        assert (said.code, "works beside the database, not over HTTP" in said.err) == (2, True)


def test_how_far_the_system_is_can_be_asked_over_http(both: BothWays, shop: Shop) -> None:
    shop.place()
    near = both.near.run("status", "--json").json

    far = both.far.run("status", "--json")
    people = both.far.run("status").out

    assert far.code == 0
    assert {key: far.json[key] for key in ("version", "log", "paths", "healthy")} == {
        key: near[key] for key in ("version", "log", "paths", "healthy")
    }
    assert near["version"] in people
    assert near["log"]["log_id"] in people
