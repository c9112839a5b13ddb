"""`orderpath audit …`: whether the log is as it was sealed; heads, proofs, keys of the seal."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.errors import WANTING
from services.cli.options import LISTED_FOR_PEOPLE, AsJson, Limit, unfolded
from services.cli.output import how_many, progress_bar, put, table, words
from services.cli.session import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from services.audit.verify import Report
    from services.bootstrap import System

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
    from services.audit.verify import Wish
    from services.audit.verify import verify as check

    wish = Wish(verifying.first, verifying.last, verifying.witness, tuple(verifying.key or ()))
    with opened() as system, progress_bar("Events") as move:
        report = check(system.audit, wish, move)
        answer = _report_dict(system, report)
    put(answer, as_json=json, people=lambda: _report_sheet(report))
    if not report.is_intact:
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
    from services.audit.proofs import head_dict, list_heads, public_keys

    with opened() as system:
        known = public_keys(system.audit)
        found = list_heads(system.audit, limit or LISTED_FOR_PEOPLE, after)
        answer = [head_dict(one, known[one.head.key_id]) for one in found]
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
    """Prove that an event, or every event of an order, is in the log under a head."""
    from services.audit.bundle import positions_of
    from services.audit.proofs import inclusion_dict, prove_inclusion, public_keys

    with opened() as system:
        proofs = prove_inclusion(system.audit, positions_of(system, what), head)
        known = public_keys(system.audit)
        answer = [inclusion_dict(one, known[one.head.head.key_id]) for one in proofs]
    rows = [[one["position"], one["leaf"], len(one["path"]), one["holds"]] for one in answer]
    names = ("position>", "leaf!", "steps>", "holds")
    put(
        answer,
        as_json=json,
        people=lambda: [table(None, *names, rows=rows), answer[0]["head"]["note"]],
    )
    if not all(one.holds for one in proofs):
        raise SystemExit(WANTING)


@app.command()
def consistency(
    first: Annotated[int, typer.Argument(metavar="FROM", min=1, help="Number of a head.")],
    second: Annotated[int, typer.Argument(metavar="TO", min=1, help="Number of a later head.")],
    json: AsJson = False,
) -> None:
    """Prove that the log of a head begins with the log of an earlier one."""
    from services.audit.proofs import consistency_dict, prove_consistency, public_keys

    with opened() as system:
        found = prove_consistency(system.audit, first, second)
        answer = consistency_dict(found, public_keys(system.audit))
    sizes = (found.first.head.events.size, found.second.head.events.size)
    verb = "begins" if found.holds else "does NOT begin"
    sentence = (
        f"The log of head {second} ({sizes[1]} events) {verb} with that of head {first} "
        f"({sizes[0]} events)."
    )
    put(answer, as_json=json, people=lambda: [sentence, *answer["path"]])
    if not found.holds:
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
    from services.audit.key_rotation import list_keys

    with opened() as system:
        answer = list_keys(system)
    put(answer, as_json=json, people=lambda: [_keys_table(answer)])


def _keys_table(answer: list[dict[str, Any]]) -> "RenderableType":
    columns = ("number", "key_id", "added_at", "announced", "seals", "private_here")
    rows = [[one[name] for name in columns] for one in answer]
    names = ("key>", "id!", "since", "announced", "seals", "private half here")
    return table("Keys of the seal", *names, rows=rows)


def _report_dict(system: "System", report: "Report") -> dict[str, Any]:
    from services.audit.proofs import head_dict, public_keys

    known = public_keys(system.audit)
    head = report.head
    return {
        "intact": report.is_intact,
        "log_id": str(report.log_id),
        "epoch": report.epoch,
        "from": report.first,
        "to": report.last,
        "events": report.events,
        "commands": report.commands,
        "heads": report.heads,
        "witnessed": report.witnessed,
        "unsealed": report.unsealed,
        "head": head and head_dict(head, known.get(head.head.key_id, b"")),
        "seconds": round(report.seconds, 3),
        "restores": [asdict(one) for one in report.restores],
        "findings": [asdict(one) for one in report.findings],
        "more_findings": report.more_findings,
    }


def _report_sheet(report: "Report") -> "Iterator[RenderableType]":
    events, heads_ = how_many(report.events, "events"), how_many(report.heads, "heads")
    rate = report.events / report.seconds if report.seconds else 0.0
    part = f"positions {report.first:,} to {report.last:,}" if report.events else "nothing"
    yield (
        f"Checked {part}: {events}, {how_many(report.commands, 'commands')}, {heads_}, "
        f"{rate:,.0f} events/s."
    )
    if report.head is not None:
        sealed = words(report.head.head.sealed_at)
        yield f"Sealed up to position {report.head.head.events.size:,}, at {sealed}."
    if report.unsealed:
        yield f"{how_many(report.unsealed, 'events')} behind that: not sealed yet."
    if report.witnessed is None:
        yield "No witness was asked: who has the key could have rewritten it all (docs/audit.md)."
    else:
        yield f"Compared with {how_many(report.witnessed, 'heads')} of the witness."
    for restore in report.restores:
        yield f"{restore.message} That was announced, and signed."
    if report.is_intact:
        yield "Everything is as it was sealed."
        return
    rows = [[one.kind, one.head, one.message] for one in report.findings]
    yield table("Not as it was sealed", "what", "head>", "found", rows=rows)
    if report.more_findings:
        yield f"And {report.more_findings:,} more."
