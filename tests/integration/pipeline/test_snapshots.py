"""A long stream is loaded by its snapshot; without one, nothing changes but the time."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from domain.messages import Happened
from domain.orders import commands as c
from infra.postgres import connect
from services.pipeline import SNAPSHOT_EVENTS, Pipeline
from services.states import StateCache
from tests.integration.pipeline.conftest import Shop
from tests.integration.pipeline.meddling import MeddlingLog
from tests.support.loads import EVERYBODY, move, note, now, open_pipeline, send


class CountingLog(MeddlingLog):
    """Counts the events that were loaded."""

    loaded = 0

    def load(self, versions: Mapping[str, int]) -> Mapping[str, Sequence[Happened]]:
        found = super().load(versions)
        self.loaded += sum(len(events) for events in found.values())
        return found


def grow(pipeline: Pipeline, order_id: UUID, to_version: int) -> None:
    """Write a history of many kinds of events, from version 1 on."""
    wishes: list[Any] = [move(order_id, "confirmed"), move(order_id, "packed")]
    told = {"actor": EVERYBODY, "order_id": order_id}
    for number in range(to_version - 3):
        phone = c.ChangeFields(**told, command_id=uuid4(), customer_phone=f"+7 {number}")
        wishes.append(phone if number % 5 == 0 else note(order_id))
    for future in [pipeline.submit(wish) for wish in wishes]:
        assert future.result().kind == "accepted"


def fetched(log: Any, shop: Shop) -> Any:
    return StateCache(10).fetch(log, [shop.stream_id], fresh=False)[shop.stream_id]


def snapshots(shop: Shop) -> list[int]:
    with connect(shop.url) as owner:
        query = "select version from log.snapshots order by version"
        return [version for (version,) in owner.execute(query)]


def drop_snapshots(shop: Shop) -> None:
    with connect(shop.url) as owner:
        owner.execute("delete from log.snapshots")


def test_a_long_stream_is_loaded_by_its_snapshot_and_the_events_behind_it(shop: Shop) -> None:
    with open_pipeline(shop.url, batch_commands=50) as pipeline:
        grow(pipeline, shop.order_id, 2 * SNAPSHOT_EVENTS + 20)
    (kept,) = snapshots(shop)

    log = CountingLog(shop.log)
    state = fetched(log, shop)

    assert 2 * SNAPSHOT_EVENTS <= kept < 2 * SNAPSHOT_EVENTS + 50  # The older one has gone.
    assert log.loaded == 2 * SNAPSHOT_EVENTS + 20 - kept
    drop_snapshots(shop)
    assert fetched(log, shop) == state
    assert log.loaded == 2 * SNAPSHOT_EVENTS + 20 - kept + state.version


def answers(shop: Shop) -> list[tuple[str, tuple[str, ...]]]:
    """Ask a new process what is already so, what is not allowed, and what is out of date."""
    order_id = shop.order_id
    asked = move(order_id, "packed"), move(order_id, "new"), note(order_id, expected_version=1)
    with open_pipeline(shop.url) as pipeline:
        told = [send(pipeline, command) for command in asked]
    return [(one.kind, one.unmet) for one in told]


def test_commands_are_answered_the_same_with_and_without_snapshots(shop: Shop) -> None:
    with open_pipeline(shop.url) as pipeline:
        grow(pipeline, shop.order_id, SNAPSHOT_EVENTS + 1)
    assert snapshots(shop)

    told = [answers(shop)]
    drop_snapshots(shop)
    told.append(answers(shop))

    assert told[0] == told[1]
    assert [kind for kind, _ in told[0]] == ["nothing", "refused", "conflict"]


def test_a_short_stream_has_no_snapshot(shop: Shop) -> None:
    with open_pipeline(shop.url) as pipeline:
        grow(pipeline, shop.order_id, SNAPSHOT_EVENTS - 1)
    assert snapshots(shop) == []

    with open_pipeline(shop.url) as pipeline:
        pipeline.execute(note(shop.order_id))
    assert snapshots(shop) == [SNAPSHOT_EVENTS]


def test_a_process_that_ends_before_it_has_kept_a_state_loses_nothing_but_time(shop: Shop) -> None:
    log = CountingLog(shop.log)
    log.fail_next["keep_states"] = OSError("the power failed")
    with capture_logs() as told, Pipeline(log, now) as pipeline:
        grow(pipeline, shop.order_id, SNAPSHOT_EVENTS + 1)
        assert pipeline.execute(note(shop.order_id)).kind == "accepted"

    warned = [(one["event"], one["log_level"], one["error"]) for one in told]
    assert warned == [("snapshots_not_kept", "warning", "OSError")]
    assert snapshots(shop) == []
    assert fetched(log, shop).version == SNAPSHOT_EVENTS + 2
    assert log.loaded >= SNAPSHOT_EVENTS + 2


def test_writers_go_on_while_somebody_else_locks_the_snapshots(shop: Shop) -> None:
    with connect(shop.url) as owner, owner.transaction():
        owner.execute("lock table log.snapshots in exclusive mode")
        with capture_logs() as told, open_pipeline(shop.url) as pipeline:
            grow(pipeline, shop.order_id, SNAPSHOT_EVENTS + 1)

    assert [one["event"] for one in told] == ["snapshots_not_kept"]
    assert len(shop.history()) == SNAPSHOT_EVENTS + 1


def test_two_processes_that_pass_the_same_version_leave_one_snapshot_that_is_true(
    shop: Shop,
) -> None:
    with open_pipeline(shop.url) as one, open_pipeline(shop.url) as other:
        wishes = [(one, other)[n % 2].submit(note(shop.order_id)) for n in range(SNAPSHOT_EVENTS)]
        assert {wish.result().kind for wish in wishes} == {"accepted"}

    state = fetched(shop.log, shop)
    drop_snapshots(shop)
    assert fetched(shop.log, shop) == state
    assert state.version == SNAPSHOT_EVENTS + 1


def test_a_state_that_the_log_set_back_is_not_kept(shop: Shop) -> None:
    """Another process wrote the version that ours would have been: the version fits by chance."""
    with open_pipeline(shop.url) as pipeline:
        grow(pipeline, shop.order_id, SNAPSHOT_EVENTS - 1)
    log = CountingLog(shop.log)

    def overtake(_answers: object) -> None:
        log.meddle = None
        with open_pipeline(shop.url) as other:
            assert other.execute(move(shop.order_id, "cancelled")).kind == "accepted"

    log.meddle = overtake
    with Pipeline(log, now) as pipeline:
        outcome = pipeline.execute(note(shop.order_id))

    assert outcome.versions == {shop.stream_id: SNAPSHOT_EVENTS + 1}
    assert snapshots(shop) == [SNAPSHOT_EVENTS]
    assert fetched(log, shop).status == "cancelled"


def test_a_round_that_had_to_be_written_one_by_one_has_its_states_kept(shop: Shop) -> None:
    with open_pipeline(shop.url) as pipeline:
        grow(pipeline, shop.order_id, SNAPSHOT_EVENTS - 1)
    log = CountingLog(shop.log)
    log.fail_next["append"] = ValueError("this round cannot be written")

    with Pipeline(log, now) as pipeline:
        pipeline.execute(note(shop.order_id))

    assert snapshots(shop) == [SNAPSHOT_EVENTS]


@pytest.mark.parametrize("locked", [False, True], ids=["loaded", "loaded while the head is held"])
def test_what_is_loaded_behind_a_snapshot_is_compared_like_everything_else(
    shop: Shop, locked: bool
) -> None:
    """A process whose snapshot is behind reads on; one that was overtaken decides again."""
    with open_pipeline(shop.url) as pipeline:
        grow(pipeline, shop.order_id, SNAPSHOT_EVENTS)
    with open_pipeline(shop.url) as other:
        log = CountingLog(shop.log)
        tries = 3 if locked else 1  # The third time the head is held.
        meddle = iter(range(tries))

        def overtake(_answers: object) -> None:
            if next(meddle, None) is not None:
                other.execute(note(shop.order_id))

        log.meddle = overtake
        with Pipeline(log, now) as pipeline:
            outcome = pipeline.execute(note(shop.order_id))

    assert outcome.kind == "accepted"
    assert [one.version for one in shop.history()] == list(
        range(1, outcome.versions[shop.stream_id] + 1)
    )
    assert log.loaded < 20
    assert bool(log.times_locked) is locked
