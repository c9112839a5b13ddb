"""What an order's path says about its pieces and its money: ways, methods, who may do what."""

from collections.abc import Iterable, Iterator

from domain.messages import Actor, Event
from domain.orders import commands as c
from domain.orders.guards import role_may, tells_fact
from domain.orders.item_events import ItemStatusChanged
from domain.orders.items import CANCELLABLE, CANCELLED
from domain.orders.ledger import Kind
from domain.orders.order import Order
from domain.paths.path import OrderPath
from domain.refusals import Unmet


def items_may_be_moved(
    order: Order, cmd: c.ItemCommand, path: OrderPath, events: Iterable[Event]
) -> Iterator[Unmet]:
    """The path may narrow down which ways pieces go, and who moves them.

    events: what would happen; none where something else stands against it already
    """
    yield from pieces_may_go(ways_of(events) or _ways(order, cmd), path, cmd.actor)


def ways_of(events: Iterable[Event]) -> list[tuple[str, str]]:
    """Give the ways that pieces go, each once."""
    moves = (one for one in events if isinstance(one, ItemStatusChanged))
    return list(dict.fromkeys((move.from_status, move.to_status) for move in moves))


def pieces_may_go(
    taken: Iterable[tuple[str, str]], path: OrderPath, actor: Actor
) -> Iterator[Unmet]:
    """The same of ways that are known already, each once."""
    if path.items is None or not path.items.transitions:
        return
    for source, target in taken:
        way = path.items.ways.get((source, target))
        if way is None:
            ways = [to for begin, to in path.items.ways if begin == source]
            yield Unmet(
                code="item_transition_closed",
                field="to_status",
                message=f"The path {path.path} lets no piece go from {source} to {target}",
                needed="one of " + ", ".join(ways) if ways else f"no way from {source}",
            )
        else:
            yield from role_may(way.roles, actor, "To move these pieces")


def _ways(order: Order, cmd: c.ItemCommand) -> list[tuple[str, str]]:
    if isinstance(cmd, c.MoveItem):
        return [(cmd.from_status, cmd.to_status)]
    if isinstance(cmd, c.CancelItem) and cmd.item_id in order.items:
        pieces = order.items[cmd.item_id].pieces
        return [(status, CANCELLED) for status in CANCELLABLE if status in pieces]
    return []


def payment_may_be_made(
    cmd: c.SubmitPayment | c.PaymentCommand | c.GrantRefund, path: OrderPath | None
) -> Iterator[Unmet]:
    """What a gateway tells has happened: only whoever decides here is asked for roles."""
    if path is None or path.payments is None or tells_fact(cmd):
        return
    kind = "submitted" if isinstance(cmd, c.SubmitPayment) else cmd.KIND
    yield from role_may(path.payments.roles.get(kind, ()), cmd.actor, _MOVEMENT)
    yield from _method_is_taken(path, getattr(cmd, "method", None), "method")


def placed_payment_may_be_made(cmd: c.PlaceOrder, path: OrderPath | None) -> Iterator[Unmet]:
    """A payment that comes with the order asks what it would ask by itself, each thing once."""
    payment = cmd.payment
    if payment is None or path is None or path.payments is None or tells_fact(cmd):
        return
    kinds: tuple[Kind, ...] = ("submitted", "charged") if payment.charged else ("submitted",)
    asked = dict.fromkeys(path.payments.roles.get(kind, ()) for kind in kinds)
    for roles in asked:
        yield from role_may(roles, cmd.actor, _MOVEMENT)
    yield from _method_is_taken(path, payment.method, "payment.method")


_MOVEMENT = "This movement of money"


def _method_is_taken(path: OrderPath, method: str | None, field: str) -> Iterator[Unmet]:
    methods = path.payments.methods if path.payments else ()
    if methods and method is not None and method not in methods:
        yield Unmet(
            code="payment_method_unknown",
            field=field,
            message=f"Orders of the path {path.path} are not paid so",
            needed="one of " + ", ".join(methods),
        )
