"""Whatever somebody writes as a condition: it is taken, or refused by name, and that soon."""

from contextlib import suppress
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.paths.conditions import ConditionError, compile_condition
from domain.paths.environment import ENVIRONMENT

SECONDS = 2.0  # of processor time
BOMBS = {
    "brackets": "(" * 250 + "1" + ")" * 249,
    "lists": "[" * 250,
    "objects": "{1:" * 160,
    "nots": "!" * 499 + "a",
    "minuses": "-" * 499 + "1",
    "choices": "true ? " * 60 + "1",
    "operators": "1" + "+1" * 249,
    "ors": "true" + "||true" * 80,
    "fields": "a" + ".b" * 240,
    "indexes": "a" + "[0]" * 160,
    "calls": "size(" * 99,
    "macros": "items.all(i, " * 38,
    "filters": "items" + ".filter(i, true)" * 30,
    "too long": "a" * 1_000_000,
    "huge number": "9" * 499 + " == 1",
    "huge exponent": "1e999999 == 1.0",
    "nul": "order.shop == 'a\x00b",
    "nul, written out": "order.shop == '\\x00' + 1",
    "a lone surrogate": "order.shop == '\ud800",
    "a bad escape": "order.shop == '\\uD800'",
    "a pattern that doubles": "order.shop.matches('" + "(a+)+" * 90 + "$')",
}
words = st.sampled_from(
    ["order", ".", "items", "all", "exists", "(", ")", "[", "]", "{", "}", "i", ",", "==", "&&",
     "||", "!", "-", "?", ":", "1", "1u", "1.5", "'a'", '"', "\\", "b'", "r'", "in", "has", "size",
     "null", "true", "\x00", "\ud800", "ж", " ", "//", "\n", "9" * 30, "0x"]
)  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_condition_that_would_cost_much_is_refused_soon(bomb: str) -> None:
    began = thread_time()
    with pytest.raises(ConditionError) as caught:
        compile_condition(bomb, ENVIRONMENT)

    assert thread_time() - began < SECONDS
    assert caught.value.faults


@settings(max_examples=300)
@given(st.lists(words, max_size=25).map("".join) | st.text(max_size=60))
def test_whatever_is_written_is_a_condition_or_refused_by_name(source: str) -> None:
    began = thread_time()
    with suppress(ConditionError):
        compile_condition(source, ENVIRONMENT)

    assert thread_time() - began < SECONDS
