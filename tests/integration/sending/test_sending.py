"""What waits goes out once, through its outlet; what became of it stands in the log."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any, Final, NoReturn
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from domain.customers.commands import ChangeContact, CreateCustomer
from domain.effects import commands as c
from domain.effects import endpoints as p
from domain.effects.channels import Outgoing, Outlet
from domain.effects.retries import DELAYS, PAUSE_AFTER, STALE
from domain.orders.commands import AssignOwner, ChangeFields
from domain.stock.commands import ReceiveStock
from domain.templates.line import PublishTemplate
from infra.mail import SmtpMail
from infra.sms import SmsGateway
from infra.template_files import load_preset
from infra.webhooks import WebhookEndpoint
from services.sending import AT_ONCE, Sender
from tests.integration.projections.world import World
from tests.support.examples import CUSTOMER, actor
from tests.support.mailings import SALE
from tests.support.outgoing import EFFECT_ID, PUBLISHED, request
from tests.support.receivers import Mailbox, http_receiver, scripted
from tests.support.senders import MAIL, ask, mail_gate, sender_of, states
from tests.support.waiting import wait_for

KEY: Final = f"whsec_{b64encode(b'0123456789abcdef0123456789abcdef').decode()}"
HOOK: Final = Outlet("webhook", "erp")
WHO: Final[dict[str, Any]] = {"command_id": EFFECT_ID, "actor": actor()}
TO_ERP: Final[dict[str, Any]] = {
    "channel": "webhook", "to": None, "template": None, "endpoint": "erp"
}  # fmt: skip


def mailer(world: World, box: Mailbox) -> Sender:
    return sender_of(world, {MAIL: mail_gate(box.port)})


def sent(world: World, sender: Sender) -> int:
    """Let a sender send what is due, with a read model that knows all; give how many it tried."""
    world.catch_up()
    tried = sender.send_due()
    world.catch_up()
    return tried


def shipped(world: World) -> UUID:
    """Place an order of Anna's that has a track number."""
    order_id = world.place(customer=CUSTOMER)
    told = {"order_id": order_id, "track_number": "RR123"}
    world.send(ChangeFields(**WHO | {"actor": actor("user", "manager")}, **told))
    return order_id


