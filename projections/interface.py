"""What a read model is. Projectors drive it, rebuilds make a second one of it beside the first."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, LiteralString, Protocol, runtime_checkable

from psycopg import Cursor
from pydantic_core import to_json

from domain.messages import Event, Recorded
from domain.orders.timeline import key_of
from domain.reading import OrderLog

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


@runtime_checkable
class Judging(Protocol):
    """A read model that reads the log besides: what was so before the events of a batch."""

    def reading(self, log: OrderLog) -> Projection:
        """Give the read model that reads this log, for one projector."""


@runtime_checkable
class Recalling(Protocol):
    """A read model that remembers what it has read: also as it was before what it applied last."""

    def settle(self) -> None:
        """Hear that the transaction in which it was applied is through."""


class ReadFirst(Exception):
    """More has to be read of the log than a session bears to stand still for: it is read outside of
    the transaction, step by step, then the same is applied again."""

    def __init__(self, steps: Iterator[None]) -> None:
        super().__init__("what comes before these events is long")
        self.steps = steps


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Give rows as one parameter for json_to_recordset: six times faster than lists."""
    return to_json(rows).decode()


def write(tx: Tx, statement: LiteralString | bytes, rows: Iterable[Mapping[str, Any]]) -> None:
    """Run a statement on rows, which it takes by json_to_recordset; without rows it is not run."""
    if found := [*rows]:
        tx.execute(statement, [as_json(found)])


class Ended(Protocol):
    """An event that ends what stands under a code."""

    @property
    def code(self) -> str: ...


def given_and_ended(
    batch: Iterable[Recorded],
    row_of: Callable[[Event], Mapping[str, Any] | None],
    ended_by: type[Ended],
) -> tuple[list[Mapping[str, Any]], list[dict[str, Any]]]:
    """Give what stands under each code in the end, and what was ended since it was given.

    row_of: what an event gives, with its code; None: it gives nothing
    """
    given: dict[str, Mapping[str, Any]] = {}
    ended: dict[str, dict[str, Any]] = {}
    for recorded in batch:
        event = recorded.event
        if (row := row_of(event)) is not None:
            given[row["code"]] = row
            ended.pop(row["code"], None)
        elif isinstance(event, ended_by):
            ended[event.code] = {"code": event.code, "ended_at": recorded.occurred_at}
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
