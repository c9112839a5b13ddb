"""A refusal is told, kept, and costs the order nothing."""

from uuid import uuid4

import pytest

from domain.attempts import AttemptRefused
from domain.messages import Recorded
from services.pipeline import Pipeline
from tests.integration.pipeline.conftest import Shop
from tests.integration.pipeline.meddling import MeddlingLog
from tests.support.loads import move, note, now, open_pipeline, place


def attempts(shop: Shop, stream: str | None = None) -> list[Recorded]:
    stream = stream or shop.stream_id.replace("order-", "attempt-")
    return shop.log.load({stream: 0})[stream]


def test_d2_a_refused_attempt_is_an_event_of_its_own_stream(shop: Shop) -> None:
    with open_pipeline(shop.url) as pipeline:
        outcome = pipeline.execute(move(shop.order_id, "nowhere", reason="Mrs Smith asked for it"))

    (attempt,) = attempts(shop)
    assert isinstance(attempt.event, AttemptRefused)
    assert attempt.event.unmet == outcome.unmet
    assert (attempt.version, attempt.event.order_version) == (1, 1)
    assert attempt.event.command == "order.change_status"
    assert attempt.event.asked["to_status"] == "nowhere"
    assert attempt.command_id == outcome.command_id
    assert (outcome.first_position, outcome.versions) == (None, {})


def test_d2_nothing_personal_is_told_of_an_attempt(shop: Shop) -> None:
    with open_pipeline(shop.url) as pipeline:
        pipeline.execute(note(uuid4(), "Mrs Smith"))
        pipeline.execute(move(shop.order_id, "nowhere", reason="Mrs Smith"))

    with shop.log.recorder.connection() as connection:
        rows = connection.execute("select * from log.events where stream_id like 'attempt-%'")
        assert all("Smith" not in str(row) for row in rows.fetchall())


def test_d2_the_version_of_the_order_does_not_move(shop: Shop) -> None:
    with open_pipeline(shop.url) as pipeline:
        pipeline.execute(move(shop.order_id, "nowhere"))
        accepted = pipeline.execute(note(shop.order_id, expected_version=1))

    assert accepted.versions == {shop.stream_id: 2}


def test_d2_attempts_are_numbered_without_gaps_also_in_one_batch(shop: Shop) -> None:
    with open_pipeline(shop.url) as pipeline:
        futures = [pipeline.submit(move(shop.order_id, "nowhere")) for _ in range(40)]
        kinds = {future.result().kind for future in futures}

    assert kinds == {"refused"}
    assert [attempt.version for attempt in attempts(shop)] == list(range(1, 41))


def test_d2_processes_that_refuse_at_once_never_set_each_other_back(shop: Shop) -> None:
    log = MeddlingLog(shop.log)
    with open_pipeline(shop.url) as other:

        def meddle(_: object) -> None:
            other.execute(move(shop.order_id, "nowhere"))

        log.meddle = meddle
        with Pipeline(log, now) as pipeline:
            outcome = pipeline.execute(move(shop.order_id, "nowhere"))

    assert outcome.kind == "refused"
    assert len(log.batches) == 1
    assert [attempt.version for attempt in attempts(shop)] == [1, 2]


def test_d2_a_refusal_that_was_decided_on_a_stale_read_leaves_no_attempt(shop: Shop) -> None:
    """The move was refused on what was read; by the time it is written it is legal."""
    log = MeddlingLog(shop.log)
    with open_pipeline(shop.url) as other, Pipeline(log, now) as pipeline:
        pipeline.execute(note(shop.order_id))

        def overtake(_: object) -> None:
            log.meddle = None
            other.execute(move(shop.order_id, "confirmed"))

        log.meddle = overtake
        outcome = pipeline.execute(move(shop.order_id, "packed"))

    assert outcome.kind == "accepted"
    assert attempts(shop) == []


def test_d2_a_repeated_refusal_is_answered_and_not_recorded_again(shop: Shop) -> None:
    command = move(shop.order_id, "nowhere")
    with open_pipeline(shop.url) as pipeline:
        first, again = pipeline.execute(command), pipeline.execute(command)

    assert (first.unmet, again.repeated) == (again.unmet, True)
    assert len(attempts(shop)) == 1


@pytest.mark.parametrize("order_first", [True, False])
def test_d2_an_attempt_on_no_order_is_kept_too_and_the_order_may_come(
    shop: Shop, order_first: bool
) -> None:
    order_id = uuid4()
    with open_pipeline(shop.url) as pipeline:
        if order_first:
            pipeline.execute(place(order_id))
            pipeline.execute(place(order_id))
        else:
            pipeline.execute(note(order_id))
            assert pipeline.execute(place(order_id)).kind == "accepted"

    (attempt,) = attempts(shop, f"attempt-{order_id}")
    assert isinstance(attempt.event, AttemptRefused)
    assert attempt.event.order_version == int(order_first)
