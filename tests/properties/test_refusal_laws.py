"""A refusal lists everything: what alone would refuse a command is named beside all the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages import Command
from domain.orders import commands as c
from domain.refusals import Refusal
from tests.support import spec
from tests.support.examples import COMMANDS, CUP, NOW, actor
from tests.support.strategies import any_command, sequences

PLACED = COMMANDS["order.place"]
CHARGED = COMMANDS["order.charge_payment"].model_copy(update={"actor": actor("api_key")})


def move(*statuses: str) -> list[Command]:
    who = actor("user", "warehouse", "lead")
    step = COMMANDS["order.change_status"].model_copy(update={"actor": who, "reason": "because"})
    return [step.model_copy(update={"to_status": status}) for status in statuses]


HISTORIES: Final[Mapping[str, list[Command]]] = {
    "unknown": [],
    "open": [PLACED, CHARGED],
    "finished": [PLACED, CHARGED, *move("confirmed", "packed", "done")],
}
# Of what is not there the rest cannot be asked: one code, and those that it stands for.
STANDS_FOR: Final[Mapping[str, frozenset[str]]] = {
    "item_unknown": frozenset({"quantity_not_there", "quantity_in_use", "discount_exceeds_price"}),
    "payment_unknown": frozenset({"amount_exceeds_paid", "payment_ambiguous"}),
    "status_unknown": frozenset(
        {"transition_not_allowed", "role_missing", "reason_required", "reason_code_unknown",
         "reason_code_required", "initiator_required", "status_not_failure"}
    ),
}  # fmt: skip
OF_THE_COMMAND: Final = frozenset({"status_differs", "time_not_allowed", "time_in_future"})


@dataclass(frozen=True)
class Wish:
    """A command, and what can be wrong with it, one field each."""

    command: Command
    faults: Mapping[str, Any]


ANYONE: Final = {"expected_status": "lost", "occurred_at": NOW + timedelta(days=1)}
CANCELLED_BY: Final = {"initiator": "client", "reason_code": "changed_mind"}
WISHES: Final = [
    Wish(move("cancelled")[0].model_copy(update=CANCELLED_BY),
         ANYONE | {"to_status": "lost", "reason_code": None, "initiator": None, "reason": None,
                   "actor": actor()}),
    Wish(COMMANDS["order.cancel"],
         ANYONE | {"to_status": "packed", "reason_code": None, "initiator": None}),
    Wish(COMMANDS["order.change_fields"], ANYONE),
    Wish(COMMANDS["order.add_item"], ANYONE | {"line": CUP.model_copy(update={"item_id": "1"})}),
    Wish(COMMANDS["order.change_item"], ANYONE | {"item_id": "9", "discount_minor": 10**9}),
    Wish(COMMANDS["order.move_item"].model_copy(
             update={"to_status": "cancelled", "reason_code": "out_of_stock"}),
         ANYONE | {"item_id": "9", "quantity": 99, "from_status": "shipped", "reason_code": None}),
    Wish(COMMANDS["order.cancel_item"], ANYONE | {"item_id": "9", "quantity": 99}),
    Wish(COMMANDS["order.refund_payment"].model_copy(update={"gateway_ref": None}),
         ANYONE | {"payment_id": "p-9", "amount_minor": 10**9, "currency": "USD"}),
    Wish(COMMANDS["order.add_note"], ANYONE),
    Wish(COMMANDS["order.correct"], ANYONE | {"version": 99, "reason": None}),
]  # fmt: skip


def codes(history: list[Command], command: Command) -> list[str]:
    """Give what a command is refused for, in the order of the answer."""
    return [unmet.code for unmet in spec.given(*history).when(command).unmet]


def expected(alone: list[list[str]]) -> set[str]:
    found = {code for one in alone for code in one}
    if "order_unknown" in found:
        return found & (OF_THE_COMMAND | {"order_unknown"})
    return found - {hidden for code in found for hidden in STANDS_FOR.get(code, ())}


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.command.NAME)
def test_d2_whatever_alone_would_refuse_is_named_beside_the_rest(wish: Wish, history: str) -> None:
    told = HISTORIES[history]
    of_the_order = codes(told, wish.command)
    alone = {
        name: codes(told, wish.command.model_copy(update={name: value}))
        for name, value in wish.faults.items()
    }
    for size in range(2, len(wish.faults) + 1):
        for names in combinations(wish.faults, size):
            update = {name: wish.faults[name] for name in names}
            whole = codes(told, wish.command.model_copy(update=update))

            assert expected([of_the_order, *(alone[name] for name in names)]) <= set(whole), names
            assert len(whole) == len(set(whole)), "a condition is named once"


@settings(max_examples=200)
@given(sequences(any_command, first=st.just(PLACED)), any_command)
def test_d2_the_envelope_of_a_command_hides_nothing_of_its_body(
    script: list[tuple[int, Command]], command: Command
) -> None:
    world, now = spec.given().world, NOW
    for seconds, step in script:
        now += timedelta(seconds=seconds)
        try:
            world.run(step, now)
        except Refusal:
            continue

    def refused(**update: Any) -> list[tuple[str, str | None]]:
        try:
            world.decide(command.model_copy(update=update), now)
        except Refusal as refusal:
            return [(unmet.code, unmet.field) for unmet in refusal.unmet]
        return []

    body = refused(expected_status=None, occurred_at=None)
    whole = refused(expected_status="nowhere", occurred_at=now + timedelta(days=1))

    envelope = [one for one in whole if one[1] in ("expected_status", "occurred_at")]
    assert [one for one in whole if one not in envelope] == body
    assert ("status_differs", "expected_status") in envelope
    if not isinstance(command, c.RecordFacts):
        assert ("time_in_future", "occurred_at") in envelope
