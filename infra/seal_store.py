"""Where the sealer reads the log and adds heads: in one transaction each."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg.types.json import Json

from domain.audit.heads import SealKey, SignedHead, SignedRestore
from domain.audit.records import Growth, Hashed, Leaves, SealState, TreeName
from infra.audit_rows import hash_rows
from infra.audit_tables import (
    KEYS,
    LAST_HEAD,
    head_of,
    head_row,
    key_of,
    read,
    read_heads,
    read_identity,
    read_keys,
    read_leaves_of,
    read_node,
    read_restores,
)
from infra.postgres import Session

ROLE: Final = "orderpath_writer"
LONGEST_SILENCE: Final = "10s"  # of one that seals; frozen, it keeps others from it no longer

_LOOK: Final[LiteralString] = """
    select l.log_id, l.epoch,
           coalesce((select max(e.position) from log.events e), 0),
           coalesce((select max(c.number) from log.commands c), 0),
           (select s.last_value from log.command_numbers s),
           clock_timestamp()
    from log.head l
"""
_NEWEST_KEY: Final[LiteralString] = KEYS + " order by k.number desc limit 1"


class SealStore:
    """Implements services.audit.sealer.Store, with a session of its own."""

    def __init__(self, url: str) -> None:
        self._session = Session(url, role=ROLE, name="orderpath sealer")

    @contextmanager
    def sealing(self) -> Iterator["Sealing | None"]:
        """Be the one who seals until the block ends; None: another one is at it.

        What was added stands once the block has ended without an error.
        """
        with self._session.connection() as connection, connection.transaction():
            connection.execute(
                "select set_config('idle_in_transaction_session_timeout', %s, true)",
                (LONGEST_SILENCE,),
            )
            row = connection.execute("select audit.lead()").fetchone()
            yield Sealing(connection) if row is not None and row[0] else None

    def add_key(self, key: SealKey) -> bool:
        """Add a public key; False: another one was added meanwhile."""
        with self._session.connection() as connection:
            return Sealing(connection).add_key(key)

    def heads(self, after: int, limit: int) -> list[SignedHead]:
        """Give the next heads behind a number."""
        with self._session.connection() as connection:
            return read_heads(connection, after, limit)

    def last_number(self) -> int:
        """Give the number of the last head, 0: there is none."""
        with self._session.connection() as connection:
            row = connection.execute("select max(number) from audit.heads").fetchone()
        return (row and row[0]) or 0

    def known_keys(self) -> list[SealKey]:
        """Give every public key, the oldest first."""
        with self._session.connection() as connection:
            return read_keys(connection)

    def restores(self) -> list[SignedRestore]:
        """Give every restore that was announced, the oldest first."""
        with self._session.connection() as connection:
            return read_restores(connection)

    def identity(self) -> tuple[UUID, int]:
        """Give the log's id and epoch."""
        with self._session.connection() as connection:
            return read_identity(connection)

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()


class Sealing:
    """The log and its seal, for the one who seals."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def state(self) -> SealState:
        """Look at the ends of the log and of its seal."""
        row = self._connection.execute(_LOOK).fetchone()
        assert row is not None
        last = read(self._connection, LAST_HEAD).fetchone()
        key = read(self._connection, _NEWEST_KEY).fetchone()
        log_id, epoch, position, command, given, now = row
        return SealState(
            log_id=log_id,
            epoch=epoch,
            position=position,
            command=command,
            given=given,
            now=now,
            last=None if last is None else head_of(last),
            key=None if key is None else key_of(key),
        )

    def rows(self, tree: TreeName, after: int, until: int) -> Hashed:
        """Hash the rows behind a position, or number, up to another."""
        return hash_rows(self._connection, tree, after, until)

    def command_after(self, number: int, many: int) -> int:
        """Give the number of the command that is so many behind another, or of the last one."""
        row = self._connection.execute(
            "select max(n) from (select c.number from log.commands c where c.number > %s"
            " order by c.number limit %s) page(n)",
            (number, many),
        ).fetchone()
        return number if row is None or row[0] is None else int(row[0])

    def leaves(self, tree: TreeName, first: int, end: int) -> list[Leaves]:
        """Give what is stored of the leaves from one index to before another."""
        return read_leaves_of(self._connection, tree, first, end)

    def node(self, tree: TreeName, level: int, index: int) -> bytes | None:
        """Give a stored node."""
        return read_node(self._connection, tree, level, index)

    def heads(self, after: int, limit: int) -> list[SignedHead]:
        """Give the next heads behind a number."""
        return read_heads(self._connection, after, limit)

    def known_keys(self) -> list[SealKey]:
        """Give every public key, the oldest first."""
        return read_keys(self._connection)

    def restores(self) -> list[SignedRestore]:
        """Give every restore that was announced, the oldest first."""
        return read_restores(self._connection)

    def add_key(self, key: SealKey) -> bool:
        """Add a public key; False: another one was added meanwhile."""
        row = self._connection.execute(
            "select audit.add_key(%s, %s, %s, %s, %s)",
            (key.number, key.key_id, key.public_key, key.added_at, key.signature),
        ).fetchone()
        return bool(row and row[0])

    def add_head(self, signed: SignedHead, growth: Sequence[Growth]) -> bool:
        """Add a head with what is new in its trees; False: somebody else was faster."""
        leaves = [
            {"tree": one.tree, "first": one.first, "hashes": b"".join(one.leaves).hex()}
            for one in growth
            if one.leaves
        ]
        nodes = [
            {"tree": one.tree, "level": made.level, "index": made.index, "hash": made.hash.hex()}
            for one in growth
            for made in one.nodes
        ]
        row = self._connection.execute(
            "select audit.add_head(%s, %s, %s)", (Json(head_row(signed)), Json(leaves), Json(nodes))
        ).fetchone()
        return bool(row and row[0])
