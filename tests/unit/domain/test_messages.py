"""Personal data: typed as such everywhere, and never part of an answer."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.attempts import refused
from domain.catalog import COMMANDS, EVENTS
from domain.messages import (
    Actor,
    AskedAsCode,
    Code,
    Command,
    PersonalField,
    Shape,
    is_code,
    is_key,
)
from domain.orders import commands as c
from domain.orders import facts
from domain.orders.money import OpenLine
from domain.paths.calendars import Calendar
from domain.paths.path import OrderPath
from domain.refusals import Unmet
from tests.support import examples
from tests.support.spec import given

MARKER = "Zebra-4711"
FREE_TEXT = "Zorgblatt Smith +4930"  # what people write where a name is asked for
PERSONAL_WORDS = {
    "address", "comment", "email", "name", "note", "personal", "phone", "reason", "text"
}  # fmt: skip
# What bears such a word and names no person: the reason why stands beside it.
NOT_PERSONAL = {
    ("StatusRecorded", "reason_code"): "a code; of any shape in events of before",
    ("Move", "reason"): "of a rule: the same words for all orders, published by the shop",
    ("Assign", "reason"): "of a rule",
    ("WriteNote", "note"): "of a rule",
    ("Wording", "text"): "what a template says to anybody",
}


def is_personal(annotation: Any) -> bool:
    """Say if a type is Personal, or a union with it."""
    if get_origin(annotation) is Annotated:
        return any(isinstance(part, PersonalField) for part in annotation.__metadata__)
    return any(is_personal(part) for part in get_args(annotation))


def is_personal_field(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields[name]
    marked = any(isinstance(part, PersonalField) for part in field.metadata)
    return marked or is_personal(field.annotation)


def models_in(annotation: Any) -> Iterator[type[Shape]]:
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def all_models() -> set[type[Shape]]:
    """Every command and event with all shapes inside of them, paths apart: they name no client."""
    found: set[type[Shape]] = set()
    waiting: list[type[Shape]] = [*COMMANDS.values(), *EVENTS.values()]
    while waiting:
        model = waiting.pop()
        if model not in found and model is not OrderPath:
            found.add(model)
            for field in model.model_fields.values():
                waiting += models_in(field.annotation)
    return found


def takes_text(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, UnionType, Annotated):
        return any(takes_text(part) for part in get_args(annotation))
    return annotation is str


def test_every_shape_is_walked() -> None:
    assert {Actor, facts.StatusFact, facts.PlacedFact} <= all_models()


@pytest.mark.parametrize("model", sorted(all_models(), key=str), ids=lambda m: m.__name__)
def test_d4_every_field_for_names_contacts_addresses_and_free_text_is_personal(
    model: type[Shape],
) -> None:
    suspicious = {
        name
        for name, field in model.model_fields.items()
        if set(name.split("_")) & PERSONAL_WORDS
        and takes_text(field.annotation)
        and not name.endswith("_code")
        and (model.__name__, name) not in NOT_PERSONAL
    }

    assert {name for name in suspicious if not is_personal_field(model, name)} == set()


def test_d4_the_personal_fields_are_these() -> None:
    found = {
        f"{model.__name__}.{name}"
        for model in all_models()
        for name in model.model_fields
        if is_personal_field(model, name) and not (issubclass(model, Command) and name == "reason")
    }

    assert found == {
        "AcknowledgeAlert.note",
        "AddNote.text",
        "AlertAcknowledged.note",
        "Recipient.address",
        "ChangeContact.address",
        "ChangeContact.email",
        "ChangeContact.name",
        "ChangeContact.phone",
        "ChangeFields.customer_email",
        "ChangeFields.customer_name",
        "ChangeFields.customer_phone",
        "ChangeFields.delivery_address",
        "ContactChanged.address",
        "ContactChanged.email",
        "ContactChanged.name",
        "ContactChanged.phone",
        "CreateCustomer.address",
        "CreateCustomer.email",
        "CreateCustomer.name",
        "CreateCustomer.phone",
        "Customer.email",
        "Customer.name",
        "Customer.phone",
        "CustomerCreated.address",
        "CustomerCreated.email",
        "CustomerCreated.name",
        "CustomerCreated.phone",
        "CustomerNoted.text",
        "Delivery.address",
        "EnquiryRecorded.text",
        "FactAnnulled.reason",
        "FieldsChanged.customer_email",
        "FieldsChanged.customer_name",
        "FieldsChanged.customer_phone",
        "FieldsChanged.delivery_address",
        "FinishTask.note",
        "NoteAdded.text",
        "NoteCustomer.text",
        "OrderPlaced.personal",
        "PaymentAuthorised.personal",
        "PaymentCharged.personal",
        "PaymentChargedBack.personal",
        "PaymentFact.personal",
        "PaymentRefunded.personal",
        "PaymentSubmitted.personal",
        "PlacedFact.personal",
        "RecordEnquiry.text",
        "StatusFact.personal",
        "StatusRecorded.personal",
        "TaskFinished.note",
    }


def marked(value: Any) -> Any:
    """Give the value with a marker in every personal field, at any depth."""
    if isinstance(value, Shape) and not isinstance(value, OrderPath):
        model = type(value)
        changed = {
            name: MARKER if is_personal_field(model, name) else marked(getattr(value, name))
            for name in model.model_fields
            if name in value.model_fields_set or is_personal_field(model, name)
        }
        return value.model_copy(update=changed)
    return tuple(marked(one) for one in value) if isinstance(value, tuple) else value


def refusals_of(command: Command) -> Iterator[Unmet]:
    """Refuse a command in as many ways as there are."""
    by_name = examples.COMMANDS
    order = by_name["order.place"]
    histories: Sequence[Sequence[Command]] = (
        (),
        (order,),
        (order, by_name["order.cancel"]),
        (by_name["order.record_facts"],),
    )
    changes: Sequence[Mapping[str, Any]] = (
        {},
        {"occurred_at": examples.NOW + timedelta(hours=1), "expected_status": "lost"},
    )
    for history in histories:
        for change in changes:
            for paths in ((examples.PATH,), ()):
                if paths or not history:
                    scenario = given(*history, paths=paths)
                    yield from scenario.when(command.model_copy(update=change)).unmet


@pytest.mark.parametrize("name", COMMANDS)
def test_d4_no_refusal_repeats_personal_data(name: str) -> None:
    command = marked(examples.COMMANDS[name])

    texts = [unmet.model_dump_json() for unmet in refusals_of(command)]

    assert texts or name == "path.publish"
    assert not [text for text in texts if MARKER in text]


@cache
def takes_free_text(model: type[BaseModel], name: str) -> bool:
    """Say if a field takes what nobody has put into the shape of a code."""
    field = model.model_fields[name]
    if not takes_text(field.annotation):
        return False
    shape: Any = Annotated[field.annotation, None, *field.metadata]
    try:
        TypeAdapter(shape).validate_python(FREE_TEXT)
    except ValidationError:
        return False
    return True


def is_asked_as_code(model: type[BaseModel], name: str) -> bool:
    """Say if one word in a field means a code, and so is nobody's name."""
    field = model.model_fields[name]
    parts = [one for part in get_args(field.annotation) for one in get_args(part)]
    return any(isinstance(part, AskedAsCode) for part in (*parts, *field.metadata))


