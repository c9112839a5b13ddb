"""A capability counts as built once a test names its id, in its own name or in a docstring."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
BUILT = (
    "D12 D13"  # read models on Kafka, and what others can build on
    " A1 A3 A6 A9 A19 A22-A28 A33 A34 P5 P6 P10-P12 P15-P21 P24 P26 P28 P30 P31 P33 P34 P36"
    " V8-V11 V14 D8-D10"  # rules, clock, alerts, rights
    " A21 R3 P1 P22 P23 P35 D2-D5"  # asked over HTTP, and the audit
)


def test_every_capability_that_is_built_is_named_by_a_test() -> None:
    named = {id_ for path in TESTS.rglob("test_*.py") for text in told(path) for id_ in ids(text)}

    assert sorted({*ids(BUILT)} - named) == []


def ids(text: str) -> Iterator[str]:
    for letter, first, last in re.findall(r"\b([ADPRV])(\d+)(?:-\1(\d+))?\b", text):
        yield from (f"{letter}{number}" for number in range(int(first), int(last or first) + 1))


def told(path: Path) -> Iterator[str]:
    """Give what a file says of its tests: the ids of their names, and its docstrings."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield ast.get_docstring(node) or ""
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name.upper().replace("_", " ")
