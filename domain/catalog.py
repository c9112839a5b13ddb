"""Every command, event and stream by its stored name: the one table the rest looks up.

Used by infra.mapper (decode), services.pipeline (decide) and the edges (commands by name).
"""

# Everybody looks up the stored names here too.
# ruff: noqa: PLC0414

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain import overdue, placing
from domain.alone import decide_alone, stream_alone
from domain.customers.customer import Customer
from domain.customers.events import customer_stream
from domain.customers.meeting import streams_met
from domain.effects import attached, pausing
from domain.effects import commands as effect_commands
from domain.effects.decide import request
from domain.effects.endpoints import PauseEndpoint
from domain.enquiries import commands as enquiry_commands
from domain.enquiries.decide import record
from domain.enquiries.enquiry import Enquiry
from domain.enquiries.events import enquiry_stream
from domain.facts import Facts, PathKey
from domain.messages import Command, Decided, entity_of
from domain.orders import commands, decide
from domain.orders.decide_documents import issue
from domain.orders.migration import MigrateOrder, migrate
from domain.orders.only_if import is_meant, order_asked, paths_asked, streams_asked
from domain.orders.order import Order
from domain.orders.price_rights import denied_to, prices_for
from domain.orders.stocks_read import stocks_for
from domain.paths import commands as path_commands
from domain.paths.calendar_line import CalendarLine
from domain.paths.calendar_line import stream_of as calendar_stream
from domain.paths.calendars import Calendar
from domain.paths.decide import publish_path, streams_touched
from domain.paths.events import stream_of
from domain.paths.line import PathLine
from domain.paths.path import OrderPath
from domain.paths.selection import DIMENSIONS, SELECTION, Selection
from domain.products.delivery_methods import DeliveryMethod, DeliveryMethods
from domain.products.pricing import Offer, offer_in, offer_streams
from domain.products.product import Product
from domain.rules import line as rule_line
from domain.stock.stock import Stock
from domain.teams.sharing import ShareOut, share_out
from domain.vocabulary import AGGREGATES as AGGREGATES
from domain.vocabulary import COMMANDS as COMMANDS
from domain.vocabulary import EVENTS as EVENTS
from domain.vocabulary import empty_state as empty_state
from domain.waves import commands as wave_commands
from domain.waves.decide import publish_wave

States = Mapping[str, Any]  # stream id -> state; every stream that streams_of named


def streams_of(command: Command) -> tuple[str, ...]:
    """Name the streams that a command reads; the first is the one it writes."""
    match command:
        case commands.PlaceOrder():
            path = SELECTION if command.path is None else stream_of(command.path)
            return (
                command.stream_id,
                path,
                *placing.streams_beside(command),
                *offer_streams(command),
            )
        case commands.RecordFacts():
            return (command.stream_id, stream_of(command.path))
        case enquiry_commands.RecordEnquiry():
            return (command.stream_id, *streams_met(command.customer))
        case MigrateOrder():
            return (command.stream_id, stream_of(command.path))
        case commands.IssueDocument():
            return (command.stream_id, command.series_stream_id)
        case ShareOut():
            return (command.stream_id, command.team_stream_id)
        case path_commands.PublishPath():
            return (command.stream_id, SELECTION)
        case effect_commands.RequestEffect():
            beside = (command.template_stream_id, command.order_stream_id, *order_asked(command))
            return (command.stream_id, *dict.fromkeys(filter(None, beside)))
        case rule_line.PublishRule():
            return (command.stream_id, *map(calendar_stream, command.definition.calendars))
        case wave_commands.PublishWave():
            return (command.stream_id, calendar_stream(command.definition.schedule.calendar))
        case commands.OrderCommand():
            return (command.stream_id,)
        case _:
            return (stream_alone(command), *order_asked(command))


def creates(command: Command) -> str | None:
    """Name the stream that a command expects not to be there yet."""
    return command.stream_id if isinstance(command, commands.PlaceOrder) else None