def written(value: Any, text: str = FREE_TEXT) -> Any:
    """Give the value with free text wherever it may stand, at any depth and in the roles."""
    word = is_code(text)
    if isinstance(value, Actor):
        roles = value.roles if word else (*value.roles, text)
        return value.model_copy(update={"roles": roles})
    if isinstance(value, Shape) and not isinstance(value, OrderPath | Calendar):
        model = type(value)
        changed = {
            name: text
            if takes_free_text(model, name) and not (word and is_asked_as_code(model, name))
            else written(getattr(value, name), text)
            for name in model.model_fields
        }
        return value.model_copy(update=changed)
    if isinstance(value, dict):
        return dict.fromkeys([text], *value.values()) if len(value) == 1 else value
    return tuple(written(one, text) for one in value) if isinstance(value, tuple) else value


def written_singly(command: Command, text: str) -> Iterator[Command]:
    """Give the command with free text in one field at a time, and in all at once."""
    everywhere = written(command, text)
    for name in type(command).model_fields:
        yield command.model_copy(update={name: getattr(everywhere, name)})
    yield everywhere


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("payment-1", True), ("TEA-100", True), ("2026/17", True), ("1", True), ("pi_3Q9", True),
        ("Zebedee", False), ("zebedee", False), ("POT", False), ("Anna Ivanova 2", False),
        ("4930123", False), ("495-123-45-67", False), ("", False),
    ],
)  # fmt: skip
def test_d4_what_has_no_number_or_may_be_a_telephone_number_is_no_key(
    text: str, shown: bool
) -> None:
    assert is_key(text) == shown


