"""A small shop with its log, its projections, and a clock that stands still until told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from domain.messages import Command, Outcome, Recorded
from domain.orders import commands as c
from domain.paths.commands import PublishPath
from domain.reading import Undecodable
from infra.event_log import EventLog, open_log
from infra.postgres import Session, connect
from projections.builds import Build
from projections.catalog import BY_NAME
from projections.interface import ARRIVAL_COLUMNS, Projection
from projections.sessions import Lend
from services.deliveries import Delivery
from services.follower import Follower
from services.pipeline import Pipeline
from services.projector import Projector
from services.read_models import ReadModels
from tests.support.examples import NOW, PATH, TEA, actor

Rows = Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class World:
    """What a test of projections needs."""

    url: str
    log: EventLog  # with a projector's rights
    lend: Lend
    pipeline: Pipeline
    pipeline_log: EventLog
    now: datetime = NOW
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def send(self, *commands: Command) -> list[Outcome]:
        """Run commands one after another, each under an id of its own."""
        named = [command.model_copy(update={"command_id": uuid4()}) for command in commands]
        return [self.pipeline.execute(command) for command in named]

    def place(self, **more: Any) -> UUID:
        """Place an order of three teas."""
        order_id = UUID(int=next(self.numbers) * 2**100 + 17)
        body: dict[str, Any] = {"path": "shop", "currency": "EUR", "lines": [TEA]} | more
        (outcome,) = self.send(
            c.PlaceOrder(command_id=order_id, actor=actor(), order_id=order_id, **body)
        )
        assert outcome.kind == "accepted", outcome
        return order_id

    def move(self, order_id: UUID, *statuses: str) -> None:
        """Move an order along, a minute each."""
        for status in statuses:
            self.now += timedelta(minutes=1)
            who = actor("user", "warehouse", "lead")
            failure = {"reason_code": "changed_mind", "initiator": "client"}
            (outcome,) = self.send(
                c.ChangeStatus.model_validate(
                    {"command_id": order_id, "actor": who, "order_id": order_id,
                     "to_status": status, "reason": "because"}
                    | (failure if status == "cancelled" else {})
                )
            )  # fmt: skip
            assert outcome.kind == "accepted", outcome

    @property
    def models(self) -> ReadModels:
        return ReadModels(self.lend, self.log)

    def projector(self, **options: Any) -> Projector:
        return Projector(self.lend, self.log, **options)

    def follower(self, batch_events: int = 2_000) -> Follower:
        return Follower(self.projector(), self.log, batch_events=batch_events)

    def order_events(self) -> int:
        """Count the events of orders in the log."""
        return sum(event.stream_id.startswith("order-") for event in self.events())

    def catch_up(self) -> int:
        return self.follower().catch_up()

    def events(self) -> list[Recorded | Undecodable]:
        return self.log.read_lenient(0, 100_000)

    def deliveries(self, prev: int, last: int) -> list[Delivery]:
        """Cut the log into deliveries, one per shard, of the events above prev up to last."""
        head = self.log.head()
        shards: dict[int, list[Recorded | Undecodable]] = {}
        for event in self.events():
            if prev < event.position <= last:
                shards.setdefault(event.shard, []).append(event)
        return [
            Delivery(head.log_id, head.epoch, shard, prev, found[-1].position, found)
            for shard, found in shards.items()
        ]

    def query(self, text: str, *parameters: Any, role: str = "orderpath_projector") -> list[Any]:
        with connect(self.url, role=role) as connection:
            return connection.execute(text.encode(), parameters).fetchall()

    def tables(
        self,
        builds: Mapping[str, Build] | None = None,
        *,
        arrival: bool = True,
        reader: psycopg.Connection[Any] | None = None,
    ) -> dict[str, Rows]:
        """Give every row of every read model, live or of these builds, in an order of its own."""
        hidden = frozenset() if arrival else ARRIVAL_COLUMNS
        lent = nullcontext(reader) if reader else connect(self.url, role="orderpath_projector")
        with lent as session:
            return {
                f"{projection.name}.{table}": _rows(
                    session, builds[projection.name].schema if builds else "live", table, hidden
                )
                for projection in BY_NAME.values()
                for table in projection.tables
            }


def _rows(
    connection: psycopg.Connection[Any], schema: str, table: str, hidden: Iterable[str]
) -> Rows:
    cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
    found = cursor.execute(sql.SQL("select * from {}").format(sql.Identifier(schema, table)))
    return sorted(({k: v for k, v in row.items() if k not in hidden} for row in found), key=repr)


def a_day(world: World, orders: int = 8) -> list[UUID]:
    """Place orders and move every fourth one to its end, the others less far."""
    placed = [world.place() for _ in range(orders)]
    for number, order_id in enumerate(placed):
        world.move(order_id, *["confirmed", "packed", "done"][: number % 4])
    return placed


class Stubborn:
    """A read model that cannot take some streams until it is cured."""

    def __init__(self, real: Projection) -> None:
        self._real = real
        self.name, self.version = real.name, real.version
        self.ddl, self.tables = real.ddl, real.tables
        self.poisoned: set[tuple[str, int]] = set()  # (stream id, version)

    def apply(self, batch: Sequence[Recorded], tx: Any) -> None:
        for event in batch:
            if (event.stream_id, event.version) in self.poisoned:
                raise ValueError(f"cannot take {event.stream_id} {event.version}")
        self._real.apply(batch, tx)


class Newer:
    """The same read model as a later version would make it: with one more column."""

    def __init__(self, name: str) -> None:
        real = BY_NAME[name]
        self.name, self.version, self.tables = real.name, real.version + 1, real.tables
        self.ddl = real.ddl + f"alter table {real.tables[0]} add column extra text default 'x';"
        self.apply = real.apply


@contextmanager
def open_world(url: str) -> Iterator[World]:
    """Open a shop on a migrated database, its path published and its projections made."""
    written, log = open_log(url), open_log(url, role="orderpath_projector")
    session = Session(url, role="orderpath_projector")
    world: World
    pipeline = Pipeline(written, lambda: world.now)
    world = World(url, log, session.connection, pipeline, written)
    try:
        world.send(PublishPath(command_id=uuid4(), actor=actor("system"), definition=PATH))
        world.models.prepare()
        yield world
    finally:
        pipeline.close()
        for one in (written, log, session):
            one.close()
