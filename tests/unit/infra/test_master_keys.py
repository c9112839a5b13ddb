"""Master keys: read from a text or a file, which is made once, changed whole, and read by nobody
else."""

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.refusals import InfraError
from infra.master_keys import (
    GivenMasterKeys,
    MasterKey,
    MasterKeyFile,
    draw_master_key,
    master_key_source,
    parse_master_keys,
)

ONE, OTHER = MasterKey(bytes(32)), MasterKey(bytes(range(32)))


def file_in(folder: Path) -> MasterKeyFile:
    return MasterKeyFile(folder / "master.keys", may_be_made=True)


def test_an_id_follows_from_its_key_for_ever() -> None:
    assert (ONE.master_id, OTHER.master_id) == ("f28893970aff2989", "774447cb65ce1cc0")


def test_keys_stand_in_any_lines_with_commas_or_space_between_and_remarks_behind() -> None:
    text = f"# ours\n{ONE}  # the old one\n\n{OTHER}, {ONE}"

    assert parse_master_keys(text) == [ONE, OTHER]
    assert parse_master_keys("") == []


SHORT = b64encode(bytes(31)).decode()


@pytest.mark.parametrize("text", ["short", SHORT, "§" * 44, f"{ONE}{OTHER}"])
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="key 2 is not 32 bytes in base64") as error:
        parse_master_keys(f"{ONE} {text}")

    assert text not in str(error.value)


def test_a_key_is_shown_by_its_id_where_somebody_looks_at_it() -> None:
    assert str(ONE) not in repr([ONE])


def test_the_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = file_in(tmp_path / "new folder")

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: file_in(file.path.parent).make_first(), range(8)))

    assert len(made) == 1
    assert list(file.read()) == list(made)
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_keys_are_added_behind_and_taken_out_again(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    first = file.make_first()
    assert first is not None

    second = file.add()
    assert list(file.read()) == [first, second]
    assert file.remove(first.master_id)

    assert list(file.read()) == [second]
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_a_kill_while_the_file_is_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    first = file.make_first()
    file.path.with_name("master.keys.unfinished").write_text("half of a k")

    assert list(file.read()) == [first]
    assert file.add() in file.read()


def test_a_file_that_somebody_named_is_not_made(tmp_path: Path) -> None:
    named = master_key_source("", tmp_path / "typing-error.keys", tmp_path)

    assert named.read() == []
    assert named.make_first() is None
    assert not (tmp_path / "typing-error.keys").exists()


def test_a_spoiled_file_is_named_and_its_content_is_not(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.path.write_text("secret-but-spoiled")

    with pytest.raises(InfraError, match="key 1 is not 32 bytes") as error:
        file.read()

    assert (error.value.code, str(file.path) in str(error.value)) == ("master_key_unreadable", True)
    assert "secret" not in str(error.value)


def test_the_setting_stands_above_the_folder(tmp_path: Path) -> None:
    given = master_key_source(f"{OTHER} {ONE}", None, tmp_path)

    assert isinstance(given, GivenMasterKeys)
    assert given.read() == [OTHER, ONE]
    assert (given.make_first(), given.add(), given.remove(ONE.master_id)) == (None, None, False)


def test_keys_are_drawn_by_chance() -> None:
    assert len({draw_master_key() for _ in range(100)}) == 100
