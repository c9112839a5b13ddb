"""The house rules that no linter knows: where code lives, how long it may be, what it is called."""

import ast
import builtins
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from domain import refusals

ROOT: Final = Path(__file__).parents[2]
LONGEST_FILE_LINES: Final = {
    "domain": 300,
    "projections": 300,
    "consumers": 300,
    "services": 400,
    "infra": 400,
}
LONGEST_FUNCTION_LINES: Final = 60
BESIDE_THE_PACKAGES: Final = {"tests", "benchmarks", "docs"}
EMPTY_WORDS: Final = {"utils", "helpers", "common", "base", "manager", "data", "misc"}
THIRD_PARTY: Final = {"eventsourcing", "faust", "kafka", "psycopg", "pydantic", "structlog", "yaml"}
CODE: Final = sorted(path for name in LONGEST_FILE_LINES for path in (ROOT / name).rglob("*.py"))
ALL_PYTHON: Final = sorted(
    [*CODE, *(path for name in BESIDE_THE_PACKAGES for path in (ROOT / name).rglob("*.py"))]
)
TEXT: Final = {".cfg", ".ini", ".json", ".md", ".py", ".sh", ".sql", ".toml", ".yaml", ".yml"}
NAMES: Final = {".editorconfig", ".env.example", ".gitignore", "LICENSE", "Makefile", "run"}
ERRORS: Final = {
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
# Signs by which a part leaves its own work, never seen outside; and the command line's own words.
OUTSIDE_THE_TREE: Final = {
    "CannotJudge",
    "CelSyntaxError",
    "CommandFailed",
    "Misplaced",
    "ReadFirst",
    "TheEnd",
    "TooLarge",
    "_ListTooLong",
    "_Stop",
}
# A home folder, a checkout's own place or a file in a folder that a reboot empties: it says where
# somebody worked, and helps nobody else. A bare "/tmp" is a folder that every system has.
MACHINE_PATH: Final = re.compile(
    r"(?<![\w.~})])/(?:(?:home|Users|work|(?:private/|var/)?tmp)/[\w.${-]|root(?![\w@-]))"
)

each_module = pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))


def test_code_lives_in_the_five_packages_only() -> None:
    with_code = {
        folder.name
        for folder in ROOT.iterdir()
        if folder.is_dir() and not folder.name.startswith(".") and any(folder.rglob("*.py"))
    }
    loose = [path.name for path in ROOT.glob("*.py")]

    assert with_code - BESIDE_THE_PACKAGES == set(LONGEST_FILE_LINES)
    assert loose == []


@each_module
def test_a_file_holds_one_idea(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]

    assert len(path.read_text().splitlines()) <= LONGEST_FILE_LINES[package]


@each_module
def test_a_function_fits_a_screen(path: Path) -> None:
    too_long = [
        f"{node.name}: {lines} lines"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION_LINES
    ]

    assert too_long == []


@each_module
def test_a_module_has_a_name_that_says_something(path: Path) -> None:
    name = path.parent.name if path.stem == "__init__" else path.stem

    assert not EMPTY_WORDS & set(name.split("_"))
    if path.stem not in ("__init__", "__main__"):
        assert path.stem not in sys.stdlib_module_names
        assert path.stem not in THIRD_PARTY


@pytest.mark.parametrize("path", ALL_PYTHON, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_says_what_lives_in_it(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), "The module docstring is missing."


def test_every_error_is_drawn_in_the_tree() -> None:
    drawn = {"OrderpathError", *re.findall(r"[├└]── (\w+)", refusals.__doc__ or "")}
    written = {
        node.name
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and {*map(ast.unparse, node.bases)} & (ERRORS | drawn)
    }

    assert written - OUTSIDE_THE_TREE == drawn


def test_every_folder_with_code_is_a_package_but_for_examples_that_others_copy() -> None:
    folders = {path.parent for path in ALL_PYTHON if ROOT / "docs" not in path.parents}
    above = {parent for folder in folders for parent in folder.parents if ROOT in parent.parents}

    assert [str(f) for f in sorted(folders | above) if not (f / "__init__.py").exists()] == []


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ('open("/{}/data.csv")', True),
        ("cd /{}/$USER", True),
        ("--data=/{}/.cache", True),
        ('Path("/{}", name)', False),
        ("https://example.org/{}/page", False),
        ("~/{}/data.csv", False),
        ("../{}/data.csv", False),
    ],
)
@pytest.mark.parametrize("folder", ["tmp", "home", "Users", "var/tmp"])
def test_a_place_of_somebodys_machine_is_told_from_other_words(
    folder: str, line: str, is_one: bool
) -> None:
    assert bool(MACHINE_PATH.search(line.format(folder))) is is_one


def test_no_file_names_a_place_of_somebodys_machine() -> None:
    top = [path for path in ROOT.iterdir() if path.is_file()]
    inside = [
        path
        for folder in (*LONGEST_FILE_LINES, *BESIDE_THE_PACKAGES, ".ci")
        for path in (ROOT / folder).rglob("*")
    ]
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (*top, *inside)
        if path.is_file() and (path.suffix in TEXT or path.name in NAMES)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]

    assert named == []


def test_a_rule_of_safety_that_is_left_out_somewhere_has_its_reason_there() -> None:
    left_out = re.compile(r"# noqa: (?=[A-Z0-9, ]*\bS\d{3}\b)[A-Z0-9, ]+$")
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in ALL_PYTHON
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if left_out.search(line)
    ]

    assert not bare


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("check_versions(", {"streams.py", "states.py", "customers.py"}),  # one, many, many
        ("name one: ", {"files.py"}),
        ("one.version <= version", {"streams.py"}),
    ],
)
def test_what_all_of_services_do_alike_is_written_once(words: str, places: set[str]) -> None:
    found = {path.name for path in (ROOT / "services").rglob("*.py") if words in path.read_text()}

    assert found == places
