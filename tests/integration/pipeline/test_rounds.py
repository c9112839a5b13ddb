"""While one round is on its way into the log, the next is decided; it never outlives a doubt."""

from collections.abc import Mapping, Sequence
from threading import Event
from uuid import uuid4

import pytest

from domain.batch import Answer
from domain.messages import Happened
from domain.orders import events as e
from domain.refusals import InfraError
from services.pipeline import Pipeline
from tests.integration.pipeline.conftest import Shop
from tests.integration.pipeline.meddling import Gate, MeddlingLog
from tests.support.loads import move, note, now, open_pipeline, place
from tests.support.processes import ROOM_SECONDS


class WatchedLog(MeddlingLog):
    """Tells when something was read, so that a test knows how far the pipeline has come."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        super().__init__(shop.log, gate)
        self.read = Event()

    def load(self, versions: Mapping[str, int]) -> Mapping[str, Sequence[Happened]]:
        found = super().load(versions)
        self.read.set()
        return found

    def wait_until_decided_ahead(self, pipeline: Pipeline) -> None:
        """Whatever was sent before this is decided when its own order has been looked for."""
        self.read.clear()
        pipeline.submit(note(uuid4()))
        assert self.read.wait(ROOM_SECONDS)


def test_the_next_round_is_decided_while_one_is_on_its_way(shop: Shop) -> None:
    gate = Gate()
    log = WatchedLog(shop, gate)
    with Pipeline(log, now) as pipeline:
        first = pipeline.submit(move(shop.order_id, "confirmed"))
        gate.wait()
        second = pipeline.submit(move(shop.order_id, "packed"))
        log.wait_until_decided_ahead(pipeline)
        assert not first.done()
        gate.open()

        assert [one.result().versions for one in (first, second)] == [
            {shop.stream_id: 2},
            {shop.stream_id: 3},
        ]
    assert len(log.batches) == 2  # Nothing was decided twice.


def test_what_was_decided_ahead_of_a_set_back_round_is_decided_again(shop: Shop) -> None:
    """The other writes as many events as the lost round would have: the version fits by chance."""
    gate = Gate()
    with open_pipeline(shop.url) as other:
        log = WatchedLog(shop, gate)
        with Pipeline(log, now) as pipeline:
            first = pipeline.submit(move(shop.order_id, "confirmed"))
            gate.wait()
            second = pipeline.submit(move(shop.order_id, "packed"))  # Only from confirmed.
            log.wait_until_decided_ahead(pipeline)
            other.execute(move(shop.order_id, "cancelled"))
            log.meddle = None
            gate.open()
            outcomes = [first.result(), second.result()]

    assert [outcome.kind for outcome in outcomes] == ["refused", "refused"]
    told = [one.event for one in shop.history()[1:]]
    assert [event.to_status for event in told if isinstance(event, e.StatusChanged)] == [
        "cancelled"
    ]


def test_what_was_decided_ahead_of_a_lost_round_is_answered_once(shop: Shop) -> None:
    gate = Gate()

    def lose(answers: Sequence[Answer]) -> None:
        gate(answers)
        log.meddle = None
        raise InfraError("database_unavailable", "gone for a moment")

    log = WatchedLog(shop, gate)
    log.meddle = lose
    with Pipeline(log, now) as pipeline:
        first = pipeline.submit(move(shop.order_id, "confirmed"))
        gate.wait()
        second = pipeline.submit(move(shop.order_id, "packed"))
        log.wait_until_decided_ahead(pipeline)
        gate.open()
        outcomes = [first.result(), second.result()]

    assert [outcome.versions for outcome in outcomes] == [
        {shop.stream_id: 2},
        {shop.stream_id: 3},
    ]
    assert [one.version for one in shop.history()] == [1, 2, 3]


def test_a_round_that_fails_for_its_own_fault_leaves_those_behind_it_unharmed(shop: Shop) -> None:
    gate = Gate()
    bad = move(shop.order_id, "confirmed")

    def fail(answers: Sequence[Answer]) -> None:
        if answers[0].command == bad:
            gate(answers)
            raise ValueError("this command cannot be written")

    log = WatchedLog(shop, gate)
    log.meddle = fail
    with Pipeline(log, now) as pipeline:
        first = pipeline.submit(bad)
        gate.wait()
        ahead = pipeline.submit(move(shop.order_id, "packed"))  # Holds only if `bad` is written.
        apart = pipeline.submit(note(shop.order_id))
        log.wait_until_decided_ahead(pipeline)
        gate.open()

        with pytest.raises(ValueError, match="cannot be written"):
            first.result()
        assert (ahead.result().kind, apart.result().kind) == ("refused", "accepted")
    assert len(shop.history()) == 2


def test_a_new_order_is_placed_without_a_look_for_it(shop: Shop) -> None:
    log = MeddlingLog(shop.log)
    with Pipeline(log, now) as pipeline:
        pipeline.execute(place())  # Reads the path.
        log.fail_next["load"] = AssertionError("read without need")
        assert pipeline.execute(place()).kind == "accepted"
    assert "load" in log.fail_next


def test_an_order_that_is_there_already_is_refused_also_without_a_look(shop: Shop) -> None:
    log = MeddlingLog(shop.log)
    with Pipeline(log, now) as pipeline:
        outcomes = [pipeline.execute(place(shop.order_id)) for _ in range(2)]
        tries = len(log.batches)
        pipeline.execute(place(shop.order_id))

    assert [[unmet.code for unmet in one.unmet] for one in outcomes] == [["order_exists"]] * 2
    assert len(shop.history()) == 1
    assert (tries, len(log.batches)) == (3, 4)  # Only the first was decided in vain.
