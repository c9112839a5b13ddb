"""D14: what a person writes after --where, and what is wrong with it."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.refusals import Unusable
from services.bulk.selection import read_selection


def test_d14_conditions_are_read_into_values_of_their_kind() -> None:
    where = ("status=new", "status=packed", "path-version=3", "test=false")
    selection = read_selection((*where, "silent-for=1d12h", "placed-after=2026-03-01"), None)

    assert selection.conditions == {
        "status": ["new", "packed"],
        "path_version": [3],
        "test": [False],
        "silent_for": [timedelta(hours=36)],
        "placed_after": [datetime(2026, 3, 1, tzinfo=UTC)],
    }
    assert selection.as_dict()["silent_for"] == [129_600]
    assert selection.as_dict()["placed_after"] == ["2026-03-01T00:00:00+00:00"]


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ((), "say which orders are meant"),
        (("status",), "'status' is no condition: write KEY=VALUE, KEY one of status, stage, path"),
        (("status=",), "is no condition"),
        (("total_minor=5",), "is no condition"),
        (("path-version=three",), "'path-version=three': write a whole number"),
        (("test=yes",), "write true or false"),
        (("silent-for=never",), "is not a duration"),
        (("placed-after=soon",), "'placed-after=soon': Invalid isoformat"),
        (("silent-for=1d", "silent-for=2d"), "silent-for may be said once"),
    ],
)
def test_d14_what_is_no_condition_is_said_in_a_sentence(where: tuple[str, ...], says: str) -> None:
    with pytest.raises(Unusable) as error:
        read_selection(where, None)

    assert says in str(error.value)


def test_d14_named_orders_are_each_meant_once() -> None:
    assert read_selection((), ["A-1", "A-2", "A-1"]).orders == ("A-1", "A-2")
