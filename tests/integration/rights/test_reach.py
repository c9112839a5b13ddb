"""A command reaches the orders of its actor's roles only; any other order is not there for it."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.alerts.commands import RaiseAlert
from domain.customers.commands import (
    AddTag,
    ChangeContact,
    CreateCustomer,
    EraseCustomer,
    NoteCustomer,
    SetMark,
)
from domain.effects.commands import RequestEffect
from domain.enquiries.commands import CloseEnquiry, RecordEnquiry
from domain.messages import Command, Outcome
from domain.orders.commands import AddNote, MarkTest, PlaceOrder, RecordFacts
from domain.refusals import Denied, Refusal
from domain.roles.line import PublishRole
from domain.sights import SIGHT, seen_by
from domain.tasks.commands import CreateTask
from infra.sealing import SEALED
from projections.reports.enquiries import list_enquiries
from services.access import KnownCallers
from services.api.callers import Caller
from services.bootstrap import System
from services.customers import (
    find_customer,
    find_erasable,
    id_by_contact,
    search_customers,
)
from services.enquiries import show_enquiry
from services.erasing import erase_customer
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
        commands=["order.*", "customer.*", "enquiry.*", "task.*", "alert.*", "effect.*"],
        questions=["order.*", "report.*", "customer.*", "enquiry.*"],
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


def test_whose_a_number_is_learns_only_who_may_see_numbers(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    phone = "+79161234567"
    own = find_customer(system, phone)
    system.catch_up()

    with access.reading(clerk, "customer.show"):
        assert find_customer(system, own) == own
        assert id_by_contact(system, phone, None) is None
        assert search_customers(system, phone, 10) == []
        with pytest.raises(Refusal, match="customer_unknown"):
            find_customer(system, phone)


def test_nobody_is_found_by_the_contact_of_who_was_erased(system: System, clerk: Caller) -> None:
    phone = "+79161234567"
    own = find_customer(system, phone)
    erase = EraseCustomer(
        command_id=uuid4(), actor=examples.actor(), customer_id=own, reason_code="asked"
    )
    assert erase_customer(system, erase).kind == "accepted"

    with pytest.raises(Refusal, match="customer_unknown"):
        find_customer(system, phone)
    assert find_customer(system, own) == own
    assert find_erasable(system, phone) == own  # So that it can be said again.


def about(order_id: UUID) -> tuple[Command, ...]:
    """Make a task, an alert and a message about an order."""
    said = {"actor": examples.actor(), "order_id": order_id}
    return (
        CreateTask(command_id=uuid4(), task_id=uuid4(), title="Call", user="anna", **said),
        RaiseAlert(
            command_id=uuid4(), alert_id=uuid4(), kind="call", title="Call", user="anna", **said
        ),
        RequestEffect(
            command_id=uuid4(), effect_id=uuid4(), channel="webhook", endpoint="crm", **said
        ),
    )


def told_of(made: Sequence[Command]) -> list[Command]:
    """What is done to these afterwards."""
    changed = []
    for name in ("task.assign", "task.finish", "task.drop", "alert.acknowledge", "effect.drop"):
        wish = examples.COMMANDS[name]
        whose = next(one for one in ("task_id", "alert_id", "effect_id") if hasattr(wish, one))
        which = next(getattr(one, whose) for one in made if hasattr(one, whose))
        changed.append(wish.model_copy(update={whose: which, "command_id": uuid4()}))
    return changed


def test_a27_tasks_alerts_and_messages_of_orders_out_of_reach_are_as_if_they_were_not_there(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    south = about(SOUTH)
    assert [system.execute(one).kind for one in south] == ["accepted"] * 3
    before = system.log.head().position

    answers = [send(system, access, clerk, one) for one in told_of(south)]
    nowhere = [send(system, access, clerk, one) for one in told_of(about(SOUTH))]

    assert [one.kind for one in answers] == ["refused"] * 5
    assert [one.unmet for one in answers] == [one.unmet for one in nowhere]
    assert system.log.head().position == before


def test_a27_nothing_is_made_about_an_order_out_of_reach(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    for order_id in (SOUTH, UUID(int=99)):
        answers = [send(system, access, clerk, one) for one in about(order_id)]
        assert [[unmet.code for unmet in one.unmet] for one in answers] == [["order_unknown"]] * 3


def test_a27_what_is_about_an_order_within_reach_is_made_and_changed_as_ever(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    north = about(NORTH)

    made = [send(system, access, clerk, one) for one in north]
    changed = [send(system, access, clerk, one) for one in told_of(north)]

    assert [one.kind for one in made] == ["accepted"] * 3
    assert [one.kind for one in changed] == ["accepted", "accepted", "refused", *["accepted"] * 2]


@pytest.fixture
def persons(system: System, clerk: Caller) -> None:
    """`s` has an order in the south only, `n` in the north, `b` in both, `none` has none."""
    orders = (("s", "south"), ("n", "north"), ("b", "north"), ("b", "south"))
    for number, (who, shop) in enumerate(orders, 80):
        assert (
            system.execute(place(UUID(int=number), shop, customer=person(who))).kind == "accepted"
        )
    whom = {"customer_id": "none", "name": PERSON}
    made = CreateCustomer(command_id=uuid4(), actor=examples.actor(), **whom)
    assert system.execute(made).kind == "accepted"


def person(customer_id: str) -> dict[str, str]:
    return {"customer_id": customer_id, "name": PERSON, "phone": f"+7916123450{len(customer_id)}"}


def changes(customer_id: str) -> list[Command]:
    """What is changed of a customer, and a message to one."""
    said = {"actor": examples.actor(), "customer_id": customer_id}
    return [
        NoteCustomer(command_id=uuid4(), text="Calls late", **said),
        ChangeContact(command_id=uuid4(), phone="+79169999999", **said),
        AddTag(command_id=uuid4(), tag="vip", **said),
        SetMark(command_id=uuid4(), mark="bad", reason_code="rude", **said),
    ]


@pytest.mark.usefixtures("persons")
def test_a27_a_customer_out_of_reach_is_changed_like_one_who_is_not_there(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    before = system.log.head().position

    answers = [send(system, access, clerk, one) for one in changes("s")]
    stated = changes("s")[0].model_copy(update={"expected_version": 0})
    nobody = [send(system, access, clerk, one) for one in changes("nobody")]

    assert [one.kind for one in answers] == ["refused"] * 4
    assert [one.unmet for one in answers] == [one.unmet for one in nobody]
    assert send(system, access, clerk, stated).unmet == answers[0].unmet
    assert system.log.head().position == before
    with access.reading(clerk, "customer.show"), pytest.raises(Refusal, match="customer_unknown"):
        find_customer(system, "s")


@pytest.mark.usefixtures("persons")
def test_a27_a_customer_with_an_order_within_reach_or_with_none_is_read_and_changed(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    for who in ("n", "b", "none"):
        answers = [send(system, access, clerk, one) for one in changes(who)]
        assert [one.kind for one in answers] == ["accepted"] * 4
        system.catch_up()
        with access.reading(clerk, "customer.show"):
            assert find_customer(system, who) == who


@pytest.mark.usefixtures("persons")
def test_a27_an_id_of_a_customer_out_of_reach_makes_nobody_known(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    asked = {"command_id": uuid4(), "actor": examples.actor(), "channel": "phone", "text": "Tea?"}
    for known in (
        place(UUID(int=90), "north", customer={"customer_id": "s"}),
        RecordEnquiry.model_validate({**asked, "enquiry_id": uuid4(), "customer": person("s")}),
        effect_to("s"),
    ):
        answer = send(system, access, clerk, known)
        assert [one.code for one in answer.unmet] == ["customer_unknown"]
    again = CreateCustomer(
        command_id=uuid4(), actor=examples.actor(), customer_id="s", name="Somebody"
    )
    assert [one.code for one in send(system, access, clerk, again).unmet] == ["customer_exists"]
    system.catch_up()
    with access.reading(clerk, "customer.show"), pytest.raises(Refusal, match="customer_unknown"):
        find_customer(system, "s")


def effect_to(customer_id: str) -> Command:
    to = {"kind": "customer", "customer_id": customer_id}
    ids = {"command_id": uuid4(), "effect_id": uuid4(), "actor": examples.actor()}
    return RequestEffect.model_validate({"channel": "mail", "to": to, "template": "thanks", **ids})


def test_a27_whoever_orders_in_a_shop_by_a_contact_is_its_customer_too(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    contact = {"name": PERSON, "phone": "+79167654321"}
    assert system.execute(place(UUID(int=91), "south", customer=contact)).kind == "accepted"
    assert send(system, access, clerk, place(UUID(int=92), "north", customer=contact)).versions

    whose = system.customer_ids(contact["phone"], None)
    assert whose is not None
    system.catch_up()
    with access.reading(clerk, "customer.show"):
        assert find_customer(system, whose) == whose
    assert send(system, access, clerk, changes(whose)[0]).kind == "accepted"


@pytest.mark.usefixtures("persons")
def test_a27_an_enquiry_of_somebody_out_of_reach_is_neither_read_nor_changed(
    system: System, access: KnownCallers, clerk: Caller
) -> None:
    asked = {"actor": examples.actor(), "channel": "phone", "text": "Tea?"}
    made = {who: uuid4() for who in ("s", "n", "none", "")}
    for who, enquiry_id in made.items():
        told = {"enquiry_id": enquiry_id, "command_id": uuid4(), **asked}
        whom = {"customer": person(who)} if who else {}
        assert system.execute(RecordEnquiry.model_validate(told | whom)).kind == "accepted"
    system.catch_up()

    with access.reading(clerk, "enquiry.show"):
        with pytest.raises(Refusal, match="enquiry_unknown"):
            show_enquiry(system, made["s"])
        for who in ("n", "none", ""):
            assert show_enquiry(system, made[who])["channel"] == "phone"
        with system.snapshot() as reader:
            listed = {one["enquiry_id"] for one in list_enquiries(reader)["enquiries"]}
    assert listed == {made[who] for who in ("n", "none", "")}

    codes = {}
    for who, enquiry_id in made.items():
        ends = CloseEnquiry(
            command_id=uuid4(), actor=examples.actor(), enquiry_id=enquiry_id, reason_code="spam"
        )
        codes[who] = [one.code for one in send(system, access, clerk, ends).unmet]
    assert codes == {"s": ["enquiry_unknown"], "n": [], "none": [], "": []}
    ordered = place(UUID(int=93), "north", customer=None, enquiry_id=made["s"])
    answer = send(system, access, clerk, ordered)
    assert [one.code for one in answer.unmet] == ["enquiry_unknown"]
