"""Records of the topic orderpath.log: rows of the log as they are, personal data sealed.

The value is a JSON array with one array per row, in the order of RecordedRow; headers say which
part of the log it is and of how many events. The relay packs them, the workers unpack them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Final, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, Field, TypeAdapter
from pydantic_core import to_json

from domain.messages import SHARDS
from domain.refusals import InfraError
from domain.streaming import LOG, Message, Span
from infra.recorded_row import RecordedRow, row_of

MAX_EVENTS: Final = 128  # of one record
MAX_BYTES: Final = 256 * 1024  # of payloads in one record, unless one alone is larger
LARGEST_BYTES: Final = 900 * 1024  # A larger event is not sent: workers read it from the log.
NUL: Final = rb"\u0000"  # as JSON writes it
FORMAT: Final = b"1"  # of the value
TOLD_BYTES: Final = 20  # of a header that cannot be read

_Row = tuple[
    str, Annotated[int, Field(ge=1, lt=2**31)], str, str,
    Annotated[int, Field(ge=1, lt=2**63)], Annotated[int, Field(ge=0, lt=SHARDS)],
    UUID | None, str | None, UUID | None, UUID, UUID, UUID | None,
    str, str, str | None, str | None, str, AwareDatetime, AwareDatetime,
]  # fmt: skip
_ROWS: Final = TypeAdapter(list[_Row])

T = TypeVar("T")


def pack(rows: Sequence[RecordedRow], span: Span) -> Message:
    """Give the record of some consecutive rows of one shard."""
    headers = [("format", FORMAT), ("log_id", str(span.log_id).encode())]
    headers += [
        (name, str(getattr(span, name)).encode())
        for name in ("epoch", "shard", "prev", "first", "last")
    ]
    headers.append(("events", str(len(rows)).encode()))
    value = to_json([_wire(row) for row in rows])
    return Message(LOG.name, value, partition=span.shard, headers=headers)


def unpack(headers: Mapping[str, bytes], value: bytes | None) -> tuple[Span, list[RecordedRow]]:
    """Read a record.

    Raises: InfraError record_unreadable: its events have to be read from the log instead
    """
    try:
        _header(headers, "format", _format)
        numbers = {
            name: _header(headers, name, _number)
            for name in ("epoch", "shard", "prev", "first", "last")
        }
        span = Span(log_id=_header(headers, "log_id", _uuid), **numbers)
        events = _header(headers, "events", _number)
        rows = [_row(values) for values in _ROWS.validate_json(value or b"")]
        if NUL in (value or b"") and any(map(_holds_nul, rows)):
            raise _not_ours("a text holds what no table does")
    except ValueError:
        raise _not_ours("its rows are no rows") from None
    _check(span, events, rows)
    return span, rows


def split(rows: Sequence[RecordedRow]) -> Iterator[list[RecordedRow]]:
    """Cut the rows of one shard into what fits in a record; too large an event stands alone."""
    part: list[RecordedRow] = []
    size = 0
    for row in rows:
        size += len(row.payload)
        if part and (len(part) == MAX_EVENTS or size > MAX_BYTES):
            yield part
            part, size = [], len(row.payload)
        part.append(row)
    if part:
        yield part


def _wire(row: RecordedRow) -> list[object]:
    _, _, _, _, *rest = row.__dict__.values()  # in the order of COLUMNS
    return [row.stream_id, row.version, row.type, row.payload.decode(), *rest]


def _row(values: _Row) -> RecordedRow:
    stream_id, version, name, payload, *rest = values
    return row_of((stream_id, version, name, payload.encode(), *rest))


def _header(headers: Mapping[str, bytes], name: str, read: Callable[[bytes], T]) -> T:
    """Read a header. Raises: InfraError record_unreadable, which tells its beginning at most"""
    if name not in headers:
        raise _not_ours(f"it has no header {name}")
    try:
        return read(headers[name])
    except ValueError:
        raise _not_ours(f"its header {name} is {headers[name][:TOLD_BYTES]!r}") from None


def _not_ours(why: str) -> InfraError:
    return InfraError("record_unreadable", f"A record of the log topic is not ours: {why}")


def _format(text: bytes) -> None:
    if text != FORMAT:
        raise ValueError


def _uuid(text: bytes) -> UUID:
    return UUID(text.decode())


def _number(text: bytes) -> int:
    """Read a number as `pack` writes it. Raises: ValueError"""
    if not text.isdigit():
        raise ValueError
    return int(text)


def _holds_nul(row: RecordedRow) -> bool:
    return any("\0" in one for one in row.__dict__.values() if isinstance(one, str))


def _check(span: Span, events: int, rows: Sequence[RecordedRow]) -> None:
    """A record with a hole would be taken for whole."""
    positions = [row.position for row in rows]
    whole = (
        0 < events == len(rows)
        and positions == sorted(set(positions))
        and span.prev < span.first == positions[0]
        and span.last == positions[-1]
        and all(row.shard == span.shard for row in rows)
    )
    if not whole:
        raise InfraError("record_unreadable", "A record of the log topic is not what it says")
