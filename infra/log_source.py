"""What the relay's lane `log` reads: rows of the log behind a position, packed as records."""

from collections.abc import Sequence
from typing import Final

import structlog

from domain.messages import SHARDS
from domain.streaming import Message, Span
from infra.event_log import check_contiguous
from infra.log_records import LARGEST_BYTES, pack, split
from infra.postgres import Session
from infra.recorded_row import RecordedRow
from infra.recorder import PostgresRecorder

ROLE: Final = "orderpath_projector"

log_ = structlog.get_logger()


class LogSource:
    """Implements services.log_lane.Source, with a session of its own."""

    def __init__(self, url: str) -> None:
        self._session = Session(url, role=ROLE, name="orderpath relay")
        self._recorder = PostgresRecorder(self._session, self._session)

    def last_by_shard(self, position: int) -> dict[int, int]:
        """Give the position of each shard's last event up to a position."""
        with self._session.connection() as connection:
            rows = connection.execute(
                "select s.shard, (select max(e.position) from log.events e"
                " where e.shard = s.shard and e.position <= %s)"
                " from generate_series(0, %s) s(shard)",
                [position, SHARDS - 1],
            ).fetchall()
        return {shard: last for shard, last in rows if last is not None}

    def read(self, after: int, limit: int, most_bytes: int) -> list[RecordedRow]:
        """Give the next rows behind a position. Raises: InfraError log_gap"""
        rows = self._recorder.select_rows(after, limit, most_bytes=most_bytes)
        check_contiguous(after, rows)
        return rows

    def split(self, rows: Sequence[RecordedRow]) -> list[list[RecordedRow]]:
        """Cut the rows of one shard into what fits in a record."""
        return list(split(rows))

    def pack(self, rows: Sequence[RecordedRow], span: Span) -> Message | None:
        """Give the record of some rows; None for what no record can carry, which is named."""
        try:
            message = pack(rows, span)
        except UnicodeDecodeError:
            why = "its bytes are no text"
        else:
            if len(message.value or b"") <= LARGEST_BYTES:
                return message
            why = f"it is larger than {LARGEST_BYTES} bytes"
        log_.warning("events_not_sent", shard=span.shard, first=span.first, last=span.last, why=why)
        return None

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()
