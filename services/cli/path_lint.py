"""`orderpath path lint`: what is allowed in a path and yet not well, and what to do about it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

import typer

from services.cli import given_paths
from services.cli.errors import WANTING
from services.cli.files import given_file
from services.cli.given_paths import GivenPath, Spot, given_path
from services.cli.options import AsJson
from services.cli.output import how_many, put
from services.cli.session import opened

if TYPE_CHECKING:
    from domain.paths.findings import Finding

MOST_TOLD: Final = 100  # findings in words; JSON has all


def lint(
    path: Annotated[str, typer.Argument(metavar=given_paths.ARGUMENT, help=given_paths.HELP)],
    owners: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="YAML: users and groups that are there; else not asked."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Say what is not well in a path. 1 if there are errors or warnings; hints are well."""
    from domain.paths.lint import lint as findings_of
    from domain.paths.lint_statuses import Today
    from services.bootstrap import read_owners
    from services.reading import latest_paths, published_calendars

    listed = None if owners is None else given_file(owners)
    known = None if listed is None else read_owners(listed.text, where=listed.name)
    with opened() as system:
        given = given_path(system, path)
        others = {name: other.definition for name, other in latest_paths(system).items()}
        today = Today(system.clock(), published_calendars(system, given.definition.calendars))
    found = findings_of(given.definition, others, known, today)
    answer = {
        "path": given.definition.path,
        "version": given.version,
        "findings": [told_as_dict(finding, given.spot) for finding in found],
        "counts": counts_of(found),
    }
    put(answer, as_json=json, people=lambda: _lines(found, given))
    if any(finding.severity != "hint" for finding in found):
        raise SystemExit(WANTING)


def told_as_dict(finding: "Finding", spot: Spot | None) -> dict[str, Any]:
    """Give a finding with its stable keys. spot: where places stand in a file"""
    line, column = spot(finding.place) if spot else (None, None)
    return {
        "code": finding.code,
        "severity": finding.severity,
        "place": list(finding.place),
        "line": line,
        "column": column,
        "message": finding.message,
        "why": finding.why,
        "needed": finding.needed,
    }


def counts_of(found: "Sequence[Finding]") -> dict[str, int]:
    """Count findings by their severity: errors, warnings, hints."""
    from domain.paths.findings import Severity

    counts = Counter(finding.severity for finding in found)
    return {f"{severity}s": counts[severity] for severity in get_args(Severity)}


def _lines(found: "Sequence[Finding]", given: GivenPath) -> Iterator[str]:
    """Tell each finding as `file:line:column: …`, and at the end how many there are."""
    for finding in found[:MOST_TOLD]:
        yield f"{_where(finding, given)}: {finding.severity} {finding.code}: {finding.message}"
        yield f"    why: {finding.why}"
        yield f"    do:  {finding.needed}"
    if len(found) > MOST_TOLD:
        codes = Counter(finding.code for finding in found)
        often = ", ".join(f"{code} {number:,}" for code, number in codes.most_common())
        yield f"The first {MOST_TOLD} of {len(found):,}: {often}. --json has all."
    yield f"{given.name}: {counted(found)}"


def counted(found: "Sequence[Finding]") -> str:
    """Say how many findings there are: 1 error, 2 hints."""
    counts = [how_many(n, plural) for plural, n in counts_of(found).items() if n]
    return ", ".join(counts) or "nothing to say"


def _where(finding: "Finding", given: GivenPath) -> str:
    if given.spot:
        line, column = given.spot(finding.place)
        return f"{given.name}:{line}:{column}"
    return ".".join(map(str, finding.place))
