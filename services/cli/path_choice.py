"""`orderpath path which`: the path that an order takes which names none, and why."""

from typing import Annotated, Any

import typer

from services.cli.options import AsJson
from services.cli.output import put, table
from services.cli.session import desk as opened_desk


def which(
    order_type: Annotated[str, typer.Option(metavar="CODE")] = "private",
    channel: Annotated[str, typer.Option(metavar="CODE")] = "web",
    shop: Annotated[str, typer.Option(metavar="NAME")] = "main",
    json: AsJson = False,
) -> None:
    """Say which path such orders take, and which others apply to them, the closest first."""
    from services.questions.paths import WhichPath

    with opened_desk() as desk:
        answer = desk.ask(WhichPath(order_type=order_type, channel=channel, shop=shop))
    put(answer, as_json=json, people=lambda: _tables(answer))


def _tables(answer: dict[str, Any]) -> list[Any]:
    if not answer["matches"]:
        return ["No path applies to such orders: they have to name one."]
    rows = [
        [row["path"], row["version"], ", ".join(row["names"]) or "every order"]
        for row in answer["matches"]
    ]
    return [
        table("The first one is taken", "path", "version>", "names", rows=rows),
        "The shop weighs most, then the channel, then the type of the order; of equal ones the"
        " path that was published last is taken.",
    ]
