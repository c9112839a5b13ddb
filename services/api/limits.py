"""How much of what anybody may ask at once: sizes, times, numbers. services.bootstrap sets them."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from services.api.problems import Turned

MOST_CALLERS: Final = 10_000  # that are counted at once; the longest silent is forgotten


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one process."""

    body_bytes: int = 8 * 1024 * 1024
    head_bytes: int = 64 * 1024  # of the head of a request: its place and its headers
    headers: int = 100  # of a request
    parameters: int = 1_000  # of its query; no question takes as many
    head_seconds: float = 15.0  # for the head of a request to come, also one that never begins
    body_seconds: float = 30.0  # for all of a request, where its body is read
    request_seconds: float = 45.0  # for all of it, whoever reads it; then the line is cut
    taken_seconds: float = 60.0  # for a caller to take what waits for him; then the line is cut
    lines: int = 4_096  # that are open
    at_once: int = 1_024  # requests in hand
    per_second: int = 5_000  # commands and questions of one caller
    command_seconds: float = 20.0
    question_seconds: float = 30.0
    question_ending_seconds: float = 10.0  # for those in hand once the server ends
    command_ending_seconds: float = 13.0  # its lines stay longer
    position_seconds: float = 5.0  # that a read waits for min_position
    poll_seconds: float = 30.0  # that the feed waits for news
    polls: int = 1_024  # that wait for news at once; no requests in hand
    polls_each: int = 256  # of one caller
    stream_seconds: float = 3_600.0  # that one stream of events lasts
    streams: int = 256  # that are open at once; no requests in hand
    streams_each: int = 64  # of one caller
    tidy_seconds: float = 600.0  # between two looks for files that nobody imported
    import_bytes: int = 1024 * 1024 * 1024  # of one file that is put to be imported
    batch: int = 500  # commands of one request
    readers: int = 4  # threads, each with its connections
    questions_waiting: int = 200
    long_commands: int = 2  # threads that read definitions, and commands that are large
    long_waiting: int = 16  # of these, with those that are being read
    large_bodies: int = 1  # threads that parse large requests: they get in each other's way
    large_waiting: int = 16  # of these, with those that are being parsed


class Rates:
    """Counts what callers ask for, each by a bucket that fills as time goes by. For one thread."""

    def __init__(self, per_second: int, clock: Callable[[], float] = monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # left, at

    def take(self, caller: str, number: int = 1, *, counted: int = 0) -> None:
        """Count a request. One of more than a bucket holds takes all of a full one, and what it
        lacks has to come before the next.

        counted: how much of the same request was counted before
        Raises:  Turned too_many, with when to come back
        """
        now = self._clock()
        left, at = self._buckets.pop(caller, (float(self._per_second), now))
        left = min(left + (now - at) * self._per_second, float(self._per_second))
        needed = min(number, self._per_second - counted)
        if left < needed:
            self._buckets[caller] = left, now
            message = f"more than {self._per_second} a second: come back later"
            wait = (needed + counted - left) / self._per_second
            raise Turned("too_many", message, retry_seconds=wait)
        self._buckets[caller] = left - number, now
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
