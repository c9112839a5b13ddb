"""A decision is never before what happened, nor before what the clock says has come."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.due import FURTHEST_BACK, decided_at
from domain.messages import ActorKind, Command
from domain.orders.commands import ExpireReservations
from domain.orders.deadline_commands import PassDeadline
from domain.rules.timers import FireTimer
from domain.waves.commands import BeginWave
from tests.support.examples import NOW, actor

LATER = NOW + timedelta(minutes=1)


def said_by(kind: ActorKind, due_at: datetime) -> list[Command]:
    who: dict[str, Any] = {"command_id": uuid4(), "actor": actor(kind), "due_at": due_at}
    return [
        PassDeadline(**who, order_id=uuid4(), entered=1, level="warn"),
        ExpireReservations(**who, order_id=uuid4()),
        BeginWave(**who, wave="to_work"),
    ]


@pytest.mark.parametrize("command", said_by("clock", LATER), ids=lambda command: command.NAME)
def test_what_the_clock_says_has_come_has(command: Command) -> None:
    assert decided_at(command, NOW, None) == LATER
    assert decided_at(command, LATER + FURTHEST_BACK, None) == LATER + FURTHEST_BACK
    assert decided_at(command, NOW, LATER + FURTHEST_BACK) == LATER + FURTHEST_BACK


@pytest.mark.parametrize("command", said_by("user", LATER), ids=lambda command: command.NAME)
def test_nobody_else_says_that_something_has_come(command: Command) -> None:
    assert decided_at(command, NOW, None) == NOW


@pytest.mark.parametrize(
    "command", said_by("clock", NOW + timedelta(days=900)), ids=lambda command: command.NAME
)
def test_a_clock_is_not_believed_to_have_been_set_back_by_more_than_a_day(command: Command) -> None:
    assert decided_at(command, NOW, None) == NOW + FURTHEST_BACK


def test_a_timer_is_decided_when_it_is_told() -> None:
    timer = FireTimer(
        command_id=uuid4(),
        actor=actor("clock"),
        order_id=uuid4(),
        timer_id=uuid4(),
        rule="late",
        rule_version=1,
        why="delay",
        due_at=LATER,
    )
    assert decided_at(timer, NOW, NOW) == NOW
