"""The sealed log as auditors read it: rows, leaves, heads and keys, with an auditor's rights."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString
from uuid import UUID

from domain.audit.findings import Finding, Kind
from domain.audit.heads import SealKey, SignedHead, SignedRestore
from domain.audit.merkle import Node
from domain.audit.records import Hashed, Leaves, TreeName
from infra.audit_definitions import check_definitions
from infra.audit_rows import columns_of, hash_page, hash_rows, read_leaves
from infra.audit_tables import (
    HEADS,
    LAST_HEAD,
    head_of,
    read,
    read_heads,
    read_identity,
    read_keys,
    read_leaves_of,
    read_node,
    read_restores,
)
from infra.postgres import Session
from infra.seal_keys import is_signed

ROLE: Final = "orderpath_auditor"

_BROKEN_STREAMS: Final[LiteralString] = """
    select stream_id, min(version), max(version), count(*) from log.events
    group by stream_id having min(version) <> 1 or max(version) <> count(*)
    order by stream_id limit %s
"""

_UNNUMBERED: Final[tuple[tuple[Kind, LiteralString], ...]] = (
    (
        "event_inserted",
        "select format('Version %%s of stream %%s has no position.', version, stream_id)"
        " from log.events where position is null order by stream_id, version limit %s",
    ),
    (
        "command_inserted",
        "select format('The answer of command %%s has no number.', command_id)"
        " from log.commands where number is null order by command_id limit %s",
    ),
    (
        "command_inserted",
        "select format('The answer of command %%s has number %%s, which no answer was given yet.',"
        " command_id, number) from log.commands"
        " where number > (select last_value from log.command_numbers) order by number limit %s",
    ),
)

_UNSEALED: Final[LiteralString] = "select count(*) from log.events where position > %s"
_GAPS: Final[LiteralString] = """
    select before + 1, position - 1
    from (select position, lag(position, 1, %s) over (order by position) as before
          from log.events where position > %s) behind
    where position - 1 > before order by position limit %s
"""

_UNANSWERED: Final[LiteralString] = """
    select format('The answer of command %%s is missing, which stored position %%s; it was not'
                  ' sealed yet.', e.command_id, min(e.position))
    from log.events e
    where e.position > %s
      and not exists (select from log.commands c where c.command_id = e.command_id)
    group by e.command_id order by min(e.position) limit %s
"""


class AuditReader:
    """Implements services.audit.ports.SealedLog. Threads may share one."""

    is_signed = staticmethod(is_signed)
    columns_of = staticmethod(columns_of)

    def __init__(self, url: str) -> None:
        self._session = Session(url, role=ROLE, name="orderpath auditor")

    def identity(self) -> tuple[UUID, int]:
        """Give the log's id and epoch."""
        with self._session.connection() as connection:
            return read_identity(connection)

    def ends(self) -> tuple[int, int]:
        """Give the position of the last event and the number of the last command, 0: none."""
        row = self._row(
            "select coalesce((select max(position) from log.events), 0),"
            " coalesce((select max(number) from log.commands), 0)"
        )
        assert row is not None
        return int(row[0]), int(row[1])

    def known_keys(self) -> list[SealKey]:
        """Give every public key, the oldest first."""
        with self._session.connection() as connection:
            return read_keys(connection)

    def restores(self) -> list[SignedRestore]:
        """Give every restore that was announced, the oldest first."""
        with self._session.connection() as connection:
            return read_restores(connection)

    def heads(self, after: int, limit: int) -> list[SignedHead]:
        """Give the next heads behind a number."""
        with self._session.connection() as connection:
            return read_heads(connection, after, limit)

    def last_head(self) -> SignedHead | None:
        """Give the newest head, None: nothing was sealed yet."""
        row = self._row(LAST_HEAD)
        return None if row is None else head_of(row)

    def head_over(self, position: int) -> SignedHead | None:
        """Give the first head that holds a position, None: none does."""
        row = self._row(HEADS + " where h.size >= %s order by h.size, h.number limit 1", position)
        return None if row is None else head_of(row)

    def rows(self, tree: TreeName, after: int, until: int) -> Hashed:
        """Hash the rows behind a position, or number, up to another."""
        with self._session.connection() as connection:
            return hash_rows(connection, tree, after, until)

    def page(self, tree: TreeName, after: int, many: int) -> Hashed:
        """Hash the next rows behind a position, or number, and all that share the last one's."""
        with self._session.connection() as connection:
            return hash_page(connection, tree, after, many)

    def events_behind(self, after: int) -> int:
        """Count the events behind a position."""
        row = self._row(_UNSEALED, after)
        return int(row[0]) if row is not None else 0

    def gaps_behind(self, after: int, limit: int) -> list[tuple[int, int]]:
        """Name the spans behind a position, up to the last event, that hold none."""
        with self._session.connection() as connection:
            return connection.execute(_GAPS, (after, after, limit)).fetchall()

    def row_leaves(self, tree: TreeName, numbers: Sequence[int]) -> list[bytes]:
        """Give the bytes of the leaves of some rows, in order; what is missing is left out."""
        with self._session.connection() as connection:
            return read_leaves(connection, tree, numbers)

    def leaves(self, tree: TreeName, first: int, end: int) -> list[Leaves]:
        """Give what is stored of the leaves from one index to before another."""
        with self._session.connection() as connection:
            return read_leaves_of(connection, tree, first, end)

    def node(self, tree: TreeName, level: int, index: int) -> bytes | None:
        """Give a stored node."""
        with self._session.connection() as connection:
            return read_node(connection, tree, level, index)

    def nodes(self, tree: TreeName) -> list[Node]:
        """Give every stored node of a tree."""
        with self._session.connection() as connection:
            rows = connection.execute(
                "select level, index, hash from audit.nodes where tree = %s", (tree,)
            )
            return [Node(level, index, bytes(told)) for level, index, told in rows]

    def broken_streams(self, limit: int) -> list[tuple[str, int, int, int]]:
        """Name streams whose versions are not 1, 2, 3, …: with first, last and how many."""
        with self._session.connection() as connection:
            return connection.execute(_BROKEN_STREAMS, (limit,)).fetchall()

    def unnumbered(self, limit: int) -> list[Finding]:
        """Name events without a position, and answers without a number that was given to one."""
        with self._session.connection() as connection:
            return [
                Finding(kind, message)
                for kind, query in _UNNUMBERED
                for (message,) in connection.execute(query, (limit,))
            ]

    def unanswered(self, after: int, limit: int) -> list[Finding]:
        """Name events behind a position whose command has no answer: it was stored with them."""
        with self._session.connection() as connection:
            found = connection.execute(_UNANSWERED, (after, limit)).fetchall()
        return [Finding("command_missing", message) for (message,) in found]

    def definitions(self) -> list[Finding]:
        """Name published definitions that are not as the events that published them say."""
        with self._session.connection() as connection:
            return list(check_definitions(connection))

    def places_of(self, stream_id: str, limit: int) -> list[tuple[int, int]]:
        """Give the positions of a stream's events, in order, each with the event's version."""
        with self._session.connection() as connection:
            return connection.execute(
                "select position, version from log.events"
                " where stream_id = %s and position is not null order by position limit %s",
                (stream_id, limit),
            ).fetchall()

    def _row(self, statement: LiteralString, *parameters: Any) -> tuple[Any, ...] | None:
        with self._session.connection() as connection:
            return read(connection, statement, parameters).fetchone()

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()
