"""What became of a message is told back to whoever asked for it."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from psycopg.rows import dict_row

from domain.effects.commands import ResendEffect
from domain.messages import Recorded
from domain.templates.line import PublishTemplate
from infra.template_files import load_preset
from infra.webhooks import WebhookEndpoint
from projections.reports.rule_runs import list_sent
from services.why import chains_of
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, settle
from tests.integration.sending.test_sending import HOOK, KEY, mailer
from tests.support.examples import CUSTOMER, actor
from tests.support.receivers import Mailbox, http_receiver
from tests.support.senders import sender_of

WHO: Final[dict[str, Any]] = {"command_id": UUID(int=1), "actor": actor()}
MAIL: Final = {"notify": "mail", "to": "customer", "template": "document", "attach": "invoice"}
BILL: Final = {"rule": "bill", "then": [{"issue": "invoice"}, MAIL]}
SENT: Final = [
    ("effect.sent.v1", "sender"),
    ("effect.requested.v1", "bill"),
    ("order.placed.v1", "ann"),
]


@pytest.fixture
def order_id(world: World) -> UUID:
    """An order whose invoice a rule mails."""
    world.send(PublishTemplate(**WHO, definition=load_preset("document")))
    publish(world, BILL)
    return world.place(customer=CUSTOMER)


def send(world: World, box: Mailbox) -> None:
    settle(world)
    assert mailer(world, box).send_due() == 1
    settle(world)


def chains(world: World, order_id: UUID) -> list[list[tuple[str, str]]]:
    """Give what `order why` tells: of each change of the order, and of what rules sent, the events
    and who led to them.
    """
    events = world.log.read_streams({f"order-{order_id}": (0, 1_000)})
    with world.lend() as connection:
        sent = list_sent(connection.cursor(row_factory=dict_row), order_id)
    told = chains_of(world.pipeline_log, [one for one in events if isinstance(one, Recorded)], sent)
    return [[(link.first.event.NAME, link.first.actor_id) for link in chain] for chain in told]


def test_d5_why_an_invoice_counts_as_sent_is_told_back_to_the_rule_that_asked_for_the_mail(
    world: World, box: Mailbox, order_id: UUID
) -> None:
    send(world, box)

    assert chains(world, order_id)[-1] == SENT
    told = [one for one in world.events() if isinstance(one, Recorded)]
    (begin,) = [one for one in told if one.event.NAME == "order.placed.v1"]
    moved = [one for one in told if one.actor_id == "sender"]
    assert {one.event.NAME for one in moved} == {"effect.sent.v1", "order.document_moved.v1"}
    assert {one.correlation_id for one in moved} == {begin.correlation_id}


def test_d5_a_mail_that_failed_and_the_one_that_came_through_have_the_same_cause(
    world: World, box: Mailbox, order_id: UUID
) -> None:
    box.answers += ["451 later"]
    send(world, box)
    world.now += timedelta(hours=1)
    send(world, box)

    told = [one for one in world.events() if isinstance(one, Recorded)]
    (asked,) = [one for one in told if one.event.NAME == "effect.requested.v1"]
    of_sender = [one for one in told if one.actor_id == "sender"]
    assert {one.event.NAME for one in of_sender} >= {"effect.failed.v1", "effect.sent.v1"}
    assert {one.causation_id for one in of_sender} == {asked.command_id}
    assert chains(world, order_id)[-1] == SENT


def test_d5_the_pause_of_an_endpoint_is_told_back_to_the_failure_that_it_follows(
    world: World,
) -> None:
    publish(world, {"rule": "tell", "then": [{"webhook": "erp"}]})
    world.place(customer=CUSTOMER)
    settle(world)
    with http_receiver() as receiver:
        receiver.usual = 410
        assert sender_of(world, {HOOK: WebhookEndpoint(receiver.url, KEY)}).send_due() == 1

    told = [one for one in world.events() if isinstance(one, Recorded)]
    (failed,) = [one for one in told if one.event.NAME == "effect.failed.v1"]
    (paused,) = [one for one in told if one.event.NAME == "endpoint.paused.v1"]
    assert paused.causation_id == failed.command_id
    assert paused.correlation_id == failed.correlation_id


def test_d5_a_mail_that_somebody_has_sent_again_is_told_back_to_that_person(
    world: World, box: Mailbox, order_id: UUID
) -> None:
    box.answers += ["550 no"]
    send(world, box)
    ((effect_id,),) = world.query("select effect_id from live.effects where state = 'dead'")
    world.send(ResendEffect(command_id=uuid4(), actor=actor(), effect_id=effect_id))
    send(world, box)

    assert chains(world, order_id)[-1] == [
        ("effect.sent.v1", "sender"),
        ("effect.resent.v1", "ann"),
    ]
