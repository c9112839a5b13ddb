"""What goes wrong over HTTP: what is told of it, and what is a fault of ours."""

import pytest
from pydantic import BaseModel, ValidationError

from services.api.problems import Misread, Problem, problem_of, reading_parameters


class Asked(BaseModel):
    """Parameters of a place."""

    limit: int


def test_parameters_that_are_wrong_are_named_without_what_was_given() -> None:
    with pytest.raises(Misread) as raised, reading_parameters():
        Asked.model_validate({"limit": "Anna"})

    problem = problem_of(raised.value)
    assert problem is not None
    assert (problem.told_status, problem.code) == (422, "unusable")
    assert [one.field for one in problem.unmet] == ["limit"]
    assert "Anna" not in repr(problem)


def test_what_is_not_valid_anywhere_else_is_a_fault_of_ours_and_no_parameter() -> None:
    with pytest.raises(ValidationError) as raised:
        Asked.model_validate({"limit": "Anna"})

    assert problem_of(raised.value) is None


@pytest.mark.parametrize(("wait", "told"), [(0.01, "1"), (3.0, "3"), (3.42, "4")])
def test_who_waits_as_long_as_he_is_told_has_waited_long_enough(wait: float, told: str) -> None:
    assert Problem("too_many", "later", retry_seconds=wait).headers["Retry-After"] == told
