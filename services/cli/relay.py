"""`orderpath relay …`: what publishes the log to Kafka, and what publishes a part of it again."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.foreground import signalled, state
from services.cli.options import AsJson, time_of, unfolded
from services.cli.output import progress_bar, put, table
from services.cli.session import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from rich.console import RenderableType

    from services.bootstrap import System

# Once a signal came: a lane may take twice services.relay.GRACE_SECONDS for what it has in hand.
GRACE_SECONDS: Final = 8.0

app: Final = typer.Typer(
    name="relay",
    help="Publish the log to Kafka until Ctrl-C; several are one that leads and others that wait.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


def place_of(text: str | int | datetime) -> int | datetime:
    """Read a position of the log, or a moment."""
    if isinstance(text, int | datetime):
        return text
    return int(text) if text.strip().isdecimal() else time_of(text)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be published again, and where to."""

    topic: Annotated[str, typer.Option(metavar="TOPIC", help="What is to be published again.")]
    first: Annotated[
        Any,
        typer.Option(
            "--from",
            parser=place_of,
            metavar="POSITION|TIME",
            help="The first event: its position, or when the log took it.",
        ),
    ]
    to_topic: Annotated[
        str, typer.Option(metavar="NAME", help="Where to; made like the first if it is missing.")
    ]
    last: Annotated[
        int | None,
        typer.Option("--to", min=0, metavar="POSITION", help="By default the end of the log."),
    ] = None
    order: Annotated[
        str | None, typer.Option(metavar="ORDER", help="Only what is of this order.")
    ] = None


@app.callback()
def relay(context: typer.Context) -> None:
    """Publish the log to Kafka until Ctrl-C; several are one that leads and others that wait."""
    if context.invoked_subcommand is not None:
        return
    from domain.streaming import TOPICS
    from services.cli.alive import STANDBY, Kind
    from services.relay import Signs

    stop = signalled(GRACE_SECONDS)
    with opened() as system:
        signs = Signs(leads=system.heartbeat(Kind.RELAY), waits=system.heartbeat(STANDBY))
        system.streaming.relay(state).run(stop, TOPICS, signs)
    state("ended")


@app.command()
@unfolded
def replay(*, wanted: Wanted, json: AsJson = False) -> None:
    """Publish a part of the log again into another topic, for one reader: no other notices."""
    from services.replay import Replay
    from services.replay import replay as publish_again

    with opened() as system, progress_bar("Replay") as move:
        head = system.log.head()
        wish = Replay(
            topic=wanted.topic,
            to_topic=wanted.to_topic,
            first=_first(system, wanted.first),
            last=head.position if wanted.last is None else min(wanted.last, head.position),
            order_id=_order_id(system, wanted.order),
        )
        lanes = system.streaming.lanes(until=wish.last)
        records = publish_again(
            wish, head=head, lanes=lanes, broker=system.streaming.broker, progress=move
        )
    answer = {
        "topic": wish.topic,
        "to_topic": wish.to_topic,
        "from": wish.first,
        "to": wish.last,
        "records": records,
    }
    part = f"positions {wish.first} to {wish.last}"
    if wish.first > wish.last:
        part = f"the log ends at position {head.position}"
    sentence = f"Sent {records} records of {wish.topic} to {wish.to_topic}: {part}."
    put(answer, as_json=json, people=lambda: [sentence])


@app.command("accept-log")
def accept_log(json: AsJson = False) -> None:
    """Let the relay go on after `log restored`, behind what it had published by then."""
    from services.questions.state import relay_state

    with opened() as system:
        with system.streaming.relay_store.alone():
            system.streaming.relay_store.accept_log()
        answer = relay_state(system)
    put(answer, as_json=json, people=lambda: relay_sheet(answer))


@app.command("begin-anew")
def begin_anew(
    lane: Annotated[str, typer.Argument(metavar="LANE", help="As `orderpath status` names it.")],
    json: AsJson = False,
) -> None:
    """Publish a lane from the first event again, as after its topics were deleted."""
    from services.questions.state import relay_state

    with opened() as system:
        lanes = [one.name for one in system.streaming.lanes()]
        if lane not in lanes:
            raise typer.BadParameter(f"{lane!r} is no lane: choose one of {', '.join(lanes)}")
        with system.streaming.relay_store.alone():
            system.streaming.relay_store.begin_anew(lane)
        answer = relay_state(system)
    put(answer, as_json=json, people=lambda: relay_sheet(answer))


def relay_sheet(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    """Show people whether a relay leads and how far each lane is."""
    title = "Relay: one leads" if answer["leads"] else "Relay: none runs"
    rows = [[one["lane"], one["position"], one["lag"], one["moved_at"]] for one in answer["lanes"]]
    yield table(title, "lane", "position>", "behind>", "moved", rows=rows)


def _first(system: "System", begin: int | datetime) -> int:
    return begin if isinstance(begin, int) else system.log.first_since(begin)


def _order_id(system: "System", order: str | None) -> "UUID | None":
    from services.reading import find_order

    return None if order is None else find_order(system, order)
