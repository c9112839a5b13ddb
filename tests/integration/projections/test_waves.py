"""P31: when each wave came and what became of its orders, as analysts see it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.messages import Command
from domain.paths.calendar_line import PublishCalendar
from domain.waves.commands import BeginWave, FinishWave, PublishWave
from tests.integration.projections.laws import assert_tables_follow_from_the_log, in_pieces
from tests.integration.projections.world import World
from tests.support.examples import CALENDAR, NOW, WAVE, actor

HOUR = timedelta(hours=1)


def to(kind: type[Command], /, **body: Any) -> Command:
    return kind.model_validate({"command_id": uuid4(), "actor": actor(), **body})


def some_waves(world: World) -> list[UUID]:
    """One wave comes a minute late and ends; another one is begun by hand and runs."""
    world.send(to(PublishCalendar, definition=CALENDAR), to(PublishWave, definition=WAVE))
    world.now += HOUR + timedelta(minutes=1)
    clock = actor("clock", "warehouse")
    at_ten = to(BeginWave, wave="to_work", due_at=NOW + HOUR, actor=clock)
    by_hand = to(BeginWave, wave="to_work")
    batches = [outcome.command_id for outcome in world.send(at_ten, by_hand)]
    world.now += timedelta(seconds=30)
    counts = {"orders": 5, "accepted": 2, "refused": 1, "nothing": 2}
    world.send(to(FinishWave, wave="to_work", batch_id=batches[0], **counts))
    return batches


ROWS = (
    "select batch_id, wave, wave_version, due_at, late_seconds, actor_kind, actor_id, seconds,"
    " orders, accepted, refused, nothing, failed from analytics.waves order by due_at"
)


def test_p31_a_wave_says_at_which_hour_it_came_and_what_became_of_its_orders(world: World) -> None:
    at_ten, by_hand = some_waves(world)
    world.catch_up()

    assert world.query(ROWS, role="orderpath_analyst") == [
        (at_ten, "to_work", 1, NOW + HOUR, 60.0, "clock", "the-clock", 30.0, 5, 2, 1, 2, 0),
        (by_hand, "to_work", 1, None, None, "user", "ann", None, None, None, None, None, None),
    ]


@in_pieces
def test_d12_in_whatever_pieces_again_and_rebuilt_the_tables_are_the_same(
    world: World, batch_events: int
) -> None:
    some_waves(world)
    world.follower(batch_events).catch_up()

    assert_tables_follow_from_the_log(world, "waves")
