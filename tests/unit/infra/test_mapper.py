"""Every event survives the way to the disk and back, with its personal fields sealed."""

from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

import pytest
from pydantic import BaseModel, Field
from pydantic_core import from_json

from domain.batch import NewEvent
from domain.messages import Decided, Event, Name, Personal, Shape
from domain.orders import events as e
from domain.personal import personal_fields
from domain.refusals import InfraError
from domain.upcasters import Upcaster
from infra.mapper import EventMapper, EventUnreadable, LibraryEvent
from infra.recorded_row import RecordedRow
from tests.support.examples import EVENTS, NOW

Keys = dict[UUID, bytes | None]
MARK = "Marker-7391"


def new(event: Event, version: int = 1) -> NewEvent:
    return NewEvent("order-1", version, Decided(event, NOW), "c-7")


def stored(
    mapper: EventMapper, event: Event, reason: str | None = None
) -> tuple[RecordedRow, Keys]:
    """Give the row that the event becomes, and the keys that come with it."""
    encoded = mapper.encode(new(event), reason)
    row = RecordedRow(
        originator_id="order-1",
        originator_version=1,
        topic=event.NAME,
        state=encoded.payload.encode(),
        id=1,
        shard=0,
        fact_id=None,
        subject_id="c-7",
        key_id=encoded.key_id,
        command_id=UUID(int=1),
        correlation_id=UUID(int=1),
        causation_id=None,
        actor_kind="user",
        actor_id="ann",
        on_behalf_of=None,
        reason=encoded.reason,
        source="api",
        occurred_at=NOW,
        recorded_at=NOW,
    )
    return row, {key.key_id: key.key for key in mapper.ring.new_keys()}


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_survives_the_way_there_and_back(name: str) -> None:
    mapper = EventMapper()
    row, keys = stored(mapper, EVENTS[name], reason="because")

    read = mapper.decode(row, keys)

    assert (read.event, read.reason) == (EVENTS[name], "because")


@pytest.mark.parametrize("name", EVENTS)
def test_no_personal_text_of_any_event_is_stored_in_clear(name: str) -> None:
    cls = type(EVENTS[name])
    event = cls.model_validate(marked(EVENTS[name], personal_fields(cls)))
    row, _ = stored(EventMapper(), event, reason=MARK)

    assert MARK.encode() not in row.payload
    assert MARK not in (row.reason or "")


def marked(body: Any, spec: Any) -> Any:
    """Give a JSON body with the marker in every personal text."""
    if isinstance(body, BaseModel):
        body = body.model_dump(mode="json")
    if spec is True:
        return MARK
    if isinstance(body, dict) and isinstance(spec, dict):
        return body | {name: marked(body.get(name), inner) for name, inner in spec.items()}
    return body


def test_an_event_without_personal_data_needs_no_key() -> None:
    mapper = EventMapper()

    changes = {"customer": e.Customer(customer_id="c-7"), "delivery": None}
    row, keys = stored(mapper, EVENTS["order.placed.v1"].model_copy(update=changes))

    assert (row.key_id, keys) == (None, {})


def test_readers_without_keys_see_sealed_and_after_erasure_erased() -> None:
    mapper = EventMapper()
    row, keys = stored(mapper, e.NoteAdded(text="Call after six"), reason="because")

    sealed = mapper.decode(row, None)
    erased = mapper.decode(row, dict.fromkeys(keys))

    assert (sealed.event, sealed.reason) == (e.NoteAdded(text="[sealed]"), "[sealed]")
    assert (erased.event, erased.reason) == (e.NoteAdded(text="[erased]"), "[erased]")


def test_an_unknown_stored_name_says_that_this_version_is_too_old() -> None:
    mapper = EventMapper()
    row, keys = stored(mapper, e.NoteAdded(text="x"))

    with pytest.raises(InfraError) as caught:
        mapper.decode(replace(row, topic="order.note_added.v9"), keys)

    assert caught.value.code == "newer_version"


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"{}", b'{"text": 7}', b"\xff\xfe"])
def test_bytes_that_are_not_what_their_name_says_are_named_by_position(payload: bytes) -> None:
    mapper = EventMapper()
    row, keys = stored(mapper, e.NoteAdded(text="x"))

    with pytest.raises(EventUnreadable, match="position 1"):
        mapper.decode(replace(row, state=payload), keys)


def test_the_error_of_an_unreadable_event_holds_no_personal_data() -> None:
    mapper = EventMapper()
    row, keys = stored(mapper, e.NoteAdded(text="x"))

    with pytest.raises(EventUnreadable) as caught:
        mapper.decode(replace(row, state=f'{{"words": "{MARK}"}}'.encode()), keys)

    assert MARK not in str(caught.value)


class Party(Shape):
    name: Personal
    aliases: tuple[Personal, ...] = ()
    marks: dict[Name, Personal] = Field(default_factory=dict)


class Meeting(Event):
    """Fact: people met; personal data in every shape that a field can have."""

    NAME: ClassVar[str] = "test.met.v1"

    host: Party
    guests: tuple[Party, ...] = ()
    carrier: Party | e.Delivery | None = None
    place: str = "Office"


MEETING = Meeting(
    host=Party(name=MARK, aliases=(MARK, f"{MARK}-2"), marks={"scar": MARK}),
    guests=(Party(name=MARK), Party(name=f"{MARK}-3", aliases=(MARK,))),
    carrier=e.Delivery(address=MARK),
)


