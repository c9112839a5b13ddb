"""Files as a source would write them, and the log as an import leaves it behind."""

import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from services.bootstrap import System
from services.imports.olist_rows import COLUMNS

ORDER = {
    "order_id": "o1",
    "customer_id": "c1",
    "order_status": "delivered",
    "order_purchase_timestamp": "2018-05-01 10:00:00",
    "order_approved_at": "2018-05-01 11:00:00",
    "order_delivered_carrier_date": "2018-05-02 08:00:00",
    "order_delivered_customer_date": "2018-05-09 17:30:00",
    "order_estimated_delivery_date": "2018-05-20 00:00:00",
}
ITEM = {
    "order_id": "o1",
    "order_item_id": "1",
    "product_id": "p1",
    "seller_id": "s1",
    "shipping_limit_date": "2018-05-06 10:00:00",
    "price": "35.90",
    "freight_value": "15.20",
}
PAYMENT = {
    "order_id": "o1",
    "payment_sequential": "1",
    "payment_type": "credit_card",
    "payment_installments": "2",
    "payment_value": "51.10",
}

Row = Mapping[str, str]


def write_olist(
    folder: Path,
    orders: Iterable[Row] = (ORDER,),
    items: Iterable[Row] = (ITEM,),
    payments: Iterable[Row] = (PAYMENT,),
) -> Path:
    """Write the three tables."""
    folder.mkdir(exist_ok=True)
    for name, rows in (("orders", orders), ("order_items", items), ("order_payments", payments)):
        write_csv(folder / f"{name}.csv", COLUMNS[name], (row.values() for row in rows))
    return folder


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Iterable[str]]) -> Path:
    """Write a CSV file, packed if its name says so."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    raw = text.getvalue().encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def facts_in_log(system: System) -> list[tuple[Any, ...]]:
    """Give what the log says of orders, without the columns that depend on the arrival."""
    with system.connect("orderpath_auditor") as session:
        return session.execute(
            "select stream_id, fact_id, type, occurred_at, convert_from(payload, 'UTF8')"
            " from log.events where stream_id like 'order-%' order by stream_id, fact_id"
        ).fetchall()


def types_in_log(system: System) -> dict[str, int]:
    """Count the events of orders by type."""
    with system.connect("orderpath_auditor") as session:
        return dict(
            session.execute(
                "select type, count(*) from log.events where stream_id like 'order-%' group by type"
            ).fetchall()
        )