def creates_beside(command: Command, states: States) -> str | None:
    """Name another stream that it expects not to be there yet, once its first one is known."""
    if isinstance(command, commands.PassDeadline):
        return overdue.alert_beside(command, states[command.stream_id])
    return None


def more_streams_of(command: Command, states: States, facts: Facts) -> Iterable[str]:
    """Name what the command reads besides, once its first streams and definitions are known."""
    match command:
        case commands.OrderCommand():
            order: Order = states[command.stream_id]
            path = _path_ahead(command, states, facts)
            streams = (*stocks_for(order, path, command), *streams_asked(command, states))
            if isinstance(command, commands.PassDeadline):
                streams = (*streams, overdue.alert_beside(command, order))
            adds_line = type(command) is commands.AddItem
            if adds_line or (path is not None and path.limits_prices):
                streams = (*streams, *prices_for(order, path, command))
            if path is None or not isinstance(command, _ENTERING):
                return streams
            whose = _customer_of(states, command) if "customer" in path.reads else None
            if whose is not None:
                streams = (*streams, customer_stream(whose))
            return (*map(calendar_stream, path.calendars), *streams)
        case path_commands.PublishPath():
            calendars = map(calendar_stream, command.definition.calendars)
            return (*calendars, *streams_touched(command, states[command.stream_id], facts))
        case effect_commands.MarkSent():
            return attached.order_beside(states[command.stream_id])
        case PauseEndpoint():
            return pausing.alert_beside(command, states[command.stream_id])
        case _:
            return streams_asked(command, states)


_ENTERING = (
    commands.PlaceOrder,
    commands.ChangeStatus,
    commands.CancelOrder,
    commands.ItemCommand,  # the order may follow its items
    commands.ReserveItems,
    commands.ExpireReservations,
    MigrateOrder,
    commands.CreateShipment,
    commands.MoveShipment,
    commands.SnoozeDeadline,  # what comes after the limit keeps its distance in working time
)


def _path_ahead(command: commands.OrderCommand, states: States, facts: Facts) -> OrderPath | None:
    """Give the path that decides: of a migration the new one."""
    if isinstance(command, MigrateOrder):
        wanted = _wanted(command, states)
        return facts.paths.get(wanted[0]) if wanted else None
    return next(iter(facts.paths.values()), None)


def _customer_of(states: States, command: commands.OrderCommand) -> str | None:
    """Name whoever orders: as the order says, else whoever asked."""
    if not isinstance(command, commands.PlaceOrder):
        order: Order = states[command.stream_id]
        return order.customer_id
    customer = command.customer
    if customer is None and command.enquiry_id is not None:
        enquiry: Enquiry = states[enquiry_stream(command.enquiry_id)]
        customer = enquiry.customer
    return customer.customer_id if customer else None


def with_more(facts: Facts, states: States, streams: Iterable[str]) -> Facts:
    """Give the facts with the calendars, stocks, customer and prices that those streams hold."""
    calendars: dict[str, Calendar] = {}
    stocks: dict[str, Stock] = {}
    customer: Customer | None = None
    products: dict[str, Product] = {}
    methods: Mapping[str, DeliveryMethod] = {}
    for stream in streams:
        match states[stream]:
            case CalendarLine(calendar=calendar) if calendar is not None:
                calendars[calendar.calendar] = calendar
            case Stock() as stock:
                stocks[stream] = stock
            case Customer() as customer:
                pass
            case Product() as product:
                products[entity_of(stream)] = product
            case DeliveryMethods(given=methods):
                pass
            case _:
                pass
    offer = Offer(products, methods=methods) if products or methods else facts.offer
    return Facts(facts.paths, calendars, stocks, customer, offer)


