"""A state that was kept as JSON is the state that it was, and goes on as it would have."""

from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from domain.catalog import AGGREGATES
from domain.orders import events as e
from domain.orders.order import Order
from infra.state_shapes import shape_of
from tests.properties.test_order_laws import PLACE, Script, history, played
from tests.support.examples import EVENTS, NOW
from tests.support.spec import Stored
from tests.support.strategies import any_command, record_facts, sequences

texts = st.one_of(
    st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01", "1767225600", "null", "", "true"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - st adds the zone
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=zones,
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "customer_name": texts,
        "delivery_address": texts,
        "promised_at": st.one_of(st.none(), moments),
        "track_number": st.one_of(st.none(), texts.filter(bool)),
    },
).map(lambda body: e.FieldsChanged(changed=tuple(body), **body))

CATEGORIES = {aggregate: category for category, aggregate in AGGREGATES.items()}


def kept(state: Any) -> Any:
    """Give the state as a snapshot of it would."""
    shape = shape_of(CATEGORIES[type(state)])
    return shape.restore(shape.dump(state))


def same(one: Any, other: Any) -> bool:
    """Equal in every value, its type and its place, which == does not tell of 1 and True."""
    return bool(one == other) and shown(one) == shown(other)


def shown(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return type(value), shown(dict(value))
    if is_dataclass(value):
        return type(value), shown({one.name: getattr(value, one.name) for one in fields(value)})
    if isinstance(value, dict):
        return [(key, shown(inner)) for key, inner in value.items()]
    if isinstance(value, tuple):
        return tuple(shown(part) for part in value)
    if isinstance(value, frozenset):
        return frozenset, sorted(value)
    return type(value), value


@given(sequences(any_command, record_facts, first=PLACE), st.integers(0, 100))
def test_a_kept_state_is_the_state_and_goes_on_as_it_would_have(
    script: Script, percent: int
) -> None:
    stored = history(played(script))
    cut = len(stored) * percent // 100
    state = Order()
    for one in stored[:cut]:
        state = state.evolve(one)

    restored = kept(state)
    assert same(restored, state)

    for one in stored[cut:]:
        state, restored = state.evolve(one), restored.evolve(one)
        assert restored == state
    assert same(kept(restored), kept(state))


@given(st.lists(changes, max_size=4))
def test_a_text_that_looks_like_a_moment_stays_a_text(events: list[e.FieldsChanged]) -> None:
    order = Order()
    for version, event in enumerate(events, 1):
        order = order.evolve(Stored(event, version, NOW))

    restored = kept(order)

    assert restored == order
    assert {n: type(v) for n, v in restored.fields.items()} == {
        n: type(v) for n, v in order.fields.items()
    }


def test_every_event_that_there_is_leaves_a_state_that_can_be_kept() -> None:
    first = {"order": "order.placed.v1", "stock": "stock.reserved.v1"}
    for name, event in EVENTS.items():
        category = name.partition(".")[0]
        if category not in AGGREGATES:  # Attempts change nothing.
            continue
        state: Any = AGGREGATES[category]()
        if category in first:
            state = state.evolve(Stored(EVENTS[first[category]], 1, NOW))
        state = state.evolve(Stored(event, 2, NOW, uuid4()))
        assert same(kept(state), state)


def test_an_empty_state_can_be_kept() -> None:
    for aggregate in AGGREGATES.values():
        assert same(kept(aggregate()), aggregate())
