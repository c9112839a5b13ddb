"""Limits in working time through the pipeline: the calendar is read with the order."""

from uuid import uuid4

from domain.orders import events as e
from domain.paths.calendar_line import PublishCalendar
from domain.paths.calendars import Calendar
from services.pipeline import Pipeline
from tests.integration.pipeline.conftest import Shop
from tests.integration.pipeline.meddling import MeddlingLog
from tests.support.examples import CALENDAR, actor
from tests.support.loads import now, open_pipeline, place, publish
from tests.unit.domain.orders.test_working_limits import WORKING

ROUND_THE_CLOCK = Calendar.model_validate(
    {
        "calendar": "shop",
        "zone": "UTC",
        "hours": {
            day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        },
    }
)


def publish_calendar(calendar: Calendar) -> PublishCalendar:
    return PublishCalendar(command_id=uuid4(), actor=actor(), definition=calendar)


def test_a_calendar_that_is_published_meanwhile_counts(shop: Shop) -> None:
    """The deadline was computed with the old calendar; by then it is not the latest any more."""
    log = MeddlingLog(shop.log)
    with open_pipeline(shop.url) as other, Pipeline(log, now) as pipeline:
        other.execute(publish_calendar(CALENDAR))
        assert other.execute(publish(**WORKING.content)).kind == "accepted"

        def overtake(_: object) -> None:
            log.meddle = None
            other.execute(publish_calendar(ROUND_THE_CLOCK))

        log.meddle = overtake
        command = place()
        outcome = pipeline.execute(command)

    assert outcome.kind == "accepted"
    (placed,) = shop.log.load({command.stream_id: 0})[command.stream_id]
    assert isinstance(placed.event, e.OrderPlaced)
    due = placed.event.deadlines[-1]
    assert (due.level, (due.at - placed.occurred_at).total_seconds()) == ("due", 2 * 3600)
    assert len(log.batches) == 2


def test_a_path_without_its_calendar_is_not_published(shop: Shop) -> None:
    with open_pipeline(shop.url) as pipeline:
        outcome = pipeline.execute(publish(**WORKING.content))

    assert [unmet.code for unmet in outcome.unmet] == ["calendar_unknown"]
