"""Read model `documents`: the documents of each order, their numbers and how far they are."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.orders import events as e
from domain.orders.documents import ISSUED
from projections.interface import Tx, write


class Documents:
    """One row per document."""

    name: Final = "documents"
    version: Final = 1
    tables: Final = ("documents",)
    ddl: Final[LiteralString] = """
        create table documents (
            order_id      uuid not null,
            document_id   text not null,
            kind          text not null,
            series        text not null,
            number        text not null,
            total_minor   bigint not null,
            currency      text,
            issued_at     timestamptz not null,
            issued_by     text not null,
            status        text not null,
            status_since  timestamptz not null,
            reason_code   text, -- of the step to the status of now
            primary key (order_id, document_id)
        );
        create unique index on documents (series, number);
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Store the new ones, then move those that moved; of several steps the last counts."""
        issued: list[dict[str, Any]] = []
        moved: dict[tuple[str, str], dict[str, Any]] = {}
        for recorded in batch:
            event = recorded.event
            if isinstance(event, e.DocumentIssued):
                issued.append(_issued(event, recorded))
            elif isinstance(event, e.DocumentMoved):
                moved[recorded.entity_id, event.document_id] = _moved(event, recorded)
        write(tx, _INSERT, issued)
        write(tx, _MOVE, moved.values())


def _issued(event: e.DocumentIssued, recorded: Recorded) -> dict[str, Any]:
    return {
        "order_id": recorded.entity_id,
        **event.model_dump(),
        "issued_at": recorded.occurred_at,
        "issued_by": recorded.actor_id,
        "status": ISSUED,
        "status_since": recorded.occurred_at,
    }


def _moved(event: e.DocumentMoved, recorded: Recorded) -> dict[str, Any]:
    return {
        "order_id": recorded.entity_id,
        "document_id": event.document_id,
        "status": event.to_status,
        "status_since": recorded.occurred_at,
        "reason_code": event.reason_code,
    }


_INSERT: Final = """
    insert into documents (
        order_id, document_id, kind, series, number, total_minor, currency, issued_at, issued_by,
        status, status_since)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, document_id text, kind text, series text, number text,
        total_minor bigint, currency text, issued_at timestamptz, issued_by text, status text,
        status_since timestamptz)
"""

_MOVE: Final = """
    update documents d set
        status = x.status, status_since = x.status_since, reason_code = x.reason_code
    from json_to_recordset(%s::json) as x(
        order_id uuid, document_id text, status text, status_since timestamptz, reason_code text)
    where d.order_id = x.order_id and d.document_id = x.document_id
"""
