"""What of the log a backtest reads for the last days, and what it holds of it."""

import gc
from collections import Counter
from collections.abc import Sequence, Set
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from domain.messages import Recorded
from domain.orders.events import NoteAdded
from domain.reading import Head, Undecodable
from domain.refusals import InfraError
from domain.rules.judging import Sight
from domain.rules.line import RulePublished
from domain.rules.rule import Rule
from services.backtest import Part, backtest, last_days
from tests.support.examples import EVENTS, NOW
from tests.support.memory_log import MemoryLog, recorded, renumbered, unreadable
from tests.support.rules import rule_of

CALENDAR: Final = EVENTS["calendar.published.v1"]
BEGUN: Final = NOW - timedelta(days=100)


class OneADay:
    """A log of a hundred days, an event each."""

    def first_since(self, moment: datetime) -> int:
        return max(1, 1 + (moment - BEGUN).days)

    def head(self) -> Head:
        return Head(log_id=UUID(int=1), epoch=1, position=100)


@pytest.mark.parametrize(
    ("waits", "days_before"),
    [
        ({}, 0),
        ({"delay": "12d"}, 12),
        ({"delay": "12d", "hours": "shop"}, 19),
        ({"on": [{"silence": "3d"}, {"silence": "40d"}]}, 40),
        ({"on": [{"silence": "400d"}]}, 70),
    ],
)
def test_it_reads_from_where_what_comes_due_may_have_begun(
    waits: dict[str, Any], days_before: int
) -> None:
    part = last_days(OneADay(), rule_of(**waits), 30, until=NOW)

    assert (part.since, part.until) == (NOW - timedelta(days=30), NOW)
    assert (part.behind, part.up_to) == (70, 100)
    assert part.behind - (part.begins or 0) == days_before


def test_it_holds_no_orders_of_which_nothing_can_come_due() -> None:
    orders = [f"order-{UUID(int=number)}" for number in range(200)]
    placed = EVENTS["order.placed.v1"]
    events = renumbered(
        [
            recorded(placed, stream_id=orders[0], version=1),
            recorded(NoteAdded(text="Called"), stream_id=orders[0], version=2),
            *(recorded(placed, stream_id=order, version=1) for order in orders[1:]),
        ]
    )
    held = list[int]()

    def weigh(done: int, total: int) -> None:
        gc.collect()
        held.append(sum(isinstance(one, Sight) for one in gc.get_objects()))

    rule = rule_of(on=[{"event": "order.note_added"}], delay="3d")
    part = Part(0, len(events), since=NOW, until=NOW + timedelta(days=4))
    (found,) = backtest(MemoryLog(events), [rule], part, weigh)

    assert found.results == {"delayed": 1, "fired": 1}
    assert max(held) < 10


@pytest.mark.parametrize("begins", [None, 0])
def test_fixed_hours_come_within_the_part_only_whatever_later_moments_the_log_tells_of(
    begins: int | None,
) -> None:
    order, placed = f"order-{UUID(int=1)}", EVENTS["order.placed.v1"]
    late = datetime(9000, 1, 1, tzinfo=UTC)
    events = renumbered(
        [
            recorded(EVENTS["calendar.published.v1"], stream_id="calendar-shop"),
            recorded(placed, stream_id=order, version=1, occurred_at=late),
            recorded(NoteAdded(text="Called"), stream_id=order, version=2, occurred_at=NOW),
            recorded(NoteAdded(text="Late"), stream_id=order, version=3, occurred_at=late),
        ]
    )
    daily = {"at": ["18:00"], "days": "every"}
    rule = rule_of(on=[{"schedule": daily, "in": ["new"]}])
    part = Part(2, 4, since=NOW, until=NOW + timedelta(days=4), begins=begins)

    (found,) = backtest(MemoryLog(events), [rule], part)

    assert found.results == {"fired": 4}


@pytest.mark.parametrize("behind", [0, 5])
def test_an_order_of_which_something_cannot_be_read_is_left_aside_from_there_on_and_named(
    behind: int,
) -> None:
    bad, well = UUID(int=1), UUID(int=2)
    placed, noted = EVENTS["order.placed.v1"], NoteAdded(text="Called")
    events: list[Recorded | Undecodable] = [
        *renumbered(
            recorded(event, stream_id=f"order-{order_id}", version=version)
            for version, event in enumerate((placed, noted, noted, noted), 1)
            for order_id in (bad, well)
        )
    ]
    damaged = events[4]
    assert isinstance(damaged, Recorded)
    events[4] = unreadable(damaged)
    rule = rule_of(on=[{"event": "order.note_added"}, {"silence": "3d"}])
    part = Part(behind, len(events), since=NOW, until=NOW + timedelta(days=4))

    (found,) = backtest(MemoryLog(events), [rule], part)

    expected = [bad, well, well, well, well] if not behind else [well, well, well]
    assert [one.order_id for one in found.would] == expected
    assert found.aside == [bad]


def told(
    *rules: Rule, calendars: Sequence[str] = (), spoiled: Set[str] = frozenset()
) -> list[Recorded | Undecodable]:
    """Give a log of publications and an order that is placed behind them."""
    versions: Counter[str] = Counter()
    events = []
    for event, stream in [
        *((published(rule), f"rule-{rule.rule}") for rule in rules),
        *(
            (CALENDAR.model_copy(update={"calendar": name}), f"calendar-{name}")
            for name in calendars
        ),
        (EVENTS["order.placed.v1"], f"order-{UUID(int=1)}"),
    ]:
        versions[stream] += 1
        events.append(recorded(event, stream_id=stream, version=versions[stream]))
    return [unreadable(one) if one.stream_id in spoiled else one for one in renumbered(events)]


def published(rule: Rule) -> RulePublished:
    said = {"content_hash": rule.content_hash, "definition": rule.content}
    return RulePublished(rule=rule.rule, rule_version=1, **said)


def test_a_backtest_names_the_publications_that_it_could_not_read() -> None:
    sales, others = ([{"assign": {"group": name}}] for name in ("sales", "others"))
    rules = [rule_of(name, then=others) for name in ("other", "lost")]
    rules.append(rule_of("shut", then=others, hours="desk"))
    spoiled = {"rule-lost", "calendar-desk"}
    log = MemoryLog(told(*rules, calendars=("desk", "shop"), spoiled=spoiled))
    part = Part(0, len(log.events), since=NOW, until=NOW)

    (found,) = backtest(log, [rule_of("tried", then=sales)], part)

    assert found.conflicts == {"other": 1}
    assert found.as_dict()["unread"] == ["calendar-desk", "rule-lost"]


@pytest.mark.parametrize("versions", [1, 2])
def test_a_rule_that_goes_by_a_calendar_that_cannot_be_read_is_not_tried(versions: int) -> None:
    events = told(calendars=("desk",) * versions)
    latest = events[versions - 1]
    assert isinstance(latest, Recorded)
    events[versions - 1] = unreadable(latest)
    part = Part(0, len(events), since=NOW, until=NOW)

    with pytest.raises(InfraError) as raised:
        backtest(MemoryLog(events), [rule_of("tried", hours="desk")], part)

    assert (raised.value.code, raised.value.stream_id) == ("event_unreadable", "calendar-desk")
