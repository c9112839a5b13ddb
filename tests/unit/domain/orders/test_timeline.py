"""The one order in which statuses count."""

from datetime import timedelta

from domain.orders.timeline import EARLIEST, MAX_RANK, Entry, insert, key_of, without
from tests.support.examples import NOW, fact_id


def test_facts_come_by_time_then_rank_then_id_and_before_decisions() -> None:
    keys = [
        EARLIEST,
        key_of(NOW, 9, 1, fact_id(2)),
        key_of(NOW, 8, 2, fact_id(1)),
        key_of(NOW, 7, 2, fact_id(2)),
        key_of(NOW, 6, MAX_RANK, fact_id(2)),
        key_of(NOW, 5, None, fact_id(1)),  # An item or a payment: it follows every status.
        key_of(NOW, 1, 0, None),
        key_of(NOW, 2, 0, None),
        key_of(NOW + timedelta(microseconds=1), 3, 0, fact_id(1)),
    ]

    assert keys == sorted(keys)


def test_an_entry_goes_to_its_place_and_can_be_taken_out() -> None:
    first = Entry(key_of(NOW, 2, 0, fact_id(1)), 2, "new")
    last = Entry(key_of(NOW, 1, 0, None), 1, "done")

    timeline = insert(insert((), last), first)

    assert timeline == (first, last)
    assert without(timeline, 1) == (first,)
