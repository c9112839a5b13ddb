"""What the moves of a backtest come upon: each is decided, with what its rule does before it, on
the order as it was just then. Nothing of it is kept. Called by services.backtest.

What others have is taken for well: stocks have enough, and of a team nobody is chosen.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from domain.catalog import decide_on, empty_state, streams_of
from domain.customers.commands import CustomerCommand
from domain.customers.customer import Customer
from domain.customers.events import customer_stream
from domain.customers.remembered import RememberedCustomers
from domain.facts import Facts
from domain.messages import Command, Foreseen
from domain.orders import commands as c
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.orders.stocks_read import stocks_of
from domain.paths.calendars import Calendar
from domain.reading import OrderLog, read_whole
from domain.refusals import Refusal
from domain.rules.book import InForce
from domain.rules.judging import Sight
from domain.rules.runs import Run
from domain.stock.events import MAX_PIECES
from domain.stock.events import stream_of as stock_stream
from domain.stock.stock import Level, Reservation, Stock
from domain.teams.sharing import ShareOut

_ENOUGH: Final = Level(on_hand=MAX_PIECES // 2)


class MoveTrials:
    """For one thread.

    A move on a path that goes by a calendar that cannot be read is not tried.
    """

    def __init__(self, log: OrderLog, rules: InForce) -> None:
        self._rules = rules
        self._customers = RememberedCustomers(log.read_streams)

    def refused(self, run: Run) -> Sequence[str]:
        """Name what stands against the move of a run by its codes, if it has one.

        Raises: InfraError
        """
        refused: Sequence[str] = ()
        sight = run.case.sight
        if sight.path and not self._rules.lost_calendars.isdisjoint(sight.path.calendars):
            return refused
        if acts := _up_to_the_move(run.acts):
            trial = _Trial(sight, self._customer(sight), self._rules.calendars)
            for act in acts:
                refused = trial.take(act)
        return refused

    def _customer(self, sight: Sight) -> Customer | None:
        """Give the customer as of the event, where the path asks for it or a rule did."""
        whose = sight.after.customer_id
        if whose is None or sight.path is None or "customer" not in sight.path.reads:
            return sight.customer
        asked = customer_stream(whose), sight.happened.position
        found = read_whole(self._customers.read_at({asked[0]: [asked[1]]}))
        self._customers.settle()
        return found[asked]


def _up_to_the_move(acts: Sequence[Command]) -> Sequence[Command]:
    """Give the move, and before it what it may depend on; nothing if there is none."""
    found: list[Command] = []
    for act in acts:
        if isinstance(act, c.OrderCommand | CustomerCommand):
            found.append(act)
        if isinstance(act, c.ChangeStatus):
            return found
    return ()


class _Trial:
    """The order and its customer, as one act after the other leaves them."""

    def __init__(
        self, sight: Sight, customer: Customer | None, calendars: Mapping[str, Calendar]
    ) -> None:
        order = sight.after
        self._order_id = UUID(sight.happened.entity_id)
        self._path = sight.path
        self._now = sight.happened.occurred_at
        self._calendars = calendars
        self._states: dict[str, Any] = {stream_of(self._order_id): order}
        self._customer = customer_stream(order.customer_id or "")
        if customer is not None:
            self._states[self._customer] = customer
        self._accepted: set[UUID] = set()

    def take(self, act: Command) -> Sequence[str]:
        """Carry out an act; give the codes of what stands against it."""
        act = _without_team(act)
        states = {one: self._states.get(one) or empty_state(one) for one in streams_of(act)}
        try:
            decided = decide_on(act, states, self._facts(), self._now)
        except Refusal as refusal:
            return [unmet.code for unmet in refusal.unmet]
        for stream in decided.keys() & self._states.keys():
            for one in decided[stream]:
                state = self._states[stream]
                told = Foreseen(one.event, state.version + 1, one.occurred_at, one.fact_id)
                self._states[stream] = state.evolve(told)
        if any(decided.values()):
            self._accepted.add(act.command_id)
        return ()

    def _facts(self) -> Facts:
        order: Order = self._states[stream_of(self._order_id)]
        return Facts(
            {} if self._path is None else {order.pinned: self._path},
            self._calendars,
            dict(self._shelves(order)),
            self._states.get(self._customer),
            accepted=frozenset(self._accepted),
        )

    def _shelves(self, order: Order) -> Iterator[tuple[str, Stock]]:
        """Give stocks that keep what the order says, and have enough beside it."""
        kept: dict[str, dict[str, Reservation]] = defaultdict(dict)
        for item_id, goods in order.goods.items():
            for location, pieces in goods.parts.items():
                stream = stock_stream(goods.sku, location=location)
                kept[stream][item_id] = Reservation(pieces, self._now)
        for stream in stocks_of(order, self._path):
            yield stream, Stock(level=_ENOUGH, reservations={self._order_id: kept[stream]})


def _without_team(act: Command) -> Command:
    if not isinstance(act, ShareOut):
        return act
    whose = {"order_id": act.order_id, "group": act.group}
    return c.AssignOwner(command_id=act.command_id, actor=act.actor, **whose)
