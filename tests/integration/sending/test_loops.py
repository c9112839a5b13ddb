"""A loop of rules that goes through the sender is a loop: what comes of a message is led to by
whoever asked for it.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from domain.effects import commands as c
from domain.orders.commands import IssueDocument
from domain.templates.line import PublishTemplate
from infra.template_files import load_preset
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, runs, settle
from tests.integration.rules.test_loops import acted
from tests.integration.sending.test_sending import mailer
from tests.support.examples import CUSTOMER, actor
from tests.support.receivers import Mailbox

WHO: Final[dict[str, Any]] = {"command_id": UUID(int=1), "actor": actor()}
MOVED: Final = {"event": "order.document_moved"}
MAIL: Final = {"notify": "mail", "to": "customer", "template": "document", "attach": "invoice"}
BILL: Final = {"rule": "bill", "then": [{"issue": "invoice"}, MAIL]}
AGAIN: Final = BILL | {"on": [{"event": "order.placed"}, MOVED]}
FOLLOW: Final = {"rule": "follow", "on": [MOVED], "then": [{"note": "The invoice is out"}]}


@pytest.fixture(autouse=True)
def template(world: World) -> None:
    world.send(PublishTemplate(**WHO, definition=load_preset("document")))


def settle_and_send(world: World, box: Mailbox) -> None:
    """Judge, act and send until nothing is left to do."""
    settle(world)
    while mailer(world, box).send_due():
        settle(world)


def stopped(world: World) -> list[Any]:
    return world.query("select rule, why, chain from live.trigger_runs where result = 'stopped'")


def modes(world: World) -> dict[str, str]:
    return dict(
        world.query(
            "select distinct on (name) name, coalesce(body #>> '{definition,mode}', 'live')"
            " from log.definitions where kind = 'rule' order by name, version desc"
        )
    )


def test_d9_a_rule_that_leads_to_itself_by_a_mail_that_was_sent_is_stopped_at_eight(
    world: World, box: Mailbox
) -> None:
    publish(world, AGAIN)
    looping = world.place(customer=CUSTOMER)
    settle_and_send(world, box)
    later = world.place(customer=CUSTOMER)
    settle_and_send(world, box)

    assert stopped(world) == [("bill", "loop", ["bill"] * 9)]
    assert acted(world, looping, "bill") == len(box.mails) == 8  # an invoice and a mail each
    assert acted(world, later, "bill") == 0
    assert modes(world) == {"bill": "shadow"}
    alerts = world.query("select kind, rule, order_id, details from analytics.alerts")
    assert alerts == [("rule_stopped", "bill", looping, ["bill"] * 9)]


def test_d9_the_alert_names_the_rules_of_a_loop_through_the_sender_in_their_order(
    world: World, box: Mailbox
) -> None:
    on = [{"event": "order.placed"}, {"event": "order.note_added"}]
    publish(world, FOLLOW, BILL | {"on": on})
    order_id = world.place(customer=CUSTOMER)
    settle_and_send(world, box)

    assert stopped(world) == [("bill", "loop", ["bill", "follow"] * 4 + ["bill"])]
    alerts = world.query("select rule, order_id, details from analytics.alerts")
    assert alerts == [("bill", order_id, ["bill", "follow"] * 4 + ["bill"])]
    assert modes(world) == {"bill": "shadow", "follow": "live"}


def test_d9_a_mail_that_comes_through_at_a_later_try_is_still_led_to_by_its_rule(
    world: World, box: Mailbox
) -> None:
    publish(world, BILL, FOLLOW)
    world.place(customer=CUSTOMER)
    box.answers += ["451 later"]
    settle_and_send(world, box)
    world.now += timedelta(hours=1)
    settle_and_send(world, box)

    assert len(box.mails) == 1
    ((chain,),) = world.query("select chain from live.trigger_runs where rule = 'follow'")
    assert chain == ["bill", "follow"]


def test_d9_what_a_person_has_sent_again_is_led_to_by_that_person(
    world: World, box: Mailbox
) -> None:
    publish(world, BILL, FOLLOW)
    world.place(customer=CUSTOMER)
    box.answers += ["550 no"]
    settle_and_send(world, box)
    ((effect_id,),) = world.query("select effect_id from live.effects where state = 'dead'")
    world.send(c.ResendEffect(command_id=uuid4(), actor=actor(), effect_id=effect_id))
    settle_and_send(world, box)

    ((chain,),) = world.query("select chain from live.trigger_runs where rule = 'follow'")
    assert chain == ["follow"]


def test_d9_an_invoice_that_a_person_mails_begins_a_chain_of_its_own(
    world: World, box: Mailbox
) -> None:
    publish(world, FOLLOW)
    order_id = world.place(customer=CUSTOMER)
    message = {"channel": "mail", "to": {"kind": "customer"}, "template": "document"}
    asked = c.RequestEffect.model_validate(
        {"command_id": uuid4(), "actor": actor(), "effect_id": uuid4(), "order_id": order_id}
        | message
        | {"attach": {"kind": "invoice"}}
    )
    world.send(IssueDocument(**WHO, order_id=order_id, kind="invoice"), asked)
    settle_and_send(world, box)

    assert runs(world, order_id) == [("follow", "order.document_moved", "fired")]
    ((chain,),) = world.query("select chain from live.trigger_runs where rule = 'follow'")
    assert chain == ["follow"]


def test_d12_a_rebuild_counts_a_loop_through_the_sender_as_it_was_counted(
    world: World, box: Mailbox
) -> None:
    publish(world, AGAIN, FOLLOW)
    world.place(customer=CUSTOMER)
    settle_and_send(world, box)
    assert stopped(world)
    before = world.tables()

    world.models.rebuild("trigger_runs")

    assert world.tables() == before
    assert world.models.verify("trigger_runs").differing == ()
