"""`orderpath effects …`: messages that leave the house are listed, shown, sent again, dropped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID, uuid4

import typer

from services.cli.errors import USAGE, WANTING, CommandFailed
from services.cli.options import (
    LISTED_FOR_PEOPLE,
    Acting,
    AsJson,
    Envelope,
    Limit,
    time_of,
    unfolded,
    uuid_of,
)
from services.cli.output import put, say, table
from services.cli.sending import build, execute, outcome_dict, put_outcome, where
from services.cli.session import catch_up, near, opened, up_to_date

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.effects.commands import EffectCommand
    from domain.effects.endpoints import EndpointCommand
    from domain.messages import Outcome
    from projections.reports.effects import EffectsNow, Sought
    from services.bootstrap import System

app: Final = typer.Typer(
    name="effects",
    help="Mails, SMS and webhooks: who is told what, and what became of it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
AT_ONCE: Final = 500  # commands under way together

EffectId = Annotated[UUID, typer.Argument(parser=uuid_of, metavar="EFFECT")]
EffectIds = Annotated[
    list[UUID] | None,
    typer.Argument(parser=uuid_of, metavar="EFFECT", help="One or more; else by the options."),
]
Outlet = Annotated[
    str, typer.Argument(metavar="ENDPOINT", help="As ORDERPATH_WEBHOOKS names it; or mail, sms.")
]
ReasonCode = Annotated[str, typer.Option(metavar="CODE", help="Why: told_by_phone, …")]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which messages are meant."""

    state: Annotated[
        str | None, typer.Option(metavar="STATE", help="pending, sent, failed, dead, dropped.")
    ] = None
    channel: Annotated[str | None, typer.Option(metavar="NAME", help="mail, sms, webhook.")] = None
    endpoint: Annotated[str | None, typer.Option(metavar="NAME", help="Of webhooks.")] = None
    template: Annotated[str | None, typer.Option(metavar="NAME", help="Made from this one.")] = None
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="Asked for by it.")] = None
    since: Annotated[
        datetime | None,
        typer.Option(parser=time_of, metavar="TIME", help="Asked for then or later."),
    ] = None
    until: Annotated[
        datetime | None, typer.Option(parser=time_of, metavar="TIME", help="Asked for before.")
    ] = None
    order: Annotated[str | None, typer.Option(metavar="ORDER", help="About this order.")] = None


@dataclass(frozen=True, slots=True)
class Changing(Acting):
    """Who changes messages, and how the answer comes out."""

    json: AsJson = False


@app.command("list")
@unfolded
def list_(
    limit: Limit = None,
    *,
    chosen: Chosen,
    json: AsJson = False,
) -> None:
    """List messages, the newest first, and how many there are of each outlet."""
    from projections.reports.effects import MOST_LISTED, list_effects

    most = limit or (MOST_LISTED if json else LISTED_FOR_PEOPLE)
    with up_to_date() as system:
        sought = _sought(system, chosen)
        with system.snapshot() as reader:
            answer = list_effects(reader, sought, limit=most)
        closed = _closed(system, answer)
    put(answer, as_json=json, people=lambda: _sheet(answer))
    if closed and not json:
        say(f"No setting opens {', '.join(closed)}: what is for there waits. See docs/messages.md.")


@app.command()
def show(effect: EffectId, json: AsJson = False) -> None:
    """Show a message: what it says, to whom, and what happened to it."""
    from services.effects import show_effect

    with opened() as system:
        view = show_effect(system, effect)
    put(view, as_json=json, people=lambda: _page(view))


@app.command()
@unfolded
def resend(effects: EffectIds = None, *, chosen: Chosen, changing: Changing) -> None:
    """Send messages again: those that are named, or all that the options mean."""
    from domain.effects.commands import ResendEffect

    _change(ResendEffect, effects, chosen, changing, {})


@app.command()
@unfolded
def drop(
    effects: EffectIds = None,
    reason_code: ReasonCode = "not_wanted",
    *,
    chosen: Chosen,
    changing: Changing,
) -> None:
    """Send messages no more: those that are named, or all that the options mean."""
    from domain.effects.commands import DropEffect

    _change(DropEffect, effects, chosen, changing, {"reason_code": reason_code})


@app.command()
@unfolded
def pause(endpoint: Outlet, *, envelope: Envelope) -> None:
    """Send nothing to an endpoint until it is resumed. What is for it waits."""
    from domain.effects.endpoints import PauseEndpoint

    _to_endpoint(PauseEndpoint, endpoint, envelope, "is paused")


@app.command()
@unfolded
def resume(endpoint: Outlet, *, envelope: Envelope) -> None:
    """Let an endpoint be told again; what waits for it goes out."""
    from domain.effects.endpoints import ResumeEndpoint

    _to_endpoint(ResumeEndpoint, endpoint, envelope, "is told again")


def _sought(system: "System", chosen: Chosen) -> "Sought":
    from projections.reports.effects import CHANNELS, STATES, Sought
    from services.reading import find_order

    for name, given, known in (
        ("state", chosen.state, STATES),
        ("channel", chosen.channel, CHANNELS),
    ):
        if given not in (None, *known):
            raise typer.BadParameter(f"--{name} is one of {', '.join(known)}")
    order_id = None if chosen.order is None else find_order(system, chosen.order)
    return Sought(
        state=chosen.state,
        channel=chosen.channel,
        endpoint=chosen.endpoint,
        template=chosen.template,
        rule=chosen.rule,
        order_id=order_id,
        since=chosen.since,
        until=chosen.until,
    )


