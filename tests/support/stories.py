"""Stories of a shop, told step by step on the real write path and closed with its books.

    with opened_shop(database_url, "minoxidil") as shop:
        anna, lisa = shop.person("anna", "manager"), shop.client("lisa")
        order = lisa.places({"FOAM": 2})
        anna.moves(order, "confirmed").then_status("confirmed")
        anna.moves(order, "done").then_refused("transition_not_allowed")

A step happens ten minutes after the one before. Whoever does not say then_refused means that the
step is accepted: a refusal that nobody expects fails the story at its next step.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final, Self
from uuid import UUID, uuid5

from psycopg.rows import dict_row

from domain.messages import Actor, Command, Outcome
from domain.orders import commands as c
from domain.orders.events import Customer, Delivery
from domain.orders.money import Line
from domain.orders.order import Order
from domain.paths.commands import PublishPath
from domain.products.commands import PublishProduct
from domain.rules.line import PublishRule
from domain.rules.rule import Rule
from domain.rules.timers import FireTimer
from domain.stock.commands import ReceiveStock
from infra.path_files import load_preset
from infra.settings import Settings
from services.allowed import allowed_for
from services.bootstrap import SYSTEM, System, open_system
from services.demo.clock import VirtualClock
from services.reading import order_now

MORNING: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
STEP: Final = timedelta(minutes=10)
PRICE: Final = 1_000  # of every article
CURRENCY: Final = "EUR"
_CLOCK: Final = Actor(kind="clock", id="orderpath")
_STORY: Final = UUID("0b5d1f0a-5a3e-5b7c-8a39-6d6f7b1d1c11")


@contextmanager
def opened_shop(database_url: str, *paths: str) -> Iterator["Shop"]:
    """Open a shop on its ready-made paths; the first one is its name, unless they share one."""
    clock = VirtualClock(MORNING)
    with open_system(Settings(database_url=database_url), clock) as system:
        shop = Shop(system, clock, _name_of(paths[0]))
        for path in set(paths) - system.log.names("path"):
            shop.send(SYSTEM, PublishPath, definition=load_preset(path))
        yield shop
        shop.closes_its_books()


def _name_of(path: str) -> str:
    """Give the name of the shop that a path applies to; of any shop it is `main`."""
    named = load_preset(path).applies_to[0]["shop"][0]
    return "main" if named == "*" else named


@dataclass
class Shop:
    """A shop with its people, its clock and its books."""

    system: System
    clock: VirtualClock
    name: str
    orders: list["StoryOrder"] = field(default_factory=list)
    _priced: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _last: "Answer | None" = None

    def person(self, name: str, *roles: str) -> "Person":
        """Somebody who works here."""
        return Person(self, Actor(kind="user", id=name, roles=roles))

    def client(self, name: str) -> "Person":
        """Somebody who buys, by the website."""
        return Person(self, Actor(kind="api_key", id="website", roles=("client",)), name)

    def program(self, name: str, *roles: str) -> "Person":
        """A gateway, a carrier, a marketplace: what it tells has happened."""
        return Person(self, Actor(kind="api_key", id=name, roles=roles))

    def sells(self, sku: str, price_minor: int, **more: Any) -> "Answer":
        """From now on the price list says what an article costs; orders leave it out."""
        self._priced.add(sku)
        told = {"title": sku.title(), "unit_price_minor": price_minor, "currency": CURRENCY}
        return self.send(SYSTEM, PublishProduct, sku=sku, **told, **more)

    def line(self, sku: str, quantity: int) -> Line | dict[str, Any]:
        """Give a position as an order states it: with its price, unless the price list has it."""
        if sku in self._priced:
            return {"item_id": sku, "sku": sku, "quantity": quantity}
        return _line(sku, quantity)

    def receives(self, sku: str, quantity: int, location: str = "main") -> "Answer":
        """Goods come in."""
        told = {"sku": sku, "quantity": quantity, "location": location}
        return self.send(SYSTEM, ReceiveStock, **told)

    def waits(self, **time: float) -> None:
        """Nothing happens for a while."""
        self.clock.set(self.clock.now + timedelta(**time))

    def expires(self, order: "StoryOrder") -> "Answer":
        """Goods that were kept long enough are there for others again."""
        return self.send(SYSTEM, c.ExpireReservations, order_id=order.order_id)

    def arms(self, *rules: Rule) -> None:
        """From now on these rules act."""
        for rule in rules:
            self.send(SYSTEM, PublishRule, definition=rule)

    def lets_rules_act(self) -> None:
        """Rules judge what has happened, and act, until nothing is left to do."""
        self._see_to_the_last()
        self._last = None
        self.system.catch_up()
        while self.system.acting().catch_up() or self._fires_what_is_due():
            self.system.catch_up()

    def _fires_what_is_due(self) -> bool:
        question = (
            "select order_id, wait_id as timer_id, rule, rule_version, why, due_at"
            " from live.rule_waits where due_at <= %s order by due_at"
        )
        with self.system.lend("orderpath_projector") as connection:
            cursor = connection.cursor(row_factory=dict_row)
            due = cursor.execute(question, (self.clock.now,)).fetchall()
        for wait in due:
            command_id = uuid5(_STORY, f"timer {wait['timer_id']} {wait['due_at']}")
            self.system.execute(FireTimer(command_id=command_id, actor=_CLOCK, **wait))
        return bool(due)

    def send(self, actor: Actor, command: type[Command], **body: Any) -> "Answer":
        """Send a command and wait for what comes of it."""
        self._see_to_the_last()
        self.clock.set(self.clock.now + STEP)
        command_id = uuid5(_STORY, f"command {next(self._numbers)}")
        said = {name: value for name, value in body.items() if value is not None}
        outcome = self.system.execute(command(command_id=command_id, actor=actor, **said))
        self._last = Answer(self, command.NAME, outcome, body.get("order_id"))
        return self._last

    def rows(self, question: str, *values: object) -> list[dict[str, Any]]:
        """Ask the analysts' tables, as they are after everything that has happened."""
        self.system.catch_up()
        with self.system.snapshot() as reader:
            return reader.execute(question, values).fetchall()

    def on_hand(self, sku: str, location: str = "main") -> tuple[int, int]:
        """Give how many pieces lie there, and how many of them are reserved."""
        (row,) = self.rows(
            "select on_hand, reserved from analytics.stock_levels"
            " where sku = %s and location = %s",
            sku, location,
        )  # fmt: skip
        return row["on_hand"], row["reserved"]

    def closes_its_books(self) -> None:
        """Every story ends so: nothing is kept for a finished order, and readers see it."""
        self._see_to_the_last()
        shown = {
            row["order_id"]: row
            for row in self.rows("select order_id, status, payment_status from analytics.orders")
        }
        kept = {
            row["order_id"]: row["quantity"]
            for row in self.rows(
                "select order_id, sum(quantity) as quantity from analytics.reservations"
                " group by order_id"
            )
        }
        for order in self.orders:
            row, state = shown[order.order_id], order.state
            assert row["status"] == state.status
            assert row["payment_status"] == state.payment_status
            assert kept.get(order.order_id, 0) == sum(g.quantity for g in state.goods.values())
            if order.is_finished:
                assert not kept.get(order.order_id), f"kept for a finished order: {order.order_id}"

    def _see_to_the_last(self) -> None:
        if self._last is not None:
            self._last.must_be_settled()
            self._last = None


