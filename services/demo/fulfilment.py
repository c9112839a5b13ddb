"""Scenes behind the sale: packing, the way to the customer, the end, and what comes back."""

from domain.messages import Actor
from domain.orders import commands as c
from services.demo.cast import CARRIER, COURIERS, GATEWAY, PACKERS
from services.demo.script import OFFICE, STREET, WAREHOUSE, Script, TheEnd
from services.demo.shop import CURRENCY

DAY = 24 * 60  # minutes


def assemble(s: Script) -> None:
    """The warehouse collects and packs; now and then an item is not there."""
    s.wait(5, 240, WAREHOUSE)
    s.packer = s.rng.choice(PACKERS)
    s.send(c.AssignOwner, s.packer, user=s.packer.id, group="warehouse")
    s.move("assembling", s.packer)
    if s.buyer.is_company:
        s.move_items("ordered", "reserved", s.packer)
    s.wait(4, 90, WAREHOUSE)
    if s.happens(0.03):
        _item_is_missing(s)
    s.move_items("reserved" if s.buyer.is_company else "ordered", "assembled", s.packer)
    s.move("assembled", s.packer)


def deliver(s: Script) -> None:
    """A courier drives, or the parcel service brings it to the door or to a pick-up point."""
    s.wait(30, 300, WAREHOUSE)
    s.move("handed_over", s.packer)
    s.move_items("assembled", "shipped", s.packer)
    carrier = s.rng.choice(COURIERS) if s.method == "courier" else CARRIER
    if carrier is CARRIER:
        s.send(c.ChangeFields, s.packer, track_number=f"TW{s.order + 1:07}GB")
    s.wait(20, DAY if carrier is CARRIER else 180, STREET)
    s.send(c.AssignOwner, s.manager, user=carrier.id, group="couriers")
    s.move("delivering", carrier)
    if s.happens(0.045):
        _trouble(s, carrier)
    elif s.method == "pickup_point":
        s.wait(DAY // 2, 2 * DAY, STREET)
        s.move("at_pickup_point", carrier)
    s.wait(40, 7 * DAY if s.method == "pickup_point" else 8 * 60, STREET)
    if s.happens(0.06 if s.method == "pickup_point" else 0.015):
        _not_bought_out(s, carrier)
    if not s.paid_minor:
        _pay_on_delivery(s, carrier)
    s.move_items("shipped", "delivered", carrier)
    s.move("delivered", carrier)


def close(s: Script) -> None:
    """The manager checks the money and closes; some goods come back, before or after."""
    if s.happens(0.012):
        s.wait(DAY, 4 * DAY, OFFICE)
        _take_back(s)
    s.wait(60, 2 * DAY, OFFICE)
    s.move("done", s.manager)
    if s.happens(0.02):
        s.wait(60, 3 * DAY, OFFICE)
        s.send(c.AddNote, s.manager, text="One item came with a scratch; gave a part back")
        s.refund(s.paid_minor // 10, "bad_quality")
    elif s.happens(0.025):
        s.wait(DAY, 9 * DAY, OFFICE)
        _take_back(s)
    elif s.happens(0.004):
        s.wait(5 * DAY, 15 * DAY)
        s.pay(c.ChargeBackPayment, GATEWAY, s.paid_minor)


def _item_is_missing(s: Script) -> None:
    s.move("confirmed", s.packer, reason="One item is not on its shelf")
    s.wait(20, 200, OFFICE)
    if len(s.lines) > 1 and not s.paid_minor:
        gone = s.lines.popitem()[1]
        s.send(c.CancelItem, s.manager, item_id=gone.item_id, reason_code="out_of_stock")
    elif s.happens(0.4):
        s.cancel(s.manager, "out_of_stock", "shop")
        s.refund(s.paid_minor, "out_of_stock")
        raise TheEnd
    s.wait(30, 2 * DAY, WAREHOUSE)
    s.move("assembling", s.packer)


def _trouble(s: Script, carrier: Actor) -> None:
    s.wait(60, 10 * 60, STREET)
    s.move("delivery_problem", carrier, reason="Nobody at the address")
    s.wait(10, 10 * 60, OFFICE)
    s.send(c.AddNote, s.manager, text="Agreed on a new day with the customer")
    s.move("delivering", s.manager)
    if s.method == "pickup_point":
        s.wait(DAY // 2, DAY, STREET)
        s.move("at_pickup_point", carrier)


def _not_bought_out(s: Script, carrier: Actor) -> None:
    s.move("not_bought_out", carrier, reason_code="vanished", initiator="carrier")
    s.wait(DAY, 3 * DAY, WAREHOUSE)
    s.move_items("shipped", "not_bought_out", s.packer)
    s.refund(s.paid_minor, "vanished")
    raise TheEnd


def _pay_on_delivery(s: Script, carrier: Actor) -> None:
    s.send(
        c.SubmitPayment,
        carrier,
        payment_id="p-1",
        method=s.rng.choice(("cash", "card_terminal")),
        amount_minor=s.total_minor,
        currency=CURRENCY,
    )
    s.pay(c.ChargePayment, carrier, s.total_minor)
    s.paid_minor = s.total_minor


def _take_back(s: Script) -> None:
    reason = s.rng.choice(("changed_mind", "bad_quality", "wrong_item", "damaged"))
    s.move("returned", s.manager, reason_code=reason, initiator="client")
    s.wait(DAY, 4 * DAY, WAREHOUSE)
    s.move_items("delivered", "returned", s.packer)
    s.refund(s.paid_minor, reason)
    raise TheEnd
