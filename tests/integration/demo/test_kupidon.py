"""A shop with rules, simulated: clock and rules take part in virtual time, also after a kill."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Final

import pytest

from domain.alerts.events import AlertRaised
from domain.effects.events import EffectRequested
from domain.messages import Recorded
from domain.orders.events import DeadlinePassed, OrderPlaced, StatusChanged
from domain.tasks.events import TaskCreated
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.demo.clock import VirtualClock
from services.demo.run import LOOKS, Size, run_demo
from services.demo.shop import START
from tests.integration.demo.test_run_demo import fingerprint, order_by_order, shop
from tests.support.processes import Writer, leaving, listen

SIZE: Final[Size] = {"seed": 7, "days": 3, "orders": 200}
A_LOOK: Final = timedelta(days=3) / LOOKS


def play(system: System) -> list[Recorded]:
    run_demo(system, shop="kupidon", **SIZE)
    return system.log.read(0, 100_000)


@pytest.fixture(scope="module")
def events(migrated_server: str) -> Iterator[list[Recorded]]:
    with shop(migrated_server) as system:
        yield play(system)


def test_every_limit_of_a_new_order_is_told_at_its_moment(events: list[Recorded]) -> None:
    new = [
        (one.occurred_at - one.event.due_at, one.event.level)
        for one in events
        if isinstance(one.event, DeadlinePassed) and one.event.status == "new"
    ]

    assert {level for _, level in new} == {"warn", "due", "escalate_100", "escalate_200"}
    assert {late for late, _ in new} == {timedelta()}


def test_a_rule_acts_at_the_next_look_and_once_on_each_order_that_is_still_new(
    events: list[Recorded],
) -> None:
    placed = {
        one.entity_id: one.occurred_at for one in events if isinstance(one.event, OrderPlaced)
    }
    passed = {
        one.entity_id: one.occurred_at
        for one in events
        if isinstance(one.event, DeadlinePassed)
        and (one.event.status, one.event.level) == ("new", "escalate_200")
    }

    assert len(placed) == 200
    _acted_on_each(events, placed, TaskCreated)
    _acted_on_each(events, passed, EffectRequested)
    assert {"directors", "leads", "managers"} <= {
        one.event.group for one in events if isinstance(one.event, AlertRaised)
    }


def _acted_on_each(
    events: list[Recorded],
    began: Mapping[str, datetime],
    act: type[TaskCreated] | type[EffectRequested],
) -> None:
    """A rule did this once for each order at the next look, but for those handled by then."""
    done = [
        (str(one.event.order_id), one.occurred_at) for one in events if isinstance(one.event, act)
    ]
    left = {
        one.entity_id: one.occurred_at
        for one in reversed(events)
        if isinstance(one.event, StatusChanged) and one.event.from_status == "new"
    }
    orders = [order for order, _ in done]
    faster = began.keys() - orders

    assert len(began.keys() & orders) == len(orders) > 0
    assert all(timedelta() <= at - began[order] <= A_LOOK for order, at in done)
    assert all(at <= left[order] for order, at in done if order in left)
    assert all(order in left and left[order] - began[order] <= A_LOOK for order in faster)


def test_the_log_is_in_the_order_of_virtual_time(events: list[Recorded]) -> None:
    assert all(one.occurred_at <= two.occurred_at for one, two in pairwise(events[5:]))


def test_the_same_seed_tells_the_same_story(migrated_server: str, events: list[Recorded]) -> None:
    with shop(migrated_server) as system:
        assert fingerprint(play(system)) == fingerprint(events)
        position = system.log.head().position
        play(system)
        assert system.log.head().position == position


def play_and_tell(pipe: Connection, url: str) -> None:
    """Simulate in a process of its own, and say how far it is."""
    with open_system(Settings(database_url=url), VirtualClock(START)) as system:
        run_demo(system, shop="kupidon", progress=lambda done, _: pipe.send(done), **SIZE)
        pipe.send("done")


@pytest.mark.parametrize("answered", [100, 450])
def test_a_run_that_was_killed_is_completed_by_the_next_as_if_nothing_was(
    database_url: str, events: list[Recorded], answered: int
) -> None:
    with leaving([Writer(play_and_tell, database_url)]) as (writer,):
        listen([writer], lambda: bool(writer.said) and writer.said[-1] >= answered)
        writer.kill()

    with open_system(Settings(database_url=database_url), VirtualClock(START)) as system:
        before = system.log.head().position
        again = play(system)

    assert "done" not in writer.said
    assert 0 < before < len(events)
    assert fingerprint(order_by_order(again)) == fingerprint(order_by_order(events))
