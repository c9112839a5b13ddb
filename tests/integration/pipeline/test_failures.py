"""One bad command fails alone, and a failure leaves nothing behind that never happened."""

from typing import ClassVar
from uuid import UUID, uuid4

import pytest

from domain.messages import Outcome
from domain.orders import commands as c
from domain.orders import events as e
from domain.refusals import FactIdReused, InfraError
from infra.event_log import open_log
from services.pipeline import Pipeline
from services.rounds import MAX_EVENTS
from tests.integration.pipeline.conftest import Shop
from tests.integration.pipeline.meddling import Gate, MeddlingLog
from tests.support.examples import NOW, TEA, actor
from tests.support.loads import EVERYBODY, move, note, now, open_pipeline


class Unheard(c.OrderCommand):
    """A command that no decider knows: deciding it raises."""

    NAME: ClassVar[str] = "order.unheard"


def record(order_id: UUID, *fact_ids: UUID) -> c.RecordFacts:
    facts = tuple(
        c.ItemFact(
            fact_id=one, occurred_at=NOW, line=TEA.model_copy(update={"item_id": f"{number}"})
        )
        for number, one in enumerate(fact_ids)
    )
    told = {"command_id": uuid4(), "actor": actor("import"), "path": "shop"}
    return c.RecordFacts(**told, order_id=order_id, facts=facts)


def answers(pipeline: Pipeline, log: MeddlingLog, *commands: c.OrderCommand) -> list[object]:
    """Send commands so that they are one batch; an exception stands for itself."""
    gate = Gate()
    log.meddle = gate
    first = pipeline.submit(note(uuid4()))  # Refused; the batch gathers behind it.
    gate.wait()
    futures = [pipeline.submit(command) for command in commands]
    log.meddle = None
    gate.open()
    first.result()
    return [future.exception() or future.result().kind for future in futures]


def test_a_decider_that_raises_fails_only_its_own_command(shop: Shop) -> None:
    log = MeddlingLog(shop.log)
    unheard = Unheard(command_id=uuid4(), actor=EVERYBODY, order_id=shop.order_id)
    with Pipeline(log, now) as pipeline:
        before, error, after = answers(
            pipeline, log, move(shop.order_id, "confirmed"), unheard, move(shop.order_id, "packed")
        )

    assert (before, after) == ("accepted", "accepted")
    assert isinstance(error, Exception)
    tried = [command_id for batch in log.batches for command_id in batch]
    assert len(tried) == len(set(tried)) == 3  # The rest needed no second try.


def test_a_command_whose_append_raises_fails_only_itself(shop: Shop) -> None:
    """The fact was told of another order already, which only the log's constraint knows."""
    fact_id = uuid4()
    log = MeddlingLog(shop.log)
    with Pipeline(log, now) as pipeline:
        assert pipeline.execute(record(uuid4(), fact_id)).kind == "accepted"
        found = answers(
            pipeline,
            log,
            note(shop.order_id),
            record(uuid4(), fact_id),
            move(shop.order_id, "confirmed"),
            record(uuid4(), uuid4()),
        )
        again = pipeline.execute(move(shop.order_id, "packed"))

    assert [one for one in found if isinstance(one, str)] == ["accepted"] * 3
    assert isinstance(found[1], FactIdReused)
    assert again.versions == {shop.stream_id: 4}
    assert [one.version for one in shop.history()] == [1, 2, 3, 4]


def test_a_lost_database_while_deciding_is_no_fault_of_the_command(shop: Shop) -> None:
    log = MeddlingLog(shop.log)
    log.fail_next["load_paths"] = InfraError("database_unavailable", "gone for a moment")
    with Pipeline(log, now) as pipeline:
        outcome = pipeline.execute(move(shop.order_id, "confirmed"))

    assert outcome.kind == "accepted"


@pytest.mark.parametrize("step", ["load", "append", "load_outcomes"])
@pytest.mark.parametrize("code", ["database_unavailable", "database_full"])
def test_a_database_that_comes_back_costs_time_and_nothing_else(
    shop: Shop, step: str, code: str
) -> None:
    log, repeat = MeddlingLog(shop.log), note(shop.order_id)
    with Pipeline(log, now) as pipeline:
        pipeline.execute(repeat)
        log.fail_next[step] = InfraError(code, "gone for a moment")
        outcomes = [pipeline.execute(one) for one in (note(shop.order_id), repeat)]

    assert [outcome.kind for outcome in outcomes] == ["accepted"] * 2
    assert len(shop.history()) == 3


def test_whoever_waited_long_enough_for_the_database_gets_a_clear_error(shop: Shop) -> None:
    log = MeddlingLog(shop.log)

    def away(_: object) -> None:
        raise InfraError("database_unavailable", "PostgreSQL does not answer")

    with Pipeline(log, now, patience_seconds=0.3, batch_commands=4) as pipeline:
        log.meddle = away
        futures = [pipeline.submit(note(shop.order_id)) for _ in range(40)]
        errors = [future.exception(timeout=10) for future in futures]
        log.meddle = None
        recovered = pipeline.execute(note(shop.order_id))

    assert {getattr(error, "code", None) for error in errors} == {"database_unavailable"}
    assert recovered.versions == {shop.stream_id: 2}


