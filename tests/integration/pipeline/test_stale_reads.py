"""What was decided on a stale read is never stored: it is decided again, alone, and it ends."""

from collections.abc import Sequence
from uuid import uuid4

import pytest

from domain.batch import Answer
from domain.messages import Command
from domain.orders import commands as c
from domain.orders import events as e
from domain.refusals import Conflict
from domain.tasks.commands import CreateTask
from infra.postgres import connect
from services.pipeline import Pipeline
from tests.integration.pipeline.conftest import Shop
from tests.integration.pipeline.meddling import Gate, MeddlingLog
from tests.support.loads import move, note, now, open_pipeline, place, publish
from tests.support.waiting import wait_for


class Meddler:
    """Another process, which sends its next command just before the pipeline appends."""

    def __init__(self, pipeline: Pipeline, *commands: Command) -> None:
        self._pipeline = pipeline
        self._commands = list(commands)

    def __call__(self, _answers: Sequence[Answer]) -> None:
        if self._commands:
            assert self._pipeline.execute(self._commands.pop(0)).kind == "accepted"


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "just read"])
def test_no_refusal_is_decided_on_a_stale_read(shop: Shop, cached: bool) -> None:
    with open_pipeline(shop.url) as other:
        log = MeddlingLog(shop.log, Meddler(other, move(shop.order_id, "confirmed")))
        with Pipeline(log, now) as pipeline:
            if cached:
                log.meddle, meddle = None, log.meddle
                pipeline.execute(note(shop.order_id))
                log.meddle = meddle
            outcome = pipeline.execute(move(shop.order_id, "packed"))  # Not from new.

    assert outcome.kind == "accepted"
    assert log.times_locked == 0  # Once overtaken, the next try reads what moved.


def test_no_nothing_is_decided_on_a_stale_read(shop: Shop) -> None:
    with open_pipeline(shop.url) as other:
        log = MeddlingLog(shop.log, Meddler(other, move(shop.order_id, "cancelled")))
        with Pipeline(log, now) as pipeline:
            outcome = pipeline.execute(move(shop.order_id, "new"))  # Already so, it seems.

    assert outcome.kind == "accepted"
    assert [one.event.NAME for one in shop.history()][1:] == ["order.status_changed.v1"] * 2


def test_no_conflict_is_decided_on_a_stale_read(shop: Shop) -> None:
    with open_pipeline(shop.url) as other:
        log = MeddlingLog(shop.log, Meddler(other, note(shop.order_id)))
        with Pipeline(log, now) as pipeline:
            outcome = pipeline.execute(note(shop.order_id, expected_version=2))

    assert outcome.versions == {shop.stream_id: 3}


def test_an_expected_version_that_is_overtaken_ends_in_conflict(shop: Shop) -> None:
    with open_pipeline(shop.url) as other:
        log = MeddlingLog(shop.log, Meddler(other, note(shop.order_id)))
        with Pipeline(log, now) as pipeline, pytest.raises(Conflict) as caught:
            pipeline.execute(note(shop.order_id, expected_version=1))

    assert caught.value.version == 2
    assert len(shop.history()) == 2


def test_a_command_that_is_overtaken_again_and_again_takes_the_lock_and_ends(shop: Shop) -> None:
    with open_pipeline(shop.url) as other:
        log = MeddlingLog(shop.log, Meddler(other, *[note(shop.order_id) for _ in range(9)]))
        with Pipeline(log, now) as pipeline:
            outcome = pipeline.execute(move(shop.order_id, "confirmed"))

    assert outcome.kind == "accepted"
    assert (len(log.batches), log.times_locked) == (2, 1)  # Overtaken twice, then never more.
    assert outcome.versions == {shop.stream_id: 4}


def test_only_what_shares_a_written_stream_is_set_back_the_rest_of_the_batch_commits(
    shop: Shop,
) -> None:
    """One batch over three orders; another process moves the first of them."""
    calm, third = uuid4(), uuid4()
    with open_pipeline(shop.url) as other:
        other.execute(place(calm))
        other.execute(place(third))
        log, gate = MeddlingLog(shop.log), Gate()
        with Pipeline(log, now) as pipeline:
            log.meddle = gate
            first = pipeline.submit(note(third))  # The batch gathers behind it.
            gate.wait()
            log.meddle = Meddler(other, move(shop.order_id, "confirmed"))
            commands = [
                move(shop.order_id, "cancelled"),
                note(calm),
                note(shop.order_id, "After the cancellation"),
                move(calm, "confirmed"),
                move(calm, "nowhere"),
            ]
            futures = [pipeline.submit(command) for command in commands]
            gate.open()
            outcomes = [future.result() for future in (first, *futures)]

    ids = [command.command_id for command in commands]
    assert log.batches[1:] == [ids, [ids[0], ids[2]]]
    kinds = [outcome.kind for outcome in outcomes]
    assert kinds == ["accepted"] * 5 + ["refused"]
    positions = [outcome.first_position for outcome in outcomes]
    # path and its listing, three orders, then the gate's note, the meddler, the calm ones and the
    # attempt on the last of them, the set-back ones.
    assert positions == [6, 11, 8, 12, 9, None]


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "two batches"])
@pytest.mark.parametrize(
    ("moved", "to", "kind"), [("confirmed", "packed", "accepted"), ("cancelled", "confirmed", "no")]
)
def test_what_stands_behind_a_command_is_decided_on_its_last_answer(
    shop: Shop, moved: str, to: str, kind: str, together: bool
) -> None:
    """Another process moves the order, so the first answer to the move here was wrong."""
    with open_pipeline(shop.url) as other:
        log, gate = MeddlingLog(shop.log), Gate()
        meddler = Meddler(other, move(shop.order_id, moved))
        with Pipeline(log, now) as pipeline:
            pipeline.execute(note(shop.order_id))  # So it is remembered.
            log.meddle = gate
            if together:
                pipeline.submit(publish(path="kiosk"))  # Both gather behind it.
                gate.wait()
                log.meddle = meddler
            mine = move(shop.order_id, to)
            task = CreateTask(
                command_id=uuid4(), actor=mine.actor, task_id=uuid4(), order_id=shop.order_id,
                title="Pack it", group="warehouse", behind=mine.command_id,
            )  # fmt: skip
            futures = [pipeline.submit(mine)]
            if not together:
                gate.wait()  # The move is on its way,
                meddler([])
            futures.append(pipeline.submit(task))
            if not together:
                wait_for(lambda: bool(pipeline._next.decided))  # and the task decided behind it.
            gate.open()
            outcomes = [future.result().kind for future in futures]

    assert outcomes == (["accepted"] * 2 if kind == "accepted" else ["refused", "nothing"])


