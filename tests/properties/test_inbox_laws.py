"""A34: whoever works otherwise under a new version is alerted, and nobody else. The inbox says what
the aggregates say, in whatever pieces the events come.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.alerts import commands as a
from domain.alerts.alert import Alert
from domain.alerts.events import AlertRaised, alert_stream
from domain.catalog import empty_state
from domain.messages import Command
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from domain.tasks import commands as t
from domain.tasks.events import task_stream
from domain.tasks.task import Task
from tests.integration.projections.world import World, open_world
from tests.properties.test_difference_laws import paths
from tests.support import spec
from tests.support.examples import actor

EXAMPLES = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
numbers = count(1)
people = st.fixed_dictionaries({}, optional={"user": st.just("ann"), "group": st.just("leads")})
codes = st.sampled_from(["one", "two"])
wishes: st.SearchStrategy[tuple[type[Command], Mapping[str, Any]]] = st.one_of(
    st.tuples(st.just(a.RaiseAlert), people.map(lambda to: {"kind": "x", "title": "T"} | to)),
    st.tuples(st.just(a.AcknowledgeAlert), st.just({})),
    st.tuples(st.just(t.CreateTask), people.map(lambda to: {"title": "T"} | to)),
    st.tuples(st.just(t.AssignTask), people),
    st.tuples(st.just(t.FinishTask), st.fixed_dictionaries({"outcome": codes})),
    st.tuples(st.just(t.DropTask), st.fixed_dictionaries({"reason_code": codes})),
)


def work_of(path: OrderPath, kind: str, name: str) -> Any:
    """Give what a path says of somebody's work: moves of a role; statuses of an owner, and the ways
    out of them.
    """
    if kind == "role":
        return {m: _terms(path, m) for m, way in path.matrix.items() if name in way.roles}
    owned = {
        code: status
        for code, status in path.statuses.items()
        if (kind, name) in (status.owner or {}).items()
    }
    return owned, {move: _terms(path, move) for move in path.matrix if move[0] in owned}


def _terms(path: OrderPath, move: tuple[str, str]) -> Any:
    return path.matrix[move].model_dump(exclude={"from_", "to"})


def named_in(*versions: OrderPath) -> set[tuple[str, str]]:
    owners = [status.owner or {} for path in versions for status in path.statuses.values()]
    roles = {role for path in versions for way in path.matrix.values() for role in way.roles}
    return {pair for owner in owners for pair in owner.items()} | {("role", one) for one in roles}


@given(paths(), paths())
def test_a34_whoever_works_otherwise_is_alerted_and_nobody_else(
    old: OrderPath, new: OrderPath
) -> None:
    new = new.model_copy(update={"path": old.path})
    publish = PublishPath(command_id=UUID(int=1), actor=actor(), definition=new)

    answer = spec.given(paths=[old]).when(publish)

    alerts = [one for one in answer.events if isinstance(one, AlertRaised)]
    told = [one.model_dump(include={"user", "group", "role"}, exclude_none=True) for one in alerts]
    alerted = {pair for one in told for pair in one.items()}
    expected = {
        (kind, name)
        for kind, name in named_in(old, new)
        if work_of(old, kind, name) != work_of(new, kind, name)
    }
    assert answer.unmet == ()
    assert alerted == expected
    assert len(alerts) == len(alerted)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


def state_of(world: World, stream: str) -> Any:
    """The aggregate, from its events."""
    state: Any = empty_state(stream)
    for recorded in world.pipeline_log.load({stream: 0})[stream]:
        state = state.evolve(recorded)
    return state


@EXAMPLES
@given(script=st.lists(wishes, max_size=20), batch_events=st.integers(1, 9))
def test_the_inbox_says_what_the_aggregates_say(
    world: World, script: list[tuple[type[Command], Mapping[str, Any]]], batch_events: int
) -> None:
    one = UUID(int=next(numbers))
    for kind, body in script:
        about = {"alert_id": one} if issubclass(kind, a.AlertCommand) else {"task_id": one}
        who = {"command_id": uuid4(), "actor": actor()}
        first, again = world.send(*[kind.model_validate({**who, **about, **body})] * 2)
        wrong = first.kind == "refused" or kind is t.CreateTask
        assert again.kind == ("refused" if wrong else "nothing")
    world.follower(batch_events).catch_up()

    alert: Alert = state_of(world, alert_stream(one))
    task: Task = state_of(world, task_stream(one))
    found = world.query(
        "select what, open, to_user, to_group from analytics.inbox where id = %s order by what", one
    )
    alerts = [("notice", not alert.acknowledged)] if alert.exists else []
    is_open = task.outcome is None and task.dropped_for is None
    assert [row[:2] for row in found if row[0] != "task"] == alerts
    assert [row[1:] for row in found if row[0] == "task"] == (
        [(is_open, task.user, task.group)] if task.exists else []
    )
