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
from services.cli.output import how_many, put, say
from services.cli.path_lint import MOST_TOLD, counted, counts_of, told_as_dict
from services.cli.session import opened

if TYPE_CHECKING:
    from domain.paths.findings import Finding
    from domain.rules.findings import Known
    from domain.rules.rule import Rule
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


def tell_errors(system: "System", rules: "Sequence[Rule]") -> None:
    """Warn of what lint calls an error in rules that have just been published, and may act."""
    from domain.rules.lint import lint as findings_of
    from services.rules.published import latest_rules

    acting = [rule for rule in rules if rule.mode != "off"]
    known = _known(system, latest_rules(system), path=None, owners=None)
    for rule, finding in findings_of(acting, known):
        if finding.severity == "error":
            needed = _ready_made(rule, finding) or finding.needed
            say(f"Warning: {rule.rule}: {finding.code}: {finding.message}: {finding.why}; {needed}")


def _ready_made(rule: "Rule", finding: "Finding") -> str | None:
    """Name the command that publishes a template that is missing, where one comes along."""
    from services.bootstrap import template_files

    ready = template_files.preset_names() if finding.code == "template_unknown" else ()
    names = (getattr(action, "template", None) for action in rule.then)
    name = next((name for name in names if name in ready and name in finding.message), None)
    return f"`orderpath template publish --ready {name}`" if name else None


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
