"""Publishing versions of a path."""

from typing import cast

from domain.paths.calendar_line import CalendarPublished
from domain.paths.commands import PublishPath
from domain.paths.events import PathPublished
from domain.paths.path import OrderPath
from domain.paths.selection import PathListed
from tests.support.examples import CALENDAR, COMMANDS, EVENTS, PATH, actor
from tests.support.spec import given

PUBLISH = cast(PublishPath, COMMANDS["path.publish"])
OTHER = OrderPath.model_validate(PATH.model_dump() | {"title": {"en": "Other"}})


def test_d1_a_path_is_published_as_its_first_version() -> None:
    by_system = PUBLISH.model_copy(update={"actor": actor("system")})

    given(paths=[]).when(by_system).then(
        EVENTS["path.published.v1"], PathListed(path="shop", path_version=1)
    )


def test_d1_other_content_is_the_next_version() -> None:
    event, _ = given(paths=[OTHER]).when(PUBLISH).events

    assert isinstance(event, PathPublished)
    assert (event.path_version, event.content_hash) == (2, PATH.content_hash)
    assert OrderPath.model_validate(event.definition) == PATH


def test_d1_the_same_content_again_is_nothing() -> None:
    given(PUBLISH, paths=[]).when(PUBLISH).then_nothing()


def test_d1_going_back_to_earlier_content_is_a_new_version() -> None:
    event, _ = given(paths=[PATH, OTHER]).when(PUBLISH).events

    assert isinstance(event, PathPublished)
    assert event.path_version == 3


def test_d1_a_version_that_closes_a_status_with_orders_is_refused_unless_it_may_strand_them() -> (
    None
):
    starts = {one.status for one in PATH.initial}
    status = next(c for c, one in PATH.statuses.items() if not one.final and c not in starts)
    closed = PATH.content["statuses"] | {
        status: PATH.content["statuses"][status] | {"active": False}
    }
    closing = OrderPath.model_validate(PATH.content | {"statuses": closed})
    standing = {status: 2}

    def publish(**said: object) -> PublishPath:
        return PUBLISH.model_copy(update={"definition": closing, **said}).knowing(standing)

    refused = given(paths=[PATH]).when(publish())

    refused.then_refused("status_in_use")
    assert refused.fields == [f"definition.statuses.{status}"]
    assert given(paths=[PATH]).when(publish(strand=True)).events
    assert given(paths=[closing, closing]).when(publish()).events == []


def test_a_path_with_a_status_that_no_order_could_enter_is_not_published() -> None:
    """Its limit is so much working time that its calendar does not come to it in 20 years."""
    published = CalendarPublished(
        calendar="shop",
        calendar_version=1,
        content_hash=CALENDAR.content_hash,
        definition=CALENDAR.content,
    )

    def publish(limit: str) -> PublishPath:
        statuses = PATH.content["statuses"] | {
            "packed": {"stage": "work", "limit": {"working": limit}}
        }
        content = PATH.content | {"calendar": "shop", "statuses": statuses}
        definition = OrderPath.model_validate(content)
        return PUBLISH.model_copy(update={"definition": definition})

    answer = given(published, paths=[]).when(publish("3000d"))

    answer.then_refused("limit_out_of_reach")
    assert answer.fields == ["definition.statuses.packed.limit"]
    assert given(published, paths=[]).when(publish("100d")).events
