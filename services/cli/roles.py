"""`orderpath role …`: what whoever holds a role may do and see is published, checked and shown."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli import given_roles
from services.cli.errors import WANTING
from services.cli.files import file_or_ready
from services.cli.given_roles import given_role
from services.cli.options import AsJson, Envelope, unfolded
from services.cli.output import put, table, words
from services.cli.path_lint import counted
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk
from services.cli.session import near, opened

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome
    from domain.paths.findings import Finding
    from domain.roles.definition import Role
    from services.cli.given_roles import GivenRole

app: Final = typer.Typer(
    name="role",
    help="Publish, check and show who may do and see what.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="As `role list` names it.")]


@app.command("list")
def list_them(
    ready: Annotated[
        bool, typer.Option("--ready", help="Those that come ready-made, published or not.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List the roles with what each reaches."""
    rows = _ready_made() if ready else _published()
    columns = ("role!", "v>?", "title", "orders", "personal data", "acts as?")
    cells = [list(row.values()) for row in rows]
    put(rows, as_json=json, people=lambda: [table("Roles", *columns, rows=cells)])


@app.command()
@unfolded
def publish(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="YAML, `-` for standard input; see docs/rights.md."),
    ] = None,
    ready: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead: one that `list --ready` names.")
    ] = None,
    *,
    envelope: Envelope,
) -> None:
    """Give whoever holds a role the rights in a file from now on; the same again is nothing."""
    from domain.roles.line import PublishRole, role_stream
    from services.bootstrap import role_files

    definition: Role = file_or_ready(
        file, ready, preset=role_files.load_preset, read=role_files.read_role
    )
    name = definition.role
    with opened() as system:
        outcome = execute(near(system), PublishRole, envelope, {"definition": definition})
        answer = outcome_dict(near(system), outcome, role_stream(name), role=name)
    put_outcome(outcome, answer, envelope, lambda: _sentence(name, outcome))


@app.command()
def show(
    name: RoleName,
    version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="By default the latest.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Show what whoever holds a role may do and see."""
    from services.questions.rights import ShowRole

    with opened_desk() as desk:
        answer = desk.ask(ShowRole(role=name, version=version))
    put(answer, as_json=json, people=lambda: _sheet(answer))


@app.command()
def lint(
    role: Annotated[str, typer.Argument(metavar=given_roles.ARGUMENT)], json: AsJson = False
) -> None:
    """Say what is not well in a role. 1 if there are errors or warnings; hints are well."""
    from domain.roles.lint import lint as findings_of
    from services.questions.findings import counts_of, told
    from services.reading import latest_paths

    with opened() as system:
        given = given_role(system, role)
        paths = [path.definition for path in latest_paths(system).values()]
    found = findings_of(given.definition, paths)
    counts = counts_of(found)
    answer = {
        "role": given.definition.role,
        "version": given.version,
        "findings": [told(finding, given.spot) for finding in found],
        "counts": counts,
    }
    put(answer, as_json=json, people=lambda: _lines(found, given, counted(counts)))
    if any(finding.severity != "hint" for finding in found):
        raise SystemExit(WANTING)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=given_roles.ARGUMENT)],
    new: Annotated[str, typer.Argument(metavar="NEW", help=given_roles.ARGUMENT)],
    json: AsJson = False,
) -> None:
    """Show what NEW says otherwise than OLD."""
    from domain.paths.difference import differing_keys

    with opened() as system:
        one, other = given_role(system, old), given_role(system, new)
    found = differing_keys(one.definition.content, other.definition.content)
    answer = {
        "old": {"role": one.definition.role, "version": one.version},
        "new": {"role": other.definition.role, "version": other.version},
        "equal": not found,
        "keys": {key: {"old": before, "new": after} for key, (before, after) in found.items()},
    }
    rows = [(key, words(before), words(after)) for key, (before, after) in found.items()]
    names = f"{one.name} > {other.name}"
    same = f"No difference: {one.name} and {other.name} say the same."
    columns = ("key", "before", "after")
    put(answer, as_json=json, people=lambda: [table(names, *columns, rows=rows) if rows else same])


def _published() -> list[dict[str, Any]]:
    from services.questions.rights import Roles

    with opened_desk() as desk:
        rows: list[dict[str, Any]] = desk.ask(Roles())
    return rows


def _ready_made() -> list[dict[str, Any]]:
    from services.bootstrap import role_files
    from services.questions.rights import role_words

    return [role_words(role_files.load_preset(name), None) for name in role_files.preset_names()]


def _sentence(name: str, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing new: the role {name} says so already."
    version = next(iter(outcome.versions.values()))
    return f"Version {version} of the role {name} is in force; {where(outcome)}"


def _lines(found: "list[Finding]", given: "GivenRole", counts: str) -> Iterator[str]:
    for finding in found:
        line, column = given.spot(finding.place) if given.spot else (None, None)
        place = f":{line}:{column}" if line else f", {'.'.join(map(str, finding.place))}"
        yield f"{given.name}{place}: {finding.severity} {finding.code}: {finding.message}"
        yield f"    why: {finding.why}"
        yield f"    do:  {finding.needed}"
    yield f"{given.name}: {counts}"


def _sheet(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    from domain.roles.definition import Role
    from services.plain_json import as_told
    from services.questions.rights import orders_words

    role = Role.as_published(as_told(answer["definition"]))
    rows = [
        ("acts as", ", ".join(role.held_as)),
        ("commands", ", ".join(role.commands) or "none"),
        ("questions", ", ".join(role.questions) or "none"),
        ("never", ", ".join(role.never) or None),
        ("orders", orders_words(role)),
        ("personal data", ", ".join(role.personal) or "none"),
        ("hidden fields", ", ".join(role.hidden) or None),
        ("on behalf of people", "yes" if role.on_behalf else "no"),
        ("published", f"{answer['published_at']:%Y-%m-%d %H:%M} UTC by {answer['published_by']}"),
        ("about", role.description),
    ]
    title = f"Role {role.role}, version {answer['version']}: {role.title.get('en', role.role)}"
    yield table(title, "key", "value", rows=[row for row in rows if row[1] is not None])
