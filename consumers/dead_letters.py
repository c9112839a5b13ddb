"""The topic of what could not be read: what it was, where it stood, and why; never its contents."""

from collections.abc import Callable
from typing import Final

import structlog
from pydantic_core import to_json

from consumers.hand_over import Incoming
from domain.refusals import InfraError
from domain.streaming import DEADLETTERS, Message, Producer

MOST_LETTERS: Final = 1_000  # that wait for the broker

log_ = structlog.get_logger()


class DeadLetters:
    """Sends letters in batches, and keeps them while the broker is away. For one thread."""

    def __init__(self, new_producer: Callable[[], Producer]) -> None:
        self._new_producer = new_producer
        self._producer: Producer | None = None
        self._waiting: list[Message] = []

    def add(self, record: Incoming, error: str) -> None:
        """Write a letter; `send` sends it. The log says the same, so above the limit none is."""
        if len(self._waiting) < MOST_LETTERS:
            self._waiting.append(_letter(record, error))

    def send(self) -> None:
        """Send what waits; what cannot be sent now waits for the next time."""
        if not self._waiting:
            return
        try:
            self._producer = self._producer or self._new_producer()
            self._producer.publish(self._waiting)
            self._waiting = []
        except InfraError as error:
            log_.warning("dead_letters_wait", code=error.code, letters=len(self._waiting))

    def close(self) -> None:
        """Give the connection back."""
        if self._producer is not None:
            self._producer.close()


def _letter(record: Incoming, error: str) -> Message:
    headers = {name: value.decode(errors="replace") for name, value in record.headers.items()}
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    return Message(DEADLETTERS.name, to_json({**place, "error": error, "headers": headers}))