@pytest.mark.parametrize("text", [FREE_TEXT, "Zebedee", "zebedee", "+493012345678", "495-123-4567"])
@pytest.mark.parametrize("name", COMMANDS)
def test_d4_no_refusal_and_no_attempt_repeats_free_text(name: str, text: str) -> None:
    """Nor what may be a surname or a telephone number, though it is one word."""
    for command in written_singly(examples.COMMANDS[name], text):
        unmet = tuple(refusals_of(command))
        attempt = refused(command, unmet, 0, examples.NOW)

        assert text not in attempt.event.model_dump_json()


STATUSES: Mapping[str, Any] = examples.PATH.content["statuses"]
STRICT = OrderPath.model_validate(
    examples.PATH.content
    | {
        "statuses": {**STATUSES, "new": {"stage": "intake", "on_enter": {"stock": "reserve"}}},
        "stock": {"locations": ["main"], "partial": False},
        "fields": {"track_number": {"edit": ["lead"]}},
        "transitions": [{"from": "*", "to": list(STATUSES), "roles": ["lead"]}],
    }
)
WRITTEN = written(examples.TEA)
OPEN = OpenLine(sku=FREE_TEXT, quantity=1)


@pytest.mark.parametrize(
    ("code", "command", "change"),
    [
        ("role_missing", "order.change_status", {}),
        ("field_not_editable", "order.change_fields", {}),
        ("item_exists", "order.place", {"lines": (WRITTEN, WRITTEN)}),
        ("path_not_chosen", "order.place", {"path": None, "shop": FREE_TEXT}),
        ("stock_not_available", "order.place", {"lines": (WRITTEN,)}),
        ("price_unknown", "order.place", {"lines": (OPEN,)}),
    ],
)
def test_d4_a_refusal_hides_free_text_also_where_it_is_about_it(
    code: str, command: str, change: Mapping[str, Any]
) -> None:
    who = {"actor": written(examples.actor())}
    sent = examples.COMMANDS[command].model_copy(update=who | dict(change))
    history = [] if command == "order.place" else [examples.EVENTS["order.placed.v1"]]

    unmet = given(*history, paths=(STRICT,)).when(sent).unmet

    assert code in [one.code for one in unmet]
    assert not [one for one in unmet if FREE_TEXT in one.model_dump_json()]


def test_d4_the_marker_reaches_every_depth() -> None:
    assert MARKER in marked(examples.COMMANDS["order.place"]).customer.phone
    assert MARKER in marked(examples.COMMANDS["order.record_facts"]).facts[0].customer.name
    assert FREE_TEXT in written(examples.COMMANDS["order.place"]).lines[0].item_id
    assert FREE_TEXT in written(examples.COMMANDS["order.create_shipment"]).pieces


def test_d4_a_validation_error_does_not_repeat_what_was_sent() -> None:
    sent = {"text": MARKER * 1_000, "order_id": MARKER, "surplus": MARKER}

    with pytest.raises(ValidationError) as error:
        c.AddNote.model_validate(sent)

    assert MARKER not in str(error.value)


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_a_moment_that_no_calendar_holds_is_named(moment: str) -> None:
    told = {"command_id": UUID(int=1), "actor": examples.actor(), "order_id": UUID(int=2)}

    with pytest.raises(ValidationError, match=r"promised_at\n.*the years 1 to 9999"):
        c.ChangeFields.model_validate(told | {"promised_at": moment})


@pytest.mark.parametrize(
    "text",
    ["too_late", "a", "late2", "a" * 64, "Late", "too late", "", "2late", "a" * 65, "late\n"],
)
def test_what_is_a_code_is_told_as_the_shape_tells_it(text: str) -> None:
    try:
        TypeAdapter(Code).validate_python(text)
    except ValidationError:
        assert not is_code(text)
    else:
        assert is_code(text)
