"""What a read model is. Projectors drive it, rebuilds make a second one of it beside the first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString, Protocol

from psycopg import Cursor
from pydantic_core import to_json

from domain.messages import Recorded
from domain.orders.timeline import key_of

# Columns that tell how a fact arrived. All others are equal in whatever order facts came.
ARRIVAL_COLUMNS: Final = frozenset(
    {
        "version",
        "position",
        "recorded_at",
        "annulled_recorded_at",
        "command_id",
        "causation_id",
    }
)

Tx = Cursor[Any]


class Projection(Protocol):
    """One read model: its tables, and how events change them.

    apply runs in a transaction whose search path is the build's own schema. The events are new
    to these tables and in log order; it may be called with any subset of the streams.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...  # another one means other tables, hence a rebuild
    @property
    def ddl(self) -> LiteralString: ...
    @property
    def tables(self) -> Sequence[str]: ...  # each is shown as live.<table>
    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None: ...


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Give rows as one parameter for json_to_recordset: six times faster than lists."""
    return to_json(rows).decode()


def given_and_ended(
    changes: Iterable[tuple[str, Mapping[str, Any] | datetime]],
) -> tuple[list[Mapping[str, Any]], list[dict[str, Any]]]:
    """Give what stands under each code in the end, and what was ended since it was given.

    changes: in log order, a code with the row that it was given, or with when it was ended
    """
    given: dict[str, Mapping[str, Any]] = {}
    ended: dict[str, dict[str, Any]] = {}
    for code, change in changes:
        if isinstance(change, datetime):
            ended[code] = {"code": code, "ended_at": change}
        else:
            given[code] = change
            ended.pop(code, None)
    return list(given.values()), list(ended.values())


def timeline_columns(event: Recorded, rank: int = 0) -> dict[str, Any]:
    """Give the place of an event among those of its order, as columns that sort so."""
    occurred_at, is_decision, number, fact_id = key_of(
        event.occurred_at, event.version, rank, event.fact_id
    )
    return {
        "occurred_at": occurred_at,
        "is_decision": bool(is_decision),
        "timeline_no": number,
        "fact_id": fact_id,
    }
