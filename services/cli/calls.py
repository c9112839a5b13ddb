"""`orderpath order log-call`: a call about an order, as whoever made it writes it down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from services.cli.options import OrderRef, Sending, said, time_of, unfolded
from services.cli.sending import send


@dataclass(frozen=True, slots=True)
class Call:
    """How a call went, beside what came of it."""

    talked: Annotated[int, typer.Option(metavar="SECONDS", min=0, help="How long was talked.")] = 0
    incoming: Annotated[bool, typer.Option("--incoming", help="The customer called.")] = False
    started_at: Annotated[
        datetime | None,
        typer.Option(parser=time_of, metavar="TIME", help="By default as long ago as was talked."),
    ] = None


@unfolded
def log_call(
    order: OrderRef,
    result: Annotated[str, typer.Argument(metavar="RESULT", help="reached, no_answer, busy, …")],
    *,
    call: Call,
    sending: Sending,
) -> None:
    """Write down a call about an order. What was said is a note."""
    from domain.orders.commands import LogCall

    direction = "incoming" if call.incoming else "outgoing"
    body = {"result": result, "talk_seconds": call.talked, "direction": direction}
    send(order, sending, LogCall, body | said(started_at=call.started_at))
