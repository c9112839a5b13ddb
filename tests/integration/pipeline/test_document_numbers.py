"""Numbers of documents on the real log: without gaps, whoever else takes one or is killed."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Final
from uuid import uuid4

import pytest

from domain.documents.events import NumberTaken, stream_of
from domain.messages import Outcome
from domain.orders.events import DocumentIssued
from domain.refusals import InfraError
from infra.event_log import EventLog, open_log
from infra.postgres import connect
from services.pipeline import Pipeline
from tests.integration.pipeline.conftest import Durable
from tests.integration.pipeline.meddling import MeddlingLog
from tests.support.loads import (
    EVERYBODY,
    issue,
    issue_until_killed,
    now,
    open_pipeline,
    open_shop,
    place,
)
from tests.support.processes import Writer, leaving, listen, listen_for

CALLERS: Final = 16
EACH: Final = 8
KILLS: Final = 6


def taken(log: EventLog, series: str = "invoice") -> list[NumberTaken]:
    stream = stream_of(series)
    events = [recorded.event for recorded in log.load({stream: 0})[stream]]
    return [event for event in events if isinstance(event, NumberTaken)]


def issued(url: str) -> list[str]:
    """Give the number of every document in the log, in the order of positions."""
    with connect(url) as connection:
        rows = connection.execute(
            "select payload from log.events where type = %s order by position",
            [DocumentIssued.NAME],
        ).fetchall()
    return [DocumentIssued.model_validate_json(row[0]).number for row in rows]


def test_16_callers_of_two_pipelines_take_numbers_without_gaps(database_url: str) -> None:
    orders = open_shop(database_url, orders=5)
    unknown = uuid4()  # who asks for it is refused, and takes no number
    with open_pipeline(database_url) as one, open_pipeline(database_url) as other:

        def ask(caller: int) -> list[Outcome]:
            pipeline = one if caller % 2 else other
            wanted = [orders[(caller + turn) % len(orders)] for turn in range(EACH)]
            return [pipeline.execute(issue(order_id)) for order_id in [*wanted, unknown]]

        with ThreadPoolExecutor(CALLERS) as callers:
            outcomes = [one for found in callers.map(ask, range(CALLERS)) for one in found]

    kinds = Counter(outcome.kind for outcome in outcomes)
    assert kinds == {"accepted": CALLERS * EACH, "refused": CALLERS}
    log = open_log(database_url)
    assert [event.serial for event in taken(log)] == list(range(1, CALLERS * EACH + 1))
    log.close()
    assert sorted(issued(database_url), key=int) == [str(n + 1) for n in range(CALLERS * EACH)]


def test_a_number_of_an_append_that_failed_is_taken_by_the_next(database_url: str) -> None:
    (order_id,) = open_shop(database_url, orders=1)
    with open_pipeline(database_url) as pipeline:
        pipeline.execute(issue(order_id))
    log = open_log(database_url)
    lost = MeddlingLog(log)
    lost.fail_next["append"] = InfraError("database_full", "no room")
    with Pipeline(lost, now, patience_seconds=0) as pipeline:
        with pytest.raises(InfraError, match="no room"):
            pipeline.execute(issue(order_id))
        pipeline.execute(issue(order_id))

    assert [event.number for event in taken(log)] == issued(database_url) == ["1", "2"]
    log.close()


def test_the_same_command_twice_takes_one_number(database_url: str) -> None:
    (order_id,) = open_shop(database_url, orders=1)
    wish = issue(order_id)
    outcomes = []
    for _ in range(2):
        with open_pipeline(database_url) as pipeline:
            outcomes.append(pipeline.execute(wish))

    assert outcomes[0].versions == outcomes[1].versions == {
        f"order-{order_id}": 2, "series-invoice": 1,
    }  # fmt: skip
    assert outcomes[1].repeated
    assert issued(database_url) == ["1"]


def test_killed_writers_leave_no_gap_and_no_number_without_its_document(durable: Durable) -> None:
    random = Random(17)
    orders = open_shop(durable.url, orders=20)
    writers: list[Writer] = []
    with leaving(writers):
        writers += [Writer(issue_until_killed, durable.url, orders) for _ in range(2)]
        for number in range(KILLS):
            victim = writers[number]
            listen(writers, lambda victim=victim: len(victim.said) > 0)  # type: ignore[misc]
            listen_for(writers, random.uniform(0, 0.12))  # The moment is what differs, not a wait.
            victim.kill()
            writers.append(Writer(issue_until_killed, durable.url, orders))
        for survivor in writers[KILLS:]:
            listen(writers, lambda survivor=survivor: len(survivor.said) > 0)  # type: ignore[misc]
            survivor.kill()
    with open_pipeline(durable.url) as pipeline:  # Whatever was on its way has come through by now.
        pipeline.execute(place(uuid4(), actor=EVERYBODY))

    log = open_log(durable.url)
    numbers = [event.number for event in taken(log)]
    log.close()
    assert numbers == issued(durable.url) == [str(n) for n in range(1, len(numbers) + 1)]
    assert len(numbers) >= KILLS
