"""`orderpath rule …`: rules are published, listed, shown and switched."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid5

import typer

from services.cli.errors import WANTING, complain, unmet_lines
from services.cli.files import file_or_ready
from services.cli.options import AsJson, Envelope, unfolded
from services.cli.output import how_many, put, say, table
from services.cli.rule_lint import tell_errors
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome
    from domain.refusals import Unmet
    from domain.rules.rule import Rule
    from services.desks import Desk

app: Final = typer.Typer(
    name="rule",
    help="Publish, check and show the rules by which things happen by themselves.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
RuleName = Annotated[str, typer.Argument(metavar="RULE", help="As `rule list` names it.")]
_COLUMNS: Final = (
    "order>", "rule!", "mode", "v>", "when", "if", "what", "last fired (UTC)!?", "in 30 days>?",
)  # fmt: skip


@app.command("list")
def list_them(
    ready: Annotated[
        bool, typer.Option("--ready", help="Those that come ready-made, published or not.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List the rules in the order in which they act: when each looks, what it does, and whether it
    ever did."""
    from services.questions.rules import Rules

    if ready:
        rows = list(_ready())
        columns: tuple[str, ...] = ("shop", "rule!", "title", "when", "what")
    else:
        with opened_desk() as desk:
            rows = desk.ask(Rules())
        columns = _COLUMNS
    cells = [list(row.values()) for row in rows]
    put(rows, as_json=json, people=lambda: [table("Rules", *columns, rows=cells)])


@app.command()
@unfolded
def publish(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="YAML, `-` for standard input; see docs/rules.md."),
    ] = None,
    ready: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead: one that `list --ready` names.")
    ] = None,
    shop: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead: all of a ready-made shop.")
    ] = None,
    *,
    envelope: Envelope,
) -> None:
    """Let a rule judge what happens from now on; the same content again is nothing new."""
    from domain.rules.line import PublishRule, stream_of

    if shop is not None and file is ready is None:
        _publish_shop(shop, envelope)
        return
    definition = _file_or_ready(file, ready, shop)
    name = definition.rule
    with opened_desk() as desk:
        outcome = execute(desk, PublishRule, envelope, {"definition": definition})
        answer = outcome_dict(desk, outcome, stream_of(name), rule=name)
        put_outcome(outcome, answer, envelope, lambda: _sentence(desk, name, outcome))
        tell_errors(desk, [definition])


@app.command()
@unfolded
def mode(
    name: RuleName,
    to: Annotated[str, typer.Argument(metavar="live|shadow|off", help="shadow only judges.")],
    *,
    envelope: Envelope,
) -> None:
    """Let a rule act, only judge, or do neither: its next version, else the same."""
    from domain.rules.line import SetRuleMode, stream_of

    with opened_desk() as desk:
        outcome = execute(desk, SetRuleMode, envelope, {"rule": name, "mode": to})
        answer = outcome_dict(desk, outcome, stream_of(name), rule=name)
        put_outcome(outcome, answer, envelope, lambda: _sentence(desk, name, outcome))
        if outcome.kind == "accepted":
            _tell_waits(desk, name)
        if to != "live":
            _tell_waiting(desk, name)


