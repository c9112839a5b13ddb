"""What the CLI asks of rules: beside the database and over HTTP, with the same words."""

from pathlib import Path

import httpx
import pytest

from tests.integration.http.conftest import Shop
from tests.support.both_ways import BothWays

GREET = """\
rule: greet
title: {en: Greet}
on: [{change: status, to: confirmed}]
if:
  is_dear: order.total_minor > 100000
then:
  - {note: Dear order}
mode: shadow
"""
TELL = """\
rule: tell
on: [{event: order.placed}]
then:
  - {notify: mail, to: customer, template: paid}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a rule."""
    path = tmp_path / "greet.yaml"
    path.write_text(GREET)
    return path


def test_a_rule_is_published_listed_and_shown_over_http(both: BothWays, file: Path) -> None:
    said = both.change("rule", "publish", file)

    assert "Version 1 of rule greet only judges what happens now" in said.out
    assert [one["rule"] for one in both.read("rule", "list").json] == ["greet"]
    assert both.read("rule", "show", "greet").json["definition"]["mode"] == "shadow"
    assert both.read("rule", "show", "gret").code == 2


def test_a_published_rule_with_an_error_is_warned_of_over_http(both: BothWays) -> None:
    said = both.change("rule", "publish", "-", stdin=TELL)

    assert "Warning: tell: template_unknown" in said.err
    assert "orderpath template publish --ready paid" in said.err


def test_why_a_rule_has_not_acted_is_told_over_http(both: BothWays, file: Path, shop: Shop) -> None:
    both.change("rule", "publish", file)
    order_id = shop.place()
    shop.move(order_id, "confirmed")

    (run,) = both.read("order", "why-not", order_id, "greet").json["runs"]

    assert run["conditions"] == {"is_dear": False}
    assert both.read("order", "why-not", order_id, "unknown").code == 1
    assert both.read("rule", "compare", "greet").json["rule"] == "greet"
    assert both.read("rule", "compare", "unknown").code == 1


def test_a_rule_is_switched_over_http_and_says_what_still_waits(both: BothWays, shop: Shop) -> None:
    both.change("rule", "publish", "-", stdin=TELL)
    shop.place()

    said = both.change("rule", "mode", "tell", "off")

    assert "Version 2 of rule tell leaves alone what happens now" in said.out
    assert both.read("rule", "graph").json == []


def test_files_of_rules_are_linted_and_compared_where_they_are_not(
    both: BothWays, file: Path, tmp_path: Path
) -> None:
    both.change("rule", "publish", file)
    file.write_text(GREET.replace("100000", "200000").replace("confirmed", "confirmd"))
    bad = tmp_path / "bad.yaml"
    bad.write_text("rule: [")

    diff = both.read("rule", "diff", "greet", file).json
    lint = both.read("rule", "lint", file)

    assert set(diff["keys"]) == {"on.1.to", "if.is_dear"}
    assert (lint.code, lint.json["findings"][0]["line"]) == (1, 3)
    assert both.read("rule", "lint").code == 0
    assert both.read("rule", "lint", bad).code == 2


def test_what_is_asked_by_a_body_is_limited_and_told_what_is_wrong(http: httpx.Client) -> None:
    longest = {"rules": [{"file": {"name": "x", "text": "x" * 1_000_001}}]}
    huge = b'{"rules":["' + b"x" * 9_000_000 + b'"]}'
    place = "/v1/rule-lint"

    answers = [
        http.post(place, json={}),
        http.post(place, json=longest),
        http.post(place, json={"rules": [{}]}),
        http.post(place, json={"rules": [], "more": 1}),
        http.post(place, content=b"{"),
        http.post(place, params={"rules": "greet"}, json={}),
        http.post(place, content=huge),
        http.get(place),
    ]

    assert [one.status_code for one in answers] == [200, 422, 422, 422, 422, 400, 413, 405]
    assert answers[3].json()["unmet"][0]["field"] == "more"


def test_a_backtest_is_made_beside_the_database_alone(both: BothWays, file: Path) -> None:
    said = both.far.run("rule", "backtest", file)

    assert said.code == 2
    assert "works beside the database, not over HTTP" in said.err
