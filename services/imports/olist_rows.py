"""What the rows of Olist's tables mean: the facts of one order, out of its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.orders.amounts import minor_units, whole_number
from domain.orders.commands import (
    Fact,
    ItemFact,
    PaymentFact,
    PlacedFact,
    SourceStatusFact,
    StatusFact,
)
from domain.orders.events import Customer, Delivery
from domain.orders.guards import MAX_AHEAD
from domain.orders.identity import fact_id_of
from domain.orders.ledger import Kind
from domain.orders.money import Line
from domain.refusals import UnreadableError
from services.imports.rows import SourceRow, checked, filled
from services.imports.runner import OrderFacts

SOURCE: Final = "olist"
CURRENCY: Final = "BRL"
COLUMNS: Final = {
    "orders": (
        "order_id",
        "customer_id",
        "order_status",
        "order_purchase_timestamp",
        "order_approved_at",
        "order_delivered_carrier_date",
        "order_delivered_customer_date",
        "order_estimated_delivery_date",
    ),
    "order_items": (
        "order_id",
        "order_item_id",
        "product_id",
        "seller_id",
        "shipping_limit_date",
        "price",
        "freight_value",
    ),
    "order_payments": (
        "order_id",
        "payment_sequential",
        "payment_type",
        "payment_installments",
        "payment_value",
    ),
}
# Where events of an order share a second, the order of the source's columns decides.
_TIMED: Final = (
    ("approved", "order_approved_at", 1),
    ("shipped", "order_delivered_carrier_date", 2),
    ("delivered", "order_delivered_customer_date", 3),
)
_DERIVED_RANK: Final = 9
_ENDED: Final = frozenset({"canceled", "unavailable"})  # have no time of their own
_STATUSES: Final = frozenset(
    {"created", "approved", "invoiced", "processing", "shipped", "delivered", *_ENDED}
)
_KEYS: Final = {
    "orders": "order_id",
    "order_items": "order_item_id",
    "order_payments": "payment_sequential",
}

Told = tuple[Fact, SourceRow]
Bad = tuple[SourceRow, UnreadableError]


@dataclass(frozen=True, slots=True)
class KnownTimes:
    """The times of an order that its items and payments borrow."""

    placed_at: datetime
    approved_at: datetime | None


class OrderReader:
    """Reads the rows of one order after another."""

    def __init__(self, now: datetime, known_times: Callable[[UUID], KnownTimes | None]) -> None:
        self._latest = now + MAX_AHEAD
        self._known_times = known_times

    def read(
        self, external_id: str, order_id: UUID, rows: Sequence[SourceRow]
    ) -> tuple[OrderFacts, list[Bad], int]:
        """Give the facts of an order, the rows that cannot be read, and how many stood twice.

        Rows come sorted by table and content.
        """
        single, bad, duplicates = _single(rows)
        told: list[Told] = []
        times: KnownTimes | None = None
        others = [row for row in single if row.table != "orders"]
        for row in single:
            if row.table == "orders":
                try:
                    times, facts = self._order(external_id, row)
                except UnreadableError as error:
                    bad.append((row, error))
                else:
                    told += [(fact, row) for fact in facts]
        if others and times is None:
            times = self._known_times(order_id)
        here = any(row.table == "orders" for row in rows)
        for row in others:
            try:
                if times is None:
                    raise _without_order(here=here)
                told += [(fact, row) for fact in _other(external_id, row, times)]
            except UnreadableError as error:
                bad.append((row, error))
        return OrderFacts(order_id, told), bad, duplicates

    def _order(self, external_id: str, row: SourceRow) -> tuple[KnownTimes, list[Fact]]:
        status = filled(row, "order_status")
        if status not in _STATUSES:
            words = f"order_status is none of {', '.join(sorted(_STATUSES))}"
            raise UnreadableError("status_unknown", "order_status", words)
        placed_at = self._time(row, "order_purchase_timestamp")
        if placed_at is None:
            words = "order_purchase_timestamp is empty: nothing else says when it was placed"
            raise UnreadableError("time_missing", "order_purchase_timestamp", words)
        entered = {name: self._time(row, column) for name, column, _ in _TIMED}
        latest = max(at for at in (placed_at, *entered.values()) if at is not None)
        facts: list[Fact] = [_placed(external_id, row, placed_at)]
        for name, _, rank in _TIMED:
            at = entered[name]
            if at is not None:
                facts.append(
                    StatusFact(
                        fact_id=fact_id_of(SOURCE, external_id, name),
                        occurred_at=at,
                        status=name,
                        rank=rank,
                    )
                )
        # A borrowed time is part of the identity: a dump that knows a later one says so again, and
        # an end stands behind all that was told, whichever dump came first.
        borrowed = f"{status}:{latest.isoformat()}"
        if status in _ENDED:
            facts.append(
                StatusFact(
                    fact_id=fact_id_of(SOURCE, external_id, borrowed),
                    occurred_at=latest,
                    status=status,
                    rank=_DERIVED_RANK,
                    time_source="derived",
                )
            )
        elif entered.get(status) is None:
            facts.append(
                SourceStatusFact(
                    fact_id=fact_id_of(SOURCE, external_id, f"source_status:{borrowed}"),
                    occurred_at=latest,
                    source_status=status,
                )
            )
        return KnownTimes(placed_at, entered["approved"]), facts

    def _time(self, row: SourceRow, column: str) -> datetime | None:
        at = read_time(row, column)
        if at is not None and at > self._latest:
            raise UnreadableError("time_in_future", column, f"{column} has not come yet")
        return at


def read_time(row: SourceRow, column: str) -> datetime | None:
    """Read `2018-05-22 10:59:50` as UTC; None if the column is empty.

    Raises: UnreadableError
    """
    text = row[column].strip()
    if not text:
        return None
    try:
        if len(text) != 19 or text[10] not in " T":
            raise ValueError
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        words = f"{column} is no time: write 2018-05-22 10:59:50"
        raise UnreadableError("time_unreadable", column, words) from None


def _placed(external_id: str, row: SourceRow, placed_at: datetime) -> PlacedFact:
    promised_at = read_time(row, "order_estimated_delivery_date")
    customer_id = row["customer_id"].strip()
    return checked(
        PlacedFact,
        fact_id=fact_id_of(SOURCE, external_id, "placed"),
        occurred_at=placed_at,
        status="placed",
        rank=0,
        channel="import",
        shop=SOURCE,
        external_id=external_id,
        customer=checked(Customer, customer_id=customer_id) if customer_id else None,
        delivery=Delivery(promised_at=promised_at) if promised_at else None,
        currency=CURRENCY,
    )


def _without_order(*, here: bool) -> UnreadableError:
    words = "its order is neither in orders nor recorded: without it there is no time"
    if here:
        words = "its order is in orders, but cannot be read there: put that row right first"
    return UnreadableError("order_missing", "order_id", words)


def _other(external_id: str, row: SourceRow, times: KnownTimes) -> list[Fact]:
    if row.table == "order_items":
        return [_item(external_id, row, times)]
    return _payments(external_id, row, times)


def _item(external_id: str, row: SourceRow, times: KnownTimes) -> Fact:
    item_id = str(whole_number(row["order_item_id"], "order_item_id", 1, 1_000_000))
    sku = filled(row, "product_id")
    line = checked(
        Line,
        item_id=item_id,
        sku=sku,
        title=sku,
        quantity=1,
        unit_price_minor=minor_units(row["price"], "price", CURRENCY),
        seller=row["seller_id"].strip() or None,
    )
    return ItemFact(
        fact_id=fact_id_of(SOURCE, external_id, f"item:{item_id}"),
        occurred_at=times.placed_at,
        line=line,
        delivery_minor=minor_units(row["freight_value"], "freight_value", CURRENCY),
    )


def _payments(external_id: str, row: SourceRow, times: KnownTimes) -> list[Fact]:
    number = whole_number(row["payment_sequential"], "payment_sequential", 1, 1_000_000)
    installments = whole_number(row["payment_installments"], "payment_installments", 0, 1_000)
    amount = minor_units(row["payment_value"], "payment_value", CURRENCY)
    method = filled(row, "payment_type")

    def payment(movement: Kind, at: datetime) -> Fact:
        return checked(
            PaymentFact,
            fact_id=fact_id_of(SOURCE, external_id, f"payment:{number}:{movement}"),
            occurred_at=at,
            movement=movement,
            payment_id=str(number),
            amount_minor=amount,
            currency=CURRENCY,
            method=method,
            installments=installments,
        )

    facts = [payment("submitted", times.placed_at)]
    if times.approved_at is not None:
        facts.append(payment("charged", times.approved_at))
    return facts


def _single(rows: Sequence[SourceRow]) -> tuple[list[SourceRow], list[Bad], int]:
    """Drop rows that say the same; of rows that contradict each other believe none."""
    single: list[SourceRow] = []
    bad: list[Bad] = []
    duplicates = 0
    by_key: dict[tuple[str, str], list[SourceRow]] = {}
    for row in rows:
        by_key.setdefault(_natural_key(row), []).append(row)
    for same in by_key.values():
        different = [
            row for n, row in enumerate(same) if n == 0 or row.values != same[n - 1].values
        ]
        duplicates += len(same) - len(different)
        if len(different) == 1:
            single.append(different[0])
            continue
        table = different[0].table
        words = f"{len(different)} rows of {table} say different things about it: keep one"
        bad += [(row, UnreadableError("rows_contradict", None, words)) for row in different]
    return single, bad, duplicates


def _natural_key(row: SourceRow) -> tuple[str, str]:
    return row.table, row[_KEYS[row.table]]
