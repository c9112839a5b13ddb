"""What rules see: the customer of an order as of the event, nobody where that is not known; and not
more large orders at once than there is room for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.customers import events as ce
from domain.messages import Recorded
from domain.orders import events as e
from domain.orders.held_bytes import ITEM_BYTES
from domain.reading import Undecodable
from domain.rules.book import RuleBook
from domain.rules.judging import Sight
from domain.rules.line import RulePublished
from projections.interface import ReadFirst
from projections.rule_sights import ORDERS_BYTES, CannotJudge, Sights
from tests.support.examples import CUSTOMER_STREAM, EVENTS, ORDER_ID
from tests.support.memory_log import MemoryLog, recorded, renumbered, unreadable
from tests.support.rules import rule_of

RULE = rule_of(conditions={"vip": "'vip' in customer.tags"})
PUBLISHED = RulePublished(
    rule=RULE.rule, rule_version=1, content_hash=RULE.content_hash, definition=RULE.content
)


def happened() -> Iterator[Recorded]:
    """An order, and what is told of its customer between its events."""
    order = f"order-{ORDER_ID}"
    told = (
        ("rule-watch", PUBLISHED),
        (CUSTOMER_STREAM, EVENTS["customer.created.v1"]),
        (order, EVENTS["order.placed.v1"]),
        (CUSTOMER_STREAM, ce.TagAdded(tag="vip")),
        (order, e.NoteAdded(text="Called")),
        (CUSTOMER_STREAM, ce.TagAdded(tag="late")),
        (order, e.NoteAdded(text="Called again")),
    )
    versions: dict[str, int] = {}
    for position, (stream, event) in enumerate(told, 1):
        versions[stream] = versions.get(stream, 0) + 1
        yield recorded(event, position=position, stream_id=stream, version=versions[stream])


def tags(
    events: Sequence[Recorded | Undecodable], *, patient: bool = False
) -> list[tuple[str, ...] | None]:
    """Give the tags of the customer at each event of the order; None: nobody is known."""
    readable = [one for one in events if isinstance(one, Recorded)]
    book = RuleBook(one for one in readable if isinstance(one.event, RulePublished))
    (sights,) = Sights(MemoryLog(events), patient=patient).see(readable, book, 256)
    return [None if one.customer is None else one.customer.tags for one in sights]


def test_a_customer_is_seen_as_of_each_event() -> None:
    assert tags([*happened()]) == [(), ("vip",), ("late", "vip")]


def test_an_event_is_not_shown_without_its_customer_where_that_cannot_be_read() -> None:
    events = [unreadable(one) if one.position == 4 else one for one in happened()]

    assert tags(events[:4]) == [()]
    with pytest.raises(CannotJudge, match="position 5"):
        tags(events)
    assert tags(events, patient=True) == [()]


def noted(*, orders: int, items: int) -> tuple[MemoryLog, list[Recorded]]:
    """Give a log with so many orders of so many items, and the notes at its end, two on each."""
    placed = EVENTS["order.placed.v1"]
    assert isinstance(placed, e.OrderPlaced)
    lines = [placed.lines[0].model_copy(update={"item_id": f"i{n}"}) for n in range(items)]
    large = placed.model_copy(update={"lines": tuple(lines)})
    note = e.NoteAdded(text="Called")
    told = [
        recorded(event, stream_id=f"order-{UUID(int=number)}", version=version)
        for version, event in enumerate((large, note, note), 1)
        for number in range(orders)
    ]
    events = renumbered(told)
    return MemoryLog(events), events[orders:]


def test_events_of_large_orders_are_seen_in_small_parts_and_each_as_it_was() -> None:
    log, notes = noted(orders=90, items=500)

    parts = []
    for seen in Sights(log).see(notes, RuleBook(()), 256):
        parts.append([one.happened for one in seen])
        assert [(one.before.version + 1, one.after.version) for one in seen] == [
            (one.version, one.version) for one in parts[-1]
        ]
        assert all(len(one.before.items) == 500 for one in seen)

    assert [one for part in parts for one in part] == notes
    assert all(len(part) * ITEM_BYTES * 500 < 2 * ORDERS_BYTES for part in parts)


def test_events_of_small_orders_are_seen_in_parts_of_as_many_as_are_wanted() -> None:
    log, notes = noted(orders=300, items=1)

    parts = Sights(log).see(notes, RuleBook(()), 256)

    assert [len(part) for part in parts] == [256, 256, 88]


def with_long_histories() -> tuple[MemoryLog, list[Recorded]]:
    """Give a log of an order and its customer with many events each, and the last of the order."""
    order, note, noted = f"order-{ORDER_ID}", e.NoteAdded(text="Called"), ce.CustomerNoted(text="-")
    told = [
        ("rule-watch", PUBLISHED),
        (CUSTOMER_STREAM, EVENTS["customer.created.v1"]),
        (CUSTOMER_STREAM, ce.TagAdded(tag="vip")),
        (order, EVENTS["order.placed.v1"]),
        *[(order, note), (CUSTOMER_STREAM, noted)] * 20,
        (order, note),
    ]
    versions: Counter[str] = Counter()
    events = []
    for stream, event in told:
        versions[stream] += 1
        events.append(recorded(event, stream_id=stream, version=versions[stream]))
    events = renumbered(events)
    return MemoryLog(events), [one for one in events if one.stream_id == order][-3:]


def seen(sights: Sights, events: Sequence[Recorded], book: RuleBook) -> list[Sight]:
    return [sight for part in sights.see(events, book, 256) for sight in part]


def test_what_is_long_is_read_first_a_page_at_a_time_and_then_all_is_seen_the_same() -> None:
    log, events = with_long_histories()
    book = RuleBook(one for one in log.events if isinstance(one, Recorded))
    hasty, pages = Sights(log, page=5), []
    for _ in range(2):  # the order, then its customer
        with pytest.raises(ReadFirst) as first:
            seen(hasty, events, book)
        pages.append(len([*first.value.steps]))

    found = seen(hasty, events, book)

    assert pages == [2, 3]  # steps behind the first page
    assert found == seen(Sights(log, patient=True), events, book)
    assert [one.customer.tags if one.customer else None for one in found] == [("vip",)] * 3
    assert seen(hasty, events, book) == found  # As where the transaction was set back.


class Counted(MemoryLog):
    """Knows how many streams were asked for."""

    asked = 0

    def read_streams(
        self, versions: Mapping[str, tuple[int, int]], **how: Any
    ) -> list[Recorded | Undecodable]:
        self.asked += len(versions)
        return super().read_streams(versions, **how)


def told_by(*actors: str) -> list[Recorded]:
    """Give an order's events, each told by an actor of such a kind."""
    events = [EVENTS["order.placed.v1"], *(e.NoteAdded(text="Called") for _ in actors[1:])]
    order = f"order-{ORDER_ID}"
    return [
        replace(recorded(event, position=n, stream_id=order, version=n), actor_kind=actor)
        for n, (event, actor) in enumerate(zip(events, actors, strict=True), 1)
    ]


def test_what_an_import_tells_is_not_seen_and_costs_no_look_at_the_log() -> None:
    events = told_by("import", "import", "user")
    log = Counted(events)

    assert [*Sights(log).see(events[:2], RuleBook(()), 256)] == []
    assert log.asked == 0

    ((sight,),) = Sights(log).see(events[2:], RuleBook(()), 256)
    assert (sight.before.version, sight.after.version) == (2, 3)


def test_what_an_import_tells_between_is_known_behind_it() -> None:
    events = told_by("user", "import", "user")

    (sights,) = Sights(MemoryLog(events)).see(events, RuleBook(()), 256)

    assert [(one.before.version, one.after.version) for one in sights] == [(0, 1), (2, 3)]


def test_a_part_of_which_only_an_import_tells_is_given_so_that_who_writes_is_not_silent() -> None:
    events = told_by("user", *["import"] * 63, "user")

    parts = Sights(MemoryLog(events)).see(events, RuleBook(()), 32)

    assert [[one.happened.version for one in part] for part in parts] == [[1], [], [65]]
