"""Whatever bytes stand in the log, in Kafka or in a file of heads: they are read, or it is told in
the one way that whoever reads them knows. Nothing else is raised, and nothing takes long.

FUZZ_ROUNDS=5000 searches longer, by hand.
"""

import gzip
import os
from base64 import urlsafe_b64encode
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Event as Signal
from time import process_time
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import lz4.frame  # type: ignore[import-untyped]  # It ships no types.
import psutil
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from consumers.commands import MAX_CORRELATION_BYTES, CommandConsumer, Decisions
from consumers.dead_letters import DeadLetters
from consumers.hand_over import Incoming
from consumers.unpacking import MAX_UNPACKED_BYTES, unpack_gzip, unpack_lz4, unpack_zstd
from domain.audit.heads import (
    NoteUnreadable,
    RestoreStatement,
    SignedHead,
    read_note,
    read_restore,
    signed_note,
)
from domain.messages import Command, Outcome, Recorded
from domain.public.audit_head import AuditHead
from domain.refusals import CommandUnreadable, InfraError, Unusable
from domain.streaming import DEADLETTERS, RESULTS, Message, Span
from domain.wire import MAX_BYTES, decode, encode
from infra.log_records import pack, unpack
from infra.mapper import EventMapper, EventUnreadable
from infra.order_tokens import OrderTokens
from infra.recorded_row import RecordedRow
from projections.reports.order_list import Filter, list_orders
from services.api.callers import Caller
from services.api.commands import command_id_of, version_of
from services.api.problems import Turned
from services.audit.witness_file import last_witnessed
from tests.support import examples
from tests.support.heads import HEAD, PUBLIC_KEY
from tests.support.mutations import PIECES, fuzzing, mutated, spoiled, texts
from tests.support.taken_commands import Post, Records, record
from tests.unit.infra.test_mapper import stored

T = TypeVar("T")

ROUNDS: Final = int(os.environ.get("FUZZ_ROUNDS", "200"))
SOON_SECONDS: Final = 5.0  # of the processor
MIB: Final = 1024 * 1024
EVENT_NAMES: Final = st.sampled_from(sorted(examples.EVENTS))
COMMAND_NAMES: Final = st.sampled_from(sorted(examples.COMMANDS))

NOTE: Final = SignedHead(HEAD, bytes(64)).note(PUBLIC_KEY)
RESTORED: Final = RestoreStatement(HEAD.log_id, 2, 3, HEAD.sealed_at, HEAD.key_id)
RESTORE_NOTE: Final = signed_note(RESTORED.text, HEAD.log_id, PUBLIC_KEY, bytes(64))


@fuzzing(ROUNDS)
@given(st.data(), EVENT_NAMES)
def test_what_stands_in_the_log_is_an_event_or_told(data: st.DataObject, name: str) -> None:
    mapper = EventMapper()
    row, keys = stored(mapper, examples.EVENTS[name], reason="because")
    changes: dict[str, Any] = {}
    for _ in range(data.draw(st.integers(1, 2))):
        match data.draw(st.sampled_from(["state", "topic", "reason", "key", "keys"])):
            case "state":
                changes["state"] = data.draw(spoiled(row.payload))
            case "topic":
                changes["topic"] = data.draw(EVENT_NAMES | texts(row.type))
            case "reason":
                changes["reason"] = data.draw(texts(row.reason or "sealed:1:"))
            case "key":
                changes["key_id"] = data.draw(st.none() | st.uuids())
            case _:
                keys = dict.fromkeys(keys, data.draw(st.none() | st.binary(max_size=33)))
    read_or_told(
        lambda: mapper.decode(replace(row, **changes), data.draw(st.none() | st.just(keys)))
    )


def read_or_told(read: Callable[[], Recorded]) -> None:
    given_or_told(read, "event_unreadable", "key_unreadable", "newer_version")


def given_or_told(read: Callable[[], T], *codes: str) -> T | None:
    """Give what is read, None where it is told with one of these codes. Raises: anything else"""
    try:
        return read()
    except (InfraError, Turned) as error:
        if error.code not in codes:
            raise
        return None


def records() -> list[RecordedRow]:
    found = [stored(EventMapper(), event)[0] for event in examples.EVENTS.values()]
    return [replace(row, id=number, shard=3) for number, row in enumerate(found, 1)]


ROWS: Final = records()
RECORD: Final = pack(ROWS[:5], Span(UUID(int=7), 2, 3, 0, 1, 5))
HEADERS: Final = dict(RECORD.headers)


@st.composite
def headers(draw: st.DrawFn) -> dict[str, bytes]:
    """Draw the headers of a record of the log, nearly as they are."""
    said: dict[str, bytes] = dict(HEADERS)
    for name in draw(st.lists(st.sampled_from(sorted(said)), max_size=2, unique=True)):
        wrong = draw(st.sampled_from([None, *PIECES]) | mutated(said[name]))
        if wrong is None:
            del said[name]
        else:
            said[name] = wrong
    return said