def test_later_commands_of_a_batch_see_the_earlier_ones(shop: Shop) -> None:
    moves = ["confirmed", "packed", "done"]
    with open_pipeline(shop.url) as pipeline:
        futures = [pipeline.submit(move(shop.order_id, to)) for to in moves]
        outcomes = [future.result() for future in futures]

    assert [outcome.kind for outcome in outcomes] == ["accepted"] * 3
    assert [outcome.versions for outcome in outcomes] == [{shop.stream_id: v} for v in (2, 3, 4)]


def test_a_path_that_is_published_in_the_same_moment_can_be_used(shop: Shop) -> None:
    """Its definition is looked up in the log, so nothing may need it before it stands there."""
    log, gate = MeddlingLog(shop.log, None), Gate()
    with Pipeline(log, now) as pipeline:
        log.meddle = gate
        pipeline.submit(note(shop.order_id))
        gate.wait()
        log.meddle = None
        commands: list[Command] = [
            publish(title={"en": "Shop, renewed"}),
            place(),
            publish(path="kiosk"),
            place(path="kiosk"),
        ]
        futures = [pipeline.submit(command) for command in commands]
        gate.open()
        outcomes = [future.result() for future in futures]

    assert [outcome.kind for outcome in outcomes] == ["accepted"] * 4
    placed = [
        one.event
        for command in commands[1::2]
        if isinstance(command, c.PlaceOrder)
        for one in shop.log.load({command.stream_id: 0})[command.stream_id]
    ]
    assert [(p.path, p.path_version) for p in placed if isinstance(p, e.OrderPlaced)] == [
        ("shop", 2),
        ("kiosk", 1),
    ]


def test_a_state_is_brought_up_to_date_not_read_anew(shop: Shop) -> None:
    loaded: list[dict[str, int]] = []

    class Watching(MeddlingLog):
        def load(self, versions):  # type: ignore[no-untyped-def]
            loaded.append(dict(versions))
            return super().load(versions)

    with open_pipeline(shop.url) as other:
        log = Watching(shop.log)
        with Pipeline(log, now) as pipeline:
            pipeline.execute(note(shop.order_id))
            pipeline.execute(note(shop.order_id))
            other.execute(note(shop.order_id))
            pipeline.execute(note(shop.order_id))

    assert loaded == [{shop.stream_id: 0}, {shop.stream_id: 3}]


def test_while_others_write_too_the_states_are_read_first(shop: Shop) -> None:
    """Being set back costs more than a look, once it is known that somebody else writes."""
    with open_pipeline(shop.url) as other:
        log = MeddlingLog(shop.log)
        with Pipeline(log, now) as pipeline:
            pipeline.execute(note(shop.order_id))
            tries = []
            for _ in range(4):
                other.execute(note(shop.order_id))
                before = len(log.batches)
                pipeline.execute(note(shop.order_id))
                tries.append(len(log.batches) - before)

    assert tries == [2, 1, 1, 1]


def test_others_that_write_elsewhere_cost_nothing(shop: Shop) -> None:
    elsewhere = uuid4()
    with open_pipeline(shop.url) as other:
        other.execute(place(elsewhere))
        log = MeddlingLog(shop.log)
        with Pipeline(log, now) as pipeline:
            pipeline.execute(note(shop.order_id))
            for _ in range(3):
                other.execute(note(elsewhere))
                # It would fail if anything were read.
                log.fail_next["load"] = AssertionError("read without need")
                assert pipeline.execute(note(shop.order_id)).kind == "accepted"

    assert "load" in log.fail_next


def test_a_log_that_was_restored_does_not_trap_a_writer_that_remembers_more(shop: Shop) -> None:
    with connect(shop.url) as owner, open_pipeline(shop.url) as pipeline:
        pipeline.execute(move(shop.order_id, "confirmed"))
        owner.execute("alter table log.events disable trigger immutable")
        owner.execute("delete from log.events where position = 4")

        outcome = pipeline.execute(move(shop.order_id, "cancelled"))

    assert outcome.versions == {shop.stream_id: 2}
    last = shop.history()[-1].event
    assert isinstance(last, e.StatusChanged)
    assert last.from_status == "new"


def test_a_cache_without_room_changes_no_answer(shop: Shop) -> None:
    orders = [uuid4() for _ in range(5)]
    with open_pipeline(shop.url, cache_streams=0) as pipeline:
        futures = [pipeline.submit(place(order)) for order in orders]
        futures += [pipeline.submit(move(order, "confirmed")) for order in orders * 2]
        kinds = [future.result().kind for future in futures]

    assert kinds == ["accepted"] * 10 + ["nothing"] * 5
