"""What a stored state is called, and which state is none to store."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from domain.orders.order import Order
from infra.state_shapes import fingerprint_of, make_shape, shape_of
from tests.support.examples import COMMANDS
from tests.support.spec import given


@dataclass(frozen=True)
class Narrow:
    """An aggregate of today."""

    version: int = 0


@dataclass(frozen=True)
class Wide(Narrow):
    """The same with one more field."""

    note: str = ""


def test_a_stored_name_tells_the_category_and_stays_for_one_code() -> None:
    order, path = shape_of("order"), shape_of("path")
    again = make_shape("narrow", Narrow, b"code"), make_shape("narrow", Narrow, b"code")

    assert order.name.startswith("order.state.")
    assert path.name.startswith("path.state.")
    assert again[0].name == again[1].name


def test_another_shape_or_another_code_has_another_name() -> None:
    shapes = (
        make_shape("a", Narrow, b"1"),
        make_shape("a", Narrow, b"2"),
        make_shape("a", Wide, b"1"),
    )

    assert len({shape.name for shape in shapes}) == 3


def test_another_version_or_a_changed_moved_or_added_source_is_another_code(
    tmp_path: Path,
) -> None:
    source = tmp_path / "order.py"
    source.write_text("evolve = 1")
    found = [fingerprint_of("1.0", tmp_path), fingerprint_of("1.1", tmp_path)]
    source.write_text("evolve = 2")
    found.append(fingerprint_of("1.0", tmp_path))
    (tmp_path / "items.py").write_text("")
    found.append(fingerprint_of("1.0", tmp_path))
    source.rename(tmp_path / "orders.py")
    found.append(fingerprint_of("1.0", tmp_path))
    (tmp_path / "notes.txt").write_text("no code")

    assert len(set(found)) == 5
    assert fingerprint_of("1.0", tmp_path) == found[-1]


def test_a_state_that_would_come_back_as_another_is_none_to_keep() -> None:
    """JSON has no seconds in an offset from UTC: the moment would come back as another one."""
    odd = timezone(timedelta(hours=2, minutes=30, seconds=17))
    order = Order(version=1, last_occurred_at=datetime(1890, 1, 1, tzinfo=odd))

    with pytest.raises(ValueError, match="does not survive"):
        shape_of("order").dump(order)


def test_a_state_of_a_wrong_type_is_none_to_keep_and_no_warning_shows_it() -> None:
    order = Order(version=1, owner_user=7391)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="str"):
        shape_of("order").dump(order)


def test_errors_about_a_state_repeat_none_of_its_values() -> None:
    order = given(COMMANDS["order.place"]).world.order
    body = shape_of("order").dump(order).replace('"version":1', '"version":"Marker-7391"')

    with pytest.raises(ValueError, match="version") as caught:
        shape_of("order").restore(body)

    assert "Marker-7391" not in str(caught.value)
