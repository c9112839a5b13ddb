"""The ready-made rules that tell people, from the event to the message, on the real write path."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.effects.channels import Outlet
from domain.orders import commands as c
from domain.orders.events import Delivery
from domain.paths.calendar_line import PublishCalendar
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from domain.rules.line import PublishRule
from domain.templates.line import PublishTemplate
from infra import rule_files, template_files
from infra.sms import SmsGateway
from tests.integration.projections.world import World
from tests.integration.rules.ruling import fire, settle, status_of
from tests.support.examples import CALENDAR, CUSTOMER, NOW, actor
from tests.support.receivers import Mailbox, Receiver, http_receiver
from tests.support.senders import MAIL, mail_gate, sender_of

WAY = ("new", "awaiting_payment", "confirmed", "assembling", "delivering", "at_pickup_point")
# The statuses that the ready-made rules speak of, without guards: what is to be seen are messages.
STATUSES = OrderPath.model_validate(
    {
        "path": "parcels",
        "title": {"en": "Parcels"},
        "stages": ["work", "end"],
        "statuses": {
            **{status: {"stage": "work"} for status in WAY},
            "done": {"stage": "end", "final": "success"},
            "cancelled": {"stage": "end", "final": "failure"},
        },
        "initial": [{"status": "new"}],
        "transitions": [
            *({"from": one, "to": after} for one, after in pairwise(WAY)),
            {"from": "at_pickup_point", "to": "done"},
            {"from": "*", "to": "cancelled", "reasons": ["changed_mind"]},
        ],
    }
)
COURIER = Delivery(method="courier", address="1 Main Street", promised_at=NOW + timedelta(days=2))


@pytest.fixture
def gateway() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        receiver.answers += [(200, {}, b'{"id": "sms-1"}')] * 9
        yield receiver


def open_shop(world: World, *rules: str, templates: tuple[str, ...] = ()) -> None:
    """Publish ready-made rules with their templates, and a path with their statuses."""
    world.send(
        PublishPath(**who(), definition=STATUSES), PublishCalendar(**who(), definition=CALENDAR)
    )
    for name in templates:
        world.send(PublishTemplate(**who(), definition=template_files.load_preset(name)))
    for name in rules:
        (said,) = world.send(PublishRule(**who(), definition=rule_files.load_preset(name)))
        assert said.kind == "accepted", said


def who(**more: Any) -> dict[str, Any]:
    return {"command_id": uuid4(), "actor": actor("user", "manager")} | more


def go(world: World, order_id: UUID, *statuses: str) -> None:
    """Move an order, and let the rules do what they have to."""
    for status in statuses:
        world.now += timedelta(minutes=1)
        (said,) = world.send(c.ChangeStatus(**who(order_id=order_id), to_status=status))
        assert said.kind == "accepted", said
        settle(world)


def pay(world: World, order_id: UUID) -> None:
    (due,) = world.query("select total_minor from analytics.orders where order_id = %s", order_id)
    said = who(order_id=order_id, payment_id="p-1", amount_minor=due[0], currency="EUR")
    submitted, charged = world.send(c.SubmitPayment(**said, method="card"), c.ChargePayment(**said))
    assert submitted.kind == charged.kind == "accepted", charged
    settle(world)


def send(world: World, box: Mailbox, gateway: Receiver) -> None:
    """Let a sender hand over what is asked for."""
    settle(world)
    sms = SmsGateway(gateway.url, '{"to": "{to}", "text": "{text}"}', region="RU")
    sender_of(world, {MAIL: mail_gate(box.port), Outlet("sms"): sms}).send_due()
    world.catch_up()


def texts(gateway: Receiver) -> list[str]:
    """Give what was sent by SMS."""
    return [json.loads(hit.body)["text"] for hit in gateway.hits]


def test_a28_the_customer_and_whoever_is_responsible_are_told_of_every_change(
    world: World, box: Mailbox, gateway: Receiver
) -> None:
    rules = ("customer_on_change", "owner_on_change", "owner_on_new_order")
    open_shop(world, *rules, templates=("status_changed",))
    order_id = world.place(path="parcels", customer=CUSTOMER)
    world.send(c.AssignOwner(**who(order_id=order_id), user="bob"))
    settle(world)
    changes = ("awaiting_payment", "confirmed", "assembling", "delivering")
    for status in changes:
        go(world, order_id, status)
        send(world, box, gateway)

    assert [str(mail["Subject"]).rpartition(" ")[2] for mail in box.mails] == [*changes]
    assert {str(mail["To"]) for mail in box.mails} == {"anna@example.org"}
    told = world.query(
        "select rule, to_user, count(*) from analytics.alerts where order_id = %s"
        " group by 1, 2 order by 1",
        order_id,
    )
    assert told == [("owner_on_change", "bob", 4), ("owner_on_new_order", "bob", 1)]
    assert world.query("select distinct state from analytics.notifications") == [("sent",)]


def test_p16_p26_a_link_to_pay_is_a_task_and_a_payment_is_mailed(
    world: World, box: Mailbox, gateway: Receiver
) -> None:
    open_shop(world, "payment_link_task", "payment_received_mail", templates=("paid",))
    order_id = world.place(path="parcels", customer=CUSTOMER)
    go(world, order_id, "awaiting_payment")
    tasks = "select title, to_group, state, due_at from analytics.tasks"
    due = world.now + timedelta(hours=1)
    assert world.query(tasks) == [("Send the payment link to the client", "managers", "open", due)]

    pay(world, order_id)
    send(world, box, gateway)

    (mail,) = box.mails
    assert mail["To"] == "anna@example.org"
    assert [rule for (rule,) in world.query("select rule from analytics.notifications")] == [
        "payment_received_mail"
    ]


def test_p16_p26_an_sms_says_when_the_courier_comes_and_another_that_a_parcel_waits(
    world: World, box: Mailbox, gateway: Receiver
) -> None:
    rules = ("courier_time", "reminder_to_collect")
    open_shop(world, *rules, templates=rules)
    order_id = world.place(path="parcels", customer=CUSTOMER, delivery=COURIER)
    go(world, order_id, "awaiting_payment", "confirmed", "assembling", "delivering")
    send(world, box, gateway)
    assert len(texts(gateway)) == 1

    later = NOW + timedelta(days=3)
    world.send(c.ChangeFields(**who(order_id=order_id), promised_at=later))
    send(world, box, gateway)
    assert len(texts(gateway)) == 2, "The client hears of another time, too."
    assert texts(gateway)[0] != texts(gateway)[1]

    go(world, order_id, "at_pickup_point")
    send(world, box, gateway)
    assert len(texts(gateway)) == 2
    world.now += timedelta(days=8)  # a Tuesday, on which the shop is closed
    while fire(world):
        send(world, box, gateway)
    assert len(texts(gateway)) == 2, "Nobody is woken up, though it was due on Saturday."
    world.now += timedelta(days=4, hours=1)
    while fire(world):
        send(world, box, gateway)

    assert texts(gateway)[2:] == [one for one in texts(gateway) if "to be collected" in one]
    assert len(texts(gateway)) == 3
    assert {json.loads(hit.body)["to"] for hit in gateway.hits} == {"+79000000000"}


def test_p16_p26_a_payment_leads_to_a_move_and_the_move_to_a_mail(
    world: World, box: Mailbox, gateway: Receiver
) -> None:
    rules = ("paid_to_assembly", "customer_on_change", "payment_received_mail")
    open_shop(world, *rules, templates=("paid", "status_changed"))
    order_id = world.place(path="parcels", customer=CUSTOMER)
    go(world, order_id, "awaiting_payment", "confirmed")
    send(world, box, gateway)
    before = len(box.mails)

    pay(world, order_id)
    send(world, box, gateway)

    assert status_of(world, order_id) == "assembling"
    assert len(box.mails) == before + 2
    chains = world.query(
        "select chain from analytics.trigger_runs where result = 'fired' order by position, rule"
    )[before:]
    assert sorted(chain for (chain,) in chains) == [
        ["paid_to_assembly"],
        ["paid_to_assembly", "customer_on_change"],
        ["payment_received_mail"],
    ]


def test_p30_a_track_number_that_stands_on_a_shipment_is_mailed(
    world: World, box: Mailbox, gateway: Receiver
) -> None:
    open_shop(world, "track_number_mail", templates=("track_number",))
    order_id = world.place(path="parcels", customer=CUSTOMER)
    packed = {"item_id": "1", "quantity": 3, "from_status": "ordered", "to_status": "assembled"}
    outcomes = world.send(
        c.MoveItem(**who(order_id=order_id), **packed),
        c.CreateShipment(**who(order_id=order_id), carrier="DHL", track_number="RR1"),
    )
    assert {one.kind for one in outcomes} == {"accepted"}, outcomes
    go(world, order_id, *WAY[1:5])

    send(world, box, gateway)

    (mail,) = box.mails
    text = mail.get_body(["plain"])
    assert text is not None
    assert "Track number: RR1 (DHL)" in text.get_content()


def test_p30_each_parcel_is_told_of_once_when_it_has_left_and_has_a_number(
    world: World, box: Mailbox, gateway: Receiver
) -> None:
    open_shop(world, "track_number_mail", templates=("track_number",))
    order_id = world.place(path="parcels", customer=CUSTOMER)
    said = who(order_id=order_id)
    said.pop("command_id")

    def tells(kind: type[c.OrderCommand], **body: Any) -> list[str]:
        (outcome,) = world.send(kind.model_validate({"command_id": uuid4(), **said, **body}))
        assert outcome.kind in ("accepted", "nothing"), outcome
        before = len(box.mails)
        send(world, box, gateway)
        made = [mail.get_body(["plain"]) for mail in box.mails[before:]]
        return [line for text in made if text for line in text.get_content().splitlines()]

    def numbers(lines: list[str]) -> list[str]:
        return [one for one in ("RR1", "RR2", "RR3") if any(one in line for line in lines)]

    go(world, order_id, *WAY[1:4])
    packed = {"item_id": "1", "quantity": 3, "from_status": "ordered", "to_status": "assembled"}
    tells(c.MoveItem, **packed)
    for name, number in (("s-1", "RR1"), ("s-2", None)):
        tells(
            c.CreateShipment, shipment_id=name, carrier="DHL", track_number=number, pieces={"1": 1}
        )
    tells(c.MoveShipment, shipment_id="s-1", to_status="handed_over")
    assert box.mails == []
    assert numbers(tells(c.ChangeStatus, to_status="delivering")) == ["RR1"]
    assert tells(c.MoveShipment, shipment_id="s-2", to_status="handed_over") == []
    assert numbers(tells(c.TrackShipment, shipment_id="s-2", track_number="RR2")) == ["RR1", "RR2"]
    assert tells(c.CreateShipment, shipment_id="s-3", carrier="DHL") == []
    assert tells(c.TrackShipment, shipment_id="s-3", track_number="RR3") == []
    assert numbers(tells(c.MoveShipment, shipment_id="s-3", to_status="handed_over")) == [
        "RR1", "RR2", "RR3",
    ]  # fmt: skip
    assert tells(c.MoveShipment, shipment_id="s-1", to_status="delivered") == []
    assert len(box.mails) == 3


def test_p30_planned_parcels_are_told_of_once_and_a_corrected_number_again(
    world: World, box: Mailbox, gateway: Receiver
) -> None:
    open_shop(world, "track_number_mail", templates=("track_number",))
    order_id = world.place(path="parcels", customer=CUSTOMER)
    go(world, order_id, *WAY[1:4])
    said = {"item_id": "1", "quantity": 3, "from_status": "ordered", "to_status": "assembled"}
    world.send(c.MoveItem(**who(order_id=order_id), **said))
    for name, number in (("s-1", "SONE1"), ("s-2", "STWO22")):
        one = {"shipment_id": name, "track_number": number, "pieces": {"1": 1}}
        world.send(c.CreateShipment(**who(order_id=order_id), carrier="DHL", **one))
    go(world, order_id, "delivering")
    for name in ("s-1", "s-2"):
        moved = who(order_id=order_id, shipment_id=name, to_status="handed_over")
        (outcome,) = world.send(c.MoveShipment(**moved))
        assert outcome.kind == "accepted", outcome
    send(world, box, gateway)
    assert len(box.mails) == 1

    corrected = who(order_id=order_id, shipment_id="s-2", track_number="STWO2")
    world.send(c.TrackShipment(**corrected))
    send(world, box, gateway)

    text = box.mails[-1].get_body(["plain"])
    assert (len(box.mails), text and "Track number: STWO2 (DHL)" in text.get_content()) == (2, True)
