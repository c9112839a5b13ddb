"""A command id is answered once; whoever repeats it gets that answer, for ever."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest

from domain.messages import Actor, Outcome
from domain.refusals import CommandIdReused, Conflict
from infra.event_log import open_log
from services.pipeline import Pipeline
from tests.integration.pipeline.conftest import Shop
from tests.integration.pipeline.meddling import Gate, MeddlingLog
from tests.support.loads import move, note, now, open_pipeline


def test_the_first_answer_is_repeated_for_ever_whatever_happened_since(shop: Shop) -> None:
    accepted = move(shop.order_id, "confirmed")
    nothing = move(shop.order_id, "confirmed")
    refused = move(shop.order_id, "done")
    with open_pipeline(shop.url) as pipeline:
        first = [pipeline.execute(command) for command in (accepted, nothing, refused)]
        again = [pipeline.execute(command) for command in (accepted, nothing, refused)]
        pipeline.execute(move(shop.order_id, "packed"))  # Now `refused` would be accepted.
        later = [pipeline.execute(command) for command in (refused, nothing, accepted)]
    with open_pipeline(shop.url) as pipeline:  # After a restart.
        restarted = [pipeline.execute(command) for command in (accepted, nothing, refused)]

    assert [one.kind for one in first] == ["accepted", "nothing", "refused"]
    assert not any(one.repeated for one in first)
    assert again == restarted == later[::-1] == [replace(one, repeated=True) for one in first]
    assert [unmet.code for unmet in again[2].unmet] == ["transition_not_allowed"]
    assert len(shop.history()) == 3


def test_another_envelope_is_not_another_body(shop: Shop) -> None:
    command = note(shop.order_id)
    resent = command.model_copy(
        update={
            "actor": Actor(kind="api_key", id="somebody-else"),
            "source": "kafka",
            "correlation_id": uuid4(),
            "causation_id": uuid4(),
        }
    )
    with open_pipeline(shop.url) as pipeline:
        first = pipeline.execute(command)

        assert pipeline.execute(resent) == replace(first, repeated=True)


def test_the_same_id_with_another_body_is_an_error_and_changes_nothing(shop: Shop) -> None:
    command = note(shop.order_id)
    others = [
        note(shop.order_id, "Something else", command_id=command.command_id),
        note(uuid4(), command_id=command.command_id),
        note(shop.order_id, command_id=command.command_id, expected_version=1),
        move(shop.order_id, "confirmed", command_id=command.command_id),
    ]
    with open_pipeline(shop.url) as pipeline:
        first = pipeline.execute(command)
        for other in others:
            with pytest.raises(CommandIdReused):
                pipeline.execute(other)
        assert pipeline.execute(command) == replace(first, repeated=True)

    assert len(shop.history()) == 2


def test_the_same_id_with_another_body_is_an_error_also_while_the_first_is_in_flight(
    shop: Shop,
) -> None:
    gate, command = Gate(), note(shop.order_id)
    with open_pipeline(shop.url, lambda log: MeddlingLog(log, gate)) as pipeline:
        first = pipeline.submit(command)
        gate.wait()
        with pytest.raises(CommandIdReused):
            pipeline.submit(note(shop.order_id, "Else", command_id=command.command_id))
        gate.open()

        assert first.result().kind == "accepted"


def test_equal_ids_in_flight_share_one_answer(shop: Shop) -> None:
    gate, command = Gate(), note(shop.order_id)
    with open_pipeline(shop.url, lambda log: MeddlingLog(log, gate)) as pipeline:
        first = pipeline.submit(command)
        gate.wait()  # In flight. And now one that waits:
        waiting = note(shop.order_id)
        futures = [pipeline.submit(one) for one in (command, waiting, waiting, command)]
        gate.open()
        answers = [future.result() for future in (first, *futures)]

    assert [answer.repeated for answer in answers] == [False, True, False, True, True]
    assert answers[1] is answers[4]
    assert answers[3] == replace(answers[2], repeated=True)
    assert len(shop.history()) == 3


def test_two_processes_that_get_the_same_id_at_once_write_it_once(shop: Shop) -> None:
    pairs = []
    with open_pipeline(shop.url) as one, open_pipeline(shop.url) as other:
        for _ in range(60):
            command = note(shop.order_id)
            pairs.append((one.submit(command), other.submit(command)))
        answers = [(a.result(), b.result()) for a, b in pairs]

    assert all(a.first_position == b.first_position for a, b in answers)
    assert all(a.repeated != b.repeated for a, b in answers)
    assert len(shop.history()) == 61


def test_two_processes_that_get_the_same_id_with_two_bodies_answer_one_of_them(
    shop: Shop,
) -> None:
    def ask(pipeline: Pipeline, command_id: object, text: str) -> Outcome | None:
        try:
            return pipeline.execute(note(shop.order_id, text, command_id=command_id))
        except CommandIdReused:
            return None

    with (
        open_pipeline(shop.url) as one,
        open_pipeline(shop.url) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        for _ in range(40):
            command_id = uuid4()
            asked = [
                pool.submit(ask, pipeline, command_id, text)
                for pipeline, text in ((one, "This"), (other, "That"))
            ]
            answers = [future.result() for future in asked]
            assert sum(answer is not None for answer in answers) == 1

    assert len(shop.history()) == 41


def test_a_conflict_is_no_stored_answer(shop: Shop) -> None:
    command = note(shop.order_id, expected_version=2)
    with open_pipeline(shop.url) as pipeline:
        with pytest.raises(Conflict) as caught:
            pipeline.execute(command)
        answered = shop.answered()
        pipeline.execute(note(shop.order_id))

        assert (caught.value.version, caught.value.expected_version) == (1, 2)
        assert answered == 2
        assert pipeline.execute(command).kind == "accepted"


def test_two_pipelines_may_share_one_log(shop: Shop) -> None:
    """Threads share keys too: what one seals, the other must not forget to store."""
    log = open_log(shop.url)
    with Pipeline(log, now) as one, Pipeline(log, now) as other:
        futures = [(one, other)[n % 2].submit(note(shop.order_id, f"{n}")) for n in range(100)]
        assert {future.result().kind for future in futures} == {"accepted"}
    log.close()

    texts = [recorded.event.text for recorded in shop.history()[1:]]  # type: ignore[attr-defined]
    assert sorted(texts, key=int) == [f"{n}" for n in range(100)]
