"""`orderpath rule lint`: what is allowed in rules and yet not well, and what to do about it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.errors import WANTING
from services.cli.given import RULE, file_given, given
from services.cli.options import AsJson
from services.cli.output import how_many, put, say
from services.cli.path_lint import MOST_TOLD, counted, is_wanting, place_in_file
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from domain.rules.rule import Rule
    from services.desks import Desk


def lint(
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar=f"[{RULE}] ...", help="By default all published."),
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
    from services.questions.lint import LintRules

    asked = LintRules(
        rules=tuple(map(given, rules or ())),
        path=None if path is None else given(path),
        owners=None if owners is None else file_given(owners),
    )
    with opened_desk() as desk:
        answer = desk.ask(asked)
    put(answer, as_json=json, people=lambda: _lines(answer))
    if is_wanting(answer):
        raise SystemExit(WANTING)


def tell_errors(desk: "Desk", rules: "Sequence[Rule]") -> None:
    """Warn of what lint calls an error in rules that have just been published, and may act."""
    from services.questions.given import Given
    from services.questions.lint import LintRules

    acting = {rule.rule: rule for rule in rules if rule.mode != "off"}
    if not acting:
        return
    named = tuple(Given(published=name) for name in acting)
    for one in desk.ask(LintRules(rules=named))["findings"]:
        if one["severity"] == "error":
            needed = _ready_made(acting[one["rule"]], one) or one["needed"]
            said = f"{one['code']}: {one['message']}: {one['why']}"
            say(f"Warning: {one['rule']}: {said}; {needed}")


def _ready_made(rule: "Rule", finding: Mapping[str, Any]) -> str | None:
    """Name the command that publishes a template that is missing, where one comes along."""
    from services.bootstrap import template_files

    ready = template_files.preset_names() if finding["code"] == "template_unknown" else ()
    names = (getattr(action, "template", None) for action in rule.then)
    name = next((name for name in names if name in ready and name in finding["message"]), None)
    return f"`orderpath template publish --ready {name}`" if name else None


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Tell each finding as `file:line:column: …`, and at the end how many there are."""
    found = answer["findings"]
    names = {one["rule"]: one["name"] for one in answer["rules"]}
    for one in found[:MOST_TOLD]:
        where = place_in_file(one, names[one["rule"]], one["rule"])
        yield f"{where}: {one['severity']} {one['code']}: {one['message']}"
        yield f"    why: {one['why']}"
        yield f"    do:  {one['needed']}"
    if len(found) > MOST_TOLD:
        yield f"The first {MOST_TOLD} of {len(found):,}. --json has all."
    yield f"{how_many(len(names), 'rules')}: {counted(answer['counts'])}"
