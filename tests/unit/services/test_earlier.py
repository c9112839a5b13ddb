"""What asks for the answer of a command that got none, for a fault below, waits for that."""

from uuid import UUID, uuid4

import pytest

from domain.refusals import FactIdReused, InfraError
from services.earlier import MOST_UNANSWERED, Unanswered
from tests.support.examples import COMMANDS

COMMAND = next(iter(COMMANDS.values()))
AWAY = InfraError("database_unavailable", "the database is away")
DAMAGED = InfraError("event_unreadable", "position 7 cannot be read", "order-7")


@pytest.mark.parametrize("fault", [AWAY, DAMAGED])
def test_whoever_asks_for_an_answer_that_is_to_come_yet_waits_and_is_told_why(
    fault: InfraError,
) -> None:
    unanswered = Unanswered()
    unanswered.note(COMMAND, fault)

    with pytest.raises(InfraError, match=str(fault)) as caught:
        unanswered.check({uuid4(), COMMAND.command_id})

    assert (caught.value.code, caught.value.stream_id) == ("earlier_unanswered", fault.stream_id)


def test_nobody_waits_for_what_is_decided_now_nor_for_what_failed_for_its_own_fault() -> None:
    unanswered = Unanswered()
    unanswered.note(COMMAND, AWAY)
    unanswered.decided(COMMAND)
    unanswered.note(COMMAND, FactIdReused())

    unanswered.check({COMMAND.command_id})


def test_the_latest_are_remembered_however_many_there_are() -> None:
    unanswered = Unanswered()
    for number in range(MOST_UNANSWERED + 1):
        unanswered.note(COMMAND.model_copy(update={"command_id": UUID(int=number)}), AWAY)

    unanswered.check({UUID(int=0)})
    with pytest.raises(InfraError):
        unanswered.check({UUID(int=1)})
