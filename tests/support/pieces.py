"""Where every piece of an order physically is: slow and obvious, to hold the books of stocks to.

It is told what is received, counted and decided, follows each piece for itself, and knows nothing
of what orders and stocks keep in mind. Pieces of one item are alike, so that where they differ by
what the path wrote off (`commit`) while they were still here, it is chosen: those go first, and are
given up last.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from domain.messages import Event
from domain.orders import events as e
from domain.paths.path import OrderPath

Place = Literal[
    "shelf",  # there to be sold, or not there at all
    "kept",  # on the shelf, for the order
    "written off",  # the path says that it is gone, it may still be packed
    "away",  # with the carrier or the client, lost or broken
    "nowhere",  # it is no matter of the order any more
]
PLACES: Sequence[Place] = get_args(Place)
BETTER: Sequence[tuple[Place, Place]] = (
    ("shelf", "kept"),
    ("shelf", "written off"),
    ("kept", "written off"),
)
WAITING = ("ordered", "to_buy", "bought", "received")
IN_HAND = ("reserved", "assembled")
AWAY = ("shipped", "delivered", "lost", "damaged")
BACK = ("returned", "not_bought_out")


@dataclass
class Piece:
    """One piece that an order is about."""

    item_id: str
    sku: str
    status: str = "ordered"
    place: Place = "shelf"


@dataclass
class Pieces:
    """All pieces of one order, and how many lie on the shelves of its articles."""

    path: OrderPath
    shelf: Counter[str] = field(default_factory=Counter)  # kept ones too
    pieces: list[Piece] = field(default_factory=list)
    may_be_unknown: bool = False  # a carrier tells it: the books may not have had the piece
    ended: bool = False

    def kept(self, sku: str) -> int:
        return sum(one.sku == sku and one.place == "kept" for one in self.pieces)

    def in_stock(self, sku: str) -> int:
        """Pieces that anybody may be sold."""
        return self.shelf[sku] - self.kept(sku)

    def see(self, events: Iterable[Event], *, expiring: bool = False, told: bool = False) -> None:
        """Follow what was decided.

        expiring: what goes back to `ordered` is what was kept too long
        told:     by a carrier
        """
        self.may_be_unknown = told
        for event in events:
            match event:
                case e.OrderPlaced():
                    for line in event.lines:
                        self._more(line.item_id, line.sku, line.quantity)
                    self._enter(event.status)
                case e.StatusChanged():
                    self._enter(event.to_status)
                case e.ItemAdded(line=line):
                    self._more(line.item_id, line.sku, line.quantity)
                case e.ItemChanged(line=line):
                    there = sum(one.item_id == line.item_id for one in self.pieces)
                    self._more(line.item_id, line.sku, line.quantity - there)
                    self._fewer(line.item_id, there - line.quantity)
                case e.ItemStatusChanged():
                    for _ in range(event.quantity):
                        self._move(event, expiring=expiring)
                case _:
                    pass
        if self.ended:
            self._give_back()

    def _more(self, item_id: str, sku: str, quantity: int) -> None:
        self.pieces += [Piece(item_id, sku) for _ in range(quantity)]

    def _fewer(self, item_id: str, quantity: int) -> None:
        """Broken and lost ones are taken off first, then those that nothing has happened to."""
        for _ in range(quantity):
            gone = self._all(item_id, ["damaged"], "away") or self._all(item_id, ["lost"], "away")
            self.pieces.remove(gone[0] if gone else self._given_up(item_id, "ordered", WAITING))

    def _enter(self, status: str) -> None:
        self.ended = self.path.statuses[status].final is not None
        entered = self.path.statuses[status].on_enter
        if entered is None or entered.stock in (None, "reserve"):
            return
        if entered.stock == "release":
            self._give_back()
        else:
            for one in self.pieces:
                if one.status not in ("cancelled", *BACK) and one.place in ("shelf", "kept"):
                    self._take(one)
                    one.place = "written off"

    def _give_back(self) -> None:
        for one in self.pieces:
            if one.place == "kept":
                one.place = "shelf"

    def _move(self, event: e.ItemStatusChanged, *, expiring: bool) -> None:
        source, target = event.from_status, event.to_status
        one = self._chosen(event, expiring=expiring)
        one.status = target
        if target == "cancelled":
            one.place = "nowhere"
        elif target in AWAY and source not in AWAY:
            self._leave(one, source)
        elif source in AWAY and target not in AWAY:
            if source == "damaged":
                one.place = "nowhere"
            elif target != "ordered":
                self.shelf[one.sku] += 1
                one.place = "kept" if target == "assembled" else "shelf"
        elif target in BACK and source in IN_HAND:
            self.shelf[one.sku] += one.place == "written off"
            one.place = "shelf"
        elif target == "reserved" and one.place == "shelf":
            assert self.in_stock(one.sku) > 0
            one.place = "kept"
        if target in WAITING and one.place != "written off":
            one.place = "shelf"
        self._written_off_are_in_hand(one.item_id)

    def _written_off_are_in_hand(self, item_id: str) -> None:
        """Of pieces that are alike those which the path wrote off are the ones that got further."""
        waiting = self._all(item_id, WAITING, "written off")
        places: tuple[Place, ...] = ("shelf", "kept")
        in_hand = [one for place in places for one in self._all(item_id, IN_HAND, place)]
        for one, other in zip(waiting, in_hand, strict=False):
            one.place, other.place = "shelf", "written off"

    def _leave(self, one: Piece, source: str) -> None:
        if one.place in ("shelf", "kept", "nowhere") and source != "received":
            self._take(one)
        one.place = "away"

    def _take(self, one: Piece) -> None:
        """Take a piece off the shelf, one that is kept or one that nobody has claimed."""
        there = one.place == "kept" or self.in_stock(one.sku) > 0
        assert there or self.may_be_unknown or one.status in ("lost", "damaged")
        self.shelf[one.sku] -= there

    def _chosen(self, event: e.ItemStatusChanged, *, expiring: bool) -> Piece:
        item_id, source, target = event.item_id, event.from_status, event.to_status
        group = next((one for one in (WAITING, IN_HAND) if source in one), (source,))
        if expiring:
            if not self._all(item_id, [source], "kept"):  # The written off got further.
                self._exchange(item_id, source, group, "written off", "kept")
            return self._first(item_id, [source], ["kept"])
        if target in ("cancelled", *WAITING):
            return self._given_up(item_id, source, group)
        if source in WAITING:
            self._exchange(item_id, source, group, "shelf", "written off")
            return self._first(item_id, [source], ["written off", "shelf"])
        if target == "reserved":
            return self._first(item_id, [source], ["shelf", "written off", "kept"])
        if source in IN_HAND and target in (*AWAY, *BACK):
            if not self._all(item_id, [source], "written off"):
                self._exchange(item_id, source, group, "kept", "written off")
            if target in BACK and not self._all(item_id, [source], "written off"):
                return self._given_up(item_id, source, group)
            return self._first(item_id, [source], ["written off", "kept", "shelf"])
        return self._first(item_id, [source], PLACES)

    def _given_up(self, item_id: str, source: str, group: Sequence[str]) -> Piece:
        """One that nothing is kept for, if there is any; one that is gone already comes last."""
        for better, worse in BETTER:
            if not self._all(item_id, [source], better):
                self._exchange(item_id, source, group, worse, better)
            if self._all(item_id, [source], better):
                break
        return self._first(item_id, [source], PLACES)

    def _exchange(
        self, item_id: str, source: str, group: Sequence[str], place: Place, wanted: Place
    ) -> None:
        """Let a piece of the status be at another place of its group: pieces are alike."""
        here = self._all(item_id, [source], place)
        there = self._all(item_id, [one for one in group if one != source], wanted)
        if here and there:
            here[0].place, there[0].place = wanted, place

    def _first(self, item_id: str, statuses: Sequence[str], places: Sequence[Place]) -> Piece:
        return next(one for place in places for one in self._all(item_id, statuses, place))

    def _all(self, item_id: str, statuses: Sequence[str], place: str) -> list[Piece]:
        return [
            one
            for one in self.pieces
            if one.item_id == item_id and one.status in statuses and one.place == place
        ]
