"""Carries a batch out for a command, or rehearses it, and tells what became of its orders."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from services.cli.errors import USAGE, WANTING, CommandFailed, invalid
from services.cli.options import Batching
from services.cli.output import how_many, progress_bar, put, say, table
from services.cli.sending import SOURCE, actor_dict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from domain.bulk import Batch, BatchOrder, OrderResult
    from services.bootstrap import System
    from services.bulk.report import BatchReport

LISTED_FOR_PEOPLE: Final = 20  # orders that stay as they are
TOLD_EVERY: Final = 100  # orders
DONE: Final = {
    "accepted": "changed",
    "refused": "refused",
    "nothing": "already so",
    "failed": "failed by a fault of ours",
}


def batch_of(
    batching: Batching, command: str, like: "BatchOrder | None" = None, /, **wish: Any
) -> "Batch":
    """Give the batch that a person asks for; what its command does not take is an error of usage.

    like: an order as those of the batch are, where each says more than the batch
    wish: the other fields of domain.bulk.Batch
    """
    from pydantic import ValidationError

    from domain.bulk import Batch, BatchOrder
    from domain.messages import Actor
    from services.bulk.batches import command_of

    try:
        batch = Batch(
            batch_id=batching.batch_id or uuid4(),
            command=command,
            actor=Actor.model_validate(actor_dict(batching)),
            source=SOURCE,
            reason=batching.reason,
            **wish,
        )
        if batch.undoes is None:  # What takes a batch back differs from order to order.
            command_of(batch, like or BatchOrder(batch.batch_id))
    except ValidationError as error:
        raise CommandFailed(invalid(error, "the command"), USAGE) from None
    return batch


def carry_out(
    system: "System",
    batch: "Batch",
    choose: "Callable[[], Sequence[BatchOrder]]",
    batching: Batching,
) -> None:
    """Ask every order, or rehearse it; 1 if one of them refuses."""
    finish(carried_out(system, batch, choose, batching), as_json=batching.json)


def carried_out(
    system: "System",
    batch: "Batch",
    choose: "Callable[[], Sequence[BatchOrder]]",
    batching: Batching,
) -> "BatchReport":
    """Ask every order, or rehearse it, and give what became of them."""
    from services.bulk.batches import begin, known_batch, run
    from services.bulk.report import BatchReport

    if batching.preview:
        return rehearsed(system, batch, choose())
    if begun := begin(system, batch, choose):
        say(f"Batch {begun.batch_id}: with --batch-id and this id it goes on where it stopped.")
        report = BatchReport(begun, begun.orders)
        take(report, run(system, begun), "Asking the orders")
        report.batch = known_batch(system, begun.batch_id)
    else:
        report = BatchReport(batch, 0)
    return report


def rehearsed(system: "System", batch: "Batch", orders: "Sequence[BatchOrder]") -> "BatchReport":
    """Give what each order would answer."""
    from services.bulk.rehearsal import rehearse
    from services.bulk.report import BatchReport

    report = BatchReport(batch, len(orders), rehearsed=True)
    take(report, rehearse(system, batch, orders), "Rehearsing")
    return report


def finish(report: "BatchReport", *, as_json: bool) -> None:
    """Tell what became of a batch; 1 if one order refuses, or was not asked."""
    put(report.as_dict(), as_json=as_json, people=lambda: sheet(report))
    if not report.is_clean:
        raise SystemExit(WANTING)


def take(report: "BatchReport", results: "Iterable[OrderResult]", label: str) -> None:
    """Take the results one by one, and move a bar meanwhile."""
    with progress_bar(label) as move:
        for number, result in enumerate(results, 1):
            report.take(result)
            if number % TOLD_EVERY == 0 or number == report.orders:
                move(number, report.orders)


def sheet(report: "BatchReport") -> "Iterator[RenderableType]":
    """Show what became of a batch."""
    yield _sentence(report)
    if report.codes:
        yield table("What stands against it", "code", "orders>", rows=report.codes.most_common())
    if report.rehearsed and (ahead := [one for one in report.results if one.kind == "accepted"]):
        shown = ahead[:LISTED_FOR_PEOPLE]
        title = "Orders that go" if len(shown) == len(ahead) else f"The first {len(shown)} that go"
        yield table(title, "order!", rows=[(one.order_id,) for one in shown])
    refused = [result for result in report.results if result.kind not in ("accepted", "nothing")]
    if refused:
        shown = refused[:LISTED_FOR_PEOPLE]
        title = "Orders that stay" if len(shown) == len(refused) else f"The first {len(shown)}"
        rows = [(one.order_id, DONE[one.kind], _why(one)) for one in shown]
        yield table(title, "order!", "outcome", "why", rows=rows)


def _sentence(report: "BatchReport") -> str:
    if not report.orders:
        return "No order is meant: nothing was done."
    kinds = report.outcomes
    told = ", ".join(f"{kinds[kind]:,} {words}" for kind, words in DONE.items() if kinds[kind])
    orders = how_many(report.orders, "orders")
    if report.rehearsed:
        return f"{orders} would be asked: {told}. Nothing was done."
    left = report.orders - kinds.total()
    rest = f", {left:,} not asked yet" if left else ""
    again = f" {report.repeated:,} of them were answered before." if report.repeated else ""
    return f"Batch {report.batch.batch_id}, {orders}: {told}{rest}.{again}"


def _why(result: "OrderResult") -> str:
    return "; ".join(f"{unmet.code}: {unmet.message}" for unmet in result.unmet)