class TestMail:
    def test_p30_the_customer_gets_a_mail_with_the_track_number(
        self, world: World, box: Mailbox
    ) -> None:
        effect_id = ask(world, shipped(world))

        assert sent(world, mailer(world, box)) == 1

        (mail,) = box.mails
        text = mail.get_body(["plain"])
        assert text is not None
        assert text.get_content().strip() == "Hello Anna Ivanova, track RR123."
        assert box.to == [CUSTOMER.email]
        assert box.ids == [f"<{effect_id}@shop.example>"]
        assert states(world) == {effect_id: ("sent", 1)}

    def test_a_message_speaks_of_the_order_as_it_was_and_goes_where_the_customer_is_now(
        self, world: World, box: Mailbox
    ) -> None:
        order_id = shipped(world)
        ask(world, order_id, about_version=2)
        later = {"order_id": order_id, "reason": "She moved"}
        after = {"track_number": "RR999", "customer_email": "anna@new.example"}
        world.send(ChangeFields(**WHO | {"actor": actor("user", "manager")}, **later, **after))

        sent(world, mailer(world, box))

        assert "RR123" in box.mails[0].as_string()
        assert box.to == ["anna@new.example"]

    def test_without_a_contact_a_message_is_dead_at_once_and_says_why(
        self, world: World, box: Mailbox
    ) -> None:
        effect_id = ask(world, world.place())

        sent(world, mailer(world, box))

        assert states(world) == {effect_id: ("dead", 1)}
        assert box.mails == []
        assert world.query("select reason_code, next_at from analytics.notifications") == [
            ("no_contact", None)
        ]
        assert world.query("select error from live.effect_attempts") == [
            ("no e-mail address of the customer is known",)
        ]

    def test_what_the_template_misses_makes_no_mail_with_a_hole(
        self, world: World, box: Mailbox
    ) -> None:
        effect_id = ask(world)

        sent(world, mailer(world, box))

        assert (states(world), box.mails) == ({effect_id: ("dead", 1)}, [])
        assert world.query("select reason_code from live.effects") == [("template_failed",)]

    def test_p17_a_message_keeps_the_template_that_it_was_asked_for_with(
        self, world: World, box: Mailbox
    ) -> None:
        ask(world, shipped(world))
        other = {"en": {"subject": "Other", "text": "Other"}}
        newer = type(PUBLISHED.definition).model_validate(  # type: ignore[attr-defined]
            PUBLISHED.definition.content | {"texts": other}  # type: ignore[attr-defined]
        )
        world.send(PublishTemplate(**WHO, definition=newer))

        sent(world, mailer(world, box))

        assert "is on its way" in str(box.mails[0]["Subject"])

    def test_people_of_the_shop_are_reached_as_the_settings_say(
        self, world: World, box: Mailbox
    ) -> None:
        order_id = shipped(world)
        world.send(AssignOwner(**WHO, order_id=order_id, user="ann", group="leads"))
        named = ({"kind": "owner"}, {"kind": "group", "who": "leads"})
        bob = {"kind": "user", "who": "bob@shop.example"}
        others = (bob, {"kind": "address", "address": "x@y.example"})
        for to in (*named, *others):
            ask(world, order_id, to=to)
        nobody = ask(world, order_id, to={"kind": "user", "who": "nobody"})

        sent(world, mailer(world, box))

        assert sorted(box.to) == ["ann@shop.example", "bob@shop.example", "l@x.y", "x@y.example"]
        assert states(world)[nobody] == ("dead", 1)

    def test_v14_purchasing_is_told_of_an_article(self, world: World, box: Mailbox) -> None:
        world.send(PublishTemplate(**WHO, definition=load_preset("low_stock")))
        stock = {"sku": "TEA-100", "location": "main"}
        world.send(ReceiveStock(**WHO, **stock, quantity=4))
        to = {"kind": "group", "who": "leads"}
        world.send(
            c.RequestEffect(
                **WHO, effect_id=uuid4(), channel="mail", to=to, template="low_stock", **stock
            )
        )

        sent(world, mailer(world, box))

        assert box.mails[0]["Subject"] == "TEA-100 runs out at main"

    def test_a_customer_without_an_order_is_told_too(self, world: World, box: Mailbox) -> None:
        hello = {"en": {"subject": "Hello {{ customer.name }}", "text": "Sale!"}}
        sale = {"template": "sale", "channel": "mail", "texts": hello}
        world.send(PublishTemplate(**WHO, definition=sale))
        world.place(customer=CUSTOMER)
        world.send(ChangeContact(**WHO, customer_id="c-7", email="a@b.example"))
        world.send(
            c.RequestEffect(
                **WHO, effect_id=uuid4(), channel="mail", template="sale",
                to={"kind": "customer", "customer_id": "c-7"},
            )
        )  # fmt: skip

        sent(world, mailer(world, box))

        assert (box.to, box.mails[0]["Subject"]) == (["a@b.example"], "Hello Anna Ivanova")


