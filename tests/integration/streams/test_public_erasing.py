"""The lane of public topics where somebody was erased: no contact stays, whatever is damaged, and
no state goes back.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from pydantic_core import from_json

from domain.customers.commands import EraseCustomer
from domain.orders import events as e
from domain.orders.commands import ChangeFields
from domain.streaming import ORDER_STATE
from infra.event_log import EventLog, open_log
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.erasing import erase_customer
from services.public_lane import PublicLane
from tests.integration.keys.test_erasing_moved_orders import tell
from tests.support.damaged import How, damaged
from tests.support.loads import EVERYBODY, note, place, publish

ANNA: Final = "c-7"
MARK: Final = "Zebra-4711"


@pytest.fixture
def system(database_url: str) -> Iterator[System]:
    with open_system(Settings(database_url=database_url)) as chosen:
        assert chosen.execute(publish()).kind == "accepted"
        yield chosen


@pytest.fixture
def reader(database_url: str) -> Iterator[EventLog]:
    """The log as projectors have it: without the keys."""
    with closing(open_log(database_url, role="orderpath_projector")) as opened:
        yield opened


@pytest.fixture
def lane(reader: EventLog, log: EventLog) -> PublicLane:
    """One that tells contacts, at the beginning of the log."""
    return begun(PublicLane(reader, opener=log), reader)


def begun(lane: PublicLane, reader: EventLog, position: int = 0) -> PublicLane:
    lane.begin(reader.head(), position)
    return lane


def order(system: System, customer_id: str = ANNA, notes: int = 0) -> UUID:
    order_id = uuid4()
    customer = e.Customer(customer_id=customer_id, name=f"Anna {MARK}")
    for command in (place(order_id, customer=customer), *(note(order_id) for _ in range(notes))):
        assert system.execute(command).kind == "accepted"
    return order_id


def erase(system: System, execute: Callable[[Any], Any] | None = None) -> None:
    command = EraseCustomer(
        command_id=uuid4(), actor=EVERYBODY, customer_id=ANNA, reason_code="customer_asked"
    )
    assert erase_customer(system, command, execute).kind == "accepted"


def states(lane: PublicLane) -> dict[UUID, Any]:
    """Give what the compacted topic gets, by order; None: the key is gone."""
    found = {}
    while (outgoing := lane.next()) is not None:
        for one in outgoing.messages:
            if one.topic == ORDER_STATE.name:
                assert one.key is not None
                found[UUID(one.key.decode())] = None if one.value is None else from_json(one.value)
    return found


@pytest.mark.parametrize(("how", "version"), [("spoilt", 1), ("impossible", 1), ("impossible", 2)])
def test_who_is_erased_has_no_state_where_an_order_is_damaged_and_the_others_go_on(
    database_url: str, system: System, reader: EventLog, log: EventLog, how: How, version: int
) -> None:
    broken, whole = order(system, notes=2), order(system)
    system.catch_up()
    before = reader.head().position
    with damaged(database_url, f"order-{broken}", how=how, version=version):
        erase(system)
        other = order(system, "c-8")

        told = states(begun(PublicLane(reader, opener=log), reader, before))

    assert told[broken] is None
    assert told[whole]["contact"] == {"name": "[erased]"}
    assert told[other]["contact"] == {"name": f"Anna {MARK}"}


def test_a_state_never_goes_back_behind_one_that_was_told(
    database_url: str, system: System, lane: PublicLane
) -> None:
    order_id = order(system, notes=2)
    assert states(lane)[order_id]["version"] == 3
    system.catch_up()
    with damaged(database_url, f"order-{order_id}", how="gone", version=2):
        erase(system)

        assert states(lane) == {order_id: None}

    assert system.execute(note(order_id)).kind == "accepted"
    assert states(lane)[order_id]["version"] == 4


@pytest.mark.parametrize("restarted", [False, True])
def test_an_order_that_came_while_its_customer_was_erased_keeps_no_contact_either(
    system: System, reader: EventLog, lane: PublicLane, log: EventLog, restarted: bool
) -> None:
    """The tables did not name it yet when the command was decided."""
    order(system)
    late: list[UUID] = []

    def execute(command: Any) -> Any:
        if not late:
            late.append(order(system))
            assert states(lane)[late[0]]["contact"] == {"name": f"Anna {MARK}"}
            if restarted:
                begun(lane, reader, reader.head().position)
        return system.execute(command)

    erase(system, execute)

    assert states(lane)[late[0]]["contact"] == {"name": "[erased]"}
    assert system.execute(note(late[0])).kind == "accepted"
    assert states(lane)[late[0]]["contact"] == {"name": "[erased]"}


def test_an_order_that_came_in_an_erasing_that_was_killed_goes_with_the_next_one(
    system: System, reader: EventLog, lane: PublicLane
) -> None:
    """Its key is destroyed and nothing is left to erase, but what downstream knows of it is."""
    order(system)
    late: list[UUID] = []

    def die_behind_it(command: Any) -> Any:
        late.append(order(system))
        assert states(lane)[late[0]]["contact"] == {"name": f"Anna {MARK}"}
        begun(lane, reader, reader.head().position)
        assert system.execute(command).kind == "accepted"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        erase(system, die_behind_it)
    assert late[0] not in states(lane)

    asked = EraseCustomer(
        command_id=uuid4(), actor=EVERYBODY, customer_id=ANNA, reason_code="customer_asked"
    )
    assert erase_customer(system, asked).kind == "nothing"
    assert states(lane)[late[0]]["contact"] == {"name": "[erased]"}

    end = reader.head().position
    assert erase_customer(system, asked).kind == "nothing"
    again = asked.model_copy(update={"command_id": uuid4()})
    assert erase_customer(system, again).kind == "nothing"
    assert reader.head().position == end


def test_an_order_that_the_tables_do_not_name_keeps_no_contact_either(
    system: System, lane: PublicLane
) -> None:
    """It is parked there, or beyond the most that are listed; here they are behind."""
    order_id = order(system)
    assert states(lane)[order_id]["contact"] == {"name": f"Anna {MARK}"}
    command = EraseCustomer(
        command_id=uuid4(), actor=EVERYBODY, customer_id=ANNA, reason_code="customer_asked"
    )

    assert system.execute(command).kind == "accepted"

    assert states(lane)[order_id]["contact"] == {"name": "[erased]"}


@pytest.mark.parametrize("restarted", [False, True])
def test_an_order_that_came_to_be_another_ones_is_told_anew_without_her(
    system: System, reader: EventLog, lane: PublicLane, restarted: bool
) -> None:
    """What was changed on it while it was hers is sealed with her key, and none of the other's."""
    order_id = uuid4()
    tell(system, order_id, ANNA, f"Anna {MARK}", hours=1)
    changed = ChangeFields(
        command_id=uuid4(), actor=EVERYBODY, order_id=order_id, customer_email=f"{MARK}@example.org"
    )
    assert system.execute(changed).kind == "accepted"
    assert MARK in repr(states(lane)[order_id]["contact"])
    tell(system, order_id, "c-8", "Bert", hours=2)
    assert states(lane)[order_id]["contact"] == {"name": "Bert"}
    if restarted:
        begun(lane, reader, reader.head().position)

    erase(system)

    assert states(lane)[order_id]["contact"] == {"name": "Bert"}
