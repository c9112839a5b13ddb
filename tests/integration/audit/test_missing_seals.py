"""What is gone and was sealed by nothing that is left: all heads, or an answer behind the last."""

import pytest

from domain.refusals import InfraError
from tests.integration.audit.sealed import SealedShop

NO_SEAL = "truncate audit.leaves, audit.nodes, audit.heads cascade"


@pytest.mark.parametrize("with_key", [False, True])
def test_a_log_whose_heads_are_all_gone_is_not_intact(sealed: SealedShop, with_key: bool) -> None:
    (key,) = sealed.system.audit.known_keys()
    sealed.meddle("update log.events set payload = payload || ' ' where position = 17", NO_SEAL)

    found = sealed.found(trusted=(key.key_id,) if with_key else ())

    assert found == [("head_missing", None, None)]


def test_no_first_head_is_made_anew_where_all_are_gone(sealed: SealedShop) -> None:
    """Also by a sealer that knows none of them, with no witness: the finding stays."""
    sealed.meddle(NO_SEAL)
    sealed.witness.unlink()

    with sealed.reopened() as again:
        again.act(1)
        with pytest.raises(InfraError) as told:
            again.seal()

        assert told.value.code == "seal_damaged"
        assert again.found() == [("head_missing", None, None)]


def test_a_log_whose_heads_and_keys_are_all_gone_has_no_key_that_is_trusted(
    sealed: SealedShop,
) -> None:
    (key,) = sealed.system.audit.known_keys()
    sealed.meddle(NO_SEAL, "truncate audit.keys cascade")

    assert sealed.found(trusted=(key.key_id,)) == [("key_unknown", None, None)]


def test_a_log_that_was_never_sealed_is_intact(shop: SealedShop) -> None:
    shop.act(3)

    report = shop.verify()

    assert (report.is_intact, report.heads, report.unsealed) == (True, 0, shop.end())


def test_an_answer_that_is_gone_before_it_was_sealed_is_named_by_what_it_stored(
    sealed: SealedShop,
) -> None:
    sealed.act(4)
    sealed.refuse()
    assert sealed.verify().is_intact
    gone = sealed.end() - 2
    sealed.meddle(f"delete from log.commands where last_position = {gone}")  # noqa: S608 - our own words

    (found,) = sealed.verify().findings

    assert found.kind == "command_missing"
    assert f"position {gone}" in found.message
