"""`orderpath effects …`: messages that leave the house are listed, shown, sent again, dropped."""

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID, uuid4

import typer

from services.cli.errors import USAGE, WANTING, CommandFailed
from services.cli.options import (
    Acting,
    AsJson,
    Cursor,
    Envelope,
    Limit,
    more,
    most,
    said,
    time_of,
    unfolded,
    uuid_of,
)
from services.cli.output import put, say, table
from services.cli.sending import build, execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from rich.console import RenderableType

    from domain.effects.commands import EffectCommand
    from domain.effects.endpoints import EndpointCommand
    from domain.messages import Outcome
    from projections.reports.effects import EffectsNow
    from services.desks import Desk
    from services.questions.effects import Effects

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
    cursor: Cursor = None,
    *,
    chosen: Chosen,
    json: AsJson = False,
) -> None:
    """List messages, the newest first, and how many there are of each outlet."""
    from services.questions.effects import Outlets

    asked = _asked_for(chosen, limit=most(limit, everything=json), cursor=cursor)
    with opened_desk() as desk:
        answer = desk.ask(asked)
        opened = () if json else {one["outlet"] for one in desk.ask(Outlets())}
    put(answer, as_json=json, people=lambda: [*_sheet(answer), *more(answer)])
    if not json and (closed := _closed(answer, opened)):
        say(f"No setting opens {', '.join(closed)}: what is for there waits. See docs/messages.md.")


@app.command()
def show(effect: EffectId, json: AsJson = False) -> None:
    """Show a message: what it says, to whom, and what happened to it."""
    from services.questions.effects import ShowEffect

    with opened_desk() as desk:
        view = desk.ask(ShowEffect(effect=effect))
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


def _asked_for(chosen: Chosen, *, limit: int | None = None, cursor: str | None = None) -> "Effects":
    from projections.reports.effects import CHANNELS, STATES
    from services.questions.effects import Effects

    for name, given, known in (
        ("state", chosen.state, STATES),
        ("channel", chosen.channel, CHANNELS),
    ):
        if given not in (None, *known):
            raise typer.BadParameter(f"--{name} is one of {', '.join(known)}")
    return Effects.model_validate(said(**asdict(chosen), limit=limit, cursor=cursor))


def _change(
    command: "type[EffectCommand]",
    effects: Sequence[UUID] | None,
    chosen: Chosen,
    changing: Changing,
    body: Mapping[str, Any],
) -> None:
    """Ask each of the messages; exit code 1 if any refused."""
    if bool(effects) == (chosen != Chosen()):
        words = "name messages, or say which by --state, --rule, --template, --channel, --since …"
        raise CommandFailed(words, USAGE)
    with opened_desk() as desk:
        ids = effects or [*all_meant(desk, chosen)]
        answers = [*_asked(desk, command, ids, changing, body)]
    put(answers, as_json=changing.json, people=lambda: [_counted(answers)])
    if any(one["outcome"] == "refused" for one in answers):
        raise SystemExit(WANTING)


def all_meant(desk: "Desk", chosen: Chosen) -> Iterator[UUID]:
    """Name the messages that are meant, page after page."""
    cursor = None
    while True:
        page = desk.ask(_asked_for(chosen, cursor=cursor))
        yield from (UUID(one["effect_id"]) for one in page["effects"])
        if (cursor := page["next"]) is None:
            return


def _asked(
    desk: "Desk",
    command: "type[EffectCommand]",
    ids: Sequence[UUID],
    acting: Acting,
    body: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    """Ask many as one: what is refused of them was asked for, and keeps none back."""
    envelope = Envelope(actor=acting.actor, role=acting.role, reason=acting.reason)
    whole = {**body, "correlation_id": uuid4()}
    with _sparing(desk, whole["correlation_id"]):
        for begin in range(0, len(ids), AT_ONCE):
            some = ids[begin : begin + AT_ONCE]
            sent = [build(desk, command, envelope, {"effect_id": one, **whole}) for one in some]
            for effect_id, outcome in zip(some, desk.send_all(sent), strict=True):
                if isinstance(outcome, Exception):
                    raise outcome
                unmet = [one.model_dump() for one in outcome.unmet]
                yield {"effect_id": str(effect_id), "outcome": outcome.kind, "unmet": unmet}


def _sparing(desk: "Desk", correlation_id: UUID) -> "AbstractContextManager[None]":
    """Let refusals of a batch pass; a server counts them as those of any caller."""
    from services.desks import Near

    if isinstance(desk, Near):
        return desk.system.pipeline.flood.sparing(correlation_id)
    return nullcontext()


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
    from services.questions.effects import KnownOutlet

    with opened_desk() as desk:
        desk.ask(KnownOutlet(outlet=endpoint))
        outcome = execute(desk, command, envelope, {"endpoint": endpoint})
        stream = endpoint_stream(endpoint)
        answer = outcome_dict(desk, outcome, stream, endpoint=endpoint)
    put_outcome(outcome, answer, envelope, lambda: _sentence(endpoint, now, outcome))


def _sentence(endpoint: str, now: str, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing to do: {endpoint} {now} already."
    return f"{endpoint} {now}; {where(outcome)}"


def _closed(answer: "EffectsNow", opened: Container[str]) -> list[str]:
    """Name the outlets for which messages wait, and that no setting opens."""
    waiting = (one["outlet"] for one in answer["outlets"] if one["pending"] or one["failed"])
    return [outlet for outlet in waiting if outlet not in opened]


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
