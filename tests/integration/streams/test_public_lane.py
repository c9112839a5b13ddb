"""The lane of public topics on a real log: what is sealed is not told without keys."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from pydantic_core import from_json
from structlog.testing import capture_logs

from domain.orders import events as e
from domain.reading import Undecodable
from domain.streaming import ORDER_EVENTS
from infra.event_log import EventLog, open_log
from infra.postgres import connect
from infra.settings import Settings
from services.bootstrap import open_system
from services.public_lane import PublicLane
from tests.support.damaged import damage_key
from tests.support.loads import note, open_pipeline, place, publish

ANNA = e.Customer(customer_id="c-7", name="Zebra-4711", phone="+7 900 000-00-00")


@pytest.fixture
def order_id(database_url: str) -> UUID:
    """An order of somebody with a name, and a note about it."""
    order_id = uuid4()
    with open_pipeline(database_url) as pipeline:
        for command in (publish(), place(order_id, customer=ANNA), note(order_id)):
            assert pipeline.execute(command).kind == "accepted"
    return order_id


@pytest.fixture
def reader(database_url: str) -> Iterator[EventLog]:
    """The log as projectors have it: without the keys."""
    with closing(open_log(database_url, role="orderpath_projector")) as opened:
        yield opened


def published(lane: PublicLane, reader: EventLog) -> list[Any]:
    lane.begin(reader.head(), 0)
    outgoing = lane.next()
    assert outgoing is not None
    assert lane.next() is None
    return [
        (one.topic == ORDER_EVENTS.name, from_json(one.value or b"")) for one in outgoing.messages
    ]


def test_a_projectors_rights_are_enough_and_nothing_personal_is_told(
    order_id: UUID, reader: EventLog
) -> None:
    messages = published(PublicLane(reader), reader)

    assert [told["sequence"] for is_event, told in messages if is_event] == [
        "0000000001",
        "0000000002",
    ]
    (state,) = [told for is_event, told in messages if not is_event]
    assert (state["order_id"], state["stage"], state["version"]) == (str(order_id), "intake", 2)
    assert "Zebra-4711" not in str(messages)
    assert "sealed" not in str(messages)


def test_with_the_writers_keys_the_contact_is_told(
    order_id: UUID, reader: EventLog, log: EventLog
) -> None:
    messages = published(PublicLane(reader, opener=log), reader)

    contact = {"name": "Zebra-4711", "phone": "+7 900 000-00-00"}
    assert messages[0][1]["data"]["contact"] == contact
    (state,) = [told for is_event, told in messages if not is_event]
    assert state["contact"] == contact


def test_a_projector_cannot_open_what_is_sealed(order_id: UUID, reader: EventLog) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.read_streams({f"order-{order_id}": (0, 2)}, opened=True)


def test_parts_of_streams_are_read_and_what_cannot_be_is_named(
    order_id: UUID, reader: EventLog, database_url: str
) -> None:
    stream = f"order-{order_id}"
    with connect(database_url) as owner:
        owner.execute("alter table log.events disable trigger immutable")
        owner.execute(
            "update log.events set payload = '{' where stream_id = %s and version = 2", (stream,)
        )

    read = reader.read_streams({stream: (1, 9), "order-nobody": (0, 9)})

    assert [(one.version, type(one)) for one in read] == [(2, Undecodable)]
    assert [one.version for one in reader.read_streams({stream: (0, 1)})] == [1]


@pytest.mark.parametrize(("topics", "personal"), [(True, False), (True, True), (False, False)])
def test_the_settings_say_whether_there_is_a_lane_and_what_it_tells(
    order_id: UUID, database_url: str, topics: bool, personal: bool
) -> None:
    chosen = Settings(database_url=database_url, public_topics=topics, public_personal=personal)
    with open_system(chosen) as system:
        lane = system.streaming.public_lane()
        assert (lane is not None) is topics
        if lane is not None:
            assert ("Zebra-4711" in str(published(lane, system.log))) is personal


def test_of_an_erased_customer_it_is_told_that_the_contact_is_erased(
    order_id: UUID, reader: EventLog, log: EventLog, database_url: str
) -> None:
    with connect(database_url) as owner:
        owner.execute("update log.keys set key = null")

    messages = published(PublicLane(reader, opener=log), reader)

    erased = {"name": "[erased]", "phone": "[erased]"}
    assert messages[0][1]["data"]["contact"] == messages[-1][1]["contact"] == erased


def test_of_whom_a_key_is_damaged_that_alone_is_withheld(
    order_id: UUID, reader: EventLog, database_url: str
) -> None:
    boris, other = e.Customer(customer_id="c-8", name="Boris"), uuid4()
    with open_pipeline(database_url) as pipeline:
        assert pipeline.execute(place(other, customer=boris)).kind == "accepted"
    damage_key(database_url, "c-7")

    with closing(open_log(database_url)) as opener, capture_logs() as said:
        messages = published(PublicLane(reader, opener=opener), reader)

    events = [told for is_event, told in messages if is_event]
    withheld = "order.event_withheld.v1"
    assert [one["type"] for one in events if one["subject"] == str(order_id)] == [withheld] * 2
    (placed,) = [one for one in events if one["subject"] == str(other)]
    assert placed["data"]["contact"] == {"name": "Boris"}
    assert [told["order_id"] for is_event, told in messages if not is_event] == [str(other)]
    assert [one["event"] for one in said] == ["key_damaged", "order_state_withheld"]
