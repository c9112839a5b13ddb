"""`orderpath rule lint`: what is allowed in rules and yet not well, and what to do about it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli import given_rules
from services.cli.errors import WANTING
from services.cli.files import given_file
from services.cli.given_paths import given_path
from services.cli.given_rules import GivenRule, given_rule
from services.cli.options import AsJson
from services.cli.output import how_many, put
from services.cli.path_lint import MOST_TOLD, counted, counts_of, told_as_dict
from services.cli.session import opened

if TYPE_CHECKING:
    from domain.paths.findings import Finding
    from domain.rules.findings import Known
    from services.bootstrap import System
    from services.rules.published import PublishedRule

Found = tuple[GivenRule, "Finding"]


def lint(
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar=f"[{given_rules.ARGUMENT}] ...", help="By default all published."),
    ] = None,
    path: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Whose orders; by default all published paths."),
    ] = None,
    owners: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="YAML: users and groups that are there; else not asked."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Say what is not well in rules. 1 if there are errors or warnings; hints are well."""
    from domain.rules.lint import lint as findings_of
    from services.rules.published import latest_rules

    with opened() as system:
        published = latest_rules(system)
        named = rules or [one.definition.rule for one in published]
        given = {one.definition.rule: one for one in (given_rule(system, name) for name in named)}
        known = _known(system, published, path, owners)
    found: list[Found] = [
        (given[rule.rule], finding)
        for rule, finding in findings_of([one.definition for one in given.values()], known)
    ]
    answer = {
        "rules": [{"rule": name, "version": one.version} for name, one in given.items()],
        "findings": [
            {"rule": one.definition.rule, **told_as_dict(finding, one.spot)}
            for one, finding in found
        ],
        "counts": counts_of([finding for _, finding in found]),
    }
    put(answer, as_json=json, people=lambda: _lines(found, len(given)))
    if any(finding.severity != "hint" for _, finding in found):
        raise SystemExit(WANTING)


def _known(
    system: "System", published: "Sequence[PublishedRule]", path: str | None, owners: str | None
) -> "Known":
    from domain.rules.findings import Known
    from services.bootstrap import read_owners
    from services.reading import latest_paths

    listed = None if owners is None else given_file(owners)
    if path is not None:
        paths = [given_path(system, path).definition]
    else:
        paths = [one.definition for one in latest_paths(system).values()]
    return Known(
        paths=paths,
        others=[one.definition for one in published],
        owners=None if listed is None else read_owners(listed.text, where=listed.name),
        calendars=system.log.calendar_names(),
        templates=system.log.template_names(),
        endpoints=system.settings.webhooks.keys(),
    )


def _lines(found: Sequence[Found], rules: int) -> Iterator[str]:
    """Tell each finding as `file:line:column: …`, and at the end how many there are."""
    for given, finding in found[:MOST_TOLD]:
        yield f"{_where(given, finding)}: {finding.severity} {finding.code}: {finding.message}"
        yield f"    why: {finding.why}"
        yield f"    do:  {finding.needed}"
    if len(found) > MOST_TOLD:
        yield f"The first {MOST_TOLD} of {len(found):,}. --json has all."
    counts = counted([finding for _, finding in found])
    yield f"{how_many(rules, 'rules')}: {counts}"


def _where(given: GivenRule, finding: "Finding") -> str:
    if given.spot is None:
        return ".".join(map(str, (given.definition.rule, *finding.place)))
    line, column = given.spot(finding.place)
    return f"{given.name}:{line}:{column}"
