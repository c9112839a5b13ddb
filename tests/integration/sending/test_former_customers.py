"""Who is no longer the customer of an order gets no more mails about it; guests get theirs."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.customers.commands import CreateCustomer
from domain.documents.papers import Paper
from domain.effects.commands import ResendEffect
from domain.effects.events import Recipient
from domain.orders import commands as c
from domain.templates.offered import Setting
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, settle
from tests.support.examples import NOW, actor
from tests.support.outgoing import PUBLISHED, TEMPLATE
from tests.support.printed import papers_of, text_of
from tests.support.receivers import Mailbox
from tests.support.senders import MAIL, ask, mail_gate, sender_of

CHANGED = "anna.new@example.org"
OTHERS = "boris@example.org"
WAYS = pytest.mark.parametrize("how", ["corrected", "earlier fact"])


def who(**more: Any) -> dict[str, Any]:
    return {"command_id": uuid4(), "actor": actor("user", "manager", "lead"), **more}


def told_of(world: World, *, customer_id: str | None) -> UUID:
    """Let an integration place an order, and a manager change the address on it."""
    order_id = uuid4()
    place(world, order_id, customer_id)
    said = {"customer_email": CHANGED, "customer_name": "Anna", "track_number": "RR1"}
    (changed,) = world.send(c.ChangeFields(**who(order_id=order_id), **said))
    assert changed.kind == "accepted", changed.unmet
    return order_id


def place(world: World, order_id: UUID, customer_id: str | None, at: datetime = NOW) -> None:
    """Tell that the order was placed, and by whom; the earliest of such facts counts."""
    placed = c.PlacedFact(
        fact_id=uuid4(), occurred_at=at, status="new", currency="EUR", customer_id=customer_id
    )
    (told,) = world.send(
        c.RecordFacts(
            command_id=uuid4(),
            actor=actor("api_key"),
            order_id=order_id,
            path="shop",
            facts=(placed,),
        )
    )
    assert told.kind == "accepted", told.unmet


def correct(world: World, order_id: UUID, version: int = 1) -> None:
    (wrong,) = world.send(c.CorrectFact(**who(order_id=order_id, version=version, reason="Wrong")))
    assert wrong.kind == "accepted", wrong.unmet


def pass_on(world: World, order_id: UUID, how: str) -> None:
    """Let an order of c-7 become one of c-8."""
    if how == "corrected":
        correct(world, order_id)
    place(world, order_id, "c-8", NOW - timedelta(hours=how == "earlier fact"))


def issue_invoice(world: World, order_id: UUID) -> None:
    (issued,) = world.send(c.IssueDocument(**who(order_id=order_id, kind="invoice")))
    assert issued.kind == "accepted", issued.unmet


def mailed(world: World, box: Mailbox, order_id: UUID) -> list[str]:
    """Let a rule write to the customer, as a note is added; give the addresses."""
    world.send(c.AddNote(**who(order_id=order_id, text="Rang")))
    settle(world)
    send(world, box)
    return [*box.to]


def send(world: World, box: Mailbox) -> None:
    """Send what is due, and let the tables tell of it."""
    world.catch_up()
    sender_of(world, {MAIL: mail_gate(box.port)}).send_due()
    world.catch_up()


def send_again(world: World) -> None:
    """Ask for the only message once more."""
    ((effect_id,),) = world.query("select effect_id from live.effects")
    (again,) = world.send(ResendEffect(**who(effect_id=effect_id)))
    assert again.kind == "accepted", again.unmet


def fate(world: World) -> list[tuple[Any, ...]]:
    """Give what became of each message, and why."""
    return world.query("select state, reason_code from live.effects")


@pytest.fixture(autouse=True)
def _rule(world: World) -> None:
    world.send(
        PUBLISHED,
        CreateCustomer(**who(customer_id="c-7", name="Anna", email="anna@example.org")),
    )
    world.send(CreateCustomer(**who(customer_id="c-8", name="Boris", email=OTHERS)))
    notify = {"notify": "mail", "to": "customer", "template": TEMPLATE.template}
    publish(world, {"rule": "tell", "on": [{"event": "order.note_added"}], "then": [notify]})


def test_a_former_customer_gets_no_mail_though_the_order_has_the_address_that_was_changed(
    world: World, box: Mailbox
) -> None:
    order_id = told_of(world, customer_id="c-7")
    correct(world, order_id)

    assert mailed(world, box, order_id) == []
    assert fate(world) == [("dead", "no_contact")]


@pytest.mark.parametrize("customer_id", ["c-7", None])
def test_the_address_on_an_order_is_taken_that_has_its_customer_or_never_had_one(
    world: World, box: Mailbox, customer_id: str | None
) -> None:
    order_id = told_of(world, customer_id=customer_id)

    assert mailed(world, box, order_id) == [CHANGED]


@WAYS
def test_an_order_that_passes_to_another_customer_leaves_the_address_of_the_former_one_behind(
    world: World, box: Mailbox, how: str
) -> None:
    order_id = told_of(world, customer_id="c-7")
    pass_on(world, order_id, how)

    assert mailed(world, box, order_id) == [OTHERS]


def test_a_guest_whose_order_gets_its_customer_keeps_the_address_on_it(
    world: World, box: Mailbox
) -> None:
    order_id = told_of(world, customer_id=None)
    place(world, order_id, "c-8", NOW - timedelta(hours=1))

    assert mailed(world, box, order_id) == [CHANGED]


@pytest.mark.parametrize("how", ["lost", "corrected", "earlier fact"])
def test_a_mail_that_waits_is_not_sent_to_who_is_no_longer_the_customer(
    world: World, box: Mailbox, how: str
) -> None:
    order_id = told_of(world, customer_id="c-7")
    world.send(c.AddNote(**who(order_id=order_id, text="Rang")))
    settle(world)
    correct(world, order_id) if how == "lost" else pass_on(world, order_id, how)
    send(world, box)

    assert [*box.to] == []
    assert fate(world) == [("dead", "no_contact")]


def test_a_mail_is_not_sent_again_to_who_is_no_longer_the_customer(
    world: World, box: Mailbox
) -> None:
    order_id = told_of(world, customer_id="c-7")
    assert mailed(world, box, order_id) == [CHANGED]
    correct(world, order_id)
    send_again(world)
    send(world, box)

    assert [*box.to] == [CHANGED]
    assert fate(world) == [("dead", "no_contact")]


@pytest.mark.parametrize(
    ("customer_id", "gets"), [("c-7", []), ("c-8", [OTHERS])], ids=["its customer", "another one"]
)
def test_a_mail_by_hand_goes_to_whom_it_names_and_not_to_who_was_the_customer(
    world: World, box: Mailbox, customer_id: str, gets: list[str]
) -> None:
    order_id = told_of(world, customer_id="c-7")
    ask(world, order_id, to=Recipient(kind="customer", customer_id=customer_id))
    correct(world, order_id)
    send(world, box)

    assert [*box.to] == gets


def test_a_mail_that_waits_is_not_sent_to_another_guest_than_it_speaks_of(
    world: World, box: Mailbox
) -> None:
    """A guest has no id: whose order it is says the placement that counts."""
    order_id = told_of(world, customer_id=None)
    world.send(c.AddNote(**who(order_id=order_id, text="Rang")))
    settle(world)
    place(world, order_id, "c-8", NOW - timedelta(hours=1))
    send(world, box)

    assert [*box.to] == []
    assert fate(world) == [("dead", "no_contact")]


@pytest.mark.parametrize("again", [False, True])
def test_a_mail_that_was_asked_for_while_the_order_had_lost_its_customer_is_for_no_next_one(
    world: World, box: Mailbox, again: bool
) -> None:
    """What was changed then is sealed as the lost one's."""
    order_id = told_of(world, customer_id="c-7")
    correct(world, order_id)
    changed = c.ChangeFields(**who(order_id=order_id), delivery_address="7 Annas Street")
    said = world.send(changed, c.AddNote(**who(order_id=order_id, text="Rang")))
    assert [one.kind for one in said] == ["accepted"] * 2
    settle(world)
    if again:
        send(world, box)
    place(world, order_id, "c-8")
    if again:
        send_again(world)
    send(world, box)

    assert [*box.to] == []
    assert fate(world) == [("dead", "no_contact")]


