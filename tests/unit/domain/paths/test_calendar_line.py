"""Publishing versions of a calendar."""

from domain.paths.calendar_line import CalendarPublished
from domain.paths.calendars import Calendar
from tests.support.examples import CALENDAR, COMMANDS, EVENTS
from tests.support.spec import given

PUBLISH = COMMANDS["calendar.publish"]
OTHER = PUBLISH.model_copy(
    update={"definition": Calendar.model_validate(CALENDAR.model_dump() | {"zone": "UTC"})}
)


def test_d1_a_calendar_is_published_as_its_first_version() -> None:
    given().when(PUBLISH).then(EVENTS["calendar.published.v1"])


def test_d1_other_hours_are_the_next_version_of_the_calendar() -> None:
    answer = given(OTHER).when(PUBLISH)

    (event,) = answer.events
    assert isinstance(event, CalendarPublished)
    assert (event.calendar_version, event.content_hash) == (2, CALENDAR.content_hash)
    assert Calendar.model_validate(event.definition) == CALENDAR
    assert answer.world.state("calendar-shop").latest == 2


def test_d1_the_same_calendar_again_is_nothing() -> None:
    given(PUBLISH).when(PUBLISH).then_nothing()


def test_d1_going_back_to_an_earlier_calendar_is_a_new_version() -> None:
    (event,) = given(PUBLISH, OTHER).when(PUBLISH).events

    assert isinstance(event, CalendarPublished)
    assert event.calendar_version == 3


def test_calendars_of_two_names_have_two_histories() -> None:
    depot = Calendar.model_validate(CALENDAR.model_dump() | {"calendar": "depot"})
    answer = given(PUBLISH).when(PUBLISH.model_copy(update={"definition": depot}))

    states = [answer.world.state(f"calendar-{name}") for name in ("shop", "depot")]
    assert [state.latest for state in states] == [1, 1]
