"""The state of a product and how events change it. evolve never refuses and looks nothing up."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never, cast

from domain.messages import Happened
from domain.products import events as e


@dataclass(frozen=True, slots=True)
class Product:
    """One product as of its last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    title: str = ""
    unit_price_minor: int = 0  # contains the VAT
    currency: str = ""
    vat_bp: int = 0
    supplier: str | None = None
    category: str | None = None
    price_since: datetime | None = None  # from when on this price holds
    active: bool = False  # it is sold; False: withdrawn, or never published
    subject_id: str | None = None  # a product belongs to no person

    @property
    def exists(self) -> bool:
        return self.version > 0

    def evolve(self, happened: Happened) -> "Product":
        """Give the product after one more event."""
        changes = _changes(cast(e.ProductEvent, happened.event), happened.occurred_at)
        return replace(
            self, version=happened.version, last_occurred_at=happened.occurred_at, **changes
        )


# One branch per event of the catalog.
def _changes(event: e.ProductEvent, at: datetime) -> dict[str, Any]:
    match event:
        case e.ProductPublished():
            return {**dict(event), "price_since": at, "active": True}
        case e.ProductDescribed():
            return dict(event)
        case e.PriceChanged():
            return {**dict(event), "price_since": at}
        case e.ProductWithdrawn():
            return {"active": False}
        case _:
            assert_never(event)
