"""`orderpath rule graph`: which rule can lead to which, by what it does and what others look at."""

from typing import Annotated

import typer

from services.cli.options import AsJson
from services.cli.output import put, table
from services.cli.session import desk as opened_desk


def graph(
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="A picture in Mermaid, for a page.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Show which published rule can lead to which. Rules that are off are left out."""
    from services.questions.rule_trials import RuleGraph, RulePicture

    if mermaid and json:
        raise typer.BadParameter("choose one of --mermaid and --json")
    with opened_desk() as desk:
        answer = desk.ask(RulePicture() if mermaid else RuleGraph())
    if mermaid:
        typer.echo(answer["mermaid"], nl=False)
        return
    rows = [list(one.values()) for one in answer]
    columns = ("rule", "can lead to", "by")
    none = "No rule can lead to another one."
    put(
        answer,
        as_json=json,
        people=lambda: [table("Rules", *columns, rows=rows) if rows else none],
    )
