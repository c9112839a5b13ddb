"""A customer is erased while others work: nothing readable is left once the last of them ends, and
nothing that was destroyed comes back.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event as Signal
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.customers.commands import ChangeContact, CreateCustomer, EraseCustomer
from domain.effects.channels import Outgoing
from domain.orders.events import Customer
from domain.templates.line import PublishTemplate
from infra.key_rotation import KeyRotation
from infra.master_keys import MasterKeyFile
from infra.postgres import Session, connect
from infra.sealing import SubjectKey
from infra.vault import Vault
from services.bootstrap import Settings, System, open_system
from services.erasing import erase_customer
from services.mailings import mail_to
from tests.support.dying_erasers import write_about
from tests.support.leftovers import MARK, PHONE, assert_nothing_left
from tests.support.loads import EVERYBODY, note, place, publish
from tests.support.mailings import SALE, mailing_of, settings_of
from tests.support.senders import MAIL
from tests.support.waiting import ROOM_SECONDS, wait_for

ANNA: Final = "c-7"


def order(system: System) -> UUID:
    """Let her order, and write about it on the order and beside it."""
    order_id = uuid4()
    customer = Customer(customer_id=ANNA, name=f"Anna {MARK}", phone=PHONE)
    for command in (place(order_id, customer=customer), note(order_id, f"Rings {MARK}")):
        assert system.execute(command).kind == "accepted"
    write_about(system.execute, order_id, f"Called {MARK}")
    return order_id


def erase(system: System) -> str:
    command = EraseCustomer(
        command_id=uuid4(), actor=EVERYBODY, customer_id=ANNA, reason_code="customer_asked"
    )
    return erase_customer(system, command).kind


def keys_of(owner: psycopg.Connection[Any], subject: str = ANNA) -> list[Any]:
    """Give the rows of her keys, as log.keys has them."""
    found = owner.execute(
        "select key_id, subject_id, key from log.keys where subject_id = %s", (subject,)
    )
    return found.fetchall()


def test_d4_erased_by_several_at_once_she_is_erased_whole(
    system: System, database_url: str, data_dir: Path
) -> None:
    for _ in range(3):
        order(system)

    def erase_as_another_program() -> str:
        with closing(system.another()) as other:
            return erase(other)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(erase_as_another_program) for _ in range(4)]
        kinds = {one.result() for one in asked}

    assert "accepted" in kinds <= {"accepted", "nothing"}
    assert_nothing_left(database_url, data_dir)
    assert erase(system) == "nothing"


def test_d4_erased_while_she_orders_and_once_more_when_that_is_over(
    system: System, database_url: str, data_dir: Path
) -> None:
    order(system)
    stop = Signal()

    def go_on_ordering() -> int:
        with closing(system.another()) as other:
            done = 0
            while not stop.is_set():
                order(other)
                done += 1
            return done

    with ThreadPoolExecutor(2) as pool:
        ordering = [pool.submit(go_on_ordering) for _ in range(2)]
        kinds = [erase(system) for _ in range(3)]
        stop.set()
        assert sum(one.result() for one in ordering) > 0

    assert "accepted" in kinds
    erase(system)
    assert_nothing_left(database_url, data_dir)
    assert erase(system) == "nothing"


def test_d4_erased_while_tables_are_rebuilt(
    system: System, database_url: str, data_dir: Path
) -> None:
    """What belongs to her is found in whichever tables are shown."""
    system.catch_up()
    stop = Signal()

    def go_on_rebuilding() -> int:
        with closing(system.another()) as other:
            done = 0
            while not stop.is_set():
                for name in ("tasks", "orders", "effects"):
                    other.read_models.rebuild(name)
                    done += 1
            return done

    with ThreadPoolExecutor(1) as pool:
        rebuilding = pool.submit(go_on_rebuilding)
        try:
            for _ in range(5):
                order(system)
                assert erase(system) == "accepted"
                assert erase(system) == "nothing"
        finally:
            stop.set()
        assert rebuilding.result() > 0

    assert_nothing_left(database_url, data_dir)
    assert system.read_models.verify("tasks").differing == ()


def rewrapped(rotation_vault: Vault, row: Any) -> dict[str, str]:
    """Wrap a key anew, as a rotation does that has read it."""
    key_id, subject, stored = row
    opened = rotation_vault.open(key_id, subject, bytes(stored))
    assert opened is not None
    anew = rotation_vault.wrap(SubjectKey(key_id, subject, opened))
    return {"key_id": str(key_id), "old": bytes(stored).hex(), "new": anew.hex()}


REWRAP: Final = "select log.rewrap(%s::json)"


def test_d4_a_rotation_that_has_read_a_key_does_not_bring_it_back(
    system: System, owner: psycopg.Connection[Any], database_url: str, data_dir: Path
) -> None:
    order(system)
    system.catch_up()
    read = [psycopg.types.json.Json([rewrapped(system.vault, row)]) for row in keys_of(owner)]
    assert read

    assert erase(system) == "accepted"
    with connect(database_url, role="orderpath_writer") as session:
        assert [session.execute(REWRAP, (one,)).fetchone() for one in read] == [(0,)] * len(read)

    assert_nothing_left(database_url, data_dir)


def test_d4_an_erasing_waits_for_the_batch_of_a_rotation_and_destroys_what_it_wrapped(
    system: System, owner: psycopg.Connection[Any], database_url: str, data_dir: Path
) -> None:
    order(system)
    system.catch_up()
    read = psycopg.types.json.Json([rewrapped(system.vault, row) for row in keys_of(owner)])
    with connect(database_url, role="orderpath_writer") as session, ThreadPoolExecutor(1) as pool:
        with session.transaction():
            session.execute(REWRAP, (read,))
            erasing = pool.submit(erase, system)
            wait_for(lambda: _is_waiting(owner), "the erasing waits for the rows")
            assert not erasing.done()
        assert erasing.result() == "accepted"

    assert {key for _, _, key in keys_of(owner)} == {None}
    assert_nothing_left(database_url, data_dir)


def _is_waiting(owner: psycopg.Connection[Any]) -> bool:
    waits = "select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock'"
    return owner.execute(waits).fetchone() == (True,)


def test_d4_erased_while_master_keys_are_rotated_again_and_again(
    database_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORDERPATH_MASTER_KEY", raising=False)  # A file can be rotated.
    data_dir.mkdir()
    file = MasterKeyFile(data_dir / "master.keys", may_be_made=True)
    stop = Signal()

    def go_on_rotating() -> int:
        with closing(Session(database_url, role="orderpath_writer")) as session:
            rotation, done = KeyRotation(session, Vault(database_url, file)), 0
            while not stop.is_set() and done < 20:
                rotation.rotate()
                done += 1
            return done

    with open_system(Settings(database_url=database_url, data_dir=data_dir)) as system:
        assert system.execute(publish()).kind == "accepted"
        order(system)
        with ThreadPoolExecutor(1) as pool:
            rotating = pool.submit(go_on_rotating)
            try:
                for _ in range(4):
                    order(system)
                    assert erase(system) == "accepted"
            finally:
                stop.set()
            assert rotating.result() > 0
        assert erase(system) == "nothing"

    assert_nothing_left(database_url, data_dir)


@dataclass
class Gate:
    """A way out that holds the first message until it may go on, and keeps what went out."""

    holds: Signal = field(default_factory=Signal)
    goes_on: Signal = field(default_factory=Signal)
    went: list[Outgoing] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> str | None:
        self.went.append(outgoing)
        self.holds.set()
        assert self.goes_on.wait(ROOM_SECONDS)
        return f"<{outgoing.message_id}@shop.example>"


@pytest.fixture
def mailing_shop(database_url: str, data_dir: Path) -> Iterator[System]:
    """A shop that knows her and two others, with what is mailed to all of them."""
    who: dict[str, Any] = {"actor": EVERYBODY}
    with open_system(settings_of(database_url, data_dir, 1)) as system:
        system.execute(publish())
        order(system)
        for customer_id, name in ((ANNA, f"Anna {MARK}"), ("c-8", "Boris"), ("c-9", "Vera")):
            email = f"{name.split()[-1]}@example.org"
            told = {**who, "customer_id": customer_id, "email": email}
            system.execute(CreateCustomer(**told, command_id=uuid4(), name=name))
            system.execute(ChangeContact(**told, command_id=uuid4()))  # Her, orders made known.
        system.execute(PublishTemplate(**who, command_id=uuid4(), definition=SALE))
        system.catch_up()
        yield system


def test_d4_a_mailing_in_hand_tells_her_nothing_more_and_leaves_nothing_of_her(
    mailing_shop: System, database_url: str, data_dir: Path
) -> None:
    """Of three, hers is on its way when she is erased; the mailing is said again, and goes on."""
    system, gate = mailing_shop, Gate()
    customers = [ANNA, "c-8", "c-9"]
    mailing = mailing_of(system, reason=f"Like {MARK}")
    assert [one.kind for _, one in mail_to(system, mailing, customers[:1])] == ["accepted"]
    system.catch_up()
    sender = replace(system.sender(), gates={MAIL: gate})

    with ThreadPoolExecutor(1) as pool:
        sending: Future[int] = pool.submit(sender.send_due)
        assert gate.holds.wait(ROOM_SECONDS)
        with closing(system.another()) as other:
            assert erase(other) == "accepted"
        gate.goes_on.set()
        assert sending.result() == 1
    again = mailing_of(system, reason=f"Like {MARK}")
    told = {who: one.repeated for who, one in mail_to(system, again, customers[:1])}
    assert told == {ANNA: True}
    system.catch_up()

    assert_nothing_left(database_url, data_dir)
    assert sender.send_due() == 0
    others = mailing_of(system, uuid4())
    assert [one.kind for _, one in mail_to(system, others, customers)] == ["accepted"] * 3
    system.catch_up()
    sender.send_due()
    assert sorted(str(one.to) for one in gate.went[1:]) == ["Boris@example.org", "Vera@example.org"]
    assert "[erased]" not in repr(gate.went)
    assert_nothing_left(database_url, data_dir)
