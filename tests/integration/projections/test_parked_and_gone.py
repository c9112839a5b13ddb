"""A parked event whose row is gone from the log keeps nothing else from being tried again."""

from infra.postgres import connect
from tests.integration.projections.world import World
from tests.support.damaged import damaged


def test_a_parked_stream_whose_event_is_gone_says_so_and_stays_and_the_next_is_tried(
    world: World,
) -> None:
    gone, mended = (f"order-{world.place()}" for _ in range(2))
    with damaged(world.url, gone, mended):
        world.catch_up()
    with connect(world.url) as owner:
        owner.execute("alter table log.events disable trigger user")
        owner.execute("delete from log.events where stream_id = %s", [gone])
    parked = world.models.list_parked()
    staying = [one for one in parked if one.stream_id == gone]

    assert world.models.retry() == (len(parked) - len(staying), len(staying))
    left = world.models.list_parked()
    assert {one.stream_id for one in left} == {gone}
    assert all("is missing from the log" in one.error for one in left)
    assert [one.waiting for one in left] == [one.waiting for one in staying]
