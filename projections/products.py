"""Read model `products`: what is sold at which price, and what was.

Folded by the domain's own evolve, so that a row is what the aggregate says.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.products.events import ProductEvent
from domain.products.product import Product
from projections.interface import Tx, write


class Products:
    """One row per product, also of those that were withdrawn."""

    name: Final = "products"
    version: Final = 1
    tables: Final = ("products",)
    ddl: Final[LiteralString] = """
        create table products (
            sku              text primary key,
            version          integer not null,
            title            text not null,
            unit_price_minor bigint not null,
            currency         text not null,
            vat_bp           integer not null,
            supplier         text,
            category         text,
            price_since      timestamptz not null,
            active           boolean not null,
            changed_at       timestamptz not null
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Load the touched products, evolve them, store them."""
        touched = [recorded for recorded in batch if isinstance(recorded.event, ProductEvent)]
        if not touched:
            return
        products = _load(sorted({one.entity_id for one in touched}), tx)
        for recorded in touched:
            sku = recorded.entity_id
            products[sku] = products.get(sku, Product()).evolve(recorded)
        write(tx, _UPSERT, [_row(sku, one) for sku, one in products.items()])


def _load(skus: Sequence[str], tx: Tx) -> dict[str, Product]:
    rows = tx.execute(_SELECT, [list(skus)])
    return {sku: Product(*values) for sku, *values in rows}


def _row(sku: str, product: Product) -> dict[str, Any]:
    values = asdict(product)
    return {"sku": sku, **values, "changed_at": values["last_occurred_at"]}


_SELECT: Final = """
    select sku, version, changed_at, title, unit_price_minor, currency, vat_bp, supplier, category,
        price_since, active
    from products where sku = any(%s)
"""

_UPSERT: Final = """
    insert into products
    select * from json_to_recordset(%s::json) as x(
        sku text, version integer, title text, unit_price_minor bigint, currency text,
        vat_bp integer, supplier text, category text, price_since timestamptz, active boolean,
        changed_at timestamptz)
    on conflict (sku) do update set
        version = excluded.version, title = excluded.title,
        unit_price_minor = excluded.unit_price_minor, currency = excluded.currency,
        vat_bp = excluded.vat_bp, supplier = excluded.supplier, category = excluded.category,
        price_since = excluded.price_since, active = excluded.active,
        changed_at = excluded.changed_at
"""
