"""The topic of what could not be read: what it was, where it stood, and why; never its contents."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from threading import Event as Signal
from threading import Thread
from typing import Final

import structlog

from consumers.hand_over import Incoming
from domain.public.dead_letters import RecordLetter
from domain.refusals import InfraError
from domain.streaming import DEADLETTERS, Message, Producer

MOST_LETTERS: Final = 1_000  # that wait for the broker
SEND_SECONDS: Final = 1.0  # between two looks for letters
MOST_HEADERS: Final = 20  # that a letter tells, and characters of each: whoever sent it may
LONGEST_HEADER: Final = 255  # have sent any
LONGEST_ERROR: Final = 255  # characters
LEAVE_SECONDS: Final = 1.0  # for the last ones, once told to end

log_ = structlog.get_logger()


class DeadLetters:
    """Sends letters in batches, and keeps them while the broker is away or their topic is missing.

    For two threads: one adds, the other one does everything else.

    make_topic: called when letters cannot be sent. Raises: InfraError
    tell:       a line for people, once letters wait and once they go out again
    """

    def __init__(
        self,
        new_producer: Callable[[], Producer],
        make_topic: Callable[[], object] = lambda: None,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._new_producer = new_producer
        self._make_topic = make_topic
        self._tell = tell
        self._producer: Producer | None = None
        self._waiting: list[Message] = []
        self._waits = False  # was told

    @contextmanager
    def going_out(self, stop: Signal) -> Iterator[None]:
        """Send them beside for as long as the block lasts: who adds one waits for no broker.

        stop: is set where a fault of ours ends that, which is raised behind the block
        """
        ending, faults = Signal(), list[Exception]()

        def carry() -> None:
            try:
                self._carry(ending)
            except Exception as error:  # noqa: BLE001 - raised behind the block
                faults.append(error)
                stop.set()

        thread = Thread(target=carry, name="dead letters", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join(LEAVE_SECONDS)
        if faults:
            raise faults[0]

    def add(self, record: Incoming, error: str) -> None:
        """Write a letter; `send` sends it. The log says the same, so above the limit none is."""
        if len(self._waiting) < MOST_LETTERS:
            self._waiting.append(_letter(record, error))

    def send(self) -> None:
        """Send what waits; what cannot be sent now waits for the next time."""
        letters = list(self._waiting)
        if not letters:
            return
        try:
            self._producer = self._producer or self._new_producer()
            self._producer.publish(letters)
        except InfraError as error:
            self._wait(error)
        else:
            del self._waiting[: len(letters)]
            if self._waits:
                self._waits = False
                self._tell("dead letters go out again")

    def close(self) -> None:
        """Give the connection back."""
        if self._producer is not None:
            self._producer.close()

    def _wait(self, error: InfraError) -> None:
        if not self._waits:
            self._waits = True
            log_.warning(
                "dead_letters_wait",
                code=error.code,
                letters=len(self._waiting),
                message=str(error),
            )
            self._tell(f"dead letters wait, the tables do not: {error}")
        with suppress(InfraError):  # The next try tells no more of it than this one did.
            self._make_topic()

    def _carry(self, ending: Signal) -> None:
        while not ending.wait(SEND_SECONDS):
            self.send()
        self.send()
        self.close()


def _letter(record: Incoming, error: str) -> Message:
    told = islice(record.headers.items(), MOST_HEADERS)
    headers = {_cut(name): _cut(value.decode(errors="replace")) for name, value in told}
    letter = RecordLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        error=error[:LONGEST_ERROR],
        headers=headers,
    )
    return Message(DEADLETTERS.name, letter.model_dump_json().encode())


def _cut(text: str) -> str:
    return text[:LONGEST_HEADER]
