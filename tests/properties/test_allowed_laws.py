"""What is said to be allowed is what then happens, for any path, order and role (R3, D2)."""

from typing import Any
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import Facts
from domain.messages import Actor
from domain.orders import commands as c
from domain.orders.allowed import Move, list_fields, list_moves
from domain.orders.context import Situation
from domain.orders.decide import decide, place
from domain.orders.fields import FIELDS
from domain.orders.order import Order
from domain.paths.path import OrderPath
from domain.refusals import Refusal, Unmet
from tests.support.examples import NOW, ORDER_ID, TEA
from tests.support.spec import Stored

ROLES = ("manager", "warehouse", "lead")
CODES = ("a", "b", "c", "d", "e")
CONDITIONS = (
    "order.paid_minor >= order.total_minor",
    "items.all(i, i.reserved == i.quantity)",
    "'lead' in actor.roles",
    "order.status == 'a' || order.items_status == 'ordered'",
    "1000 / order.paid_minor > 1",
)
some_roles = st.lists(st.sampled_from(ROLES), max_size=2, unique=True)


@st.composite
def paths(draw: st.DrawFn) -> OrderPath:
    codes = CODES[: draw(st.integers(2, 5))]
    code = st.sampled_from(codes)
    statuses = {
        one: {"stage": "s"}
        | draw(
            st.sampled_from(
                [{}, {}, {"final": "failure"}, {"final": "success"}, {"pauses_clock": True}]
            )
        )
        | draw(st.sampled_from([{}, {"limit": {"wall": "1h"}}]))
        | ({"active": False} if one != codes[0] and draw(st.integers(0, 9)) == 0 else {})
        for one in codes
    }
    guards = st.builds(
        lambda when: {"code": "not_yet", "when": when, "message": "Not yet"},
        st.sampled_from(CONDITIONS),
    )
    moves = st.fixed_dictionaries(
        {"from": st.one_of(code, st.just("*")), "to": code, "roles": some_roles},
        optional={
            "require": st.lists(
                st.sampled_from(["reason_code", "initiator", "reason"]), unique=True
            ),
            "reasons": st.just(["late", "broken"]),
            "override": st.booleans(),
            "approval": st.fixed_dictionaries(
                {"by": st.just(["lead"])}, optional={"not_self": st.booleans()}
            ),
            "guards": st.lists(guards, max_size=2),
        },
    )
    rights = st.fixed_dictionaries(
        {},
        optional={"edit": some_roles, "never": some_roles, "closed_in": st.lists(code, max_size=2)},
    )
    return OrderPath.model_validate(
        {
            "path": "random",
            "stages": ["s"],
            "statuses": statuses,
            "initial": [
                *draw(
                    st.lists(
                        st.builds(
                            lambda when: {"status": codes[0], "when": when},
                            st.sampled_from(CONDITIONS),
                        ),
                        max_size=1,
                    )
                ),
                {"status": codes[0]},
            ],
            "transitions": draw(st.lists(moves, max_size=8)),
            "fields": draw(st.dictionaries(st.sampled_from(FIELDS), rights, max_size=3)),
        }
    )


def who(roles: list[str], by: str = "ann") -> dict[str, Any]:
    actor = Actor(kind="user", id=by, roles=tuple(roles))
    return {"command_id": uuid4(), "actor": actor, "order_id": ORDER_ID}


def seen(order: Order, path: OrderPath, roles: list[str]) -> Situation:
    actor = Actor(kind="user", id="ann", roles=tuple(roles))
    return Situation(ORDER_ID, order, path, actor, NOW)


def after(path: OrderPath, order: Order, command: c.OrderCommand) -> Order | tuple[Unmet, ...]:
    """Give the order after the command, or what stands against it."""
    facts = Facts({("random", 1): path})
    try:
        if isinstance(command, c.PlaceOrder):
            decided = place(order, ("random", 1), command, facts, NOW)
        else:
            decided = decide(order, command, facts, NOW)
    except Refusal as refusal:
        return refusal.unmet
    for one in decided[command.stream_id]:
        order = order.evolve(Stored(one.event, order.version + 1, one.occurred_at))
    return order


def said(move: Move) -> dict[str, str]:
    """Say all that the move asks for."""
    words = {"reason_code": (*move.reasons, "any")[0], "initiator": "client", "reason": "because"}
    return {name: words[name] for name in move.asks}


@settings(max_examples=300)
@given(paths(), st.data())
def test_allowed_moves_are_those_that_then_succeed(path: OrderPath, data: st.DataObject) -> None:
    order: Any = after(
        path, Order(), c.PlaceOrder(**who([]), path="random", currency="EUR", lines=(TEA,))
    )
    for _ in range(3):
        roles = data.draw(some_roles)
        if data.draw(st.booleans()):
            target = data.draw(st.sampled_from(list(path.statuses)))
            agreed = after(path, order, c.ApproveMove(**who(["lead"], by="bob"), to_status=target))
            order = agreed if isinstance(agreed, Order) else order
        moves = list_moves(seen(order, path, roles))
        outcomes = {
            move.to_status: after(
                path, order, c.ChangeStatus(**who(roles), to_status=move.to_status, **said(move))
            )
            for move in moves
        }
        for move in moves:
            found = outcomes[move.to_status]
            if move.is_open:
                assert isinstance(found, Order)
                assert found.status == move.to_status
            else:
                assert found == move.unmet
        ways = [found for found in outcomes.values() if isinstance(found, Order)]
        if not ways:
            break
        order = data.draw(st.sampled_from(ways))


@settings(max_examples=200)
@given(paths(), some_roles, st.data())
def test_fields_that_may_be_edited_are_those_that_then_change(
    path: OrderPath, roles: list[str], data: st.DataObject
) -> None:
    order: Any = after(
        path, Order(), c.PlaceOrder(**who([]), path="random", currency="EUR", lines=(TEA,))
    )
    for move in list_moves(seen(order, path, roles)):
        if move.is_open and data.draw(st.booleans()):
            order = after(
                path, order, c.ChangeStatus(**who(roles), to_status=move.to_status, **said(move))
            )
            break
    for field in list_fields(seen(order, path, roles)):
        value = NOW if field.name == "promised_at" else "other"
        found = after(path, order, c.ChangeFields(**who(roles), **{field.name: value}))
        if field.is_open:
            assert isinstance(found, Order)
            assert found.field_value(field.name) == value
        else:
            assert found == field.unmet


@given(paths(), some_roles)
def test_a_move_that_says_nothing_is_refused_with_all_that_is_asked_and_all_else(
    path: OrderPath, roles: list[str]
) -> None:
    order: Any = after(
        path, Order(), c.PlaceOrder(**who([]), path="random", currency="EUR", lines=(TEA,))
    )
    for move in list_moves(seen(order, path, roles)):
        found = after(path, order, c.ChangeStatus(**who(roles), to_status=move.to_status))
        codes = [unmet.code for unmet in found] if isinstance(found, tuple) else []
        assert codes == [u.code for u in move.unmet] + [f"{name}_required" for name in move.asks]
