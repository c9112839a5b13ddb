"""A key is made once, gets new secrets, and opens nothing once it is revoked or over."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.access.commands import CreateApiKey, RevokeApiKey, RotateApiKey
from domain.access.events import ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated, key_stream
from domain.access.key import ApiKey
from domain.access.store import KeptSecret, hash_of, parts_of, shown
from domain.messages import Actor
from tests.support.examples import COMMANDS, EVENTS, NOW
from tests.support.rights import LATER, NEXT_PREFIX, PREFIX
from tests.support.spec import STEP, given

CREATED, ROTATED = EVENTS["apikey.created.v1"], EVENTS["apikey.rotated.v1"]
REVOKED = ApiKeyRevoked(apikey="shop-front")
SENT: dict[str, Any] = {
    "command_id": UUID(int=2),
    "actor": Actor(kind="user", id="root"),
    "apikey": "shop-front",
}
REVOKE = RevokeApiKey(**SENT)
ROTATE = COMMANDS["apikey.rotate"]


def key_after(*events: Any) -> ApiKey:
    found = given(*events).world.state(key_stream("shop-front"))
    assert isinstance(found, ApiKey)
    return found


def test_a_key_is_made() -> None:
    given().when(COMMANDS["apikey.create"]).then(CREATED)


def test_a_name_means_one_caller_for_ever() -> None:
    given(CREATED).when(COMMANDS["apikey.create"]).then_refused("apikey_exists")
    given(CREATED, REVOKED).when(COMMANDS["apikey.create"]).then_refused("apikey_exists")


def test_a_key_that_is_over_already_is_not_made() -> None:
    late = COMMANDS["apikey.create"].model_copy(update={"expires_at": NOW})

    given().when(late).then_refused("apikey_expires_too_soon")


def test_a_key_gets_a_new_secret_and_the_one_before_is_taken_for_a_while() -> None:
    given(CREATED).when(ROTATE).then(ROTATED)

    key = key_after(CREATED, ROTATED)
    assert isinstance(ROTATED, ApiKeyRotated)
    until = ROTATED.former_until
    assert key.opens(NEXT_PREFIX, NOW)
    assert key.opens(PREFIX, until - timedelta(seconds=1))
    assert not key.opens(PREFIX, until)
    assert key.opens(NEXT_PREFIX, until)


def test_rotating_again_gives_an_earlier_secret_no_more_time() -> None:
    assert isinstance(ROTATED, ApiKeyRotated)
    again = ROTATED.model_copy(
        update={"prefix": "0123456789ab", "former_until": ROTATED.former_until + timedelta(days=9)}
    )
    key = key_after(CREATED, ROTATED, again)

    assert not key.opens(PREFIX, ROTATED.former_until)
    assert key.opens(NEXT_PREFIX, ROTATED.former_until)


def test_what_is_not_there_or_was_revoked_is_not_rotated() -> None:
    given().when(ROTATE).then_refused("apikey_unknown")
    given(CREATED, REVOKED).when(ROTATE).then_refused("apikey_revoked")


def test_a_former_secret_is_not_taken_for_months() -> None:
    assert isinstance(ROTATE, RotateApiKey)
    long = ROTATE.model_copy(update={"former_until": NOW + timedelta(days=91)})

    given(CREATED).at(NOW).when(long).then_refused("apikey_overlap_too_long")


def test_a_revoked_key_opens_nothing_and_revoking_again_is_nothing() -> None:
    given(CREATED).when(REVOKE).then(REVOKED)
    given(CREATED, REVOKED).when(REVOKE).then_nothing()
    given().when(REVOKE).then_refused("apikey_unknown")

    key = key_after(CREATED, ROTATED, REVOKED)
    assert not key.opens(PREFIX, NOW)
    assert not key.opens(NEXT_PREFIX, NOW)


def test_a_key_ends_when_it_was_to_end() -> None:
    key = key_after(CREATED)

    assert key.opens(PREFIX, LATER - STEP)
    assert not key.opens(PREFIX, LATER)


def test_no_event_and_no_command_of_a_key_has_a_place_for_a_secret() -> None:
    shapes = (ApiKeyCreated, ApiKeyRotated, ApiKeyRevoked, CreateApiKey, RotateApiKey)

    assert not any({"secret", "hash"} & set(shape.model_fields) for shape in shapes)


def test_a_secret_fits_its_own_hash_only() -> None:
    kept = KeptSecret(PREFIX, "shop-front", hash_of("right"))

    assert kept.fits("right")
    assert not kept.fits("wrong")
    assert not kept.fits("")


@pytest.mark.parametrize(
    "text", ["", "op", "op_", "op_abc", "op__x", "sk_abc_def", "Bearer op_a_b", "_op_a_b"]
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert parts_of(text) is None


def test_a_key_comes_apart_as_it_was_put_together() -> None:
    assert parts_of(shown(PREFIX, "a_b-c_")) == (PREFIX, "a_b-c_")
