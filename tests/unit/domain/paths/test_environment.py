"""What a condition can name is what docs/paths.md says, and nothing about a person."""

import re
from collections.abc import Iterator
from pathlib import Path

from domain.paths.cel_syntax import MAX_DEPTH
from domain.paths.conditions import MAX_OPERATIONS, MAX_SOURCE, compile_condition
from domain.paths.costs import MAX_ELEMENTS
from domain.paths.environment import ENVIRONMENT, FUNCTIONS, SIGNATURES, ListOf, Record

PAGE = (Path(__file__).parents[4] / "docs" / "paths.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Conditions\n")[2].partition("\n## ")[0]


def table(heading: str) -> list[list[str]]:
    """Give the cells of one table of the section, without the marks of code."""
    rows = SECTION.partition(f"\n| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    assert rows, f"there is no table of a {heading}"
    cells = [re.split(r"(?<!\\)\|", row)[1:-1] for row in rows]
    return [[cell.strip().replace("\\", "") for cell in row] for row in cells]


def named_records() -> Iterator[Record]:
    for type_ in ENVIRONMENT.values():
        found = type_.element if isinstance(type_, ListOf) else type_
        if isinstance(found, Record):
            yield found


def test_the_page_lists_every_variable_with_its_type() -> None:
    listed = [(name.strip("`"), type_) for name, type_, _ in table("variable")]

    assert listed == [(name, str(type_)) for name, type_ in ENVIRONMENT.items()]


def test_the_page_lists_every_field_with_its_type() -> None:
    listed = [(name.strip("`"), type_) for name, type_, _ in table("field")]

    assert listed == [
        (f"{record}.{name}", str(type_))
        for record in named_records()
        for name, type_ in record.fields.items()
    ]


def test_the_page_lists_every_function_and_operator() -> None:
    functions = [re.findall(r"(\w+)\(", written)[0] for written, _ in table("function")]
    operators = {sign for signs, _ in table("operators") for sign in re.findall(r"`(\S+)`", signs)}

    assert sorted(functions) == sorted(FUNCTIONS)
    assert operators == {*SIGNATURES, "&&", "||"} - {"negate", "?:", *FUNCTIONS}


def test_the_page_names_the_limits() -> None:
    for limit in (MAX_SOURCE, MAX_DEPTH, MAX_ELEMENTS, MAX_OPERATIONS):
        assert f" {limit:,} " in SECTION


def test_every_example_of_the_page_is_a_condition() -> None:
    examples = SECTION.partition("```cel\n")[2].partition("```")[0].splitlines()

    assert [compile_condition(line, ENVIRONMENT).source for line in examples] == examples


def test_no_two_records_share_a_name() -> None:
    names = [record.name for record in named_records()]

    assert len(names) == len(set(names))


def test_a_list_holds_no_lists_so_that_its_length_bounds_the_work() -> None:
    elements = [type_.element for type_ in ENVIRONMENT.values() if isinstance(type_, ListOf)]
    fields = [of_field for e in elements if isinstance(e, Record) for of_field in e.fields.values()]

    assert not [of_field for of_field in fields if isinstance(of_field, ListOf)]
