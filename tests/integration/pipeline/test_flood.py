"""D2: a flood of refused commands is turned away, and kept as one event for each minute."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from domain.callers import AttemptsFlooded
from domain.messages import Actor, Command, Outcome
from domain.orders.commands import ChangeStatus
from domain.refusals import InfraError
from infra.event_log import open_log
from services.flood import PERSONS
from services.pipeline import Pipeline
from tests.integration.pipeline.meddling import MeddlingLog
from tests.support.examples import NOW, actor
from tests.support.loads import open_pipeline, place, publish

LIMIT: Final = 50
MANY: Final = 10_000
MALLORY: Final = Actor(kind="user", id="mallory")
MINUTE: Final = timedelta(minutes=1)


class Clock:
    """A time that stands still until told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pipeline(database_url: str, clock: Clock) -> Iterator[Pipeline]:
    with open_pipeline(database_url, clock=clock) as opened:
        opened.flood.limit = LIMIT
        opened.execute(publish())
        yield opened


@pytest.fixture
def order_id(pipeline: Pipeline) -> UUID:
    placed = place()
    assert pipeline.execute(placed).kind == "accepted"
    return placed.order_id


def nonsense(order_id: UUID, who: Actor = MALLORY, **more: Any) -> Command:
    told = {"command_id": uuid4(), "actor": who, "order_id": order_id, "to_status": "done"}
    return ChangeStatus(**told | more)


def answers(pipeline: Pipeline, commands: Sequence[Command]) -> list[Outcome]:
    return [future.result() for future in [pipeline.submit(one) for one in commands]]


def codes(outcomes: Sequence[Outcome]) -> Counter[str]:
    return Counter(outcome.unmet[0].code for outcome in outcomes if outcome.unmet)


def stored(url: str) -> list[Any]:
    log = open_log(url)
    events = log.read(0, 100_000)
    log.close()
    return events


def names(url: str) -> Counter[str]:
    return Counter(recorded.event.NAME for recorded in stored(url))


def test_d2_ten_thousand_refused_commands_store_the_limit_and_one_event(
    pipeline: Pipeline, order_id: UUID, database_url: str
) -> None:
    told = answers(pipeline, [nonsense(order_id) for _ in range(MANY)])
    pipeline.close()

    assert codes(told) == {"transition_not_allowed": LIMIT, "too_many_refusals": MANY - LIMIT}
    assert all(outcome.kind == "refused" for outcome in told)
    assert names(database_url)["attempt.refused.v1"] == LIMIT
    (flood,) = [one.event for one in stored(database_url) if isinstance(one.event, AttemptsFlooded)]
    assert flood == AttemptsFlooded(
        caller_kind="user",
        caller_id="mallory",
        minute=NOW,
        refused=LIMIT,
        turned_away=MANY - LIMIT,
    )


def test_d2_whoever_is_turned_away_is_told_when_to_try_again_and_is_looked_at_then(
    pipeline: Pipeline, order_id: UUID, clock: Clock, database_url: str
) -> None:
    told = answers(pipeline, [nonsense(order_id) for _ in range(LIMIT + 2)])
    turned_away = told[-1].unmet[0]
    good = nonsense(order_id, to_status="confirmed")
    too_early = pipeline.execute(good)
    clock.now += MINUTE

    later = pipeline.execute(good)

    assert (turned_away.code, turned_away.field) == ("too_many_refusals", "actor.id")
    assert "try again from 2026-03-02T09:01:00+00:00" in (turned_away.needed or "")
    assert (too_early.kind, later.kind, later.repeated) == ("refused", "accepted", False)
    assert pipeline.execute(place()).kind == "accepted"
    floods = [one for one in stored(database_url) if isinstance(one.event, AttemptsFlooded)]
    assert [(one.stream_id, one.event.turned_away) for one in floods] == [
        ("caller-user:mallory", 3)
    ]


