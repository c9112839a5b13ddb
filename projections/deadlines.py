"""Read model `deadlines`: the moments by which orders must have left the statuses they are in.

The clock fires what is due (services.clock); the event that comes of it closes the row. A limit is
folded by the domain, as the aggregate folds it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from pydantic import TypeAdapter

from domain.messages import Event, Recorded
from domain.orders import events as e
from domain.orders.time_limit import NO_LIMIT, TimeLimit, limit_after
from projections.interface import Tx, write

Row = dict[str, Any]


class Deadlines:
    """One row of deadlines per order and level, while the order is where it has to leave."""

    name: Final = "deadlines"
    version: Final = 2
    tables: Final = ("deadlines", "stays")
    ddl: Final[LiteralString] = """
        create table deadlines (
            order_id     uuid not null,
            level        text not null, -- warn, due, escalate_<percent>
            due_at       timestamptz not null,
            state        text not null, -- open, passed
            passed_at    timestamptz,
            path         text,
            status       text not null,
            entered      integer not null, -- version of the event that entered the status
            holder_user  text,
            holder_group text,
            version      integer not null, -- of the event that made the limit what it is
            primary key (order_id, level)
        );
        create index deadlines_open on deadlines (due_at, order_id, level) where state = 'open';
        -- Where each order stands, as far as its limit needs that.
        create table stays (
            order_id     uuid primary key,
            path         text,
            status       text,
            entered_at   timestamptz,
            holder_user  text,
            holder_group text,
            moved_on_by  integer[] not null, -- versions of facts that came later in its own time
            passed_at    jsonb not null, -- by level
            version      integer not null,
            time_limit   jsonb not null -- domain.orders.time_limit
        ) with (fillfactor = 70);
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Load where the touched orders stand, tell them what happened, store what has changed."""
        touched = [one for one in batch if isinstance(one.event, _TOLD)]
        stays = _load(touched, tx)
        before = {order_id: stay.deadlines() for order_id, stay in stays.items()}
        for recorded in touched:
            order_id = UUID(recorded.entity_id)
            stays[order_id] = _after(stays.get(order_id) or Stay(order_id), recorded)
        after = {order_id: stay.deadlines() for order_id, stay in stays.items()}
        changed = [one for one in stays if before.get(one, []) != after[one]]
        write(tx, _UPSERT_STAYS, [stay.row() for stay in stays.values()])
        if changed:
            tx.execute("delete from deadlines where order_id = any(%s)", [changed])
        write(tx, _INSERT, [row for one in changed for row in after[one]])


_TOLD: Final = (
    e.OrderPlaced,
    e.StatusChanged,
    e.StatusRecorded,
    e.PathMigrated,
    e.OwnerAssigned,
    e.DeadlineEvent,
    e.FactAnnulled,
)
_LIMIT: Final = TypeAdapter(TimeLimit)


@dataclass(frozen=True, slots=True)
class Stay:
    """The stay that an order was moved into last, and its limit."""

    order_id: UUID
    path: str | None = None
    status: str | None = None
    entered_at: datetime | None = None
    holder_user: str | None = None
    holder_group: str | None = None
    moved_on_by: tuple[int, ...] = ()
    passed_at: Mapping[str, datetime | str] = field(default_factory=dict)
    version: int = 0
    limit: TimeLimit = NO_LIMIT

    def deadlines(self) -> list[Row]:
        """Give its rows; none where a fact has moved the order on."""
        return [self._deadline(one) for one in self.limit.deadlines if not self.moved_on_by]

    def _deadline(self, one: e.Deadline) -> Row:
        is_passed = one.level in self.limit.passed
        return {
            "order_id": self.order_id,
            "level": one.level,
            "due_at": one.at,
            "state": "passed" if is_passed else "open",
            "passed_at": self.passed_at.get(one.level) if is_passed else None,
            "path": self.path,
            "status": self.status,
            "entered": self.limit.entered,
            "holder_user": self.holder_user,
            "holder_group": self.holder_group,
            "version": self.version,
        }

    def row(self) -> Row:
        """Give it as it is stored."""
        told = {name: getattr(self, name) for name in _COLUMNS}
        return told | {"time_limit": _LIMIT.dump_python(self.limit, mode="json")}


_COLUMNS: Final = (
    "order_id",
    "path",
    "status",
    "entered_at",
    "holder_user",
    "holder_group",
    "moved_on_by",
    "passed_at",
    "version",
)


def _load(touched: Iterable[Recorded], tx: Tx) -> dict[UUID, Stay]:
    known = list({UUID(one.entity_id) for one in touched if one.version > 1})
    if not known:
        return {}
    rows = tx.execute(
        f"select {', '.join(_COLUMNS)}, time_limit from stays"  # noqa: S608 - constants
        " where order_id = any(%s)",
        [known],
    ).fetchall()
    return {row[0]: _stored(dict(zip(_COLUMNS, row, strict=False)), row[-1]) for row in rows}


def _stored(told: Row, limit: Row) -> Stay:
    told["moved_on_by"] = tuple(told["moved_on_by"])
    return Stay(**told, limit=_LIMIT.validate_python(limit))


def _after(stay: Stay, recorded: Recorded) -> Stay:
    """Give the stay after one more event. Facts set no limit; a later one ends it, though."""
    event, is_fact = recorded.event, recorded.fact_id is not None
    match event:
        case e.OwnerAssigned(user=user, group=group):
            return replace(stay, holder_user=user, holder_group=group)
        case e.FactAnnulled(annulled_version=wrong) if wrong in stay.moved_on_by:
            left = tuple(one for one in stay.moved_on_by if one != wrong)
            return replace(stay, moved_on_by=left, version=recorded.version)
        case e.OrderPlaced() | e.StatusRecorded() if is_fact:
            return _told(stay, event, recorded)
        case e.OrderPlaced() | e.StatusChanged() | e.PathMigrated():
            return _entered(stay, event, recorded)
        case e.DeadlinePassed(level=level):
            passed_at = {**stay.passed_at, level: recorded.occurred_at}
            return replace(_limited(stay, event, recorded), passed_at=passed_at)
        case e.DeadlineSnoozed():
            return replace(_limited(stay, event, recorded), version=recorded.version)
        case _:
            return stay


def _told(stay: Stay, event: e.OrderPlaced | e.StatusRecorded, recorded: Recorded) -> Stay:
    path = stay.path or event.path
    if stay.entered_at is None or recorded.occurred_at <= stay.entered_at:
        return replace(stay, path=path)
    moved_on_by = (*stay.moved_on_by, recorded.version)
    return replace(stay, path=path, moved_on_by=moved_on_by, version=recorded.version)


def _entered(
    stay: Stay, event: e.OrderPlaced | e.StatusChanged | e.PathMigrated, recorded: Recorded
) -> Stay:
    path = stay.path if isinstance(event, e.StatusChanged) else event.path
    if isinstance(event, e.PathMigrated) and not event.entered:
        return replace(stay, path=path)
    return replace(
        _limited(stay, event, recorded),
        path=path,
        status=event.status if isinstance(event, e.OrderPlaced) else event.to_status,
        entered_at=recorded.occurred_at,
        moved_on_by=(),
        version=recorded.version,
    )


def _limited(stay: Stay, event: Event, recorded: Recorded) -> Stay:
    return replace(stay, limit=limit_after(stay.limit, event, recorded))


_UPSERT_STAYS: Final = """
    insert into stays as s (
        order_id, path, status, entered_at, holder_user, holder_group, moved_on_by, passed_at,
        version, time_limit)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, path text, status text, entered_at timestamptz, holder_user text,
        holder_group text, moved_on_by integer[], passed_at jsonb, version integer,
        time_limit jsonb)
    on conflict (order_id) do update set
        path = excluded.path, status = excluded.status, entered_at = excluded.entered_at,
        holder_user = excluded.holder_user, holder_group = excluded.holder_group,
        moved_on_by = excluded.moved_on_by, passed_at = excluded.passed_at,
        version = excluded.version, time_limit = excluded.time_limit
"""

_INSERT: Final = """
    insert into deadlines (
        order_id, level, due_at, state, passed_at, path, status, entered, holder_user,
        holder_group, version)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, level text, due_at timestamptz, state text, passed_at timestamptz,
        path text, status text, entered integer, holder_user text, holder_group text,
        version integer)
"""