@fuzzing(ROUNDS)
@given(headers(), st.none() | st.just(RECORD.value or b"") | spoiled(RECORD.value or b""))
def test_a_record_of_the_log_is_whole_or_told(said: dict[str, bytes], value: bytes | None) -> None:
    found = given_or_told(lambda: unpack(said, value), "record_unreadable")
    if found is None:
        return
    span, rows = found
    assert [row.shard for row in rows] == [span.shard] * len(rows)
    for row in rows:
        assert 0 <= row.shard < 16
        assert 0 < row.position < 2**63
        assert 0 < row.version < 2**31
        assert row.occurred_at.tzinfo is not None
        assert row.recorded_at.tzinfo is not None
        assert "\0" not in f"{row.stream_id}{row.type}{row.actor_id}{row.reason}{row.source}"
        mapper = EventMapper()
        read_or_told(lambda row=row, mapper=mapper: mapper.decode(row, None))  # type: ignore[misc]


def submit(command: Command) -> Future[Outcome]:
    """Decide that nothing is to be done."""
    done: Future[Outcome] = Future()
    done.set_result(Outcome(command.command_id, "nothing"))
    return done


DECISIONS: Final = Decisions(submit, lambda command: submit(command).result())


def taken(value: bytes | None, key: bytes | None, said: list[tuple[str, Any]]) -> list[Message]:
    """Let the consumer of commands take one record; give what it publishes."""
    stop, post = Signal(), Post()
    records = Records(stop, [record(3, value, key, said)])
    CommandConsumer(cast(Any, records), DECISIONS, post, stop).run()
    return post.sent


@fuzzing(ROUNDS)
@given(
    st.data(),
    COMMAND_NAMES,
    st.none() | st.binary(max_size=2_000),
    st.lists(st.tuples(st.sampled_from(["correlation_id", "origin", "", "x" * 300]),
                       st.none() | st.binary(max_size=300)), max_size=4),
)  # fmt: skip
def test_whatever_command_comes_by_kafka_gets_one_answer_that_fits(
    data: st.DataObject, name: str, key: bytes | None, said: list[tuple[str, Any]]
) -> None:
    value = data.draw(st.none() | spoiled(encode(examples.COMMANDS[name])))
    sent = taken(value, key, said)

    assert [one.topic for one in sent] in ([RESULTS.name], [RESULTS.name, DEADLETTERS.name])
    for one in sent:
        assert len(one.value or b"") <= MAX_BYTES
        assert len(one.key or b"") <= 1_000
        assert all(len(given) <= MAX_CORRELATION_BYTES for _, given in one.headers)
        from_json(one.value or b"")
    is_read = True
    with suppress(CommandUnreadable):
        is_read = bool(decode(value)) and False
    assert len(sent) == 1 + is_read


@fuzzing(ROUNDS)
@given(st.dictionaries(st.text(max_size=300) | st.sampled_from(["format", "x" * 10_000]),
                       st.binary(max_size=50) | st.sampled_from([b"\xff" * 300_000])))  # fmt: skip
def test_a_dead_letter_fits_a_record_whatever_its_headers_were(said: dict[str, bytes]) -> None:
    post = Post()
    letters = DeadLetters(lambda: post)
    letters.add(Incoming("orderpath.log", 3, 17, said, b"secret"), "why")
    letters.send()

    (letter,) = post.sent
    assert len(letter.value or b"") < 64 * 1024
    assert from_json(letter.value or b"")["error"] == "why"


@fuzzing(ROUNDS)
@given(texts(NOTE) | texts(RESTORE_NOTE))
def test_a_note_is_of_a_head_or_told(note: str) -> None:
    for read in (read_note, read_restore):
        with suppress(NoteUnreadable):
            signed = read(note)
            assert signed_text(signed) in note


def signed_text(signed: Any) -> str:
    told = signed.head if isinstance(signed, SignedHead) else signed.statement
    return str(told.text)


WITNESSED: Final = (
    AuditHead(
        type="audit.head.v1",
        log_id=str(HEAD.log_id),
        epoch=2,
        number=3,
        size=1_234,
        sealed_at=HEAD.sealed_at,
        key_id=HEAD.key_id,
        public_key="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        note=NOTE,
        restores=[RESTORE_NOTE],
    )
    .model_dump_json()
    .encode()
)


