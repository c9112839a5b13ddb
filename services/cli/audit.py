"""`orderpath audit …`: whether the log is as it was sealed; heads, proofs, keys of the seal."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.errors import USAGE, WANTING, CommandFailed
from services.cli.options import LISTED_FOR_PEOPLE, AsJson, Limit, unfolded
from services.cli.output import how_many, progress_bar, put, table, words
from services.cli.session import desk as opened_desk
from services.cli.session import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import RenderableType

    from services.bootstrap import System
    from services.desks import Desk

LONGEST_POSITION: Final = 19  # digits; what has more is the number of an order

app: Final = typer.Typer(
    name="audit",
    help="Whether the log is as it was sealed: check, prove, take along. docs/audit.md.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
keys: Final = typer.Typer(
    name="key",
    help="The keys that sign heads of the log.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(keys)


@dataclass(frozen=True, slots=True)
class Verifying:
    """What is checked, and against what."""

    first: Annotated[
        int, typer.Option("--from", min=1, metavar="POSITION", help="By default the first event.")
    ] = 1
    last: Annotated[
        int | None,
        typer.Option("--to", min=1, metavar="POSITION", help="By default the end of the log."),
    ] = None
    witness: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Heads that were held outside of the database."),
    ] = None
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY_ID", help="A key that you hold for ours; repeatable."),
    ] = None


@app.command()
@unfolded
def verify(*, verifying: Verifying, json: AsJson = False) -> None:
    """Check the log against what was sealed of it; exit code 1 if anything is not as it was."""
    from services.desks import Near

    with opened_desk() as desk, progress_bar("Events") as move:
        answer = (
            _check_near(desk.system, verifying, move)
            if isinstance(desk, Near)
            else _check_far(desk, verifying, move)
        )
    put(answer, as_json=json, people=lambda: _report_sheet(answer))
    if not answer["intact"]:
        raise SystemExit(WANTING)


@app.command()
def heads(
    limit: Limit = None,
    after: Annotated[
        int | None, typer.Option(min=0, metavar="NUMBER", help="Those behind this head.")
    ] = None,
    json: AsJson = False,
) -> None:
    """List the signed heads, the newest last."""
    from services.questions.sealed import MOST_LISTED, AuditHeads

    wanted, answer = limit or LISTED_FOR_PEOPLE, list[Any]()
    with opened_desk() as desk:
        if after is None and wanted > MOST_LISTED:
            last = desk.ask(AuditHeads(limit=1))["heads"]
            after = max(last[0]["number"] - wanted, 0) if last else 0
        more = True
        while more and len(answer) < wanted:
            page = desk.ask(AuditHeads(after=after, limit=min(wanted - len(answer), MOST_LISTED)))
            answer += page["heads"]
            more, after = page["next"] is not None, page["next"]
    columns = ("number", "epoch", "size", "commands", "sealed_at", "root", "key_id")
    rows = [[one[name] for name in columns] for one in answer]
    names = ("head>", "epoch>", "events>", "commands>", "sealed", "root!", "key")
    put(answer, as_json=json, people=lambda: [table("Heads", *names, rows=rows)])


@app.command()
def proof(
    what: Annotated[
        str, typer.Argument(metavar="ORDER|POSITION", help="An order, or the position of an event.")
    ],
    head: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="By default the last head.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Prove that an event, or each event of an order so far, is in the log under a head."""
    from services.questions.sealed import MOST_LISTED, AuditProofs

    is_position = what.strip().isdecimal() and len(what.strip()) < LONGEST_POSITION
    about = {"position": int(what)} if is_position else {"order": what}
    answer, after, unsealed = list[Any](), None, 0
    with opened_desk() as desk:
        while not answer or after is not None:
            asked = {"head": head, "after": after, "limit": MOST_LISTED, **about}
            page = desk.ask(AuditProofs.model_validate(asked))
            answer, after, unsealed = answer + page["proofs"], page["next"], page["unsealed"]
            head = answer[0]["head"]["number"]  # One for all pages.
    rows = [[one["position"], one["leaf"], len(one["path"]), one["holds"]] for one in answer]
    names = ("position>", "leaf!", "steps>", "holds")
    left = f"{how_many(unsealed, 'events')} of the order came after this head."
    told = [answer[0]["head"]["note"], *([left] if unsealed else [])]
    put(answer, as_json=json, people=lambda: [table(None, *names, rows=rows), *told])
    if not all(one["holds"] for one in answer):
        raise SystemExit(WANTING)


@app.command()
def consistency(
    first: Annotated[int, typer.Argument(metavar="FROM", min=1, help="Number of a head.")],
    second: Annotated[int, typer.Argument(metavar="TO", min=1, help="Number of a later head.")],
    json: AsJson = False,
) -> None:
    """Prove that the log of a head begins with the log of an earlier one."""
    from services.questions.sealed import AuditConsistency

    with opened_desk() as desk:
        answer = desk.ask(AuditConsistency(first=first, second=second))
    verb = "begins" if answer["holds"] else "does NOT begin"
    sentence = (
        f"The log of head {second} ({answer['second']['size']} events) {verb} with that of head "
        f"{first} ({answer['first']['size']} events)."
    )
    put(answer, as_json=json, people=lambda: [sentence, *answer["path"]])
    if not answer["holds"]:
        raise SystemExit(WANTING)


