"""The producer of who leads: once it has begun, brokers refuse whoever began before it.

A leader may be frozen with records in hand, be replaced, and wake: what it then sends would stand
behind newer records, and in a compacted topic it would be believed for ever. docs/adr/0016 says why
this is Kafka's transactions, and which of kafka-python's ways around them are closed here.
"""

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, Final

from domain.streaming import PREFIX, Leading, Message, named
from infra.producer import PATIENCE_SECONDS, IdempotentProducer

WAIT_MILLISECONDS: Final = 50  # between two looks at whether another thread has closed us
SETTINGS: Final[Mapping[str, Any]] = {
    # Of an answer that says "the last transaction still ends": it does so for some milliseconds.
    "retry_backoff_ms": 10,
    "transaction_timeout_ms": 90_000,  # then brokers undo it themselves; no publish takes so long
}


def make_producer(
    arguments: dict[str, Any],
    leading: Leading | None = None,
    *,
    prefix: str = PREFIX,
    patience_seconds: float = PATIENCE_SECONDS,
) -> IdempotentProducer:
    """Give a producer for whoever leads, None: one that publishes beside others.

    arguments, prefix, patience_seconds: as of IdempotentProducer
    """
    how: Any = {"prefix": prefix, "patience_seconds": patience_seconds}
    if leading is None:
        return IdempotentProducer(arguments, **how)
    return FencedProducer(arguments, leading, **how)


class FencedProducer(IdempotentProducer):
    """Implements domain.streaming.Producer. For one thread; another one may close it.

    Each publish is one transaction. That we lead is seen after brokers have begun to refuse whoever
    came before: so who leads after us begins later, and then nothing of ours goes through any more.

    arguments, prefix, patience_seconds: as of IdempotentProducer
    """

    def __init__(
        self, arguments: dict[str, Any], leading: Leading, *, prefix: str, patience_seconds: float
    ) -> None:
        super().__init__(arguments, prefix=prefix, patience_seconds=patience_seconds)
        self._writer = named(leading.writer, prefix)
        self._check = leading.check

    def _try(self, messages: Sequence[Message]) -> None:
        from kafka.errors import InvalidProducerEpochError, ProducerFencedError

        try:
            producer = self._producer or self._begin()
            producer.begin_transaction()
            self._exchange(producer, messages)
            # Only now: kafka-python would also end one whose records it has lost.
            self._await(producer, producer._transaction_manager.begin_commit())
        except (InvalidProducerEpochError, ProducerFencedError) as error:
            raise type(error)(
                f"another relay has begun to write as {self._writer}; where that is one of another "
                "shop, give each shop an ORDERPATH_KAFKA_PREFIX of its own"
            ) from error

    def _begin(self) -> Any:
        """Let brokers refuse whoever began before; what they had not ended is undone."""
        self._check()  # Who leads no longer shall keep out nobody.
        producer = self._producer = self._new(transactional_id=self._writer, **SETTINGS)
        manager = producer._transaction_manager
        # By itself it would answer "you are fenced" by fencing the one that came after it.
        manager._supports_epoch_bump = lambda: False
        self._await(producer, manager.initialize_transactions())
        self._check()
        return producer

    def _await(self, producer: Any, answer: Any) -> None:
        """Wait for brokers to begin or end a transaction. Its own methods wait without end."""
        from kafka.errors import KafkaTimeoutError

        give_up_at = monotonic() + self._patience_seconds
        producer._sender.wakeup()
        while not answer.wait(timeout_ms=WAIT_MILLISECONDS):
            if producer is not self._producer or monotonic() > give_up_at:
                raise KafkaTimeoutError(
                    f"no answer about transactional id {self._writer}: may we write under it, and "
                    "has topic __transaction_state replicas enough?"
                )
