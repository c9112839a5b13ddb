"""The script of one order: who does what, and how long after the step before.

Scenes (sale, fulfilment) write into it; the end of a story ends the scene that is playing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from domain.messages import Actor, Command
from domain.orders import commands as c
from domain.orders.money import Line, add_up
from services.demo.cast import LEAD, MANAGERS, Buyer
from services.demo.shop import CURRENCY

PATH: Final = "universal"

# Where orders are forgotten: the share of those that come there and are never touched again.
FORGOTTEN: Final = {
    "new": 0.01,
    "no_answer": 0.08,
    "confirmed": 0.012,
    "awaiting_payment": 0.04,
    "assembled": 0.01,
    "at_pickup_point": 0.03,
    "delivery_problem": 0.06,
    "delivered": 0.015,
}


class Hours(NamedTuple):
    """When somebody works: hours of the day, and weekdays off (6 is Sunday)."""

    opens: int
    closes: int
    off: tuple[int, ...] = ()


OFFICE: Final = Hours(8, 20)
WAREHOUSE: Final = Hours(9, 18, off=(6,))
STREET: Final = Hours(9, 21)


class TheEnd(Exception):
    """Nothing more happens to this order, or not in the simulated days."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command to be, and its moment; ties are played in the order of the orders."""

    at: datetime
    order: int
    number: int
    kind: type[Command]
    actor: Actor
    body: Mapping[str, Any]

    def command(self) -> Command:
        """Make the command. Not earlier than needed: a large shop has millions."""
        return self.kind(actor=self.actor, source="demo", **self.body)


class Script:
    """What happens to one order. Draws only from its own random numbers."""

    def __init__(self, shop: str, order: int, buyer: Buyer, at: datetime, until: datetime) -> None:
        self.rng = Random(f"{shop}:order:{order}")  # noqa: S311 - a story, no secret
        self.order = order
        self.order_id = uuid5(_SHOPS, f"{shop}:order:{order}")
        self.buyer = buyer
        self.at = at
        self.until = until
        self.steps: list[Step] = []
        self.status = "new"
        self.manager = self.rng.choice((*MANAGERS, *MANAGERS, LEAD))
        self.packer: Actor = LEAD  # until somebody of the warehouse takes it
        self.method = "courier"
        self.lines: dict[str, Line] = {}
        self.bought_lines: tuple[Line, ...] = ()  # those that come by way of a supplier
        self.delivery_minor = 0
        self.discount_minor = 0
        self.paid_minor = 0

    @property
    def total_minor(self) -> int:
        totals = add_up(
            tuple(self.lines.values()),
            discount_minor=self.discount_minor,
            delivery_minor=self.delivery_minor,
            vat_included=True,
        )
        return totals.total_minor

    def happens(self, share: float) -> bool:
        """Say yes in this share of all cases."""
        return self.rng.random() < share

    def wait(self, shortest: int, longest: int, hours: Hours | None = None) -> None:
        """Let minutes pass, more often few than many, and then on until somebody works."""
        luck = self.rng.random()
        minutes = shortest + (longest - shortest) * luck * luck
        self.at += timedelta(seconds=int(minutes * 60))
        if hours is not None:
            self.at = self._working(hours)

    def send(self, command: type[Command], actor: Actor, **body: Any) -> None:
        """Write the next step."""
        if self.at >= self.until:
            raise TheEnd
        number = len(self.steps)
        body |= {
            "command_id": uuid5(self.order_id, f"command:{number}"),
            "correlation_id": self.order_id,
        }
        if issubclass(command, c.OrderCommand):
            body["order_id"] = self.order_id
        self.steps.append(Step(self.at, self.order, number, command, actor, body))
        self.at += timedelta(seconds=self.rng.randrange(2, 20))

    def move(self, to_status: str, actor: Actor, **body: Any) -> None:
        """Change the status; in some the order is forgotten."""
        self.send(c.ChangeStatus, actor, to_status=to_status, **body)
        self.status = to_status
        self.may_be_forgotten()

    def may_be_forgotten(self) -> None:
        if self.happens(FORGOTTEN.get(self.status, 0)):
            raise TheEnd

    def cancel(self, actor: Actor, reason_code: str, initiator: str) -> None:
        """End without success."""
        self.send(c.CancelOrder, actor, reason_code=reason_code, initiator=initiator)
        self.status = "cancelled"

    def move_items(self, from_status: str, to_status: str, actor: Actor) -> None:
        """Bring every piece of the order from one item status to another."""
        for line in self.lines.values():
            self.move_pieces(line.item_id, line.quantity, from_status, to_status, actor)

    def move_pieces(
        self, item_id: str, quantity: int, from_status: str, to_status: str, actor: Actor
    ) -> None:
        """Bring some pieces of one position from one item status to another."""
        self.send(
            c.MoveItem,
            actor,
            item_id=item_id,
            quantity=quantity,
            from_status=from_status,
            to_status=to_status,
        )

    def pay(
        self, command: type[c.PaymentCommand], actor: Actor, amount_minor: int, **body: Any
    ) -> None:
        """Move money of the order's payment."""
        movement = command.NAME.partition(".")[2].removesuffix("_payment")
        self.send(
            command,
            actor,
            payment_id="p-1",
            amount_minor=amount_minor,
            currency=CURRENCY,
            gateway_ref=f"{movement}-{self.order + 1:05}",
            **body,
        )

    def refund(self, amount_minor: int, reason_code: str) -> None:
        """Give money back, if any came."""
        if amount_minor > 0:
            self.wait(10, 60, OFFICE)
            self.pay(c.RefundPayment, self.manager, amount_minor, reason_code=reason_code)
            self.paid_minor -= amount_minor

    def _working(self, hours: Hours) -> datetime:
        at = self.at
        if at.hour >= hours.closes:
            at = _opening(at + timedelta(days=1), hours)
        elif at.hour < hours.opens:
            at = _opening(at, hours)
        while at.weekday() in hours.off:
            at = _opening(at + timedelta(days=1), hours)
        if at == self.at:
            return at
        return at + timedelta(seconds=self.rng.randrange(60, 3_600))  # One after the other.


def _opening(day: datetime, hours: Hours) -> datetime:
    return day.replace(hour=hours.opens, minute=0, second=0)


_SHOPS: Final = UUID("6b1f3f5e-3c3b-5f0a-9a6e-0d2d9f6b7a11")
