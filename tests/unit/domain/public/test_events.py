"""What is told of each event: all that is public, nothing else, and an empty hand where none is."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import BaseModel
from pydantic_core import from_json

from domain.messages import Event
from domain.orders import events as e
from domain.orders.events import ORDER_EVENTS
from domain.personal import Spec, personal_fields
from domain.public.envelope import cloud_event, withheld
from domain.public.events import PUBLIC_EVENTS, TYPES, told_of
from domain.public.order_events import EventWithheld
from domain.public.shapes import Contact
from domain.reading import Head
from tests.support.examples import EVENTS
from tests.support.marks import MARK, with_personal_marked
from tests.support.memory_log import LOG_ID, recorded, unreadable

HEAD = Head(LOG_ID, 3, 100)
# What stays in the house, beside what is personal: whoever adds a field decides here or there.
TOLD = {"actor", "role", "attributes", "personal"}
PRIVATE: dict[type[Event], set[str]] = {
    e.OrderPlaced: TOLD | {"rank", "deadlines", "reason_code", "customer_id"},
    e.StatusChanged: {"deadlines", "paused"},
    e.MoveApproved: {"approved_by", "on_behalf_of"},
    e.PathMigrated: {"entered", "deadlines"},
    e.StatusRecorded: TOLD | {"rank", "nonconforming", "reason_code", "customer_id"},
    e.SourceStatusNoted: {"source_status"},
    e.FieldsChanged: {"customer_name", "customer_phone", "customer_email", "delivery_address"},
    e.ItemStatusChanged: {"supplier"},
    **dict.fromkeys(
        (e.PaymentSubmitted,), TOLD | {"external_id", "customer_id", "reason_code"}
    ),
    **dict.fromkeys(
        (e.PaymentAuthorised, e.PaymentCharged, e.PaymentChargedBack),
        TOLD | {"external_id", "customer_id", "reason_code", "gateway_ref"},
    ),
    e.PaymentRefunded: TOLD | {"external_id", "customer_id", "gateway_ref"},
    e.ShipmentMoved: {"carrier_ref"},
    e.OwnerAssigned: {"user", "previous_user", "why", "candidates"},
    e.DeadlinePassed: {"entered", "status", "level", "due_at", "holder_user", "holder_group",
                       "to_user", "to_group"},
    e.DeadlineSnoozed: {"entered", "status", "until", "deadlines"},
    e.NoteAdded: {"text"},
    e.CallLogged: {"direction", "result", "started_at", "talk_seconds", "operator"},
    e.FactAnnulled: {"reason"},
}  # fmt: skip
TEXTS = {
    "actor", "role", "reason_code", "approved_by", "on_behalf_of", "source_status", "supplier",
    "gateway_ref", "carrier_ref", "user", "previous_user", "operator",
    "holder_user", "holder_group", "to_user",
    "to_group",
}  # fmt: skip
EXAMPLES = {name: one for name, one in EVENTS.items() if type(one) in ORDER_EVENTS}
each_example = pytest.mark.parametrize("event", EXAMPLES.values(), ids=EXAMPLES)


def test_every_event_of_an_order_is_told_under_a_name_of_its_own() -> None:
    assert set(PUBLIC_EVENTS) == set(ORDER_EVENTS)
    assert len({told.TYPE for told in TYPES}) == len(ORDER_EVENTS) + 1


@pytest.mark.parametrize("stored", ORDER_EVENTS)
def test_every_field_of_an_event_is_public_or_decided_to_be_private(stored: type[Event]) -> None:
    public = set(PUBLIC_EVENTS[stored].model_fields) - {"contact"}

    assert public & PRIVATE.get(stored, set()) == set()
    assert set(stored.model_fields) == public | PRIVATE.get(stored, set())


@pytest.mark.parametrize("stored", ORDER_EVENTS)
def test_no_personal_field_is_public(stored: type[Event]) -> None:
    assert shared(personal_fields(stored), PUBLIC_EVENTS[stored]) == []


def shared(spec: Spec, told: type[BaseModel]) -> list[str]:
    """Name the personal fields that a public model has too, also inside of it."""
    found = []
    for name, inner in spec.items():
        if (field := told.model_fields.get(name)) is None:
            continue
        models = [one for one in models_in(field.annotation) if one is not Contact]
        found += [name] if inner is True or not models else []
        found += [f"{name}.{one}" for model in models for one in shared(inner, model)]
    return found


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [one for part in getattr(annotation, "__args__", ()) for one in models_in(part)]


@each_example
def test_no_private_value_is_in_a_message(event: Event) -> None:
    stored = recorded(marked(event), told_by=MARK)

    for message in (cloud_event(HEAD, stored, test=True), withheld(HEAD, stored)):
        assert MARK not in message.model_dump_json()


def marked(event: Event) -> Event:
    """Give the event with the mark in every personal text, and in every other private one."""
    texts = dict.fromkeys(TEXTS & PRIVATE.get(type(event), set()), MARK)
    more = {"attributes": {MARK: MARK}} if "attributes" in PRIVATE.get(type(event), ()) else {}
    return with_personal_marked(event).model_copy(update=texts | more)


def test_a_private_event_is_told_with_empty_data() -> None:
    assert told_of(e.NoteAdded(text="Call after six")).model_dump() == {}


def test_a_contact_is_told_only_where_that_is_switched_on() -> None:
    placed, changed = EXAMPLES["order.placed.v1"], EXAMPLES["order.fields_changed.v1"]

    assert contact_in(told_of(placed)) is contact_in(told_of(changed)) is None
    assert contact_in(told_of(placed, personal=True)) == {
        "name": "Anna Ivanova",
        "phone": "+7 900 000-00-00",
        "email": "anna@example.org",
        "address": "1 Main Street",
    }
    assert contact_in(told_of(changed, personal=True)) == {"phone": "+7 900 111-11-11"}
    assert contact_in(told_of(e.FieldsChanged(changed=("track_number",)), personal=True)) is None


def contact_in(told: BaseModel) -> Any:
    body: Mapping[str, Any] = told.model_dump(exclude_none=True)
    return body.get("contact")


def test_an_event_is_a_cloud_event() -> None:
    stored = recorded(e.TestFlagChanged(test=True), position=41, stream_id="order-17", version=3)

    assert cloud_event(HEAD, stored, test=True).model_dump(mode="json", exclude_none=True) == {
        "specversion": "1.0",
        "id": f"{LOG_ID}/41",
        "source": f"urn:uuid:{LOG_ID}",
        "type": "order.test_flag_changed.v1",
        "subject": "17",
        "time": "2026-03-02T09:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:orderpath:schema:order.test_flag_changed.v1",
        "sequence": "0000000003",
        "recordedtime": "2026-03-02T10:00:00Z",
        "correlationid": "00000000-0000-0000-0000-000000000029",
        "actorkind": "user",
        "epoch": 3,
        "testorder": True,
        "data": {"test": True},
    }


def test_an_event_that_cannot_be_read_keeps_its_place_and_says_nothing_else() -> None:
    stored = unreadable(recorded(e.TestFlagChanged(test=True), version=3))

    message = cloud_event(HEAD, stored)

    assert (message.type, message.sequence) == (EventWithheld.TYPE, "0000000003")
    assert message.model_dump(exclude_none=True)["data"] == {}


def test_sequences_sort_as_texts_the_way_they_do_as_numbers() -> None:
    of = [cloud_event(HEAD, recorded(e.NoteAdded(text=""), version=n)).sequence
          for n in (1, 9, 10, 2**31 - 1)]  # fmt: skip

    assert of == sorted(of)


@each_example
def test_every_attribute_is_legal_for_cloudevents(event: Event) -> None:
    stored = recorded(event, version=3)

    for message in (cloud_event(HEAD, stored, test=True), cloud_event(HEAD, unreadable(stored))):
        attributes = from_json(message.model_dump_json(exclude={"data"}, exclude_none=True))
        for name, value in attributes.items():
            assert re.fullmatch(r"[a-z0-9]{1,20}", name)
            assert value != ""
            assert isinstance(value, str | bool) or -(2**31) <= value < 2**31
        for name in {"time", "recordedtime"} & attributes.keys():
            assert datetime.fromisoformat(attributes[name]).tzinfo is not None
        assert urlsplit(attributes["dataschema"]).scheme
