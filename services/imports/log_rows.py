"""What the rows of an event log mean: the facts of one order, by the mapping."""

import json
from collections import Counter
from collections.abc import Sequence, Set
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from domain.messages import is_code
from domain.orders.amounts import minor_units, whole_number
from domain.orders.commands import Fact, ItemFact, PaymentFact, PlacedFact, StatusFact
from domain.orders.events import Customer
from domain.orders.guards import MAX_AHEAD
from domain.orders.identity import fact_id_of
from domain.orders.ledger import Kind
from domain.orders.money import Line
from domain.orders.timeline import MAX_RANK
from domain.refusals import UnreadableError
from services.imports.local_time import Clockwork
from services.imports.mapping import LogMapping
from services.imports.report import ImportReport
from services.imports.rows import SourceRow, checked, filled
from services.imports.runner import OrderFacts
from services.imports.session import checked_key

MAX_TEXT: Final = 200  # characters of an activity that becomes a status
ONE_PAYMENT: Final = "1"

Told = tuple[Fact, SourceRow]
Bad = tuple[SourceRow, UnreadableError]


class Looker:
    """Looks at time and activity of rows only, before there are statuses."""

    def __init__(self, mapping: LogMapping) -> None:
        self._mapping = mapping
        self._clockwork = Clockwork(mapping.time, lambda _: None)
        self._ignored = frozenset(mapping.activity.ignore)

    def look(self, row: SourceRow) -> tuple[datetime, int, str] | None:
        """Give time, sequence and activity, None if they cannot be read or do not matter."""
        mapping = self._mapping
        activity = row[mapping.activity.column].strip()
        movements = mapping.payment.movements if mapping.payment else {}
        if not activity or len(activity) > MAX_TEXT or activity in {*self._ignored, *movements}:
            return None
        try:
            at = self._clockwork.read(row[mapping.time.column])
            return at, sequence_of(mapping, row), activity
        except UnreadableError:
            return None


