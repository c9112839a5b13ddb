"""Private keys lie in files of their owner's alone; the old one announces the new one."""

import pytest

from domain.refusals import InfraError, Unusable
from services.audit.key_rotation import list_keys, rotate_key
from tests.integration.audit.sealed import SealedShop


def test_a_private_key_is_for_its_owner_s_eyes_only_and_never_in_the_database(
    sealed: SealedShop,
) -> None:
    folder = sealed.system.seal_keys.folder
    (file,) = folder.iterdir()

    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stem == sealed.system.audit.known_keys()[0].key_id


def test_after_a_rotation_the_new_key_seals_and_every_head_is_still_ours(
    sealed: SealedShop,
) -> None:
    sealer = sealed.system.sealer()
    old = sealed.system.audit.known_keys()[0]

    new = rotate_key(sealed.system)
    sealed.act(3)
    sealer.catch_up()

    last = sealed.system.audit.last_head()
    assert last is not None
    assert last.head.key_id == new.key_id != old.key_id
    assert [file.stem for file in sealed.system.seal_keys.folder.iterdir()] == [new.key_id]
    told = [
        (one["announced"], one["seals"], one["private_here"]) for one in list_keys(sealed.system)
    ]
    assert told == [(None, False, False), (True, True, True)]
    report = sealed.verify(witness=sealed.witness)
    assert report.findings == ()
    assert sealed.verify(trusted=(old.key_id,)).is_intact
    assert sealed.found(trusted=(new.key_id[::-1],)) == [("key_unknown", None, None)]


def test_a_head_by_a_key_that_was_replaced_is_not_added(sealed: SealedShop) -> None:
    """Who has kept the old private key seals nothing with it."""
    sealed.act(1)
    last = sealed.system.audit.last_head()
    assert last is not None
    rotate_key(sealed.system)
    with sealed.system.seal_store.sealing() as sealing:
        assert sealing is not None
        assert not sealing.add_head(sealed.next_of(last), ())


def test_a_lost_key_is_said_so_and_the_check_says_that_nobody_vouches_for_the_next(
    sealed: SealedShop,
) -> None:
    for file in sealed.system.seal_keys.folder.iterdir():
        file.unlink()
    with sealed.reopened() as again:
        again.act(1)
        with pytest.raises(InfraError, match="--lost") as told:
            again.seal()
        assert told.value.code == "seal_key_missing"
        with pytest.raises(InfraError, match="--lost"):
            rotate_key(again.system)
        assert list(again.system.seal_keys.folder.iterdir()) == []

        new = rotate_key(again.system, lost=True)
        again.seal()

        assert again.found() == [("key_unannounced", None, None)]
        first = again.system.audit.known_keys()[0].key_id
        assert again.verify(trusted=(first, new.key_id)).is_intact


def test_an_announcement_that_was_changed_is_found(sealed: SealedShop) -> None:
    rotate_key(sealed.system)
    sealed.act(1)
    sealed.seal()
    for change in (
        "update audit.keys set signature = sha512('x') where number = 2",
        "update audit.keys set added_at = now() where number = 2",
        "update audit.keys set signature = null where number = 2",
    ):
        with sealed.undone("audit.keys"):
            sealed.meddle(change)

            assert sealed.found() == [("key_unannounced", None, None)], change


def test_a_key_of_a_sealer_that_died_before_its_head_is_taken_by_the_next(
    shop: SealedShop,
) -> None:
    made = shop.system.seal_keys.make()

    shop.seal()

    assert [key.public_key for key in shop.system.audit.known_keys()] == [made]
    assert shop.verify().is_intact


def test_a_file_that_a_rotation_left_behind_signs_nothing(sealed: SealedShop) -> None:
    """It died before the new key was added."""
    left = sealed.system.seal_keys.make()

    new = rotate_key(sealed.system)
    sealed.act(1)
    sealed.seal()

    assert new.public_key != left
    assert sealed.verify(witness=sealed.witness).is_intact


def test_before_the_first_head_there_is_no_key_to_replace(shop: SealedShop) -> None:
    with pytest.raises(Unusable, match="first head makes one"):
        rotate_key(shop.system)


def test_a_key_that_is_none_is_named(sealed: SealedShop) -> None:
    (file,) = sealed.system.seal_keys.folder.iterdir()
    file.write_text("nothing of the kind")
    with sealed.reopened() as again:
        again.act(1)
        with pytest.raises(InfraError, match="no key that can be read") as told:
            again.seal()
    assert told.value.code == "seal_key_unusable"
