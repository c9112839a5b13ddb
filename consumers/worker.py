"""The worker: `orderpath worker` becomes this program, which feeds the projections from Kafka.

Faust runs in the main thread, the projector in one beside it. State lines say how it stands.
"""

import asyncio
import os
import signal
from argparse import ArgumentParser
from collections.abc import Mapping
from functools import partial
from threading import Event as Signal
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from consumers.broker_watch import watch_broker
from consumers.hand_over import HandOver
from consumers.members import membership
from consumers.projecting import Projecting
from consumers.state_line import StateLine, lacking
from domain.refusals import InfraError
from domain.streaming import LOG, named
from services.bootstrap import (
    System,
    count_partitions,
    faust_arguments,
    find_brokers,
    kafka_arguments,
    open_system,
)
from services.cli.errors import DONE, INFRASTRUCTURE, run
from services.cli.foreground import give_up_after, leave_at_once
from services.cli.foreground import state as tell
from services.cli.session import log_level

if TYPE_CHECKING:
    import faust

# Whatever still blocks then is given up, as by a kill: its transaction is rolled back.
GRACE_SECONDS: Final = 4.0
LOOK_SECONDS: Final = 1.0  # between two looks for Kafka and the topic


def main() -> None:
    """Run until a signal ends it."""
    parser = ArgumentParser("python -m consumers.worker", description=__doc__)
    parser.add_argument("--id", help="name of this worker; by default the first that is free")
    name: str | None = parser.parse_args().id
    run(partial(_work, name), log_level, leave_at_once)


def _work(name: str | None) -> None:
    stop = Signal()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _begin_end(stop))
    with open_system() as system:
        state = StateLine(tell)
        system.prepare_projections()
        broker = _find_topic(system, state, stop)
        folder = system.settings.data_dir / "workers"
        with membership(folder, name) as member:
            if not stop.is_set():
                look = partial(_keep_topic, system, state)
                Thread(target=watch_broker, args=(look, stop), name="Kafka", daemon=True).start()
                _Worker(system, state, stop).run(broker, member=member)
    tell("worker ended")


def _begin_end(stop: Signal, code: int = DONE) -> None:
    if not stop.is_set():
        stop.set()
        give_up_after(GRACE_SECONDS, "worker ended", code)


def _find_topic(system: System, state: StateLine, stop: Signal) -> Mapping[str, Any]:
    """Wait for Kafka and for the topic; give how Faust reaches it.

    Without the topic Faust would look healthy, and never get a shard.
    """
    topic = named(LOG.name, system.settings.kafka_prefix)
    heartbeat = system.heartbeat("worker")
    while not stop.is_set():
        heartbeat.beat()
        try:
            partitions = _count_partitions(system)
            if partitions == LOG.partitions:
                state.hinder("")
                return faust_arguments(find_brokers(system.settings))
            state.hinder(lacking(topic, partitions))
            if partitions:
                system.streaming.broker.ensure_topics([LOG])
        except InfraError as error:
            if error.code != "broker_unavailable":
                raise
            state.hinder(f"worker waits: {error}")
        stop.wait(LOOK_SECONDS)
    return {}


def _count_partitions(system: System) -> int:
    topic = named(LOG.name, system.settings.kafka_prefix)
    return count_partitions(kafka_arguments(find_brokers(system.settings)), topic)


def _keep_topic(system: System, state: StateLine) -> None:
    """Say if the topic is not as it has to be; set it right if a reader's question has made it."""
    partitions = _count_partitions(system)
    state.lack(lacking(named(LOG.name, system.settings.kafka_prefix), partitions))
    if partitions not in (0, LOG.partitions):
        system.streaming.broker.ensure_topics([LOG])


class _Worker:
    """Faust and the projector thread, which end together."""

    def __init__(self, system: System, state: StateLine, stop: Signal) -> None:
        self._system = system
        self._state = state
        self._stop = stop
        self._hand_over = HandOver()
        self._projector = Thread(target=self._project, name="orderpath projector", daemon=True)
        self._failure: BaseException | None = None

    def run(self, broker: Mapping[str, Any], *, member: str) -> None:
        """Work until told to stop. Raises: InfraError, or what the projector thread met"""
        asyncio.run(self._serve(broker, member))
        self._projector.join()
        if self._failure is not None:
            raise self._failure

    def _project(self) -> None:
        try:
            Projecting(self._system, self._hand_over, self._state, self._stop).run()
        except Exception as error:  # noqa: BLE001 - `run` raises it in the main thread
            self._failure = error
            os.kill(os.getpid(), signal.SIGTERM)

    async def _serve(self, broker: Mapping[str, Any], member: str) -> None:
        from consumers.app import make_app

        told = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        settings = self._system.settings
        app = make_app(broker, self._hand_over, self._state, member=member, settings=settings)
        self._projector.start()
        working, telling = asyncio.create_task(_work_on(app)), asyncio.create_task(told.wait())
        await asyncio.wait([working, telling], return_when=asyncio.FIRST_COMPLETED)
        if not telling.done():
            self._failure = self._failure or _faust_ended(working.exception() or app.crash_reason)
        _begin_end(self._stop, INFRASTRUCTURE if self._failure else DONE)
        self._hand_over.close()
        telling.cancel()
        await app.stop()
        working.cancel()


async def _work_on(app: "faust.App") -> None:
    await app.start()
    await app.wait_until_stopped()


def _faust_ended(reason: BaseException | None) -> InfraError:
    return InfraError("broker_unavailable", f"Reading from Kafka has ended: {reason!r}")


if __name__ == "__main__":
    main()