@dataclass
class StoryOrder:
    """An order of the story."""

    shop: Shop
    order_id: UUID

    @property
    def state(self) -> Order:
        """The aggregate as its events give it."""
        return order_now(self.shop.system, self.order_id)

    @property
    def status(self) -> str | None:
        return self.state.status

    @property
    def is_finished(self) -> bool:
        key = (self.state.path, self.state.path_version)
        path = self.shop.system.log.load_paths([key])[key]
        return path.statuses[self.state.status or ""].final is not None

    @property
    def pieces(self) -> dict[str, dict[str, int]]:
        """How many pieces of each article are in which status."""
        return {sku: dict(item.pieces) for sku, item in self.state.items.items()}

    def then_status(self, status: str) -> Self:
        """Now it is there."""
        assert self.status == status, f"not in {status}, but in {self.status}"
        return self


@dataclass
class Person:
    """Somebody who does something with orders."""

    shop: Shop
    actor: Actor
    customer: str | None = None

    def places(self, goods: Mapping[str, int], **told: Any) -> StoryOrder:
        """Order so many pieces of each article; see tries_to_place."""
        order, answer = self.tries_to_place(goods, **told)
        answer.must_be_settled()
        self.shop.orders.append(order)
        return order

    def tries_to_place(
        self,
        goods: Mapping[str, int],
        *,
        customer: str | Customer | None = None,
        paid_by: str | None = None,
        **more: Any,
    ) -> tuple[StoryOrder, "Answer"]:
        """Order for oneself or for a customer.

        paid_by: the method of payment, if the money is in already
        """
        order = StoryOrder(self.shop, uuid5(_STORY, f"order {len(self.shop.orders) + 1}"))
        who = customer or self.customer or "somebody"
        body: dict[str, Any] = {
            "shop": self.shop.name,
            "channel": "web",
            "currency": CURRENCY,
            "customer": _customer(who) if isinstance(who, str) else who,
            "delivery": Delivery(method="courier", address="1 Story Lane"),
            "lines": [self.shop.line(sku, quantity) for sku, quantity in goods.items()],
        }
        if paid_by:
            body["payment"] = {"method": paid_by, "charged": True, "gateway_ref": "paid-1"}
        return order, self._send(c.PlaceOrder, order, **body | more)

    def moves(self, order: StoryOrder, to_status: str, **said: Any) -> "Answer":
        return self._send(c.ChangeStatus, order, to_status=to_status, **said)

    def cancels(self, order: StoryOrder, reason_code: str | None, by: str | None) -> "Answer":
        return self._send(c.CancelOrder, order, reason_code=reason_code, initiator=by)

    def changes(self, order: StoryOrder, **details: str) -> "Answer":
        return self._send(c.ChangeFields, order, **details)

    def calls(self, order: StoryOrder, result: str, **said: Any) -> "Answer":
        """Call the customer, or tell of a call."""
        return self._send(c.LogCall, order, result=result, **said)

    def suggests(self, order: StoryOrder, sku: str, quantity: int = 1) -> "Answer":
        """Talk the customer into something more."""
        line = _line(sku, quantity).model_copy(update={"upsell": True})
        return self._send(c.AddItem, order, line=line)

    def moves_pieces(
        self, order: StoryOrder, sku: str, quantity: int, source: str, target: str, **said: Any
    ) -> "Answer":
        ways = {"from_status": source, "to_status": target}
        return self._send(c.MoveItem, order, item_id=sku, quantity=quantity, **ways, **said)

    def cancels_pieces(
        self, order: StoryOrder, sku: str, reason_code: str, quantity: int | None = None
    ) -> "Answer":
        said = {"quantity": quantity, "reason_code": reason_code}
        return self._send(c.CancelItem, order, item_id=sku, **said)

    def reserves(self, order: StoryOrder) -> "Answer":
        return self._send(c.ReserveItems, order)

    def charges(
        self, order: StoryOrder, amount_minor: int | None = None, *, method: str = "card"
    ) -> "Answer":
        """Money comes in: all that is due, if nothing is said."""
        told = {"currency": CURRENCY, "amount_minor": amount_minor, "method": method}
        return self._send(c.ChargePayment, order, **told)

    def refunds(self, order: StoryOrder, amount_minor: int) -> "Answer":
        told = {"currency": CURRENCY, "amount_minor": amount_minor}
        return self._send(c.RefundPayment, order, **told)

    def issues(self, order: StoryOrder, kind: str) -> "Answer":
        """Write an invoice, a waybill, …"""
        return self._send(c.IssueDocument, order, kind=kind)

    def ships(self, order: StoryOrder, carrier: str, track_number: str | None = None) -> "Answer":
        """Make one parcel of all that may be shipped."""
        told = {"carrier": carrier, "track_number": track_number}
        return self._send(c.CreateShipment, order, shipment_id="parcel", **told)

    def moves_parcel(self, order: StoryOrder, to_status: str) -> "Answer":
        """Its pieces go along."""
        return self._send(c.MoveShipment, order, shipment_id="parcel", to_status=to_status)

    def tracks_parcel(self, order: StoryOrder, track_number: str) -> "Answer":
        told = {"shipment_id": "parcel", "track_number": track_number}
        return self._send(c.TrackShipment, order, **told)

    def may_move(self, order: StoryOrder) -> list[str]:
        """Give the statuses that are offered, for this person's roles."""
        answer = allowed_for(self.shop.system, order.order_id, self.actor.roles)
        return [move["to"] for move in answer["moves"] if move["open"]]

    def _send(self, command: type[c.OrderCommand], order: StoryOrder, **body: Any) -> "Answer":
        return self.shop.send(self.actor, command, order_id=order.order_id, **body)