def test_d2_other_callers_are_not_touched_nor_what_our_own_programs_tell(
    pipeline: Pipeline, order_id: UUID
) -> None:
    answers(pipeline, [nonsense(order_id) for _ in range(LIMIT + 1)])

    ann = answers(pipeline, [nonsense(order_id, actor()) for _ in range(LIMIT)])
    key = answers(pipeline, [nonsense(order_id, Actor(kind="api_key", id="mallory"))])
    clock_ = answers(pipeline, [nonsense(order_id, actor("clock")) for _ in range(LIMIT + 9)])

    assert codes([*ann, *key, *clock_]) == {"transition_not_allowed": 2 * LIMIT + 10}


def test_one_person_is_in_no_way_of_others_for_whom_the_same_key_acts(
    pipeline: Pipeline, order_id: UUID, database_url: str
) -> None:
    bert, anna = (_acting_for(person) for person in ("Bert", "Anna"))
    flood = answers(pipeline, [nonsense(order_id, bert) for _ in range(LIMIT + 7)])

    told = answers(pipeline, [nonsense(order_id, anna), nonsense(order_id, _acting_for(None))])
    pipeline.close()

    assert codes(flood) == {"transition_not_allowed": LIMIT, "too_many_refusals": 7}
    assert codes(told) == {"transition_not_allowed": 2}
    (kept,) = [one.event for one in stored(database_url) if isinstance(one.event, AttemptsFlooded)]
    assert (kept.caller_id, kept.refused, kept.turned_away) == ("north", LIMIT + 2, 7)


def test_a_key_that_names_ever_new_persons_is_turned_away_too(
    pipeline: Pipeline, order_id: UUID
) -> None:
    most = PERSONS * LIMIT

    told = answers(
        pipeline, [nonsense(order_id, _acting_for(f"p-{number}")) for number in range(most + 9)]
    )

    assert codes(told) == {"transition_not_allowed": most, "too_many_refusals": 9}


def _acting_for(person: str | None) -> Actor:
    return Actor(kind="api_key", id="north", on_behalf_of=person)


def test_what_comes_together_is_judged_by_the_count_as_it_begins(
    pipeline: Pipeline, order_id: UUID, clock: Clock
) -> None:
    def together(number: int) -> Counter[str]:
        commands = [nonsense(order_id) for _ in range(number)]
        with pipeline.flood.judging_whole(MALLORY, clock()) as let_pass:
            for one in commands:
                let_pass(one.command_id)
            return codes(answers(pipeline, commands))

    assert together(LIMIT + 5) == {"transition_not_allowed": LIMIT + 5}
    assert together(3) == {"too_many_refusals": 3}
    assert codes(answers(pipeline, [nonsense(order_id)])) == {"too_many_refusals": 1}
    clock.now += MINUTE
    assert together(LIMIT + 5) == {"transition_not_allowed": LIMIT + 5}


def test_d2_each_minute_has_its_own_count(
    pipeline: Pipeline, order_id: UUID, clock: Clock, database_url: str
) -> None:
    for _ in range(3):
        answers(pipeline, [nonsense(order_id) for _ in range(LIMIT + 5)])
        clock.now += MINUTE
    pipeline.close()

    found = names(database_url)
    assert (found["attempt.refused.v1"], found["attempt.flood.v1"]) == (3 * LIMIT, 3)


def test_d3_a_refusal_that_is_asked_for_again_counts_once(
    pipeline: Pipeline, order_id: UUID
) -> None:
    again = nonsense(order_id)

    told = [pipeline.execute(again) for _ in range(LIMIT + 5)]

    assert [outcome.repeated for outcome in told] == [False, *[True] * (LIMIT + 4)]
    assert codes(told) == {"transition_not_allowed": LIMIT + 5}


def test_d3_repeats_of_what_was_refused_let_nobody_in_again(
    pipeline: Pipeline, order_id: UUID
) -> None:
    refused = [nonsense(order_id) for _ in range(LIMIT - 1)]
    answers(pipeline, refused)

    again = answers(pipeline, [*refused, *refused])
    told = answers(pipeline, [nonsense(order_id) for _ in range(3)])

    assert all(one.repeated for one in again)
    assert codes(told) == {"transition_not_allowed": 1, "too_many_refusals": 2}


