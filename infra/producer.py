"""Publishes to Kafka with kafka-python's idempotent producer. Used by the relay and the workers.

After an error a producer may never recover, so it is thrown away and another one made: what it had
in hand may then come twice, in its order, and nothing is left out. infra.fenced_producer is the one
that writes alone.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any, Final

import structlog

from domain.refusals import InfraError
from domain.streaming import PREFIX, TOPICS, Message, named
from infra.broker import reach, with_one_that_answers

PATIENCE_SECONDS: Final = 30.0  # for the brokers to acknowledge what was sent
CLOSE_SECONDS: Final = 5.0
SETTINGS: Final[Mapping[str, Any]] = {
    "enable_idempotence": True,
    "acks": "all",
    "linger_ms": 5,
    "batch_size": 512 * 1024,  # bytes
    "compression_type": "lz4",
    "reconnect_backoff_max_ms": 1_000,
    "bootstrap_timeout_ms": 5_000,
    "max_block_ms": 10_000,  # of a topic that is missing
}

log_ = structlog.get_logger()


class IdempotentProducer:
    """Implements domain.streaming.Producer. For one thread; another one may close it.

    arguments:        as infra.broker.kafka_arguments gives them
    prefix:           of the shop's names, which the topics of messages get here
    patience_seconds: after which records that are not acknowledged are given up
    """

    def __init__(
        self,
        arguments: dict[str, Any],
        *,
        prefix: str = PREFIX,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._arguments = arguments
        self._prefix = prefix
        self._partitions = {named(one.name, prefix): one.partitions for one in TOPICS}
        self._patience_seconds = patience_seconds
        self._producer: Any = None

    def publish(self, messages: Sequence[Message]) -> None:
        """Send all and wait until every single one is acknowledged.

        A record that the brokers refuse for its size is left out, and named in the log: it would be
        refused for ever, and everything behind it would wait.

        Raises: InfraError broker_unavailable
        """
        messages = [replace(one, topic=named(one.topic, self._prefix)) for one in messages]
        if not messages or self._send(messages):
            return
        for message in messages:  # One too large fails all that are under way: each goes alone.
            if not self._send([message]):
                _name_too_large(message)

    def close(self) -> None:
        """Give the connection back; what is not acknowledged yet is given up."""
        from kafka.errors import KafkaError

        producer, self._producer = self._producer, None
        if producer is not None:
            # Its own close() waits for records that may never go, then leaves its thread running.
            producer._sender.force_close()
            with suppress(KafkaError):
                producer.close(timeout=CLOSE_SECONDS)

    def _send(self, messages: Sequence[Message]) -> bool:
        """Send all; False: one or more are too large, and nothing is sure of the others."""
        from kafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

        try:
            self._try(messages)
        except (MessageSizeTooLargeError, RecordListTooLargeError):
            self.close()
            return False
        except KafkaError as error:
            self.close()
            raise _unavailable(messages, error) from error
        except BaseException:
            self.close()
            raise
        return True

    def _try(self, messages: Sequence[Message]) -> None:
        producer = self._producer = self._producer or self._new()
        self._exchange(producer, messages)

    def _exchange(self, producer: Any, messages: Sequence[Message]) -> None:
        from kafka.errors import UnknownError

        deadline = monotonic() + self._patience_seconds
        self._see_all_partitions(producer, messages)
        futures = [
            producer.send(
                one.topic,
                value=one.value,
                key=one.key,
                partition=one.partition,
                headers=list(one.headers),
            )
            for one in messages
        ]
        with suppress(UnknownError):  # A batch was split for its size: its records come later.
            producer.flush(timeout=self._patience_seconds)
        for future in futures:
            future.get(timeout=max(deadline - monotonic(), 0))

    def _see_all_partitions(self, producer: Any, messages: Sequence[Message]) -> None:
        """Send nothing to a topic of ours that is not as it has to be: a key would go elsewhere.

        One that was deleted may be back with other partitions, made by a reader's question.
        """
        for topic in {one.topic for one in messages} & self._partitions.keys():
            there, wanted = len(producer.partitions_for(topic)), self._partitions[topic]
            if there != wanted:
                why = f"Topic {topic} has {there} partitions instead of {wanted}"
                raise InfraError("broker_unavailable", f"Nothing was sent: {why}.")

    def _new(self, **own: Any) -> Any:
        from kafka import KafkaProducer

        reach(self._arguments)  # of brokers away kafka-python would keep a thread
        milliseconds = int(self._patience_seconds * 1_000)
        limits = {
            "delivery_timeout_ms": milliseconds,
            "request_timeout_ms": milliseconds // 2,
        }
        arguments = with_one_that_answers(self._arguments)
        producer = KafkaProducer(**SETTINGS, **limits, **own, **arguments)
        # Brokers may make a missing topic for whoever asks, but not as it has to be. kafka-python
        # 3.0.12 takes the setting for that, and forgets it.
        producer._metadata.config["allow_auto_create_topics"] = False
        return producer


def _name_too_large(message: Message) -> None:
    told = {name: value.decode(errors="replace") for name, value in message.headers}
    log_.error(
        "record_too_large",
        topic=message.topic,
        key=message.key.decode(errors="replace") if message.key else None,
        value_bytes=len(message.value or b""),
        headers=told,
    )


def _unavailable(messages: Sequence[Message], error: Exception) -> InfraError:
    topics = ", ".join(sorted({message.topic for message in messages}))
    return InfraError(
        "broker_unavailable",
        f"Kafka did not acknowledge {len(messages)} records of {topics}: "
        f"{type(error).__name__}: {error}",
    )
