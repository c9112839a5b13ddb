"""D1: what a new version of a path changes is said part by part."""

from typing import Any

import pytest

from domain.paths.difference import difference
from tests.support.paths import Json, clean_path, path_of


def changed(key: str, **into: Any) -> Json:
    path = clean_path()
    path[key] = into
    return path


def test_d1_statuses_that_came_went_and_changed_are_told_apart() -> None:
    old, new = clean_path(), clean_path()
    new["statuses"]["packing"] = {"stage": "open"}
    new["statuses"]["new"] |= {"limit": {"wall": "20m"}, "title": {"en": "New", "ru": "Новинка"}}
    new["statuses"]["new"].pop("owner")
    new["statuses"].pop("gone")
    new["transitions"].pop()

    found = difference(path_of(old), path_of(new))

    assert found.statuses.added == ("packing",)
    assert found.statuses.removed == ("gone",)
    assert found.statuses.changed == {
        "new": {
            "title.ru": ("Новый", "Новинка"),
            "owner": ({"group": "managers"}, None),
            "limit.wall": ("10m", "20m"),
        }
    }
    assert found.moves.removed == (("new", "gone"),)
    assert (found.reordered, found.keys) == (False, {})


def test_d1_moves_are_compared_and_not_how_they_are_written() -> None:
    old, new = clean_path(), clean_path()
    new["transitions"] = [{"from": "*", "to": ["gone", "done"]}]

    assert difference(path_of(old), path_of(new)).is_empty

    new["transitions"] = [
        {"from": "new", "to": ["gone"], "roles": ["lead"]},
        {"from": "done", "to": "new"},
    ]
    moves = difference(path_of(old), path_of(new)).moves

    assert moves.added == (("done", "new"),)
    assert moves.removed == (("new", "done"),)
    assert moves.changed == {("new", "gone"): {"roles": (None, ["lead"])}}


def test_d1_of_two_transitions_for_one_move_the_one_that_counts_is_compared() -> None:
    old, new = clean_path(), clean_path()
    new["transitions"].append({"from": "new", "to": "gone", "roles": ["lead"]})

    assert difference(path_of(old), path_of(new)).is_empty


def test_d1_rights_and_keys_of_the_path_itself_are_compared() -> None:
    old, new = clean_path(), clean_path()
    new["fields"] = {"customer_phone": {"edit": ["manager"]}}
    new["initial"] = [{"status": "done"}, {"status": "new"}]
    new["title"]["ru"] = "Магазин"

    found = difference(path_of(old), path_of(new))

    assert found.fields.added == ("customer_phone",)
    assert found.keys == {
        "title.ru": (None, "Магазин"),
        "initial": ([{"status": "new"}], [{"status": "done"}, {"status": "new"}]),
    }


def test_d1_another_order_of_the_same_statuses_is_a_difference() -> None:
    old, new = clean_path(), clean_path()
    new["statuses"] = dict(reversed(new["statuses"].items()))

    found = difference(path_of(old), path_of(new))

    assert found.reordered
    assert not found.is_empty
    assert found.statuses.is_empty


@pytest.mark.parametrize("code", ["first", "last"])
def test_d1_a_status_that_comes_puts_no_other_out_of_order(code: str) -> None:
    old, new = clean_path(), clean_path()
    added = {code: {"stage": "open"}}
    new["statuses"] = {**added, **new["statuses"]} if code == "first" else new["statuses"] | added

    assert not difference(path_of(old), path_of(new)).reordered


def test_p4_a_status_that_is_closed_is_told_and_one_that_opens_again_is_not() -> None:
    old, new = clean_path(), clean_path()
    new["statuses"]["gone"]["active"] = False

    assert difference(path_of(old), path_of(new)).closed == ("gone",)
    assert difference(path_of(new), path_of(old)).closed == ()


def test_d1_guards_effects_and_the_sections_of_items_and_payments_are_compared() -> None:
    old, new = clean_path(), clean_path()
    guard = {"code": "tested", "when": "order.test", "message": "Only tests"}
    new["transitions"][0] |= {"guards": [guard], "override": True, "approval": {"by": "lead"}}
    new["statuses"]["done"]["on_enter"] = {"items": {"to": "shipped"}}
    new["payments"] = {"methods": ["card"]}

    found = difference(path_of(old), path_of(new))

    assert set(found.moves.changed["new", "done"]) == {"guards", "approval", "override"}
    assert found.statuses.changed == {"done": {"on_enter": (None, {"items": {"to": "shipped"}})}}
    assert found.keys == {"payments": (None, {"methods": ["card"]})}
