"""Which version of which rule judges an event: by the event's position alone."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.messages import Recorded
from domain.rules.book import RuleBook
from domain.rules.line import RulePublished, stream_of
from domain.rules.rule import Rule
from tests.support.examples import NOW
from tests.support.memory_log import unreadable
from tests.support.rules import in_force, rule_of


def published(rule: Rule, version: int, position: int) -> Recorded:
    event = RulePublished(
        rule=rule.rule,
        rule_version=version,
        content_hash=rule.content_hash,
        definition=rule.content,
    )
    return Recorded(
        position=position,
        stream_id=stream_of(rule.rule),
        version=version,
        shard=0,
        event=event,
        command_id=UUID(int=position),
        correlation_id=UUID(int=position),
        causation_id=None,
        actor_kind="user",
        actor_id="ann",
        on_behalf_of=None,
        reason=None,
        source="test",
        occurred_at=NOW,
        recorded_at=NOW,
    )


FIRST, SECOND = rule_of("a"), rule_of("a", order=5)
STRICTER: dict[str, dict[str, Any]] = {  # what today's checks refuse, and earlier ones may not have
    "an event that is no more": {"on": [{"event": "order.teleported"}]},
    "parts that do not fit": {"cancel_on": ["order.placed"]},
    "a condition": {"if": {"odd": "order.aura == 'red'"}},
    "blank words": {"then": [{"note": " "}]},
    "nothing to set": {"then": [{"set": {}}]},
    "a user in turn": {"then": [{"assign": {"user": "ann"}, "by": "sticky"}]},
    "paper by SMS": {
        "then": [{"notify": "sms", "to": "owner", "template": "t", "attach": "order"}]
    },
}


@pytest.mark.parametrize("odd", STRICTER.values(), ids=STRICTER)
def test_a_version_that_checks_of_today_refuse_is_read_as_it_was_published(
    odd: dict[str, Any],
) -> None:
    definition = {**FIRST.content, **odd}
    with pytest.raises(ValidationError):
        Rule.model_validate(definition)
    event = RulePublished(rule="a", rule_version=1, content_hash="x", definition=definition)
    before = replace(published(FIRST, 1, 10), event=event)

    book = RuleBook([before, published(SECOND, 2, 20)])

    assert book.at(11).by_name["a"].version == 1
    assert book.at(21).by_name["a"].rule == SECOND


@pytest.mark.parametrize(
    ("position", "version"), [(9, None), (10, None), (11, 1), (20, 1), (21, 2)]
)
def test_a_version_judges_what_comes_behind_its_publication_until_the_next_one(
    position: int, version: int | None
) -> None:
    book = RuleBook([published(SECOND, 2, 20), published(FIRST, 1, 10)])

    assert [one.version for one in book.at(position).rules] == ([version] if version else [])


def test_a_rule_that_is_off_judges_nothing() -> None:
    book = RuleBook([published(FIRST, 1, 10), published(rule_of("a", mode="off"), 2, 20)])

    assert [one.name for one in book.at(15).rules] == ["a"]
    assert list(book.at(25).rules) == []
    assert book.at(25).by_event == {}


def test_rules_act_lowest_order_first_then_by_name() -> None:
    rules = in_force(rule_of("b"), rule_of("c", order=1), rule_of("a"))

    assert [one.name for one in rules.rules] == ["c", "a", "b"]
    assert [one.name for one in rules.by_event["order.placed"]] == ["c", "a", "b"]
    assert rules.places == {"c": 0, "a": 1, "b": 2}


def test_rules_are_found_by_the_events_and_the_fields_that_they_look_at() -> None:
    rules = in_force(
        rule_of("placed"),
        rule_of("paid", on=[{"event": "order.payment_charged"}]),
        rule_of("moved", on=[{"change": "status"}], order=1),
        rule_of("both", on=[{"change": "status"}, {"event": "order.placed"}], order=200),
        rule_of("silent", on=[{"silence": "1d"}]),
    )

    by_event = {event: [one.name for one in some] for event, some in rules.by_event.items()}
    by_field = {field: [one.name for one, _ in some] for field, some in rules.by_field.items()}
    assert by_event == {"order.placed": ["placed", "both"], "order.payment_charged": ["paid"]}
    assert by_field == {"status": ["moved", "both"]}
    assert [one.name for one, *_ in rules.silent] == ["silent"]


def test_what_ends_a_delay_is_found_by_its_name() -> None:
    rules = in_force(
        rule_of("a", delay="1h", cancel_on=["order.payment_charged"]),
        rule_of("b", delay="1h", cancel_on=["order.payment_charged", "order.note_added"]),
        rule_of("c", delay="1h"),
    )

    assert rules.cancelled_by == {
        "order.payment_charged": {"a", "b"},
        "order.note_added": {"b"},
    }


def test_behind_a_version_that_cannot_be_read_its_rule_is_lost_until_the_next_one() -> None:
    odd = replace(published(SECOND, 2, 20), event=nothing_known("a", 2))
    for second in (unreadable(published(SECOND, 2, 20)), odd):
        book = RuleBook([published(FIRST, 1, 10), second, published(FIRST, 3, 30)])

        assert not book.is_whole
        assert [book.at(position).lost for position in (20, 21, 30, 31)] == [
            frozenset(),
            {"rule-a"},
            {"rule-a"},
            frozenset(),
        ]


def nothing_known(rule: str, version: int) -> RulePublished:
    """Give a publication that says nothing of its rule."""
    return RulePublished(rule=rule, rule_version=version, content_hash="x", definition={})
