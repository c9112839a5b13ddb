"""The history of a path, event by event."""

from domain.paths.line import PathLine
from tests.support.examples import EVENTS, NOW, PATH
from tests.support.spec import Stored


def test_a_path_knows_the_content_of_each_of_its_versions() -> None:
    published = EVENTS["path.published.v1"]

    line = PathLine().evolve(Stored(published, 1, NOW))

    assert (line.version, line.latest, line.last_occurred_at) == (1, 1, NOW)
    assert line.content_hash == PATH.content_hash
