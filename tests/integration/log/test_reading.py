"""What was stored is read for ever: byte for byte, by older and newer versions of Orderpath."""

import json
from random import randbytes
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from domain.batch import Answer, NewEvent
from domain.catalog import EVENTS
from domain.messages import Decided, Event
from domain.orders import events as e
from domain.reading import Undecodable
from domain.refusals import InfraError
from domain.upcasters import UPCASTERS, Upcaster, upcast
from infra.event_log import EventLog
from infra.mapper import EventMapper
from infra.recorder import _CUT_PARTS, _PAGE, _SELECT_STREAMS
from tests.golden.stored_names import HERE
from tests.support import examples
from tests.support.examples import NOW
from tests.support.loads import body_hash, note, open_pipeline, open_shop, place, publish

GOLDEN = sorted((HERE / "events").glob("*.json"))


def store(log: EventLog, *events: Event, stream: str = "order-a", subject: str = "c-7") -> None:
    command = note(uuid4())
    new = [NewEvent(stream, v, Decided(event, NOW), subject) for v, event in enumerate(events, 1)]
    versions = {stream: len(new)}
    answer = Answer(command, body_hash(command), "accepted", [stream], new, versions=versions)
    log.append([answer], {stream: 0}).result()


def rename(owner: psycopg.Connection[Any], position: int, name: str, payload: str = "{}") -> None:
    """Let a row be of another version of Orderpath."""
    owner.execute("alter table log.events disable trigger immutable")
    owner.execute(
        "update log.events set type = %s, payload = %s where position = %s",
        [name, payload.encode(), position],
    )


def test_every_event_comes_back_as_it_was_stored(log: EventLog) -> None:
    events = list(examples.EVENTS.values())

    store(log, *events)

    read = log.load({"order-a": 0})["order-a"]
    assert [one.event for one in read] == events


