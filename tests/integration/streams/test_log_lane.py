"""The lane `log`: records that say what they hold, of every event that a record can carry."""

from collections import Counter
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from domain.refusals import InfraError
from domain.streaming import LOG
from infra.event_log import EventLog
from infra.log_records import LARGEST_BYTES, MAX_EVENTS, unpack
from infra.log_source import LogSource
from infra.postgres import connect
from services.log_lane import LogLane
from tests.support.loads import note, open_pipeline, open_shop, place
from tests.support.relays import Part, rows_of, without_repeats


@pytest.fixture
def orders(database_url: str) -> list[UUID]:
    orders = open_shop(database_url, orders=40)
    with open_pipeline(database_url) as pipeline:
        for answer in [pipeline.submit(note(orders[n % 40])) for n in range(300)]:
            assert answer.result().kind == "accepted"
    return orders


def parts_of(lane: LogLane) -> list[Part]:
    parts = []
    while (outgoing := lane.next()) is not None:
        for message in outgoing.messages:
            part = unpack(dict(message.headers), message.value)
            assert (message.topic, message.partition) == (LOG.name, part[0].shard)
            parts.append(part)
    return parts


@pytest.mark.parametrize(
    "batch",
    [
        *({"batch_events": number} for number in (1, 7, 100, 2_000)),
        *({"batch_bytes": number} for number in (1, 1_000, 10_000)),
    ],
    ids=str,
)
def test_every_event_comes_once_behind_the_one_before_it_in_its_shard(
    batch: dict[str, int], orders: list[UUID], database_url: str, log: EventLog, source: LogSource
) -> None:
    lane = LogLane(source, **batch)
    lane.begin(log.head(), 0)

    parts = parts_of(lane)

    reached: dict[int, int] = {}
    for span, rows in parts:
        assert (span.log_id, span.epoch) == (log.head().log_id, log.head().epoch)
        assert span.prev == reached.get(span.shard, 0)
        assert (span.first, span.last) == (rows[0].position, rows[-1].position)
        assert len(rows) <= MAX_EVENTS
        reached[span.shard] = span.last
    assert sorted((row for _, rows in parts for row in rows), key=lambda r: r.position) == rows_of(
        database_url
    )
    assert lane.next() is None


@pytest.mark.parametrize("position", [1, 2, 57, 338, 341])
def test_a_lane_goes_on_behind_a_position_as_if_it_had_never_stopped(
    position: int, orders: list[UUID], database_url: str, log: EventLog, source: LogSource
) -> None:
    whole, later = LogLane(source, batch_events=1), LogLane(source, batch_events=1)
    whole.begin(log.head(), 0)
    later.begin(log.head(), position)

    assert parts_of(later) == parts_of(whole)[position:]


def test_a_lane_ends_where_it_is_told_to(
    orders: list[UUID], log: EventLog, source: LogSource
) -> None:
    lane = LogLane(source, batch_events=50, until=130)
    lane.begin(log.head(), 100)

    rows = [row for _, rows in parts_of(lane) for row in rows]

    assert sorted(row.position for row in rows) == list(range(101, 131))


def test_what_the_log_takes_meanwhile_comes_next(
    orders: list[UUID], database_url: str, log: EventLog, source: LogSource
) -> None:
    lane = LogLane(source)
    lane.begin(log.head(), 0)
    parts = parts_of(lane)

    with open_pipeline(database_url) as pipeline:
        pipeline.execute(place())

    assert without_repeats(parts + parts_of(lane)) == rows_of(database_url)


def test_a_hole_in_the_log_is_not_jumped_over(
    orders: list[UUID], database_url: str, log: EventLog, source: LogSource
) -> None:
    with connect(database_url) as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute("alter table log.events disable trigger immutable")
        owner.execute("delete from log.events where position = 100")
    lane = LogLane(source)
    lane.begin(log.head(), 0)

    with pytest.raises(InfraError, match="Position 100 is missing") as told:
        lane.next()
    assert told.value.code == "log_gap"


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b'"' + b"x" * LARGEST_BYTES + b'"', "larger"),
        (b'"' * (LARGEST_BYTES * 2 // 3), "larger"),  # Half as long again, as JSON.
        (b"\xff", "no text"),
    ],
    ids=["large", "large as JSON", "no text"],
)
def test_an_event_that_no_record_can_carry_leaves_a_gap_that_the_next_record_tells_of(
    payload: bytes,
    why: str,
    orders: list[UUID],
    database_url: str,
    log: EventLog,
    source: LogSource,
) -> None:
    rows = rows_of(database_url)
    shard = Counter(row.shard for row in rows).most_common(1)[0][0]
    here = [row.position for row in rows if row.shard == shard]
    with connect(database_url) as owner:
        owner.execute("alter table log.events disable trigger immutable")
        owner.execute("update log.events set payload = %s where position = %s", [payload, here[1]])
    lane = LogLane(source, batch_events=1)
    lane.begin(log.head(), 0)

    with capture_logs() as said:
        parts = parts_of(lane)

    spans = [span for span, _ in parts if span.shard == shard]
    assert [span.first for span in spans] == [here[0], *here[2:]]
    assert [span.prev for span in spans] == [0, *here[1:-1]]
    (named,) = [line for line in said if line["event"] == "events_not_sent"]
    assert (named["first"], named["last"], why in named["why"]) == (here[1], here[1], True)


def test_a_lane_of_another_epoch_says_so_in_every_record(
    orders: list[UUID], log: EventLog, source: LogSource
) -> None:
    lane = LogLane(source)
    lane.begin(replace(log.head(), epoch=7, log_id=uuid4()), 0)

    assert {span.epoch for span, _ in parts_of(lane)} == {7}
