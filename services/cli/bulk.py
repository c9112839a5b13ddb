"""`orderpath order bulk …`: many orders asked the same, looked up, and taken back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import typer

from services.cli.batches import batch_of, carry_out, finish
from services.cli.files import given_file
from services.cli.options import AsJson, Batching, said, unfolded, uuid_of
from services.cli.orders import Initiator, ReasonCode
from services.cli.output import put, table
from services.cli.session import opened, up_to_date

if TYPE_CHECKING:
    from services.bulk.selection import Selection

app: Final = typer.Typer(
    name="bulk",
    help="Ask many orders the same at once, with a result for each.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

BatchId = Annotated[UUID, typer.Argument(parser=uuid_of, metavar="BATCH")]


@dataclass(frozen=True, slots=True)
class Selecting:
    """Which orders are meant."""

    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="status, stage, path, path-version, shop, channel, order-type, owner, test, "
            "silent-for, placed-after, placed-before; repeatable.",
        ),
    ] = None
    order: Annotated[
        list[str] | None, typer.Option(metavar="ORDER", help="Only this one; repeatable.")
    ] = None
    ids_from: Annotated[
        str | None, typer.Option(metavar="FILE", help="Only these, one a line; `-` reads input.")
    ] = None

    def read(self) -> "Selection":
        """Give what was said. Raises: Unusable"""
        from services.bulk.selection import read_selection

        listed = [] if self.ids_from is None else given_file(self.ids_from).text.splitlines()
        named = [*(self.order or ()), *filter(None, map(str.strip, listed))]
        anybody = self.order is None and self.ids_from is None
        return read_selection(self.where or (), None if anybody else named)


@app.command()
@unfolded
def move(
    to: Annotated[str, typer.Option(metavar="STATUS", help="Where the orders go.")],
    reason_code: ReasonCode = None,
    initiator: Initiator = None,
    *,
    selecting: Selecting,
    batching: Batching,
) -> None:
    """Move many orders along their paths. 1 if one of them refuses."""
    from domain.bulk import BatchOrder
    from domain.orders.commands import ChangeStatus
    from services.bulk.selection import find_orders

    selection = selecting.read()
    body = {"to_status": to, **said(reason_code=reason_code, initiator=initiator)}
    wish = {"body": body, "selection": selection.as_dict()}
    batch = batch_of(batching, ChangeStatus.NAME, **wish)
    with up_to_date() as system:
        carry_out(
            system, batch, lambda: list(map(BatchOrder, find_orders(system, selection))), batching
        )


@app.command()
@unfolded
def undo(
    batch: BatchId,
    reason_code: ReasonCode = None,
    initiator: Initiator = None,
    *,
    batching: Batching,
) -> None:
    """Take a batch back, order by order, as far as the paths allow. 1 if an order refuses."""
    from domain.orders.commands import ChangeStatus
    from services.bulk.batches import known_batch
    from services.bulk.undo import ways_back

    body = said(reason_code=reason_code, initiator=initiator)
    with opened() as system:
        undone = known_batch(system, batch)
        if body and undone.command != ChangeStatus.NAME:
            raise typer.BadParameter("--reason-code and --initiator are for moves")
        wish = {"body": body, "selection": {}, "undoes": batch}
        back = batch_of(batching, undone.command, **wish)
        carry_out(system, back, lambda: list(ways_back(system, undone)), batching)


@app.command("list")
def list_them(
    limit: Annotated[
        int, typer.Option(min=1, max=1_000, metavar="N", help="List at most so many.")
    ] = 50,
    json: AsJson = False,
) -> None:
    """List the batches that began last."""
    from services.bulk.report import batch_dict

    with opened() as system:
        found = [batch_dict(batch) for batch in system.batches.latest(limit)]
    names = ("batch_id", "begun_at", "finished_at", "command", "asked", "orders", "actor", "undoes")
    columns = (
        "batch!", "begun (UTC)", "finished (UTC)", "command", "asked", "orders>", "actor", "undoes?"
    )  # fmt: skip
    rows = [[one[name] for name in names] for one in found]
    put(found, as_json=json, people=lambda: [table("Batches", *columns, rows=rows)])


@app.command()
def show(batch: BatchId, json: AsJson = False) -> None:
    """Show what became of each order of a batch. 1 if one refused, or was not asked yet."""
    from services.bulk.batches import known_batch, results
    from services.bulk.report import BatchReport

    with opened() as system:
        known = known_batch(system, batch)
        report = BatchReport(known, known.orders, results=list(results(system, known)))
    finish(report, as_json=json)