@dataclass
class Answer:
    """What came of one step."""

    shop: Shop
    command: str
    outcome: Outcome
    order_id: UUID | None
    _expected: bool = False

    @property
    def unmet(self) -> list[str]:
        return [one.code for one in self.outcome.unmet]

    def then_refused(self, *codes: str) -> Self:
        """Every unmet condition, in this order and no other."""
        assert self.outcome.kind == "refused", f"{self.command} was {self.outcome.kind}"
        assert self.unmet == list(codes), f"not {list(codes)}, but {self.unmet}"
        self._expected = True
        return self

    def then_nothing(self) -> Self:
        assert self.outcome.kind == "nothing", f"{self.command} was {self.outcome.kind}"
        self._expected = True
        return self

    def then_status(self, status: str) -> Self:
        self.must_be_settled()
        assert self.order_id is not None
        StoryOrder(self.shop, self.order_id).then_status(status)
        return self

    def must_be_settled(self) -> None:
        """A story does not go on as if nothing was when somebody was refused."""
        told = f"{self.command} was {self.outcome.kind}: {self.unmet}"
        assert self._expected or self.outcome.kind == "accepted", told


def _customer(name: str) -> Customer:
    return Customer(customer_id=name, name=name.title(), phone="+44 7700 900001")


def _line(sku: str, quantity: int) -> Line:
    return Line(item_id=sku, sku=sku, title=sku.title(), quantity=quantity, unit_price_minor=PRICE)
