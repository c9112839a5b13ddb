"""A task is created, given to another, done with an outcome, or dropped with a reason."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.tasks import commands as c
from domain.tasks import events as e
from tests.support.examples import NOW, ORDER_ID, TASK_ID, actor
from tests.support.spec import given

WHO: dict[str, Any] = {"command_id": UUID(int=3), "actor": actor(), "task_id": TASK_ID}
TO_DO: dict[str, Any] = {"title": "Call", "order_id": ORDER_ID, "group": "managers"}
CREATE = c.CreateTask(**WHO, **TO_DO)
CREATED = e.TaskCreated(**TO_DO)
ASSIGN = c.AssignTask(**WHO, user="bob", group="managers")
FINISH = c.FinishTask(**WHO, outcome="agreed", note="After six")
DROP = c.DropTask(**WHO, reason_code="cancelled")
SOON = NOW + timedelta(minutes=30)


class TestCreate:
    def test_somebody_is_to_do_something_by_a_time(self) -> None:
        answer = given().when(CREATE.model_copy(update={"due_at": SOON}))

        answer.then(CREATED.model_copy(update={"due_at": SOON}))
        assert answer.world.task.group == "managers"

    def test_a_rule_is_named_where_one_wants_it(self) -> None:
        by = {"rule": "call_in_time", "rule_version": 2}

        given().when(CREATE.model_copy(update=by)).then(CREATED.model_copy(update=by))

    def test_everything_that_is_wrong_with_it_is_told(self) -> None:
        wrong = {"group": None, "expected_status": "new", "occurred_at": NOW - timedelta(days=1)}

        given(CREATED).when(CREATE.model_copy(update=wrong)).then_refused(
            "status_differs", "time_not_allowed", "task_exists", "task_for_nobody"
        )


class TestAssign:
    def test_who_did_it_before_is_told(self) -> None:
        answer = given(CREATED).when(ASSIGN)

        answer.then(e.TaskAssigned(user="bob", group="managers", previous_group="managers"))
        assert (answer.world.task.user, answer.world.task.group) == ("bob", "managers")

    def test_to_whoever_has_it_is_nothing(self) -> None:
        given(CREATED, ASSIGN).when(ASSIGN).then_nothing()

    def test_it_is_somebodys_and_open(self) -> None:
        nobody = ASSIGN.model_copy(update={"user": None, "group": None})

        given().when(nobody).then_refused("task_unknown", "task_for_nobody")
        given(CREATED, FINISH).when(nobody).then_refused("task_done", "task_for_nobody")


class TestFinish:
    def test_it_is_done_with_an_outcome(self) -> None:
        answer = given(CREATED).when(FINISH)

        answer.then(e.TaskFinished(outcome="agreed", note="After six"))
        assert answer.world.task.outcome == "agreed"

    def test_the_same_again_is_nothing_and_something_else_is_refused(self) -> None:
        given(CREATED, FINISH).when(FINISH).then_nothing()
        given(CREATED, FINISH).when(FINISH.model_copy(update={"outcome": "refused"})).then_refused(
            "task_done"
        )


class TestDrop:
    def test_it_is_dropped_for_a_reason(self) -> None:
        answer = given(CREATED).when(DROP).then(e.TaskDropped(reason_code="cancelled"))

        assert answer.world.task.dropped_for == "cancelled"
        given(CREATED, DROP).when(DROP).then_nothing()

    def test_what_is_done_cannot_be_dropped_nor_what_is_dropped_be_done(self) -> None:
        given(CREATED, FINISH).when(DROP).then_refused("task_done")
        given(CREATED, DROP).when(FINISH).then_refused("task_dropped")
        given(CREATED, DROP).when(DROP.model_copy(update={"reason_code": "twice"})).then_refused(
            "task_dropped"
        )


@pytest.mark.parametrize("command", [ASSIGN, FINISH, DROP])
def test_nothing_is_done_to_a_task_that_never_was(command: c.TaskCommand) -> None:
    given().when(command).then_refused("task_unknown")
