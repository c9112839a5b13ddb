"""Which events leave an agreement to a move in force (four eyes), and which void it: those that
change what was agreed to. Called by domain.orders.order, for every event behind an agreement.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from domain.messages import Event, Happened
from domain.orders import events as e
from domain.orders.parts import Approval

# Each event of an order stands here: whether it changes the order that somebody agreed about.
CHANGES_THE_ORDER: Final[Mapping[type[Event], bool]] = {
    e.OrderPlaced: True,
    e.StatusChanged: True,
    e.MoveApproved: True,
    e.OverrideUsed: True,
    e.PathMigrated: True,
    e.StatusRecorded: True,
    e.SourceStatusNoted: True,
    e.FieldsChanged: True,
    e.ItemAdded: True,
    e.ItemChanged: True,
    e.ItemStatusChanged: True,
    e.PaymentSubmitted: True,
    e.PaymentAuthorised: True,
    e.PaymentCharged: True,
    e.PaymentRefunded: True,
    e.PaymentChargedBack: True,
    e.RefundGranted: True,
    e.ReservationChanged: True,
    e.ShipmentCreated: True,
    e.ShipmentTracked: True,
    e.ShipmentMoved: True,
    e.DocumentIssued: True,
    e.DocumentMoved: True,
    e.OwnerAssigned: True,
    e.TestFlagChanged: True,
    e.FactAnnulled: True,
    # Time has passed, or more of it is given.
    e.DeadlinePassed: False,
    e.DeadlineSnoozed: False,
    # Somebody said something.
    e.NoteAdded: False,
    e.CallLogged: False,
}


def agreement_behind(approval: Approval, before: int, happened: Happened) -> Approval:
    """Give the agreement behind one more event: in force while its version is that of the order.

    before: the version of the order
    """
    if approval.version != before or _voids(happened.event):
        return approval
    return replace(approval, version=happened.version)


def _voids(event: Event) -> bool:
    if isinstance(event, e.DocumentMoved):
        return event.to_status != "sent"  # That a paper went out changes nothing on it.
    return CHANGES_THE_ORDER[type(event)]
