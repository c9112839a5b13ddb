"""`orderpath rule backtest|compare`, `order why-not`: what rules would do, and why they did not."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.files import given_file
from services.cli.options import AsJson, OrderRef, unfolded
from services.cli.output import progress_bar, put, table, words
from services.cli.session import desk as opened_desk
from services.cli.session import opened

if TYPE_CHECKING:
    from rich.console import RenderableType

    from projections.reports.rule_runs import Ran

RuleName = Annotated[str, typer.Argument(metavar="RULE", help="As `rule list` names it.")]
Days = Annotated[int, typer.Option(min=1, max=36_500, metavar="N", help="So many days back.")]
MOST_SHOWN: Final = 20  # orders that a table lists


@unfolded
def backtest(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A rule, as for `rule publish`.")],
    days: Days = 30,
    path: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only orders that follow this path.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Say what a rule would have done to what has happened. Changes nothing. What was told late is
    taken at the moment at which it happened, not at that at which it was told. Not with --url: it
    reads the log for as long as that takes, which a server does for nobody.
    """
    from services.backtest import backtest as judge
    from services.backtest import last_days
    from services.bootstrap import rule_files
    from services.reading import known_path

    given = given_file(file)
    rule = rule_files.read_rule(given.text, where=given.name)
    with opened() as system, progress_bar("Backtest") as move:
        if path is not None:
            known_path(system, path)
        part = last_days(system.log, rule, days, until=system.clock(), path=path)
        (found,) = judge(system.projection_log, [rule], part, move)
    answer = {"events": part.up_to - part.behind, "days": days, "path": path, **found.as_dict()}
    put(answer, as_json=json, people=lambda: _tested(answer))


def _tested(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    counts = [[kind, times] for kind, times in sorted(answer["results"].items())]
    yield table(
        f"{answer['rule']} would have looked {answer['looked']} times at {answer['events']} events",
        "result",
        "runs>",
        rows=counts,
    )
    for title, key in (
        ("Conditions that did not hold", "missed"),
        ("Moves that the path would refuse", "refused"),
        ("Rules that want another of the same order at once", "conflicts"),
    ):
        if answer[key]:
            rows = [[name, times] for name, times in sorted(answer[key].items())]
            yield table(title, "what", "times>", rows=rows)
    rows = [
        [one["order_id"] or "", one["occurred_at"], ", ".join(one["commands"])]
        for one in answer["would"][:MOST_SHOWN]
    ]
    if rows:
        yield table("It would have acted on", "order", "when", "commands", rows=rows)
    if answer["aside"]:
        title = "Left aside, as something of them cannot be read"
        yield table(title, "order", rows=[[one] for one in answer["aside"][:MOST_SHOWN]])
    if answer["unread"]:
        yield (
            f"Cannot be read: {', '.join(answer['unread'])}. What such a rule, or one that goes by "
            "such a calendar, wants is not among the conflicts, and a move on a path that goes by "
            "one was not tried."
        )


@unfolded
def compare(name: RuleName, days: Days = 30, json: AsJson = False) -> None:
    """Set what a rule in shadow would have done beside what people did."""
    from services.questions.rule_trials import ShadowRule

    with opened_desk() as desk:
        answer = desk.ask(ShadowRule(rule=name, days=days))
    did = ("people did the same>", "another>", "programs moved it>", "nothing yet>", "s>")
    columns = ("would move to", "runs>", *did)
    cells = [list(row.values()) for row in answer["moves"]]
    put(answer, as_json=json, people=lambda: [table(f"Shadow {name}", *columns, rows=cells)])


def why_not(order: OrderRef, rule: RuleName, json: AsJson = False) -> None:
    """Say what a rule said to an order, and why it did not act."""
    from services.questions.rule_trials import RuleRuns

    with opened_desk() as desk:
        answer = desk.ask(RuleRuns(order=order, rule=rule))
    put(answer, as_json=json, people=lambda: _why(answer["runs"], rule))


def _why(runs: "list[Ran]", rule: str) -> "Iterator[RenderableType]":
    if not runs:
        yield (
            f"{rule} has never looked at this order: nothing has happened to it since the rule was "
            "published that the rule looks at. What an import tells, no rule looks at."
        )
        return
    rows = [
        [
            run["occurred_at"],
            run["event"],
            run["rule_version"],
            _result(run),
            ", ".join(name for name, holds in run["conditions"].items() if holds is not True),
            ", ".join(f"{act['command']}: {_became(act)}" for act in run["acts"]),
        ]
        for run in runs
    ]
    columns = ("when", "event", "v>", "result", "did not hold", "sent")
    yield table(f"What {rule} said", *columns, rows=rows)


def _result(run: "Ran") -> str:
    until = f" until {words(run['due_at'])}" if run["due_at"] else ""
    return run["result"] + (f" ({run['why']})" if run["why"] else "") + until


def _became(act: Any) -> str:
    why = ", ".join(unmet["code"] for unmet in act["unmet"] or ())
    if act["waits_for"]:
        why = f"for {act['waits_for']}, which has sent as much as it may within a minute"
    return f"{act['outcome']} ({why})" if why else str(act["outcome"])
