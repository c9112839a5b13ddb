"""The story of the whole shop: every order's script, as one list of steps in time order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from operator import attrgetter
from random import Random
from typing import Final
from uuid import UUID

from domain.orders.commands import ChangeStatus
from services.demo import fulfilment, sale
from services.demo.cast import Buyer
from services.demo.script import Script, Step, TheEnd
from services.demo.shop import START, arrivals

LARGEST_SHOP: Final = 100_000  # orders
LONGEST: Final = 366  # days

_SCENES: Final[tuple[Callable[[Script], None], ...]] = (
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
    """What happens in the shop between START and `until`. The same arguments, the same story."""

    def __init__(self, *, seed: int, days: int, orders: int) -> None:
        if not (1 <= orders <= LARGEST_SHOP and 1 <= days <= LONGEST):
            raise ValueError(f"1..{LARGEST_SHOP} orders in 1..{LONGEST} days")
        self.until: datetime = START + timedelta(days=days)
        shop = f"{seed}:{days}:{orders}"  # Another size is another shop, with ids of its own.
        rng = Random(shop)  # noqa: S311 - a story, no secret
        scripts = []
        for order, at in enumerate(arrivals(rng, days, orders)):
            buyer = Buyer(shop, _customer(rng, order))
            scripts.append(_play(Script(shop, order, buyer, at, self.until)))
        self.orders = len(scripts)
        self.sample_order: UUID = max(scripts, key=_interest).order_id
        steps = [step for script in scripts for step in script.steps]
        self.steps: list[Step] = sorted(steps, key=attrgetter("at", "order", "number"))


def _customer(rng: Random, order: int) -> int:
    """Three of ten orders come from somebody who has ordered before."""
    return rng.randrange(order) if order and rng.random() < 0.3 else order


def _play(script: Script) -> Script:
    is_test = script.order % _TEST_EVERY == _TEST_EVERY // 2 - 1
    scenes = (sale.place_test,) if is_test else _SCENES
    try:
        for scene in scenes:
            scene(script)
    except TheEnd:
        pass
    return script


def _interest(script: Script) -> tuple[bool, int, int]:
    """A finished order tells a whole story; many different turns make it worth reading."""
    turns = {(step.command.NAME, _status(step)) for step in script.steps}
    return (script.status == "done", len(turns), -len(script.steps))


def _status(step: Step) -> str | None:
    return step.command.to_status if isinstance(step.command, ChangeStatus) else None
