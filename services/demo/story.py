"""The story of the whole shop: every order's script, as one list of steps in time order."""

from collections.abc import Callable, Container, Iterable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Final
from uuid import UUID

from services.demo import fulfilment, sale
from services.demo.cast import Buyer
from services.demo.routes import Routes
from services.demo.script import Script, Step, TheEnd
from services.demo.shop import START, arrivals

LARGEST_SHOP: Final = 100_000  # orders
LONGEST: Final = 366  # days

Scene = Callable[[Script], None]

_SCENES: Final[tuple[Scene, ...]] = (
    sale.place,
    sale.take_up,
    sale.agree,
    sale.pay,
    fulfilment.assemble,
    fulfilment.deliver,
    fulfilment.close,
)
_TEST_EVERY: Final = 800  # every so many orders somebody places one to see whether it works


class Story:
    """What happens in the shop between START and `until`. The same arguments, the same story.

    routes: of another shop; None: the scenes of our own
    """

    def __init__(self, *, seed: int, days: int, orders: int, routes: Routes | None = None) -> None:
        if not (1 <= orders <= LARGEST_SHOP and 1 <= days <= LONGEST):
            raise ValueError(f"1..{LARGEST_SHOP} orders in 1..{LONGEST} days")
        self.until: datetime = START + timedelta(days=days)
        self.orders = orders
        self._scenes = _SCENES if routes is None else (routes.play,)
        self._tests = (sale.place_test,) if routes is None else self._scenes
        self._ends = frozenset({"done"}) if routes is None else routes.ends
        size = f"{seed}:{days}:{orders}"  # Another size is another shop, with its own ids.
        self._shop = size if routes is None else f"{routes.name}:{size}"
        self._rng = Random(self._shop)  # noqa: S311 - a story, no secret
        self._arrivals = arrivals(self._rng, days, orders)
        self._told = self._steps_told = 0
        self._best: tuple[tuple[bool, int, int], UUID] | None = None

    @property
    def expected_steps(self) -> int:
        """How many steps there will be, as far as one can tell; exact at the end."""
        per_order = self._steps_told / self._told if self._told else 1.0
        return self._steps_told + round((self.orders - self._told) * per_order)

    @property
    def sample_order(self) -> UUID:
        """The order with the most telling history, of those that were told so far."""
        assert self._best is not None
        return self._best[1]

    def steps(self) -> Iterator[Step]:
        """Give all steps in time order, once. An order is made up when its time has come."""
        coming: list[tuple[datetime, int, int, Step]] = []
        for order, at in enumerate(self._arrivals):
            while coming and coming[0][0] < at:
                yield heappop(coming)[-1]
            for step in self._tell(order, at):
                heappush(coming, (step.at, step.order, step.number, step))
        while coming:
            yield heappop(coming)[-1]

    def _tell(self, order: int, at: datetime) -> list[Step]:
        buyer = Buyer(self._shop, _customer(self._rng, order))
        is_test = order % _TEST_EVERY == _TEST_EVERY // 2 - 1
        script = Script(self._shop, order, buyer, at, self.until)
        _play(script, self._tests if is_test else self._scenes)
        self._told += 1
        self._steps_told += len(script.steps)
        interest = _interest(script, self._ends)
        if self._best is None or interest > self._best[0]:
            self._best = (interest, script.order_id)
        return script.steps


def _customer(rng: Random, order: int) -> int:
    """Three of ten orders come from somebody who has ordered before."""
    return rng.randrange(order) if order and rng.random() < 0.3 else order


def _play(script: Script, scenes: Iterable[Scene]) -> None:
    try:
        for scene in scenes:
            scene(script)
    except TheEnd:
        pass


def _interest(script: Script, ends: Container[str]) -> tuple[bool, int, int]:
    """A finished order tells a whole story; many different turns make it worth reading."""
    turns = {(step.kind, step.body.get("to_status")) for step in script.steps}
    return (script.status in ends, len(turns), -len(script.steps))
