"""The history of a path, event by event."""

import pytest

from domain.paths.line import PathLine
from tests.support.examples import EVENTS, NOW, PATH
from tests.support.spec import Stored


def test_a_path_knows_the_content_of_each_of_its_versions() -> None:
    published = EVENTS["path.published.v1"]

    line = PathLine().evolve(Stored(published, 1, NOW))

    assert (line.version, line.path_version, line.last_occurred_at) == (1, 1, NOW)
    assert line.content_hash == PATH.content_hash


def test_a_path_takes_no_event_of_an_order() -> None:
    with pytest.raises(AssertionError, match="OrderPlaced"):
        PathLine().evolve(Stored(EVENTS["order.placed.v1"], 1, NOW))
