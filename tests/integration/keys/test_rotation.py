"""Another master key wraps all keys: writers go on, a kill is no harm, the old key can go."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from domain.orders import events as e
from domain.refusals import InfraError, Refusal
from infra.event_log import EventLog, open_log
from infra.key_rotation import KeyRotation
from infra.master_keys import GivenMasterKeys, MasterKeyFile, draw_master_key
from infra.postgres import Session, connect
from infra.vault import Vault
from services.pipeline import Pipeline
from tests.support.loads import note, now, place, publish


@pytest.fixture
def file(tmp_path: Path) -> MasterKeyFile:
    """The master keys of a shop, which every process of it reads."""
    return MasterKeyFile(tmp_path / "master.keys", may_be_made=True)


@pytest.fixture
def shop(database_url: str, file: MasterKeyFile) -> Iterator[Pipeline]:
    """A writer that runs all the while."""
    with (
        closing(open_log(database_url, vault=Vault(database_url, file))) as log,
        Pipeline(log, now) as pipeline,
    ):
        assert pipeline.execute(publish()).kind == "accepted"
        yield pipeline


@pytest.fixture
def rotation(database_url: str, file: MasterKeyFile) -> Iterator[KeyRotation]:
    with closing(Session(database_url, role="orderpath_writer")) as session:
        yield KeyRotation(session, Vault(database_url, file))


def order(shop: Pipeline, text: str) -> str:
    """Place an order with a note; give its stream."""
    order_id = uuid4()
    for command in (place(order_id, customer=None), note(order_id, text)):
        assert shop.execute(command).kind == "accepted"
    return f"order-{order_id}"


def texts(log: EventLog, streams: list[str]) -> list[str]:
    events = [log.load({stream: 0})[stream][-1].event for stream in streams]
    return [event.text for event in events if isinstance(event, e.NoteAdded)]


def opened(url: str, file: MasterKeyFile, streams: list[str]) -> list[str]:
    with closing(open_log(url, vault=Vault(url, file))) as log:
        return texts(log, streams)


def test_all_keys_are_wrapped_by_the_new_one_and_open_as_before(
    database_url: str, shop: Pipeline, file: MasterKeyFile, rotation: KeyRotation
) -> None:
    streams = [order(shop, f"note {number}") for number in range(5)]
    (before,) = rotation.list()
    told: list[tuple[int, int]] = []

    current = rotation.rotate(lambda done, total: told.append((done, total)))

    old, new = rotation.list()
    assert (old.master_id, old.is_current, old.keys) == (before.master_id, False, 0)
    assert (new.master_id, new.is_current, new.keys) == (current, True, before.keys)
    assert [key.master_id for key in file.read()] == [old.master_id, current]
    assert told == [(0, before.keys), (before.keys, before.keys)]
    assert opened(database_url, file, streams) == [f"note {number}" for number in range(5)]


def test_a_running_writer_goes_on_and_wraps_with_the_new_one_from_then_on(
    database_url: str, shop: Pipeline, file: MasterKeyFile, rotation: KeyRotation
) -> None:
    first = order(shop, "before")
    current = rotation.rotate()

    second = order(shop, "after")

    assert opened(database_url, file, [first, second]) == ["before", "after"]
    assert {one.master_id for one in rotation.list() if one.keys} == {current}


def test_the_database_takes_no_key_that_an_earlier_one_wrapped(
    database_url: str, shop: Pipeline, file: MasterKeyFile, rotation: KeyRotation
) -> None:
    """So nothing is left behind when all are wrapped, however long a writer was frozen."""
    order(shop, "before")
    with connect(database_url) as session:
        (old,) = session.execute("select key from log.keys limit 1").fetchone() or (b"",)
    rotation.rotate()

    with (
        connect(database_url, role="orderpath_writer") as session,
        pytest.raises(psycopg.Error, match="not the current one"),
    ):
        session.execute("select ops.keep_key(%s, 'c-7', %s)", (uuid4(), old))


def test_a_rotation_that_was_killed_is_finished_by_the_next_one(
    database_url: str, shop: Pipeline, file: MasterKeyFile, rotation: KeyRotation
) -> None:
    streams = [order(shop, f"note {number}") for number in range(3)]
    begun = rotation._begin(rotation.list()[0].master_id)
    other = order(shop, "meanwhile")  # Some are wrapped by the one, some by the other.
    assert sorted(one.keys > 0 for one in rotation.list()) == [True, True]
    assert opened(database_url, file, [*streams, other])[-1] == "meanwhile"

    assert rotation.rotate() == begun

    assert [one.master_id for one in rotation.list() if one.keys] == [begun]
    assert len(file.read()) == 2
    assert opened(database_url, file, streams) == ["note 0", "note 1", "note 2"]


def test_a_kill_between_the_file_and_the_database_leaves_a_key_for_the_next_one(
    shop: Pipeline, file: MasterKeyFile, rotation: KeyRotation
) -> None:
    order(shop, "x")
    made = file.add()
    assert made is not None

    assert rotation.rotate() == made.master_id
    assert len(file.read()) == 2


def test_two_who_rotate_at_once_end_with_one_key(
    database_url: str, shop: Pipeline, file: MasterKeyFile, rotation: KeyRotation
) -> None:
    stream = order(shop, "x")
    (before,) = rotation.list()
    candidates = [rotation._candidate(before.master_id)]
    file.add()

    with connect(database_url, role="orderpath_writer") as session:
        for candidate in (*candidates, file.read()[-1].master_id):
            found = session.execute(
                "select log.use_master_key(%s, %s)", (candidate, before.master_id)
            ).fetchone()
            assert found == (candidates[0],)  # The second one finds the first one's.
    rotation.rotate()

    assert [one.master_id for one in rotation.list() if one.is_current] == candidates
    assert opened(database_url, file, [stream]) == ["x"]


def test_an_old_key_goes_once_it_wraps_nothing(
    database_url: str, shop: Pipeline, file: MasterKeyFile, rotation: KeyRotation
) -> None:
    stream = order(shop, "x")
    (old,) = rotation.list()
    with pytest.raises(Refusal) as refused:
        rotation.retire(old.master_id)
    assert refused.value.unmet[0].code == "master_key_in_use"

    current = rotation.rotate()
    assert rotation.retire(old.master_id)

    assert [key.master_id for key in file.read()] == [current]
    assert opened(database_url, file, [stream]) == ["x"]
    assert rotation.list()[0].retired_at is not None
    with pytest.raises(Refusal, match="no such master key"):
        rotation.retire("0" * 16)


def test_where_people_give_the_keys_they_give_the_new_one_in_front(
    database_url: str, shop: Pipeline, file: MasterKeyFile
) -> None:
    stream = order(shop, "x")
    (old,) = file.read()
    new = draw_master_key()
    with closing(Session(database_url, role="orderpath_writer")) as session:
        without = KeyRotation(session, Vault(database_url, GivenMasterKeys(str(old))))
        with pytest.raises(Refusal) as refused:
            without.rotate()
        both = Vault(database_url, GivenMasterKeys(f"{new} {old}"))
        assert KeyRotation(session, both).rotate() == new.master_id

    assert refused.value.unmet[0].code == "master_key_not_new"
    alone = Vault(database_url, GivenMasterKeys(str(new)))
    with closing(open_log(database_url, vault=alone)) as log:
        assert texts(log, [stream]) == ["x"]


def test_a_writer_that_was_not_given_the_new_one_says_so(
    database_url: str, shop: Pipeline, file: MasterKeyFile, rotation: KeyRotation
) -> None:
    order(shop, "x")
    (old,) = file.read()
    rotation.rotate()

    vault = Vault(database_url, GivenMasterKeys(str(old)))
    with (
        closing(open_log(database_url, vault=vault)) as log,
        Pipeline(log, now) as late,
        pytest.raises(InfraError) as error,
    ):
        late.execute(place(customer=None, reason="because"))

    assert error.value.code == "master_key_missing"
