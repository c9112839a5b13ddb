"""What holds after every fault, once the load has ended and everybody has caught up."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.rows import dict_row
from pydantic_core import from_json

from domain.streaming import ORDER_EVENTS, ORDER_STATE
from infra.event_log import open_log
from infra.postgres import connect
from services.public_lane import PublicLane
from tests.chaos.cluster import Cluster
from tests.integration.streams.workers.following import assert_equal, await_head
from tests.support.loads import Told
from tests.support.relays import records_of, wait_until_published

# What public states and analytics.orders call alike; amounts in minor units.
TOLD_BY_BOTH: Final = (
    *(
        "external_id",
        "path",
        "path_version",
        "order_type",
        "channel",
        "shop",
        "customer_id",
        "test",
    ),
    *("owner_group", "placed_at", "promised_at", "delivery_method", "track_number"),
    *("status", "stage", "final", "items_status", "payment_status", "refund_status", "currency"),
    *("goods_minor", "discount_minor", "delivery_minor", "vat_minor", "total_minor", "paid_minor"),
)


def assert_nothing_lost(cluster: Cluster, answered: Sequence[Told]) -> None:
    """Wait for relay and workers; then prove log, tables and both public topics."""
    wait_until_published(cluster.url, "log", "public")
    await_head(cluster.world)
    assert_equal(cluster.world)
    assert_each_command_once(cluster.url, answered)
    assert_public_events_whole(cluster)
    assert_public_states_newest(cluster)


def assert_each_command_once(url: str, answered: Sequence[Told]) -> None:
    """Every command has the one outcome that its caller was told, and its events once."""
    stored = _stored(url)
    for told in answered:
        outcome, first, last, positions = stored[told.command_id]
        assert (told.kind, told.first_position, told.last_position) == (outcome, first, last)
        assert positions == (list(range(first, last + 1)) if first and last else [])


def assert_public_events_whole(cluster: Cluster) -> None:
    """Without what is known already, each order's events are 1, 2, 3, … up to its last one."""
    reached: dict[str, int] = {}
    for record in records_of(cluster.broker, ORDER_EVENTS.name):
        order_id, sequence = record.key.decode(), int(from_json(record.value)["sequence"])
        known = reached.get(order_id, 0)
        assert sequence <= known + 1, f"{order_id}: {sequence} came after {known}"
        reached[order_id] = max(known, sequence)
    assert reached == _versions(cluster.url)


def assert_public_states_newest(cluster: Cluster) -> None:
    """The last state of each order is what a replay of the log tells of it, and the tables do."""
    told = {
        record.key: from_json(record.value)
        for record in records_of(cluster.broker, ORDER_STATE.name)
    }
    assert told == _replayed_states(cluster.url)
    assert_states_as_in_tables(cluster.url, told.values())


def assert_states_as_in_tables(url: str, states: Iterable[Any]) -> None:
    """What public states say of orders is what the reports do, which SQL computes from tables."""
    with connect(url) as session, session.cursor(row_factory=dict_row) as cur:
        rows = cur.execute("select * from analytics.orders").fetchall()
    shown = {str(row["order_id"]): {name: row[name] for name in TOLD_BY_BOTH} for row in rows}
    assert {one["order_id"]: _as_reports(one) for one in states} == shown


def _as_reports(state: Any) -> dict[str, Any]:
    flat = state | state["totals"] | {"delivery_method": state["delivery"].get("method")}
    flat["promised_at"] = state["delivery"].get("promised_at")
    for name in ("placed_at", "promised_at"):
        flat[name] = flat.get(name) and datetime.fromisoformat(flat[name])
    return {name: flat.get(name) for name in TOLD_BY_BOTH}


def _stored(url: str) -> dict[Any, tuple[str, int | None, int | None, list[int]]]:
    """Give each command's outcome and the positions of its events; attempts are none of these."""
    outcomes = (
        "select command_id, outcome, first_position, last_position, coalesce(positions, '{}')"
        " from log.commands left join ("  # Joined, not asked for each: no index helps there.
        "  select command_id, array_agg(position order by position) as positions from log.events"
        "  where stream_id not like 'attempt-%' group by command_id) told using (command_id)"
    )
    with connect(url) as session:
        return {command_id: tuple(rest) for command_id, *rest in session.execute(outcomes)}


def _versions(url: str) -> dict[str, int]:
    latest = (
        "select substr(stream_id, 7), max(version) from log.events"
        " where stream_id like 'order-%' group by stream_id"
    )
    with connect(url) as session:
        return dict(session.execute(latest).fetchall())


def _replayed_states(url: str) -> dict[bytes | None, Any]:
    log = open_log(url, role="orderpath_projector")
    try:
        lane = PublicLane(log)
        lane.begin(log.head(), 0)
        found: dict[bytes | None, Any] = {}
        while (outgoing := lane.next()) is not None:
            found |= {
                one.key: from_json(one.value or b"")
                for one in outgoing.messages
                if one.topic == ORDER_STATE.name
            }
        return found
    finally:
        log.close()
