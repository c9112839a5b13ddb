"""Who is no longer the customer of an order gets no more mails about it; guests get theirs."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.customers.commands import CreateCustomer
from domain.orders import commands as c
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, settle
from tests.support.examples import NOW, actor
from tests.support.outgoing import PUBLISHED, TEMPLATE
from tests.support.receivers import Mailbox
from tests.support.senders import MAIL, mail_gate, sender_of

CHANGED = "anna.new@example.org"


def who(**more: Any) -> dict[str, Any]:
    return {"command_id": uuid4(), "actor": actor("user", "manager", "lead"), **more}


def told_of(world: World, *, customer_id: str | None) -> UUID:
    """Let an integration place an order, and a manager change the address on it."""
    order_id = uuid4()
    placed = c.PlacedFact(
        fact_id=uuid4(), occurred_at=NOW, status="new", currency="EUR", customer_id=customer_id
    )
    told = c.RecordFacts(
        command_id=uuid4(), actor=actor("api_key"), order_id=order_id, path="shop", facts=(placed,)
    )
    said = {"customer_email": CHANGED, "customer_name": "Anna", "track_number": "RR1"}
    change = c.ChangeFields(**who(order_id=order_id), **said)
    answers = [*world.send(told), *world.send(change)]
    assert [one.kind for one in answers] == ["accepted"] * 2, answers
    return order_id


def mailed(world: World, box: Mailbox, order_id: UUID) -> list[str]:
    """Let a rule write to the customer, as a note is added; give the addresses."""
    world.send(c.AddNote(**who(order_id=order_id, text="Rang")))
    settle(world)
    world.catch_up()
    sender_of(world, {MAIL: mail_gate(box.port)}).send_due()
    world.catch_up()
    return [*box.to]


@pytest.fixture(autouse=True)
def _rule(world: World) -> None:
    world.send(
        PUBLISHED,
        CreateCustomer(**who(customer_id="c-7", name="Anna", email="anna@example.org")),
    )
    notify = {"notify": "mail", "to": "customer", "template": TEMPLATE.template}
    publish(world, {"rule": "tell", "on": [{"event": "order.note_added"}], "then": [notify]})


def test_a_former_customer_gets_no_mail_though_the_order_has_the_address_that_was_changed(
    world: World, box: Mailbox
) -> None:
    order_id = told_of(world, customer_id="c-7")
    (wrong,) = world.send(c.CorrectFact(**who(order_id=order_id, version=1, reason="Not hers")))
    assert wrong.kind == "accepted", wrong.unmet

    assert mailed(world, box, order_id) == []
    assert world.query("select state, reason_code from live.effects") == [("dead", "no_contact")]


@pytest.mark.parametrize("customer_id", ["c-7", None])
def test_the_address_on_an_order_is_taken_that_has_its_customer_or_never_had_one(
    world: World, box: Mailbox, customer_id: str | None
) -> None:
    order_id = told_of(world, customer_id=customer_id)

    assert mailed(world, box, order_id) == [CHANGED]
