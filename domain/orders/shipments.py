"""Shipments of an order: which pieces travel with whom, and how far they are.

Carriers tell late, twice and in any order, so a shipment stands where the latest entry of its
timeline says, and its pieces follow from that: see docs/shipments.md.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, get_args
from uuid import UUID

from domain.messages import Happened
from domain.orders import shipment_events as e
from domain.orders.timeline import Entry, insert, key_of

PLANNED: Final = "planned"
SHIPMENT_STATUSES: Final = (PLANNED, *get_args(e.Reached))
STAYING: Final = (PLANNED, "cancelled")  # it has not left
ON_THE_WAY: Final = ("handed_over", "in_transit", "at_pickup_point")

SHIPMENT_MOVES: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        (PLANNED, "handed_over"),
        (PLANNED, "cancelled"),
        ("handed_over", "in_transit"),
        ("handed_over", "at_pickup_point"),
        ("in_transit", "at_pickup_point"),
        ("at_pickup_point", "in_transit"),
        *((source, "delivered") for source in (*ON_THE_WAY, "lost")),
        *((source, "lost") for source in ON_THE_WAY),
        *((source, "returned") for source in (*ON_THE_WAY, "lost", "delivered")),
    }
)


@dataclass(frozen=True, slots=True)
class Shipment:
    """One parcel, or what travels together. Immutable: events give a new one."""

    shipment_id: str
    carrier: str | None = None  # None: only its carrier has told of it, nobody planned it
    track_number: str | None = None
    pieces: Mapping[str, int] = field(default_factory=dict)  # by item id
    timeline: tuple[Entry, ...] = ()  # without the plan
    told: frozenset[tuple[str, str]] = frozenset()  # (reference of the carrier, status)

    @property
    def status(self) -> str:
        """The status of the latest entry; planned before the first."""
        return self.timeline[-1].status if self.timeline else PLANNED

    @property
    def item_status(self) -> str | None:
        """Where its pieces are; None: with us, wherever they were packed from."""
        if self.status in ON_THE_WAY:
            return "shipped"
        if self.status == "returned":
            had = any(entry.status == "delivered" for entry in self.timeline)
            return "returned" if had else "not_bought_out"
        return self.status if self.status in ("delivered", "lost") else None

    def moved(
        self, event: e.ShipmentMoved, at: datetime, version: int, fact_id: UUID | None
    ) -> "Shipment":
        """Give the shipment with one more entry, at its place.

        At the same moment the more advanced status counts, whichever was told first.
        """
        key = key_of(at, version, SHIPMENT_STATUSES.index(event.to_status), fact_id)
        told = self.told
        if event.carrier_ref is not None:
            told = told | {(event.carrier_ref, event.to_status)}
        return replace(
            self,
            pieces=self.pieces if event.pieces is None else event.pieces,
            timeline=insert(self.timeline, Entry(key, version, event.to_status)),
            told=told,
        )


Shipments = Mapping[str, Shipment]  # by id
AnyShipmentEvent = e.ShipmentCreated | e.ShipmentTracked | e.ShipmentMoved


def after_shipment(shipments: Shipments, event: AnyShipmentEvent, happened: Happened) -> Shipments:
    """Give the shipments after one more event. Never refuses: evolve calls it."""
    known = shipments.get(event.shipment_id) or Shipment(event.shipment_id)
    match event:
        case e.ShipmentCreated():
            known = replace(
                known,
                carrier=event.carrier,
                track_number=event.track_number or known.track_number,
                pieces=event.pieces,
            )
        case e.ShipmentTracked():
            known = replace(known, track_number=event.track_number)
        case e.ShipmentMoved():
            at, version = happened.occurred_at, happened.version
            known = known.moved(event, at, version, happened.fact_id)
    return {**shipments, event.shipment_id: known}


def sent(shipments: Shipments) -> list[Shipment]:
    """Give those that have left, wherever they are by now."""
    return [one for one in shipments.values() if one.status not in STAYING]


def track_numbers(own: str | None, shipments: Shipments) -> tuple[str, ...]:
    """Give the number of the order and those of the shipments that have left, each once.

    While none has left nobody tells of shipments: what is planned goes with the order.
    """
    planned = [one for one in shipments.values() if one.status == PLANNED]
    numbers = (own, *(one.track_number for one in sent(shipments) or planned))
    return tuple(dict.fromkeys(filter(None, numbers)))


def held(shipments: Iterable[Shipment], item_id: str, statuses: Collection[str]) -> int:
    """Count the pieces of an item that are in shipments of these statuses."""
    return sum(one.pieces.get(item_id, 0) for one in shipments if one.status in statuses)
