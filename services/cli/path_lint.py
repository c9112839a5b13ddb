"""`orderpath path lint`: what is allowed in a path and yet not well, and what to do about it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from services.cli.errors import WANTING
from services.cli.given import HELP, PATH, called, file_given, given
from services.cli.options import AsJson
from services.cli.output import how_many, put
from services.cli.session import desk as opened_desk

MOST_TOLD: Final = 100  # findings in words; JSON has all


def lint(
    path: Annotated[str, typer.Argument(metavar=PATH, help=HELP)],
    owners: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="YAML: users and groups that are there; else not asked."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Say what is not well in a path. 1 if there are errors or warnings; hints are well."""
    from services.questions.lint import LintPath

    listed = None if owners is None else file_given(owners)
    asked = LintPath(path=given(path), owners=listed)
    with opened_desk() as desk:
        answer = desk.ask(asked)
    name = called(asked.path, answer["path"], answer["version"])
    put(answer, as_json=json, people=lambda: _lines(answer, name))
    if is_wanting(answer):
        raise SystemExit(WANTING)


def is_wanting(answer: Mapping[str, Any]) -> bool:
    """Whether there is more than hints."""
    return any(one["severity"] != "hint" for one in answer["findings"])


def _lines(answer: Mapping[str, Any], name: str) -> Iterator[str]:
    """Tell each finding as `file:line:column: …`, and at the end how many there are."""
    found = answer["findings"]
    for one in found[:MOST_TOLD]:
        yield f"{place_in_file(one, name)}: {one['severity']} {one['code']}: {one['message']}"
        yield f"    why: {one['why']}"
        yield f"    do:  {one['needed']}"
    if len(found) > MOST_TOLD:
        codes = Counter(one["code"] for one in found)
        often = ", ".join(f"{code} {number:,}" for code, number in codes.most_common())
        yield f"The first {MOST_TOLD} of {len(found):,}: {often}. --json has all."
    yield f"{name}: {counted(answer['counts'])}"


def counted(counts: Mapping[str, int]) -> str:
    """Say how many findings there are: 1 error, 2 hints."""
    said = [how_many(number, plural) for plural, number in counts.items() if number]
    return ", ".join(said) or "nothing to say"


def place_in_file(finding: Mapping[str, Any], name: str, *above: str) -> str:
    """Say where a finding stands: in a file, or below what is published."""
    if finding["line"] is None:
        return ".".join(map(str, (*above, *finding["place"])))
    return f"{name}:{finding['line']}:{finding['column']}"
