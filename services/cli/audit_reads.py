"""`orderpath audit who|day|access`: who did what, what a day brought, who read personal data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import (
    LISTED_FOR_PEOPLE,
    AsJson,
    Cursor,
    Limit,
    duration_of,
    more,
    said,
    time_of,
    unfolded,
)
from services.cli.output import put, table, words
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType


def day_of(text: str | date) -> date:
    """Read a day."""
    try:
        return text if isinstance(text, date) else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day: write 2026-01-31") from None


ListedActs = Annotated[
    int, typer.Option("--limit", min=1, max=1_000, metavar="N", help="List at most so many.")
]


@dataclass(frozen=True, slots=True)
class Wanting:
    """Whose acts, and of what time: by when the log took them."""

    actor: Annotated[str, typer.Option(metavar="NAME", help="Who acted, or for whom.")]
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="user, api_key, trigger, clock, import or system."),
    ] = None
    since: Annotated[
        datetime | None, typer.Option("--from", parser=time_of, metavar="TIME", help="Or later.")
    ] = None
    until: Annotated[
        datetime | None, typer.Option("--to", parser=time_of, metavar="TIME", help="And before.")
    ] = None
    before: Annotated[
        int | None,
        typer.Option("--cursor", min=1, metavar="N", help="Go on where the last page ended."),
    ] = None


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, and which page of it."""

    since: Annotated[
        datetime | None, typer.Option("--from", parser=time_of, metavar="TIME", help="From then.")
    ] = None
    until: Annotated[
        datetime | None, typer.Option("--to", parser=time_of, metavar="TIME", help="Up to then.")
    ] = None
    cursor: Cursor = None


@unfolded
def who(*, wanting: Wanting, limit: ListedActs = 50, json: AsJson = False) -> None:
    """List all that somebody did, or another did for him, and was refused, the newest first."""
    from services.questions.audit import AuditWho

    if wanting.since is not None and wanting.until is not None and wanting.since > wanting.until:
        raise typer.BadParameter("--from is later than --to: swap the two")
    about = said(kind=wanting.kind, since=wanting.since, until=wanting.until, before=wanting.before)
    with opened_desk() as desk:
        answer = desk.ask(AuditWho.model_validate({"actor": wanting.actor, "limit": limit} | about))
    put(answer, as_json=json, people=lambda: _who_parts(answer))


def day(
    on: Annotated[
        date | None,
        typer.Argument(parser=day_of, metavar="DATE", help="By default today."),
    ] = None,
    zone: Annotated[
        str, typer.Option(metavar="ZONE", help="Where the day begins, as Europe/Berlin.")
    ] = "UTC",
    late: Annotated[
        timedelta | None,
        typer.Option(
            parser=duration_of, metavar="DURATION", help="Late is what is recorded so much later."
        ),
    ] = None,
    limit: ListedActs = 50,
    json: AsJson = False,
) -> None:
    """Report overrides, refusals, late facts, corrections, erasures and changed test flags."""
    from services.questions.audit import AuditDay

    about = said(day=on, late=late)
    with opened_desk() as desk:
        answer = desk.ask(AuditDay.model_validate({"zone": zone, "limit": limit} | about))
    put(answer, as_json=json, people=lambda: _day_parts(answer))


@unfolded
def access(
    subject: Annotated[
        str | None, typer.Option(metavar="CUSTOMER", help="Whose data: the customer's id.")
    ] = None,
    actor: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who read it, or for whom it was read.")
    ] = None,
    limit: Limit = None,
    json: AsJson = False,
    *,
    span: Span,
) -> None:
    """List who read personal data over the API, minute by minute, the latest first."""
    from services.questions.reads import MOST_LISTED, ReadsOf

    most = limit or (MOST_LISTED if json else LISTED_FOR_PEOPLE)
    asked = ReadsOf(
        subject=subject,
        actor=actor,
        since=span.since,
        until=span.until,
        limit=min(most, MOST_LISTED),
        cursor=span.cursor,
    )
    with opened_desk() as desk:
        answer = desk.ask(asked)
    columns = (
        "minute (UTC)!", "kind?", "who", "for?", "question", "whose", "persons>?", "times>",
    )  # fmt: skip
    cells = [list(row.values()) for row in answer["reads"]]
    put(
        answer,
        as_json=json,
        people=lambda: [table("Personal data read", *columns, rows=cells), *more(answer)],
    )


def _who_parts(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    yield _acts(f"What {answer['actor']} did (UTC)", answer["acts"])
    yield from more(answer)


def _day_parts(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    sections = answer["sections"]
    over = "" if answer["is_over"] else ", so far"
    rows = [[_name(name), one["total"], _most(one["by"])] for name, one in sections.items()]
    title = f"{answer['day']} in {answer['zone']}{over}: {answer['events']} events"
    yield table(title, "what", "times>", "by", rows=rows)
    for name, one in sections.items():
        if one["listed"]:
            more = one["total"] - len(one["listed"])
            behind = f", and {more} more" if more else ""
            yield _acts(f"{_name(name).capitalize()} (UTC){behind}", one["listed"])


def _acts(title: str, acts: Sequence[Mapping[str, Any]]) -> "RenderableType":
    rows = [
        [
            one["recorded_at"],
            _actor(one["actor"], one["rule"]),
            _outcome(one),
            one["what"],
            one["stream"],
            ", ".join(filter(None, (one["reason_code"], one["reason"]))),
            one["occurred_at"],
            one["position"],
        ]
        for one in acts
    ]
    names = ("recorded", "who", "did", "what", "where", "why", "happened!?", "position>?")
    return table(title, *names, rows=rows)


def _outcome(one: Mapping[str, Any]) -> str:
    if one["error"] is not None:
        return f"{one['event']}, which cannot be read"
    if one["outcome"] == "done":
        return str(one["event"])
    return f"refused {one['command']}: {', '.join(one['unmet']) or 'too many refusals'}"


def _actor(actor: Mapping[str, Any] | None, rule: Mapping[str, Any] | None) -> str:
    if actor is None:
        return "unknown"
    name = actor["id"] if actor["kind"] == "user" else f"{actor['kind']} {actor['id']}"
    name += f" v{rule['version']}" if rule else ""
    return f"{name} for {actor['on_behalf_of']}" if actor["on_behalf_of"] else name


def _most(by: Sequence[Mapping[str, Any]]) -> str:
    """Name those who did it most often."""
    shown = [f"{_actor(one, None)} {words(one['times'])}" for one in by[:5]]
    return ", ".join(shown) + (", …" if len(by) > len(shown) else "")


def _name(section: str) -> str:
    return section.replace("_", " ")