# A note becomes a meeting with the one who is named in it.
INVITED = Upcaster(
    Meeting.NAME, lambda body: {"host": {"name": body["text"]}}, personal={"text": True}
)
LOOKS_SEALED = ("sealed:1:hello", f"sealed:1:{'A' * 60}", "sealed:1:")


def test_personal_fields_are_sealed_wherever_they_stand_in_an_event() -> None:
    mapper = EventMapper(events={Meeting.NAME: Meeting})

    row, keys = stored(mapper, MEETING)

    assert MARK.encode() not in row.payload
    assert from_json(row.payload)["place"] == "Office"
    assert mapper.decode(row, keys).event == MEETING


def test_a_shape_that_could_not_be_sealed_is_refused_at_once() -> None:
    class Crowd(Event):
        people: dict[str, Party]

    with pytest.raises(TypeError, match="in clear"):
        personal_fields(Crowd)


def test_upcasters_are_chained_in_order() -> None:
    def add(word: str) -> Any:
        return lambda body: {"text": f"{body['text']} {word}"}

    mapper = EventMapper(
        upcasters={
            "order.remark.v1": Upcaster("order.remark.v2", add("two"), {"text": True}),
            "order.remark.v2": Upcaster("order.note_added.v1", add("three"), {"text": True}),
        }
    )
    row, _ = stored(mapper, e.NoteAdded(text="ignored"))

    old = mapper.decode(replace(row, topic="order.remark.v1", state=b'{"text": "one"}'), {})
    newer = mapper.decode(replace(row, topic="order.remark.v2", state=b'{"text": "one"}'), {})

    assert old.event == e.NoteAdded(text="one two three")
    assert newer.event == e.NoteAdded(text="one three")


def test_an_upcaster_may_move_a_sealed_field_and_a_moved_value_still_does_not_open() -> None:
    writer = EventMapper()
    row, keys = stored(writer, e.NoteAdded(text=MARK))
    reader = EventMapper(events={Meeting.NAME: Meeting}, upcasters={"order.note_added.v1": INVITED})

    assert reader.decode(row, keys).event == Meeting(host=Party(name=MARK))
    with pytest.raises(EventUnreadable):
        reader.decode(replace(row, originator_version=2), keys)


def test_text_that_only_looks_sealed_is_left_alone() -> None:
    mapper = EventMapper()
    event = e.OwnerAssigned(user="sealed:1:not really", group="leads")
    row, keys = stored(mapper, event)

    assert mapper.decode(row, keys).event == event


@pytest.mark.parametrize("text", LOOKS_SEALED)
def test_a_personal_text_that_looks_sealed_is_opened_once(text: str) -> None:
    row, keys = stored(EventMapper(), e.NoteAdded(text=text))
    reader = EventMapper(events={Meeting.NAME: Meeting}, upcasters={"order.note_added.v1": INVITED})

    assert EventMapper().decode(row, keys).event == e.NoteAdded(text=text)
    assert reader.decode(row, keys).event == Meeting(host=Party(name=text))
    assert reader.decode(row, None).event == Meeting(host=Party(name="[sealed]"))
    assert reader.decode(row, dict.fromkeys(keys)).event == Meeting(host=Party(name="[erased]"))


@pytest.mark.parametrize("text", LOOKS_SEALED)
def test_a_plain_text_that_looks_sealed_stays_what_it_is_for_every_reader(text: str) -> None:
    """Beside a sealed field; also where it becomes a personal one."""
    row, keys = stored(
        EventMapper(events={Meeting.NAME: Meeting}), Meeting(host=Party(name=MARK), place=text)
    )
    to_note = Upcaster(
        "order.note_added.v1", lambda body: {"text": body["place"]}, personal_fields(Meeting)
    )

    for mapper in (
        EventMapper(events={Meeting.NAME: Meeting}),
        EventMapper(upcasters={Meeting.NAME: to_note}),
    ):
        for held in (keys, None, dict.fromkeys(keys)):
            event = mapper.decode(row, held).event
            assert text in (getattr(event, "place", None), getattr(event, "text", None))


def test_an_upcaster_that_cannot_take_a_body_makes_it_an_unreadable_one() -> None:
    row, keys = stored(EventMapper(), e.NoteAdded(text="x"))
    reader = EventMapper(events={Meeting.NAME: Meeting}, upcasters={"order.note_added.v1": INVITED})

    for payload in (b"[]", b"{}", b"7"):
        with pytest.raises(EventUnreadable, match="position 1"):
            reader.decode(replace(row, state=payload), keys)


def test_personal_data_does_not_go_through_the_library_s_interface_without_its_key() -> None:
    with pytest.raises(TypeError, match="stored key"):
        EventMapper().to_stored_event(LibraryEvent(new(e.NoteAdded(text="x"))))


def test_what_cannot_be_read_is_told_without_what_stands_there() -> None:
    mapper = EventMapper()
    placed = e.NoteAdded(text=MARK)
    row, keys = stored(mapper, placed, reason=MARK)
    torn = replace(row, topic="order.placed.v1", key_id=row.key_id)

    for changed in (torn, replace(row, state=f'{{"text": ["{MARK}"]}}'.encode())):
        with pytest.raises(EventUnreadable) as caught:
            mapper.decode(changed, keys)
        assert MARK not in str(caught.value)