class TestRetries:
    def test_what_failed_is_tried_again_when_its_time_has_come(
        self, world: World, box: Mailbox
    ) -> None:
        effect_id = ask(world, shipped(world))
        box.answers.append("451 later")
        sender = mailer(world, box)

        assert sent(world, sender) == 1
        assert states(world) == {effect_id: ("failed", 1)}
        assert sent(world, sender) == 0
        world.now += DELAYS[0]
        assert sent(world, sender) == 1

        assert states(world) == {effect_id: ("sent", 2)}
        assert box.ids == [f"<{effect_id}@shop.example>"]

    def test_behind_the_last_try_it_is_dead_and_sent_again_when_somebody_says_so(
        self, world: World, box: Mailbox
    ) -> None:
        effect_id = ask(world, shipped(world))
        box.answers += ["451 later"] * (len(DELAYS) + 1)
        sender = mailer(world, box)
        for _ in range(len(DELAYS) + 1):
            assert sent(world, sender) == 1
            world.now += timedelta(days=2)
        assert states(world) == {effect_id: ("dead", len(DELAYS) + 1)}
        assert sent(world, sender) == 0

        world.send(c.ResendEffect(**WHO, effect_id=effect_id))

        assert sent(world, sender) == 1
        assert states(world) == {effect_id: ("sent", len(DELAYS) + 2)}
        assert box.ids == [f"<{effect_id}.1@shop.example>"]

    def test_what_the_server_refuses_for_good_is_dead_at_once(
        self, world: World, box: Mailbox
    ) -> None:
        effect_id = ask(world, shipped(world))
        box.answers.append("550 no such user anna@example.org")

        sent(world, mailer(world, box))

        assert states(world) == {effect_id: ("dead", 1)}
        assert world.query("select error from live.effect_attempts") == [
            ("the mail server answered 550",)
        ]

    def test_a_mail_without_an_answer_is_sent_again_only_when_somebody_says_so(
        self, world: World, box: Mailbox
    ) -> None:
        effect_id, url = ask(world, shipped(world)), f"smtp+plain://127.0.0.1:{box.port}"
        box.slow_seconds = 30
        hasty = SmtpMail(url, "Shop <orders@shop.example>", longest_seconds=0.5)
        assert sent(world, sender_of(world, {MAIL: hasty})) == 1
        world.now += timedelta(days=2)
        box.slow_seconds = 0
        assert sent(world, mailer(world, box)) == 0

        told = world.query("select state, reason_code from live.effects")
        assert (len(box.mails), told) == (1, [("dead", "unanswered")])
        world.send(c.ResendEffect(**WHO, effect_id=effect_id))
        assert sent(world, mailer(world, box)) == 1
        assert states(world) == {effect_id: ("sent", 2)}

    def test_what_nobody_sent_for_a_week_is_sent_no_more(self, world: World, box: Mailbox) -> None:
        effect_id = ask(world, shipped(world))
        world.now += STALE + timedelta(seconds=1)

        sent(world, mailer(world, box))

        assert (states(world), box.mails) == ({effect_id: ("dead", 1)}, [])

    def test_a_mail_server_that_turns_everybody_away_kills_no_mail_and_is_told_of(
        self, world: World, box: Mailbox
    ) -> None:
        order_id = shipped(world)
        ids = [ask(world, order_id) for _ in range(PAUSE_AFTER)]
        with scripted(hello=b"554 No service\r\n") as port:
            sender = sender_of(world, {MAIL: mail_gate(port)})
            assert sent(world, sender) == len(ids)
            world.now += DELAYS[0]
            assert sent(world, sender) == len(ids)
            assert world.query("select count(*) from live.endpoints") == [(0,)]  # It may be short.
            world.now += DELAYS[1]
            sent(world, sender)
            world.now += timedelta(days=2)
            assert sent(world, sender) == 0

        assert {state for state, _ in states(world).values()} == {"failed"}
        assert world.query("select kind, title, to_group from analytics.alerts") == [
            (
                "endpoint_paused",
                "The mail server failed 20 times in a row and is paused: what is for it waits",
                "admins",
            )
        ]
        world.send(p.ResumeEndpoint(**WHO, endpoint="mail"))
        assert sent(world, mailer(world, box)) == len(ids)
        assert {state for state, _ in states(world).values()} == {"sent"}

    def test_no_mail_server_is_paused_for_recipients_that_it_refuses(
        self, world: World, box: Mailbox
    ) -> None:
        order_id = shipped(world)
        box.answers += ["550 no such user"] * PAUSE_AFTER
        for _ in range(PAUSE_AFTER):
            ask(world, order_id)
            sent(world, mailer(world, box))
            world.now += timedelta(minutes=1)

        assert {state for state, _ in states(world).values()} == {"dead"}
        assert world.query("select count(*) from live.endpoints") == [(0,)]

    def test_a_fault_of_ours_counts_as_a_try_and_is_named_without_its_words(
        self, world: World
    ) -> None:
        effect_id = ask(world, shipped(world))

        class Broken:
            def send(self, outgoing: Outgoing) -> str | None:
                raise RuntimeError(f"lost {outgoing.to}")

        with capture_logs() as logs:
            sent(world, sender_of(world, {MAIL: Broken()}))

        assert states(world) == {effect_id: ("failed", 1)}
        assert str(CUSTOMER.email) not in repr(logs)
        assert [one["error"] for one in logs if one["event"] == "effect_broke"] == ["RuntimeError"]

    def test_what_was_dropped_on_its_way_and_went_out_stands_as_sent(self, world: World) -> None:
        effect_id = ask(world, shipped(world))

        class Slow:
            def send(self, outgoing: Outgoing) -> str | None:
                drop = c.DropEffect(**WHO, effect_id=effect_id, reason_code="told_by_phone")
                world.send(drop)
                return outgoing.message_id

        assert sent(world, sender_of(world, {MAIL: Slow()})) == 1

        assert states(world) == {effect_id: ("sent", 1)}
        assert sent(world, sender_of(world, {MAIL: Slow()})) == 0