@app.command()
def export(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to; a file that is not there.")],
    order: Annotated[
        str | None,
        typer.Argument(metavar="ORDER", help="An order; without, --from and --to say what."),
    ] = None,
    first: Annotated[
        int | None, typer.Option("--from", min=1, metavar="POSITION", help="The first event.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", min=1, metavar="POSITION", help="The last event.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Write events with their proofs into a file that docs/examples/verify_bundle.py checks."""
    from services.audit.bundle import Part, export_bundle, stream_of, write_bundle

    if (order is None) == (first is None and last is None):
        raise typer.BadParameter("name an order, or a part of the log with --from and --to")
    with opened() as system:
        stream = None if order is None else stream_of(system, order)
        bundle = export_bundle(system.audit, Part(stream, first, last))
    write_bundle(bundle, out)
    many = len(bundle["events"])
    answer = {"file": str(out), "events": many, "about": bundle["about"], "head": bundle["head"]}
    sentence = f"Wrote {how_many(many, 'events')} with their proofs to {out}."
    put(answer, as_json=json, people=lambda: [sentence])


@keys.command("rotate")
def rotate(
    lost: Annotated[
        bool,
        typer.Option("--lost", help="The old private key is gone: nobody vouches for the new one."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Make a new key that signs heads from now on; the old one announces it and is destroyed."""
    from services.audit.key_rotation import list_keys, rotate_key

    with opened() as system:
        rotate_key(system, lost=lost)
        answer = list_keys(system)
    put(answer, as_json=json, people=lambda: [_keys_table(answer)])


@keys.command("list")
def list_(json: AsJson = False) -> None:
    """List the keys, the oldest first."""
    from services.questions.sealed import AuditKeys

    with opened_desk() as desk:
        answer = desk.ask(AuditKeys())
    put(answer, as_json=json, people=lambda: [_keys_table(answer)])


def _keys_table(answer: list[dict[str, Any]]) -> "RenderableType":
    columns = ("number", "key_id", "added_at", "announced", "seals", "private_here")
    rows = [[one[name] for name in columns] for one in answer]
    names = ("key>", "id!", "since", "announced", "seals", "private half here")
    return table("Keys of the seal", *names, rows=rows)


def _check_near(
    system: "System", verifying: Verifying, move: "Callable[[int, int], None]"
) -> dict[str, Any]:
    from services.audit.reports import joined, report_dict
    from services.audit.verify import Wish
    from services.audit.verify import verify as check

    wish = Wish(verifying.first, verifying.last, verifying.witness, tuple(verifying.key or ()))
    return joined([report_dict(system.audit, check(system.audit, wish, move))])


def _check_far(
    desk: "Desk", verifying: Verifying, move: "Callable[[int, int], None]"
) -> dict[str, Any]:
    """Have a server check, in goes that its time for a question allows."""
    from services.audit.reports import joined
    from services.questions.log import LogHead
    from services.questions.sealed import AuditVerify

    if verifying.witness is not None:
        message = "a witness is compared beside the database: leave out --witness, or --url"
        raise CommandFailed(message, USAGE)
    end = verifying.last or desk.ask(LogHead())["position"]
    key = tuple(verifying.key or ())
    first = verifying.first if verifying.first > 1 else None
    goes = [desk.ask(AuditVerify(first=first, last=verifying.last, key=key))]
    while (behind := goes[-1]["next"]) is not None:
        move(goes[-1]["to"] - goes[0]["from"] + 1, end - goes[0]["from"] + 1)
        goes.append(desk.ask(AuditVerify(behind=behind, last=verifying.last, key=key)))
    return joined(goes)


def _report_sheet(report: "Mapping[str, Any]") -> "Iterator[RenderableType]":
    events, heads_ = how_many(report["events"], "events"), how_many(report["heads"], "heads")
    rate = report["events"] / report["seconds"] if report["seconds"] else 0.0
    part = f"positions {report['from']:,} to {report['to']:,}" if report["events"] else "nothing"
    yield (
        f"Checked {part}: {events}, {how_many(report['commands'], 'commands')}, {heads_}, "
        f"{rate:,.0f} events/s."
    )
    if (head := report["head"]) is not None:
        yield f"Sealed up to position {head['size']:,}, at {words(head['sealed_at'])}."
    if report["unsealed"]:
        yield f"{how_many(report['unsealed'], 'events')} behind that: not sealed yet."
    if report["witnessed"] is not None:
        yield f"Compared with {how_many(report['witnessed'], 'heads')} of the witness."
    for restore in report["restores"]:
        yield f"{restore['message']} That was announced, and signed."
    if report["intact"]:
        yield _last_sentence(report)
        return
    rows = [[one["kind"], one["head"], one["message"]] for one in report["findings"]]
    yield table("Not as it was sealed", "what", "head>", "found", rows=rows)
    if report["more_findings"]:
        yield f"And {report['more_findings']:,} more."


def _last_sentence(report: "Mapping[str, Any]") -> str:
    """Say what holds: heads of the database alone tell nothing of heads that are gone."""
    if report["witnessed"] is None:
        return (
            "Everything is as the heads in the database say. No witness was asked: that nobody cut "
            "heads off and had them made anew, only heads that were held outside can show "
            "(docs/audit.md)."
        )
    but = " but those of the restores above" if report["restores"] else ""
    return (
        f"Everything is as it was sealed, and the log has every head of the witness{but}. What was "
        "sealed after its last one, only the heads in the database tell."
    )
