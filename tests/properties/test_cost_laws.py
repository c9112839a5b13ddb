"""Whatever conditions a path has, and however long the lists are: answering them is quick."""

from time import thread_time

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.paths.conditional import compiled
from domain.paths.conditions import ConditionError, ConditionFailed, compile_condition, evaluate
from domain.paths.costs import MAX_ELEMENTS
from domain.paths.environment import ENVIRONMENT
from tests.support.contexts import context

SECONDS = 1.0  # of processor time: ten times what is promised, for machines that have much to do
WIDE = dict.fromkeys(("item_id", "sku", "title", "seller"), "ж" * 200) | {"quantity": 1}
TAGS = ["t" * 60 + str(number) for number in range(MAX_ELEMENTS)]


@st.composite
def said(draw: st.DrawFn, names: tuple[str, ...]) -> str:
    """Say something that is mostly true of nothing, so that nobody stops early."""
    texts = [f"{name}.{of}" for name in names for of in ("sku", "title", "seller", "item_id")]
    one, other = draw(st.sampled_from(texts)), draw(st.sampled_from([*texts, "order.shop", "'ж'"]))
    number = draw(st.sampled_from([f"{name}.quantity" for name in names]))
    return draw(
        st.sampled_from(
            [
                f"{one}.contains({other}) && {number} < 0",
                f"{one} != {other} && {one} == 'x'",
                f"{number} + {number} * 2 < 0",
                f"{one} in ['x', 'y', 'z', 'жж']",
                f"{one} in customer.tags",
                f"customer.tags.exists(t, t == {one})",
                f"items.map(k, k.sku).exists(s, s == {one})",
                f"[{one}, {one}, {one}].exists(t, t == 'x')",
            ]
        )
    )


@st.composite
def conditions(draw: st.DrawFn) -> str:
    """Go through the items, and for each through the items again, in one way or another."""
    names, opening, closing = ["i"], "items.exists(i, ", ")"
    match draw(st.sampled_from(["flat", "nested", "nested", "filter", "map", "filters"])):
        case "nested":
            names, opening, closing = ["i", "j"], "items.exists(i, items.exists(j, ", "))"
        case "filter":
            opening, closing = "items.filter(i, i.quantity == 1 || (", ")).size() == 0"
        case "map":
            opening, closing = "items.map(i, (", ") ? 'a' : i.title).exists(t, t == 'b')"
        case "filters":
            opening = "items.exists(i, items.filter(j, j.quantity == 1 || ("
            names, closing = ["i", "j"], ")).size() == 0)"
        case _:
            pass
    parts = draw(st.lists(said(tuple(names)), min_size=1, max_size=8))
    while len(source := f"{opening}{' || '.join(parts)}{closing}") > 500:
        parts.pop()
    return source


@settings(max_examples=100, deadline=None)
@given(st.lists(conditions(), min_size=1, max_size=20), st.integers(1, MAX_ELEMENTS))
def test_conditions_that_are_asked_together_take_no_longer_than_is_promised(
    sources: list[str], pieces: int
) -> None:
    asked = [compiled(source) for source in sources if _is_one(source)]
    given_ = context(items=[WIDE] * pieces, customer={"tags": TAGS[:pieces]}, order={"shop": "x"})

    before = thread_time()
    answers = evaluate(asked, given_)
    took = thread_time() - before

    assert took < SECONDS, f"{took:.1f} s for {pieces} items: {sources}"
    assert all(isinstance(one, bool | ConditionFailed) for one in answers)


def _is_one(source: str) -> bool:
    """Macros three deep are no condition, nor what is so of every order."""
    try:
        compile_condition(source, ENVIRONMENT)
    except ConditionError:
        return False
    return True
