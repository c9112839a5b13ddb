"""The pipeline's memory: what is doubted is read up to date, what is new comes first to stay."""

import gc
import tracemalloc
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID

from domain.batch import Log
from domain.messages import Foreseen
from domain.orders import events as e
from domain.orders.items import Item
from domain.orders.order import Order
from domain.stock.stock import Stock
from services.states import LEAST_BYTES, STREAM_BYTES, StateCache, state_bytes
from tests.support.examples import EVENTS, NOW, TEA
from tests.support.spec import Stored

LARGE: Final = replace(
    Order(), version=3, items={f"i{number}": Item(TEA, {"ordered": 1}) for number in range(500)}
)


class Rows:
    """Streams of notes; says what was asked for."""

    def __init__(self, **versions: int) -> None:
        self.versions = versions
        self.asked: list[dict[str, int]] = []
        self.kept: dict[str, int] = {}  # snapshots, by version
        self.asked_kept: list[list[str]] = []

    def load_states(self, streams: Collection[str]) -> dict[str, Order]:
        self.asked_kept.append(list(streams))
        return {s: Order(version=self.kept[s[6:]]) for s in streams if s[6:] in self.kept}

    def load(self, versions: Mapping[str, int]) -> dict[str, list[Stored]]:
        self.asked.append(dict(versions))
        return {
            stream: [
                Stored(e.NoteAdded(text="x"), version, NOW)
                for version in range(above + 1, self.versions.get(stream[6:], 0) + 1)
            ]
            for stream, above in versions.items()
        }


def fetch(cache: StateCache, rows: Rows, *streams: str, fresh: bool = False) -> dict[str, int]:
    states = cache.fetch(cast(Log, rows), [f"order-{s}" for s in streams], fresh=fresh)
    cache.keep(states)
    return {stream[6:]: state.version for stream, state in states.items()}


def test_a_state_is_read_once() -> None:
    cache, rows = StateCache(10), Rows(a=2, b=1)

    assert fetch(cache, rows, "a", "b", "a") == {"a": 2, "b": 1}
    assert fetch(cache, rows, "b", "a") == {"b": 1, "a": 2}
    assert rows.asked == [{"order-a": 0, "order-b": 0}]


def test_a_stream_that_is_not_there_is_remembered_as_empty() -> None:
    cache, rows = StateCache(10), Rows()

    assert fetch(cache, rows, "a") == fetch(cache, rows, "a") == {"a": 0}
    assert len(rows.asked) == 1


def test_a_doubted_state_is_brought_up_to_date_by_its_missing_events() -> None:
    cache, rows = StateCache(10), Rows(a=2, b=1)
    fetch(cache, rows, "a", "b")
    rows.versions["a"] = 5

    cache.doubt(["order-a", "order-unknown"])

    assert fetch(cache, rows, "a", "b") == {"a": 5, "b": 1}
    assert rows.asked[1:] == [{"order-a": 2}]
    assert fetch(cache, rows, "a") == {"a": 5}
    assert len(rows.asked) == 2


def test_it_says_whether_what_was_remembered_was_stale() -> None:
    cache, rows = StateCache(10), Rows(a=2)
    found = []
    for version in (2, 2, 3, 3):
        rows.versions["a"] = version
        fetch(cache, rows, "a", fresh=True)
        found.append(cache.found_stale)

    assert found == [False, False, True, False]


def test_after_a_lost_answer_everything_is_doubted() -> None:
    cache, rows = StateCache(10), Rows(a=2, b=1)
    fetch(cache, rows, "a", "b")

    cache.doubt_all()
    fetch(cache, rows, "a", "b")

    assert rows.asked[1:] == [{"order-a": 2, "order-b": 1}]


def test_fresh_means_that_also_what_is_remembered_is_read() -> None:
    cache, rows = StateCache(10), Rows(a=2)
    fetch(cache, rows, "a")

    assert fetch(cache, rows, "a", fresh=True) == {"a": 2}
    assert rows.asked[1:] == [{"order-a": 2}]


def test_what_was_forgotten_is_read_from_its_first_event_on() -> None:
    """It lies ahead of the log, say: that was restored, and nothing else would bring it back."""
    cache, rows = StateCache(10), Rows(a=5)
    fetch(cache, rows, "a")
    rows.versions["a"] = 3

    cache.forget(["order-a", "order-unknown"])

    assert fetch(cache, rows, "a") == {"a": 3}
    assert rows.asked[1:] == [{"order-a": 0}]


def test_a_state_that_was_read_but_not_kept_stays_doubted() -> None:
    """Somebody failed between the two: the next one must not trust the old state."""
    cache, rows = StateCache(10), Rows(a=2)
    fetch(cache, rows, "a")
    cache.doubt(["order-a"])
    rows.versions["a"] = 3

    cache.fetch(cast(Log, rows), ["order-a"], fresh=False)

    assert fetch(cache, rows, "a") == {"a": 3}


