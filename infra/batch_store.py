"""Batches in PostgreSQL; the reason, which is free text, is sealed before it gets there."""

import os
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic_core import to_json

from domain.bulk import Batch, BatchOrder
from domain.messages import Actor
from infra.postgres import Session
from infra.sealing import ERASED, Place, SubjectKey, seal, unseal
from infra.vault import Vault

_KEY_BYTES: Final = 32


class PostgresBatchStore:
    """Implements domain.bulk.BatchStore."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    def begin(self, batch: Batch, orders: Sequence[BatchOrder]) -> None:
        """Keep a batch with its orders, all or nothing; one that is known stays as it is."""
        self._vault.storing(lambda: self._begin(batch, orders))

    def _begin(self, batch: Batch, orders: Sequence[BatchOrder]) -> None:
        rows = to_json([{"order_id": one.order_id, "body": one.body} for one in orders]).decode()
        with self._session.connection() as session, session.transaction():
            key_id = sealed = None
            if batch.reason is not None:
                key = SubjectKey(uuid4(), _subject(batch.batch_id), os.urandom(_KEY_BYTES))
                sealed = seal(batch.reason, key.key, _place(batch.batch_id), "reason")
                key_id, kept = key.key_id, (key.key_id, key.subject_id, self._vault.wrap(key))
                session.execute("select ops.keep_key(%s, %s, %s)", kept)
            session.execute(
                _INSERT,
                {
                    "batch_id": batch.batch_id,
                    "command": batch.command,
                    "body": Jsonb(batch.body),
                    "selection": Jsonb(batch.selection),
                    "actor": Jsonb(batch.actor.model_dump(mode="json")),
                    "source": batch.source,
                    "key_id": key_id,
                    "reason": sealed,
                    "undoes": batch.undoes,
                    "orders": len(orders),
                    "rows": rows,
                },
            )

    def find(self, batch_id: UUID) -> Batch | None:
        """Give a batch that has begun."""
        found = self._select("where b.batch_id = %s", batch_id)
        return found[0] if found else None

    def latest(self, limit: int) -> list[Batch]:
        """Give the batches that have orders and began last, the newest first."""
        return self._select(
            "where b.orders > 0 order by b.begun_at desc, b.batch_id limit %s", limit
        )

    def orders(self, batch_id: UUID, after: int, limit: int) -> list[BatchOrder]:
        """Give its orders in their order, those behind the first `after`."""
        with self._session.connection() as session:
            found = session.execute(
                "select order_id, body from ops.batch_orders"
                " where batch_id = %s and no > %s order by no limit %s",
                (batch_id, after, limit),
            ).fetchall()
        return [BatchOrder(order_id, body) for order_id, body in found]

    def subjects_about(self, orders: Sequence[UUID]) -> list[str]:
        """Name the subjects of the keys that seal reasons of batches in which orders are."""
        with self._session.connection() as session:
            found = session.execute(_ABOUT, [list(orders)]).fetchall() if orders else ()
        return [_subject(batch_id) for (batch_id,) in found]

    def finish(self, batch_id: UUID) -> None:
        """Note that every order was asked."""
        with self._session.connection() as session:
            session.execute(
                "update ops.batches set finished_at = now()"
                " where batch_id = %s and finished_at is null",
                (batch_id,),
            )

    def _select(self, which: str, *parameters: object) -> list[Batch]:
        with self._session.connection() as session:
            rows = session.cursor(row_factory=dict_row).execute(
                f"{_SELECT} {which}".encode(), parameters
            )
            return [self._opened(row) for row in rows]

    def _opened(self, row: dict[str, Any]) -> Batch:
        key_id, whose, stored = row.pop("key_id"), row.pop("subject_id"), row.pop("key")
        if row["reason"] is not None:
            keys = {} if whose is None else {key_id: self._vault.open(key_id, whose, stored)}
            row["reason"] = unseal(row["reason"], key_id, keys, _place(row["batch_id"]), "reason")
            row["is_erased"] = row["reason"] == ERASED and not stored
        return Batch(**row | {"actor": Actor.model_validate(row["actor"])})


_INSERT: Final = """
    with begun as (
        insert into ops.batches (batch_id, command, body, selection, actor, source, key_id,
            reason, undoes, orders)
        values (%(batch_id)s, %(command)s, %(body)s, %(selection)s, %(actor)s, %(source)s,
            %(key_id)s, %(reason)s, %(undoes)s, %(orders)s)
        on conflict do nothing returning batch_id
    )
    insert into ops.batch_orders (batch_id, no, order_id, body)
    select begun.batch_id, x.no, (x.value ->> 'order_id')::uuid, x.value -> 'body'
    from begun cross join jsonb_array_elements(%(rows)s::jsonb) with ordinality as x(value, no)
"""
_SELECT: Final = """
    select b.batch_id, b.command, b.body, b.selection, b.actor, b.source, b.reason, b.undoes,
           b.orders, b.begun_at, b.finished_at, b.key_id, k.subject_id, k.key
    from ops.batches b left join log.keys k using (key_id)
"""


# Few batches say why, and each of them is asked for the orders by an index.
_ABOUT: Final = """
    select b.batch_id from ops.batches b
    where b.key_id is not null and exists (
        select from ops.batch_orders o
        where o.batch_id = b.batch_id and o.order_id = any(%s))
"""


def _subject(batch_id: UUID) -> str:
    return f"batch-{batch_id}"


def _place(batch_id: UUID) -> Place:
    return Place(_subject(batch_id), 0, "batch")
