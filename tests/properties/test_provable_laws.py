"""What lint proves of a condition holds for every order, as the library answers."""

from collections.abc import Mapping
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.paths.cel_syntax import parse_cel
from domain.paths.conditional import compiled
from domain.paths.conditions import ConditionError, evaluate
from domain.paths.provable import Domains, can_be
from tests.support.contexts import contexts

DOMAINS: Domains = {"order.status": frozenset(["new", "web"]), "order.stage": frozenset(["new"])}
words = st.sampled_from(["'new'", "'web'", "''"])
numbers = st.integers(0, 4).map(str)
atoms = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(["order.status", "order.stage", "order.shop"]),
              st.sampled_from(["==", "!="]), words),
    st.builds("order.{} in [{}, {}]".format, st.sampled_from(["status", "shop"]), words, words),
    st.builds("order.paid_minor {} {}".format, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
              numbers),
    st.builds("{} {} order.paid_minor".format, numbers, st.sampled_from(["<", ">="])),
    st.sampled_from(["order.test", "items.exists(i, i.quantity > 1)"]),
)  # fmt: skip
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner),
        st.builds("!({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ),
    max_leaves=6,
)
statuses = st.sampled_from(["new", "web"])


@given(conditions, contexts, statuses)
def test_what_is_proved_never_to_hold_does_not_hold(
    source: str, context: Mapping[str, Any], status: str
) -> None:
    try:
        condition = compiled(source)
    except ConditionError:
        assume(False)
    here = {**context, "order": context["order"] | {"status": status, "stage": "new"}}

    (answer,) = evaluate([condition], here)

    assert can_be([(parse_cel(source), answer is True)], DOMAINS)


@given(st.lists(atoms, min_size=1, max_size=4), contexts, statuses)
def test_guards_that_are_proved_to_contradict_never_hold_together(
    sources: list[str], context: Mapping[str, Any], status: str
) -> None:
    here = {**context, "order": context["order"] | {"status": status, "stage": "new"}}

    answers = evaluate([compiled(source) for source in sources], here)

    assert can_be(
        [(parse_cel(s), a is True) for s, a in zip(sources, answers, strict=True)], DOMAINS
    )
