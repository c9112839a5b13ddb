"""`orderpath rule diff`: what one rule, or version of it, says otherwise than another."""

from typing import Annotated

import typer

from services.cli import given_rules
from services.cli.given_rules import given_rule
from services.cli.options import AsJson
from services.cli.output import put, table, words
from services.cli.session import opened


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=given_rules.ARGUMENT)],
    new: Annotated[str, typer.Argument(metavar="NEW", help=given_rules.ARGUMENT)],
    json: AsJson = False,
) -> None:
    """Show what NEW says otherwise than OLD."""
    from domain.rules.difference import difference

    with opened() as system:
        one, other = given_rule(system, old), given_rule(system, new)
    found = difference(one.definition, other.definition)
    answer = {
        "old": {"rule": one.definition.rule, "version": one.version},
        "new": {"rule": other.definition.rule, "version": other.version},
        "equal": not found,
        "keys": {key: {"old": before, "new": after} for key, (before, after) in found.items()},
    }
    rows = [(key, words(before), words(after)) for key, (before, after) in found.items()]
    names = f"{one.name} > {other.name}"
    same = f"No difference: {one.name} and {other.name} say the same."
    columns = ("key", "before", "after")
    put(answer, as_json=json, people=lambda: [table(names, *columns, rows=rows) if rows else same])
