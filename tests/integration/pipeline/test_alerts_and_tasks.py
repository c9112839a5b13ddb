"""Alerts and tasks on the real log: each once, whoever else acts or whatever is killed."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.alerts import commands as a
from domain.alerts.events import AlertAcknowledged, AlertRaised
from domain.messages import Command, Outcome
from domain.tasks import commands as t
from infra.postgres import connect
from tests.support.dying_writers import STEPS, Step, send_and_die
from tests.support.examples import actor
from tests.support.loads import open_pipeline, publish
from tests.support.processes import ROOM_SECONDS, Writer, leaving

each_step = pytest.mark.parametrize("step", STEPS)


def changed() -> Command:
    """Publish a next version: `new` belongs to others, and has no limit."""
    before = publish().definition.model_dump(mode="json")["statuses"]
    return publish(statuses=before | {"new": {"stage": "intake", "owner": {"group": "leads"}}})


def alert(**more: Any) -> a.RaiseAlert:
    told = {"kind": "rule", "title": "Look", "group": "leads", **more}
    return a.RaiseAlert(**{"command_id": uuid4(), "actor": actor(), "alert_id": uuid4(), **told})


def acknowledge(alert_id: UUID, who: str) -> a.AcknowledgeAlert:
    by = actor().model_copy(update={"id": who})
    return a.AcknowledgeAlert(command_id=uuid4(), actor=by, alert_id=alert_id)


def execute(url: str, *commands: Command) -> list[Outcome]:
    with open_pipeline(url) as pipeline:
        return [pipeline.execute(command) for command in commands]


def at_once(url: str, *commands: Command) -> Counter[str]:
    """Send each by a pipeline of its own, all at the same time; count the kinds of outcomes."""
    with ThreadPoolExecutor(len(commands)) as callers:
        outcomes = callers.map(lambda command: execute(url, command), commands)
        return Counter(outcome.kind for (outcome,) in outcomes)


def killed(url: str, command: Command, step: Step) -> None:
    """Let a process send a command and die of it."""
    with leaving([Writer(send_and_die, url, command, step)]) as (writer,):
        writer.process.join(ROOM_SECONDS)
        assert writer.process.exitcode == -9


def stored(url: str) -> Counter[str]:
    """Count the events of alerts and tasks by their names."""
    with connect(url) as connection:
        rows = connection.execute("select type from log.events where stream_id ~ '^(alert|task)-'")
        return Counter(row[0] for row in rows.fetchall())


@each_step
def test_a34_a_version_whose_publisher_is_killed_alerts_everybody_once(
    database_url: str, step: Step
) -> None:
    first, second = publish(), changed()
    execute(database_url, first)
    before = stored(database_url)

    killed(database_url, second, step)
    stored_then = stored(database_url) - before
    outcomes = execute(database_url, second, second)

    assert [outcome.kind for outcome in outcomes] == ["accepted", "accepted"]
    assert [outcome.repeated for outcome in outcomes] == [bool(stored_then), True]
    assert stored_then == ({AlertRaised.NAME: 2} if step == "before it is answered" else {})
    assert stored(database_url) - before == {AlertRaised.NAME: 2}, "leads and managers"


def test_a34_two_who_publish_the_same_at_once_alert_everybody_once(database_url: str) -> None:
    execute(database_url, publish())
    before = stored(database_url)

    kinds = at_once(database_url, changed(), changed())

    assert kinds == {"accepted": 1, "nothing": 1}
    assert stored(database_url) - before == {AlertRaised.NAME: 2}


@each_step
def test_an_alert_whose_sender_is_killed_is_raised_once(database_url: str, step: Step) -> None:
    wish = alert()

    killed(database_url, wish, step)
    again = alert(alert_id=wish.alert_id)
    outcomes = execute(database_url, wish, again)

    assert [outcome.kind for outcome in outcomes] == ["accepted", "nothing"]
    assert stored(database_url) == {AlertRaised.NAME: 1}


def test_an_alert_that_many_raise_at_once_is_raised_once(database_url: str) -> None:
    wish = alert()
    again = [alert(alert_id=wish.alert_id) for _ in range(7)]

    assert at_once(database_url, wish, *again) == {"accepted": 1, "nothing": 7}
    assert stored(database_url) == {AlertRaised.NAME: 1}


def test_p11_of_many_who_acknowledge_at_once_one_stands(database_url: str) -> None:
    wish = alert()
    execute(database_url, wish)
    people = [acknowledge(wish.alert_id, f"user-{number}") for number in range(8)]

    assert at_once(database_url, *people) == {"accepted": 1, "nothing": 7}
    assert stored(database_url)[AlertAcknowledged.NAME] == 1


def test_a_task_that_is_done_and_dropped_at_once_is_one_of_both(database_url: str) -> None:
    who: dict[str, Any] = {"actor": actor(), "task_id": uuid4()}
    execute(database_url, t.CreateTask(command_id=uuid4(), **who, title="Call", user="bob"))

    kinds = at_once(
        database_url,
        t.FinishTask(command_id=uuid4(), **who),
        t.DropTask(command_id=uuid4(), **who, reason_code="not_needed"),
    )

    assert kinds == {"accepted": 1, "refused": 1}
    assert sum(stored(database_url).values()) == 2
