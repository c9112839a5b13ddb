"""Four eyes: which events void an agreement. A new event of an order has to choose."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Event
from domain.orders import events as e
from domain.orders.agreements import CHANGES_THE_ORDER, agreement_behind
from domain.orders.parts import Approval

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LEFT_IN_FORCE = {
    "order.deadline_passed.v1",
    "order.deadline_snoozed.v1",
    "order.note_added.v1",
    "order.call_logged.v1",
}


@dataclass(frozen=True)
class Happening:
    """An event as evolve sees it."""

    event: Event
    version: int
    occurred_at: datetime = NOW
    fact_id: UUID | None = None


def in_force(event: Event, before: int = 2) -> bool:
    agreed = Approval("gone", "eva", None, 2)
    behind = agreement_behind(agreed, before, Happening(event, before + 1))
    return behind.version == before + 1


def test_every_event_of_an_order_says_whether_it_voids_an_agreement() -> None:
    assert set(CHANGES_THE_ORDER) == set(e.ORDER_EVENTS)
    kept = {event.NAME for event, changes in CHANGES_THE_ORDER.items() if not changes}
    assert kept == LEFT_IN_FORCE


@pytest.mark.parametrize("event", e.ORDER_EVENTS, ids=lambda event: str(event.NAME))
def test_only_what_changes_nothing_leaves_an_agreement_in_force(event: type[Event]) -> None:
    told: dict[str, Any] = {"to_status": "paid"}  # if it has one
    one = event.model_construct(**told)

    assert in_force(one) == (event.NAME in LEFT_IN_FORCE)


def test_a_paper_that_went_out_leaves_it_in_force_and_one_that_is_cancelled_does_not() -> None:
    assert in_force(e.DocumentMoved(document_id="d", from_status="issued", to_status="sent"))
    assert not in_force(e.DocumentMoved(document_id="d", from_status="sent", to_status="cancelled"))


def test_what_is_void_stays_void_whatever_only_tells_something() -> None:
    assert not in_force(e.NoteAdded(text="wait"), before=3)
