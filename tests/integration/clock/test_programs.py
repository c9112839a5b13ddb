"""`orderpath clock`, `up` and `order snooze`, as a person and a supervisor meet them."""

import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.orders.commands import PlaceOrder
from domain.orders.events import DeadlinePassed
from domain.paths.commands import PublishPath
from infra.settings import Settings
from services.bootstrap import System, open_system
from tests.integration.clock.shop import who
from tests.support.command_line import Here
from tests.support.examples import TEA, actor
from tests.support.programs import RunningProgram
from tests.support.waiting import wait_for
from tests.unit.domain.orders.test_decide_deadlines import path

LATEST = timedelta(seconds=2)


@pytest.fixture
def system(database_url: str) -> Iterator[System]:
    """A shop with real time, whose orders have three seconds."""
    with open_system(Settings(database_url=database_url)) as opened:
        limited = path({"wall": "3s"})
        opened.execute(PublishPath(command_id=uuid4(), actor=actor(), definition=limited))
        yield opened


def place(system: System) -> UUID:
    order_id = uuid4()
    placed = PlaceOrder(**who(order_id), path="shop", currency="EUR", lines=(TEA,))
    assert system.execute(placed).kind == "accepted"
    return order_id


def delays(system: System) -> list[timedelta]:
    """Give how long after its moment each deadline was told of."""
    return [
        one.recorded_at - one.event.due_at
        for one in system.log.read(0, 10_000)
        if isinstance(one.event, DeadlinePassed)
    ]


def test_at_rest_a_deadline_is_told_of_within_two_seconds_by_clocks_of_their_own(
    system: System, start: Callable[..., RunningProgram], environment: dict[str, str]
) -> None:
    follower = start("follow")
    follower.await_line("following the log")
    for _ in range(2):
        start("clock").await_line("firing what is due")
    place(system)

    wait_for(lambda: len(delays(system)) == 3, "it was not told of")

    assert max(delays(system)) < LATEST
    assert Here(environment).run("alive", "clock").code == 0


def test_up_fires_what_is_due_and_ends_at_a_signal(
    system: System, start: Callable[..., RunningProgram]
) -> None:
    up = start("up")
    up.await_line("following the log")
    place(system)

    wait_for(lambda: len(delays(system)) == 3, "it was not told of")
    up.process.send_signal(signal.SIGINT)

    assert up.process.wait(30) == 0, up.said()
    assert max(delays(system)) < LATEST


def test_follow_fires_nothing(system: System, start: Callable[..., RunningProgram]) -> None:
    start("follow").await_line("following the log")
    place(system)

    wait_for(lambda: bool(overdue(system)), "it never was due")

    assert delays(system) == []


def overdue(system: System) -> list[Any]:
    with system.snapshot() as reader:
        return reader.execute("select level from analytics.overdue").fetchall()


def test_a_clock_ends_at_a_signal(start: Callable[..., RunningProgram], system: System) -> None:
    clock = start("clock")
    clock.await_line("firing what is due")

    assert clock.end() < LATEST.total_seconds()
    assert clock.count_lines("ended") == 1


def test_d8_a_person_puts_a_limit_off_and_has_to_say_why(
    system: System, environment: dict[str, str]
) -> None:
    order_id, here = place(system), Here(environment)
    until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    words = ("order", "snooze", order_id, "--until", until.isoformat())

    refused = here.run(*words, "--json")
    said = here.run(*words, "--reason", "Call after lunch", "--json")

    assert (refused.code, [one["code"] for one in refused.json["unmet"]]) == (
        1,
        ["reason_required"],
    )
    assert (said.code, said.json["outcome"]) == (0, "accepted")
    history = here.run("order", "history", order_id, "--json").json["changes"]
    assert "deadline.due" in [change["field"] for change in history]
