"""What conditions are evaluated on in tests: a context of the right shape, plain or random."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.paths.environment import (
    BOOL,
    ENVIRONMENT,
    INT,
    MAYBE_TIMESTAMP,
    STRING,
    TIMESTAMP,
    ListOf,
    Record,
    Type,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORDS = ("", "new", "web", "дом", "it's")
moments = st.integers(-3, 3).map(lambda hours: NOON + timedelta(hours=hours))
_VALUES: dict[Type, st.SearchStrategy[Any]] = {
    BOOL: st.none() | st.booleans(),
    INT: st.none() | st.integers(0, 4) | st.just(10**15),
    STRING: st.none() | st.sampled_from(WORDS),
    TIMESTAMP: moments,
    MAYBE_TIMESTAMP: st.none() | moments,
}


def empty(type_: Type) -> Any:
    """Give what a caller hands in where the order has nothing: None, no elements, noon."""
    if isinstance(type_, Record):
        return {name: empty(of_field) for name, of_field in type_.fields.items()}
    if isinstance(type_, ListOf):
        return ()
    return NOON if type_ is TIMESTAMP else None


def context(**records: Any) -> dict[str, Any]:
    """Give a context of the right shape; a record is told by the fields that matter."""
    whole = {name: empty(type_) for name, type_ in ENVIRONMENT.items()}
    for name, value in records.items():
        whole[name] = whole[name] | value if isinstance(value, dict) else value
    return whole


def values(type_: Type) -> st.SearchStrategy[Any]:
    """Give random values of a type, missing ones among them."""
    if isinstance(type_, Record):
        return st.fixed_dictionaries({name: values(t) for name, t in type_.fields.items()})
    if isinstance(type_, ListOf):
        return st.lists(values(type_.element), max_size=3)
    return _VALUES[type_]


contexts = st.fixed_dictionaries({name: values(type_) for name, type_ in ENVIRONMENT.items()})