@fuzzing(ROUNDS)
@given(spoiled(WITNESSED))
def test_a_spoiled_line_of_a_witness_is_passed_over(
    tmp_path_factory: pytest.TempPathFactory, line: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "heads"
    file.write_bytes(WITNESSED + b"\n" + line + b"\n")
    found = last_witnessed(file)

    assert found is not None
    assert found.signed.head == HEAD or found.note == from_json(line)["note"]


@pytest.mark.parametrize("key", ["\u00e9", "", "AAAA", "\x00"])
def test_a_witness_whose_key_is_no_base64_is_passed_over(tmp_path: Path, key: str) -> None:
    line = to_json(from_json(WITNESSED) | {"public_key": key})
    (tmp_path / "heads").write_bytes(WITNESSED + b"\n" + line + b"\n")
    found = last_witnessed(tmp_path / "heads")

    assert found is not None
    assert found.signed.head == HEAD


ANN: Final = Caller("user", "ann")
SECRET: Final = bytes(32)


@fuzzing(ROUNDS)
@given(st.text() | st.binary().map(lambda said: said.decode("latin-1")) | texts(str(UUID(int=7))))
def test_a_key_is_an_id_or_told(key: str) -> None:
    first = given_or_told(lambda: command_id_of(key, ANN, SECRET), "key_missing")
    if first is None:
        return
    assert first == command_id_of(key, ANN, SECRET)
    assert key.isprintable()
    assert 0 < len(key) <= 255
    for_bob = command_id_of(key, Caller("user", "bob"), SECRET)
    assert (for_bob == first) == (key.lower() == str(first))


@fuzzing(ROUNDS)
@given(st.text() | texts('"17"') | texts('W/"17"'))
def test_an_if_match_is_a_version_or_told(tag: str) -> None:
    version = given_or_told(lambda: version_of(tag), "not_readable")

    assert version is None or 0 <= version < 10**9


class NoTables:
    """A reader of tables that hold nothing; keeps what it was asked with."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def execute(self, question: str, parameters: dict[str, Any]) -> "NoTables":
        self.asked.append(parameters)
        return self

    def fetchall(self) -> list[Any]:
        return []


def cursor_of(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


CURSOR: Final = f"1767225600000000 {UUID(int=17)}"


@fuzzing(ROUNDS)
@given(st.text(max_size=100) | texts(CURSOR).map(cursor_of) | texts(cursor_of(CURSOR)))
def test_a_cursor_is_a_place_in_the_list_or_told(cursor: str) -> None:
    tables = NoTables()
    with suppress(Unusable):
        page = list_orders(cast(Any, tables), Filter(), cursor=cursor)
        (asked,) = tables.asked
        assert page == {"orders": [], "next": None}
        assert isinstance(asked["order_id"], UUID)
        assert asked["placed_at"] is None or asked["placed_at"].tzinfo is not None


class KnownSecret(OrderTokens):
    """Tokens of a secret that stands in no database."""

    def __init__(self) -> None:
        pass

    @cached_property
    def _secret(self) -> bytes:
        return bytes(32)


TOKEN: Final = KnownSecret().token_of(UUID(int=17))


@fuzzing(ROUNDS)
@given(st.text() | texts(TOKEN) | texts(TOKEN).map(lambda token: token[:43]))
def test_a_token_is_that_of_an_order_or_of_nobody(token: str) -> None:
    found = KnownSecret().order_of(token)

    assert (found == UUID(int=17)) == (token == TOKEN)
    assert found in (None, UUID(int=17))


BOMBS: Final = {
    "deep": b'{"a":' * 100_000,
    "lists": b"[" * 900_000,
    "digits": b'{"command":' + b"9" * 800_000 + b"}",
    "exponent": b'{"command":1e999999999}',
    "keys": b"{" + b",".join(b'"%d":1' % number for number in range(80_000)) + b"}",
    "escapes": b'{"command":"' + b"\\u0041" * 140_000 + b'"}',
    "name": b'{"command":"' + b"order.plac" * 80_000 + b'"}',
    "lines": b'{"command":"order.place","lines":[' + b",".join([b"{}"] * 200_000) + b"]}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_take_long_to_read_is_told_soon(name: str) -> None:
    bomb, began = BOMBS[name], process_time()
    with pytest.raises(CommandUnreadable):
        decode(bomb)
    with pytest.raises(InfraError, match="not ours"):
        unpack(HEADERS, bomb)
    with pytest.raises(EventUnreadable):
        EventMapper().decode(replace(ROWS[0], state=bomb, key_id=None), None)

    assert process_time() - began < SOON_SECONDS


PACKED: Final[dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]]] = {
    "gzip": (gzip.compress, unpack_gzip),
    "lz4": (lz4.frame.compress, unpack_lz4),
    "zstd": (zstandard.ZstdCompressor().compress, unpack_zstd),
}


@pytest.mark.parametrize("codec", PACKED)
@fuzzing(ROUNDS // 4)
@given(st.data())
def test_spoiled_batches_never_unpack_to_more_than_the_limit(
    codec: str, data: st.DataObject
) -> None:
    packing, unpacking = PACKED[codec]
    whole = packing(RECORD.value or b"")
    with suppress(Exception):  # consumers.reading_on passes over whatever it is.
        assert len(unpacking(data.draw(mutated(whole)))) <= MAX_UNPACKED_BYTES


@pytest.mark.parametrize("codec", PACKED)
def test_a_batch_that_unpacks_to_much_is_refused_before_it_is_there(codec: str) -> None:
    packing, unpacking = PACKED[codec]
    bomb = packing(bytes(400 * MIB))
    before = psutil.Process().memory_info().rss
    with pytest.raises(Exception, match=r"^$"):
        unpacking(bomb)

    assert psutil.Process().memory_info().rss - before < 4 * MAX_UNPACKED_BYTES
