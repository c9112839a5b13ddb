"""Conditions: what compiles has an answer, and it is the one that a slow reading gives.

The slow reading is in this file and knows neither the parser, nor the checks, nor the library.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.paths.conditions import ConditionError, ConditionFailed, compile_condition, evaluate
from domain.paths.environment import ENVIRONMENT
from tests.support.contexts import WORDS, contexts

Reading = Callable[[Mapping[str, Any]], Any]


class Said(NamedTuple):
    """A part of a condition: as it is written, and what it comes to."""

    text: str
    reading: Reading


Strategy = st.SearchStrategy[Said]
COMPARISONS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def field(owner: str, name: str, absent: Any) -> Said:
    def reading(values: Mapping[str, Any]) -> Any:
        value = values[owner][name]
        return absent if value is None else value

    return Said(f"{owner}.{name}", reading)


def literal(value: Any) -> Said:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return Said(text, lambda _: value)


def fields(owner: str, names: str, absent: Any) -> Strategy:
    return st.sampled_from([field(owner, name, absent) for name in names.split()])


def numbers(elements: tuple[str, ...]) -> Strategy:
    items = Said("items.size()", lambda values: len(values["items"]))
    return st.one_of(
        st.integers(0, 4).map(literal),
        st.just(items),
        fields("order", "paid_minor total_minor due_minor", 0),
        *(fields(element, "quantity reserved", 0) for element in elements),
    )


def texts(elements: tuple[str, ...]) -> Strategy:
    return st.one_of(
        st.sampled_from(WORDS).map(literal),
        fields("order", "shop channel status track_number", ""),
        *(fields(element, "sku title", "") for element in elements),
    )


def compared(left: Said, sign: str, right: Said) -> Said:
    test = COMPARISONS[sign]
    text = f"{left.text} {sign} {right.text}"
    return Said(text, lambda values: test(left.reading(values), right.reading(values)))


def comparisons(elements: tuple[str, ...]) -> Strategy:
    signs = st.sampled_from(sorted(COMPARISONS))
    return st.one_of(
        st.builds(compared, numbers(elements), signs, numbers(elements)),
        st.builds(compared, texts(elements), st.sampled_from(["==", "!="]), texts(elements)),
        st.builds(compared, fields("order", "placed_at entered_at", None), signs, st.just(NOW)),
        st.builds(late, signs, st.integers(0, 3)),
        st.builds(among, texts(elements), st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)),
        st.builds(listed, texts(elements), st.sampled_from(["actor.roles", "customer.tags"])),
        st.builds(promised, signs),
        fields("order", "test has_phone", False),
        *(fields(element, "upsell", False) for element in elements),
    )


NOW = Said("now", lambda values: values["now"])


def late(sign: str, hours: int) -> Said:
    test = COMPARISONS[sign]

    def reading(values: Mapping[str, Any]) -> bool:
        return bool(test(values["now"] - values["order"]["entered_at"], timedelta(hours=hours)))

    return Said(f"now - order.entered_at {sign} duration('{hours}h')", reading)


def among(sought: Said, words: list[str]) -> Said:
    text = f"{sought.text} in [{', '.join(literal(word).text for word in words)}]"
    return Said(text, lambda values: sought.reading(values) in words)


def listed(sought: Said, place: str) -> Said:
    owner, name = place.split(".")

    def reading(values: Mapping[str, Any]) -> bool:
        return sought.reading(values) in [word or "" for word in values[owner][name]]

    return Said(f"{sought.text} in {place}", reading)


def promised(sign: str) -> Said:
    test = COMPARISONS[sign]

    def reading(values: Mapping[str, Any]) -> bool:
        promise: datetime | None = values["order"]["promised_at"]
        return promise is not None and bool(test(promise, values["now"]))

    text = f"(order.promised_at != null && order.promised_at {sign} now)"
    return Said(text, reading)


def negated(inner: Said) -> Said:
    return Said(f"!({inner.text})", lambda values: not inner.reading(values))


def joined(parts: list[Said], word: str) -> Said:
    text = f" {word} ".join(f"({part.text})" for part in parts)
    decide = all if word == "&&" else any
    return Said(text, lambda values: decide(part.reading(values) for part in parts))


def chosen(asked: Said, yes: Said, no: Said) -> Said:
    text = f"({asked.text}) ? ({yes.text}) : ({no.text})"
    return Said(text, lambda v: yes.reading(v) if asked.reading(v) else no.reading(v))


def quantified(word: str, element: str, inner: Said) -> Said:
    decide = all if word == "all" else any

    def reading(values: Mapping[str, Any]) -> bool:
        return decide(inner.reading({**values, element: item}) for item in values["items"])

    return Said(f"items.{word}({element}, {inner.text})", reading)


def questions(elements: tuple[str, ...] = ()) -> Strategy:
    """Give random conditions; those within a macro may name its element."""
    simple = comparisons(elements)
    if len(elements) < 2:
        element = ("i", "j")[len(elements)]
        inner = st.deferred(lambda: questions((*elements, element)))
        words = st.sampled_from(["all", "exists"])
        simple |= st.builds(quantified, words, st.just(element), inner)
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            inner.map(negated),
            st.builds(
                joined, st.lists(inner, min_size=2, max_size=3), st.sampled_from(["&&", "||"])
            ),
            st.builds(chosen, inner, inner, inner),
        ),
        max_leaves=5,
    )


short = questions().filter(lambda said: len(said.text) <= 500)


@given(short, contexts)
@settings(max_examples=300)
def test_the_answer_is_the_one_of_a_slow_reading(said: Said, values: dict[str, Any]) -> None:
    try:
        condition = compile_condition(said.text, ENVIRONMENT)
    except ConditionError as error:
        [fault] = error.faults
        assert fault.code == f"always_{str(said.reading(values)).lower()}"
    else:
        assert evaluate([condition], values) == [said.reading(values)]


@given(st.lists(short, max_size=4), contexts)
@settings(max_examples=100)
def test_conditions_are_answered_together_as_one_by_one(
    several: list[Said], values: dict[str, Any]
) -> None:
    conditions = []
    for said in several:
        try:
            conditions.append(compile_condition(said.text, ENVIRONMENT))
        except ConditionError:
            continue

    together = evaluate(conditions, values)

    assert together == [evaluate([condition], values)[0] for condition in conditions]


# How to write each kind of value; {…} stands for another one, i and j for items, x for a text.
WAYS: Mapping[str, str] = {
    "bool": "order.test; true; i.upsell; !{bool}; ({bool} && {bool}); ({bool} || {bool}); "
    "({bool} ? {bool} : {bool}); ({int} == {int}); ({int} < {int}); ({text} != {text}); "
    "({moment} >= {moment}); ({span} > {span}); ({text} in {texts}); ({int} in {ints}); "
    "order.shop.contains({text}); (order.promised_at != null && {bool}); {items}.all(i, {bool}); "
    "{items}.exists(j, {bool}); {items}.exists_one(i, {bool}); {texts}.all(x, {bool})",
    "int": "order.paid_minor; 0; -1; 9223372036854775807; 1.5; i.quantity; j.reserved; -{int}; "
    "({int} + {int}); ({int} - {int}); ({int} * {int}); ({int} / {int}); ({int} % {int}); "
    "{items}.size(); size({texts}); ({bool} ? {int} : {int})",
    "text": "order.shop; ''; 'new'; i.sku; j.title; x; ({bool} ? {text} : {text})",
    "moment": "now; order.placed_at; order.promised_at; timestamp('9999-12-31T23:00:00Z'); "
    "({moment} + {span}); ({moment} - {span})",
    "span": "duration('1h'); duration('999999h59m'); ({moment} - {moment}); ({span} + {span})",
    "items": "items; payments; {items}.filter(i, {bool})",
    "texts": "actor.roles; ['new', '']; {items}.map(i, {text}); {texts}.filter(x, {bool})",
    "ints": "[1, -1]; [{int}, {int}]; {items}.map(j, {int})",
}
ELEMENT = re.compile(r"^([ijx])\b")  # a way that begins with one needs it


@st.composite
def written(draw: st.DrawFn, kind: str = "bool", fuel: int = 3, elements: str = "") -> str:
    """Write a value of a kind; now and then one of another kind, which is a fault mostly."""
    if not draw(st.integers(0, 40)):
        kind = draw(st.sampled_from(sorted(WAYS)))
    ways = [
        way
        for way in WAYS[kind].split("; ")
        if (fuel or "{" not in way) and all(name in elements for name in ELEMENT.findall(way))
    ]
    text = ""
    for before, slot in re.findall(r"([^{]*)(?:\{(\w+)\})?", draw(st.sampled_from(ways))):
        named = re.search(r"\(([ijx]), $", before)
        text += before
        if slot:
            within = elements + named[1] if named else elements
            text += draw(written(slot, fuel - 1, within))
    return text


@given(written(), contexts)
@settings(max_examples=300)
def test_what_compiles_fails_by_arithmetic_only(source: str, values: dict[str, Any]) -> None:
    try:
        condition = compile_condition(source, ENVIRONMENT)
    except ConditionError:
        return
    [answer] = evaluate([condition], values)

    if isinstance(answer, ConditionFailed):
        assert answer.reason in ("a number became too large", "something was divided by zero")
