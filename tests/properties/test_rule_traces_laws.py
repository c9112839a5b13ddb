"""Laws of what an action of a rule leaves on an order: lint, the graph and the commands know it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.effects.commands import MarkSent
from domain.effects.events import EffectRequested
from domain.messages import Actor, Command
from domain.orders import commands as c
from domain.orders.deadline_events import DeadlinePassed
from domain.paths.path import OrderPath
from domain.refusals import Refusal
from domain.rules.judging import Sight
from domain.rules.leading import Step, traces_of
from domain.rules.left_by import events_left_by, fields_left_by
from domain.rules.triggers import CHANGING, EVENT_NAMES
from domain.stock.commands import ReceiveStock
from domain.templates.line import PublishTemplate
from tests.properties.test_goods_laws import JOURNEYS, LINES, SKUS, STATUSES
from tests.properties.test_goods_laws import effects as entering
from tests.support.examples import ORDER_ID, actor
from tests.support.outgoing import TEMPLATE
from tests.support.rules import Watch, rule_of, watched_by

ENDS = {"done": "success", "cancelled": "failure"}
SENDER = Actor(kind="system", id="sender")
CLOCK = Actor(kind="clock", id="clock")
MAIL = {"notify": "mail", "to": {"user": "ann"}, "template": "on_its_way"}


def path_of(effects: Sequence[Any], *, limited: Sequence[str], keeps: bool) -> OrderPath:
    """Make a path that leads from everywhere to everywhere. keeps: whether it keeps stock"""
    statuses = {
        code: {"stage": ("one", "other")[number % 2]}
        | ({"on_enter": _without_stock(effect, keeps)} if effect else {})
        | ({"final": ENDS[code]} if code in ENDS else {})
        | ({"limit": {"wall": "10m", "warn": "50%"}} if code in limited else {})
        for number, (code, effect) in enumerate(zip(STATUSES, [None, *effects], strict=True))
    }
    written = {
        "path": "shop",
        "stages": ["one", "other"],
        "statuses": statuses,
        "initial": [{"status": "new"}],
        "transitions": [
            {"from": ["new"], "to": ["back"], "override": True},
            {"from": STATUSES, "to": STATUSES},
        ],
        "follow": [
            {"items": "reserved", "from": "confirmed", "to": "packed"},
            {"items": "shipped", "from": "packed", "to": "sent"},
        ],
    }
    return OrderPath.model_validate(written | ({"stock": {"locations": ["main"]}} if keeps else {}))


def _without_stock(effect: dict[str, Any], keeps: bool) -> dict[str, Any]:
    return {name: value for name, value in effect.items() if keeps or name != "stock"}


paths = st.builds(
    path_of,
    st.lists(entering, min_size=6, max_size=6),
    limited=st.lists(st.sampled_from(STATUSES), unique=True),
    keeps=st.booleans(),
)
moves = st.sampled_from(STATUSES[1:]).map(lambda to: {"move": to, "reason": "By rule"})
actions = st.one_of(
    moves,
    moves,
    st.just({"assign": {"group": "a"}}),
    st.just({"set": {"track_number": "T1"}}),
    st.just({"set": {"delivery_method": "post"}}),
    st.just({"note": "Again"}),
    st.just({"issue": "invoice"}),
    st.sampled_from(["order", "invoice"]).map(lambda paper: {**MAIL, "attach": paper}),
    st.just(MAIL),
    st.just({"task": "Look", "to": {"user": "ann"}}),
    st.just({"alert": "Look", "to": {"user": "ann"}}),
    st.just({"webhook": "erp"}),
)


def who() -> dict[str, Any]:
    return {"command_id": uuid4(), "actor": actor(), "order_id": ORDER_ID}


def travels(item: str, journey: tuple[str, ...]) -> list[Command]:
    return [
        c.MoveItem(**who(), item_id=item, quantity=1, from_status=one, to_status=other,
                   reason_code="late")
        for one, other in pairwise(journey)
    ]  # fmt: skip


def moved_to(status: str) -> list[Command]:
    said: dict[str, Any] = {"reason_code": "late", "initiator": "shop", "reason": "Why"}
    return [c.ChangeStatus(**who(), to_status=status, **said)]


steps = st.lists(
    st.one_of(
        st.sampled_from(STATUSES).map(moved_to),
        st.builds(travels, st.sampled_from("123"), st.sampled_from(JOURNEYS)),
        st.builds(lambda: [c.IssueDocument(**who(), kind="invoice")]),
        st.builds(lambda: [c.ChargePayment(**who(), amount_minor=400, currency="EUR")]),
    ),
    max_size=5,
)


PLAIN = path_of([None] * 6, limited=[], keeps=False)
CANCELLING = path_of([None, {"items": {"to": "cancelled"}}, *[None] * 4], limited=[], keeps=False)
RESERVING = path_of([{"stock": "reserve"}, *[None] * 5], limited=["packed"], keeps=True)
LIMITED = path_of([None] * 6, limited=["back"], keeps=False)
INVOICE: list[list[Command]] = [[c.IssueDocument(**who(), kind="invoice")]]
ENTERED = "order.status_changed"
PIECES = ("order.item_status_changed", "order.reservation_changed")
EXAMPLES: list[tuple[OrderPath, list[list[Command]], dict[str, Any], set[str]]] = [
    (CANCELLING, [], {"move": "packed"}, {ENTERED, PIECES[0]}),
    (RESERVING, [], {"move": "confirmed"}, {ENTERED, *PIECES, "order.deadline_passed"}),
    (RESERVING, [moved_to("confirmed")], {"move": "done"}, {ENTERED, *PIECES}),
    (LIMITED, [], {"move": "back", "reason": "By rule"},
     {ENTERED, "order.override_used", "order.deadline_passed"}),
    (PLAIN, [], {"set": {"track_number": "T1"}}, {"order.fields_changed"}),
    (PLAIN, [], {"assign": {"group": "a"}}, {"order.owner_assigned"}),
    (PLAIN, [], {"note": "Again"}, {"order.note_added"}),
    (PLAIN, [], {"issue": "invoice"}, {"order.document_issued"}),
    (PLAIN, INVOICE, {**MAIL, "attach": "invoice"}, {"order.document_moved"}),
    (PLAIN, INVOICE, MAIL, set()),
]  # fmt: skip


@pytest.mark.parametrize(("path", "happening", "action", "events"), EXAMPLES)
def test_what_an_action_leaves_on_an_order_was_foreseen(
    path: OrderPath, happening: list[list[Command]], action: dict[str, Any], events: set[str]
) -> None:
    found = _all_foreseen(path, happening, action)

    assert {sight.name for sight in found} == events


@given(path=paths, happening=steps, action=actions)
@settings(max_examples=150, deadline=None)
def test_whatever_an_action_leaves_on_whatever_order_was_foreseen(
    path: OrderPath, happening: list[list[Command]], action: dict[str, Any]
) -> None:
    _all_foreseen(path, happening, action)


def _all_foreseen(
    path: OrderPath, happening: list[list[Command]], action: dict[str, Any]
) -> list[Sight]:
    """Let a rule act behind all that happens; give what it led to, all of which was foreseen."""
    rule = rule_of(on=[{"event": "order.note_added"}], then=[action], limits={"per_order": 1})
    watched = watched_by(rule, paths=(path,), carrying_out=True)
    _try(watched, _beginning())
    for one in happening:
        _try(watched, one)
    known = len(watched.log)
    _try(watched, [c.AddNote(**who(), text="Now")])
    _carry_on(watched)

    (asked,) = rule.then
    left = traces_of(rule, [path]).steps
    found = [*_of_the_rule(watched.log[known:])]
    for sight in found:
        assert _is_foreseen(sight, left), sight.happened.event
        if sight.order_id is not None and not isinstance(sight.happened.event, DeadlinePassed):
            assert sight.name in events_left_by(asked)
            assert {one for one in CHANGING if sight.change(one)} <= fields_left_by(asked)
    return found


def _beginning() -> list[Command]:
    room = [ReceiveStock(command_id=uuid4(), actor=actor(), sku=sku, quantity=9) for sku in SKUS]
    placed = c.PlaceOrder(**who(), path="shop", currency="EUR", lines=LINES)
    template = PublishTemplate(command_id=uuid4(), actor=actor(), definition=TEMPLATE)
    return [*room, template, placed]


def _try(watched: Watch, commands: Sequence[Command]) -> None:
    for command in commands:
        try:
            watched.when(command)
        except Refusal:
            continue


def _carry_on(watched: Watch) -> None:
    """Send what the rule asked for, and let the limit of the status in which it left the order
    end.
    """
    asked = [one.happened for one in watched.log if isinstance(one.happened.event, EffectRequested)]
    for one in asked:
        _try(watched, [MarkSent(command_id=uuid4(), actor=SENDER, effect_id=one.entity_id,
                                attempt=1)])  # fmt: skip
    for deadline in watched.order.limit.deadlines:
        entered = watched.order.limit.entered
        watched.now = max(watched.now, deadline.at)
        passed = {"entered": entered, "level": deadline.level, "due_at": deadline.at}
        _try(watched, [c.PassDeadline(**{**who(), "actor": CLOCK}, **passed)])


def _of_the_rule(log: Sequence[Sight]) -> Iterator[Sight]:
    """Give what the rule did, what was sent for it, and what the clock told of where it led."""
    has_moved = False
    for sight in log:
        kind = sight.happened.actor_kind
        has_moved |= kind == "trigger" and sight.change("status") is not None
        if sight.name in EVENT_NAMES and (
            kind in ("trigger", "system") or (kind == "clock" and has_moved)
        ):
            yield sight


def _is_foreseen(sight: Sight, left: Sequence[Step]) -> bool:
    """Whether a step has the event with all that it changes, and knows what has become of it."""
    changed = {name: change.new for name in CHANGING if (change := sight.change(name))}
    return any(
        sight.name in step.events
        and sight.cause.level in step.levels
        and changed.keys() <= step.values.keys()
        and all((to := step.values[name]) is None or new in to for name, new in changed.items())
        and ((there := step.stays.get("status")) is None or sight.after.status in there)
        for step in left
    )
