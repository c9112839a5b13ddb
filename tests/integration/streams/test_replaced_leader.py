"""A leader that is replaced while it has a batch in hand: what it holds is never the newest."""

from contextlib import closing
from threading import Event as Signal
from uuid import UUID

from pydantic_core import from_json

from domain.reading import OrderLog
from domain.streaming import ORDER_STATE, Outgoing
from infra.event_log import open_log
from services.public_lane import PublicLane
from tests.support.loads import note, open_pipeline
from tests.support.relays import (
    end_session_of_leader,
    open_shop_of_its_own,
    records_of,
    relaying,
    wait_until_published,
)
from tests.support.waiting import wait_for


class HeldLane(PublicLane):
    """A lane whose thread can be held with a batch in its hand."""

    def __init__(self, log: OrderLog) -> None:
        super().__init__(log)
        self.hold, self.held, self.go_on = Signal(), Signal(), Signal()

    def next(self) -> Outgoing | None:
        outgoing = super().next()
        if outgoing is not None and self.hold.is_set():
            self.held.set()
            self.go_on.wait()
        return outgoing


def write(url: str, orders: list[UUID]) -> None:
    with open_pipeline(url) as pipeline:
        for answer in [pipeline.submit(note(order_id)) for order_id in orders]:
            assert answer.result().kind == "accepted"


def newest_versions(server: str, orders: list[UUID]) -> dict[UUID, int]:
    """Give the version of the last state of each order."""
    states = (from_json(record.value) for record in records_of(server, ORDER_STATE.name))
    versions = {UUID(state["order_id"]): state["version"] for state in states}
    return {order_id: versions[order_id] for order_id in orders}


def test_a_batch_that_a_replaced_leader_still_holds_never_becomes_the_newest_state(
    database_url: str, broker: str
) -> None:
    orders = open_shop_of_its_own(database_url, orders=20)
    with (
        closing(open_log(database_url, role="orderpath_projector")) as log,
        closing(open_log(database_url, role="orderpath_projector")) as other_log,
    ):
        lane = HeldLane(log)
        with relaying(database_url, broker, lanes=[lane]) as former:
            wait_until_published(database_url, "public")
            lane.hold.set()
            write(database_url, orders)
            wait_for(lane.held.is_set)
            with relaying(database_url, broker, lanes=[PublicLane(other_log)]) as latter:
                wait_for(lambda: latter.has_told("standing by"))
                end_session_of_leader(database_url)
                write(database_url, orders)
                wait_until_published(database_url, "public")
                lane.go_on.set()
                wait_for(lambda: former.has_told("standing by"))
                write(database_url, orders[:1])
                wait_until_published(database_url, "public")

    assert newest_versions(broker, orders) == {
        order_id: 4 if order_id == orders[0] else 3 for order_id in orders
    }
