"""What the CLI asks of paths: beside the database and over HTTP, in the same words."""

from typing import Any
from uuid import uuid4

from tests.integration.http.conftest import Shop
from tests.support.both_ways import BothWays

SMALL: dict[str, Any] = {
    "path": "small",
    "stages": ["one"],
    "initial": [{"status": "new"}],
    "statuses": {"new": {"stage": "one"}, "done": {"stage": "one", "final": "success"}},
    "transitions": [{"from": "new", "to": "done"}],
}
TWO = """\
path: two
title: {en: Two}
stages: {one: {title: {en: One}}}
initial: first
statuses:
  first: {stage: one, title: {en: First}}
  second: {stage: one, title: {en: Second}, final: success}
transitions:
  - {from: first, to: second}
"""


def test_paths_are_published_linted_and_compared_over_http(both: BothWays, shop: Shop) -> None:
    shop.place()
    published = both.change("path", "publish", "--ready", "koftenyshi")

    assert "New orders follow version 1 of path koftenyshi" in published.out
    both.read("path", "lint", "koftenyshi")
    assert both.read("path", "lint", "-", stdin="path: [").code == 2
    assert both.read("path", "diff", "universal", "koftenyshi").json["equal"] is False
    assert both.read("path", "show", "universal").json["open_orders"] == {"new": 1}
    for form in ("--mermaid", "--dot"):
        near, far = (one.run("path", "show", "universal", form) for one in (both.near, both.far))
        assert (far.code, far.out) == (near.code, near.out)
    both.read("path", "preview", "-", stdin=TWO)
    assert both.far.run("path", "discover", "universal").out == (
        both.near.run("path", "discover", "universal").out
    )


def test_d1_a_raw_command_over_http_strands_no_orders_without_saying_so(shop: Shop) -> None:
    published = shop.send("path.publish", definition=SMALL)
    assert published.status_code == 200, published.text
    shop.place(path="small")
    for_good = {
        **SMALL,
        "initial": [{"status": "fresh"}],
        "statuses": {"fresh": {"stage": "one"}, "done": {"stage": "one", "final": "success"}},
        "transitions": [{"from": "fresh", "to": "done"}],
    }

    refused = shop.send("path.publish", key="closing", definition=for_good)
    again = shop.send("path.publish", key="closing", definition=for_good)
    one = {"command": "path.publish", "command_id": str(uuid4()), "definition": for_good}
    batch = shop.http.post("/v1/commands/batch", json={"commands": [one]})
    stranding = shop.send("path.publish", definition=for_good, strand=True)

    assert (refused.status_code, refused.json()["unmet"][0]["code"]) == (409, "status_in_use")
    assert (again.json()["unmet"], again.json()["repeated"]) == (refused.json()["unmet"], True)
    assert batch.json()["items"][0]["answer"]["unmet"] == refused.json()["unmet"]
    assert (stranding.status_code, stranding.json()["outcome"]) == (200, "accepted")
