"""A command reaches the orders of its actor's roles only; any other order is not there for it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.customers.commands import EraseCustomer
from domain.messages import Outcome
from domain.orders.commands import AddNote, MarkTest, PlaceOrder, RecordFacts
from domain.refusals import Denied
from domain.roles.line import PublishRole
from domain.sights import SIGHT, seen_by
from infra.sealing import SEALED
from services.access import KnownCallers
from services.api.callers import Caller
from services.bootstrap import System
from services.reading import find_order, load_order
from tests.integration.rights.conftest import ROOT
from tests.support import examples
from tests.support.rights import role

Make = Callable[..., str]
NORTH, SOUTH = UUID(int=71), UUID(int=72)
PERSON = "Zinaida Prokofyevna"


def place(order_id: UUID, shop: str, **changes: Any) -> PlaceOrder:
    said = {
        **examples.COMMANDS["order.place"].model_dump(exclude_unset=True),
        "command_id": uuid4(),
        "order_id": order_id,
        "external_id": f"n-{order_id.int}",
        "shop": shop,
        "path": "universal",
        "customer": {"name": PERSON, "phone": "+79161234567"},
    }
    return PlaceOrder.model_validate({**said, **changes})


@pytest.fixture
def clerk(system: System, access: KnownCallers, make: Make) -> Caller:
    """Somebody who commands and asks everything of orders in the shop `north`."""
    for one in (place(NORTH, "north"), place(SOUTH, "south")):
        assert system.execute(one).kind == "accepted"
    north = role(
        role="clerk",
        commands=["order.*", "customer.erase"],
        questions=["order.*", "report.*"],
        orders={"shops": ["north"]},
        personal=["name"],
    )
    system.execute(PublishRole(**ROOT.envelope, definition=north))
    return access.caller_now({"authorization": f"Bearer {make('clerk', 'clerk')}"})


def note(order_id: UUID, **changes: Any) -> AddNote:
    said = {"command_id": uuid4(), "actor": examples.actor(), "order_id": order_id, "text": "x"}
    return AddNote.model_validate({**said, **changes})


def send(system: System, access: KnownCallers, caller: Caller, command: Any) -> Outcome:
    return system.execute(access.admit(caller, command))


def test_a27_whoever_commands_reaches_the_orders_of_the_role(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    assert send(system, access, clerk, note(NORTH)).kind == "accepted"
    assert system.log.read(0, 10_000)[-1].actor_id == "clerk"


def test_a27_an_order_out_of_reach_is_answered_like_one_that_is_not_there(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    nowhere = UUID(int=99)
    answers = [send(system, access, clerk, note(one)) for one in (SOUTH, nowhere)]

    told = [
        [unmet.model_dump_json().replace(str(one), "X") for unmet in answer.unmet]
        for one, answer in zip((SOUTH, nowhere), answers, strict=True)
    ]
    assert [answer.kind for answer in answers] == ["refused", "refused"]
    assert told[0] == told[1]
    assert len(load_order(system, SOUTH)) == len(load_order(system, NORTH))


def test_a_stated_version_does_not_tell_that_an_order_out_of_reach_is_there(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    answer = send(system, access, clerk, note(SOUTH, expected_version=0))

    assert [unmet.code for unmet in answer.unmet] == ["order_unknown"]


def test_an_order_is_placed_within_reach_only(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    assert send(system, access, clerk, place(UUID(int=73), "north")).kind == "accepted"
    with pytest.raises(Denied, match="shop_not_permitted"):
        access.admit(clerk, place(UUID(int=74), "south"))
    with pytest.raises(Denied, match="test_order_not_permitted"):
        access.admit(clerk, place(UUID(int=75), "north", test=True))
    with pytest.raises(Denied, match="shop_not_permitted"):
        send(system, access, clerk, place(SOUTH, "north"))


def test_an_order_is_not_turned_into_one_out_of_reach_and_facts_make_none(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    mark = MarkTest(command_id=uuid4(), actor=examples.actor(), order_id=NORTH)
    with pytest.raises(Denied, match="test_order_not_permitted"):
        send(system, access, clerk, mark)
    facts = examples.COMMANDS["order.record_facts"]
    assert isinstance(facts, RecordFacts)
    for order_id in (SOUTH, UUID(int=76)):
        told = facts.model_copy(update={"order_id": order_id, "command_id": uuid4()})
        with pytest.raises(Denied, match="facts_not_permitted"):
            send(system, access, clerk, told)


def test_nobody_is_erased_by_who_reaches_some_orders_only(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    erase = examples.COMMANDS["customer.erase"].model_copy(update={"command_id": uuid4()})
    assert isinstance(erase, EraseCustomer)

    with pytest.raises(Denied, match="erasure_not_permitted"):
        send(system, access, clerk, erase)


def test_what_was_denied_is_not_stored_and_may_be_sent_again_with_the_right(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    wanted = place(SOUTH, "north")
    before = system.log.head().position

    with pytest.raises(Denied):
        send(system, access, clerk, wanted)

    assert system.log.head().position == before
    assert system.log.load_outcomes([wanted.command_id]) == {}


def test_a27_whoever_asks_finds_the_orders_of_the_role_and_no_other(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    from domain.refusals import Refusal

    with access.reading(clerk, "order.show"):
        assert find_order(system, str(NORTH)) == NORTH
        assert find_order(system, f"n-{NORTH.int}") == NORTH
        for ref in (str(SOUTH), f"n-{SOUTH.int}"):
            with pytest.raises(Refusal, match="order_unknown"):
                find_order(system, ref)
    assert SIGHT.get() is None
    assert find_order(system, str(SOUTH)) == SOUTH


def test_personal_data_is_sealed_where_it_is_read_but_for_the_kinds_that_the_role_reads(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    with access.reading(clerk, "order.show"):
        customer = load_order(system, NORTH)[0].event.customer  # type: ignore[attr-defined]
    assert (customer.name, customer.phone) == (PERSON, SEALED)

    with seen_by(None):
        customer = load_order(system, NORTH)[0].event.customer  # type: ignore[attr-defined]
    assert customer.phone == "+79161234567"
