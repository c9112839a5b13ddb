"""What projections share."""

from datetime import UTC, datetime
from typing import Any

from projections.interface import given_and_ended

AT = datetime(2026, 3, 2, tzinfo=UTC)


def test_of_what_is_given_under_a_code_the_last_counts_and_an_end_only_behind_it() -> None:
    first, again, other = {"code": "a", "n": 1}, {"code": "a", "n": 2}, {"code": "b"}
    changes: list[tuple[str, dict[str, Any] | datetime]] = [
        ("a", first),
        ("a", AT),
        ("a", again),
        ("b", other),
        ("b", AT),
        ("c", AT),
    ]

    assert given_and_ended(changes) == (
        [again, other],
        [{"code": "b", "ended_at": AT}, {"code": "c", "ended_at": AT}],
    )
