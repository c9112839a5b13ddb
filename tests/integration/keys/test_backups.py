"""A backup of the log without its keys opens nothing, and is a log like any other."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from psycopg import sql

from domain.customers import commands as k
from domain.orders import events as e
from domain.refusals import CommandIdReused, InfraError
from infra.embedded import postgres_binary
from infra.postgres import connect, ensure_database
from services.bootstrap import Settings, System, open_system, raise_epoch
from tests.support.examples import actor
from tests.support.loads import note, place, publish
from tests.support.postgres import database_at

KEYS: Final = "log.keys"
ANNA: Final = {"name": "Anna Ivanova", "phone": "+7 900 000-00-00"}


@pytest.fixture
def elsewhere(postgres_server: str) -> Iterator[str]:
    """An empty database to restore into."""
    name = f"restored_{uuid4().hex}"
    url = database_at(postgres_server, name)
    ensure_database(url)
    yield url
    with connect(postgres_server) as session:
        session.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def opened(url: str, folder: Path) -> Any:
    return open_system(Settings(database_url=url, data_dir=folder))


def restore(url: str, elsewhere: str, *options: str) -> None:
    """Do what docs/database.md says."""
    dump = subprocess.run(
        [postgres_binary("pg_dump"), *options, url], check=True, capture_output=True
    ).stdout
    told = ["--quiet", "--set=ON_ERROR_STOP=1", "--file=-", elsewhere]
    subprocess.run([postgres_binary("psql"), *told], check=True, input=dump, capture_output=True)


def fill(system: System) -> UUID:
    order_id = uuid4()
    told = place(order_id, customer=e.Customer(**ANNA))
    for command in (publish(), told, note(order_id, "Ring twice")):
        assert system.execute(command).kind == "accepted"
    return order_id


def told_of(system: System, order_id: UUID) -> tuple[Any, Any]:
    stream = f"order-{order_id}"
    placed, noted = (one.event for one in system.log.load({stream: 0})[stream][:2])
    return placed.customer.name, noted.text  # type: ignore[attr-defined]


def test_a_log_without_its_keys_is_restored_reads_sealed_and_goes_on(
    database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    with opened(database_url, tmp_path) as system:
        order_id = fill(system)
        earlier = note(order_id, "Ring once")
        assert system.execute(earlier).kind == "accepted"
        end = system.log.head().position
    restore(database_url, elsewhere, "--exclude-table-data=log.keys")
    raise_epoch(elsewhere)

    with opened(elsewhere, tmp_path) as restored:
        restored.catch_up()
        assert told_of(restored, order_id) == ("[sealed]", "[sealed]")
        assert restored.execute(new := note(order_id, "New")).kind == "accepted"
        assert restored.execute(new).repeated
        with pytest.raises(CommandIdReused):  # Nobody can tell whether it is the same.
            restored.execute(earlier)
        assert restored.log.head().position == end + 1
        assert restored.log.read(0, end)[-1].position == end
        with pytest.raises(InfraError) as error:
            restored.execute(place(customer=e.Customer(**ANNA)))
    assert error.value.code == "contact_secret_missing"


def test_keys_that_are_brought_back_open_it_but_for_who_was_erased_meanwhile(
    database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.copy"
    with opened(database_url, tmp_path) as system:
        order_id, other = fill(system), uuid4()
        system.execute(place(other, customer=e.Customer(customer_id="c-8", name="Boris")))
        his = note(other, "His")
        system.execute(his)
        with connect(database_url) as owner, owner.cursor().copy(f"copy {KEYS} to stdout") as out:
            keys.write_bytes(b"".join(map(bytes, out)))
        system.catch_up()
        customer = system.customer_ids(ANNA["phone"], None) or ""
        erase = k.EraseCustomer(
            command_id=uuid4(), actor=actor(), customer_id=customer, reason_code="asked"
        )
        assert system.execute(erase).kind == "accepted"
    restore(database_url, elsewhere, "--exclude-table-data=log.keys")
    with opened(elsewhere, tmp_path) as without:
        assert without.execute(note(other, "Meanwhile")).kind == "accepted"

    with connect(elsewhere) as owner, owner.cursor().copy(f"copy {KEYS} from stdin") as into:
        into.write(keys.read_bytes())
    raise_epoch(elsewhere)

    with opened(elsewhere, tmp_path) as restored:
        assert told_of(restored, order_id) == ("[erased]", "[erased]")
        assert told_of(restored, other) == ("Boris", "His")
        assert restored.execute(his).repeated
