"""`orderpath path preview|migrate`: what a new version means for orders on their way."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.batches import batch_of, carry_out
from services.cli.errors import WANTING
from services.cli.given import file_given
from services.cli.options import AsJson, Batching, unfolded
from services.cli.output import put, table
from services.cli.session import desk as opened_desk
from services.cli.session import up_to_date

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.bulk import BatchOrder
    from services.bootstrap import System

WHY: Final = {
    "missing": "it is missing",
    "inactive": "it is not active",
    "final": "it ends orders",
}


def preview(
    file: Annotated[str, typer.Argument(metavar="FILE", help="YAML, `-` for standard input.")],
    json: AsJson = False,
) -> None:
    """Say which orders a version would strand, before it is published. 1 if there are some."""
    from services.questions.path_changes import PreviewPath

    asked = PreviewPath(file=file_given(file))
    with opened_desk() as desk:
        answer = desk.ask(asked)
    put(answer, as_json=json, people=lambda: _sheet(answer))
    if answer["stranded"]:
        raise SystemExit(WANTING)


@unfolded
def migrate(
    name: Annotated[str, typer.Argument(metavar="PATH", help="That the orders shall follow.")],
    from_path: Annotated[
        str | None, typer.Option(metavar="PATH", help="Orders of this path; by default the same.")
    ] = None,
    from_version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only orders that follow this version.")
    ] = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OLD=NEW", help="Where orders of a status go; repeatable."),
    ] = None,
    *,
    batching: Batching,
) -> None:
    """Let orders that are not finished follow the latest version. 1 if one of them refuses."""
    from domain.orders.migration import MigrateOrder
    from services.reading import known_path

    if not batching.reason:
        raise typer.BadParameter("a migration needs --reason")
    with up_to_date() as system:
        version = _begun_with(system, batching) or known_path(system, name).version
        source = from_path or name
        batch = batch_of(
            batching,
            MigrateOrder.NAME,
            body={"path": name, "path_version": version, "mapping": _mapping(mapped or [])},
            selection={"path": source, "path_version": from_version},
        )
        carry_out(
            system,
            batch,
            lambda: _orders(system, (name, version), source, from_version),
            batching,
        )


def _begun_with(system: "System", batching: Batching) -> int | None:
    """Give the version that a batch was begun with, though there may be a later one by now."""
    known = system.batches.find(batching.batch_id) if batching.batch_id else None
    return known.body.get("path_version") if known else None


def _orders(
    system: "System", to: tuple[str, int], path: str, version: int | None
) -> "list[BatchOrder]":
    from domain.bulk import MAX_ORDERS, BatchOrder
    from projections.reports.left_behind import list_left_behind

    with system.snapshot() as reader:
        found = list_left_behind(reader, to, path=path, version=version, limit=MAX_ORDERS)
    return list(map(BatchOrder, found))


def _mapping(mapped: list[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for text in mapped:
        old, separator, new = (part.strip() for part in text.partition("="))
        if not (old and separator and new) or old in mapping:
            raise typer.BadParameter(f"--map {text!r}: write OLD=NEW, each OLD once")
        mapping[old] = new
    return mapping


def _sheet(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    if not answer["changed"]:
        yield f"Version {answer['version']} of path {answer['path']} says the same."
    stranded = answer["stranded"]
    if not stranded:
        yield "No order would be stranded: each can stay where it is."
        return
    rows = [
        (one["status"], WHY[one["why"]], one["orders"], one["oldest_at"], one["totals_minor"])
        for one in stranded
    ]
    columns = ("status", "why", "orders>", "the oldest since (UTC)", "worth, in minor units")
    yield table("Orders that would be stranded", *columns, rows=rows)
    needed = " ".join(f"--map {one}" for one in answer["needed"])
    yield f"To migrate them: orderpath path migrate {answer['path']} --reason … {needed}"
