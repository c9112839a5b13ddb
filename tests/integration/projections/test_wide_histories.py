"""Histories may be large, and many of them be asked for together: whoever has just started reads no
more of them at once than of the log.
"""

from typing import Any
from uuid import UUID, uuid4

from domain.messages import Recorded
from domain.orders import commands as c
from domain.reading import PAGE_BYTES, Undecodable
from infra.event_log import EventLog
from services.follower import Follower
from services.projector import Projector
from services.public_lane import PublicLane
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, runs
from tests.support.examples import NOW, actor

NOTES = {
    "rule": "notes",
    "on": [{"event": "order.note_added"}],
    "if": {"phoned": "order.channel == 'phone'"},
    "then": [{"note": "Hi"}],
}
ORDERS = 4
FACTS = 8  # of each


class Weighed(EventLog):
    """A log that tells which events of orders are read at once."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(log.recorder, log.vault, log.mapper, log.snapshots)
        self.read_at_once: list[list[int]] = []  # positions

    def read_streams(self, *asked: Any, **how: Any) -> list[Recorded | Undecodable]:
        found = super().read_streams(*asked, **how)
        of_orders = [one.position for one in found if one.stream_id.startswith("order-")]
        self.read_at_once.append(of_orders)
        return found

    def most_bytes(self, world: World) -> int:
        size = "select sum(octet_length(payload)) from log.events where position = any(%s)"
        return max(int(world.query(size, one)[0][0] or 0) for one in self.read_at_once)

    @property
    def positions(self) -> list[int]:
        return sorted(position for one in self.read_at_once for position in one)


def wide(number: int) -> dict[str, Any]:
    """Give a fact with as much beside it as a source may tell."""
    return {
        "kind": "status",
        "status": "new",
        "rank": number,
        "occurred_at": NOW,
        "fact_id": uuid4(),
        "attributes": {f"column {n}": f"{number}-{n} ".ljust(2_000, "x") for n in range(100)},
    }


def with_large_histories(world: World) -> list[UUID]:
    """Give orders of which more is told than may be read at once."""
    orders = [uuid4() for _ in range(ORDERS)]
    for order_id in orders:
        for at in range(0, FACTS, 4):
            fields = {
                "command_id": uuid4(),
                "actor": actor("import"),
                "order_id": order_id,
                "path": "shop",
                "facts": [wide(number) for number in range(at, at + 4)],
            }
            (told,) = world.send(c.RecordFacts.model_validate(fields))
            assert told.kind == "accepted"
    return orders


def note(order_id: UUID) -> c.AddNote:
    return c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Called")


def test_whoever_has_just_started_reads_a_page_of_bytes_of_large_histories_at_once(
    world: World,
) -> None:
    orders = with_large_histories(world)
    publish(world, NOTES)
    world.catch_up()
    behind = world.log.head().position
    world.send(*map(note, orders))

    of_rules = Weighed(world.log)
    Follower(Projector(world.lend, of_rules), of_rules).catch_up()
    of_topics = Weighed(world.log)
    lane = PublicLane(of_topics)
    lane.begin(world.log.head(), behind)
    outgoing = lane.next()

    assert [len(runs(world, order_id)) for order_id in orders] == [1] * ORDERS
    assert outgoing is not None
    assert len(outgoing.messages) == 2 * ORDERS
    for log in (of_rules, of_topics):
        assert 0 < log.most_bytes(world) <= PAGE_BYTES
        assert len(log.positions) == len(set(log.positions)) == ORDERS * FACTS
