"""What each action of a rule may leave on an order, on whatever path: events, and fields.

The one place that says so: domain.rules.spent asks what conditions no longer hold behind it,
domain.rules.leading what others look at. Tested on random paths and orders.
"""

from collections.abc import Set
from typing import Final

from domain.orders import document_events as d
from domain.orders import events as e
from domain.rules import actions as a
from domain.rules.changed_by import fields_changed_by
from domain.rules.triggers import unversioned

PIECES: Final = frozenset(
    unversioned(event.NAME) for event in (e.ItemStatusChanged, e.ReservationChanged)
)
OVERRIDE: Final = unversioned(e.OverrideUsed.NAME)
ENTERED: Final = frozenset({unversioned(e.StatusChanged.NAME)})


def events_left_by(action: a.Action) -> Set[str]:
    """Name what it lets happen to the order, at once or by who carries it out, as rules call it."""
    match action:
        case a.Move():  # It may take pieces along, reserve them, and give back what was kept.
            return ENTERED | PIECES | {OVERRIDE}
        case a.SetField():
            return {unversioned(e.FieldsChanged.NAME)}
        case a.Assign():
            return {unversioned(e.OwnerAssigned.NAME)}
        case a.WriteNote():
            return {unversioned(e.NoteAdded.NAME)}
        case a.IssueDocument():
            return {unversioned(d.DocumentIssued.NAME)}
        case a.Notify(attach=paper) if paper is not None:  # A document that was mailed is sent.
            return {unversioned(d.DocumentMoved.NAME)}
        case _:
            return frozenset()


def fields_left_by(action: a.Action) -> Set[str]:
    """Name the fields of the order that it may change."""
    if isinstance(action, a.SetField):
        return action.set.touches
    return fields_changed_by(events_left_by(action))
