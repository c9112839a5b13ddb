"""`orderpath delivery-method …`: how goods travel, and what that costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.amounts import amount, minor_of
from services.cli.options import AsJson, Envelope, said, unfolded
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome

app: Final = typer.Typer(
    name="delivery-method",
    help="Say how goods travel and what that costs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Code = Annotated[str, typer.Argument(metavar="CODE", help="What orders call it: courier, post, …")]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a method costs."""

    price: Annotated[str, typer.Option(metavar="AMOUNT", help="As 3.50.")]
    currency: Annotated[str, typer.Option(metavar="CODE", help="ISO 4217, such as EUR.")]
    free_from: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Nothing for goods that cost so much.")
    ] = None
    title: Annotated[str | None, typer.Option(metavar="TEXT")] = None

    def body(self, code: str) -> dict[str, Any]:
        """Give the method as the command takes it."""
        free_from = self.free_from and minor_of(self.free_from, self.currency, "--free-from")
        return {
            "code": code,
            "price_minor": minor_of(self.price, self.currency, "--price"),
            "currency": self.currency,
            **said(title=self.title, free_from_minor=free_from),
        }


@app.command("set")
@unfolded
def set_one(code: Code, *, cost: Cost, envelope: Envelope) -> None:
    """Let goods travel so, or at another price."""
    from domain.products.delivery_methods import SetDeliveryMethod

    _send(SetDeliveryMethod, code, envelope, {"method": cost.body(code)})


@app.command()
@unfolded
def end(code: Code, *, envelope: Envelope) -> None:
    """Let goods travel so no more."""
    from domain.products.delivery_methods import EndDeliveryMethod

    _send(EndDeliveryMethod, code, envelope, {"code": code})


@app.command("list")
def list_them(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were ended.")] = False,
    json: AsJson = False,
) -> None:
    """List the delivery methods with their prices."""
    from services.questions.prices import DeliveryMethods

    with opened_desk() as desk:
        found = desk.ask(DeliveryMethods(everything=everything))
    put(found, as_json=json, people=lambda: _sheet(found))


def _send(command: Any, code: str, envelope: Envelope, body: dict[str, Any]) -> None:
    from domain.products.delivery_methods import STREAM

    with opened_desk() as desk:
        outcome = execute(desk, command, envelope, body)
        answer = outcome_dict(desk, outcome, STREAM, code=code)
        put_outcome(outcome, answer, envelope, lambda: _sentence(code, outcome))


def _sentence(code: str, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing to do: the delivery method {code} is so already."
    return f"The delivery method {code} is as you say; {where(outcome)}"


def _sheet(rows: list[dict[str, Any]]) -> "Iterator[RenderableType]":
    cells = (
        [one["code"], one["title"], amount(one["price_minor"], one["currency"]),
         one["free_from_minor"] and amount(one["free_from_minor"], one["currency"]),
         one["ended_at"]]
        for one in rows
    )  # fmt: skip
    yield table(
        "Delivery methods", "code", "title?", "price>", "free from>", "ended (UTC)?", rows=cells
    )
