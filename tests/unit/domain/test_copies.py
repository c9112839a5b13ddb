"""Copies of commands and other shapes: they say what they say, whatever the first one was asked."""

from functools import cached_property
from uuid import UUID

import pytest

from domain.messages import Command
from domain.orders.commands import AddNote
from tests.support.examples import COMMANDS, EVENTS, ORDER_ID
from tests.support.spec import given

OTHER = UUID(int=99)


def worked_out(command: Command) -> set[str]:
    """Name what a command works out once and keeps."""
    kept = (vars(kind) for kind in type(command).__mro__)
    return {name for of in kept for name, value in of.items() if isinstance(value, cached_property)}


def test_a_copy_of_a_command_for_another_order_goes_to_that_order() -> None:
    note = COMMANDS["order.add_note"]
    assert isinstance(note, AddNote)
    assert note.stream_id == f"order-{ORDER_ID}"

    other = note.model_copy(update={"order_id": OTHER})

    assert other.stream_id == f"order-{OTHER}"
    assert note.stream_id == f"order-{ORDER_ID}"


def test_what_a_copy_for_another_order_does_is_done_to_that_order() -> None:
    note = COMMANDS["order.add_note"]
    given(EVENTS["order.placed.v1"]).when(note)

    unmet = given(EVENTS["order.placed.v1"]).when(note.model_copy(update={"order_id": OTHER})).unmet

    assert [one.code for one in unmet] == ["order_unknown"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_copy_keeps_nothing_that_was_worked_out_of_the_first_one(name: str) -> None:
    command = COMMANDS[name]
    kept = worked_out(command)
    before = {one: getattr(command, one) for one in kept}

    copied = command.model_copy(update={"correlation_id": OTHER})

    assert copied.__dict__.keys() == type(command).model_fields.keys()
    assert {one: getattr(copied, one) for one in kept} == before