def test_d3_repeats_of_what_was_accepted_let_nobody_in_again(
    pipeline: Pipeline, order_id: UUID
) -> None:
    placed = [place(actor=MALLORY) for _ in range(LIMIT)]  # Decided anew, each would be refused.
    answers(pipeline, placed)
    answers(pipeline, [nonsense(order_id) for _ in range(LIMIT - 1)])

    again = [pipeline.execute(one) for one in placed]
    told = answers(pipeline, [nonsense(order_id) for _ in range(3)])

    assert {(one.kind, one.repeated) for one in again} == {("accepted", True)}
    assert codes(told) == {"transition_not_allowed": 1, "too_many_refusals": 2}


def test_d2_what_is_refused_again_as_the_database_comes_back_counts_once(
    database_url: str, clock: Clock
) -> None:
    made: list[MeddlingLog] = []

    def meddled(log: Any) -> Any:
        made.append(MeddlingLog(log))
        return made[0]

    with open_pipeline(database_url, meddled, clock=clock) as pipeline:
        pipeline.flood.limit = LIMIT
        pipeline.execute(publish())
        placed = place()
        pipeline.execute(placed)
        refused = [nonsense(placed.order_id) for _ in range(LIMIT)]
        for one in refused:
            made[0].fail_next["append"] = InfraError("database_unavailable", "gone for a moment")
            assert codes([pipeline.execute(one)]) == {"transition_not_allowed": 1}
        told = answers(pipeline, [nonsense(placed.order_id) for _ in range(3)])

    assert codes(told) == {"too_many_refusals": 3}


def test_d2_a_batch_is_no_flood(pipeline: Pipeline, order_id: UUID) -> None:
    batch_id = uuid4()
    commands = [nonsense(order_id, correlation_id=batch_id) for _ in range(LIMIT + 5)]
    with pipeline.flood.sparing(batch_id):
        spared = answers(pipeline, commands)

    told = answers(
        pipeline, [nonsense(order_id, correlation_id=batch_id) for _ in range(LIMIT + 5)]
    )

    assert codes(spared) == {"transition_not_allowed": LIMIT + 5}
    assert codes(told)["too_many_refusals"] == 5


def test_d3_whoever_sends_again_what_was_accepted_is_no_flood(
    pipeline: Pipeline, order_id: UUID
) -> None:
    placed = [place(actor=MALLORY) for _ in range(LIMIT + 10)]
    first = answers(pipeline, placed)
    assert {outcome.kind for outcome in first} == {"accepted"}

    again = answers(pipeline, placed)

    assert [(one.kind, one.repeated) for one in again] == [("accepted", True)] * len(placed)
    (refused,) = answers(pipeline, [nonsense(order_id)])
    assert codes([refused]) == {"transition_not_allowed": 1}


def test_d3_the_first_answer_comes_also_in_the_midst_of_a_flood(
    pipeline: Pipeline, order_id: UUID
) -> None:
    placed = place(actor=MALLORY)
    (first,) = answers(pipeline, [placed])
    answers(pipeline, [nonsense(order_id) for _ in range(LIMIT)])
    assert codes(answers(pipeline, [nonsense(order_id)])) == {"too_many_refusals": 1}

    (again,) = answers(pipeline, [placed])

    assert (again.kind, again.repeated, again.versions) == ("accepted", True, first.versions)


def test_repeats_beside_good_commands_lock_nobody_out(
    pipeline: Pipeline, order_id: UUID, clock: Clock, database_url: str
) -> None:
    """A repeat is counted until it is known to be one: that is taken back, whoever came between."""
    refused = [nonsense(order_id) for _ in range(LIMIT)]
    assert {one.kind for one in answers(pipeline, refused)} == {"refused"}
    clock.now += MINUTE

    answers(pipeline, [*refused, *(nonsense(order_id) for _ in range(2 * LIMIT))])
    clock.now += MINUTE

    (found,) = answers(pipeline, [nonsense(order_id)])
    assert found.unmet[0].code != "too_many_refusals"
    clock.now += MINUTE
    assert answers(pipeline, [nonsense(order_id)])[0].kind == "refused"
    pipeline.close()
    floods = [one.event for one in stored(database_url) if one.event.NAME == "attempt.flood.v1"]
    assert all(one.refused >= LIMIT and one.turned_away for one in floods)
