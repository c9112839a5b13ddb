"""Answers to commands, as JSON: every way in which a command can end has its kind."""

import json
from typing import Any
from uuid import UUID

import pytest

from domain.answers import MAX_BYTES, TURNED_AWAY, Answer, answer_of, answer_to
from domain.messages import Outcome
from domain.refusals import (
    CommandIdReused,
    CommandUnreadable,
    Conflict,
    FactIdReused,
    InfraError,
    Unmet,
)
from domain.wire import decode
from tests.support.examples import PATH

ID = UUID(int=17)
UNMET = Unmet(code="lines_required", field="lines", message="Name what is ordered")


def sent(outcome: Outcome) -> Any:
    return json.loads(answer_of(outcome).encode())


def test_an_accepted_command_is_answered_with_the_positions_of_its_events() -> None:
    outcome = Outcome(ID, "accepted", 5, 7, {"order-17": 3}, repeated=True)

    assert sent(outcome) == {
        "command_id": str(ID),
        "kind": "accepted",
        "positions": {"first": 5, "last": 7},
        "versions": {"order-17": 3},
        "unmet": [],
        "error": None,
        "repeated": True,
    }


def test_a_refused_one_is_answered_with_every_unmet_condition() -> None:
    answer = sent(Outcome(ID, "refused", unmet=(UNMET,)))

    assert answer["kind"] == "refused"
    assert answer["positions"] is None
    assert answer["unmet"] == [UNMET.model_dump()]


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (Conflict("order-17", 3, 4), "conflict", "conflict"),
        (CommandIdReused(ID), "reused", "command_id_reused"),
        (FactIdReused(), "invalid", "fact_id_reused"),
        (CommandUnreadable(UNMET, command_id=ID), "invalid", "command_unreadable"),
        (InfraError("log_gap", "Position 3 is missing"), "failed", "log_gap"),
        (ZeroDivisionError("by Anna"), "failed", "command_failed"),
    ],
)
def test_what_has_no_outcome_is_answered_with_an_error(
    error: Exception, kind: str, code: str
) -> None:
    answer = answer_to(error, ID)

    assert (answer.command_id, answer.kind) == (ID, kind)
    assert answer.error is not None
    assert answer.error.code == code
    assert "Anna" not in answer.error.message


def test_an_answer_fits_a_record_however_much_is_unmet() -> None:
    many = tuple(UNMET.model_copy(update={"message": "x" * 1_000}) for _ in range(5_000))

    value = answer_of(Outcome(ID, "refused", unmet=many)).encode()

    assert MAX_BYTES / 3 < len(value) <= MAX_BYTES


def test_an_answer_to_what_cannot_be_read_fits_a_record_however_much_was_sent() -> None:
    status = {"stage": "intake", "limit": {"wall": "\x7f" * 200_000}}
    definition = PATH.content | {"statuses": {"new": status}}
    command = {"command": "path.publish", "command_id": str(ID), "definition": definition}
    command["actor"] = {"kind": "user", "id": "ann"}
    with pytest.raises(CommandUnreadable) as raised:
        decode(json.dumps(command).encode())

    answer = answer_to(raised.value, None)

    assert len(answer.encode()) < 10_000
    assert all("\x7f" * 65 not in unmet.message for unmet in answer.unmet)


def test_an_answer_without_anything_to_leave_out_is_written_as_it_is() -> None:
    answer = Answer(command_id=ID, kind="failed", versions={"x" * MAX_BYTES: 1})

    assert len(answer.encode()) > MAX_BYTES


def test_who_was_turned_away_has_no_outcome_and_sends_the_same_again() -> None:
    unmet = Unmet(code="too_many_refusals", message="Refused too often", needed="try again later")

    answer = answer_of(Outcome(UUID(int=1), "refused", unmet=(unmet,)))

    assert (answer.kind, answer.unmet) == ("failed", ())
    assert answer.error is not None
    assert (answer.error.code, "try again later" in answer.error.message) == (TURNED_AWAY, True)
