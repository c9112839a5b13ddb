"""Scenes of the sale: the order comes in, is taken up, agreed on and paid, or cancelled."""

from datetime import timedelta
from typing import Final

from domain.orders import commands as c
from domain.orders.events import Delivery
from domain.orders.money import StatedTotals
from services.demo.acts import call
from services.demo.cast import BANK, GATEWAY, LEAD, PACKERS
from services.demo.script import OFFICE, PATH, Script, TheEnd
from services.demo.shop import CURRENCY, DELIVERY_MINOR, FREE_DELIVERY_MINOR, basket, upsell

SECOND_THOUGHTS: Final = ("changed_mind", "changed_mind", "found_cheaper", "delivery_too_slow")


def place(s: Script) -> None:
    """The customer orders on the website, or calls and a manager writes it down."""
    company = s.buyer.is_company
    by_phone = s.happens(0.45 if company else 0.18)
    s.lines = {line.item_id: line for line in basket(s.rng, company=company)}
    s.method = s.rng.choices(("courier", "pickup_point", "post"), (45, 40, 15))[0]
    if s.total_minor < FREE_DELIVERY_MINOR:
        s.delivery_minor = DELIVERY_MINOR[s.method]
    if s.happens(0.08):
        s.discount_minor = 100
    s.send(
        c.PlaceOrder,
        s.manager if by_phone else s.buyer.actor,
        path=PATH,
        order_type="company" if company else "private",
        channel="phone" if by_phone else "web",
        external_id=f"A-{10_001 + s.order}",
        customer=s.buyer.customer,
        delivery=Delivery(
            method=s.method,
            address=s.buyer.address,
            promised_at=s.at + timedelta(days=s.rng.randrange(2, 6)),
        ),
        currency=CURRENCY,
        lines=tuple(s.lines.values()),
        discount_minor=s.discount_minor,
        delivery_minor=s.delivery_minor,
        stated=StatedTotals(total_minor=s.total_minor),
    )
    s.may_be_forgotten()


def place_test(s: Script) -> None:
    """Somebody tries whether ordering works; it must not count in any report."""
    s.lines = {line.item_id: line for line in basket(s.rng, company=False)}
    s.send(
        c.PlaceOrder,
        LEAD,
        path=PATH,
        customer=s.buyer.customer,
        currency=CURRENCY,
        lines=tuple(s.lines.values()),
        test=s.order % 2 == 0,
    )
    s.send(c.MarkTest, LEAD)  # Already so for those that were placed as tests.
    s.cancel(LEAD, "duplicate", "shop")
    raise TheEnd


def take_up(s: Script) -> None:
    """A manager takes the order; some customers are faster and cancel it."""
    if s.happens(0.02):
        s.wait(3, 240)
        s.cancel(s.buyer.actor, s.rng.choice(SECOND_THOUGHTS), "client")
        raise TheEnd
    s.wait(1, 30, OFFICE)
    s.send(c.AssignOwner, s.manager, user=s.manager.id, group="managers")
    if s.happens(0.008):  # There is no such way, and the path says so.
        s.send(c.ChangeStatus, s.manager, to_status="done")
    if s.happens(0.006):
        s.send(c.AddNote, s.manager, text="Ordered twice within a minute, asked the customer")
        s.cancel(s.manager, "duplicate", "client")
        raise TheEnd


def agree(s: Script) -> None:
    """The manager calls: agreed, or nobody answers, or the customer has thought better of it."""
    s.wait(2, 45, OFFICE)
    if s.happens(0.14):
        _call_again(s)
    call(s, s.manager, "reached")
    if s.happens(0.035):
        _lose(s)
    if s.happens(0.06):
        line = upsell(len(s.lines) + 1)
        s.lines[line.item_id] = line
        s.send(c.AddItem, s.manager, line=line)
    if s.happens(0.03):
        first = next(iter(s.lines.values()))
        s.lines[first.item_id] = first.model_copy(update={"quantity": first.quantity + 1})
        s.send(c.ChangeItem, s.manager, item_id=first.item_id, quantity=first.quantity + 1)
    if s.happens(0.05):
        s.send(c.ChangeFields, s.manager, delivery_address=f"{s.buyer.address}, back entrance")
    if s.happens(0.004):  # The warehouse has no say in this; the path names who has.
        s.send(c.ChangeStatus, s.rng.choice(PACKERS), to_status="confirmed")
    s.move("confirmed", s.manager, expected_status=s.status)


def pay(s: Script) -> None:
    """Companies pay an invoice, most people by card; the others pay when the goods come."""
    if s.buyer.is_company:
        _ask_for_money(s, "invoice")
        s.wait(8 * 60, 4 * 24 * 60, OFFICE)
        s.pay(c.ChargePayment, BANK, s.total_minor)
        s.move("paid", BANK)
    elif s.happens(0.6):
        _ask_for_money(s, "card")
        s.wait(1, 300)
        s.pay(c.AuthorisePayment, GATEWAY, s.total_minor)
        s.pay(c.ChargePayment, GATEWAY, s.total_minor)
        if s.happens(0.03):  # Gateways repeat themselves: the same reference is the same money.
            s.pay(c.ChargePayment, GATEWAY, s.total_minor)
        s.move("paid", GATEWAY)
    else:
        return
    s.paid_minor = s.total_minor


def _call_again(s: Script) -> None:
    call(s, s.manager, "no_answer")
    call(s, s.manager, "no_answer")
    s.send(c.AddNote, s.manager, text="Called twice, nobody picks up; wrote a message")
    s.move("no_answer", s.manager)
    s.wait(180, 26 * 60, OFFICE)
    if s.happens(0.25):
        call(s, s.manager, "switched_off")
        s.cancel(s.manager, "vanished", "shop")
        raise TheEnd


def _lose(s: Script) -> None:
    if s.happens(0.3):  # Forgets to say why; the second try says it.
        s.send(c.CancelOrder, s.manager)
    s.cancel(s.manager, s.rng.choice(SECOND_THOUGHTS), "client")
    if s.happens(0.06):
        s.wait(60, 24 * 60, OFFICE)
        s.send(
            c.ChangeStatus,
            LEAD,
            to_status="new",
            reason="The customer called and wants it after all",
        )
        s.status = "new"
        s.wait(5, 60, OFFICE)
        return
    raise TheEnd


def _ask_for_money(s: Script, method: str) -> None:
    s.wait(1, 20, OFFICE)
    s.move("awaiting_payment", s.manager)
    s.wait(3, 24 * 60)
    if s.happens(0.06):
        s.wait(2 * 24 * 60, 4 * 24 * 60, OFFICE)
        s.send(c.AddNote, s.manager, text="Reminded of the payment twice")
        s.cancel(s.manager, "payment_failed", "shop")
        raise TheEnd
    s.send(
        c.SubmitPayment,
        s.buyer.actor,
        payment_id="p-1",
        method=method,
        amount_minor=s.total_minor,
        currency=CURRENCY,
    )
