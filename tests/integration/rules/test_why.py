"""Why an order is as it is: from what a rule did back to what led to it."""

from uuid import uuid4

from domain.messages import Recorded
from domain.orders import commands as c
from services.why import chains_of
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, settle
from tests.support.examples import actor


def test_d5_a_chain_of_rules_is_told_back_to_who_began_it(world: World) -> None:
    flow = {"then": [{"move": "confirmed"}], "on": [{"change": "track_number"}]}
    publish(
        world,
        {"rule": "track", "on": [{"event": "order.note_added"}]}
        | {"then": [{"set": {"track_number": "T"}}]},
        {"rule": "go"} | flow,
    )
    order_id = world.place()
    world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Go"))
    settle(world)

    events = world.log.read_streams({f"order-{order_id}": (0, 100)})
    chains = chains_of(world.pipeline_log, [one for one in events if isinstance(one, Recorded)])

    assert [[link.first.actor_id for link in chain] for chain in chains] == [
        ["ann"],
        ["ann"],
        ["track", "ann"],
        ["go", "track", "ann"],
    ]
    assert [link.first.event.NAME for link in chains[-1]] == [
        "order.status_changed.v1",
        "order.fields_changed.v1",
        "order.note_added.v1",
    ]
