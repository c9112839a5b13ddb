"""`orderpath rule diff`: what one rule, or version of it, says otherwise than another."""

from typing import Annotated

import typer

from services.cli.given import RULE, called, given
from services.cli.options import AsJson
from services.cli.output import put, table, words
from services.cli.session import desk as opened_desk


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=RULE)],
    new: Annotated[str, typer.Argument(metavar="NEW", help=RULE)],
    json: AsJson = False,
) -> None:
    """Show what NEW says otherwise than OLD."""
    from services.questions.lint import RuleDiff

    asked = RuleDiff(old=given(old), new=given(new))
    with opened_desk() as desk:
        answer = desk.ask(asked)
    rows = [(key, words(one["old"]), words(one["new"])) for key, one in answer["keys"].items()]
    before, after = (
        called(one, answer[side]["rule"], answer[side]["version"])
        for side, one in (("old", asked.old), ("new", asked.new))
    )
    same = f"No difference: {before} and {after} say the same."
    columns = ("key", "before", "after")
    put(
        answer,
        as_json=json,
        people=lambda: [table(f"{before} > {after}", *columns, rows=rows) if rows else same],
    )
