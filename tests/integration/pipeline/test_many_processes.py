"""Several processes write to the same orders at once, and the log stays one serial history."""

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic
from typing import Any
from uuid import UUID

import pytest

from domain.catalog import decide_on, empty_state, streams_of
from domain.facts import Facts
from domain.messages import Recorded
from domain.orders import events as e
from domain.orders.order import Order
from domain.refusals import Refusal
from infra.event_log import EventLog, open_log
from tests.integration.pipeline.conftest import Shop
from tests.support.examples import PATH
from tests.support.loads import (
    Told,
    Witnessed,
    answer_one,
    fight,
    move,
    now,
    open_pipeline,
    open_shop,
    send,
)
from tests.support.postgres import cloned_database
from tests.support.processes import ROOM_SECONDS, Writer, leaving, listen

PROCESSES, ORDERS, EACH = 4, 50, 40  # and 16 callers a process


class Fight:
    """What was said, witnessed, followed and stored while they fought."""

    def __init__(self, url: str) -> None:
        orders = open_shop(url, ORDERS)
        self.log = open_log(url)
        self.seen: list[int] = []
        stop = Event()
        writers = [Writer(fight, url, seed, orders, EACH) for seed in range(PROCESSES)]
        with leaving(writers), ThreadPoolExecutor(1) as pool:
            following = pool.submit(self._follow, open_log(url), stop)
            try:
                for writer in writers:
                    writer.tell("go")
                listen(writers, lambda: all(writer.ended for writer in writers))
            finally:
                stop.set()
            following.result(ROOM_SECONDS)
        said = [what for writer in writers for what in writer.said]
        self.told = [what for what in said if isinstance(what, Told)]
        self.witnessed = [what for what in said if isinstance(what, Witnessed)]
        streams = {f"order-{order}": 0 for order in orders} | {"path-shop": 0}
        history = self.log.load(streams)
        self.events = sorted((e for one in history.values() for e in one), key=lambda e: e.position)

    def _follow(self, log: EventLog, stop: Event) -> None:
        """Read from the beginning on, until the writers have ended and nothing is left."""
        deadline = monotonic() + ROOM_SECONDS
        while monotonic() < deadline:
            last_round = stop.is_set()
            page = log.read(len(self.seen), 200)
            self.seen += [one.position for one in page]
            if last_round and not page:
                break
        log.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.log.recorder.connection() as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def fought(migrated_server: str) -> Iterator[Fight]:
    with cloned_database(migrated_server) as url:
        result = Fight(url)
        yield result
        result.log.close()


def test_every_caller_got_an_answer(fought: Fight) -> None:
    kinds = {told.kind for told in fought.told}

    assert len(fought.told) == PROCESSES * 16 * EACH
    assert kinds == {"accepted", "refused", "nothing", "conflict"}


def test_no_position_is_missing_or_there_twice_and_the_reader_saw_all(fought: Fight) -> None:
    stored = [p for (p,) in fought.rows("select position from log.events order by position")]

    assert stored == list(range(1, len(stored) + 1))
    assert fought.seen == stored
    assert len(stored) > 500


def test_recorded_at_never_decreases(fought: Fight) -> None:
    times = [at for (at,) in fought.rows("select recorded_at from log.events order by position")]

    assert times == sorted(times)


def test_each_order_s_history_is_legal_and_without_gaps(fought: Fight) -> None:
    orders: dict[str, Any] = {}
    for recorded in fought.events:
        order = orders.get(recorded.stream_id, empty_state(recorded.stream_id))
        if isinstance(recorded.event, e.StatusChanged):
            assert isinstance(order, Order)
            assert recorded.event.from_status == order.status
            assert (recorded.event.from_status, recorded.event.to_status) in PATH.matrix
        assert recorded.version == order.version + 1
        assert order.last_occurred_at is None or recorded.occurred_at >= order.last_occurred_at
        orders[recorded.stream_id] = order.evolve(recorded)
    assert len(orders) == ORDERS + 1