@app.command()
def show(
    name: RuleName,
    version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="By default the latest.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Show a rule: when it looks, what has to hold, what it does."""
    from services.questions.rules import ShowRule

    with opened_desk() as desk:
        answer = desk.ask(ShowRule(rule=name, version=version))
    put(answer, as_json=json, people=lambda: _sheet(answer))


@app.command()
def schema() -> None:
    """Print the JSON Schema of rule files, by which editors complete and check them."""
    from importlib.resources import files

    source = files("domain.rules").joinpath("rule.schema.json")
    typer.echo(source.read_text(encoding="utf-8"), nl=False)


def _ready() -> Iterator[dict[str, Any]]:
    """Describe each ready-made rule, those of shops last."""
    from services.bootstrap import rule_files
    from services.rules import rule_words as words

    alone = [(None, rule_files.load_preset(name)) for name in rule_files.preset_names()]
    of_shops = [(s, one) for s in rule_files.shop_names() for one in rule_files.shop_rules(s)]
    for shop, rule in (*alone, *of_shops):
        yield {
            "shop": shop,
            "rule": rule.rule,
            "title": rule.title.get("en"),
            "when": words.when_words(rule),
            "what": words.what_words(rule),
        }


def _file_or_ready(file: str | None, ready: str | None, shop: str | None) -> "Rule":
    """Read the file, or take the ready-made rule, whichever was named. Raises: Unusable"""
    from services.bootstrap import rule_files

    named = (file, ready) if shop is None else (None, None)  # Beside a shop there is no other.
    return file_or_ready(
        *named,
        preset=rule_files.load_preset,
        read=rule_files.read_rule,
        ways="a FILE, --ready NAME or --shop NAME",
    )


def _publish_shop(shop: str, envelope: Envelope) -> None:
    """Publish the rules of a shop one by one; under one command id each has its own from it."""
    from dataclasses import replace

    from domain.rules.line import PublishRule, stream_of
    from services.bootstrap import rule_files

    answers: list[dict[str, Any]] = []
    lines: list[str] = []
    unmet: list[Unmet] = []
    published: list[Rule] = []
    with opened_desk() as desk:
        for rule in rule_files.shop_rules(shop):
            own = envelope.command_id and uuid5(envelope.command_id, rule.rule)
            said = replace(envelope, command_id=own)
            outcome = execute(desk, PublishRule, said, {"definition": rule})
            answers.append(outcome_dict(desk, outcome, stream_of(rule.rule), rule=rule.rule))
            if outcome.kind == "refused":
                unmet += outcome.unmet
            else:
                lines.append(_sentence(desk, rule.rule, outcome))
                published.append(rule)
        put({"shop": shop, "rules": answers}, as_json=envelope.json, people=lambda: lines)
        tell_errors(desk, published)
    if unmet:
        complain(unmet_lines(tuple(unmet)))
        raise SystemExit(WANTING)


def _sentence(desk: "Desk", name: str, outcome: "Outcome") -> str:
    from services.questions.rules import ShowRule

    known = desk.ask(ShowRule(rule=name))
    version = known["version"]
    doing = {"live": "acts on", "shadow": "only judges", "off": "leaves alone"}
    if outcome.kind == "nothing":
        return f"Nothing new: version {version} of rule {name} says the same."
    does = doing[known["definition"]["mode"]]
    return f"Version {version} of rule {name} {does} what happens now; {where(outcome)}"


def _tell_waits(desk: "Desk", name: str) -> None:
    """Say what becomes of the delays and silences of a rule that was switched, if it has some."""
    from domain.rules.triggers import OnSilence
    from services.questions.rules import ShowRule

    rule = _published(desk.ask(ShowRule(rule=name)))
    is_silent = any(isinstance(on, OnSilence) for on in rule.on)
    if is_silent or rule.delay is not None or rule.hours is not None:
        ends = {
            "live": "those that end from now on act, and none has begun while it was off.",
            "shadow": "those that end in shadow are only judged.",
            "off": "those that end while it is off come to nothing.",
        }
        say(f"What it waits for, as delays, hours and silence, runs on: {ends[rule.mode]}")
    if is_silent and rule.mode == "off":
        say("Silence that is broken meanwhile begins anew with what happens once it is on again.")


def _tell_waiting(desk: "Desk", name: str) -> None:
    """Say which messages go out though the rule that asked for them acts no more."""
    from services.questions.rule_trials import RuleWaiting

    waiting = desk.ask(RuleWaiting(rule=name))
    if waiting:
        messages = how_many(sum(waiting.values()), "messages")
        say(f"What it has asked for still goes out: {messages}. To drop what waits:")
    for state in waiting:
        say(f"  orderpath effects drop --rule {name} --state {state}")


def _sheet(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    from services.rules import rule_words as words

    rule = _published(answer)
    title = f"Rule {rule.rule}, version {answer['version']}: {rule.title.get('en', rule.rule)}"
    limits = f"{rule.limits.per_order} times per order, {rule.limits.per_minute} per minute"
    rows = [
        ("mode", rule.mode),
        ("order", rule.order),
        ("when", words.when_words(rule)),
        *((f"if {name}", source) for name, source in rule.if_.items()),
        *(("then", what) for what in words.what_words(rule).split("; ")),
        ("roles", ", ".join(rule.roles) or None),
        ("says why not", rule.why_not),
        ("not if", ", ".join(rule.cancel_on) or None),
        ("at most", limits),
        ("published", f"{answer['published_at']:%Y-%m-%d %H:%M} UTC by {answer['published_by']}"),
        *([("about", rule.description)] if rule.description else []),
    ]
    yield table(title, "key", "value", rows=[row for row in rows if row[1] is not None])


def _published(answer: Mapping[str, Any]) -> "Rule":
    from domain.rules.rule import Rule
    from services.plain_json import as_told

    return Rule.as_published(as_told(answer["definition"]))
