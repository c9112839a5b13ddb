"""What rules give about a stream that was parked is sent once it is let through, and once only."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import pytest

from domain.messages import Command, Outcome
from domain.reading import OrderLog
from domain.refusals import InfraError
from projections.catalog import BY_NAME
from projections.interface import Projection
from projections.trigger_runs import TriggerRuns
from services.acting import Acting
from services.read_models import ReadModels
from tests.integration.projections.world import Stubborn, World
from tests.integration.rules.ruling import act_until_killed, publish, settle
from tests.integration.rules.test_acting import notes
from tests.support.faults import Fault
from tests.support.processes import Writer, leaving, listen_for

CALL = {"rule": "call", "on": [{"change": "status", "to": "confirmed"}], "then": [{"note": "Call"}]}
SEND = {"rule": "send", "on": [{"change": "status", "to": "packed"}], "then": [{"note": "Send"}]}


class Poisoned(TriggerRuns):
    """The read model as it is while it cannot take some events."""

    def __init__(self, poisoned: set[tuple[str, int]]) -> None:
        self._poisoned = poisoned

    def reading(self, log: OrderLog) -> Projection:
        stubborn = Stubborn(TriggerRuns().reading(log))
        stubborn.poisoned = self._poisoned
        return stubborn


@dataclass(slots=True)
class Sender:
    """Acts, and counts what was sent."""

    world: World
    sent: list[UUID] = field(default_factory=list)

    def all(self) -> int:
        return Acting(self.world.lend, self._submit, lambda: self.world.now).catch_up()

    def _submit(self, command: Command) -> Future[Outcome]:
        self.sent.append(command.command_id)
        return self.world.pipeline.submit(command)


def poisoned_at(*events: tuple[UUID, int]) -> Mapping[str, Projection]:
    spoilt = {(f"order-{order_id}", version) for order_id, version in events}
    return {**BY_NAME, "trigger_runs": Poisoned(spoilt)}


def apply_all(world: World, projections: Mapping[str, Projection]) -> None:
    projector = world.projector(projections=projections)
    projector.apply(world.deliveries(0, world.log.head().position))


def pass_by(world: World, *orders: UUID) -> None:
    """Let these orders be parked, and send what rules give to others of their shards,
    placed after them."""
    shards = {one.shard for one in world.events() if one.stream_id in _streams(orders)}
    new: list[UUID] = []
    while not shards <= {one.shard for one in world.events() if one.stream_id in _streams(new)}:
        new.append(world.place())
        world.move(new[-1], "confirmed")
    apply_all(world, poisoned_at(*((order_id, 1) for order_id in orders)))
    Sender(world).all()
    assert {*notes(world)} >= {*map(str, new)}


def _streams(orders: Sequence[UUID]) -> set[str]:
    return {f"order-{order_id}" for order_id in orders}


def placed_and_parked(world: World, number: int = 1) -> list[UUID]:
    """Place and confirm orders that are parked from their first event on, and passed."""
    orders = [world.place() for _ in range(number)]
    for order_id in orders:
        world.move(order_id, "confirmed")
    pass_by(world, *orders)
    assert not {*notes(world)} & {*map(str, orders)}
    return orders


def said(world: World, order_id: UUID) -> int:
    """Count the notes of an order."""
    return notes(world).count(str(order_id))


def test_what_a_parked_stream_gives_is_sent_once_when_retry_lets_it_through(world: World) -> None:
    publish(world, CALL)
    (bad,) = placed_and_parked(world)
    before = len(notes(world))

    assert world.models.retry("trigger_runs") == (1, 0)
    assert world.query("select outcome from analytics.trigger_acts where order_id = %s", bad) == [
        ("waiting",)
    ]
    sender = Sender(world)
    assert sender.all() == 1, "Nothing else is sent again."
    assert sender.all() == 0
    world.catch_up()

    assert said(world, bad) == 1
    assert len(notes(world)) == before + 1
    assert world.query("select outcome from analytics.trigger_acts where order_id = %s", bad) == [
        ("accepted",)
    ]
    assert world.query("select * from ops.acting_passed") == []
    assert not world.models.verify("trigger_runs").differing


def test_a_rebuild_that_lets_a_stream_through_leads_to_its_acts_and_to_no_other(
    world: World,
) -> None:
    publish(world, CALL)
    (bad,) = placed_and_parked(world)

    world.models.rebuild("trigger_runs")
    sender = Sender(world)

    assert sender.all() == 1
    assert said(world, bad) == 1
    assert sender.all() == 0


def test_what_comes_after_the_stream_is_let_through_is_sent_with_all_else(world: World) -> None:
    publish(world, CALL, SEND)
    (bad,) = placed_and_parked(world)
    world.models.retry()
    world.move(bad, "packed")

    settle(world)

    assert said(world, bad) == 2
    assert world.query("select * from ops.acting_passed") == []


def test_a_stream_that_stays_parked_further_on_gives_what_came_through_and_the_rest_later(
    world: World,
) -> None:
    publish(world, CALL, SEND)
    bad = world.place()
    world.move(bad, "confirmed", "packed")
    pass_by(world, bad)

    further = ReadModels(world.lend, world.log, projections=poisoned_at((bad, 3)))
    assert further.retry("trigger_runs") == (0, 1)
    assert Sender(world).all() == 1
    assert Sender(world).all() == 0
    assert said(world, bad) == 1

    assert world.models.retry("trigger_runs") == (1, 0)
    assert Sender(world).all() == 1
    assert said(world, bad) == 2
    assert Sender(world).all() == 0


def test_a_stream_that_newer_code_parks_sends_nothing_again_that_was_sent(world: World) -> None:
    publish(world, CALL, SEND)
    bad = world.place()
    world.move(bad, "confirmed")
    settle(world)
    assert said(world, bad) == 1
    newer = ReadModels(world.lend, world.log, projections=poisoned_at((bad, 1)))
    newer.rebuild("trigger_runs")
    world.move(bad, "packed")
    pass_by(world, bad)

    world.models.retry()
    sender = Sender(world)

    assert sender.all() == 1, "What was behind when it was parked had been sent."
    assert said(world, bad) == 2


def test_who_is_killed_between_an_answer_and_its_note_sends_the_same_and_nothing_comes_twice(
    world: World,
) -> None:
    publish(world, CALL)
    (bad,) = placed_and_parked(world)
    world.models.retry()

    def answered_and_killed(command: Command) -> Future[Outcome]:
        world.pipeline.execute(command)
        raise InfraError("killed", "before anything is noted")

    with pytest.raises(InfraError, match="before anything is noted"):
        Acting(world.lend, answered_and_killed, lambda: world.now).step()
    assert said(world, bad) == 1
    settle(world)

    assert said(world, bad) == 1
    assert world.query("select * from ops.acting_passed") == []


def test_who_acts_is_killed_again_and_again_while_streams_are_let_through(
    world: World, rounds: int, fault: Fault
) -> None:
    publish(world, CALL)
    random = Random(7)
    parked: list[UUID] = []
    with leaving([]) as writers:
        for _ in range(rounds):
            parked += placed_and_parked(world, 3)
            hand = Writer(act_until_killed, world.url)
            writers.append(hand)
            assert world.models.retry("trigger_runs") == (3, 0)
            listen_for([hand], random.uniform(0, 0.4))
            hand.kill()
            fault("acting killed behind a retry")
    settle(world)

    assert [said(world, one) for one in parked] == [1] * len(parked)
    assert len(notes(world)) == len({*notes(world)})
    assert world.query("select * from ops.acting_passed") == []
    assert not world.models.verify("trigger_runs").differing