def test_every_answer_is_right_for_the_state_of_its_turn(fought: Fight) -> None:
    """Decided again, on the log as it was then: the same events, the same refusal, the same no."""
    written: dict[UUID, list[Recorded]] = defaultdict(list)
    for recorded in fought.events:
        written[recorded.command_id].append(recorded)
    states: dict[str, Any] = {}
    done = 0
    for turn in sorted(fought.witnessed, key=lambda turn: turn.position):
        while done < len(fought.events) and fought.events[done].position <= turn.position:
            recorded = fought.events[done]
            state = states.get(recorded.stream_id, empty_state(recorded.stream_id))
            states[recorded.stream_id] = state.evolve(recorded)
            done += 1
        check(turn, states, written)
    kinds = {turn.kind for turn in fought.witnessed}
    assert kinds == {"accepted", "refused", "nothing", "conflict"}


def check(turn: Witnessed, states: dict[str, Any], written: dict[UUID, list[Recorded]]) -> None:
    command = turn.command
    read = {stream: states.get(stream, empty_state(stream)) for stream in streams_of(command)}
    target = read[streams_of(command)[0]]
    if command.expected_version not in (None, target.version):
        assert turn.kind == "conflict"
        return
    mine = written[command.command_id]
    at = mine[0].occurred_at if mine else now()
    try:
        decided = decide_on(command, read, Facts({("shop", 1): PATH}), at)
    except Refusal:
        assert turn.kind == "refused"
        return
    events = [one.event for many in decided.values() for one in many]
    assert turn.kind == ("accepted" if events else "nothing")
    assert [one.event for one in mine] == events
    assert not mine or mine[0].position == turn.position + 1


def test_every_repeated_id_got_its_first_outcome(fought: Fight) -> None:
    query = "select command_id, outcome, first_position, last_position, unmet from log.commands"
    stored = {
        row[0]: (*row[1:4], tuple(unmet["code"] for unmet in row[4])) for row in fought.rows(query)
    }
    answers: dict[UUID, list[tuple[Any, ...]]] = defaultdict(list)
    for told in fought.told:
        if told.is_outcome:
            answer = (told.kind, told.first_position, told.last_position, told.unmet)
            answers[told.command_id].append(answer)

    assert {one: set(many) for one, many in answers.items()} == {
        one: {stored[one]} for one in answers
    }
    assert sum(len(many) > 1 for many in answers.values()) > 100


def test_only_commands_with_an_expected_version_end_in_conflict(fought: Fight) -> None:
    conflicts = [told for told in fought.told if told.kind == "conflict"]
    ids = {row[0] for row in fought.rows("select command_id from log.commands")}
    outcomes = {told.command_id for told in fought.told if told.is_outcome}

    assert conflicts
    assert all(told.expected_version is not None for told in conflicts)
    assert not {told.command_id for told in conflicts} - outcomes & ids  # Never a stored answer.


def test_the_events_of_an_accepted_command_stand_together(fought: Fight) -> None:
    query = (
        "select k.command_id from log.commands k left join log.events e"
        " on e.command_id = k.command_id and e.type <> 'attempt.refused.v1'"
        " group by k.command_id having min(e.position) is distinct from k.first_position"
        " or max(e.position) is distinct from k.last_position"
        " or count(e.position) <> coalesce(k.last_position - k.first_position + 1, 0)"
    )

    assert fought.rows(query) == []


def test_every_refusal_and_nothing_else_left_one_attempt(fought: Fight) -> None:
    query = (
        "select k.command_id from log.commands k left join log.events e"
        " on e.command_id = k.command_id and e.type = 'attempt.refused.v1'"
        " group by k.command_id having count(e.position) <> (k.outcome = 'refused')::integer"
    )
    gaps = (
        "select stream_id from log.events where stream_id like 'attempt-%'"
        " group by stream_id having max(version) <> count(*) or min(version) <> 1"
    )

    assert (fought.rows(query), fought.rows(gaps)) == ([], [])


def test_another_process_repeats_the_first_answer(shop: Shop) -> None:
    commands = [
        move(shop.order_id, "confirmed"),
        move(shop.order_id, "confirmed"),
        move(shop.order_id, "new"),
    ]
    with open_pipeline(shop.url) as pipeline:
        first = [send(pipeline, command) for command in commands]
    bodies = [(c.NAME, c.model_dump_json(exclude_unset=True)) for c in commands]

    writers = [Writer(answer_one, shop.url, *body) for body in bodies]
    with leaving(writers):
        listen(writers, lambda: all(writer.ended for writer in writers))

    assert [told.kind for told in first] == ["accepted", "nothing", "refused"]
    assert [writer.said for writer in writers] == [[told] for told in first]
