"""Positions of an order and the status of each piece. Quantities are whole pieces."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from domain.orders.money import Line, share_of
from domain.orders.timeline import EARLIEST, TimelineKey

# From the least to the most advanced; cancelled stands outside of the row.
ITEM_STATUSES = (
    "damaged",
    "lost",  # on their way to the customer
    "ordered",
    "to_buy",  # a supplier has to be asked for them
    "bought",  # a supplier was, they are not here yet
    "received",  # they came from the supplier
    "reserved",
    "assembled",
    "shipped",
    "delivered",
    "not_bought_out",  # they came back, the customer never took them
    "returned",  # the customer had them and gave them back
)
CANCELLED = "cancelled"
INITIAL = "ordered"
PIECE_STATUSES = (*ITEM_STATUSES, CANCELLED)

ITEM_MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        ("ordered", "reserved"),
        ("reserved", "ordered"),
        ("ordered", "assembled"),
        ("reserved", "assembled"),
        ("assembled", "reserved"),
        # By way of a supplier, who may fall out.
        ("ordered", "to_buy"),
        ("to_buy", "ordered"),
        ("to_buy", "bought"),
        ("bought", "to_buy"),
        ("bought", "received"),
        ("received", "reserved"),
        ("received", "assembled"),
        # To the customer.
        ("assembled", "shipped"),
        ("shipped", "delivered"),
        ("shipped", "not_bought_out"),
        ("shipped", "returned"),
        ("shipped", "lost"),
        ("lost", "delivered"),
        ("lost", "not_bought_out"),
        ("delivered", "returned"),
        # Broken, wherever somebody finds it.
        ("received", "damaged"),
        ("reserved", "damaged"),
        ("assembled", "damaged"),
        ("shipped", "damaged"),
        ("delivered", "damaged"),
        ("damaged", "returned"),
        # Another piece instead, which is an exchange; or the same once more.
        ("lost", "ordered"),
        ("damaged", "ordered"),
        ("not_bought_out", "ordered"),
        ("returned", "ordered"),
        ("ordered", CANCELLED),
        ("to_buy", CANCELLED),
        ("bought", CANCELLED),
        ("received", CANCELLED),
        ("reserved", CANCELLED),
        ("assembled", CANCELLED),
        ("lost", CANCELLED),
        ("damaged", CANCELLED),
    }
)
GONE = ("lost", "damaged")  # nobody sells them any more
AWAY = ("shipped", "delivered", *GONE)  # they have left the shelf
IN_HAND = ("reserved", "assembled")  # on the shelf, for the order
CANCELLABLE = tuple(status for status in ITEM_STATUSES if (status, CANCELLED) in ITEM_MOVES)
SHIPPABLE = tuple(status for status in ITEM_STATUSES if (status, "shipped") in ITEM_MOVES)
COMING_BACK = ("not_bought_out", "returned")  # also after the order is finished
UNCHARGED = frozenset({CANCELLED, "not_bought_out"})  # nobody pays for these pieces
# No steps of the way from ordered to delivered.
OUTCOMES = (CANCELLED, *COMING_BACK, "damaged", "lost")


@dataclass(frozen=True, slots=True)
class Item:
    """One position: its line and how many pieces are in which status (never zero)."""

    line: Line
    pieces: Mapping[str, int]
    delivery_minor: int = 0  # freight that the source counts per item
    currency: str | None = None  # None: the order's
    supplier: str | None = None  # who was asked for pieces of it last
    key: TimelineKey = EARLIEST  # of the event that shaped it last; older facts change nothing

    def move(
        self, quantity: int, from_status: str, to_status: str, supplier: str | None = None
    ) -> "Item":
        """Give the item with so many pieces moved, or as many as are there: facts that brought
        the others may be annulled by now. Never refuses: evolve calls it.
        """
        pieces = dict(self.pieces)
        quantity = min(quantity, pieces.get(from_status, 0))
        pieces[from_status] = pieces.get(from_status, 0) - quantity
        pieces[to_status] = pieces.get(to_status, 0) + quantity
        left = {status: n for status, n in pieces.items() if n}
        asked = supplier or self.supplier
        return Item(self.line, left, self.delivery_minor, self.currency, asked, self.key)

    def with_line(self, line: Line) -> "Item":
        """Give the item with another line: more pieces are ordered ones, fewer are taken off the
        cancelled ones, which only facts do, then off the least advanced. The others stay in their
        statuses. Never refuses: evolve calls it.
        """
        added = line.quantity - self.line.quantity
        pieces = {**self.pieces, INITIAL: self.pieces.get(INITIAL, 0) + max(added, 0)}
        for status in (CANCELLED, *ITEM_STATUSES):
            off = min(pieces.get(status, 0), max(-added, 0))
            if off:
                pieces[status] -= off
                added += off
        return replace(self, line=line, pieces={status: n for status, n in pieces.items() if n})

    def count(self, statuses: Iterable[str]) -> int:
        """Count the pieces that are in any of these statuses."""
        return sum([self.pieces.get(status, 0) for status in statuses])

    @property
    def live_quantity(self) -> int:
        """Pieces that are charged: neither cancelled nor left with the carrier."""
        return sum(n for status, n in self.pieces.items() if status not in UNCHARGED)

    @property
    def discount_minor(self) -> int:
        """What the live pieces bear of the discount on the whole line."""
        return share_of(self.line.discount_minor, self.live_quantity, self.line.quantity)

    @property
    def net_minor(self) -> int:
        """Price of the live pieces after their discount."""
        return self.live_quantity * self.line.unit_price_minor - self.discount_minor


def charged_lines(items: Iterable[Item]) -> tuple[Line, ...]:
    """Give the lines as they are charged: with their live pieces only."""
    lines = []
    for item in items:
        quantity = item.live_quantity
        if quantity:
            update = {"quantity": quantity, "discount_minor": item.discount_minor}
            lines.append(item.line.model_copy(update=update))
    return tuple(lines)


def items_status(items: Iterable[Item]) -> str:
    """Derive one word for all pieces: `shipped`, `partly_shipped`, `cancelled`, `none`."""
    pieces: dict[str, int] = {}
    for item in items:
        for status, n in item.pieces.items():
            pieces[status] = pieces.get(status, 0) + n
    live = [status for status in ITEM_STATUSES if pieces.get(status)]
    if not live:
        return CANCELLED if pieces.get(CANCELLED) else "none"
    return live[-1] if len(live) == 1 else f"partly_{live[-1]}"


def all_have_come_to(items: Iterable[Item], status: str) -> bool:
    """Whether all pieces have come so far. Cancelled ones and those that came back hold nobody up,
    damaged and lost ones do; to an outcome have come only those that have just that.
    """
    there = {one for item in items for one in item.pieces}
    if status in OUTCOMES:
        return there - ({CANCELLED} - {status}) == {status}
    counted = there - {CANCELLED, *COMING_BACK}
    reached = ITEM_STATUSES.index(status)
    return bool(counted) and all(ITEM_STATUSES.index(one) >= reached for one in counted)
