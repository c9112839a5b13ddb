"""D13: laws of the public topics, whatever happened, and wherever the relay begins again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic_core import from_json

from domain.messages import Recorded
from domain.orders.order import Order
from domain.public.order_state import OrderState, state_of
from domain.reading import Undecodable
from domain.streaming import ORDER_EVENTS, ORDER_STATE, Message
from services.public_lane import PublicLane
from tests.golden.contract import ENVELOPE, MODELS, schema_of
from tests.properties.test_order_laws import PLACE, Script, history, played
from tests.support.marks import MARK, with_personal_marked
from tests.support.memory_log import MemoryLog, recorded, unreadable
from tests.support.strategies import any_command, sequences

VALIDATORS = {name: Draft7Validator(schema_of(name)) for name in MODELS}
scripts = sequences(any_command, first=PLACE)


@st.composite
def logs(draw: st.DrawFn) -> MemoryLog:
    """Draw what happened to two orders, in turns; every personal value bears the mark."""
    worlds = [played(cast(Script, draw(scripts))) for _ in range(2)]
    waiting = {f"order-{UUID(int=n)}": history(world) for n, world in enumerate(worlds)}
    events: list[Recorded] = []
    while waiting := {stream: left for stream, left in waiting.items() if left}:
        stream = draw(st.sampled_from(sorted(waiting)))
        one = waiting[stream].pop(0)
        events.append(
            recorded(
                with_personal_marked(one.event), position=len(events) + 1, stream_id=stream,
                version=one.version, occurred_at=one.occurred_at, fact_id=one.fact_id,
                told_by=MARK,
            )
        )  # fmt: skip
    return MemoryLog(events, worlds[0].paths | worlds[1].paths)


def published(
    log: MemoryLog, after: int = 0, *, batch: int = 500, states: int = 9
) -> list[Message]:
    lane = PublicLane(log, batch_events=batch, states=states)
    lane.begin(log.head(), after)
    found: list[Message] = []
    while (outgoing := lane.next()) is not None:
        found += outgoing.messages
    return found


def in_topic(messages: Sequence[Message], topic: str) -> list[dict[str, Any]]:
    return [from_json(one.value or b"") for one in messages if one.topic == topic]


def events_in(messages: Sequence[Message]) -> list[dict[str, Any]]:
    return in_topic(messages, ORDER_EVENTS.name)


def states_in(messages: Sequence[Message]) -> list[dict[str, Any]]:
    return in_topic(messages, ORDER_STATE.name)


def replayed(log: MemoryLog, order_id: str, version: int) -> dict[str, Any]:
    """Compute the public state from the first event on, as nobody does who is in a hurry."""
    order = Order()
    for one in log.read_streams({f"order-{order_id}": (0, version)}):
        assert isinstance(one, Recorded)
        order = order.evolve(one)
    told = state_of(order, order_id, log.epoch, log.paths.get(order.pinned))
    return cast(dict[str, Any], from_json(told.model_dump_json(exclude_none=True)))


@given(logs())
def test_no_personal_value_is_in_a_public_message(log: MemoryLog) -> None:
    assert all(MARK.encode() not in (one.value or b"") for one in published(log))


@given(logs())
def test_every_message_is_what_its_schema_says(log: MemoryLog) -> None:
    messages = published(log)

    for event in events_in(messages):
        assert list(VALIDATORS[ENVELOPE].iter_errors(event)) == []
        assert list(VALIDATORS[event["type"]].iter_errors(event["data"])) == []
    for state in states_in(messages):
        assert list(VALIDATORS[OrderState.TYPE].iter_errors(state)) == []


@given(logs(), st.integers(1, 7))
def test_the_sequence_of_every_order_has_no_gap(log: MemoryLog, batch: int) -> None:
    seen: dict[str, int] = {}
    for event in events_in(published(log, batch=batch)):
        assert int(event["sequence"]) == seen.get(event["subject"], 0) + 1
        seen[event["subject"]] = int(event["sequence"])

    assert sum(seen.values()) == len(log.events)


@given(logs(), st.integers(1, 7), st.integers(1, 3))
def test_every_state_is_the_one_that_replay_comes_to(
    log: MemoryLog, batch: int, states: int
) -> None:
    last: dict[str, int] = {}
    for state in states_in(published(log, batch=batch, states=states)):
        assert state == replayed(log, state["order_id"], state["version"])
        assert state["version"] > last.get(state["order_id"], 0)
        last[state["order_id"]] = state["version"]

    assert last == {one.stream_id.removeprefix("order-"): one.version for one in log.events}


@given(logs(), st.integers(1, 7), st.data())
def test_beginning_again_publishes_the_same_once_more(
    log: MemoryLog, batch: int, data: st.DataObject
) -> None:
    whole = published(log, batch=batch)
    after = data.draw(st.integers(0, len(log.events)))

    again = published(log, after, batch=data.draw(st.integers(1, 7)))

    assert events_in(again) == events_in(whole)[after:]
    for state in states_in(again):
        assert state == replayed(log, state["order_id"], state["version"])


@given(logs(), st.data())
def test_an_event_that_cannot_be_read_leaves_no_gap_and_no_state_that_may_be_wrong(
    log: MemoryLog, data: st.DataObject
) -> None:
    lost = data.draw(st.sampled_from(log.events))
    assert isinstance(lost, Recorded)
    damaged = replace(log, events=[unreadable(lost) if one is lost else one for one in log.events])

    messages = published(damaged, batch=data.draw(st.integers(1, 7)))

    told = events_in(messages)
    assert [event["sequence"] for event in told] == [f"{one.version:010}" for one in log.events]
    assert told[lost.position - 1]["data"] == {}
    for state in states_in(messages):
        assert f"order-{state['order_id']}" != lost.stream_id or state["version"] < lost.version
        assert state == replayed(log, state["order_id"], state["version"])
    assert isinstance(damaged.events[lost.position - 1], Undecodable)
