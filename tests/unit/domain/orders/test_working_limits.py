"""Limits in working time: the deadline is computed when the status is entered, and stays."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.facts import Facts
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.allowed import list_moves
from domain.orders.context import Situation
from domain.paths.calendar_line import CalendarPublished, PublishCalendar
from domain.paths.calendars import Calendar
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from tests.support.examples import CALENDAR, ORDER_ID, PATH, actor
from tests.support.spec import given
from tests.unit.domain.orders.test_decide import place, who

SATURDAY_NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)  # Open until 13:00 UTC, then from Monday 8:00.
PUBLISHED = CalendarPublished(
    calendar="shop",
    calendar_version=1,
    content_hash=CALENDAR.content_hash,
    definition=CALENDAR.content,
)


def path_with(limit: dict[str, Any], **more: Any) -> OrderPath:
    statuses = PATH.content["statuses"]
    statuses = statuses | {"new": statuses["new"] | {"limit": limit}}
    return OrderPath.model_validate(PATH.content | {"statuses": statuses} | more)


WORKING = path_with({"working": "2h", "warn": "50%"}, calendar="shop")


def deadlines(event: Any) -> list[tuple[str, datetime]]:
    return [(deadline.level, deadline.at) for deadline in event.deadlines]


def test_d8_working_time_passes_only_while_the_shop_works() -> None:
    (placed,) = given(PUBLISHED, paths=[WORKING]).at(SATURDAY_NOON).when(place()).events

    assert deadlines(placed) == [
        ("warn", datetime(2026, 3, 7, 13, tzinfo=UTC)),
        ("due", datetime(2026, 3, 9, 9, tzinfo=UTC)),
    ]


def test_d8_a_limit_may_name_a_calendar_of_its_own() -> None:
    path = path_with({"working": "1h", "calendar": "shop"}, calendar="nights")

    (placed,) = given(PUBLISHED, paths=[path]).at(SATURDAY_NOON).when(place()).events

    assert deadlines(placed) == [("due", datetime(2026, 3, 7, 13, tzinfo=UTC))]


def test_d8_a_later_calendar_counts_for_later_orders_only() -> None:
    longer = CALENDAR.content | {"hours": CALENDAR.content["hours"] | {"sat": ["10:00-20:00"]}}
    definition = Calendar.model_validate(longer)
    first = given(PUBLISHED, paths=[WORKING]).at(SATURDAY_NOON)
    before = deadlines(first.when(place()).events[0])

    publish = PublishCalendar(**_by(), definition=definition)
    later = given(PUBLISHED, publish, paths=[WORKING]).at(SATURDAY_NOON)

    assert deadlines(later.when(place()).events[0]) == [
        ("warn", datetime(2026, 3, 7, 13, tzinfo=UTC)),
        ("due", datetime(2026, 3, 7, 14, tzinfo=UTC)),
    ]
    assert before[-1][1] == datetime(2026, 3, 9, 9, tzinfo=UTC)


def test_d8_working_time_that_never_comes_is_refused() -> None:
    path = path_with({"working": "3000d"}, calendar="shop")

    given(PUBLISHED, paths=[path]).when(place()).then_refused("deadline_out_of_reach")


def test_d1_a_path_is_published_only_once_its_calendars_are() -> None:
    publish = PublishPath(**_by(), definition=WORKING)

    given(paths=[]).when(publish).then_refused("calendar_unknown")
    assert given(PUBLISHED, paths=[]).when(publish).events


@pytest.mark.parametrize(
    ("limit", "more", "complaint"),
    [
        ({"working": "2h"}, {}, "no calendar for the working time of new"),
        ({"working": "2h", "wall": "2h"}, {}, "one of wall and working"),
        ({"warn": "50%"}, {}, "one of wall and working"),
        ({"wall": "2h", "calendar": "shop"}, {}, "a calendar is for working time"),
    ],
)
def test_a_limit_counts_one_kind_of_time(
    limit: dict[str, Any], more: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        path_with(limit, **more)


def test_a_move_writes_the_deadline_of_the_status_that_it_enters() -> None:
    back = c.ChangeStatus(
        **(who() | {"actor": actor("user", "lead")}), to_status="new", reason="again"
    )
    cancelled = e.StatusChanged(
        from_status="new", to_status="cancelled", reason_code="changed_mind", initiator="client"
    )

    (moved,) = (
        given(PUBLISHED, place(), cancelled, paths=[WORKING]).at(SATURDAY_NOON).when(back).events
    )

    assert deadlines(moved)[-1] == ("due", datetime(2026, 3, 9, 9, tzinfo=UTC))


def test_d2_a_paused_limit_is_allowed_to_go_on_if_what_is_left_of_it_can() -> None:
    statuses = {
        "new": {"stage": "all", "limit": {"working": "20h"}},
        "waiting": {"stage": "all", "pauses_clock": True},
    }
    path = OrderPath.model_validate(
        PATH.content
        | {"calendar": "shop", "stages": ["all"], "statuses": statuses}
        | {"transitions": [{"from": ["new", "waiting"], "to": ["new", "waiting"]}]}
    )
    thinner = CALENDAR.content | {"hours": {"mon": ["09:00-09:01"]}, "special_days": {}}
    publish = PublishCalendar(**_by(), definition=Calendar.model_validate(thinner))
    wait = c.ChangeStatus(**who(), to_status="waiting")
    shop = given(PUBLISHED, paths=[path])
    shop.at(SATURDAY_NOON).when(place())
    shop.at(datetime(2026, 3, 9, 17, tzinfo=UTC)).when(wait)
    shop.when(publish)
    facts = Facts(calendars={"shop": publish.definition})

    seen = Situation(ORDER_ID, shop.world.order, path, actor(), shop.now, facts)
    (back,) = list_moves(seen)

    assert back.is_open
    assert shop.when(c.ChangeStatus(**who(), to_status="new")).order.status == "new"


class CountedCalendars(dict[str, Calendar]):
    """Calendars that know how often one was asked for."""

    asked = 0

    def __getitem__(self, name: str) -> Calendar:
        self.asked += 1
        return super().__getitem__(name)


@pytest.mark.parametrize("effects", [{}, {"stock": {"locations": ["main"]}}])
@pytest.mark.parametrize("working", ["2h", "3000d"])
def test_the_limit_of_a_status_is_worked_out_once_for_each_move(
    working: str, effects: dict[str, Any]
) -> None:
    statuses = PATH.content["statuses"] | {"packed": {"stage": "work"}}
    limited = statuses | {"confirmed": {"stage": "work", "limit": {"working": working}}}
    path = OrderPath.model_validate(
        PATH.content | {"calendar": "shop", "statuses": limited} | effects
    )
    shop = given(PUBLISHED, place(), paths=[path])
    calendars = CountedCalendars(shop=CALENDAR)
    facts = Facts(calendars=calendars)

    list_moves(Situation(ORDER_ID, shop.world.order, path, actor(), SATURDAY_NOON, facts))

    assert calendars.asked == 1


def _by() -> dict[str, Any]:
    return {"command_id": UUID(int=2), "actor": actor()}