def _change(
    command: "type[EffectCommand]",
    effects: Sequence[UUID] | None,
    chosen: Chosen,
    changing: Changing,
    body: Mapping[str, Any],
) -> None:
    """Ask each of the messages; exit code 1 if any refused."""
    from projections.reports.effects import list_effects

    if bool(effects) == (chosen != Chosen()):
        words = "name messages, or say which by --state, --rule, --template, --channel, --since …"
        raise CommandFailed(words, USAGE)
    with up_to_date() as system:
        ids = list(effects or ())
        if not ids:
            with system.snapshot() as reader:
                found = list_effects(reader, _sought(system, chosen))["effects"]
            ids = [one["effect_id"] for one in found]
        answers = [*_asked(system, command, ids, changing, body)]
    put(answers, as_json=changing.json, people=lambda: [_counted(answers)])
    if any(one["outcome"] == "refused" for one in answers):
        raise SystemExit(WANTING)


def _asked(
    system: "System",
    command: "type[EffectCommand]",
    ids: Sequence[UUID],
    acting: Acting,
    body: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    """Ask many as one: what is refused of them was asked for, and keeps none back."""
    envelope = Envelope(actor=acting.actor, role=acting.role, reason=acting.reason)
    whole = {**body, "correlation_id": uuid4()}
    with system.pipeline.flood.sparing(whole["correlation_id"]):
        for begin in range(0, len(ids), AT_ONCE):
            some = ids[begin : begin + AT_ONCE]
            sent = [
                system.pipeline.submit(
                    build(near(system), command, envelope, {"effect_id": one, **whole})
                )
                for one in some
            ]
            for effect_id, answer in zip(some, sent, strict=True):
                outcome = answer.result()
                unmet = [one.model_dump() for one in outcome.unmet]
                yield {"effect_id": str(effect_id), "outcome": outcome.kind, "unmet": unmet}


def _counted(answers: Sequence[Mapping[str, Any]]) -> str:
    kinds = [one["outcome"] for one in answers]
    counts = {kind: kinds.count(kind) for kind in ("accepted", "nothing", "refused")}
    codes = sorted({unmet["code"] for one in answers for unmet in one["unmet"]})
    because = f" ({', '.join(codes)})" if codes else ""
    return (
        f"{counts['accepted']} done, {counts['nothing']} were so already, "
        f"{counts['refused']} refused{because}."
    )


def _to_endpoint(
    command: "type[EndpointCommand]", endpoint: str, envelope: Envelope, now: str
) -> None:
    from domain.effects.endpoints import endpoint_stream
    from services.effects import check_outlet, is_outlet

    with opened() as system:
        if not is_outlet(system, endpoint):
            catch_up(system)
            check_outlet(system, endpoint)
        outcome = execute(near(system), command, envelope, {"endpoint": endpoint})
        stream = endpoint_stream(endpoint)
        answer = outcome_dict(near(system), outcome, stream, endpoint=endpoint)
    put_outcome(outcome, answer, envelope, lambda: _sentence(endpoint, now, outcome))


def _sentence(endpoint: str, now: str, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing to do: {endpoint} {now} already."
    return f"{endpoint} {now}; {where(outcome)}"


def _closed(system: "System", answer: "EffectsNow") -> list[str]:
    """Name the outlets for which messages wait, and that no setting opens."""
    opened_ones = {outlet.name for outlet in system.settings.outlets}
    waiting = (one["outlet"] for one in answer["outlets"] if one["pending"] or one["failed"])
    return [outlet for outlet in waiting if outlet not in opened_ones]


def _sheet(answer: "EffectsNow") -> "Iterator[RenderableType]":
    counts = ("pending", "failed", "dead", "dropped", "sent")
    yield table(
        "Messages by outlet",
        "outlet", *(f"{name}>" for name in counts), "paused since (UTC)?",
        rows=(list(one.values()) for one in answer["outlets"]),
    )  # fmt: skip
    if answer["effects"]:
        yield table(
            None,
            "effect!", "channel", "what", "order?", "to?", "state", "tries>", "asked (UTC)",
            "next (UTC)?", "why?",
            rows=(
                [
                    one["effect_id"], one["channel"], one["template"] or one["endpoint"],
                    one["order_id"], one["to_who"] or one["to_kind"], one["state"],
                    one["attempts"], one["requested_at"], one["next_at"], one["reason_code"],
                ]
                for one in answer["effects"]
            ),
        )  # fmt: skip


def _page(view: Mapping[str, Any]) -> "Iterator[RenderableType]":
    plain = {name: value for name, value in view.items() if value is not None}
    says, history, to = plain.pop("says"), plain.pop("history"), plain.pop("to", None)
    if to:
        plain["to"] = " ".join(filter(None, (to["kind"], to["who"], to["customer_id"])))
    rows = [(name.replace("_", " "), value) for name, value in plain.items()]
    yield table(f"Effect {view['effect_id']}", "", "", rows=rows[1:])
    yield table("What it says now", "", "", rows=list(says.items()))
    shown = ("attempt", "reason_code", "error", "next_at", "provider_id")
    yield table(
        "What happened",
        "at (UTC)", "what", "by", "try?>", "why?", "error?", "next (UTC)?", "called there?",
        rows=(
            [one["at"], one["what"], one["by"], *(one.get(name) for name in shown)]
            for one in history
        ),
    )  # fmt: skip
