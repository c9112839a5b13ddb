"""Rows of the log as leaves: read by binary COPY, whose fields are already as leaves have them.

A field comes as its length and its bytes, NULL as the length 0xFFFFFFFF: docs/adr/0005. Only times
count from another year, so they are rewritten at the end of each row.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from struct import Struct
from typing import Any, Final, LiteralString

import psycopg

from domain.audit.leaves import COMMAND_COLUMNS, EVENT_COLUMNS
from domain.audit.records import Hashed, TreeName

FROM_2000: Final = 946_684_800_000_000  # microseconds, from 1970
_BITS: Final = (1 << 64) - 1
_HEADER_BYTES: Final = 19  # of a copy without extensions, before its first row
_TIME: Final = Struct(">4xQ")
_WRITTEN_TIME: Final = Struct(">IQ")
_TIMES: Final = Struct(">4xQ4xQ")
_WRITTEN_TIMES: Final = Struct(">IQIQ")

_EVENTS: Final[LiteralString] = """
    copy (select e.position, e.stream_id, e.version::bigint, e.shard::bigint, e.type, e.payload,
                 e.fact_id, e.subject_id, e.key_id, e.command_id, e.correlation_id, e.causation_id,
                 e.actor_kind, e.actor_id, e.on_behalf_of, e.reason, e.source, e.occurred_at,
                 e.recorded_at
          from log.events e where {} order by e.position) to stdout (format binary)
"""
_COMMANDS: Final[LiteralString] = """
    copy (select c.number, c.command_id, c.name, c.body_hash, c.outcome, c.first_position,
                 c.last_position, c.versions::text, c.unmet::text, c.recorded_at
          from log.commands c where {} order by c.number) to stdout (format binary)
"""
_WITHIN: Final[dict[TreeName, LiteralString]] = {
    "events": _EVENTS.replace("{}", "e.position >= %s and e.position <= %s"),
    "commands": _COMMANDS.replace("{}", "c.number >= %s and c.number <= %s"),
}
_PAGE: Final = " fetch first %s rows with ties) to stdout"
_BEHIND: Final[dict[TreeName, LiteralString]] = {
    "events": _EVENTS.replace("{}", "e.position >= %s").replace(") to stdout", _PAGE),
    "commands": _COMMANDS.replace("{}", "c.number >= %s").replace(") to stdout", _PAGE),
}
_THESE: Final[dict[TreeName, LiteralString]] = {
    "events": _EVENTS.replace("{}", "e.position = any(%s)"),
    "commands": _COMMANDS.replace("{}", "c.number = any(%s)"),
}


def hash_rows(
    connection: psycopg.Connection[Any], tree: TreeName, after: int, until: int
) -> Hashed:
    """Hash the rows behind a position, or number, up to another: numbers and hashes in order."""
    return _hashed(_leaves(connection, tree, _WITHIN[tree], (after + 1, until)))


def hash_page(connection: psycopg.Connection[Any], tree: TreeName, after: int, many: int) -> Hashed:
    """Hash the next rows behind a position, or number, and all that share the last one's."""
    return _hashed(_leaves(connection, tree, _BEHIND[tree], (after + 1, many)))


def read_leaves(
    connection: psycopg.Connection[Any], tree: TreeName, numbers: Sequence[int]
) -> list[bytes]:
    """Give the bytes of the leaves of some rows, in order; what is missing is left out."""
    found = _leaves(connection, tree, _THESE[tree], (list(numbers),))
    return [leaf[1:] for leaf in found]


def columns_of(leaf: bytes, tree: TreeName) -> dict[str, bytes | None]:
    """Give the columns of a leaf by name, as the bytes that are hashed."""
    found: dict[str, bytes | None] = {}
    at = 0
    for name in EVENT_COLUMNS if tree == "events" else COMMAND_COLUMNS:
        size = int.from_bytes(leaf[at : at + 4])
        at += 4
        if size == 0xFFFFFFFF:
            found[name] = None
            continue
        found[name] = leaf[at : at + size]
        at += size
    return found


def _hashed(leaves: Iterator[bytes]) -> Hashed:
    found = Hashed()
    number, numbered, hashed = int.from_bytes, found.numbers.append, found.hashes.append
    for leaf in leaves:
        numbered(number(leaf[5:13], signed=True))
        hashed(sha256(leaf).digest())
    return found


def _leaves(
    connection: psycopg.Connection[Any],
    tree: TreeName,
    statement: LiteralString,
    parameters: Sequence[Any],
) -> Iterator[bytes]:
    """Give leaves as they are hashed, behind a zero byte. Millions go through here: no helper does.

    A message of the server is a row; the first one has the header before it.
    """
    read, write = (_TIMES, _WRITTEN_TIMES) if tree == "events" else (_TIME, _WRITTEN_TIME)
    times, unpack, pack, is_first = read.size, read.unpack_from, write.pack, True
    with connection.cursor() as cursor, cursor.copy(statement, parameters) as copy:
        for message in copy:
            row = bytes(message)
            if is_first:
                row, is_first = row[_HEADER_BYTES:], False
            end = len(row) - times
            if end <= 0:  # It is the end of the rows, or nothing behind the header.
                continue
            if tree == "events":
                occurred, recorded = unpack(row, end)
                told = pack(8, occurred + FROM_2000 & _BITS, 8, recorded + FROM_2000 & _BITS)
            else:
                (recorded,) = unpack(row, end)
                told = pack(8, recorded + FROM_2000 & _BITS)
            yield b"\0%b%b" % (row[2:end], told)
