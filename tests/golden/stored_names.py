"""Find every stored name that the code uses now: events, commands, codes, projections, views."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from domain.catalog import AGGREGATES, COMMANDS, EVENTS
from domain.paths.path import Requirement
from projections.catalog import PROJECTIONS

HERE = Path(__file__).parent
STORED_NAMES = HERE / "stored_names.txt"
ROOT = HERE.parents[1]
DOMAIN = ROOT / "domain"
PACKAGES = ("domain", "projections", "consumers", "services", "infra")
REQUIRED = "f'{name}_required'"  # the one code that is put together: what a transition asks for


def names_in_code() -> set[str]:
    """Give `kind name` of everything whose name is stored or answered."""
    return {
        *(f"event {name}" for name in EVENTS),
        *(f"command {name}" for name in COMMANDS),
        *(f"refusal {code}" for code in refusal_codes()),
        *(f"category {name}" for name in AGGREGATES),
        *(f"projection {projection.name}" for projection in PROJECTIONS),
        *(f"infra_error {code}" for code in infra_error_codes()),
        *(f"analytics {path.stem}" for path in (ROOT / "projections/analytics").glob("*.sql")),
    }


def names_in_file() -> list[str]:
    """Give the lines of the file; other kinds of names may stand there too."""
    lines = STORED_NAMES.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def refusal_codes() -> set[str]:
    """Read the codes of all `Unmet(code=…)` in the domain.

    Raises: ValueError where a code is put together in a way that cannot be read.
    """
    return {code for path in sorted(DOMAIN.rglob("*.py")) for code in codes_in(path)}


def infra_error_codes() -> set[str]:
    """Read the codes of all `InfraError(code, …)`, which callers and logs go by."""
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    calls = [
        node
        for path in sorted(paths)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("InfraError", "Busy")
    ]
    firsts = [call.args[0] for call in calls if call.args]
    return {str(first.value) for first in firsts if isinstance(first, ast.Constant)}


def codes_in(path: Path) -> Iterator[str]:
    """Read the refusal codes that one file of the domain builds."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Unmet"):
            code = next(word.value for word in node.keywords if word.arg == "code")
            if isinstance(code, ast.Constant):
                yield str(code.value)
            elif ast.unparse(code) == REQUIRED:
                yield from (f"{name}_required" for name in get_args(Requirement))
            else:
                raise ValueError(f"{path.name}:{node.lineno}: write the refusal code out")
