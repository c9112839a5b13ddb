"""Follower and workers never both feed a read model, and nothing is lost when that changes."""

from typing import Any

from domain.messages import Recorded
from domain.reading import PAGE_BYTES, Undecodable
from infra.event_log import EventLog
from projections.catalog import BY_NAME
from services import projector as module
from services.deliveries import Delivery
from services.read_models import ReadModels
from tests.integration.projections.world import World, a_day


def test_each_driver_leaves_alone_what_the_other_one_feeds(world: World) -> None:
    a_day(world)
    end = world.log.head().position
    world.models.drive("workers")

    assert world.catch_up() == 0
    assert world.projector(driver="workers").apply(world.deliveries(0, end)) > 0
    world.models.drive("follower")
    assert world.projector(driver="workers").apply(world.deliveries(0, end)) == 0
    assert not any(world.models.verify(name).differing for name in BY_NAME)


def test_a_read_model_that_is_new_gets_the_driver_of_the_others(world: World) -> None:
    world.models.drive("workers")
    world.query("delete from projection.builds where projection = 'orders' returning 1")

    world.models.prepare()

    assert {one.driver for one in world.models.list_projections()} == {"workers"}


def test_the_driver_may_change_while_tables_are_rebuilt(world: World) -> None:
    a_day(world)
    world.catch_up()

    def change(*_: int) -> None:
        world.models.drive("workers")

    build = ReadModels(world.lend, world.log, batch_events=5).rebuild("orders", change)

    live = {one.name: one for one in world.models.list_projections() if one.state == "live"}
    assert (live["orders"].build, live["orders"].driver) == (build.build, "workers")


class Reading(EventLog):
    """A log that tells how much of it is read."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(log.recorder, log.vault, log.mapper, log.snapshots)
        self.asked: list[int] = []
        self.bytes: list[int] = []  # the same, of payloads

    def read_lenient(self, after: int, limit: int, **what: Any) -> list[Recorded | Undecodable]:
        self.asked.append(limit)
        self.bytes.append(what["most_bytes"])
        return super().read_lenient(after, limit, **what)


def gaps(world: World) -> list[Delivery]:
    """Give deliveries of nothing, behind everything that the log has."""
    head = world.log.head()
    end = head.position
    return [Delivery(head.log_id, head.epoch, shard, end, end, []) for shard in range(16)]


def test_many_gaps_are_healed_in_steps_of_a_bounded_size(world: World) -> None:
    a_day(world)
    log = Reading(world.log)
    projector = module.Projector(world.lend, log)

    projector.apply(gaps(world))

    assert sum(log.asked[:16]) <= module.MAX_HEALED
    assert sum(log.bytes[:16]) <= PAGE_BYTES
    assert not any(world.models.verify(name).differing for name in BY_NAME)


def test_healing_may_end_before_all_is_healed_and_the_rest_waits(world: World) -> None:
    a_day(world)
    log = Reading(world.log)
    projector = module.Projector(world.lend, log)

    projector.apply(gaps(world), ends=lambda: True)
    assert log.asked == []

    projector.apply(gaps(world))
    assert not any(world.models.verify(name).differing for name in BY_NAME)


class Narrow(EventLog):
    """A log that gives as little as it may: of whatever page is asked for, one event."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(log.recorder, log.vault, log.mapper, log.snapshots)

    def read_lenient(self, after: int, limit: int, **what: Any) -> list[Recorded | Undecodable]:
        return super().read_lenient(after, limit, **what | {"most_bytes": 1})


def test_events_each_larger_than_a_page_are_applied_by_whoever_drives(world: World) -> None:
    a_day(world)
    log = Narrow(world.log)

    module.Projector(world.lend, log).apply(gaps(world))
    assert not any(world.models.verify(name).differing for name in BY_NAME)

    narrow = ReadModels(world.lend, log)
    narrow.rebuild("orders")
    assert not any(narrow.verify(name).differing for name in ("orders", "status_visits"))
