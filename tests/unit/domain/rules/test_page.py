"""docs/rules.md says what the language is: its example, its lists, its limits."""

import re
from pathlib import Path

from domain.paths.environment import Record
from domain.rules.conditions import ONLY_RULES, RULE_ENVIRONMENT
from domain.rules.judge import MAX_CHAIN
from domain.rules.triggers import EVENT_NAMES
from infra.rule_files import load_preset, preset_names, read_rule, shop_names

PAGE = (Path(__file__).parents[4] / "docs" / "rules.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_the_example_is_a_rule() -> None:
    example = PAGE.split("```yaml\n")[1].split("```")[0]

    rule = read_rule(example, where="rules.md")

    assert rule.rule == "paid_to_assembly"
    assert rule.on == load_preset("paid_to_assembly").on


def test_it_lists_every_event() -> None:
    listed = re.findall(r"`([a-z]+\.[a-z_]+)`", section("Events"))

    assert listed == list(EVENT_NAMES)


def test_it_lists_what_only_conditions_of_rules_can_name() -> None:
    listed = re.findall(r"^\| `([a-z_.]+)` \| (\w+) \|", section("Conditions"), re.MULTILINE)
    records = [type_ for name, type_ in RULE_ENVIRONMENT.items() if name in ONLY_RULES]

    assert listed == [
        (f"{record.name}.{name}", str(type_))
        for record in records
        if isinstance(record, Record)
        for name, type_ in record.fields.items()
    ]


def test_it_lists_every_ready_made_rule_and_the_shops_that_have_some() -> None:
    ready = section("Ready-made rules")

    assert re.findall(r"^\| `(\w+)` \|", ready, re.MULTILINE) == list(preset_names())
    assert re.findall(r"`(\w+)`", ready.rpartition("own path:")[2]) == list(shop_names())


def test_it_says_how_long_a_chain_may_be() -> None:
    assert f"stopped at {MAX_CHAIN} in a row" in section("What goes too far")
