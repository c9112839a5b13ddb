"""What the docs list is all that there is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.public.events import TYPES
from domain.public.order_state import OrderState
from domain.public.shapes import Contact, Public
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


def test_every_free_text_of_the_public_topics_is_named_as_public() -> None:
    page = (DOCS / "kafka.md").read_text().partition("### Personal data")[2].partition("\n## ")[0]
    named = {
        name for line in re.findall(r"(?m)^- .*", page) for name in re.findall(r"`(\w+)`", line)
    }

    models: list[type[Public]] = [*TYPES, OrderState]
    told = {
        name
        for model in models
        for name in free_texts(model.model_json_schema())
        if name not in Contact.model_fields and name != "currency"  # which is looked at
    }

    assert {"payment_id", "title", "seller"} <= told
    assert sorted(told ^ named) == []


def free_texts(schema: Any) -> Iterator[str]:
    """Name every property of a JSON Schema that may hold any text, alone or in a list."""
    if isinstance(schema, list):
        for one in schema:
            yield from free_texts(one)
    elif isinstance(schema, dict):
        for name, shape in schema.get("properties", {}).items():
            kinds = [shape, *shape.get("anyOf", ())]
            kinds += [kind["items"] for kind in kinds if "items" in kind]
            limits = {"enum", "const", "format", "pattern"}
            if any(kind.get("type") == "string" and not limits & kind.keys() for kind in kinds):
                yield name
        for one in schema.values():
            yield from free_texts(one)
