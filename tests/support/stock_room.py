"""What orders do to stocks, written as their decisions would write it: no command does so alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from domain.batch import Answer, NewEvent
from domain.refusals import Unmet
from domain.stock.commands import SetThreshold
from domain.stock.decide import Verdict
from domain.stock.events import stream_of
from domain.stock.stock import Stock
from infra.event_log import EventLog
from tests.support.examples import actor
from tests.support.loads import body_hash


@dataclass(frozen=True, slots=True)
class StockRoom:
    """One article at one location, in a real log."""

    log: EventLog
    sku: str = "TEA-100"
    location: str = "main"

    @property
    def stream_id(self) -> str:
        return stream_of(self.sku, location=self.location)

    @property
    def stock(self) -> Stock:
        """The aggregate, from its events."""
        stock = Stock()
        for recorded in self.log.load({self.stream_id: 0})[self.stream_id]:
            stock = stock.evolve(recorded)
        return stock

    def ask(self, ask: Callable[..., Verdict], *wish: Any, now: datetime) -> list[Unmet]:
        """Reserve, keep, release, commit or restock; give what stands against it."""
        before = self.stock
        decided, unmet = ask(before, *wish, now)
        if decided:
            versions = range(before.version + 1, before.version + len(decided) + 1)
            events = [
                NewEvent(self.stream_id, version, one, self.stream_id)
                for version, one in zip(versions, decided, strict=True)
            ]
            command = SetThreshold(
                command_id=uuid4(),
                actor=actor(),
                sku=self.sku,
                location=self.location,
                threshold=None,
            )
            answer = Answer(
                command,
                body_hash(command),
                "accepted",
                [self.stream_id],
                events,
                versions={self.stream_id: versions[-1]},
            )
            self.log.append([answer], {self.stream_id: before.version}).result()
        return unmet