def test_the_least_recently_used_goes_first() -> None:
    cache, rows = StateCache(2), Rows(a=1, b=1, c=1)
    fetch(cache, rows, "a")
    fetch(cache, rows, "b")
    fetch(cache, rows, "a")
    fetch(cache, rows, "c")
    rows.asked.clear()

    fetch(cache, rows, "a", "c")
    fetch(cache, rows, "b")

    assert rows.asked == [{"order-b": 0}]


def test_a_memory_without_room_still_gives_the_states() -> None:
    cache, rows = StateCache(0), Rows(a=1)

    assert fetch(cache, rows, "a") == fetch(cache, rows, "a") == {"a": 1}
    assert len(rows.asked) == 2


def test_a_stream_is_read_from_its_snapshot_on() -> None:
    cache, rows = StateCache(10), Rows(a=502, b=2)
    rows.kept["a"] = 500

    assert fetch(cache, rows, "a", "b") == {"a": 502, "b": 2}
    assert rows.asked_kept == [["order-a", "order-b"]]
    assert rows.asked == [{"order-a": 500, "order-b": 0}]


def test_no_snapshot_is_looked_for_when_nothing_is_read_from_its_first_event_on() -> None:
    cache, rows = StateCache(10), Rows(a=2)
    fetch(cache, rows, "a")
    rows.asked_kept.clear()

    fetch(cache, rows, "a", fresh=True)
    fetch(cache, rows, "a")

    assert rows.asked_kept == []


def test_what_was_remembered_as_empty_and_is_there_as_a_snapshot_was_stale() -> None:
    cache, rows = StateCache(10), Rows()
    fetch(cache, rows, "a")
    rows.versions["a"] = rows.kept["a"] = 500

    assert fetch(cache, rows, "a", fresh=True) == {"a": 500}
    assert cache.found_stale


def test_a_state_is_never_changed_in_place() -> None:
    cache, rows = StateCache(10), Rows(a=1)
    first: dict[str, Any] = cache.fetch(cast(Log, rows), ["order-a"], fresh=False)
    cache.keep(first)
    before = first["order-a"]
    rows.versions["a"] = 2

    fetch(cache, rows, "a", fresh=True)

    assert before.version == 1


def test_large_states_are_remembered_as_long_as_they_have_room_in_memory() -> None:
    cache = StateCache(10_000)
    room = 10_000 * STREAM_BYTES // state_bytes(LARGE)

    for number in range(room + 10):
        cache.keep({f"order-{number}": LARGE})

    assert [n for n in range(room + 10) if f"order-{n}" not in cache] == list(range(10))


def test_as_many_states_as_may_be_are_remembered_of_orders_like_most() -> None:
    usual = replace(LARGE, items=dict(list(LARGE.items.items())[:4]))
    cache = StateCache(2 * LEAST_BYTES // STREAM_BYTES)
    names = [f"order-{number}" for number in range(2 * LEAST_BYTES // STREAM_BYTES)]

    cache.keep(dict.fromkeys(names, usual))

    assert all(name in cache for name in names)


def test_where_few_states_are_remembered_a_large_one_is_too() -> None:
    cache = StateCache(1)

    cache.keep({"order-a": LARGE})

    assert "order-a" in cache


def test_a_state_that_is_forgotten_or_replaced_takes_no_room() -> None:
    cache = StateCache(100)
    some = [f"order-{number}" for number in range(LEAST_BYTES // state_bytes(LARGE))]
    others = [f"stock-{name}" for name in some]

    for _ in range(3):
        cache.keep(dict.fromkeys(some, LARGE))
        cache.keep(dict.fromkeys(some, LARGE))
        cache.forget(some)
        cache.keep(dict.fromkeys(others, LARGE))
        cache.keep(dict.fromkeys(others, Order()))
        cache.forget(others)
    cache.keep(dict.fromkeys(some, LARGE))

    assert all(name in cache for name in some)


def test_a_stock_takes_half_to_twice_of_the_memory_that_it_is_said_to_take() -> None:
    stock_of_reservations(3)  # What Python and pydantic keep for all stocks is there now.
    gc.collect()
    tracemalloc.start()
    try:
        stock = stock_of_reservations(200)
        gc.collect()
        really, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert 0.5 < state_bytes(stock) / really < 2


def stock_of_reservations(orders: int) -> Stock:
    stock = Stock()
    for version in range(1, orders + 1):
        event = EVENTS["stock.reserved.v1"].model_copy(
            update={"order_id": UUID(int=version << 64), "expires_at": NOW + timedelta(version)}
        )
        stock = stock.evolve(Foreseen(event, version, NOW + timedelta(minutes=version)))
    return stock
