"""D1: laws of the difference between two paths."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.paths.difference import Changes, difference
from domain.paths.path import OrderPath
from tests.support.paths import path_of

CODES = ["a", "b", "c", "d", "e"]


def some(*choices: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(choices)


statuses = st.fixed_dictionaries(
    {"stage": some("open", "closed")},
    optional={
        "title": some({"en": "A"}, {"en": "B", "ru": "Б"}),
        "final": some("success", "failure"),
        "owner": some({"user": "ann"}, {"group": "leads"}),
        "limit": some({"wall": "1h"}, {"wall": "2h", "warn": "50%"}),
    },
)


@st.composite
def paths(draw: st.DrawFn) -> OrderPath:
    """Draw a path of few codes, so that two of them have much in common."""
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, unique=True))
    named = st.sampled_from(codes)
    moves = st.fixed_dictionaries(
        {"from": st.lists(some(*codes, "*"), min_size=1), "to": st.lists(named, min_size=1)},
        optional={"roles": some(["lead"], ["lead", "manager"]), "require": some(["reason"])},
    )
    right = st.fixed_dictionaries({}, optional={"edit": some(["lead"]), "never": some(["clerk"])})
    return path_of(
        {
            "path": draw(some("one", "two")),
            "stages": draw(st.permutations(["open", "closed"])),
            "statuses": {code: draw(statuses) for code in codes},
            "initial": draw(st.lists(st.fixed_dictionaries({"status": named}), min_size=1)),
            "transitions": draw(st.lists(moves, max_size=4)),
            "fields": draw(st.dictionaries(some("customer_phone", "promised_at"), right)),
        }
    )


def travels(path: OrderPath) -> Any:
    """Give all that a path says, apart from how its moves are written."""
    said = {key: value for key, value in path.content.items() if key != "transitions"}
    rules = {
        move: transition.model_dump(exclude={"from_", "to"})
        for move, transition in path.matrix.items()
    }
    return said, list(path.statuses), rules


@given(paths())
def test_d1_a_path_does_not_differ_from_itself(path: OrderPath) -> None:
    assert difference(path, OrderPath.model_validate(path.content)).is_empty


@given(paths(), paths())
def test_d1_no_difference_means_that_orders_travel_alike(old: OrderPath, new: OrderPath) -> None:
    assert difference(old, new).is_empty == (travels(old) == travels(new))


@given(paths(), paths())
def test_d1_the_way_back_is_the_same_difference_turned_round(
    old: OrderPath, new: OrderPath
) -> None:
    there, back = difference(old, new), difference(new, old)

    assert turned(there.keys) == back.keys
    assert there.reordered == back.reordered
    pairs: list[tuple[Changes[Any], Changes[Any]]] = [
        (there.statuses, back.statuses), (there.moves, back.moves), (there.fields, back.fields),
    ]  # fmt: skip
    for one, other in pairs:
        assert (one.added, one.removed) == (other.removed, other.added)
        assert {key: turned(values) for key, values in one.changed.items()} == other.changed


@given(paths(), paths())
def test_d1_old_parts_without_the_removed_and_with_the_added_are_the_new_ones(
    old: OrderPath, new: OrderPath
) -> None:
    found = difference(old, new)

    assert {*old.statuses} - {*found.statuses.removed} | {*found.statuses.added} == {*new.statuses}
    assert {*old.matrix} - {*found.moves.removed} | {*found.moves.added} == {*new.matrix}


def turned(values: Any) -> dict[str, Any]:
    return {key: (new, old) for key, (old, new) in values.items()}
