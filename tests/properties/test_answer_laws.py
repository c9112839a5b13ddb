"""What conditions are answered depends on those that are asked together, never on others before."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.orders import commands as c
from domain.orders.context import Situation
from tests.support.examples import NOW, ORDER_ID, PATH, TEA, actor
from tests.support.spec import given as history

CONDITIONS = (
    "order.total_minor > 0",
    "!order.test",
    "1 / order.paid_minor > 0",
    "items.all(i, i.ordered == i.quantity)",
    "items.exists(i, i.upsell)",
    "items.all(i, items.all(j, j.quantity <= i.quantity))",
    "items.filter(i, i.quantity == 3).size() > 0",
    "'lead' in actor.roles",
)
LINES = tuple(TEA.model_copy(update={"item_id": str(n)}) for n in range(5))
PLACE = c.PlaceOrder(
    command_id=UUID(int=2),
    actor=actor("api_key"),
    order_id=ORDER_ID,
    path="shop",
    currency="EUR",
    lines=LINES,
)
ORDER = history(PLACE).world.order
groups = st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=6)
budgets = st.sampled_from([0, 100, 200, 400, 800, 2_000_000])


def situation(budget: int) -> Situation:
    return Situation(ORDER_ID, ORDER, PATH, actor("user", "lead"), NOW, budget=budget)


@given(st.lists(groups, min_size=2, max_size=8), budgets, st.booleans())
def test_an_answer_does_not_depend_on_what_was_asked_before(
    asked: list[list[str]], budget: int, foreseen: bool
) -> None:
    remembering = situation(budget)
    if foreseen:
        remembering.foresee(one for group in asked for one in group)

    for group in asked:
        assert remembering.answers(group) == situation(budget).answers(group)
