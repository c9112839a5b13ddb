"""Sharing out on the real log: fair, within caps, and known to the team, whoever else writes."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from domain.messages import Actor
from domain.orders.commands import AssignOwner
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.teams.commands import Come, SetMember
from domain.teams.events import team_stream
from domain.teams.team import Team
from infra.event_log import open_log
from services.pipeline import Pipeline
from tests.integration.pipeline.conftest import Durable
from tests.support.examples import PATH
from tests.support.loads import (
    EVERYBODY,
    move,
    open_pipeline,
    open_shop,
    place,
    share,
    share_until_killed,
)
from tests.support.processes import Writer, leaving, listen, listen_for

CALLERS: Final = 16
KILLS: Final = 4
ANSWERS: Final = 16  # that a writer has had before it is killed: a turn of each of its callers
USERS: Final = ("user_0", "user_1", "user_2")


def open_team(
    pipeline: Pipeline, users: Iterable[str] = USERS, group: str = "managers", **more: Any
) -> None:
    """Let users belong to the team, and be there."""
    for user in users:
        told: dict[str, Any] = {"actor": Actor(kind="user", id=user), "group": group, "user": user}
        for command in (
            SetMember(command_id=uuid4(), **told, **more),
            Come(command_id=uuid4(), **told),
        ):
            assert pipeline.execute(command).kind == "accepted"


def team_of(url: str, group: str = "managers") -> Team:
    """Give the team as its events tell it."""
    log, stream, team = open_log(url), team_stream(group), Team()
    for recorded in log.load({stream: 0})[stream]:
        team = team.evolve(recorded)
    log.close()
    return team


def held_by_orders(url: str, ids: Iterable[UUID]) -> dict[str, set[UUID]]:
    """Say who holds which open order of the group, as the orders' events tell it."""
    log = open_log(url)
    held: dict[str, set[UUID]] = {}
    for order_id in ids:
        order = Order()
        for recorded in log.load({stream_of(order_id): 0})[stream_of(order_id)]:
            order = order.evolve(recorded)
        is_open = PATH.statuses[order.status or ""].final is None
        if is_open and order.owner_user is not None and order.owner_group == "managers":
            held.setdefault(order.owner_user, set()).add(order_id)
    log.close()
    return held


@pytest.mark.parametrize("by", ["round_robin", "least_load"])
def test_p28_100_orders_shared_out_at_once_by_two_processes_are_shared_out_fairly(
    database_url: str, by: str
) -> None:
    orders = open_shop(database_url, orders=100)
    with open_pipeline(database_url) as one, open_pipeline(database_url) as other:
        open_team(one)

        def ask(number: int) -> str:
            return (one if number % 2 else other).execute(share(orders[number], by=by)).kind

        with ThreadPoolExecutor(CALLERS) as callers:
            kinds = Counter(callers.map(ask, range(len(orders))))

    team = team_of(database_url)
    assert kinds == {"accepted": 100}
    assert sorted(team.load(user) for user in USERS) == [33, 33, 34]
    assert held_by_orders(database_url, orders) == team.held


def test_p28_no_cap_is_passed_by_many_at_once_and_the_rest_is_the_groups(
    database_url: str,
) -> None:
    orders = open_shop(database_url, orders=30)
    with open_pipeline(database_url) as one, open_pipeline(database_url) as other:
        open_team(one, cap=7)

        def ask(number: int) -> str:
            return (one if number % 2 else other).execute(share(orders[number])).kind

        with ThreadPoolExecutor(CALLERS) as callers:
            kinds = Counter(callers.map(ask, range(len(orders))))

    assert kinds == {"accepted": 30}
    assert [team_of(database_url).load(user) for user in USERS] == [7, 7, 7]
    assert sum(map(len, held_by_orders(database_url, orders).values())) == 21


def test_p28_a_load_falls_with_the_order_in_one_append(database_url: str) -> None:
    ended, reassigned, stays = open_shop(database_url, orders=3)
    with open_pipeline(database_url) as pipeline:
        open_team(pipeline, ["user_0"])
        for order_id in (ended, reassigned, stays):
            pipeline.execute(share(order_id))
        told: dict[str, Any] = {"command_id": uuid4(), "actor": EVERYBODY, "order_id": reassigned}
        outcomes = [
            pipeline.execute(move(ended, "cancelled")),
            pipeline.execute(AssignOwner(**told, user="eve")),
        ]

    assert [outcome.events for outcome in outcomes] == [2, 2]
    assert all("team-managers" in outcome.versions for outcome in outcomes)
    assert team_of(database_url).held == {"user_0": {stays}}


def test_a_team_knows_what_its_members_hold_whenever_a_writer_is_killed(durable: Durable) -> None:
    random = Random(28)
    orders = open_shop(durable.url, orders=12)
    with open_pipeline(durable.url) as pipeline:
        open_team(pipeline, cap=3)
    writers: list[Writer] = []
    with leaving(writers):
        writers += [Writer(share_until_killed, durable.url, orders) for _ in range(2)]
        for number in range(KILLS):
            victim = writers[number]
            listen(writers, lambda victim=victim: len(victim.said) > 0)  # type: ignore[misc]
            listen_for(writers, random.uniform(0, 0.12))  # The moment is what differs, not a wait.
            victim.kill()
            writers.append(Writer(share_until_killed, durable.url, orders))
        for survivor in writers[KILLS:]:
            listen(writers, lambda survivor=survivor: len(survivor.said) >= ANSWERS)  # type: ignore[misc]
            survivor.kill()
    with open_pipeline(durable.url) as pipeline:  # Whatever was on its way has come through by now.
        pipeline.execute(place())

    team = team_of(durable.url)
    assert team.version > 4 * KILLS
    assert held_by_orders(durable.url, orders) == team.held
