"""Looks up who of the persons in a command is a stranger to its actor: a customer who has orders,
and none that the actor's roles reach. Asked by services.reception before the command waits.

The tables know it. Unless they show an order within reach they are brought to the end of the log
first, so what was answered before the command came counts. An order that is placed, or moved out of
reach, between the look and the decision does not: the person is taken for what he was just before.
"""

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any

from domain.customers.events import customer_stream
from domain.effects.events import EffectRequested
from domain.enquiries.events import EnquiryRecorded
from domain.messages import Command, Recorded
from domain.orders.commands import PlaceOrder
from domain.roles.persons import Acquainted, person_named, stream_naming
from domain.sights import Region, Sight, seen_by
from projections.reports.customers import has_orders
from services.customers import is_stranger
from services.together import Together

if TYPE_CHECKING:
    from services.bootstrap import System


class Acquaintances:
    """Whom actors reach. One look at a time, on connections that nobody else uses meanwhile.

    tables: brings them to the end of the log, for all who wait for that; meanwhile looks go on
    """

    def __init__(self, system: "System") -> None:
        self._system = system
        self._own: System | None = None
        self._forward: System | None = None  # of the thread of `tables`
        self._turn = Lock()
        self.tables = Together(self._catch_up, thread="orderpath acquaintances")

    def doubtful(self, command: Command) -> frozenset[str]:
        """Name the persons in a command of whom the tables show no order within its actor's reach,
        be it that there is none, or that the tables are behind.
        """
        reach = command.actor.reach
        if reach is None:
            return frozenset()
        with self._turn:
            own = self._opened()
            named = {person_named(command), _person_of(own, stream_naming(command))}
            return _doubtful(own, command, {one for one in named if one is not None}, reach)

    def made(self, command: Command, doubtful: frozenset[str]) -> Command:
        """Give the command with what its actor does not reach of whom it names.

        doubtful: as above; the tables were brought to the end of the log since, if there are any
        """
        reach = command.actor.reach
        if reach is None:
            return command
        strangers: frozenset[str] = frozenset()
        if doubtful:
            with self._turn, seen_by(Sight(reach)):
                own = self._opened()
                strangers = frozenset(one for one in doubtful if is_stranger(own, one))
        actor = Acquainted.model_construct(**{**dict(command.actor), "strangers": strangers})
        return command.model_copy(update={"actor": actor})

    def _opened(self) -> "System":
        if self._own is None:
            own = self._system.another()
            own.prepare_projections()  # A first look must find tables.
            self._own = own
        return self._own

    async def _catch_up(self) -> None:
        if self._forward is None:
            self._forward = self._system.another()
        self._forward.catch_up()

    def close(self) -> None:
        """Give the connections back."""
        self.tables.close()
        with self._turn:
            for one in filter(None, (self._own, self._forward)):
                one.close()
            self._own = self._forward = None


def _doubtful(
    own: "System", command: Command, named: Iterable[str], reach: tuple[Region, ...]
) -> frozenset[str]:
    with seen_by(Sight(reach)), own.snapshot() as reader:
        doubtful = {one for one in named if not has_orders(reader, one)}
    whose = person_named(command) if isinstance(command, PlaceOrder) else None
    if whose is not None and whose in doubtful and _first(own, customer_stream(whose)) is None:
        doubtful.remove(whose)  # Of whom only orders tell, nothing would be learnt by one more.
    return frozenset(doubtful)


def _person_of(own: "System", stream: str | None) -> str | None:
    """Give the customer of an enquiry or a message: its first event says so, and no other does."""
    event: Any = None if stream is None else _first(own, stream)
    match event:
        case EnquiryRecorded(customer=customer):
            return customer.customer_id if customer else None
        case EffectRequested(to=to):
            return to.customer_id if to else None
        case _:
            return None


def _first(own: "System", stream: str) -> Any:
    """Give the first event of a stream; what is personal in it stays sealed. None: there is none"""
    events = own.projection_log.read_streams({stream: (0, 1)})
    return next((one.event for one in events if isinstance(one, Recorded)), None)
