"""`orderpath rule graph`: which rule can lead to which, by what it does and what others look at."""

from typing import Annotated

import typer

from services.cli.options import AsJson
from services.cli.output import put, table
from services.cli.session import opened


def graph(
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="A picture in Mermaid, for a page.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Show which published rule can lead to which. Rules that are off are left out."""
    from services.reading import latest_paths
    from services.rules import picture
    from services.rules.published import latest_rules

    if mermaid and json:
        raise typer.BadParameter("choose one of --mermaid and --json")
    with opened() as system:
        rules = [one.definition for one in latest_rules(system)]
        paths = [one.definition for one in latest_paths(system).values()]
    if mermaid:
        typer.echo(picture.mermaid(rules, paths), nl=False)
        return
    edges = picture.edges(rules, paths)
    answer = [{"rule": one, "leads_to": other, "by": words} for one, other, words in edges]
    columns = ("rule", "can lead to", "by")
    none = "No rule can lead to another one."
    put(
        answer,
        as_json=json,
        people=lambda: [table("Rules", *columns, rows=edges) if edges else none],
    )
