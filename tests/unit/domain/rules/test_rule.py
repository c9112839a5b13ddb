"""A rule as a value: what it looks at, what can be asked again later, what it refuses to be."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.rules.actions import GiveTask, Move
from domain.rules.rule import Rule
from domain.rules.triggers import CHANGING, EVENT_NAMES, OnChange, OnSchedule, OnSilence
from tests.support.rules import rule_of


def test_what_is_published_is_the_same_rule_again() -> None:
    rule = rule_of(
        on=[
            {"event": "order.placed"},
            {"change": "status", "from": "new", "to": ["done", "lost"]},
            {"silence": "2d", "in": ["new"]},
            {"schedule": {"at": ["09:00"], "days": "every"}, "in": "new"},
        ],
        then=[{"move": "done"}, {"task": "Call", "due": "30m", "to": {"group": "leads"}}],
        delay="1h",
        limits={"per_order": 3},
        conditions={"is_paid": "order.due_minor <= 0"},
    )

    again = Rule.model_validate(rule.content)

    assert (again, again.content_hash) == (rule, rule.content_hash)
    assert [type(one) for one in again.on[1:]] == [OnChange, OnSilence, OnSchedule]
    assert again.then == (
        Move(move="done"),
        GiveTask(task="Call", due=timedelta(minutes=30), to={"group": "leads"}),
    )


def test_what_is_left_out_is_not_stored_so_that_a_new_key_changes_no_hash() -> None:
    assert rule_of().content == {
        "rule": "watch",
        "on": [{"event": ["order.placed"]}],
        "then": [{"note": "Seen"}],
    }


def test_a_condition_that_looks_at_what_is_past_is_not_asked_again() -> None:
    rule = rule_of(
        conditions={
            "now": "order.due_minor <= 0",
            "moved": "change.old == 'new'",
            "by_gateway": "event.source == 'gateway' && order.due_minor <= 0",
            "by_a_person": "actor.kind == 'user' && order.due_minor <= 0",
        }
    )

    assert rule.lasting == ("order.due_minor <= 0",)


def test_a_rule_knows_whether_it_asks_for_the_customer() -> None:
    asking = rule_of(conditions={"is_bad": "'bad' in customer.marks"})

    assert (asking.reads_customer, rule_of().reads_customer) == (True, False)


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ({"on": [{"event": "order.plased"}]}, ("on", 0, "event", 0)),
        ({"on": [{"change": "items"}]}, ("on", 0, "change")),
        ({"delay": "1h", "cancel_on": "order.paid"}, ("cancel_on", 0)),
        ({"cancel_on": "order.placed"}, ("cancel_on",)),
        ({"why_not": "watch"}, ("why_not",)),
        ({"on": [{"silence": "1d"}], "delay": "1h"}, ("delay",)),
        ({"on": [{"schedule": {"at": ["09:00"]}, "in": "new"}], "hours": "shop"}, ("hours",)),
        ({"on": [{"event": "stock.below_threshold"}], "delay": "1h"}, ("delay",)),
        (
            {"on": [{"event": ["order.placed", "stock.below_threshold"]}], "hours": "shop"},
            ("hours",),
        ),
        ({"then": [{"move": "a"}, {"note": "x"}, {"move": "b"}]}, ("then", 2)),
        ({"conditions": {"is_new": "order.status == 'a\0b'"}}, ("if", "is_new")),
    ],
)
def test_what_is_not_defined_or_does_not_fit_is_refused_with_its_place(
    written: dict[str, Any], place: tuple[str | int, ...]
) -> None:
    with pytest.raises(ValidationError) as told:
        rule_of(**written)

    assert [error["loc"] for error in told.value.errors()] == [place]


def test_a_rule_that_asks_itself_why_it_has_not_acted_is_told_what_to_write() -> None:
    with pytest.raises(ValidationError, match="left the order alone: write another one"):
        rule_of(why_not="watch")

    published = Rule.as_published(rule_of().content | {"why_not": "watch"})
    assert published.why_not == "watch"


def test_events_are_called_without_their_version() -> None:
    assert {"order.placed", "order.status_changed", "stock.below_threshold"} <= {*EVENT_NAMES}
    assert not [name for name in EVENT_NAMES if name.endswith(".v1")]


def test_no_field_whose_changes_are_looked_at_is_a_list() -> None:
    assert {"status", "payment_status", "track_number", "owner_user"} <= CHANGING.keys()
    assert not {"items", "payments"} & CHANGING.keys()
