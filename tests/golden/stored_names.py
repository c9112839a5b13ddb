"""Find every stored name that the code uses now: events, commands, refusals, categories."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from domain.catalog import AGGREGATES, COMMANDS, EVENTS
from domain.paths.path import Requirement

HERE = Path(__file__).parent
STORED_NAMES = HERE / "stored_names.txt"
DOMAIN = HERE.parents[1] / "domain"
REQUIRED = "f'{name}_required'"  # the one code that is put together: what a transition asks for


def names_in_code() -> set[str]:
    """Give `kind name` of everything whose name is stored or answered."""
    return {
        *(f"event {name}" for name in EVENTS),
        *(f"command {name}" for name in COMMANDS),
        *(f"refusal {code}" for code in refusal_codes()),
        *(f"category {name}" for name in AGGREGATES),
    }


def names_in_file() -> list[str]:
    """Give the lines of the file; other kinds of names may stand there too."""
    lines = STORED_NAMES.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def refusal_codes() -> set[str]:
    """Read the codes of all `Unmet(code=…)` in the domain.

    Raises: ValueError where a code is put together in a way that cannot be read.
    """
    return {code for path in sorted(DOMAIN.rglob("*.py")) for code in _codes_in(path)}


def _codes_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Unmet"):
            code = next(word.value for word in node.keywords if word.arg == "code")
            if isinstance(code, ast.Constant):
                yield str(code.value)
            elif ast.unparse(code) == REQUIRED:
                yield from (f"{name}_required" for name in get_args(Requirement))
            else:
                raise ValueError(f"{path.name}:{node.lineno}: write the refusal code out")
