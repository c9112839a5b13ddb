"""Keys of personal data stand in the database wrapped; without the master key nothing opens, and
nothing reads as if it had been erased."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from domain.orders import events as e
from domain.refusals import InfraError
from infra.event_log import EventLog, open_log
from infra.key_rotation import is_wrapped, wrap_plain_keys
from infra.master_keys import GivenMasterKeys, MasterKeyFile, draw_master_key
from infra.postgres import connect
from infra.sealing import SubjectKey
from infra.vault import Vault
from services.bootstrap import Settings, open_system
from services.states import StateCache
from tests.support.damaged import damage_key
from tests.support.loads import note, open_pipeline, place, publish
from tests.support.waiting import wait_for


def fill(url: str) -> str:
    """Place an order and write a note; give its stream."""
    order_id = uuid4()
    with open_pipeline(url) as pipeline:
        for command in (publish(), place(order_id, customer=None), note(order_id, "Ring twice")):
            assert pipeline.execute(command).kind in ("accepted", "nothing")
    return f"order-{order_id}"


def note_of(log: EventLog, stream: str) -> str:
    event = log.load({stream: 0})[stream][-1].event
    assert isinstance(event, e.NoteAdded)
    return event.text


def keys_of(owner: psycopg.Connection[Any]) -> dict[Any, bytes]:
    return dict(owner.execute("select key_id, key from log.keys").fetchall())


def make_plain(owner: psycopg.Connection[Any], log: EventLog) -> None:
    """Set the table back to what it was before there were master keys."""
    rows = owner.execute("select key_id, subject_id, key from log.keys").fetchall()
    owner.execute("alter table log.keys drop constraint keys_wrapped")
    owner.execute("alter table log.keys disable trigger current_master")
    for key_id, subject_id, key in rows:
        plain = log.vault.open(key_id, subject_id, key)
        owner.execute("update log.keys set key = %s where key_id = %s", (plain, key_id))
    owner.execute("alter table log.keys enable trigger current_master")
    owner.execute(
        "alter table log.keys add constraint keys_wrapped check ("
        " key is null or octet_length(key) = 69 and get_byte(key, 0) = 1) not valid"
    )
    owner.execute("delete from log.master_keys")


def wrap_one(owner: psycopg.Connection[Any], vault: Vault) -> None:
    """Do what a wrapping does that is killed behind its first key."""
    row = owner.execute("select key_id, subject_id, key from log.keys limit 1").fetchone()
    assert row is not None
    key = SubjectKey(*row)
    owner.execute("update log.keys set key = %s where key_id = %s", (vault.wrap(key), key.key_id))


def test_no_key_stands_in_the_database_as_it_is(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    fill(database_url)
    rows = owner.execute("select key_id, subject_id, key from log.keys").fetchall()

    assert rows
    for key_id, subject_id, stored in rows:
        opened = log.vault.open(key_id, subject_id, stored)
        assert opened is not None
        assert opened not in stored
        assert (len(opened), len(stored)) == (32, 69)


def test_a_key_in_clear_is_taken_from_nobody(
    database_url: str, owner: psycopg.Connection[Any]
) -> None:
    fill(database_url)
    with connect(database_url, role="orderpath_writer") as session:
        for key in (bytes(32), bytes(69), b"\x01" + bytes(68)):
            with pytest.raises(psycopg.Error, match=r"keys_wrapped|not the current one"):
                session.execute("select ops.keep_key(%s, 'c-7', %s)", (uuid4(), key))


def test_a_wrapped_key_opens_in_its_own_row_only(
    database_url: str, owner: psycopg.Connection[Any]
) -> None:
    stream = fill(database_url)
    another = fill(database_url)
    owner.execute("update log.keys set key = (select key from log.keys order by key_id limit 1)")

    with closing(open_log(database_url)) as log, pytest.raises(InfraError) as error:
        log.load({stream: 0, another: 0})

    assert error.value.code == "key_unreadable"


def test_a_damaged_key_is_damage_of_the_stream_that_it_sealed(database_url: str) -> None:
    """Whoever works on many leaves that stream aside, and goes on with the others."""
    order_id, whole = uuid4(), fill(database_url)
    anna = e.Customer(customer_id="c-7", name="Anna")
    with open_pipeline(database_url) as pipeline:
        assert pipeline.execute(place(order_id, customer=anna)).kind == "accepted"
    damage_key(database_url, "c-7")

    with closing(open_log(database_url)) as log, pytest.raises(InfraError) as error:
        log.load({f"order-{order_id}": 0, whole: 0})

    assert (error.value.code, error.value.stream_id) == ("key_unreadable", f"order-{order_id}")
    assert "log.keys" in str(error.value)


def test_a_snapshot_whose_key_is_damaged_is_passed_over(database_url: str) -> None:
    """The events tell the rest: of what that key did not seal as of what it did."""
    stream = fill(database_url)
    with closing(open_log(database_url)) as log:
        (state,) = StateCache(1).fetch(log, [stream], fresh=True).values()
        log.keep_states({stream: state}, log.erasures)
        assert log.load_states([stream])
    damage_key(database_url, stream)

    with closing(open_log(database_url)) as log:
        assert log.load_states([stream]) == {}


def test_another_master_key_is_named_as_the_wrong_one_and_nothing_reads_erased(
    database_url: str, log: EventLog
) -> None:
    stream = fill(database_url)
    wanted = log.vault.current().master_id
    other = Vault(database_url, GivenMasterKeys(str(draw_master_key())))

    with closing(open_log(database_url, vault=other)) as closed:
        with pytest.raises(InfraError, match=f"master key {wanted} is wanted") as reading:
            closed.load({stream: 0})
        with pytest.raises(InfraError) as writing:
            other.current()

    assert (reading.value.code, writing.value.code) == ("master_key_missing", "master_key_missing")
    assert "ORDERPATH_MASTER_KEY" in str(reading.value)
    assert note_of(log, stream) == "Ring twice"


def test_a_lost_file_is_never_made_anew_over_keys_that_it_wrapped(
    database_url: str, tmp_path: Path
) -> None:
    file = MasterKeyFile(tmp_path / "master.keys", may_be_made=True)
    first = Vault(database_url, file).current()
    copy = file.path.read_text()
    file.path.unlink()

    with pytest.raises(InfraError, match=f"{first.master_id} is wanted") as error:
        Vault(database_url, file).current()

    assert error.value.code == "master_key_missing"
    file.path.write_text(copy)
    assert Vault(database_url, file).current() == first


def test_the_first_start_makes_a_file_in_the_data_folder_for_its_owner_only(
    database_url: str, tmp_path: Path
) -> None:
    chosen = Settings(
        database_url=database_url, data_dir=tmp_path, master_key=SecretStr(""), phone_region="DE"
    )
    with open_system(chosen) as system:
        system.execute(publish())
        system.execute(place(reason="because"))

    assert (tmp_path / "master.keys").stat().st_mode & 0o777 == 0o600


def test_of_two_machines_that_start_at_once_one_has_the_master_key(
    database_url: str, tmp_path: Path
) -> None:
    """The other one is told what to do, and has made nothing that would have to be undone."""
    one = Vault(database_url, MasterKeyFile(tmp_path / "one", may_be_made=True))
    other = Vault(database_url, MasterKeyFile(tmp_path / "other", may_be_made=True))
    first = one.current()

    with pytest.raises(InfraError, match=first.master_id):
        other.current()


def test_a_kill_between_the_file_and_its_first_use_is_no_harm(
    database_url: str, tmp_path: Path
) -> None:
    file = MasterKeyFile(tmp_path / "master.keys", may_be_made=True)
    made = file.make_first()

    assert Vault(database_url, file).current() == made


def test_keys_from_before_are_wrapped_at_the_first_start_and_open_afterwards(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    stream = fill(database_url)
    make_plain(owner, log)
    plain = set(keys_of(owner).values())
    assert not is_wrapped(database_url)

    with open_system(Settings(database_url=database_url)) as system:
        read = note_of(system.log, stream)

    assert read == "Ring twice"
    assert is_wrapped(database_url)
    assert not plain & set(keys_of(owner).values())


def test_nothing_of_a_key_in_clear_is_left_in_the_pages_of_the_table(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    """An update leaves the old row where it was: the table is rewritten."""
    fill(database_url)
    make_plain(owner, log)
    plain = set(keys_of(owner).values())

    wrap_plain_keys(database_url, Vault(database_url))

    owner.execute("checkpoint")
    (pages,) = owner.execute(
        "select pg_read_binary_file(pg_relation_filepath('log.keys'))"
    ).fetchone() or (b"",)
    assert [key for key in plain if bytes(key) in bytes(pages)] == []


@pytest.mark.parametrize(
    ("database", "holding"),
    [
        ({}, "select count(*) from log.events"),
        ({"dbname": "postgres"}, "select pg_current_xact_id()"),
    ],
    ids=["a reader", "a writer in another database of the server"],
)
def test_who_sees_the_keys_as_they_were_is_waited_for(
    database_url: str,
    owner: psycopg.Connection[Any],
    log: EventLog,
    database: dict[str, str],
    holding: LiteralString,
) -> None:
    """A transaction that is open would have the old rows kept in the table that is rewritten."""
    fill(database_url)
    make_plain(owner, log)
    plain = set(keys_of(owner).values())
    with (
        psycopg.connect(make_conninfo(database_url, **database)) as other,
        ThreadPoolExecutor(1) as thread,
    ):
        other.execute("set transaction isolation level repeatable read")
        other.execute(holding)
        wrapping = thread.submit(wrap_plain_keys, database_url, Vault(database_url))
        wait_for(lambda: is_rewrapped(owner), "keys stay in clear")
        assert not wrapping.done()
        other.execute("commit")
        assert wrapping.result() > 0

    owner.execute("checkpoint")
    (pages,) = owner.execute(
        "select pg_read_binary_file(pg_relation_filepath('log.keys'))"
    ).fetchone() or (b"",)
    assert [key for key in plain if bytes(key) in bytes(pages)] == []


def is_rewrapped(owner: psycopg.Connection[Any]) -> bool:
    return {len(key) for key in keys_of(owner).values()} == {69}


def test_a_wrapping_that_was_killed_goes_on(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    """Between two batches some keys are wrapped and some are not; what is done stays done."""
    streams = [fill(database_url) for _ in range(3)]
    make_plain(owner, log)
    vault = Vault(database_url)
    vault.current()
    wrap_one(owner, vault)
    wrapped_first = keys_of(owner)
    assert {len(key) for key in wrapped_first.values()} == {32, 69}

    wrap_plain_keys(database_url, Vault(database_url))

    after = keys_of(owner)
    assert {len(key) for key in after.values()} == {69}
    assert [k for k, v in wrapped_first.items() if len(v) == 69 and after[k] != v] == []
    with closing(open_log(database_url)) as opened:
        assert [note_of(opened, stream) for stream in streams] == ["Ring twice"] * 3


def test_only_the_owner_wraps_what_stands_in_clear(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    fill(database_url)
    make_plain(owner, log)
    users = database_url.replace("postgres@", "orderpath_writer@", 1)

    with pytest.raises(InfraError) as error:
        wrap_plain_keys(users, Vault(database_url))

    assert error.value.code == "not_the_owner"
    assert {len(key) for key in keys_of(owner).values()} == {32}
