"""Sealed values open with their key at their place, and nowhere else; keys are not lost."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from infra.sealing import ERASED, SEALED, KeyRing, Place, SubjectKey, seal, unseal

KEY = bytes(range(32))
KEY_ID = UUID(int=7)
PLACE = Place("order-1", 3, "order.note_added.v1")


@given(st.text())
def test_what_was_sealed_opens_again(text: str) -> None:
    sealed = seal(text, KEY, PLACE, ".text")

    assert sealed.startswith("sealed:1:")
    assert len(text) < 3 or text not in sealed
    assert unseal(sealed, KEY_ID, {KEY_ID: KEY}, PLACE, ".text") == text


def test_equal_texts_look_different() -> None:
    assert seal("Anna", KEY, PLACE, ".text") != seal("Anna", KEY, PLACE, ".text")


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (Place("order-2", 3, "order.note_added.v1"), ".text"),
        (Place("order-1", 4, "order.note_added.v1"), ".text"),
        (Place("order-1", 3, "order.placed.v1"), ".text"),
        (PLACE, "reason"),
    ],
    ids=["stream", "version", "type", "field"],
)
def test_a_sealed_value_opens_nowhere_else(place: Place, field: str) -> None:
    sealed = seal("Anna", KEY, PLACE, ".text")

    with pytest.raises(InvalidTag):
        unseal(sealed, KEY_ID, {KEY_ID: KEY}, place, field)


def test_a_sealed_value_opens_with_no_other_key_and_not_after_a_change() -> None:
    sealed = seal("Anna", KEY, PLACE, ".text")
    altered = sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB")

    with pytest.raises(InvalidTag):
        unseal(sealed, KEY_ID, {KEY_ID: bytes(32)}, PLACE, ".text")
    with pytest.raises((InvalidTag, ValueError)):
        unseal(altered, KEY_ID, {KEY_ID: KEY}, PLACE, ".text")


def test_without_keys_it_reads_sealed_and_without_its_key_erased() -> None:
    sealed = seal("Anna", KEY, PLACE, ".text")

    assert unseal(sealed, KEY_ID, None, PLACE, ".text") == SEALED
    assert unseal(sealed, KEY_ID, {}, PLACE, ".text") == SEALED
    assert unseal(sealed, KEY_ID, {KEY_ID: None}, PLACE, ".text") == ERASED
    assert unseal(sealed, None, {}, PLACE, ".text") == SEALED


def test_a_subject_has_one_key_in_a_process() -> None:
    ring = KeyRing()

    assert ring.key_for("c-7") is ring.key_for("c-7")
    assert ring.key_for("c-8") != ring.key_for("c-7")


def test_a_key_is_new_until_an_append_stored_it() -> None:
    ring = KeyRing()
    key = ring.key_for("c-7")

    assert ring.new_keys() == ring.new_keys() == [key]
    ring.stored([key])
    assert ring.new_keys() == []
    assert ring.key_for("c-7") is key


def test_a_key_that_came_up_while_others_were_stored_is_still_new() -> None:
    ring = KeyRing()
    first = ring.key_for("c-7")
    sent = ring.new_keys()
    second = ring.key_for("c-8")

    ring.stored(sent)

    assert ring.new_keys() == [second]
    assert ring.key_for("c-7") is first


def test_threads_that_need_a_key_at_once_get_the_same_one() -> None:
    for _ in range(50):
        ring = KeyRing()
        with ThreadPoolExecutor(4) as pool:
            keys = set(pool.map(ring.key_for, ["c-7"] * 8))
        assert keys == set(ring.new_keys())


def test_a_key_of_the_log_is_used_before_a_new_one() -> None:
    ring = KeyRing()
    stored = SubjectKey(uuid4(), "c-7", KEY)

    ring.remember(stored)

    assert ring.key_for("c-7") is stored
    assert ring.new_keys() == []