def test_an_invoice_that_was_issued_while_the_order_had_lost_its_customer_goes_to_no_next_one(
    world: World, box: Mailbox
) -> None:
    order_id = told_of(world, customer_id="c-7")
    correct(world, order_id)
    issue_invoice(world, order_id)
    place(world, order_id, "c-8")
    ask(world, order_id, to=Recipient(kind="customer"), attach=Paper(kind="invoice"))
    send(world, box)

    assert [*box.to] == []
    assert fate(world) == [("dead", "paper_missing")]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("day", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_day_at_the_edge_of_the_calendar_is_told_as_it_is(
    world: World, zone: str, day: str
) -> None:
    order_id = told_of(world, customer_id="c-7")
    (changed,) = world.send(c.ChangeFields(**who(order_id=order_id), promised_at=day))
    assert changed.kind == "accepted", changed.unmet
    papers = replace(papers_of(world), setting=Setting("en", zone))

    page = text_of(papers.draw(order_id, Paper(kind="order")).content)

    assert day[:10] in page


@WAYS
def test_an_invoice_that_was_issued_for_a_former_customer_goes_to_no_other_one(
    world: World, box: Mailbox, how: str
) -> None:
    order_id = told_of(world, customer_id="c-7")
    issue_invoice(world, order_id)
    pass_on(world, order_id, how)
    ask(world, order_id, to=Recipient(kind="customer"), attach=Paper(kind="invoice"))
    send(world, box)

    assert [*box.to] == []
    assert fate(world) == [("dead", "paper_missing")]
    assert "Anna" in text_of(papers_of(world).draw(order_id, Paper(kind="invoice")).content)


def test_an_invoice_is_sent_to_the_customer_it_was_issued_for(world: World, box: Mailbox) -> None:
    order_id = told_of(world, customer_id="c-7")
    issue_invoice(world, order_id)
    ask(world, order_id, to=Recipient(kind="customer"), attach=Paper(kind="invoice"))
    send(world, box)

    assert [*box.to] == [CHANGED]


@WAYS
@pytest.mark.parametrize("condition", [{}, {"if": {"good": "!('vip' in customer.tags)"}}])
def test_a_rule_marks_nobody_who_is_no_longer_the_customer(
    world: World, how: str, condition: dict[str, Any]
) -> None:
    mark = {"mark": "bad", "reason_code": "not_bought_out"}
    on = [{"event": "order.call_logged"}]
    publish(world, {"rule": "mark", "on": on, "then": [mark], **condition})
    order_id = told_of(world, customer_id="c-7")
    world.send(c.LogCall(**who(order_id=order_id, direction="outgoing", result="answered")))
    world.catch_up()
    pass_on(world, order_id, how)
    settle(world)

    assert world.query("select marks from live.customers where marks <> '{}'") == []


def test_a_rule_marks_the_customer_of_the_order(world: World) -> None:
    mark = {"mark": "bad", "reason_code": "not_bought_out"}
    publish(world, {"rule": "mark", "on": [{"event": "order.call_logged"}], "then": [mark]})
    order_id = told_of(world, customer_id="c-7")
    world.send(c.LogCall(**who(order_id=order_id, direction="outgoing", result="answered")))
    settle(world)

    found = world.query("select customer_id from live.customers where marks <> '{}'")
    assert found == [("c-7",)]


@WAYS
def test_a_paper_of_an_order_that_passed_on_names_its_customer_and_not_the_former_one(
    world: World, how: str
) -> None:
    order_id = told_of(world, customer_id="c-7")
    pass_on(world, order_id, how)
    page = text_of(papers_of(world).draw(order_id, Paper(kind="order")).content)

    assert "Boris" in page
    assert "Anna" not in page
    assert CHANGED not in page
