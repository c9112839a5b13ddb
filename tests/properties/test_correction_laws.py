"""Laws of correcting (D5): an annulled fact leaves the order as if nobody had ever told it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages import Event
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.items import Item
from domain.orders.order import Order
from domain.orders.totals import totals_of
from tests.properties.test_order_laws import PLACE, Script, history, picture, played, replayed
from tests.support import spec
from tests.support.examples import COMMANDS, NOW, actor, fact_id
from tests.support.spec import Stored, World
from tests.support.strategies import (
    any_command,
    facts_with,
    imported,
    item_commands,
    item_facts,
    records,
    sequences,
)

PINNED = {"path", "facts", "last_occurred_at"}  # what stays, and what tells of arrival


def shown(order: Order) -> dict[str, Any]:
    """What readers see of an order, without what stays when a fact is annulled."""
    seen = {name: value for name, value in picture(order).items() if name not in PINNED}
    return seen | {
        "totals": order.totals or totals_of(order, order.items),
        "items": {k: (*told_of(item), item.key) for k, item in order.items.items()},
        "placed_by": order.placed_by,
        "test": order.test,
        "limits": order.limit,
        "owner": (order.owner_user, order.owner_group),
        "fields": order.fields,
        "ledger": Counter(replace(entry, version=0) for entry in order.ledger),
    }


def told_of(item: Item) -> tuple[Any, ...]:
    return item.line, dict(item.pieces), item.delivery_minor, item.currency


def folded(stored: Iterable[Stored]) -> Order:
    """Build the order, each decision with the money that it would have found."""
    order = Order()
    for one in stored:
        after = order.evolve(one)
        if one.fact_id is None and isinstance(one.event, _DECIDED) and one.event.totals:
            found = one.event.model_copy(update={"totals": totals_of(after, after.items)})
            after = order.evolve(replace(one, event=found))
        order = after
    return order


_DECIDED = e.ItemAdded | e.ItemChanged | e.ItemStatusChanged


def annulling(fact: Stored, version: int) -> Stored:
    event: Event = e.FactAnnulled(
        annulled_version=fact.version, annulled_type=fact.event.NAME, reason="Wrong"
    )
    return Stored(event, version, NOW + timedelta(days=1))


@st.composite
def annulled_somewhere(draw: st.DrawFn, stored: Sequence[Stored]) -> list[Stored]:
    """Draw facts of a history that are annulled, each at any moment after it was told."""
    corrected = list(stored)
    for one in stored:
        if one.fact_id is not None and draw(st.booleans()):
            after = next(n for n, it in enumerate(corrected, 1) if it.version == one.version)
            at = draw(st.integers(after, len(corrected)))
            corrected.insert(at, annulling(one, len(stored) + len(corrected)))
    return corrected


def without_what_was_annulled(stored: Sequence[Stored]) -> list[Stored]:
    wrong = {one.event.annulled_version for one in stored if isinstance(one.event, e.FactAnnulled)}
    return [
        one
        for one in stored
        if one.version not in wrong and not isinstance(one.event, e.FactAnnulled)
    ]


scripts = st.one_of(
    sequences(any_command),
    sequences(any_command, first=PLACE),
    sequences(item_commands, item_facts, first=imported),
)


@settings(max_examples=400)
@given(scripts.filter(bool), st.data())
def test_d5_an_annulled_fact_leaves_the_order_as_if_it_had_never_been_told(
    script: Script, data: st.DataObject
) -> None:
    corrected = data.draw(annulled_somewhere(history(played(script))))

    order = folded(corrected)

    assert shown(order) == shown(folded(without_what_was_annulled(corrected)))
    assert replayed(corrected) == _live(corrected)
    for item in order.items.values():
        assert sum(item.pieces.values()) == item.line.quantity
        assert all(pieces > 0 for pieces in item.pieces.values())


def _live(stored: Iterable[Stored]) -> Order:
    order = Order()
    for one in stored:
        order = order.evolve(one)
    return order


@given(scripts.filter(bool), st.data())
def test_d5_once_all_facts_are_annulled_nothing_is_kept_of_them(
    script: Script, data: st.DataObject
) -> None:
    stored = history(played(script))
    facts = [one for one in stored if one.fact_id is not None]
    annulled = data.draw(st.permutations(facts))
    corrections = [annulling(one, len(stored) + n) for n, one in enumerate(annulled, 1)]

    order = folded([*stored, *corrections])

    assert (order.placements, order.item_histories, order.correctable) == ((), {}, {})


@st.composite
def corrected_arrivals(draw: st.DrawFn) -> tuple[list[c.Fact], list[c.Fact], list[World]]:
    """Draw facts, some of them wrong, and two worlds that hear of both in orders of their own."""
    facts = [
        draw(facts_with(st.just(fact_id(number)), st.integers(0, 3).map(minutes_ago)))
        for number in range(draw(st.integers(1, 8)))
    ]
    wrong = draw(st.lists(st.sampled_from(facts), unique=True, max_size=4))
    worlds = []
    for _ in range(2):
        world = spec.given().world
        left = list(wrong)
        for fact in draw(st.permutations(facts)):
            world.run(records(fact), NOW)
            told = [one for one in left if one.fact_id in world.order.facts]
            for one in draw(st.lists(st.sampled_from(told), unique=True)) if told else ():
                left.remove(one)
                annul(world, one)
        for one in left:
            annul(world, one)
        worlds.append(world)
    return facts, wrong, worlds


def minutes_ago(minutes: int) -> Any:
    return NOW - timedelta(minutes=minutes)


def annul(world: World, fact: c.Fact) -> None:
    version = next(one.version for one in history(world) if one.fact_id == fact.fact_id)
    wrong = COMMANDS["order.correct"].model_copy(
        update={"version": version, "actor": actor(), "reason": "Wrong"}
    )
    assert world.run(wrong, NOW)


@settings(max_examples=200)
@given(corrected_arrivals())
def test_d14_the_same_facts_and_corrections_give_the_same_order_in_whatever_order_they_come(
    arrived: tuple[list[c.Fact], list[c.Fact], list[World]],
) -> None:
    facts, wrong, (one, other) = arrived
    right = [fact for fact in facts if fact not in wrong]
    never = spec.given(*([records(*right)] if right else ())).world

    assert shown(one.order) == shown(other.order) == shown(never.order)
    assert one.order.facts == other.order.facts


@given(corrected_arrivals())
def test_d5_a_fact_that_was_annulled_does_not_come_back_when_it_is_told_again(
    arrived: tuple[list[c.Fact], list[c.Fact], list[World]],
) -> None:
    facts, _, (world, _) = arrived

    assert world.run(records(*facts), NOW) == []