class MappedReader:
    """Reads the rows of one order after another."""

    def __init__(
        self, mapping: LogMapping, columns: Sequence[str], now: datetime, report: ImportReport
    ) -> None:
        self.mapping = self._mapping = mapping
        self._report = report
        self._latest = now + MAX_AHEAD
        self._clockwork = Clockwork(mapping.time, lambda note: report.notes.update((note,)))
        self._ranks = {activity: n for n, activity in enumerate(mapping.activity.map)}
        self._ignored = frozenset(mapping.activity.ignore)
        self._attributes = attribute_columns(mapping, columns)
        self._personal = frozenset(mapping.personal)

    def read(
        self, external_id: str, order_id: UUID, rows: Sequence[SourceRow]
    ) -> tuple[OrderFacts, list[Bad]]:
        """Give the facts of an order, and the rows that cannot be read.

        Rows come sorted by content, so that the n-th of equal ones is the same in every file.
        """
        told: list[Told] = []
        bad: list[Bad] = []
        for key, row in self._identified(rows, bad):
            if row[self._mapping.activity.column].strip() in self._ignored:
                self._report.rows_ignored += 1
                continue
            try:
                told += [(fact, row) for fact in self._facts(external_id, key, row)]
            except UnreadableError as error:
                bad.append((row, error))
        return OrderFacts(order_id, told), bad

    def _identified(self, rows: Sequence[SourceRow], bad: list[Bad]) -> list[tuple[str, SourceRow]]:
        """Give each row its key within the order: from the id column, or from its content.

        What is personal is no part of it: it becomes the fact's id, which says nothing.
        """
        column = self._mapping.event_id
        if column is not None:
            return self._by_id(rows, column, bad)
        keyed: list[tuple[str, SourceRow]] = []
        whole: set[str] = set()
        seen: Counter[str] = Counter()
        for row in rows:
            if (content := content_hash(row)) in whole:
                self._report.duplicates += 1
                if self._mapping.duplicates == "drop":
                    continue
            whole.add(content)
            told = content_hash(row, self._personal) if self._personal else content
            seen[told] += 1
            keyed.append((f"row:{told}:{seen[told]}", row))
        return keyed

    def _by_id(
        self, rows: Sequence[SourceRow], column: str, bad: list[Bad]
    ) -> list[tuple[str, SourceRow]]:
        by_id: dict[str, list[SourceRow]] = {}
        for row in rows:
            try:
                by_id.setdefault(filled(row, column), []).append(row)
            except UnreadableError as error:
                bad.append((row, error))
        keyed: list[tuple[str, SourceRow]] = []
        for event_id, same in by_id.items():
            different = list({content_hash(row): row for row in same}.values())
            self._report.duplicates += len(same) - len(different)
            if len(different) == 1:
                keyed.append((f"event:{event_id}", different[0]))
                continue
            words = f"{len(different)} rows with this {column} say different things: keep one"
            bad += [(row, UnreadableError("rows_contradict", column, words)) for row in different]
        return keyed

    def _facts(self, external_id: str, key: str, row: SourceRow) -> list[Fact]:
        mapping = self._mapping
        activity = row[mapping.activity.column].strip()
        movement = mapping.payment.movements.get(activity) if mapping.payment else None
        status = mapping.activity.map.get(activity)
        if status is None and movement is None:
            column = mapping.activity.column
            words = f"{column} is not in the mapping: add it to map or to ignore"
            raise UnreadableError("activity_unknown", column, words)
        at = self._clockwork.read(row[mapping.time.column])
        if at > self._latest:
            words = f"{mapping.time.column} has not come yet"
            raise UnreadableError("time_in_future", mapping.time.column, words)

        def identity(part: str) -> dict[str, Any]:
            fact_id = fact_id_of(mapping.source, external_id, f"{key}:{part}")
            return {"fact_id": fact_id, "occurred_at": at}

        facts: list[Fact] = []
        if status is not None:
            placing = mapping.placed is not None and mapping.placed.activity == activity
            build = self._placed if placing else self._status
            facts.append(checked(build, external_id, status, row, identity("status")))
        if mapping.item and row[mapping.item.id].strip():
            facts.append(checked(self._item, row, identity("item")))
        if movement is not None:
            told = self._told(external_id, row) if status is None else {}  # The status tells it.
            facts.append(checked(self._payment, movement, row, identity("payment"), told))
        return facts

    def _status(
        self, external_id: str, status: str, row: SourceRow, identity: dict[str, Any]
    ) -> Fact:
        told = self._told(external_id, row)
        return StatusFact(**identity, status=status, rank=self._rank(row), **told)

    def _told(self, external_id: str, row: SourceRow) -> dict[str, Any]:
        """Give what the row says beside status and time; nothing of it is lost."""
        mapping = self._mapping
        told = {
            "external_id": external_id,
            "customer_id": mapping.customer and row[mapping.customer].strip(),
            "actor": mapping.actor and row[mapping.actor].strip(),
            "role": mapping.role and row[mapping.role].strip(),
            "attributes": {c: row[c] for c in self._attributes if row[c]},
        }
        personal = {c: row[c] for c in mapping.personal if row[c]}
        if mapping.reason and (reason := row[mapping.reason].strip()):
            code = mapping.reasons.get(reason, reason)
            if is_code(code):
                told["reason_code"] = code
            else:  # Somebody typed it, about whomever.
                personal[mapping.reason] = reason
        if personal:
            told["personal"] = json.dumps(personal, ensure_ascii=False)
        return {name: value for name, value in told.items() if value}

    def _placed(
        self, external_id: str, status: str, row: SourceRow, identity: dict[str, Any]
    ) -> Fact:
        placed, told = self._mapping.placed, self._told(external_id, row)
        assert placed is not None
        customer_id = told.get("customer_id")
        return PlacedFact(
            **identity,
            status=status,
            rank=self._rank(row),
            order_type=placed.order_type,
            channel=placed.channel,
            shop=placed.shop,
            customer=Customer(customer_id=customer_id) if customer_id else None,
            currency=placed.currency,
            **told,
        )

    def _rank(self, row: SourceRow) -> int:
        if self._mapping.sequence is None:
            return self._ranks[row[self._mapping.activity.column].strip()]
        return sequence_of(self._mapping, row)

    def _item(self, row: SourceRow, identity: dict[str, Any]) -> Fact:
        item, mark = self._mapping.item, self._mapping.decimal
        assert item is not None
        item_id = filled(row, item.id)
        quantity = (
            whole_number(row[item.quantity], item.quantity, 1, 1_000_000) if item.quantity else 1
        )
        price = minor_units(row[item.price], item.price, item.currency, mark) if item.price else 0
        line = Line(
            item_id=item_id,
            sku=(item.sku and row[item.sku].strip()) or item_id,
            title=(item.title and row[item.title].strip()) or item_id,
            quantity=quantity,
            unit_price_minor=price,
        )
        return ItemFact(**identity, line=line, currency=item.currency)

    def _payment(
        self, movement: Kind, row: SourceRow, identity: dict[str, Any], told: dict[str, Any]
    ) -> Fact:
        payment, mark = self._mapping.payment, self._mapping.decimal
        assert payment is not None
        return PaymentFact(
            **identity,
            movement=movement,
            payment_id=filled(row, payment.id) if payment.id else ONE_PAYMENT,
            amount_minor=minor_units(row[payment.amount], payment.amount, payment.currency, mark),
            currency=payment.currency,
            method=row[payment.method].strip() or None if payment.method else None,
            **told,
        )


def sequence_of(mapping: LogMapping, row: SourceRow) -> int:
    """Give the place of a row among those of its second; 0 without such a column.

    Raises: UnreadableError
    """
    if mapping.sequence is None:
        return 0
    return whole_number(row[mapping.sequence], mapping.sequence, 0, MAX_RANK)


def order_number(mapping: LogMapping, values: Any) -> str:
    """Give the order's number; several columns are joined so that no two orders become one.

    Raises: UnreadableError
    """
    parts = [checked_key(values[column], column) for column in mapping.order_id]
    if len(parts) == 1:
        return parts[0]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def attribute_columns(mapping: LogMapping, columns: Sequence[str]) -> tuple[str, ...]:
    """Name the columns that are kept beside the facts: by default all that have no meaning."""
    if mapping.attributes == "none":
        return ()
    if isinstance(mapping.attributes, tuple):
        return mapping.attributes
    # These mean something on some rows only, or would leave nothing behind but a hash.
    kept_anyway = {"item", "payment", "event_id", "customer"}
    used = {column for place, column in mapping.used_columns() if place[0] not in kept_anyway}
    return tuple(column for column in columns if column not in used)


def content_hash(row: SourceRow, but: Set[str] = frozenset()) -> str:
    """Give SHA-256 of what a row says, whatever the order of its columns. but: these columns"""
    said = sorted((column, text) for column, text in row.values.items() if column not in but)
    return sha256(json.dumps(said).encode()).hexdigest()
