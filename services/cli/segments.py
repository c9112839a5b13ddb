"""`orderpath segment …`: groups of customers, and one mailing to a group."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import typer

from services.cli.errors import WANTING, CommandFailed
from services.cli.options import LISTED_FOR_PEOPLE, AsJson, Batching, Cursor, more, unfolded
from services.cli.output import how_many, progress_bar, put, say, table
from services.cli.sending import SOURCE, actor_dict
from services.cli.session import desk as opened_desk
from services.cli.session import up_to_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from services.bootstrap import System
    from services.mailings import Mailing

app: Final = typer.Typer(
    name="segment",
    help="Customers by tag, mark and cancel reason, and a mailing to all of a group.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SegmentName = Annotated[
    str,
    typer.Argument(
        metavar="SEGMENT", help="tag:CODE, mark:CODE or reason:CODE; with commas: all of them."
    ),
]


@app.command("list")
def list_them(json: AsJson = False) -> None:
    """List the groups, the largest first."""
    from services.questions.enquiries import Groups

    with opened_desk() as desk:
        rows = desk.ask(Groups())
    cells = [list(row.values()) for row in rows]
    put(
        rows, as_json=json, people=lambda: [table("Segments", "segment!", "customers>", rows=cells)]
    )


@app.command()
def show(
    segment: SegmentName,
    limit: Annotated[
        int, typer.Option(min=1, max=100_000, metavar="N", help="List at most so many.")
    ] = LISTED_FOR_PEOPLE,
    cursor: Cursor = None,
    json: AsJson = False,
) -> None:
    """Show who is in a group; customers with test orders only are left out."""
    from services.questions.enquiries import ShowSegment

    with opened_desk() as desk:
        answer = desk.ask(ShowSegment(segment=segment, limit=limit, cursor=cursor))
    title = f"{segment}: {how_many(answer['customers'], 'customers')}"
    columns = ("customer!", "tags", "marks", "orders>", "last order (UTC)")
    cells = [
        [", ".join(value) if isinstance(value, list) else value for value in row.values()]
        for row in answer["members"]
    ]
    put(
        answer,
        as_json=json,
        people=lambda: [table(title, *columns, rows=cells), *more(answer)],
    )


@app.command()
@unfolded
def mail(
    segment: SegmentName,
    template: Annotated[str, typer.Option(metavar="NAME", help="What everybody is told.")],
    language: Annotated[
        str | None, typer.Option(metavar="CODE", help="en, ru, …; by default ORDERPATH_LANGUAGE.")
    ] = None,
    *,
    batching: Batching,
) -> None:
    """Send one message to each customer of a group. 1 if one is refused."""
    from services.mailings import customers_of, mail_to, read_segment

    conditions = read_segment(segment)
    with up_to_date() as system:
        mailing = _mailing(system, template, language, batching)
        customers = customers_of(system, conditions)
        sample = _sample(system, mailing, customers)
        outcomes: Counter[str] = Counter()
        if not batching.preview and customers:
            say(f"Mailing {mailing.mailing_id}: with --batch-id and this id it goes on.")
            with progress_bar("Asking for the messages") as move:
                for number, (_, outcome) in enumerate(mail_to(system, mailing, customers), 1):
                    outcomes["repeated" if outcome.repeated else outcome.kind] += 1
                    move(number, len(customers))
    answer = {
        "batch_id": str(mailing.mailing_id),
        "segment": segment,
        "template": template,
        "preview": batching.preview,
        "customers": len(customers),
        "outcomes": {kind: outcomes[kind] for kind in ("accepted", "repeated", "refused")},
        "sample": sample,
    }
    put(answer, as_json=batching.json, people=lambda: _sheet(answer))
    if outcomes["refused"]:
        raise SystemExit(WANTING)


def _mailing(
    system: "System", template: str, language: str | None, batching: Batching
) -> "Mailing":
    from domain.messages import Actor
    from services.effects import published_template
    from services.mailings import Mailing

    definition = published_template(system, template).template
    assert definition is not None, "a published template has a definition"
    return Mailing(
        mailing_id=batching.batch_id or uuid4(),
        template=definition,
        actor=Actor.model_validate(actor_dict(batching)),
        source=SOURCE,
        language=language,
        reason=batching.reason,
    )


def _sample(
    system: "System", mailing: "Mailing", customers: "Sequence[str]"
) -> dict[str, str | None]:
    """Give what the first customer would read: what cannot be said is not begun."""
    from dataclasses import asdict

    from domain.effects.channels import Undelivered
    from services.mailings import check_mailing

    if not customers:
        return {}
    try:
        return asdict(check_mailing(system, mailing, customers[0]))
    except Undelivered as failure:
        raise CommandFailed(f"{failure.code}: {failure.error}") from None


def _sheet(answer: "dict[str, Any]") -> "Iterator[RenderableType]":
    if not answer["customers"]:
        yield "Nobody is in that segment: nothing was done."
        return
    if answer["preview"]:
        yield f"{how_many(answer['customers'], 'customers')} would get this. Nothing was done."
        said = [[name, text] for name, text in answer["sample"].items() if text]
        yield table("What the first of them would read", "", "", rows=said)
        return
    counts = answer["outcomes"]
    told = ", ".join(f"{count:,} {_WORDS[kind]}" for kind, count in counts.items() if count)
    meant = how_many(answer["customers"], "customers")
    yield f"Mailing {answer['batch_id']}, {meant}: {told}."


_WORDS: Final = {
    "accepted": "will be sent",
    "repeated": "asked for before",
    "refused": "refused",
}