def test_what_a_rolled_back_attempt_decided_is_not_remembered(shop: Shop) -> None:
    """The head was held, the batch appended, and then the commit did not come about."""
    with open_pipeline(shop.url) as other:
        log = MeddlingLog(shop.log)
        left = [2]

        def overtake(_: object) -> None:
            if left[0]:
                left[0] -= 1
                other.execute(note(shop.order_id))

        with Pipeline(log, now) as pipeline:
            log.meddle = overtake
            log.fail_next["commit"] = InfraError("database_unavailable", "lost before the commit")
            outcome = pipeline.execute(move(shop.order_id, "confirmed"))
            # A state with an event that never was would refuse this, or lie about the version.
            later = pipeline.execute(move(shop.order_id, "packed", expected_version=4))

    assert log.times_locked == 2
    assert (outcome.versions, later.versions) == ({shop.stream_id: 4}, {shop.stream_id: 5})


def test_a_rolled_back_attempt_that_another_process_overtakes_leaves_no_false_state(
    shop: Shop,
) -> None:
    """The version would fit by chance, the content would not."""
    with open_pipeline(shop.url) as other:
        log = MeddlingLog(shop.log)
        steps = [note(shop.order_id), note(shop.order_id)]

        def overtake(_: object) -> None:
            if steps:
                other.execute(steps.pop())

        with Pipeline(log, now, patience_seconds=0) as pipeline:
            log.meddle = overtake
            log.fail_next["commit"] = InfraError("database_unavailable", "lost before the commit")
            with pytest.raises(InfraError):
                pipeline.execute(move(shop.order_id, "confirmed"))
            other.execute(move(shop.order_id, "cancelled"))
            outcome = pipeline.execute(move(shop.order_id, "packed"))

    assert outcome.kind == "refused"  # From cancelled. Confirmed it never was.


def test_a_batch_that_is_too_large_is_split_and_nothing_is_done_twice(shop: Shop) -> None:
    log = MeddlingLog(shop.log)
    each = 500
    commands = [record(uuid4(), *[uuid4() for _ in range(each)]) for _ in range(12)]
    with Pipeline(log, now) as pipeline:
        log.fail_next["load"] = InfraError("database_unavailable", "gone for a moment")
        kinds = answers(pipeline, log, *commands)

    assert kinds == ["accepted"] * 12
    written = [len(batch) for batch in log.batches if len(batch) > 1]
    assert all((size - 1) * each < MAX_EVENTS for size in written)
    assert sum(len(events) for events in histories(shop, commands)) == 12 * each


def test_a_split_batch_whose_append_fails_is_not_queued_twice(shop: Shop) -> None:
    log = MeddlingLog(shop.log)
    commands = [record(uuid4(), *[uuid4() for _ in range(500)]) for _ in range(12)]
    gate = Gate()
    log.meddle = gate
    with Pipeline(log, now) as pipeline:
        pipeline.submit(note(uuid4()))
        gate.wait()
        futures = [pipeline.submit(command) for command in commands]

        def fail_once(_: object) -> None:
            log.meddle = None
            raise InfraError("database_unavailable", "gone for a moment")

        log.meddle = fail_once
        gate.open()
        outcomes = [future.result() for future in futures]

    sent = [command_id for batch in log.batches[2:] for command_id in batch]
    assert [outcome.kind for outcome in outcomes] == ["accepted"] * 12
    assert len(sent) == len(set(sent)) == 12


def histories(shop: Shop, commands: list[c.RecordFacts]) -> list[list[e.OrderEvent]]:
    log = open_log(shop.url)
    found = log.load({command.stream_id: 0 for command in commands})
    log.close()
    return [[one.event for one in events] for events in found.values()]  # type: ignore[misc]


def test_closing_works_off_what_waits(shop: Shop) -> None:
    gate = Gate()
    log = MeddlingLog(shop.log, gate)
    pipeline = Pipeline(log, now, batch_commands=3)
    futures = [pipeline.submit(note(shop.order_id)) for _ in range(10)]
    gate.wait()
    log.meddle = None
    gate.open()

    pipeline.close()

    assert {future.result(timeout=0).kind for future in futures} == {"accepted"}
    with pytest.raises(InfraError) as caught:
        pipeline.submit(note(shop.order_id))
    assert caught.value.code == "pipeline_closed"


def test_closing_does_not_wait_for_a_database_that_is_away(shop: Shop) -> None:
    log = MeddlingLog(shop.log)

    def away(_: object) -> None:
        raise InfraError("database_unavailable", "PostgreSQL does not answer")

    log.meddle = away
    pipeline = Pipeline(log, now, patience_seconds=3_600)
    futures = [pipeline.submit(note(shop.order_id)) for _ in range(3)]

    pipeline.close()

    assert all(isinstance(future.exception(timeout=0), InfraError) for future in futures)


def test_a_clock_that_runs_backwards_does_not_turn_an_order_s_history_around(shop: Shop) -> None:
    real = shop.history()[0].occurred_at
    times = iter([*[real.replace(year=real.year + 1)] * 2, *[real.replace(year=2001)] * 3, real])
    with open_pipeline(shop.url, clock=lambda: next(times)) as pipeline:
        outcomes: list[Outcome] = [pipeline.execute(note(shop.order_id)) for _ in range(3)]
        futures = [pipeline.submit(note(shop.order_id)) for _ in range(3)]
        outcomes += [future.result() for future in futures]

    occurred = [one.occurred_at for one in shop.history()]
    assert [outcome.kind for outcome in outcomes] == ["accepted"] * 6
    assert occurred == [real, *[real.replace(year=real.year + 1)] * 6]
