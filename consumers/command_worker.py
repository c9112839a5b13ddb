"""The program behind `orderpath commands`: takes commands from Kafka until a signal ends it.

It works in a thread beside the main one, so that nothing that blocks there keeps it from ending.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from math import inf
from threading import Event as Signal
from threading import Thread
from typing import Any, Final

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.errors import KafkaError

from consumers.asking import make_no_topics
from consumers.broker_watch import watch_broker
from consumers.broker_words import broker_error
from consumers.commands import (
    SETTINGS,
    WAIT_SECONDS,
    CommandConsumer,
    Decisions,
)
from consumers.members import membership
from consumers.reading_on import let_kafka_python_read_on
from domain.refusals import InfraError
from domain.streaming import COMMANDS, COMMANDS_GROUP, DEADLETTERS, RESULTS, named
from services.bootstrap import (
    Settings,
    System,
    find_brokers,
    kafka_arguments,
    load_settings,
    open_system,
    with_one_that_answers,
)
from services.cli.errors import run
from services.cli.foreground import ToldOnce, leave_at_once, signalled, state
from services.cli.session import log_level
from services.erasing import erase_customer
from services.sweeping import sweep_topics

LEAVE_SECONDS: Final = 3.0  # for the batch in hand, once a signal came
GRACE_SECONDS: Final = 8.0  # for everything, also to give back what hangs in the database
TOPICS: Final = (COMMANDS, RESULTS, DEADLETTERS)

log_ = structlog.get_logger()


def main() -> None:
    """Take commands until SIGTERM or SIGINT; 0 then, 3 if it cannot go on."""
    parser = ArgumentParser("python -m consumers.command_worker", description=__doc__)
    parser.add_argument("--id", help="name of this consumer; by default the first that is free")
    run(partial(_take_commands, parser.parse_args().id), log_level, leave_at_once)


def _take_commands(name: str | None) -> None:
    stop = signalled(GRACE_SECONDS)
    # A command waits for the database as long as it takes: one that was given up and sent again
    # would come behind later ones of its order.
    patient = load_settings().model_copy(update={"patience_seconds": inf})
    with (
        open_system(patient) as system,
        membership(patient.data_dir / "commands", name) as member,
    ):
        beat = system.heartbeat("commands").beat
        records = _subscribed(system, member, stop, beat)
        if records is not None:
            with closing(system.streaming.broker.new_producer()) as producer:
                look = partial(_keep_topics, system)
                Thread(target=watch_broker, args=(look, stop), name="Kafka", daemon=True).start()
                decisions = Decisions(system.pipeline.submit, partial(erase_customer, system))
                consumer = CommandConsumer(records, decisions, producer, stop, beat=beat)
                _until(stop, consumer)
    state("ended")


def _subscribed(
    system: System, member: str, stop: Signal, beat: Callable[[], None]
) -> KafkaConsumer | None:
    """Wait for Kafka, then ask for the commands; None if told to stop meanwhile."""
    lines = ToldOnce()
    while not stop.is_set():
        beat()
        try:
            system.streaming.broker.ensure_topics(TOPICS)
            return _subscribe(system.settings, member)
        except (InfraError, KafkaError) as fault:
            error = broker_error(fault) if isinstance(fault, KafkaError) else fault
            if error.code != "broker_unavailable":
                raise error from fault
            lines.tell(f"waiting for Kafka: {error}")
        stop.wait(WAIT_SECONDS)
    return None


def _subscribe(settings: Settings, member: str) -> KafkaConsumer:
    prefix = settings.kafka_prefix
    topic = named(COMMANDS.name, prefix)
    own = {"group_id": named(COMMANDS_GROUP, prefix), "group_instance_id": member}
    let_kafka_python_read_on()
    brokers = with_one_that_answers(kafka_arguments(find_brokers(settings)))
    records = KafkaConsumer(**SETTINGS | brokers | own)
    make_no_topics(records)
    # Whoever divides the partitions has to know them: kafka-python divides none that it has not
    # heard of, and the broker gives none to whoever takes its place either.
    records.partitions_for_topic(topic)
    records.subscribe([topic], listener=_Told())
    state(f"waiting for commands of {topic}; Ctrl-C ends it")
    return records


def _keep_topics(system: System) -> None:
    """Make topics anew that were deleted meanwhile; delete commands that tell of the erased."""
    if made := system.streaming.broker.ensure_topics(TOPICS):
        log_.warning("topics_made_anew", topics=list(made))
        state(f"made {', '.join(made)} anew, which were gone")
    sweep_topics(system)


def _until(stop: Signal, commands: CommandConsumer) -> None:
    """Let it work until a signal comes or it cannot go on, then let it finish its batch."""
    ended: Future[None] = Future()
    Thread(target=_work, args=(commands, stop, ended), name="commands", daemon=True).start()
    stop.wait()
    try:
        ended.result(LEAVE_SECONDS)
    except TimeoutError:
        state("left a batch behind: it comes again")


def _work(commands: CommandConsumer, stop: Signal, ended: Future[None]) -> None:
    try:
        commands.run()
        ended.set_result(None)
    except BaseException as error:  # noqa: BLE001 - the main thread raises it again
        ended.set_exception(error)
    stop.set()


class _Told(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python ships no types.
    """Tells people which partitions are ours."""

    def on_partitions_revoked(self, revoked: Sequence[Any]) -> None:
        pass

    def on_partitions_assigned(self, assigned: Sequence[Any]) -> None:
        numbers = ", ".join(str(part.partition) for part in sorted(assigned))
        state(f"taking commands of partitions {numbers}" if numbers else "taking no partition")


if __name__ == "__main__":
    main()
