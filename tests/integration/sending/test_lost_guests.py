"""What was told of a guest whose placement was wrong reaches nobody else, and guests get theirs."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.customers.commands import CreateCustomer
from domain.documents.papers import Paper
from domain.effects.events import Recipient
from domain.orders import commands as c
from domain.templates.line import PublishTemplate
from domain.templates.template import Template
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, settle
from tests.integration.sending.test_former_customers import (
    correct,
    fate,
    issue_invoice,
    mailed,
    place,
    send,
    who,
)
from tests.support.examples import NOW, actor
from tests.support.outgoing import PUBLISHED
from tests.support.printed import papers_of, text_of
from tests.support.receivers import Mailbox
from tests.support.senders import ask

GUEST = "gina@example.org"
LATER = "gina.late@example.org"
WHERE = Template.model_validate(
    {
        "template": "where",
        "channel": "mail",
        "texts": {
            "en": {
                "subject": "Your order",
                "text": "Hello {{ customer.name }}, to {% if order.delivery_address %}"
                "{{ order.delivery_address }}{% endif %}",
            }
        },
    }
)


@pytest.fixture(autouse=True)
def _rule(world: World) -> None:
    world.send(
        PUBLISHED,
        PublishTemplate(**who(definition=WHERE)),
        CreateCustomer(**who(customer_id="c-7", name="Anna", email="anna@example.org")),
        CreateCustomer(**who(customer_id="c-8", name="Boris", email="boris@example.org")),
    )
    notify = {"notify": "mail", "to": "customer", "template": "where"}
    publish(world, {"rule": "tell", "on": [{"event": "order.note_added"}], "then": [notify]})


def change(world: World, order_id: UUID, **fields: str) -> None:
    (changed,) = world.send(c.ChangeFields(**who(order_id=order_id), **fields))
    assert changed.kind == "accepted", changed.unmet


def lost_guest(world: World) -> UUID:
    """Let a guest's order lose its placement, and a manager change the contact behind that."""
    order_id = uuid4()
    place(world, order_id, None)
    change(world, order_id, customer_email=GUEST, customer_name="Gina", delivery_address="1 Elm")
    correct(world, order_id)
    change(world, order_id, customer_email=LATER, customer_name="Gina", delivery_address="7 Elm")
    return order_id


@pytest.mark.parametrize("next_one", ["c-8", None])
def test_a_mail_that_was_asked_for_while_the_order_had_lost_its_guest_is_for_no_next_one(
    world: World, box: Mailbox, next_one: str | None
) -> None:
    order_id = lost_guest(world)
    world.send(c.AddNote(**who(order_id=order_id, text="Rang")))
    settle(world)
    place(world, order_id, next_one)
    send(world, box)

    assert [*box.to] == []
    assert fate(world) == [("dead", "no_contact")]


def test_what_was_changed_once_an_order_lost_its_guest_stands_in_no_mail_or_paper_of_the_next_one(
    world: World, box: Mailbox
) -> None:
    order_id = lost_guest(world)
    place(world, order_id, "c-8")

    assert mailed(world, box, order_id) == ["boris@example.org"]
    assert "Elm" not in box.mails[0].get_content()
    page = text_of(papers_of(world).draw(order_id, Paper(kind="order")).content)
    assert "Boris" in page
    assert "Gina" not in page
    assert "Elm" not in page


def test_an_invoice_that_was_issued_while_the_order_had_lost_its_guest_goes_to_no_next_one(
    world: World, box: Mailbox
) -> None:
    order_id = lost_guest(world)
    issue_invoice(world, order_id)
    place(world, order_id, "c-8")
    ask(
        world,
        order_id,
        to=Recipient(kind="customer"),
        template="where",
        attach=Paper(kind="invoice"),
    )
    send(world, box)

    assert [*box.to] == []
    assert fate(world) == [("dead", "paper_missing")]


def test_a_contact_that_was_entered_before_any_placement_was_told_is_of_whoever_placed_it(
    world: World, box: Mailbox
) -> None:
    order_id = uuid4()
    entered = c.StatusFact(fact_id=uuid4(), occurred_at=NOW, status="new", rank=0)
    told = c.RecordFacts(
        command_id=uuid4(), actor=actor("api_key"), order_id=order_id, path="shop", facts=(entered,)
    )
    (heard,) = world.send(told)
    assert heard.kind == "accepted", heard.unmet
    change(world, order_id, customer_email=GUEST, customer_name="Gina")
    place(world, order_id, "c-8")

    assert mailed(world, box, order_id) == [GUEST]


def test_a_guest_gets_mails_though_the_order_once_had_a_wrong_customer(
    world: World, box: Mailbox
) -> None:
    order_id = uuid4()
    place(world, order_id, "c-7")
    change(world, order_id, customer_email="anna.new@example.org", delivery_address="1 Annas Way")
    correct(world, order_id)
    place(world, order_id, None)
    change(world, order_id, customer_email=GUEST, customer_name="Gina")

    assert mailed(world, box, order_id) == [GUEST]
    assert "Annas Way" not in box.mails[0].get_content()


def test_the_address_of_a_guest_is_there_again_once_a_wrong_earlier_placement_is_annulled(
    world: World, box: Mailbox
) -> None:
    order_id = uuid4()
    place(world, order_id, None)
    change(world, order_id, customer_email=GUEST, customer_name="Gina")
    place(world, order_id, None, NOW - timedelta(hours=1))
    change(world, order_id, customer_email="other@example.org")
    correct(world, order_id, 3)

    assert mailed(world, box, order_id) == [GUEST]
