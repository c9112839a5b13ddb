"""What a system makes of its read models: nothing unasked, all in batches as the settings say."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from infra.settings import Settings
from projections.catalog import BY_NAME
from services.bootstrap import System, open_system
from services.follower import Progress
from tests.integration.projections.world import World, a_day

BATCH = 7


@pytest.fixture
def system(database_url: str) -> Iterator[System]:
    with open_system(Settings(database_url=database_url, batch_events=BATCH)) as opened:
        yield opened


@pytest.mark.parametrize(
    "work",
    [
        lambda system, told: system.catch_up(told),
        lambda system, told: system.read_models.rebuild("orders", told),
        lambda system, told: system.catch_up() and system.read_models.verify("orders", told),
    ],
    ids=["catch up", "rebuild", "verify"],
)
def test_events_are_applied_in_batches_as_the_settings_say(
    world: World, system: System, work: Callable[[System, Progress], object]
) -> None:
    a_day(world)
    told = [0]

    work(system, lambda done, _total: told.append(done))

    *full, last = [later - earlier for earlier, later in pairwise(told)]
    assert set(full) == {BATCH}
    assert 0 < last <= BATCH


def test_a_follower_that_is_only_made_makes_no_tables(system: System) -> None:
    system.follower()

    assert system.read_models.list_projections() == []


def test_prepared_projections_are_all_there(system: System) -> None:
    system.prepare_projections()

    listed = system.read_models.list_projections()
    assert [(one.name, one.state) for one in listed] == [(name, "live") for name in sorted(BY_NAME)]
