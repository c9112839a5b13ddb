"""Names of topics and groups where several shops share one Kafka."""

from itertools import permutations

import pytest

from domain.streaming import (
    GROUPS,
    LOG,
    ORDER_EVENTS,
    PREFIX,
    PROJECTIONS_GROUP,
    TOPICS,
    WRITERS,
    named,
)

NAMES = [*(topic.name for topic in TOPICS), *GROUPS, *WRITERS]


@pytest.mark.parametrize("name", NAMES)
def test_a_shop_that_chooses_no_prefix_has_the_names_as_they_are_written(name: str) -> None:
    assert named(name, PREFIX) == name


def test_names_begin_with_the_prefix_of_the_shop() -> None:
    assert named(LOG.name, "tea") == "tea.log"
    assert named(ORDER_EVENTS.name, "tea.test-1") == "tea.test-1.orders.events"
    assert named(PROJECTIONS_GROUP, "tea") == "tea-projections"


def test_only_one_at_a_time_writes_where_the_newest_record_stays() -> None:
    assert [topic.name for topic in TOPICS if topic.cleanup == "compact" and not topic.writer] == []


@pytest.mark.parametrize("name", ["again", "orderpath.mine", "orderpath", "__consumer_offsets"])
def test_a_name_that_is_not_ours_stays_as_it_is(name: str) -> None:
    assert named(name, "tea") == name


def test_no_two_shops_ever_share_a_topic_or_a_group() -> None:
    """A name of two prefixes would need an end that ends with another end."""
    ends = [name.removeprefix(PREFIX) for name in NAMES]

    assert not [(one, other) for one, other in permutations(ends, 2) if one.endswith(other)]