class TestWebhooks:
    def test_an_endpoint_gets_the_public_state_of_the_order_signed(self, world: World) -> None:
        with http_receiver() as receiver:
            effect_id = ask(world, shipped(world), **TO_ERP)
            sent(world, sender_of(world, {HOOK: WebhookEndpoint(receiver.url, KEY)}))

        (hit,) = receiver.hits
        said = Webhook(KEY).verify(hit.body, dict(hit.headers))
        assert hit.headers["webhook-id"] == str(effect_id)
        assert (said["type"], said["rule"]) == ("order.state.v1", "track_mail")
        assert (said["data"]["version"], said["data"]["track_number"]) == (2, "RR123")
        assert "contact" not in said["data"]
        assert str(CUSTOMER.email) not in hit.body.decode()

    def test_a_repeated_webhook_has_the_same_id_and_says_the_same(self, world: World) -> None:
        with http_receiver() as receiver:
            ask(world, shipped(world), **TO_ERP, about_version=2)
            receiver.answers.append((500, {}, b""))
            sender = sender_of(world, {HOOK: WebhookEndpoint(receiver.url, KEY)})
            sent(world, sender)
            world.now += DELAYS[0]
            sent(world, sender)

        first, second = receiver.hits
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body

    def test_an_endpoint_that_fails_again_and_again_is_paused_until_it_is_resumed(
        self, world: World
    ) -> None:
        order_id = shipped(world)
        for _ in range(PAUSE_AFTER + 5):
            ask(world, order_id, **TO_ERP)
        with http_receiver() as receiver, capture_logs() as logs:
            receiver.usual = 500
            sender = sender_of(world, {HOOK: WebhookEndpoint(receiver.url, KEY)})
            world.catch_up()
            for _ in range(PAUSE_AFTER):
                assert sender.step(HOOK)
                world.catch_up()
            assert sender.step(HOOK)
            world.catch_up()
            assert not sender.step(HOOK)
            hits = len(receiver.hits)
            receiver.usual = 200
            world.send(p.ResumeEndpoint(**WHO, endpoint="erp"))
            world.now += DELAYS[0]
            assert sent(world, sender) == PAUSE_AFTER + 5

        assert hits == PAUSE_AFTER + 1
        paused = [one for one in logs if one["event"] == "endpoint_paused"]
        assert [(one["log_level"], one["endpoint"]) for one in paused] == [("error", "erp")]
        assert {state for state, _ in states(world).values()} == {"sent"}
        told = world.query("select kind, title, to_group from analytics.alerts")
        assert told == [
            (
                "endpoint_paused",
                "Endpoint erp failed 10 times in a row and is paused: what is for it waits",
                "admins",
            )
        ]

    def test_no_endpoint_is_paused_for_faults_of_ours(self, world: World) -> None:
        for _ in range(PAUSE_AFTER + 1):
            ask(world, uuid4(), **TO_ERP)
        with http_receiver() as receiver:
            sender = sender_of(world, {HOOK: WebhookEndpoint(receiver.url, KEY)})
            assert sent(world, sender) == PAUSE_AFTER + 1

        assert {state for state, _ in states(world).values()} == {"dead"}
        assert receiver.hits == []
        assert world.query("select count(*) from live.endpoints") == [(0,)]

    def test_an_endpoint_that_is_gone_is_paused_at_once(self, world: World) -> None:
        for _ in range(2):
            ask(world, shipped(world), **TO_ERP)
        with http_receiver() as receiver:
            receiver.usual = 410
            world.catch_up()
            sender = sender_of(world, {HOOK: WebhookEndpoint(receiver.url, KEY)})
            assert sender.step(HOOK)
            assert sent(world, sender) == 0

        assert sorted(state for state, _ in states(world).values()) == ["dead", "pending"]
        told = world.query("select title, to_group from analytics.alerts")
        assert told == [("Endpoint erp failed and is paused: what is for it waits", "admins")]

    def test_what_no_setting_names_waits(self, world: World, box: Mailbox) -> None:
        effect_id = ask(world, shipped(world), **TO_ERP)

        assert sent(world, mailer(world, box)) == 0
        assert states(world) == {effect_id: ("pending", 0)}


