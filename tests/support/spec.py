"""given / when / then for the pure domain: no store, no thread, no clock of its own.

given(*history).when(command).then(*events) | .then_refused(*codes) | .then_nothing()
given(*history).when_asked(reserve, item, 3, …) is what an order's decision asks of a stock.

The history holds events, `Decided` events (with a time and a fact id of their own) and
commands, which are decided first. Things happen one minute after another, from NOW on.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self, cast
from uuid import UUID

from domain.access.events import EVENTS as ACCESS_EVENTS
from domain.access.events import key_stream
from domain.alerts.alert import Alert
from domain.alerts.events import ALERT_EVENTS, alert_stream
from domain.catalog import (
    decide_on,
    definitions_of,
    empty_state,
    more_streams_of,
    streams_of,
    with_more,
)
from domain.customers.customer import Customer
from domain.customers.events import CUSTOMER_EVENTS
from domain.documents.events import SERIES_EVENTS
from domain.documents.series import Series
from domain.enquiries.enquiry import Enquiry
from domain.enquiries.events import ENQUIRY_EVENTS, enquiry_stream
from domain.facts import Facts, PathKey
from domain.messages import Command, Decided, Event
from domain.orders.events import stream_of
from domain.orders.only_if import earlier_than
from domain.orders.order import Order
from domain.paths.calendar_line import CalendarPublished
from domain.paths.events import PathPublished
from domain.paths.path import OrderPath
from domain.paths.selection import SELECTION, PathListed
from domain.products.delivery_methods import STREAM as METHODS
from domain.products.delivery_methods import DeliveryMethodEnded, DeliveryMethodSet
from domain.products.discounts import STREAM as DISCOUNTS
from domain.products.discounts import DiscountEnded, DiscountSet
from domain.products.events import PRODUCT_EVENTS
from domain.refusals import Refusal, Unmet
from domain.rules.line import RulePublished
from domain.rules.timers import TimerFired
from domain.rules.timers import stream_of as timer_stream
from domain.stock.decide import Verdict
from domain.stock.events import STOCK_EVENTS
from domain.stock.stock import Stock
from domain.tasks.events import TASK_EVENTS, task_stream
from domain.tasks.task import Task
from domain.teams.events import TEAM_EVENTS, team_stream
from domain.teams.holding import holder_change
from domain.teams.team import Team
from domain.waves.events import WaveBegun, WaveFinished, WavePublished
from domain.waves.events import stream_of as wave_stream
from tests.support.examples import (
    ALERT_ID,
    CUSTOMER_STREAM,
    ENQUIRY_ID,
    GROUP,
    NOW,
    ORDER_ID,
    PATH,
    PRODUCT,
    SERIES,
    STOCK,
    TASK_ID,
)

Step = Event | Decided | Command
STEP = timedelta(minutes=1)


@dataclass(frozen=True)
class Stored:
    """An event as evolve sees it."""

    event: Event
    version: int
    occurred_at: datetime
    fact_id: UUID | None = None


@dataclass
class World:
    """States of all streams and what was published: a store without a database."""

    states: dict[str, Any] = field(default_factory=dict)
    stored: list[tuple[str, Stored]] = field(default_factory=list)
    paths: dict[PathKey, OrderPath] = field(default_factory=dict)
    accepted: set[UUID] = field(default_factory=set)  # commands that changed something

    def state(self, stream_id: str) -> Any:
        return self.states.get(stream_id, empty_state(stream_id))

    @property
    def order(self) -> Order:
        return cast(Order, self.state(stream_of(ORDER_ID)))

    @property
    def stock(self) -> Stock:
        return cast(Stock, self.state(STOCK))

    @property
    def customer(self) -> Customer:
        return cast(Customer, self.state(CUSTOMER_STREAM))

    @property
    def enquiry(self) -> Enquiry:
        return cast(Enquiry, self.state(enquiry_stream(ENQUIRY_ID)))

    @property
    def series(self) -> Series:
        return cast(Series, self.state(SERIES))

    @property
    def team(self) -> Team:
        return cast(Team, self.state(team_stream(GROUP)))

    @property
    def alert(self) -> Alert:
        return cast(Alert, self.state(alert_stream(ALERT_ID)))

    @property
    def task(self) -> Task:
        return cast(Task, self.state(task_stream(TASK_ID)))

    def decide(self, command: Command, now: datetime) -> Mapping[str, list[Decided]]:
        """Decide as the pipeline does, with exactly the definitions that are asked for."""
        states = {stream_id: self.state(stream_id) for stream_id in streams_of(command)}
        keys = definitions_of(command, states)
        # In no order that a decision could rest on.
        facts = Facts({key: self.paths[key] for key in reversed(keys) if key in self.paths})
        more = tuple(more_streams_of(command, states, facts))
        states |= {stream_id: self.state(stream_id) for stream_id in more}
        facts = with_more(facts, states, more)
        facts = replace(facts, accepted=earlier_than(command) & self.accepted)
        before = deepcopy(states)
        try:
            decided = decide_on(command, states, facts, now)
        finally:
            assert states == before, "decide changed a state that it was given"
        after = {stream: _after(self.state(stream), new) for stream, new in decided.items() if new}
        change = holder_change(command, states, after, decided, facts)
        if change is None:
            return decided
        return {**decided, **change.told({one: self.state(one) for one in change.streams}, now)}

    def append(self, stream_id: str, decided: Sequence[Decided]) -> None:
        for new in decided:
            state = self.state(stream_id)
            stored = Stored(new.event, state.version + 1, new.occurred_at, new.fact_id)
            self.states[stream_id] = state.evolve(stored)
            self.stored.append((stream_id, stored))
            if isinstance(new.event, PathPublished):
                definition = OrderPath.model_validate(new.event.definition)
                self.paths[new.event.path, new.event.path_version] = definition

    def run(self, command: Command, now: datetime) -> list[Event]:
        """Decide and append. Raises: Refusal."""
        new = self.decide(command, now)
        for stream_id, decided in new.items():
            self.append(stream_id, decided)
        if any(new.values()):
            self.accepted.add(command.command_id)
        return [one.event for decided in new.values() for one in decided]


def _after(state: Any, decided: Sequence[Decided]) -> Any:
    for version, new in enumerate(decided, state.version + 1):
        state = state.evolve(Stored(new.event, version, new.occurred_at, new.fact_id))
    return state


class Answer:
    """What came of a command."""

    def __init__(self, world: World, events: Sequence[Event], unmet: Sequence[Unmet]) -> None:
        self.world = world
        self.events = events
        self.unmet = unmet

    def then(self, *events: Event) -> Self:
        assert not self.unmet, f"refused: {[u.code for u in self.unmet]}"
        assert list(self.events) == list(events), f"not these, but: {list(self.events)}"
        return self

    def then_nothing(self) -> Self:
        return self.then()

    def then_refused(self, *codes: str) -> Self:
        """Every unmet condition, in this order and no other."""
        assert not self.events, f"accepted: {self.events}"
        found = [u.code for u in self.unmet]
        assert found == list(codes), f"not {list(codes)}, but: {found}"
        return self

    @property
    def order(self) -> Order:
        """The order after the command."""
        return self.world.order

    @property
    def stock(self) -> Stock:
        """The stock after the command."""
        return self.world.stock

    @property
    def customer(self) -> Customer:
        """The customer after the command."""
        return self.world.customer

    @property
    def enquiry(self) -> Enquiry:
        """The enquiry after the command."""
        return self.world.enquiry

    @property
    def team(self) -> Team:
        """The team after the command."""
        return self.world.team

    @property
    def fields(self) -> list[str | None]:
        """Where in the command the unmet conditions lie."""
        return [u.field for u in self.unmet]


class Scenario:
    """What has happened until now."""

    def __init__(self, world: World, now: datetime) -> None:
        self.world = world
        self.now = now

    def at(self, now: datetime) -> Self:
        """Set the clock for the command."""
        self.now = now
        return self

    def when(self, command: Command) -> Answer:
        try:
            return Answer(self.world, self.world.run(command, self.now), ())
        except Refusal as refusal:
            return Answer(self.world, (), refusal.unmet)

    def when_asked(self, ask: Callable[..., Verdict], *wish: Any) -> Answer:
        """Let an order's decision ask the stock for something, now."""
        decided, unmet = ask(self.world.stock, *wish, self.now)
        self.world.append(STOCK, decided)
        return Answer(self.world, [one.event for one in decided], unmet)