def test_every_golden_event_ever_released_is_read_from_the_log(
    log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    store(log, *[e.NoteAdded(text="x") for _ in GOLDEN])
    for position, golden in enumerate(GOLDEN, 1):
        rename(owner, position, golden.stem, golden.read_text())

    read = log.load({"order-a": 0})["order-a"]

    assert len(read) >= len(examples.EVENTS)
    for golden, one in zip(GOLDEN, read, strict=True):
        name, _ = upcast(golden.stem, json.loads(golden.read_text()), UPCASTERS)
        assert name == one.event.NAME
        if golden.stem in examples.EVENTS:
            assert one.event == examples.EVENTS[golden.stem]


def test_payloads_are_stored_byte_for_byte(log: EventLog, owner: psycopg.Connection[Any]) -> None:
    event = e.OwnerAssigned(user='Zoë "\\" \u2028 😀 </script> ', group="leads")

    store(log, event)

    row = owner.execute("select payload from log.events").fetchone()
    assert row == (event.model_dump_json(exclude_none=True).encode(),)


def test_an_unknown_stored_name_makes_only_its_own_stream_unavailable(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    newer, well = uuid4(), uuid4()
    with open_pipeline(database_url) as pipeline:
        pipeline.execute(publish())
        pipeline.execute(place(newer))
        pipeline.execute(place(well))
    rename(owner, 3, "order.placed.v9")  # behind the path and its listing

    with open_pipeline(database_url) as pipeline:
        futures = [pipeline.submit(note(order)) for order in (well, newer, well, newer, well)]
        kinds = []
        for future in futures:
            try:
                kinds.append(future.result(30).kind)
            except InfraError as error:
                kinds.append(error.code)  # type: ignore[arg-type]

    assert kinds == ["accepted", "newer_version", "accepted", "newer_version", "accepted"]
    for read in (log.read, log.read_lenient):
        with pytest.raises(InfraError) as caught:
            read(0, 100)
        assert caught.value.code == "newer_version"


def test_a_stream_that_lost_an_event_takes_no_command_and_the_others_go_on(
    database_url: str, owner: psycopg.Connection[Any]
) -> None:
    damaged, well = uuid4(), uuid4()
    with open_pipeline(database_url) as pipeline:
        pipeline.execute(publish())
        for command in (place(damaged), note(damaged), note(damaged), place(well)):
            pipeline.execute(command)
    owner.execute("alter table log.events disable trigger immutable")
    owner.execute(
        "delete from log.events where stream_id = %s and version = 2", (f"order-{damaged}",)
    )

    with open_pipeline(database_url) as pipeline:
        with pytest.raises(InfraError, match="Version 2 of order-") as refused:
            pipeline.execute(note(damaged))
        assert pipeline.execute(note(well)).kind == "accepted"

    assert refused.value.code == "log_gap"


def test_a_row_that_cannot_be_read_is_named_and_the_rest_is_read(
    log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    store(log, *[e.OwnerAssigned(user=f"u{n}") for n in range(3)])
    rename(owner, 2, "order.placed.v1", '{"path": 7}')

    first, second, third = log.read_lenient(0, 10)

    assert isinstance(second, Undecodable)
    assert (second.position, second.type) == (2, "order.placed.v1")
    assert [type(one).__name__ for one in (first, third)] == ["Recorded", "Recorded"]


class NoteAddedV3(Event):
    """Fact: somebody wrote something, in a shape of the future."""

    NAME = "order.note_added.v3"

    body: e.Customer
    words: int


def to_v2(body: dict[str, Any]) -> dict[str, Any]:
    return {"note": body["text"]}


def to_v3(body: dict[str, Any]) -> dict[str, Any]:
    return {"body": {"name": body["note"]}, "words": len(body["note"].split())}


def test_upcasters_are_chained_and_may_move_a_sealed_field(log: EventLog) -> None:
    store(log, e.NoteAdded(text="Call after six"), e.OwnerAssigned(user="ann"))
    newer = EventLog(
        log.recorder,
        log.vault,
        EventMapper(
            events={**EVENTS, NoteAddedV3.NAME: NoteAddedV3},
            upcasters={
                "order.note_added.v1": Upcaster("order.note_added.v2", to_v2, {"text": True}),
                "order.note_added.v2": Upcaster("order.note_added.v3", to_v3, {"note": True}),
            },
        ),
    )

    first, second = newer.load({"order-a": 0})["order-a"]
    sealed, _ = newer.read(0, 10)

    assert first.event == NoteAddedV3(body=e.Customer(name="Call after six"), words=3)
    assert sealed.event == NoteAddedV3(body=e.Customer(name="[sealed]"), words=1)
    assert second.event == e.OwnerAssigned(user="ann")


def test_a_command_on_a_stream_that_cannot_be_read_fails_alone_and_says_where(
    database_url: str, owner: psycopg.Connection[Any]
) -> None:
    damaged, sound = open_shop(database_url, orders=2)
    stream = f"order-{damaged}"
    found = owner.execute("select position from log.events where stream_id = %s", [stream])
    ((position,),) = found.fetchall()
    rename(owner, position, "order.note_added.v1", '{"nope": 1}')

    with open_pipeline(database_url) as pipeline:
        waiting = [pipeline.submit(note(order_id)) for order_id in (damaged, sound)]
        with pytest.raises(InfraError, match=f"position {position} .* cannot be read") as failed:
            waiting[0].result()

        assert failed.value.code == "event_unreadable"
        assert waiting[1].result().kind == "accepted"


def test_the_rows_of_a_shard_and_of_a_stream_are_found(log: EventLog) -> None:
    for number in range(20):
        store(log, e.OwnerAssigned(user=f"u{number}"), stream=f"order-{number}")
    everything = log.read(0, 100)

    for shard in range(16):
        found = log.read_lenient(0, 100, shard=shard)
        assert found == [one for one in everything if one.shard == shard]
    assert log.read_streams({"order-7": (0, 100)}) == [everything[7]]


def store_sizes(log: EventLog, *sizes: int) -> None:
    """Store an event of each size, in bytes; none of them can be made smaller."""
    for number, size in enumerate(sizes):
        store(log, of_bytes(size), stream=f"order-{number}")


def of_bytes(size: int) -> Event:
    text = randbytes(size).hex()[: size - len('{"user":""}')]
    return e.OwnerAssigned.model_construct(user=text)


def pages_of(log: EventLog, most_bytes: int, shard: int | None = None) -> list[list[int]]:
    """Read the whole log page by page; give the positions of each."""
    pages: list[list[int]] = [[]]
    after = 0
    while rows := log.recorder.select_rows(after, 6, most_bytes=most_bytes, shard=shard):
        pages.append([row.position for row in rows])
        after = pages[-1][-1]
    return pages[1:]


def test_a_page_of_the_log_has_as_many_events_as_it_may_hold_bytes(log: EventLog) -> None:
    store_sizes(log, 3_000, 4_000, 3_000, *[100] * 8, 4_000)

    assert pages_of(log, 10_000) == [[1, 2, 3], [4, 5, 6, 7, 8, 9], [10, 11, 12]]
    assert pages_of(log, 9_999) == [[1, 2], [3, 4, 5, 6, 7, 8], [9, 10, 11, 12]]


def test_an_event_larger_than_a_page_stands_alone_in_one(log: EventLog) -> None:
    store_sizes(log, 100, 20_000, 20_000, 100, 100)

    assert pages_of(log, 10_000) == [[1], [2], [3], [4, 5]]
    for shard in range(16):
        assert all(len(page) == 1 for page in pages_of(log, 1, shard))
    assert sorted(p for shard in range(16) for (p,) in pages_of(log, 1, shard)) == [1, 2, 3, 4, 5]


def test_of_what_a_page_leaves_out_not_a_byte_is_read(
    log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    store_sizes(log, *[100_000] * 50)
    page = _PAGE.format(where="position > %s order by position limit %s")

    def blocks(most_bytes: int) -> int:
        told = owner.execute(
            "explain (analyze, buffers, serialize, format json) " + page, [0, 50, most_bytes]
        ).fetchone()
        assert told is not None
        read = told[0][0]["Serialization"]
        return int(read["Shared Hit Blocks"] + read["Shared Read Blocks"])

    of_all = blocks(50 * 100_000)
    assert 0 < blocks(200_000) <= of_all / 20


def test_parts_of_streams_are_cut_to_as_many_bytes_as_are_read_at_once(log: EventLog) -> None:
    for stream, count in {"order-b": 4, "order-a": 3, "order-c": 2}.items():
        store(log, *[of_bytes(1_000) for _ in range(count)], stream=stream)
    asked = {"order-b": (1, 9), "order-none": (0, 5), "order-a": (0, 2), "order-c": (0, 1)}

    assert log.cut_parts(asked, 6_000) == asked
    assert log.cut_parts(asked, 5_999) == {name: asked[name] for name in list(asked)[:3]}
    assert log.cut_parts(asked, 4_999) == {
        "order-b": (1, 9), "order-none": (0, 5), "order-a": (0, 1),
    }  # fmt: skip
    assert log.cut_parts(asked, 2_500) == {"order-b": (1, 3), "order-none": (0, 5)}
    assert log.cut_parts(asked, 1) == {"order-b": (1, 2), "order-none": (0, 5)}
    assert log.cut_parts({}, 1) == {}


def test_to_cut_parts_of_streams_no_payload_is_read(
    log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    """Also before the first ANALYZE, which is when an import fills the log."""
    for number in range(50):
        store(log, *[of_bytes(100_000)] * 2, stream=f"order-{number}")
    wanted = [{"number": n, "stream": f"order-{n}", "above": 0, "upto": 9} for n in range(9)]

    told = owner.execute(
        "explain (analyze, buffers, format json) " + _CUT_PARTS, [1, json.dumps(wanted)]
    ).fetchone()

    assert told is not None
    assert told[0][0]["Plan"]["Shared Hit Blocks"] + told[0][0]["Plan"]["Shared Read Blocks"] < 100
    assert "Seq Scan" not in json.dumps(told)


def test_a_stream_is_loaded_without_reading_the_rest_of_the_log(
    log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    """Also before the first ANALYZE, which is when an import fills the log."""
    for number in range(60):
        store(log, *[e.OwnerAssigned(user=f"u{n}") for n in range(40)], stream=f"order-{number}")
    wanted = json.dumps([{"stream": f"order-{number}", "above": 0} for number in range(9)])

    plan = owner.execute("explain " + _SELECT_STREAMS, [wanted]).fetchall()

    steps = "\n".join(step for (step,) in plan)
    assert "Seq Scan" not in steps
    assert "events_stream_id_version_key" in steps
    assert "keys_pkey" in steps


def test_the_head_names_the_log_and_its_end(log: EventLog, owner: psycopg.Connection[Any]) -> None:
    empty = log.head()
    store(log, e.OwnerAssigned(user="ann"))

    assert (empty.position, empty.epoch) == (0, 1)
    assert (log.head().position, log.head().log_id) == (1, empty.log_id)
    assert owner.execute("select log_id from log.head").fetchone() == (empty.log_id,)
