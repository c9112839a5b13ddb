"""`orderpath alert …`: what somebody should know, until somebody says that it is seen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from services.cli.inbox import ChoosingByRole, in_full, whose
from services.cli.options import AsJson, Envelope, more, said, unfolded, uuid_of
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome

app: Final = typer.Typer(
    name="alert",
    help="See what is the matter, and say that it is seen.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

AlertId = Annotated[UUID, typer.Argument(parser=uuid_of, metavar="ALERT")]


@app.command("list")
@unfolded
def list_(*, choosing: ChoosingByRole) -> None:
    """List alerts and notices that nobody has acknowledged, the oldest first."""
    from services.questions.inbox import Alerts

    with opened_desk() as desk:
        answer = desk.ask(Alerts.model_validate(choosing.asked))
    put(answer, as_json=choosing.json, people=lambda: [*_sheet(answer["alerts"]), *more(answer)])


@app.command()
def show(alert: AlertId, json: AsJson = False) -> None:
    """Show an alert in full, with the note of whoever has seen it."""
    from services.questions.inbox import ShowAlert

    with opened_desk() as desk:
        view = desk.ask(ShowAlert(alert=alert))
    put(view, as_json=json, people=lambda: [in_full("Alert", view)])


@app.command()
@unfolded
def ack(
    alert: AlertId,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="For people.")] = None,
    *,
    envelope: Envelope,
) -> None:
    """Acknowledge an alert: you have seen it, and it waits for nobody any more."""
    from domain.alerts.commands import AcknowledgeAlert
    from domain.alerts.events import alert_stream

    body = {"alert_id": alert, **said(note=note)}
    with opened_desk() as desk:
        outcome = execute(desk, AcknowledgeAlert, envelope, body)
        answer = outcome_dict(desk, outcome, alert_stream(alert), alert_id=str(alert))
    put_outcome(outcome, answer, envelope, lambda: _sentence(alert, outcome))


def _sentence(alert_id: UUID, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing to do: alert {alert_id} is acknowledged already."
    return f"Alert {alert_id}: {where(outcome)}"


def _sheet(alerts: Sequence[Mapping[str, Any]]) -> "Iterator[RenderableType]":
    if not alerts:
        yield "No alert waits."
        return
    yield table(
        None,
        "alert!", "level", "title", "for", "since (UTC)", "order?", "kind?", "acknowledged by?",
        rows=(
            (
                one["id"], one["level"], one["title"], whose(one), one["since"],
                one["order_id"], one["kind"], one["ended_by"],
            )
            for one in alerts
        ),
    )  # fmt: skip
