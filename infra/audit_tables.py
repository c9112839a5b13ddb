"""Rows of the schema audit: heads, keys, leaves, nodes. Read by audit_reader and seal_store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader

from domain.audit.heads import (
    NO_TIME,
    RestoreStatement,
    SealKey,
    SignedHead,
    SignedRestore,
    Tree,
    TreeHead,
)
from domain.audit.records import Leaves, TreeName

HEADS: Final[LiteralString] = (
    "select h.log_id, h.number, h.epoch, h.size, h.root, h.commands_size, h.commands_root,"
    " h.last_command, h.sealed_at, h.key_id, h.previous, h.signature from audit.heads h"
)
LAST_HEAD: Final[LiteralString] = HEADS + " order by h.number desc limit 1"
KEYS: Final[LiteralString] = (
    "select k.number, k.key_id, k.public_key, k.added_at, k.signature from audit.keys k"
)


class _Time(TimestamptzLoader):
    """Reads infinity, and years before 1 and after 9999, as NO_TIME, which nobody has signed."""

    def load(self, data: Buffer) -> datetime:
        try:
            return super().load(data)
        except psycopg.DataError:
            return NO_TIME


def read(
    connection: psycopg.Connection[Any], statement: LiteralString, parameters: Sequence[Any] = ()
) -> psycopg.Cursor[Any]:
    """Run a query over what anybody may have changed: no time in it stops the reader."""
    cursor = connection.cursor()
    cursor.adapters.register_loader("timestamptz", _Time)
    return cursor.execute(statement, parameters)


def head_of(row: Sequence[Any]) -> SignedHead:
    """Read a row that was selected with HEADS."""
    log_id, number, epoch, size, root, commands, commands_root, last, at, key_id, *rest = row
    previous, signature = map(bytes, rest)
    head = TreeHead(
        log_id=log_id,
        number=number,
        epoch=epoch,
        events=Tree(size, bytes(root)),
        commands=Tree(commands, bytes(commands_root)),
        last_command=last,
        sealed_at=at,
        key_id=key_id,
        previous=previous,
    )
    return SignedHead(head, signature)


def head_row(signed: SignedHead) -> dict[str, Any]:
    """Give the columns of a head, as JSON has them."""
    head = signed.head
    return {
        "number": head.number,
        "log_id": str(head.log_id),
        "epoch": head.epoch,
        "size": head.events.size,
        "root": _hexadecimal(head.events.root),
        "commands_size": head.commands.size,
        "commands_root": _hexadecimal(head.commands.root),
        "last_command": head.last_command,
        "sealed_at": head.sealed_at.isoformat(),
        "key_id": head.key_id,
        "previous": _hexadecimal(head.previous),
        "signature": _hexadecimal(signed.signature),
    }


def key_of(row: Sequence[Any]) -> SealKey:
    """Read a row that was selected with KEYS."""
    number, key_id, public_key, added_at, signature = row
    signed = None if signature is None else bytes(signature)
    return SealKey(number, key_id, bytes(public_key), added_at, signed)


def read_identity(connection: psycopg.Connection[Any]) -> tuple[UUID, int]:
    """Give the log's id and epoch."""
    row = connection.execute("select log_id, epoch from log.head").fetchone()
    assert row is not None
    return row[0], row[1]


def read_keys(connection: psycopg.Connection[Any]) -> list[SealKey]:
    """Give every public key, the oldest first."""
    rows = read(connection, KEYS + " order by k.number")
    return [key_of(row) for row in rows]


def read_restores(connection: psycopg.Connection[Any]) -> list[SignedRestore]:
    """Give every restore that was announced, the oldest first."""
    rows = read(
        connection,
        "select log_id, epoch, after, said_at, key_id, signature from audit.restores"
        " order by epoch",
    )
    return [SignedRestore(RestoreStatement(*told), bytes(signature)) for *told, signature in rows]


def read_heads(connection: psycopg.Connection[Any], after: int, limit: int) -> list[SignedHead]:
    """Give the next heads behind a number."""
    rows = read(
        connection, HEADS + " where h.number > %s order by h.number limit %s", (after, limit)
    )
    return [head_of(row) for row in rows]


def read_leaves_of(
    connection: psycopg.Connection[Any], tree: TreeName, first: int, end: int
) -> list[Leaves]:
    """Give what is stored of the leaves from one index to before another: whole rows, in order."""
    rows = connection.execute(
        "select l.head, l.first, l.hashes from audit.leaves l where l.tree = %s and l.first < %s"
        " and l.first >= coalesce((select max(b.first) from audit.leaves b where b.tree = %s"
        " and b.first <= %s), 0) order by l.first",
        (tree, end, tree, first),
    )
    return [Leaves(head, begin, bytes(hashes)) for head, begin, hashes in rows]


def read_node(
    connection: psycopg.Connection[Any], tree: TreeName, level: int, index: int
) -> bytes | None:
    """Give a stored node; None: it is not there."""
    row = connection.execute(
        "select hash from audit.nodes where tree = %s and level = %s and index = %s",
        (tree, level, index),
    ).fetchone()
    return None if row is None else bytes(row[0])


def _hexadecimal(told: bytes) -> str:
    return f"\\x{told.hex()}"
