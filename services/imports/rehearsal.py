"""A dry run: facts are decided on the orders as they stand in the log, and not recorded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.facts import Facts, PathKey
from domain.messages import Event
from domain.orders.commands import RecordFacts
from domain.orders.decide_facts import record_facts
from domain.orders.order import Order
from domain.paths.path import OrderPath
from services.bootstrap import System
from services.states import StateCache


class Rehearsal:
    """Decides some orders' commands as the pipeline would; `fetch` them first."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._orders: dict[str, Order] = {}
        self._paths: dict[PathKey, OrderPath] = {}

    def fetch(self, commands: Iterable[RecordFacts], paths: dict[PathKey, OrderPath]) -> None:
        """Look up the orders of these commands.

        paths:  the version that new orders follow
        Raises: InfraError, with its stream_id where one order is damaged
        """
        streams = {command.stream_id for command in commands}
        self._orders = StateCache(0).fetch(self._system.log, streams, fresh=True)
        self._paths |= paths
        pinned = {order.pinned for order in self._orders.values() if order.path}
        self._paths |= self._system.log.load_paths(sorted(pinned - self._paths.keys()))

    def decide(self, command: RecordFacts) -> list[Event]:
        """Give the events that would be recorded, behind those of the commands before.

        Raises: Refusal
        """
        order = self._orders[command.stream_id]
        decided = record_facts(order, command, Facts(self._paths), self._system.clock())
        for version, one in enumerate(decided, order.version + 1):
            order = order.evolve(_Next(one.event, version, one.occurred_at, one.fact_id))
        self._orders[command.stream_id] = order
        return [one.event for one in decided]


@dataclass(frozen=True, slots=True)
class _Next:
    """A decided event with its place, as evolve wants it."""

    event: Event
    version: int
    occurred_at: datetime
    fact_id: UUID | None