def test_p15_a_customer_gets_an_sms_by_the_gateway(world: World) -> None:
    world.send(PublishTemplate(**WHO, definition=load_preset("reminder_to_collect")))
    with http_receiver() as receiver:
        receiver.answers.append((200, {}, b'{"id": "sms-9"}'))
        gateway = SmsGateway(receiver.url, '{"to": "{to}", "text": "{text}"}', region="RU")
        ask(world, shipped(world), channel="sms", template="reminder_to_collect")
        sent(world, sender_of(world, {Outlet("sms"): gateway}))

    said = json.loads(receiver.hits[0].body)
    assert said["to"] == "+79000000000"
    assert said["text"].endswith("is ready to be collected. To pay: 14.00 EUR.")
    assert world.query("select provider_id from live.effect_attempts") == [("sms-9",)]


def test_an_sms_to_an_owner_whose_name_is_no_number_goes_to_the_number_of_the_group(
    world: World,
) -> None:
    world.send(PublishTemplate(**WHO, definition=load_preset("reminder_to_collect")))
    order_id = shipped(world)
    world.send(AssignOwner(**WHO, order_id=order_id, user="anna2", group="managers"))
    with http_receiver() as receiver:
        gateway = SmsGateway(receiver.url, '{"to": "{to}", "text": "{text}"}', region="RU")
        about = {"channel": "sms", "template": "reminder_to_collect", "to": {"kind": "owner"}}
        ask(world, order_id, **about)
        sender = sender_of(
            world, {Outlet("sms"): gateway}, contacts={"group:managers": ("+79011111111",)}
        )
        sent(world, sender)

    assert [json.loads(hit.body)["to"] for hit in receiver.hits] == ["+79011111111"]


@pytest.mark.parametrize(
    "answer",
    [
        b'{"id": "a\\u0000b"}', b'{"id": "a\\ud800b"}', b'{"id": ""}', b"[" * 99_000,
        b'{"id": ' + b"1" * 5_000 + b"}", b"\xff", b"",
    ],
    ids=["nul", "surrogate", "empty", "deep", "long", "no text", "nothing"],
)  # fmt: skip
def test_an_sms_that_the_gateway_took_is_sent_once_whatever_it_answers(
    world: World, answer: bytes
) -> None:
    world.send(PublishTemplate(**WHO, definition=load_preset("reminder_to_collect")))
    with http_receiver() as receiver:
        receiver.answers.append((200, {}, answer))
        gateway = SmsGateway(receiver.url, '{"to": "{to}", "text": "{text}"}', region="RU")
        effect_id = ask(world, shipped(world), channel="sms", template="reminder_to_collect")
        sender = sender_of(world, {Outlet("sms"): gateway})
        assert sent(world, sender) == 1
        assert sent(world, sender) == 0

    assert len(receiver.hits) == 1
    assert states(world) == {effect_id: ("sent", 1)}
    assert world.query("select provider_id from live.effect_attempts") == [(None,)]


@pytest.mark.parametrize("name", ["", "a\0b", "a\ud800b", "x" * 201])
def test_what_a_channel_took_is_sent_whatever_it_calls_it(world: World, name: str) -> None:
    class Odd:
        def send(self, outgoing: Outgoing) -> str | None:
            return name

    effect_id = ask(world, shipped(world))
    assert sent(world, sender_of(world, {MAIL: Odd()})) == 1

    assert states(world) == {effect_id: ("sent", 1)}


def test_a_channel_is_used_no_faster_than_its_limit(world: World, box: Mailbox) -> None:
    order_id = shipped(world)
    for _ in range(5):
        ask(world, order_id)
    world.catch_up()

    slow = {"mail": 2, "sms": 1, "webhook": 1}
    sender = sender_of(world, {MAIL: mail_gate(box.port)}, per_minute=slow)
    another = sender_of(world, {MAIL: mail_gate(box.port)}, per_minute=slow)

    assert sender.send_due() + another.send_due() == 1


OF_MAILING: Final[dict[str, Any]] = {
    "template": "sale", "order_id": None, "about_version": None, "rule": None, "rule_version": None
}  # fmt: skip