def given(*history: Step, paths: Sequence[OrderPath] = (PATH,)) -> Scenario:
    """Start from a history, on published paths (each next one of a name is a new version)."""
    world, now = World(), NOW
    for path in paths:
        version = world.state(f"path-{path.path}").latest + 1
        published = PathPublished(
            path=path.path,
            path_version=version,
            content_hash=path.content_hash,
            definition=path.content,
        )
        world.append(f"path-{path.path}", [Decided(published, NOW)])
        listed = PathListed(path=path.path, path_version=version, applies_to=path.applies_to)
        world.append(SELECTION, [Decided(listed, NOW)])
    for step in history:
        if isinstance(step, Command):
            world.run(step, now)
        else:
            decided = step if isinstance(step, Decided) else Decided(step, now)
            world.append(_stream(decided.event), [decided])
        now += STEP
    return Scenario(world, now)


def _stream(event: Event) -> str:
    match event:
        case PathPublished():
            return f"path-{event.path}"
        case PathListed():
            return SELECTION
        case CalendarPublished():
            return f"calendar-{event.calendar}"
        case RulePublished():
            return f"rule-{event.rule}"
        case WavePublished() | WaveBegun() | WaveFinished():
            return wave_stream(event.wave)
        case TimerFired():
            return timer_stream(ORDER_ID)
        case _ if isinstance(event, STOCK_EVENTS):
            return STOCK
        case _ if isinstance(event, CUSTOMER_EVENTS):
            return CUSTOMER_STREAM
        case _ if isinstance(event, ENQUIRY_EVENTS):
            return enquiry_stream(ENQUIRY_ID)
        case _ if isinstance(event, PRODUCT_EVENTS):
            return PRODUCT
        case DiscountSet() | DiscountEnded():
            return DISCOUNTS
        case DeliveryMethodSet() | DeliveryMethodEnded():
            return METHODS
        case _ if isinstance(event, SERIES_EVENTS):
            return SERIES
        case _ if isinstance(event, TEAM_EVENTS):
            return team_stream(GROUP)
        case _ if isinstance(event, ALERT_EVENTS):
            return alert_stream(ALERT_ID)
        case _ if isinstance(event, TASK_EVENTS):
            return task_stream(TASK_ID)
        case _ if isinstance(event, ACCESS_EVENTS):
            return key_stream("shop-front")
        case _:
            return stream_of(ORDER_ID)
