"""`orderpath template …`: what messages say is published, listed, shown, and tried on an order."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.files import file_or_ready
from services.cli.options import AsJson, Envelope, OrderRef, unfolded
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk

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
    with opened_desk() as desk:
        outcome = execute(desk, PublishTemplate, envelope, {"definition": definition})
        answer = outcome_dict(desk, outcome, template_stream(name), template=name)
    put_outcome(outcome, answer, envelope, lambda: _sentence(name, outcome))


@app.command()
def show(name: TemplateName, json: AsJson = False) -> None:
    """Show the latest version of a template."""
    from services.questions.effects import ShowTemplate

    with opened_desk() as desk:
        answer = desk.ask(ShowTemplate(template=name))
    put(answer, as_json=json, people=lambda: _sheet(answer))


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
    from services.questions.effects import PreviewTemplate

    with opened_desk() as desk:
        said = desk.ask(PreviewTemplate(template=name, order=order, language=language))
    put(said, as_json=json, people=lambda: [table(name, "", "", rows=list(said.items()))])


def _published() -> list[dict[str, Any]]:
    from services.questions.effects import Templates

    with opened_desk() as desk:
        rows: list[dict[str, Any]] = desk.ask(Templates())
    return rows


def _ready_made() -> list[dict[str, Any]]:
    from services.bootstrap import template_files
    from services.questions.effects import template_row

    made = map(template_files.load_preset, template_files.preset_names())
    return [template_row(None, one) for one in made]


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


def _sheet(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    from domain.templates.template import Template
    from services.plain_json import as_told

    template = Template.as_published(as_told(answer["definition"]))
    name = answer["template"]
    title = f"{template.title.get('en', name)}, {template.channel}"
    yield table(f"Template {name}, version {answer['version']}: {title}", rows=[])
    for language, wording in template.texts.items():
        said = wording.model_dump(exclude_none=True)
        yield table(language, "", "", rows=list(said.items()))
