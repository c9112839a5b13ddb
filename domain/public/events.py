"""Which events of an order are told as what, written out by hand.

Private are personal data, free texts, reasons, columns of a source, ids of who acts, and what only
runs the shop (time limits, suppliers, ranks). An event of which all is private has empty data.
"""

from collections.abc import Mapping
from typing import Final

from domain.messages import Event
from domain.orders import events as e
from domain.public import order_events, part_events
from domain.public.shapes import Contact, PublicEvent

PUBLIC_EVENTS: Final[Mapping[type[Event], type[PublicEvent]]] = {
    e.OrderPlaced: order_events.OrderPlaced,
    e.StatusChanged: order_events.StatusChanged,
    e.MoveApproved: order_events.MoveApproved,
    e.OverrideUsed: order_events.OverrideUsed,
    e.PathMigrated: order_events.PathMigrated,
    e.StatusRecorded: order_events.StatusRecorded,
    e.SourceStatusNoted: order_events.SourceStatusNoted,
    e.FieldsChanged: order_events.FieldsChanged,
    e.ItemAdded: part_events.ItemAdded,
    e.ItemChanged: part_events.ItemChanged,
    e.ItemStatusChanged: part_events.ItemStatusChanged,
    e.ReservationChanged: part_events.ReservationChanged,
    e.PaymentSubmitted: part_events.PaymentSubmitted,
    e.PaymentAuthorised: part_events.PaymentAuthorised,
    e.PaymentCharged: part_events.PaymentCharged,
    e.PaymentRefunded: part_events.PaymentRefunded,
    e.PaymentChargedBack: part_events.PaymentChargedBack,
    e.RefundGranted: part_events.RefundGranted,
    e.ShipmentCreated: part_events.ShipmentCreated,
    e.ShipmentTracked: part_events.ShipmentTracked,
    e.ShipmentMoved: part_events.ShipmentMoved,
    e.DocumentIssued: part_events.DocumentIssued,
    e.DocumentMoved: part_events.DocumentMoved,
    e.DeadlinePassed: order_events.DeadlinePassed,
    e.DeadlineSnoozed: order_events.DeadlineSnoozed,
    e.OwnerAssigned: order_events.OwnerAssigned,
    e.NoteAdded: order_events.NoteAdded,
    e.CallLogged: order_events.CallLogged,
    e.TestFlagChanged: order_events.TestFlagChanged,
    e.FactAnnulled: order_events.FactAnnulled,
}
TYPES: Final[tuple[type[PublicEvent], ...]] = (*PUBLIC_EVENTS.values(), order_events.EventWithheld)


def told_of(event: Event, *, personal: bool = False) -> PublicEvent:
    """Give what is public of an event of an order.

    personal: with the contact that it tells; the event has to be opened for that.
    """
    told = PUBLIC_EVENTS[type(event)].model_validate(event)
    contact = _contact_in(event) if personal else None
    return told if contact is None else told.model_copy(update={"contact": contact})


def _contact_in(event: Event) -> Contact | None:
    match event:
        case e.OrderPlaced(customer=customer, delivery=delivery):
            reached = customer or e.Customer()
            address = delivery.address if delivery else None
            contact = Contact(
                name=reached.name, phone=reached.phone, email=reached.email, address=address
            )
        case e.FieldsChanged():
            contact = Contact(
                name=event.customer_name,
                phone=event.customer_phone,
                email=event.customer_email,
                address=event.delivery_address,
            )
        case _:
            return None
    return contact if contact != Contact() else None