def ask_everybody(world: World, customers: int) -> None:
    """Ask for a mailing to so many."""
    world.send(PublishTemplate(**WHO, definition=SALE))
    for number in range(customers):
        to = {"kind": "customer", "customer_id": f"c-{number}"}
        contact = {"name": "Anna", "email": f"c{number}@example.org"}
        world.send(CreateCustomer(**WHO, customer_id=f"c-{number}", **contact))
        (outcome,) = world.send(request(**OF_MAILING, to=to, effect_id=uuid4()))
        assert outcome.kind == "accepted", outcome


def subjects(box: Mailbox) -> list[str]:
    return [str(mail["subject"]).partition(" ")[0] for mail in box.mails]


def test_what_is_about_an_order_goes_before_a_mailing_that_was_asked_for_earlier(
    world: World, box: Mailbox
) -> None:
    ask_everybody(world, 3)
    world.now += timedelta(hours=23)
    ask(world, shipped(world), rule=None, rule_version=None)
    world.now += timedelta(minutes=1)
    ask(world, shipped(world))

    assert sent(world, mailer(world, box)) == 5
    assert subjects(box) == ["Order", "Order", "Sale", "Sale", "Sale"]


def test_a_mailing_waits_for_what_is_about_orders_no_longer_than_a_day(
    world: World, box: Mailbox
) -> None:
    ask_everybody(world, 2)
    ask(world, shipped(world))
    world.now += timedelta(hours=24, minutes=1)
    ask(world, shipped(world))

    assert sent(world, mailer(world, box)) == 4
    assert subjects(box) == ["Order", "Sale", "Sale", "Order"]


def test_a_program_sends_until_it_is_told_to_stop(world: World, box: Mailbox) -> None:
    order_id = shipped(world)
    ids = [ask(world, order_id) for _ in range(20)]
    stop, beats = Signal(), []
    program = Thread(target=mailer(world, box).run, args=(stop, lambda: beats.append(1)))
    program.start()
    try:
        follower = Thread(target=world.follower().run, args=(stop,))
        follower.start()
        wait_for(lambda: len(box.ids) == len(ids) and bool(beats))
    finally:
        stop.set()
        program.join()
        follower.join()

    assert sorted(box.ids) == sorted(f"<{one}@shop.example>" for one in ids)
    assert {*states(world).values()} == {("sent", 1)}


class Holding:
    """A gate that holds what it gets until it is let go."""

    def __init__(self) -> None:
        self.held: list[float] = []  # since when, in monotonic seconds
        self.let_go = Signal()

    def send(self, _: Outgoing) -> str | None:
        self.held.append(monotonic())
        self.let_go.wait(30)
        return None


@contextmanager
def at_work(sender: Sender) -> Iterator[list[float]]:
    """Let a sender work; give when it gave signs of life, in monotonic seconds."""
    stop, beats = Signal(), list[float]()
    program = Thread(target=sender.run, args=(stop, lambda: beats.append(monotonic())))
    program.start()
    try:
        yield beats
    finally:
        stop.set()
        program.join()


def test_a_sender_gives_its_first_sign_before_it_waits_for_anything(world: World) -> None:
    stop, beats = Signal(), list[float]()
    stop.set()

    sender_of(world, {MAIL: Holding()}).run(stop, lambda: beats.append(monotonic()))

    assert len(beats) == 1


def test_a_sender_whose_threads_all_wait_for_a_slow_server_lives(world: World) -> None:
    gate, order_id = Holding(), shipped(world)
    for _ in range(AT_ONCE["mail"]):
        ask(world, order_id)
    world.catch_up()

    with at_work(sender_of(world, {MAIL: gate})) as beats:
        wait_for(lambda: len(gate.held) == AT_ONCE["mail"])
        wait_for(lambda: any(beat > gate.held[-1] for beat in beats))
        gate.let_go.set()


def test_a_message_that_is_stuck_is_seen_though_other_threads_work(world: World) -> None:
    gate = Holding()
    ask(world, shipped(world))
    world.catch_up()

    with at_work(sender_of(world, {MAIL: gate, HOOK: Holding()}, lease_seconds=0.5)) as beats:
        wait_for(lambda: bool(gate.held) and monotonic() - gate.held[0] > 2)
        until = monotonic()
        gate.let_go.set()

    assert not [beat for beat in beats if gate.held[0] + 0.6 < beat < until]


def test_a_sender_whose_thread_fails_ends_with_its_error(world: World, box: Mailbox) -> None:
    def broken() -> NoReturn:
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError, match="a fault of ours"):
        replace(mailer(world, box), clock=broken).run(Signal())
