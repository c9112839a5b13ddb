"""The SQL files of schema analytics: each explains itself, and nothing is left out."""

import re
from importlib.resources import files

import pytest

from projections import analytics

each_part = pytest.mark.parametrize("part", analytics.PARTS)


def test_every_file_is_installed() -> None:
    found = {
        file.name.removesuffix(".sql")
        for file in files("projections.analytics").iterdir()
        if file.name.endswith(".sql")
    }

    assert found == set(analytics.PARTS)


@each_part
def test_a_file_makes_what_its_name_says(part: str) -> None:
    text = analytics.text_of(part)

    assert re.findall(r"^create (?:view|function) (\w+)", text, re.MULTILINE) == [part]


@each_part
def test_a_file_begins_with_what_it_is_for(part: str) -> None:
    head = analytics.text_of(part).split("create ", 1)[0]

    assert all(line.startswith("-- ") for line in head.splitlines())
    assert head.rstrip().endswith(".")


def test_another_text_is_another_fingerprint() -> None:
    texts = [analytics.text_of(part) for part in analytics.PARTS]

    assert analytics.fingerprint(texts) == analytics.fingerprint(iter(texts))
    assert analytics.fingerprint(texts) != analytics.fingerprint([*texts[:-1], texts[-1] + " "])
    assert analytics.fingerprint(["one", "two"]) != analytics.fingerprint(["onetwo"])
