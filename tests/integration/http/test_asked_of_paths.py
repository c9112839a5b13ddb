"""What the CLI asks of paths: beside the database and over HTTP, in the same words."""

from tests.integration.http.conftest import Shop
from tests.support.both_ways import BothWays

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
