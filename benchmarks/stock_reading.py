"""The library's ProjectionRunner on the library's log: one upsert and one row per event."""

from time import perf_counter
from typing import Any

from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from benchmarks.server import library_environment
from benchmarks.stock import MOVES, Shop


class StatusView(PostgresTrackingRecorder):
    """The status of each order, and when it entered which."""

    def __init__(self, datastore: PostgresDatastore, **arguments: Any) -> None:
        super().__init__(datastore, **arguments)
        self.sql_create_statements += [
            SQL("create table if not exists {}.orders (id uuid primary key, status text)").format(
                Identifier(datastore.schema)
            ),
            SQL(
                "create table if not exists {}.visits ("
                "id uuid, version integer, status text, at timestamptz, primary key (id, version))"
            ).format(Identifier(datastore.schema)),
        ]

    def enter(self, event: Any, status: str, tracking: Tracking) -> None:
        """Write both tables and the position in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "insert into orders values (%s, %s)"
                " on conflict (id) do update set status = excluded.status",
                [event.originator_id, status],
            )
            cursor.execute(
                "insert into visits values (%s, %s, %s, %s)",
                [event.originator_id, event.originator_version, status, event.timestamp],
            )


class Statuses(Projection[StatusView]):
    """Takes both events of the stock order."""

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """An order is new, or enters the status that the event names."""
        self.view.enter(domain_event, getattr(domain_event, "to_status", "new"), tracking)


def stock_rate(url: str, events: int) -> float:
    """Fill the library's log with events, then give how many per second its runner applies."""
    environment = library_environment(url)
    with Shop(env=environment) as shop:
        shop.place(events // (MOVES + 1), moves=MOVES)
        last = shop.recorder.max_notification_id() or 0
    with ProjectionRunner(
        application_class=Shop,
        projection_class=Statuses,
        view_class=StatusView,
        env=environment,
    ) as runner:
        first = last // 10  # By then it has started.
        runner.wait(first, timeout=600)
        began = perf_counter()
        runner.wait(last, timeout=600)
        return (last - first) / (perf_counter() - began)
