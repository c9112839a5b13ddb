"""`orderpath template …`: what messages say is published, listed, shown, and tried on an order."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.errors import CommandFailed
from services.cli.files import file_or_ready
from services.cli.options import AsJson, Envelope, OrderRef, unfolded
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import near, opened

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome
    from domain.templates.template import Template

app: Final = typer.Typer(
    name="template",
    help="What mails and SMS say, in several languages.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

TemplateName = Annotated[
    str, typer.Argument(metavar="TEMPLATE", help="As `template list` names it.")
]


@app.command("list")
def list_them(
    ready: Annotated[
        bool, typer.Option("--ready", help="Those that come along, published or not.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List the published templates with their latest versions."""
    rows = _ready_made() if ready else _published()
    columns = ("template", "version>?", "channel", "title", "languages")
    cells = [list(row.values()) for row in rows]
    put(rows, as_json=json, people=lambda: [table("Templates", *columns, rows=cells)])


@app.command()
@unfolded
def publish(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="YAML, `-` for standard input; see docs/messages.md."),
    ] = None,
    ready: Annotated[
        str | None, typer.Option(metavar="NAME", help="Publish one that comes along.")
    ] = None,
    *,
    envelope: Envelope,
) -> None:
    """Let messages say from now on what stands in a file; the same again is nothing new."""
    from domain.templates.line import PublishTemplate, template_stream

    definition = _file_or_ready(file, ready)
    name = definition.template
    with opened() as system:
        outcome = execute(near(system), PublishTemplate, envelope, {"definition": definition})
        answer = outcome_dict(near(system), outcome, template_stream(name), template=name)
    put_outcome(outcome, answer, envelope, lambda: _sentence(name, outcome))


@app.command()
def show(name: TemplateName, json: AsJson = False) -> None:
    """Show the latest version of a template."""
    from services.effects import published_template

    with opened() as system:
        line = published_template(system, name)
    answer = {"template": name, "version": line.latest, "definition": line.definition}
    put(answer, as_json=json, people=lambda: _sheet(name, line.latest, line.template))


@app.command()
def preview(
    name: TemplateName,
    order: OrderRef,
    language: Annotated[
        str | None, typer.Option(metavar="CODE", help="en, ru, …; by default ORDERPATH_LANGUAGE.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Show what a template would say of an order as it is now. Nothing is sent."""
    from dataclasses import asdict

    from domain.effects.channels import Undelivered
    from services.effects import published_template
    from services.reading import find_order

    with opened() as system:
        template = published_template(system, name).template
        assert template is not None, "a published template has a definition"
        try:
            made = system.letters.preview(template, find_order(system, order), language)
        except Undelivered as failure:
            raise CommandFailed(f"{failure.code}: {failure.error}") from None
    said = {name: text for name, text in asdict(made).items() if text is not None}
    put(said, as_json=json, people=lambda: [table(name, "", "", rows=list(said.items()))])


def _published() -> list[dict[str, Any]]:
    from services.effects import published_template

    with opened() as system:
        lines = [published_template(system, name) for name in sorted(system.log.template_names())]
    return [_row(one.latest, one.template) for one in lines if one.template]


def _ready_made() -> list[dict[str, Any]]:
    from services.bootstrap import template_files

    return [_row(None, template_files.load_preset(one)) for one in template_files.preset_names()]


def _row(version: int | None, template: "Template") -> dict[str, Any]:
    return {
        "template": template.template,
        "version": version,
        "channel": template.channel,
        "title": template.title.get("en", template.template),
        "languages": ", ".join(template.texts),
    }


def _file_or_ready(file: str | None, ready: str | None) -> "Template":
    """Read the file, or take the ready-made one, whichever was named. Raises: Unusable"""
    from services.bootstrap import template_files

    return file_or_ready(
        file, ready, preset=template_files.load_preset, read=template_files.read_template
    )


def _sentence(name: str, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing new: the template {name} says so already."
    version = next(iter(outcome.versions.values()))
    return f"Messages of {name} follow version {version} from now on; {where(outcome)}"


def _sheet(name: str, version: int, template: "Template | None") -> "Iterator[RenderableType]":
    assert template is not None, "a published template has a definition"
    title = template.title.get("en", name)
    yield table(f"Template {name}, version {version}: {title}, {template.channel}", rows=[])
    for language, wording in template.texts.items():
        said = wording.model_dump(exclude_none=True)
        yield table(language, "", "", rows=list(said.items()))
