"""Laws of a stock: whatever is asked of it, by whomever, in whatever order."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.catalog import EVENTS
from domain.messages import Command, Event
from domain.stock import commands as c
from domain.stock import events as e
from domain.stock.decide import Verdict, commit, keep, release, reserve, restock
from domain.stock.stock import ItemRef, Stock
from infra.state_shapes import shape_of
from tests.support.examples import NOW, actor
from tests.support.spec import Answer, Scenario, World

WHO: dict[str, Any] = {"command_id": UUID(int=1), "actor": actor(), "sku": "TEA-100"}

items = st.builds(
    ItemRef, st.sampled_from([UUID(int=1), UUID(int=2), UUID(int=3)]), st.sampled_from("12")
)
pieces = st.integers(1, 6)
counts = st.integers(0, 12)
thresholds = st.one_of(st.none(), st.integers(0, 8))
waits = st.one_of(st.none(), st.integers(0, 40).map(lambda minutes: timedelta(minutes=minutes)))
reasons = st.sampled_from(["cancelled", "moved", "shortened"])


class StockLaws(RuleBasedStateMachine):
    """A stock, and beside it what a child would count on its fingers."""

    def __init__(self) -> None:
        super().__init__()
        self.scenario = Scenario(World(), NOW)
        self.on_hand = 0
        self.held: Counter[ItemRef] = Counter()
        self.until: dict[ItemRef, datetime | None] = {}
        self.ledger: Counter[UUID] = Counter()  # of each order: pieces in less pieces out
        self.threshold: int | None = None
        self.was_below = False

    @property
    def stock(self) -> Stock:
        return self.scenario.world.stock

    @property
    def reserved(self) -> int:
        return self.held.total()

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved

    @rule(minutes=st.integers(1, 30))
    def time_passes(self, minutes: int) -> None:
        self.scenario.at(self.scenario.now + timedelta(minutes=minutes))

    @rule(quantity=pieces)
    def receive(self, quantity: int) -> None:
        self.on_hand += quantity
        self._does(c.ReceiveStock(**WHO, quantity=quantity), accepted=True)

    @rule(found=counts)
    def count(self, found: int) -> None:
        self.on_hand = found
        self._does(c.AdjustStock(**WHO, counted=found, reason_code="counted"), accepted=True)

    @rule(difference=st.integers(-6, 6))
    def differ(self, difference: int) -> None:
        wish = c.AdjustStock(**WHO, difference=difference, reason_code="damaged")
        accepted = self.on_hand + difference >= 0
        self.on_hand += difference if accepted else 0
        self._does(wish, accepted=accepted)

    @rule(threshold=thresholds)
    def set_threshold(self, threshold: int | None) -> None:
        self.threshold = threshold
        self._does(c.SetThreshold(**WHO, threshold=threshold), accepted=True)

    @rule(item=items, quantity=pieces, wait=waits)
    def reserve(self, item: ItemRef, quantity: int, wait: timedelta | None) -> None:
        until = None if wait is None else self.scenario.now + wait
        accepted = quantity <= self.free
        if accepted:
            self.held[item] += quantity
            self.until[item] = until
        self._asks(reserve, item, quantity, until, unmet=[] if accepted else ["not_available"])

    @rule(item=items, wait=waits)
    def keep(self, item: ItemRef, wait: timedelta | None) -> None:
        until = None if wait is None else self.scenario.now + wait
        if self.held[item]:
            self.until[item] = until
        self._asks(keep, item, until, unmet=[] if self.held[item] else ["not_reserved"])

    @rule(item=items, quantity=pieces, why=reasons)
    def release(self, item: ItemRef, quantity: int, why: str) -> None:
        accepted = quantity <= self.held[item]
        self.held[item] -= quantity if accepted else 0
        self._asks(release, item, quantity, why, unmet=[] if accepted else ["not_reserved"])

    @rule(item=items, quantity=pieces)
    def commit(self, item: ItemRef, quantity: int) -> None:
        unmet = ["not_reserved"] * (quantity > self.held[item])
        unmet += ["not_on_hand"] * (quantity > self.on_hand)
        if not unmet:
            self.held[item] -= quantity
            self.on_hand -= quantity
        self._asks(commit, item, quantity, unmet=unmet)

    @rule(item=items, quantity=pieces)
    def restock(self, item: ItemRef, quantity: int) -> None:
        self.on_hand += quantity
        self._asks(restock, item, quantity, unmet=[])

    @precondition(lambda self: self.reserved and self.reserved <= self.on_hand)
    @rule(item=items, gone=st.booleans())
    def finish(self, item: ItemRef, gone: bool) -> None:
        """An order ends: all that is reserved for it leaves, or stays for others."""
        order_id = item.order_id
        for item_id, held in self.stock.reserved_for(order_id).items():
            one = ItemRef(order_id, item_id)
            self.held[one] = 0
            self.on_hand -= held.quantity if gone else 0
            wish = (commit, one, held.quantity) if gone else (
                release, one, held.quantity, "cancelled"
            )  # fmt: skip
            self._asks(*wish, unmet=[])
        assert self.stock.reserved_for(order_id) == {}
        assert self.ledger[order_id] == 0, "d7: the reservations of a finished order sum to zero"

    @invariant()
    def the_level_is_what_was_counted(self) -> None:
        level = self.stock.level
        assert (level.on_hand, level.reserved) == (self.on_hand, self.reserved)
        assert level.available == max(self.free, 0)
        assert level.short == max(-self.free, 0)
        assert level.on_hand >= 0
        assert level.reserved >= 0
        assert level.threshold == self.threshold

    @invariant()
    def every_reservation_is_somebodys(self) -> None:
        found = {
            ItemRef(order_id, item_id): (one.quantity, one.expires_at)
            for order_id, items in self.stock.reservations.items()
            for item_id, one in items.items()
        }
        assert found == {i: (n, self.until[i]) for i, n in self.held.items() if n}
        assert all(self.stock.reservations.values()), "an order without reservations is not there"

    @invariant()
    def replay_gives_the_live_state(self) -> None:
        state = Stock()
        for _, stored in self.scenario.world.stored:
            body = stored.event.model_dump_json()
            event = EVENTS[stored.event.NAME].model_validate_json(body)
            state = state.evolve(replace(stored, event=event))
        assert state == self.stock

    @invariant()
    def a_kept_state_is_the_state(self) -> None:
        shape = shape_of("stock")
        assert shape.restore(shape.dump(self.stock)) == self.stock

    def _does(self, command: Command, *, accepted: bool) -> None:
        answer = self.scenario.when(command)
        assert bool(answer.unmet) is not accepted
        self._learn(answer)

    def _asks(self, ask: Callable[..., Verdict], *wish: Any, unmet: list[str]) -> None:
        before = self.stock
        answer = self.scenario.when_asked(ask, *wish)
        assert [one.code for one in answer.unmet] == [f"stock_{code}" for code in unmet]
        assert self.stock.level.short <= before.level.short, "only a count finds too few"
        self._learn(answer)

    def _learn(self, answer: Answer) -> None:
        told = [one for one in answer.events if isinstance(one, e.StockBelowThreshold)]
        is_below = self.threshold is not None and max(self.free, 0) < self.threshold
        assert len(told) == (is_below and not self.was_below), "v14: once for each crossing"
        assert all(one == answer.events[-1] for one in told)
        self.was_below = is_below
        for event in answer.events:
            self._book(event)

    def _book(self, event: Event) -> None:
        if isinstance(event, e.StockReserved):
            self.ledger[event.order_id] += event.quantity
        elif isinstance(event, e.StockReleased | e.StockCommitted):
            self.ledger[event.order_id] -= event.quantity

    def _ends(self, item: ItemRef) -> datetime:
        return self.until[item] or datetime.max.replace(tzinfo=NOW.tzinfo)


TestStockLaws = StockLaws.TestCase
