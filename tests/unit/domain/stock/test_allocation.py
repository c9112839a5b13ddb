"""Several locations give what the items of an order ask for, in a stated order."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from domain.stock.allocation import Allocation, Wanted, allocate
from domain.stock.events import stream_of
from domain.stock.stock import Level, Stock

LOCATIONS = ("main", "supplier_a", "supplier_b")
TEA = Wanted("1", "TEA", 5)


def stocks(**pieces: Mapping[str, int]) -> dict[str, Stock]:
    """Give the stocks of some locations: pieces of each SKU."""
    return {
        stream_of(sku, location=location): Stock(level=Level(on_hand=n))
        for location, found in pieces.items()
        for sku, n in found.items()
    }


def test_d7_the_first_location_gives_first_and_the_next_the_rest() -> None:
    there = stocks(main={"TEA": 2}, supplier_a={"TEA": 1}, supplier_b={"TEA": 9})

    (one,), unmet = allocate([TEA], LOCATIONS, there, partial=False)

    assert unmet == []
    assert list(one.parts.items()) == [("main", 2), ("supplier_a", 1), ("supplier_b", 2)]
    assert (one.quantity, one.missing) == (5, 0)
    assert one.explanation == "5 of 5: main 2, supplier_a 1, supplier_b 2"


def test_d7_a_partial_reservation_says_what_is_missing() -> None:
    there = stocks(main={"TEA": 2}, supplier_a={"TEA": 1})

    (one,), unmet = allocate([TEA], LOCATIONS, there, partial=True)

    assert unmet == []
    assert one == Allocation(TEA, {"main": 2, "supplier_a": 1})
    assert one.explanation == "3 of 5: main 2, supplier_a 1, 2 missing"


def test_p27_all_or_nothing_names_every_item_that_is_not_there() -> None:
    cup = Wanted("2", "CUP", 1)
    pot = Wanted("3", "POT", 1)
    there = stocks(main={"TEA": 2, "POT": 1}, supplier_a={"TEA": 1})

    _, unmet = allocate([TEA, cup, pot], LOCATIONS[:2], there, partial=False)

    assert [(one.code, one.message, one.needed) for one in unmet] == [
        (
            "stock_not_available",
            "Item 1 (TEA): 3 of 5: main 2, supplier_a 1, 2 missing",
            "2 more in main or supplier_a",
        ),
        (
            "stock_not_available",
            "Item 2 (CUP): 0 of 1: 1 missing",
            "1 more in main or supplier_a",
        ),
    ]


def test_another_order_of_locations_is_another_allocation() -> None:
    there = stocks(main={"TEA": 9}, supplier_a={"TEA": 9})

    (one,), _ = allocate([TEA], ["supplier_a", "main"], there, partial=False)

    assert one.parts == {"supplier_a": 5}


def test_what_is_reserved_is_given_to_nobody() -> None:
    there = {"stock-main:TEA": Stock(level=Level(on_hand=7, reserved=4))}

    (one,), _ = allocate([TEA], LOCATIONS, there, partial=True)

    assert one.parts == {"main": 3}


def test_without_a_location_nothing_is_there() -> None:
    (one,), unmet = allocate([TEA], [], {}, partial=False)

    assert one.explanation == "0 of 5: 5 missing"
    assert unmet[0].needed == "5 more in a location"


wishes = st.lists(
    st.tuples(st.sampled_from(["TEA", "CUP"]), st.integers(1, 9)), min_size=1, max_size=6
).map(lambda drawn: [Wanted(str(n), *one) for n, one in enumerate(drawn)])
shelves = st.dictionaries(
    st.tuples(st.sampled_from(["TEA", "CUP"]), st.sampled_from(LOCATIONS)), st.integers(0, 9)
)


@given(wishes, shelves, st.permutations(LOCATIONS))
def test_d7_no_piece_is_given_twice_and_none_is_missing_that_is_there(
    wanted: list[Wanted], found: dict[tuple[str, str], int], order: list[str]
) -> None:
    there = {
        stream_of(sku, location=location): Stock(level=Level(on_hand=n))
        for (sku, location), n in found.items()
    }

    given_out, _ = allocate(wanted, order, there, partial=True)

    for sku in ("TEA", "CUP"):
        items = [one for one in given_out if one.wanted.sku == sku]
        for location in LOCATIONS:
            taken = sum(one.parts.get(location, 0) for one in items)
            assert 0 <= taken <= found.get((sku, location), 0)
        everything = sum(n for (name, _), n in found.items() if name == sku)
        asked = sum(one.wanted.quantity for one in items)
        assert sum(one.quantity for one in items) == min(asked, everything)
    for one in given_out:
        assert all(one.parts.values())
        places = [order.index(location) for location in one.parts]
        assert places == sorted(places)
