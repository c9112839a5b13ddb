"""Clocks of waves in processes of their own, that kill or freeze themselves at a step, or run until
they are killed."""

import os
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from threading import Event as Signal
from typing import Final, Literal, get_args
from uuid import UUID

from domain.bulk import Batch, BatchOrder, BatchStore
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.wave_clock import WaveClock

Step = Literal["begun", "looked", "chosen", "frozen", "some asked", "all asked"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)


def work_until_killed(pipe: Connection, url: str, now: datetime) -> None:
    """Work again and again as at a moment, and say how many waves ended."""
    with open_system(Settings(database_url=url, log_level="error"), lambda: now) as system:
        clock = WaveClock(system)
        while not Signal().wait(0.01):
            pipe.send(clock.work())


def work_and(pipe: Connection, url: str, now: datetime, step: Step, how: signal.Signals) -> None:
    """Work once as at a moment, and send oneself a signal at a step."""
    with open_system(Settings(database_url=url, log_level="error"), lambda: now) as system:
        _let_die(system, step, how)
        pipe.send("begun")
        WaveClock(system).work()
        pipe.send("done")


def _let_die(system: System, step: Step, how: signal.Signals) -> None:
    system.batches = _Dying(system.batches, step, how)


@dataclass(slots=True)
class _Dying:
    """Keeps batches as another store does, and stops once, at a step. Implements BatchStore."""

    store: BatchStore
    step: Step
    how: signal.Signals
    stopped: bool = False

    def find(self, batch_id: UUID) -> Batch | None:
        self._at("begun")
        found = self.store.find(batch_id)
        self._at("looked")
        return found

    def begin(self, batch: Batch, orders: Sequence[BatchOrder]) -> None:
        self._at("chosen")
        self.store.begin(batch, orders)
        self._at("frozen")

    def orders(self, batch_id: UUID, after: int, limit: int) -> list[BatchOrder]:
        if after > 0:
            self._at("some asked")
        return self.store.orders(batch_id, after, limit)

    def finish(self, batch_id: UUID) -> None:
        self.store.finish(batch_id)
        self._at("all asked")

    def subjects_about(self, orders: Sequence[UUID]) -> list[str]:
        return self.store.subjects_about(orders)

    def latest(self, limit: int) -> Iterable[Batch]:
        return self.store.latest(limit)

    def _at(self, step: Step) -> None:
        if step == self.step and not self.stopped:
            self.stopped = True
            os.kill(os.getpid(), self.how)
