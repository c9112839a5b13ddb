"""`orderpath key …` as a person types it."""

from base64 import b64decode
from pathlib import Path

from tests.support.command_line import Here

ITEM = ("--item", "TEA:1:9.90", "--currency", "EUR")


def folder_of(environment: dict[str, str]) -> Path:
    return Path(environment["ORDERPATH_DATA_DIR"])


def test_keys_are_listed_rotated_and_retired(environment: dict[str, str]) -> None:
    line = Here(environment | {"ORDERPATH_MASTER_KEY": ""})
    assert "No key of personal data" in line.run("key", "list").out
    line.run("order", "place", *ITEM, "--name", "Anna", "--phone", "+7 900 000-00-00")
    (first,) = line.run("key", "list", "--json").json["keys"]
    assert (first["is_current"], first["is_here"]) == (True, True)

    rotated = line.run("key", "rotate", "--json")
    listed = line.run("key", "list")
    used = line.run("key", "retire", rotated.json["current"])
    retired = line.run("key", "retire", first["master_id"], "--json")

    assert rotated.code == 0, rotated.err
    assert [word in listed.out for word in (first["master_id"], "current")] == [True, True]
    assert (used.code, "is in use" in used.err) == (1, True)
    assert retired.json == {"retired": first["master_id"], "removed": True}
    (anna,) = line.run("customer", "find", "+79000000000", "--json").json["customers"]
    assert anna["name"] == "Anna"
    assert first["master_id"] not in (folder_of(environment) / "master.keys").read_text()


def test_a_key_is_drawn_and_kept_nowhere(environment: dict[str, str]) -> None:
    line = Here(environment)
    one, other = (line.run("key", "draw").out.strip() for _ in range(2))

    assert one != other
    assert len(b64decode(one)) == 32
    assert not folder_of(environment).exists()


def test_a_lost_master_key_ends_a_command_as_what_is_missing(environment: dict[str, str]) -> None:
    line = Here(environment | {"ORDERPATH_MASTER_KEY": ""})
    line.run("order", "place", *ITEM, "--name", "Anna", "--phone", "+7 900 000-00-00")
    (folder_of(environment) / "master.keys").unlink()

    said = line.run("customer", "show", "+79000000000")

    assert (said.code, "master key" in said.err) == (3, True), said.err
    assert line.run("report", "funnel").code == 0


def test_a_spoiled_setting_is_an_error_of_usage_and_not_repeated(
    environment: dict[str, str],
) -> None:
    said = Here(environment | {"ORDERPATH_MASTER_KEY": "c2VjcmV0"}).run("status")

    assert (said.code, "c2VjcmV0" in said.err) == (2, False)
    assert "ORDERPATH_MASTER_KEY" in said.err