def definitions_of(command: Command, states: States) -> tuple[PathKey, ...]:
    """Name the published definitions that deciding the command needs."""
    match command:
        case commands.PlaceOrder():
            pinned = _path_for(command, states)
            return (pinned,) if pinned else ()
        case path_commands.PublishPath():
            before = _latest(command.definition.path, states)
            return (before,) if before else ()
        case MigrateOrder():
            wanted = _wanted(command, states)
            return tuple(dict.fromkeys((*wanted, *_pinned(states[command.stream_id]))))
        case commands.OrderCommand():
            order: Order = states[command.stream_id]
            if not order.path and isinstance(command, commands.RecordFacts):
                latest = _latest(command.path, states)
                return (latest,) if latest else ()
            return _pinned(order)
        case _:
            return paths_asked(command, states)


def _pinned(order: Order) -> tuple[PathKey, ...]:
    return (order.pinned,) if order.path else ()


def _wanted(command: MigrateOrder, states: States) -> tuple[PathKey, ...]:
    if command.path_version is not None:
        return ((command.path, command.path_version),)
    latest = _latest(command.path, states)
    return (latest,) if latest else ()


def _path_for(command: commands.PlaceOrder, states: States) -> PathKey | None:
    """Give the path that an order names, or the one that applies to it."""
    if command.path is not None:
        return _latest(command.path, states)
    selection: Selection = states[SELECTION]
    listed = selection.choose({name: getattr(command, name) for name in DIMENSIONS})
    return (listed.path, listed.path_version) if listed else None


def _latest(path: str, states: States) -> PathKey | None:
    line: PathLine = states[stream_of(path)]
    return (path, line.latest) if line.latest else None


def decide_on(
    command: Command, states: States, facts: Facts, now: datetime
) -> Mapping[str, list[Decided]]:
    """Decide a command: the new events of each stream, all empty if it is already so.

    Raises: Refusal with every unmet condition.
    """
    if not is_meant(command, states, facts, now):
        return {}
    match command:
        case commands.PlaceOrder():
            pinned = _path_for(command, states)
            path = facts.paths.get(pinned) if pinned else None
            denied = denied_to(states[command.stream_id], path, command)
            if (offer := offer_in(command, states, denied)) is not None:
                facts = replace(facts, offer=offer)
            return placing.place_order(command, pinned, states, facts, now)
        case MigrateOrder():
            line = states[stream_of(command.path)]
            return migrate(states[command.stream_id], line, command, facts, now)
        case commands.IssueDocument():
            streams = streams_of(command)
            order, series = (states[stream] for stream in streams)
            return dict(zip(streams, issue(order, series, command, now), strict=True))
        case ShareOut():
            order, team = (states[stream] for stream in streams_of(command))
            return share_out(order, team, command, facts, now)
        case commands.PassDeadline():
            order = states[command.stream_id]
            decided = decide.decide(order, command, facts, now)[command.stream_id]
            alert = states[overdue.alert_beside(command, order)]
            return overdue.with_alert(command, order, alert, decided)
        case commands.OrderCommand():
            return decide.decide(states[command.stream_id], command, facts, now)
        case path_commands.PublishPath():
            return publish_path(states[command.stream_id], command, facts, now)
        case enquiry_commands.RecordEnquiry():
            return record(command, states, now)
        case effect_commands.RequestEffect():
            line = states.get(command.template_stream_id or "")
            order = states.get(command.order_stream_id or "")
            effect = states[command.stream_id]
            return {command.stream_id: request(effect, line, order, command, now)}
        case rule_line.PublishRule():
            return {command.stream_id: rule_line.publish_rule(command, states, now)}
        case wave_commands.PublishWave():
            wave, hours = (states[stream] for stream in streams_of(command))
            return {command.stream_id: publish_wave(wave, hours, command, now)}
        case effect_commands.MarkSent():
            return attached.mark_sent(command, states, now)
        case PauseEndpoint():
            return pausing.pause(command, states, now)
        case _:
            stream = stream_alone(command)
            return {stream: decide_alone(states[stream], command, now)}
