"""What the docs list is all that there is."""

import ast
from pathlib import Path

from services.cli.alive import Kind

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_the_inbox_says_who_raises_each_kind_of_alert() -> None:
    kinds = {
        word.value.value
        for path in (ROOT / "domain").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).endswith(("RaiseAlert", "AlertRaised"))
        for word in call.keywords
        if word.arg == "kind" and isinstance(word.value, ast.Constant)
    }
    inbox = (DOCS / "inbox.md").read_text()

    assert {"path_changed", "rule_stopped"} <= kinds
    assert [kind for kind in sorted(map(str, kinds)) if f"| `{kind}` |" not in inbox] == []


def test_every_program_that_gives_signs_of_life_is_named_with_its_health_check() -> None:
    kafka = (DOCS / "kafka.md").read_text()

    assert [kind for kind in Kind if f"`alive {kind}`" not in kafka.replace("orderpath ", "")] == []
