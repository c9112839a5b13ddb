"""Columns that SQL sorts by give the order of domain.orders.timeline."""

from datetime import timedelta
from itertools import permutations
from uuid import UUID

from domain.messages import Recorded
from domain.orders.events import NoteAdded
from domain.orders.timeline import key_of
from projections.interface import timeline_columns
from tests.support.examples import NOW


def recorded(version: int, seconds: int, fact_id: UUID | None) -> Recorded:
    return Recorded(
        position=version,
        stream_id="order-1",
        version=version,
        shard=0,
        event=NoteAdded(text=""),
        command_id=UUID(int=1),
        correlation_id=UUID(int=1),
        causation_id=None,
        actor_kind="user",
        actor_id="ann",
        on_behalf_of=None,
        reason=None,
        source="api",
        occurred_at=NOW + timedelta(seconds=seconds),
        recorded_at=NOW,
        fact_id=fact_id,
    )


def test_rows_sort_as_the_timeline_does() -> None:
    ids = [None, UUID(int=1), UUID(int=2**127), UUID(int=5)]
    events = [(recorded(n, n // 4, ids[n % 4]), n % 3) for n in range(8)]

    for chosen in permutations(events, 3):
        by_columns = sorted(chosen, key=lambda c: tuple(timeline_columns(*c).values()))
        by_domain = sorted(
            chosen, key=lambda c: key_of(c[0].occurred_at, c[0].version, c[1], c[0].fact_id)
        )
        assert by_columns == by_domain
