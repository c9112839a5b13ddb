"""Every command, event and stream by its stored name: the one table the rest looks up.

Used by infra.mapper (decode), services.pipeline (decide) and the edges (commands by name).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain import attempts
from domain.facts import Facts, PathKey
from domain.messages import Aggregate, Command, Decided, Event
from domain.orders import commands, decide
from domain.orders.events import ORDER_EVENTS
from domain.orders.order import Order
from domain.paths import commands as path_commands
from domain.paths.calendar_line import (
    CalendarLine,
    CalendarPublished,
    PublishCalendar,
    publish_calendar,
)
from domain.paths.calendar_line import stream_of as calendar_stream
from domain.paths.decide import publish
from domain.paths.events import PATH_EVENTS, stream_of
from domain.paths.line import PathLine
from domain.refusals import Unmet
from domain.stock import commands as stock_commands
from domain.stock.decide import decide as decide_stock
from domain.stock.events import STOCK_EVENTS
from domain.stock.stock import Stock

States = Mapping[str, Any]  # stream id -> state; every stream that streams_of named

_EVENT_TYPES: tuple[type[Event], ...] = (
    *ORDER_EVENTS,
    attempts.AttemptRefused,
    *PATH_EVENTS,
    CalendarPublished,
    *STOCK_EVENTS,
)
_COMMAND_TYPES: tuple[type[Command], ...] = (
    *commands.COMMANDS,
    *path_commands.COMMANDS,
    PublishCalendar,
    *stock_commands.COMMANDS,
)

EVENTS: Mapping[str, type[Event]] = {t.NAME: t for t in _EVENT_TYPES}
COMMANDS: Mapping[str, type[Command]] = {t.NAME: t for t in _COMMAND_TYPES}
AGGREGATES: Mapping[str, type[Aggregate]] = {
    "order": Order,
    "path": PathLine,
    "calendar": CalendarLine,
    "stock": Stock,
}
_EMPTY: Mapping[str, Aggregate] = {name: aggregate() for name, aggregate in AGGREGATES.items()}


def empty_state(stream_id: str) -> Aggregate:
    """Give the state of a stream before its first event. States are immutable: one will do."""
    return _EMPTY[stream_id.partition("-")[0]]


def streams_of(command: Command) -> tuple[str, ...]:
    """Name the streams that a command reads; the first is the one it writes."""
    match command:
        case commands.PlaceOrder() | commands.RecordFacts():
            return (command.stream_id, stream_of(command.path))
        case commands.OrderCommand() | stock_commands.StockCommand():
            return (command.stream_id,)
        case path_commands.PublishPath() | PublishCalendar():
            return (command.stream_id,)
        case _:
            raise TypeError(f"{type(command).__name__} is not in the catalog")


def creates(command: Command) -> str | None:
    """Name the stream that a command expects not to be there yet."""
    return command.stream_id if isinstance(command, commands.PlaceOrder) else None


def more_streams_of(command: Command, states: States, facts: Facts) -> tuple[str, ...]:
    """Name what the command reads besides, once its first streams and definitions are known."""
    match command:
        case commands.PlaceOrder() | commands.ChangeStatus() | commands.CancelOrder():
            names = [name for path in facts.paths.values() for name in path.calendars]
        case path_commands.PublishPath():
            names = list(command.definition.calendars)
        case _:
            return ()
    return tuple([calendar_stream(name) for name in names])


def with_calendars(facts: Facts, states: States, streams: Iterable[str]) -> Facts:
    """Give the facts with the latest version of each calendar among the streams."""
    found = {}
    for stream in streams:
        line = states[stream]
        if isinstance(line, CalendarLine) and line.calendar is not None:
            found[line.calendar.calendar] = line.calendar
    return Facts(facts.paths, found)


def definitions_of(command: Command, states: States) -> tuple[PathKey, ...]:
    """Name the published definitions that deciding the command needs."""
    match command:
        case commands.PlaceOrder():
            return _latest(command.path, states)
        case commands.OrderCommand():
            order: Order = states[command.stream_id]
            if order.path:
                return ((order.path, order.path_version),)
            if isinstance(command, commands.RecordFacts):
                return _latest(command.path, states)
            return ()
        case _:
            return ()


def _latest(path: str, states: States) -> tuple[PathKey, ...]:
    line: PathLine = states[stream_of(path)]
    return ((path, line.path_version),) if line.path_version else ()


def decide_on(
    command: Command, states: States, facts: Facts, now: datetime
) -> Mapping[str, list[Decided]]:
    """Decide a command: the new events of each stream, all empty if it is already so.

    Raises: Refusal with every unmet condition.
    """
    match command:
        case commands.PlaceOrder():
            line = states[stream_of(command.path)]
            order = states[command.stream_id]
            return {command.stream_id: decide.place(order, line, command, facts, now)}
        case commands.OrderCommand():
            order = states[command.stream_id]
            return {command.stream_id: decide.decide(order, command, facts, now)}
        case path_commands.PublishPath():
            line = states[command.stream_id]
            return {command.stream_id: publish(line, command, facts, now)}
        case PublishCalendar():
            line = states[command.stream_id]
            return {command.stream_id: publish_calendar(line, command, now)}
        case stock_commands.StockCommand():
            return {command.stream_id: decide_stock(states[command.stream_id], command, now)}
        case _:
            raise TypeError(f"{type(command).__name__} is not in the catalog")


def attempt_on(
    command: Command, unmet: tuple[Unmet, ...], states: States, now: datetime
) -> tuple[str, Decided] | None:
    """Give stream and event that tell of a refused command; None where nobody may ask for it."""
    if not isinstance(command, commands.OrderCommand):
        return None
    version = states[command.stream_id].version
    return f"attempt-{command.order_id}", attempts.refused(command, unmet, version, now)
