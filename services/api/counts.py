"""What the API counts, for Prometheus: /metrics."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)


class Counts:
    """The numbers of one process since it started."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "orderpath_requests", "Answers by place, method and status.",
            ["place", "method", "status"], registry=registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "orderpath_request_seconds", "How long answers took.", ["place"],
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.outcomes = Counter(
            "orderpath_commands", "What became of commands.", ["command", "outcome"],
            registry=registry,
        )  # fmt: skip
        self.in_hand = Gauge(
            "orderpath_requests_in_hand", "Requests that wait for their answer.", registry=registry
        )
        self.streams = Gauge("orderpath_streams", "Open streams of events.", registry=registry)
        self.polls = Gauge("orderpath_polls", "Requests that wait for news.", registry=registry)
        self.lines = Gauge("orderpath_lines", "Open lines to callers.", registry=registry)
        self.position = Gauge("orderpath_log_position", "End of the log.", registry=registry)
        self.lag = Gauge(
            "orderpath_tables_lag", "Positions that the tables are behind.", registry=registry
        )

        self._answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._ends: dict[tuple[str, str], Counter] = {}

    def answered(self, place: str, method: str, status: int, seconds: float) -> None:
        """Count an answer, and how long it took."""
        found = self._answers.get((place, method, status))
        if found is None:  # The library looks labels up under a lock, after it made texts of them.
            found = self.requests.labels(place, method, status), self.seconds.labels(place)
            self._answers[place, method, status] = found
        found[0].inc()
        found[1].observe(seconds)

    def came_to(self, command: str, outcome: str) -> None:
        """Count what became of a command."""
        found = self._ends.get((command, outcome))
        if found is None:
            found = self._ends[command, outcome] = self.outcomes.labels(command, outcome)
        found.inc()

    def text(self) -> bytes:
        """Give them as Prometheus reads them."""
        return generate_latest(self.registry)
