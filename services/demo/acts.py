"""What people do with an order beside moving it: the words of the routes in services.demo.shops."""

from collections.abc import Callable, Mapping
from typing import Final

from domain.messages import Actor
from domain.orders import commands as c
from domain.orders.call_events import REACHED
from domain.stock.commands import ReceiveStock
from services.demo.script import Script
from services.demo.shop import CURRENCY

Act = Callable[[Script, Actor, str], None]  # the last one is the word behind the act


def pay(s: Script, actor: Actor, method: str) -> None:
    """All that is due comes in, announced with the same word."""
    reference = f"{method}-{s.order + 1:05}"
    s.send(c.ChargePayment, actor, method=method, currency=CURRENCY, gateway_ref=reference)


def refund(s: Script, actor: Actor, reason: str) -> None:
    """All that came goes back."""
    told = {"currency": CURRENCY, "reason_code": reason or "bad_quality"}
    s.send(c.RefundPayment, actor, **told)


def call(s: Script, actor: Actor, result: str) -> None:
    """Somebody calls the client, and whoever is reached talks for a while."""
    talked = s.rng.randrange(20, 240) if result == REACHED else 0
    s.send(c.LogCall, actor, result=result, talk_seconds=talked)


def suggest(s: Script, actor: Actor, _: str) -> None:
    """The client is talked into one piece more of something."""
    line = next(iter(s.lines.values())).model_copy(
        update={"item_id": str(len(s.lines) + 1), "quantity": 1, "upsell": True}
    )
    s.lines[line.item_id] = line
    s.send(c.AddItem, actor, line=line)


def deliver_most(s: Script, actor: Actor, _: str) -> None:
    """The client keeps all but one piece."""
    *others, last = s.lines.values()
    kept = last.quantity - 1 if others or last.quantity > 1 else last.quantity
    for line in others:
        s.move_pieces(line.item_id, line.quantity, "shipped", "delivered", actor)
    if kept:
        s.move_pieces(last.item_id, kept, "shipped", "delivered", actor)
    if kept < last.quantity:
        s.move_pieces(last.item_id, last.quantity - kept, "shipped", "not_bought_out", actor)


def take_back(s: Script, actor: Actor, _: str) -> None:
    """One piece comes back, although all was well."""
    line = next(iter(s.lines.values()))
    s.move_pieces(line.item_id, 1, "delivered", "returned", actor)


def shelve(s: Script, actor: Actor, _: str) -> None:
    """What was bought comes into the warehouse and is kept for the order at once."""
    for line in s.bought_lines:
        s.move_pieces(line.item_id, line.quantity, "bought", "received", actor)
        s.send(ReceiveStock, actor, sku=line.sku, quantity=line.quantity)
        s.move_pieces(line.item_id, line.quantity, "received", "reserved", actor)


def _all(source: str, target: str) -> Act:
    def act(s: Script, actor: Actor, _: str) -> None:
        s.move_items(source, target, actor)

    return act


def _bought(source: str, target: str) -> Act:
    def act(s: Script, actor: Actor, _: str) -> None:
        for line in s.bought_lines:
            s.move_pieces(line.item_id, line.quantity, source, target, actor)

    return act


ACTS: Final[Mapping[str, Act]] = {
    "pays": pay,
    "refunds": refund,
    "calls": call,
    "suggests": suggest,
    "assembles": _all("ordered", "assembled"),
    "packs": _all("reserved", "assembled"),
    "ships": _all("assembled", "shipped"),
    "delivers": _all("shipped", "delivered"),
    "delivers_most": deliver_most,
    "returns": take_back,
    "buys": _bought("to_buy", "bought"),
    "receives": _bought("bought", "received"),
    "shelves": shelve,
    "issues": lambda s, actor, kind: s.send(c.IssueDocument, actor, kind=kind),
    "tracks": lambda s, actor, _: s.send(
        c.ChangeFields, actor, track_number=f"TW{s.order + 1:07}GB"
    ),
    "edits_phone": lambda s, actor, _: s.send(
        c.ChangeFields, actor, customer_phone="+44 7700 900123"
    ),
    "tries": lambda s, actor, status: s.send(c.ChangeStatus, actor, to_status=status),
}
