"""An item with what was told of it: whatever is taken back, the rest is folded again."""

from datetime import timedelta
from uuid import UUID

from domain.orders import events as e
from domain.orders.item_history import ItemEvent, ItemHistory, ItemTelling, shaped
from domain.orders.items import Item
from domain.orders.money import Line
from domain.orders.timeline import TimelineKey, key_of
from tests.support.examples import NOW, TEA, TOTALS, fact_id

FIVE = TEA.model_copy(update={"quantity": 5})
RESERVE = e.ItemStatusChanged(item_id="1", quantity=3, from_status="ordered", to_status="reserved")


def key(version: int, fact: UUID | None) -> TimelineKey:
    return key_of(NOW + timedelta(minutes=version), version, 0, fact)


def told(version: int, line: Line) -> ItemTelling:
    return ItemTelling(version, key(version, fact_id(version)), e.ItemAdded(line=line))


def decided(version: int, event: ItemEvent) -> ItemTelling:
    return ItemTelling(version, key(version, None), event)


def test_d5_the_earlier_fact_counts_again_and_of_moved_pieces_as_many_as_it_brought() -> None:
    small = TEA.model_copy(update={"quantity": 2})
    history = ItemHistory(None, (told(1, small), told(2, FIVE), decided(3, RESERVE)))
    assert history.item is not None
    assert history.item.pieces == {"ordered": 2, "reserved": 3}

    left = history.without(2).item

    assert left is not None
    assert (left.line, left.pieces) == (small, {"reserved": 2})


def test_d5_what_was_decided_of_an_item_that_is_gone_is_about_nothing() -> None:
    change = e.ItemChanged(line=FIVE, totals=TOTALS)
    history = ItemHistory(None, (told(1, TEA), decided(2, RESERVE), decided(3, change)))

    assert history.without(1) == ItemHistory(None)
    for event in (RESERVE, change):
        assert shaped(None, decided(1, event)) is None


def test_d5_an_item_of_ours_is_what_decisions_alone_make_of_it() -> None:
    ours = Item(TEA, {"ordered": 3}, key=key(1, None))
    history = ItemHistory(ours, (told(2, FIVE), decided(3, RESERVE)))

    left = history.without(2)

    assert left.since == ()
    assert left.item == shaped(ours, decided(3, RESERVE))
