"""A shop with rules: published, judged and acted on, by steps."""

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID, uuid4

from domain.messages import Actor
from domain.rules.line import PublishRule
from domain.rules.rule import Rule
from domain.rules.timers import FireTimer
from infra.event_log import open_log
from infra.log import configure_logging
from infra.postgres import Session
from services.acting import Acting
from services.bootstrap import utc_now
from services.follower import Follower
from services.projector import Projector
from tests.integration.projections.world import World
from tests.support.loads import open_pipeline

CLOCK = Actor(kind="clock", id="orderpath")
PAID = {"change": "payment_status", "to": "paid"}


def publish(world: World, *rules: Mapping[str, Any]) -> None:
    """Publish rules; what a test does not care for is filled in."""
    for said in rules:
        rule = Rule.model_validate({"on": [{"event": "order.placed"}]} | dict(said))
        (outcome,) = world.send(PublishRule(command_id=uuid4(), actor=CLOCK, definition=rule))
        assert outcome.kind == "accepted", outcome


def acting(world: World) -> Acting:
    """Give what sends the acts of the world's rules."""
    return Acting(world.lend, world.pipeline.submit, lambda: world.now)


def settle(world: World) -> None:
    """Judge and act until nothing is left to do."""
    world.catch_up()
    while acting(world).catch_up():
        world.catch_up()


def runs(world: World, order_id: UUID | None = None) -> list[tuple[Any, ...]]:
    """Give (rule, event, result) of every run, in the order of the log."""
    return world.query(
        "select rule, event, result from live.trigger_runs"
        " where order_id = coalesce(%s, order_id) order by position, run_no",
        order_id,
    )


def status_of(world: World, order_id: UUID) -> str:
    ((status,),) = world.query("select status from live.standings where order_id = %s", order_id)
    return str(status)


def fire(world: World) -> int:
    """Say to rules that what they wait for has come, as the clock does; give how much that was."""
    due = world.query(
        "select order_id, wait_id, rule, rule_version, why, due_at from live.rule_waits"
        " where due_at <= %s order by due_at",
        world.now,
    )
    for order_id, wait_id, rule, version, why, due_at in due:
        command = FireTimer(
            command_id=uuid4(),
            actor=CLOCK,
            order_id=order_id,
            timer_id=wait_id,
            rule=rule,
            rule_version=version,
            why=why,
            due_at=due_at,
        )
        world.pipeline.execute(command)
    return len(due)


def act_until_killed(pipe: Connection, url: str, now: Callable[[], datetime] = utc_now) -> None:
    """Judge and act for as long as the process lives; say so after each time."""
    configure_logging("error", "json")
    session = Session(url, role="orderpath_projector", name="orderpath acting")
    log = open_log(url, role="orderpath_projector")
    with open_pipeline(url) as pipeline:
        follower = Follower(Projector(session.connection, log), log)
        acts = Acting(session.connection, pipeline.submit, now)
        for number in count():
            follower.catch_up()
            acts.step()
            pipe.send(number)
