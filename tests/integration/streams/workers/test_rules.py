"""Rules in a cluster: Faust workers judge, `orderpath act` acts, all as a follower has it."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from domain.orders import commands as c
from tests.integration.projections.world import World, open_world
from tests.integration.rules.ruling import PAID, publish, settle
from tests.integration.rules.test_loops import FLIP, FLOP, set_track
from tests.integration.rules.test_runs import pay
from tests.integration.streams.workers.following import (
    ALL,
    Start,
    assert_equal,
    await_head,
)
from tests.integration.streams.workers.test_together import relaying
from tests.support.examples import actor
from tests.support.faults import Fault
from tests.support.postgres import cloned_database
from tests.support.programs import programs
from tests.support.waiting import wait_for

RULES = (
    {"rule": "greet", "then": [{"note": "Hello"}, {"tag": "new"}]},
    {"rule": "paid", "on": [PAID], "then": [{"move": "confirmed"}]},
    {"rule": "dear", "if": {"dear": "order.total_minor > 1000000"}, "then": [{"note": "Dear"}]},
    {"rule": "shy", "mode": "shadow", "on": [PAID], "then": [{"move": "cancelled"}]},
    {"rule": "flip"} | FLIP,
    {"rule": "flop"} | FLOP,
)
ORDERS = 12
RUNS = (
    "select order_id, rule, rule_version, event, result, why, conditions::text, changed::text,"
    " chain, acts from live.trigger_runs order by order_id, position, rule"
)
ACTS = (
    "select order_id, rule, rule_version, act_no, command, chain, sent,"
    " body ->> 'to_status', body ->> 'track_number', body ->> 'text', body ->> 'tag'"
    " from live.rule_acts order by order_id, position, rule, act_no"
)
LEFT = (
    "select count(*) from live.rule_acts a where a.sent and not exists"
    " (select from log.commands c where c.command_id = a.command_id)"
)
HISTORY = (
    "select stream_id, version, type, actor_kind, actor_id, source from log.events"
    " where stream_id like 'order-%%' order by 1, 2"
)


@pytest.fixture
def embedded(migrated_server: str) -> Iterator[World]:
    """A shop of the same orders, whose projections a follower drives."""
    with cloned_database(migrated_server) as url, open_world(url) as opened:
        yield opened


def live(world: World, settled: Callable[[], None]) -> None:
    """Let things happen to orders, each once rules have done what the one before led to."""
    publish(world, *RULES)
    orders = [world.place() for _ in range(ORDERS)]
    settled()
    for order_id in orders[::2]:
        pay(world, order_id)
    settled()
    for order_id in orders[::3]:
        note = c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Hm")
        world.send(note)
    set_track(world, orders[1], "A")
    settled()


def told(world: World) -> list[list[Any]]:
    """Give runs, acts, and what happened to every order."""
    history = world.query(HISTORY, role="orderpath_auditor")
    return [world.query(RUNS), world.query(ACTS), history]


def test_rules_judged_by_killed_workers_run_and_act_as_those_that_a_follower_judges(
    world: World, embedded: World, environment: dict[str, str], start: Start, fault: Fault
) -> None:
    live(embedded, lambda: settle(embedded))
    with relaying(environment), programs(environment) as starting:
        starting("act").await_line("sending what rules give")
        first = start()
        first.await_line(ALL)
        workers = [first, start()]

        def settled() -> None:
            """Kill a worker while there is something to judge, then wait for all that is left."""
            workers.pop(0).kill()
            fault("worker killed")
            workers.append(start())
            wait_for(lambda: is_settled(world), "rules have not done all that they have to")

        live(world, settled)

    assert told(world) == told(embedded)
    assert {row[4] for row in told(world)[0]} == {"fired", "skipped", "shadow", "stopped"}
    assert_equal(world)


def is_settled(world: World) -> bool:
    head = world.log.head()
    await_head(world)
    ((left,),) = world.query(LEFT)
    return not left and world.log.head() == head
