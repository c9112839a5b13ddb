"""What projections share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.messages import Event
from projections.interface import given_and_ended
from tests.support.memory_log import recorded

AT = datetime(2026, 3, 2, tzinfo=UTC)


class Given(Event):
    """Something stands under a code from now on."""

    code: str
    n: int = 0


class Ended(Event):
    """Nothing stands there any more."""

    code: str


def row_of(event: Event) -> Mapping[str, Any] | None:
    return event.model_dump() if isinstance(event, Given) else None


def test_of_what_is_given_under_a_code_the_last_counts_and_an_end_only_behind_it() -> None:
    again, other = Given(code="a", n=2), Given(code="b")
    events = (
        Given(code="a", n=1),
        Ended(code="a"),
        again,
        other,
        Ended(code="b"),
        Ended(code="c"),
    )
    batch = [recorded(event, occurred_at=AT) for event in events]

    assert given_and_ended(batch, row_of, Ended) == (
        [{"code": "a", "n": 2}, {"code": "b", "n": 0}],
        [{"code": "b", "ended_at": AT}, {"code": "c", "ended_at": AT}],
    )
