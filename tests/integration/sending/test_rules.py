"""Rules tell people and systems: from an event to the mail, once, and never for what is past."""

from typing import Any, Final
from uuid import UUID

import pytest

from domain.effects.channels import Gate, Outlet
from domain.effects.events import EffectRequested
from domain.messages import Recorded
from domain.rules.actions import Notify
from domain.rules.rule import Rule
from domain.stock import commands as s
from domain.templates.line import PublishTemplate
from infra.template_files import load_preset
from infra.webhooks import WebhookEndpoint
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, settle
from tests.integration.sending.test_sending import HOOK, KEY, shipped
from tests.support.examples import COMMANDS, CUSTOMER, actor
from tests.support.printed import text_of
from tests.support.receivers import Mailbox, http_receiver
from tests.support.senders import MAIL, mail_gate, sender_of, states

WHO: Final[dict[str, Any]] = {"command_id": UUID(int=1), "actor": actor()}
TRACK: Final = {
    "rule": "track_mail",
    "on": [{"change": "track_number"}],
    "then": [{"notify": "mail", "to": "customer", "template": "track_number"}, {"webhook": "erp"}],
}


@pytest.fixture
def templates(world: World) -> None:
    for name in ("track_number", "low_stock"):
        world.send(PublishTemplate(**WHO, definition=load_preset(name)))


def send(world: World, box: Mailbox) -> int:
    settle(world)
    return sender_of(world, {MAIL: mail_gate(box.port)}).send_due()


@pytest.mark.usefixtures("templates")
def test_p30_a9_a_rule_mails_the_track_number_and_tells_another_system(
    world: World, box: Mailbox
) -> None:
    publish(world, TRACK)
    order_id = shipped(world)
    settle(world)
    with http_receiver() as receiver:
        gates: dict[Outlet, Gate] = {
            MAIL: mail_gate(box.port),
            HOOK: WebhookEndpoint(receiver.url, KEY),
        }
        assert sender_of(world, gates).send_due() == 2

    (mail,), (hit,) = box.mails, receiver.hits
    assert "Its track number is RR123." in str(mail.get_content())
    assert str(order_id) in hit.body.decode()
    world.catch_up()
    told = world.query(
        "select rule, rule_version, order_id, state from analytics.notifications order by channel"
    )
    assert told == [("track_mail", 1, order_id, "sent")] * 2


@pytest.mark.usefixtures("templates")
def test_v14_a_rule_mails_purchasing_once_when_an_article_runs_low(
    world: World, box: Mailbox
) -> None:
    then = [{"notify": "mail", "to": {"group": "leads"}, "template": "low_stock"}]
    publish(world, {"rule": "low", "on": [{"event": "stock.below_threshold"}], "then": then})
    stock = {"sku": "TEA-100", "location": "main"}
    world.send(
        s.ReceiveStock(**WHO, **stock, quantity=9), s.SetThreshold(**WHO, **stock, threshold=5)
    )
    world.send(s.AdjustStock(**WHO, **stock, counted=4, reason_code="counted"))
    world.send(s.AdjustStock(**WHO, **stock, counted=3, reason_code="counted"))

    assert send(world, box) == 1

    assert "only 4 are available at main" in box.mails[0].as_string()


@pytest.mark.usefixtures("templates")
def test_a_rule_in_shadow_and_one_that_is_judged_anew_send_nothing(
    world: World, box: Mailbox
) -> None:
    publish(world, TRACK, TRACK | {"rule": "shy", "mode": "shadow"})
    shipped(world)
    assert send(world, box) == 1

    for name in ("trigger_runs", "effects"):
        world.models.rebuild(name)

    assert send(world, box) == 0
    assert len(box.mails) == 1
    requests = [
        one for one in world.events()
        if isinstance(one, Recorded) and isinstance(one.event, EffectRequested)
    ]  # fmt: skip
    assert len(requests) == 2


@pytest.mark.usefixtures("templates")
def test_a_template_that_is_missing_refuses_the_act_and_sends_nothing(
    world: World, box: Mailbox
) -> None:
    then = [{"notify": "mail", "to": "customer", "template": "nope"}]
    publish(world, {"rule": "nope", "then": then})
    world.place(customer=CUSTOMER)

    assert send(world, box) == 0
    assert states(world) == {}


@pytest.mark.usefixtures("templates")
def test_what_an_import_tells_sends_nothing(world: World, box: Mailbox) -> None:
    then = [{"notify": "mail", "to": "customer", "template": "track_number"}]
    publish(world, {"rule": "any", "on": [{"change": "status"}], "then": then})
    (outcome,) = world.send(COMMANDS["order.record_facts"])
    assert outcome.kind == "accepted"

    assert send(world, box) == 0
    assert states(world) == {}
    live = world.place(customer=CUSTOMER)
    world.move(live, "confirmed")
    assert send(world, box) == 2


def test_v9_v11_a_rule_issues_an_invoice_and_mails_it(world: World, box: Mailbox) -> None:
    world.send(PublishTemplate(**WHO, definition=load_preset("document")))
    mail = {"notify": "mail", "to": "customer", "template": "document", "attach": "invoice"}
    on = [{"change": "status", "to": "confirmed"}]
    publish(world, {"rule": "invoice", "on": on, "then": [{"issue": "invoice"}, mail]})
    order_id = world.place(customer=CUSTOMER)
    world.move(order_id, "confirmed")

    assert send(world, box) == 1
    settle(world)

    (attached,) = box.mails[0].iter_attachments()
    assert "Invoice 1" in text_of(attached.get_content())
    assert world.query("select number, status from analytics.documents") == [("1", "sent")]


def test_a_paper_goes_with_no_sms() -> None:
    with pytest.raises(ValueError, match="a paper goes with a mail only"):
        Notify(notify="sms", to="customer", template="paid", attach="invoice")


def test_a_message_to_a_user_and_a_group_is_refused_and_one_that_is_published_goes_on() -> None:
    both = {"notify": "mail", "to": {"user": "ann", "group": "leads"}, "template": "paid"}

    with pytest.raises(ValueError, match="write a second notify"):
        Notify.model_validate(both)
    before = {"rule": "any", "on": [{"event": "order.placed"}], "then": [both]}
    (action,) = Rule.as_published(before).then
    assert isinstance(action, Notify)
    assert action.to == both["to"]
