"""All programs of a shop, on a durable database and a Kafka of their own, as in production."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.embedded import start_embedded, stop_embedded
from infra.local_broker import stop_local_broker
from infra.migrate import migrate
from tests.integration.projections.world import World, open_world
from tests.support.broker import start_test_broker
from tests.support.programs import RunningProgram, programs

LEADING: Final = "leading"
READY: Final = "worker ready"
WORKERS: Final = 2


@dataclass
class Cluster:
    """The folder with database and broker, and the programs that run on it."""

    folder: Path
    world: World
    broker: str  # host:port
    environment: dict[str, str]
    start: Callable[..., RunningProgram]
    relay: RunningProgram = field(init=False)
    workers: list[RunningProgram] = field(init=False)

    def __post_init__(self) -> None:
        self.start_relay()
        self.workers = [self.start("worker") for _ in range(WORKERS)]
        for worker in self.workers:
            worker.await_line(READY)

    @property
    def url(self) -> str:
        return self.world.url

    def start_relay(self) -> None:
        """Start a relay and wait until it leads."""
        self.relay = self.start("relay")
        self.relay.await_line(LEADING)

    def start_worker(self) -> RunningProgram:
        """Start a worker and wait until it has shards."""
        worker = self.start("worker")
        worker.await_line(READY)
        return worker


@contextmanager
def open_cluster(folder: Path) -> Iterator[Cluster]:
    """Give a cluster with one relay and two workers; nothing of it is left afterwards."""
    with ExitStack() as ending:
        ending.callback(stop_embedded, folder)
        url = start_embedded(folder)
        migrate(url)
        ending.callback(stop_local_broker, folder)
        broker = start_test_broker(folder)
        world = ending.enter_context(open_world(url))
        world.models.drive("workers")
        environment = {
            "ORDERPATH_DATABASE_URL": url,
            "ORDERPATH_KAFKA": broker,
            "ORDERPATH_DATA_DIR": str(folder),
            "ORDERPATH_LOG_FORMAT": "json",
        }
        start = ending.enter_context(programs(environment))
        yield Cluster(folder, world, broker, environment, start)
