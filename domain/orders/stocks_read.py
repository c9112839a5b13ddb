"""Which stocks deciding on an order may touch: their streams are read before."""

from collections.abc import Iterable

from domain.orders import commands as c
from domain.orders.money import AskedLine
from domain.orders.order import Order
from domain.paths.path import OrderPath
from domain.stock.events import stream_of


def stocks_for(order: Order, path: OrderPath | None, cmd: c.OrderCommand) -> Iterable[str]:
    """Name the streams of all stocks that deciding a command may touch."""
    if path is not None and path.stock is not None and _may_reserve(path, cmd):
        return stocks_of(order, path, cmd.lines if isinstance(cmd, c.PlaceOrder) else ())
    return stocks_of(order, None)


def stocks_of(
    order: Order, path: OrderPath | None, lines: Iterable[AskedLine] = ()
) -> Iterable[str]:
    """Name the stocks that keep something for an order, and those that could by its path.

    lines: of an order that is being placed
    """
    streams = [
        stream_of(kept.sku, location=location)
        for kept in order.goods.values()
        for location in kept.parts
    ]
    if path is not None and path.stock is not None:
        skus = [line.sku for line in lines] + [item.line.sku for item in order.items.values()]
        locations = path.stock.locations
        streams += [stream_of(sku, location=where) for sku in skus for where in locations]
    return dict.fromkeys(streams)


def _may_reserve(path: OrderPath, cmd: c.OrderCommand) -> bool:
    match cmd:
        case c.PlaceOrder():
            return any(path.statuses[start.status].on_enter for start in path.initial)
        case c.ChangeStatus() | c.CancelOrder():
            target = path.statuses.get(cmd.to_status or path.first_failure or "")
            return target is not None and target.on_enter is not None
        case c.ItemCommand() | c.ReserveItems() | c.ExpireReservations():
            return True
        case c.CreateShipment() | c.MoveShipment():
            return True
        case _:
            return False
