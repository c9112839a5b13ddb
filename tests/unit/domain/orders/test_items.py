"""Pieces of a position and the one word for all of them."""

import pytest

from domain.orders.items import (
    CANCELLABLE,
    CANCELLED,
    ITEM_MOVES,
    ITEM_STATUSES,
    Item,
    all_have_come_to,
    items_status,
)
from tests.support.examples import TEA


@pytest.mark.parametrize(
    ("pieces", "word"),
    [
        ({}, "none"),
        ({"ordered": 3}, "ordered"),
        ({"ordered": 1, "reserved": 2}, "partly_reserved"),
        ({"shipped": 1, "delivered": 2}, "partly_delivered"),
        ({"delivered": 2, "cancelled": 1}, "delivered"),
        ({"delivered": 2, "returned": 1}, "partly_returned"),
        ({"to_buy": 2, "reserved": 1}, "partly_reserved"),
        ({"bought": 1, "received": 2}, "partly_received"),
        ({"delivered": 1, "not_bought_out": 2}, "partly_not_bought_out"),
        ({"not_bought_out": 2, "cancelled": 1}, "not_bought_out"),
        ({"damaged": 1}, "damaged"),
        ({"delivered": 2, "lost": 1}, "partly_delivered"),
        ({"cancelled": 3}, "cancelled"),
    ],
)
def test_d6_one_word_says_how_far_the_pieces_are(pieces: dict[str, int], word: str) -> None:
    assert items_status([Item(TEA, pieces)]) == word


@pytest.mark.parametrize(
    ("pieces", "status", "come"),
    [
        ({"delivered": 2, "shipped": 1}, "shipped", True),
        ({"delivered": 2, "shipped": 1}, "delivered", False),
        ({"delivered": 2, "cancelled": 1}, "delivered", True),
        ({"delivered": 2, "not_bought_out": 1}, "delivered", True),
        ({"delivered": 2, "lost": 1}, "delivered", False),
        ({"damaged": 3}, "ordered", False),
        ({"not_bought_out": 3}, "delivered", False),
        ({"returned": 3}, "delivered", False),
        ({"delivered": 2, "returned": 1}, "delivered", True),
        ({"returned": 2, "cancelled": 1}, "returned", True),
        ({"delivered": 2, "returned": 1}, "returned", False),
        ({"not_bought_out": 2, "cancelled": 1}, "not_bought_out", True),
        ({"ordered": 3}, "not_bought_out", False),
        ({"ordered": 3}, "lost", False),
        ({"cancelled": 3}, "cancelled", True),
        ({"cancelled": 3}, "ordered", False),
        ({"cancelled": 2, "ordered": 1}, "cancelled", False),
        ({}, "ordered", False),
    ],
)
def test_all_pieces_have_come_somewhere_when_none_is_held_up(
    pieces: dict[str, int], status: str, come: bool
) -> None:
    assert all_have_come_to([Item(TEA, pieces)], status) is come


def test_moved_pieces_leave_no_zero_behind() -> None:
    assert Item(TEA, {"ordered": 3}).move(3, "ordered", "reserved").pieces == {"reserved": 3}


@pytest.mark.parametrize(
    ("pieces", "quantity", "after"),
    [
        ({"reserved": 2, "ordered": 1}, 3, {"reserved": 2, "ordered": 1}),
        ({"reserved": 3}, 5, {"reserved": 3, "ordered": 2}),
        ({"ordered": 1, "shipped": 2}, 2, {"shipped": 2}),
        ({"reserved": 2, "shipped": 1}, 2, {"reserved": 1, "shipped": 1}),
        ({"shipped": 1, "cancelled": 2}, 1, {"shipped": 1}),
        ({"damaged": 1, "ordered": 2}, 2, {"ordered": 2}),
        ({"returned": 1, "delivered": 1, "cancelled": 1}, 1, {"returned": 1}),
    ],
)
def test_another_line_leaves_pieces_in_their_statuses(
    pieces: dict[str, int], quantity: int, after: dict[str, int]
) -> None:
    changed = Item(TEA, pieces).with_line(TEA.model_copy(update={"quantity": quantity}))

    assert changed.pieces == after


def test_pieces_that_are_cancelled_or_were_never_taken_are_not_live() -> None:
    assert Item(TEA, {"ordered": 1, "cancelled": 1, "not_bought_out": 1}).live_quantity == 1


def test_the_supplier_who_was_asked_last_is_remembered() -> None:
    bought = Item(TEA, {"ordered": 3}).move(3, "ordered", "to_buy", "Leaf & Co.")

    assert bought.move(3, "to_buy", "bought").supplier == "Leaf & Co."
    assert bought.move(1, "to_buy", "bought", "Other").supplier == "Other"


def test_every_way_of_a_piece_leads_from_a_known_status_to_a_known_one() -> None:
    known = {*ITEM_STATUSES, CANCELLED}

    assert {status for way in ITEM_MOVES for status in way} == known
    assert {source for source, target in ITEM_MOVES if target == CANCELLED} == set(CANCELLABLE)
