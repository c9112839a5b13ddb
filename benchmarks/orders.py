"""The orders that the write path is measured with, and the moves that are legal on them."""

import asyncio
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from domain.messages import Actor
from domain.orders import commands as c
from domain.orders.events import Customer
from domain.orders.money import Line
from services.pipeline import Pipeline

ORDERS: Final = 5_000
PICKS: Final = 100_000  # drawn once and then repeated

SELLER: Final = Actor(kind="user", id="bob", roles=("manager",))  # states prices
ACTOR: Final = Actor(kind="user", id="ann", roles=("manager", "warehouse"))  # moves
CUSTOMER: Final = Customer(customer_id="c-17")
LINES: Final = (
    Line(item_id="1", sku="TEA-100", title="Tea", quantity=2, unit_price_minor=640, vat_bp=2_000),
    Line(item_id="2", sku="CUP-1", title="Cup", quantity=1, unit_price_minor=1_240, vat_bp=2_000),
)
# Every order is placed as new; from assembling on it goes back and forth for ever.
NEXT: Final = {
    "new": "confirmed",
    "confirmed": "assembling",
    "assembling": "assembled",
    "assembled": "assembling",
}


def order_ids(part: int = 0, parts: int = 1) -> list[UUID]:
    """Give the orders of the database, or every so-many-th of them."""
    return [uuid5(NAMESPACE_OID, f"bench:{number}") for number in range(part, ORDERS, parts)]


def place(order_id: UUID | None = None) -> c.PlaceOrder:
    """An order with two lines, by a customer whose name we do not know."""
    return c.PlaceOrder(
        command_id=uuid4(),
        actor=SELLER,
        order_id=order_id or uuid4(),
        customer=CUSTOMER,
        currency="EUR",
        lines=LINES,
        delivery_minor=450,
    )


async def place_all(pipeline: Pipeline, *, path: str | None = None) -> None:
    """Place all orders of the database; path: None for the one that applies.

    Raises: RuntimeError if one is refused
    """
    orders = [place(order_id).model_copy(update={"path": path}) for order_id in order_ids()]
    for outcome in await asyncio.gather(*map(pipeline.execute_async, orders)):
        if outcome.kind != "accepted":
            raise RuntimeError(f"{outcome.kind}: {outcome.unmet}")


def places() -> Iterator[c.PlaceOrder]:
    """New orders without end."""
    while True:
        yield place()


def moves(ids: list[UUID], seed: int) -> Iterator[c.ChangeStatus]:
    """Legal moves without end: the n-th order is moved 1/n as often as the first (Zipf).

    Legal as long as they are decided in the order in which they are drawn, by one process.
    """
    status = dict.fromkeys(ids, "new")
    for order_id in zipf(ids, seed):
        status[order_id] = NEXT[status[order_id]]
        yield c.ChangeStatus(
            command_id=uuid4(), actor=ACTOR, order_id=order_id, to_status=status[order_id]
        )


def nothing(order_id: UUID) -> c.ChangeStatus:
    """A move to where the order is already: it is answered and writes no event."""
    return c.ChangeStatus(command_id=uuid4(), actor=ACTOR, order_id=order_id, to_status="new")


def zipf(ids: list[UUID], seed: int) -> Iterator[UUID]:
    """Draw ids without end, the n-th 1/n as often as the first."""
    weights = list(accumulate(1 / number for number in range(1, len(ids) + 1)))
    drawn = Random(seed).choices(ids, cum_weights=weights, k=PICKS)
    while True:
        yield from drawn
