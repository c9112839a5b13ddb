"""A path of many statuses with guards and reservations, and the orders that travel on it."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from benchmarks.orders import ACTOR, zipf
from domain.orders import commands as c
from domain.orders.money import Line
from domain.paths.path import OrderPath
from domain.stock.commands import ReceiveStock

ORDERS: Final = 2_000
SKUS: Final = 500
ROUND: Final = 6  # statuses that an order goes through again and again; the first reserves
GUARDS: Final = (
    "order.total_minor > 0 && order.channel in ['web', 'phone']",
    "items.all(i, i.quantity >= i.reserved)",
    "order.payment_status == 'not_paid' || order.paid_minor >= 0",
    "!order.test && actor.roles.exists(r, r == 'manager')",
)


def path_of(statuses: int) -> OrderPath:
    """Make a path: a round of ROUND statuses, and others that can be entered from any of them."""
    codes = [f"s{number:03}" for number in range(statuses)]
    moves: list[dict[str, Any]] = [
        {"from": codes[n], "to": codes[(n + 1) % ROUND], "roles": ["manager"]} for n in range(ROUND)
    ]
    moves += [{"from": codes[:ROUND], "to": code, "roles": ["lead"]} for code in codes[ROUND:]]
    return OrderPath.model_validate(
        {
            "path": f"guarded{statuses}",
            "stages": ["all"],
            "statuses": {code: _status(number) for number, code in enumerate(codes)},
            "initial": [{"status": codes[1]}],
            "transitions": [
                move | {"guards": _guards(number)} for number, move in enumerate(moves)
            ],
            "stock": {"locations": ["main"]},
        }
    )


def _guards(move: int) -> list[dict[str, str]]:
    """Those that all moves share, and one of the move's own, as real paths have them."""
    return [
        {"code": f"guard_{number}", "when": when, "message": "Not yet"}
        for number, when in enumerate((*GUARDS, f"order.total_minor >= {move}"))
    ]


def _status(number: int) -> dict[str, Any]:
    effects = {0: "reserve", ROUND - 1: "release"}
    effect = {"on_enter": {"stock": effects[number]}} if number in effects else {}
    return {
        "stage": "all",
        "title": {"en": f"Status {number}"},
        "owner": {"group": "managers"},
        "limit": {"wall": "2h", "warn": "50%"},
        **effect,
    }


def ids() -> list[UUID]:
    """Give the orders of the database."""
    return [uuid5(NAMESPACE_OID, f"guarded:{number}") for number in range(ORDERS)]


def start() -> Iterator[Any]:
    """Give the commands that fill the database: goods, then orders of two articles each."""
    for number in range(SKUS):
        yield ReceiveStock(command_id=uuid4(), actor=ACTOR, sku=f"SKU-{number}", quantity=10**6)
    for number, order_id in enumerate(ids()):
        yield c.PlaceOrder(
            command_id=uuid4(),
            actor=ACTOR,
            order_id=order_id,
            path="guarded60",
            currency="EUR",
            lines=(_line("1", number), _line("2", number * 7 + 1)),
        )


def _line(item_id: str, number: int) -> Line:
    sku = f"SKU-{number % SKUS}"
    return Line(item_id=item_id, sku=sku, title=sku, quantity=2, unit_price_minor=500)


def guarded_moves(seed: int) -> Iterator[c.ChangeStatus]:
    """Legal moves without end on orders that start in the second status (Zipf)."""
    order_ids = ids()
    codes = [f"s{number:03}" for number in range(ROUND)]
    following = {order_id: cycle([*codes[2:], *codes[:2]]) for order_id in order_ids}
    for order_id in zipf(order_ids, seed):
        yield c.ChangeStatus(
            command_id=uuid4(),
            actor=ACTOR,
            order_id=order_id,
            to_status=next(following[order_id]),
        )
