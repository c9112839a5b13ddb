"""Laws of the payment ledger: 10,000 random ledgers and more. What counts is what is in it, never
in which order it came.
"""

from collections import Counter
from datetime import timedelta
from itertools import product
from typing import Any, get_args
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages import Command, Recorded
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.events import stream_of
from domain.orders.ledger import (
    Balance,
    EntryKind,
    Kind,
    LedgerEntry,
    balance,
    balances,
    owed_minor,
    payment_status,
    payments_of,
    refund_status,
    secured_minor,
)
from domain.refusals import Refusal
from services.history import known_by, state_of
from services.order_view import view_of
from tests.support import spec
from tests.support.examples import COMMANDS, NOW, ORDER_ID, actor

PLACE = COMMANDS["order.place"]
FIELDS = [f"{kind}_minor" for kind in get_args(EntryKind)]
HUNDREDS = st.sampled_from([0, 1, 50, 100, 100, 150, 200])


# Every entry that there may be: drawn from a list, 10,000 ledgers take seconds.
ENTRIES = [
    LedgerEntry(0, payment_id, kind, amount, currency)
    for payment_id, kind, amount, currency in product(
        ["p-1", "p-2"], get_args(Kind), [1, 50, 100, 200], ["EUR", "USD"]
    )
] + [LedgerEntry(0, None, "granted", amount, "EUR") for amount in (1, 50, 100, 200, -50, -100)] * 3
ledgers = st.lists(st.sampled_from(ENTRIES), max_size=12)


def sums(total: Balance) -> Counter[str]:
    """The sums as something that can be added, below zero too."""
    return Counter({name: getattr(total, name) for name in FIELDS})


@settings(max_examples=4_000, deadline=None)
@given(entries=ledgers, shuffle=st.randoms(use_true_random=False), due=HUNDREDS)
def test_d6_any_interleaving_of_a_ledger_gives_the_same(
    entries: list[LedgerEntry], shuffle: Any, due: int
) -> None:
    other = [*entries]
    shuffle.shuffle(other)

    one, two = balance(entries, "EUR"), balance(other, "EUR")

    assert one == two
    assert payment_status(one, due) == payment_status(two, due)
    assert refund_status(one) == refund_status(two)
    assert owed_minor(one, due) == owed_minor(two, due)


@settings(max_examples=2_000, deadline=None)
@given(entries=ledgers, cut=st.integers(0, 12))
def test_d6_a_ledger_sums_what_came_until_a_moment_and_what_came_after(
    entries: list[LedgerEntry], cut: int
) -> None:
    until, after = balance(entries[:cut], "EUR"), balance(entries[cut:], "EUR")
    whole = sums(until)
    whole.update(sums(after))

    assert sums(balance(entries, "EUR")) == whole


@settings(max_examples=2_000, deadline=None)
@given(entries=ledgers)
def test_d6_payments_and_promises_together_are_the_whole_ledger(
    entries: list[LedgerEntry],
) -> None:
    whole: Counter[str] = Counter()
    for payment_id in payments_of(entries):
        whole.update(sums(balance(entries, "EUR", payment_id)))
    whole["granted_minor"] += sum(x.amount_minor for x in entries if x.kind == "granted")

    assert sums(balance(entries, "EUR")) == whole


@settings(max_examples=2_000, deadline=None)
@given(entries=ledgers)
def test_d6_all_payments_summed_at_once_are_each_of_them_summed_alone(
    entries: list[LedgerEntry],
) -> None:
    alone = {name: balance(entries, "EUR", name) for name in payments_of(entries)}

    assert list(balances(entries, "EUR").items()) == list(alone.items())


@settings(max_examples=2_000, deadline=None)
@given(entries=ledgers, due=HUNDREDS)
def test_d6_the_payment_status_says_what_is_with_us(entries: list[LedgerEntry], due: int) -> None:
    total = balance(entries, "EUR")
    status, paid = payment_status(total, due), total.paid_minor

    assert (status == "overpaid") == (paid > due and paid > 0)
    assert (status in ("paid", "overpaid")) == (
        paid >= due and (paid > 0 or total.charged_minor == 0)
    )
    assert (status in ("partly_paid", "partly_refunded")) == (0 < paid < due)
    if status in ("refunded", "charged_back"):
        assert paid <= 0 < total.charged_minor
    if status in ("not_paid", "submitted", "authorised"):
        assert paid <= 0 == total.charged_minor


@settings(max_examples=2_000, deadline=None)
@given(entries=ledgers)
def test_d6_the_refund_status_says_what_went_back_and_what_is_promised(
    entries: list[LedgerEntry],
) -> None:
    total = balance(entries, "EUR")
    status, went_back = refund_status(total), total.refunded_minor > 0

    assert (status in ("partly_refunded", "refunded")) == went_back
    assert (status == "refunded") == (went_back and total.paid_minor <= 0)
    assert (status == "granted") == (not went_back and total.to_refund_minor > 0)
    assert total.to_refund_minor == max(total.granted_minor - total.refunded_minor, 0)


@settings(max_examples=2_000, deadline=None)
@given(entries=ledgers, due=HUNDREDS)
def test_d6_what_is_still_to_pay_never_came_or_the_bank_took_it_back(
    entries: list[LedgerEntry], due: int
) -> None:
    total = balance(entries, "EUR")
    owed = owed_minor(total, due)

    never_came = due - total.charged_minor + total.charged_back_minor
    assert max(owed, 0) == min(max(never_came, 0), due)
    assert min(owed, 0) == min(due - total.paid_minor, 0)
    if payment_status(total, due) in ("paid", "overpaid"):
        assert owed <= 0


@settings(max_examples=300, deadline=None)
@given(entries=ledgers, hours=st.lists(st.integers(1, 9), min_size=12, max_size=12),
       asked=st.integers(0, 10))  # fmt: skip
def test_d6_an_order_as_of_any_date_has_what_the_ledger_says_up_to_then(
    entries: list[LedgerEntry], hours: list[int], asked: int
) -> None:
    told = [*zip(entries, hours, strict=False)]
    events = [_recorded(1, 0, _placed())]
    events += [_recorded(n, at, _event(x)) for n, (x, at) in enumerate(told, 2)]

    then = known_by(events, NOW + timedelta(hours=asked), None)
    view = view_of(state_of(then), ORDER_ID)
    order = state_of(then)

    total = balance([entry for entry, at in told if at <= asked], order.currency)
    assert view["paid_minor"] == total.paid_minor
    assert view["granted_minor"] == total.granted_minor
    assert view["refund_status"] == refund_status(total)
    assert view["payment_status"] == payment_status(total, order.due_minor)


def _placed() -> e.OrderPlaced:
    return next(x for x in spec.given().when(PLACE).events if isinstance(x, e.OrderPlaced))


def _event(entry: LedgerEntry) -> Any:
    body: dict[str, Any] = {"amount_minor": entry.amount_minor, "currency": entry.currency}
    if entry.kind == "granted":
        return e.RefundGranted(**body)
    body["payment_id"] = entry.payment_id
    if entry.kind == "submitted":
        return e.PaymentSubmitted(**body, method="card")
    return e.PAYMENT_EVENTS[entry.kind](**body)


def _recorded(version: int, hours: int, event: Any) -> Recorded:
    at = NOW + timedelta(hours=hours)
    return Recorded(
        position=version,
        stream_id=stream_of(ORDER_ID),
        version=version,
        shard=0,
        event=event,
        command_id=UUID(int=version),
        correlation_id=UUID(int=version),
        causation_id=None,
        actor_kind="user",
        actor_id="ann",
        on_behalf_of=None,
        reason=None,
        source="test",
        occurred_at=at,
        recorded_at=at,
    )


CALLBACKS = st.lists(
    st.tuples(
        st.sampled_from(
            [c.AuthorisePayment, c.ChargePayment, c.RefundPayment, c.ChargeBackPayment]
        ),
        st.sampled_from(["p-1", "p-2"]),
        st.sampled_from([1, 50, 1_650]),
    ),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(told=CALLBACKS, shuffle=st.randoms(use_true_random=False))
def test_d6_callbacks_of_a_gateway_in_any_order_and_again_are_never_an_error(
    told: list[tuple[Any, str, int]], shuffle: Any
) -> None:
    callbacks = [_callback(number, *one) for number, one in enumerate(told)]
    again = [*callbacks, *callbacks]
    shuffle.shuffle(again)
    one, other = spec.given(PLACE).world, spec.given(PLACE).world
    for callback in callbacks:
        one.run(callback, NOW)
    for callback in again:
        other.run(callback, NOW)

    assert one.order.balance == other.order.balance
    assert one.order.payment_status == other.order.payment_status
    assert one.order.refund_status == other.order.refund_status
    assert len(other.order.ledger) == len(callbacks)


TOLD = st.lists(
    st.tuples(
        st.sampled_from(
            [c.AuthorisePayment, c.ChargePayment, c.RefundPayment, c.ChargeBackPayment]
        ),
        st.sampled_from([None, "p-1", "p-2"]),
        st.sampled_from([None, "card"]),
        st.sampled_from([1, 50, 1_650]),
        st.sampled_from(["g-1", "g-2", "g-3"]),
    ),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(told=TOLD, shuffle=st.randoms(use_true_random=False), announced=st.booleans())
def test_d6_a_gateway_may_leave_open_which_payment_and_repeat_a_reference_with_other_amounts(
    told: list[tuple[Any, str | None, str | None, int, str]], shuffle: Any, announced: bool
) -> None:
    """Nothing is refused, whatever comes first; what moved is in the books once."""
    other = [*told, *told]
    shuffle.shuffle(other)
    orders = []
    for facts in (told, other):
        world = spec.given(PLACE, *([COMMANDS["order.submit_payment"]] if announced else [])).world
        for number, (kind, payment_id, method, minor, ref) in enumerate(facts):
            incoming = issubclass(kind, c.IncomingPayment)
            said = {"payment_id": payment_id, "gateway_ref": ref} | (
                {"method": method} if incoming else {}
            )
            told_by = {"command_id": UUID(int=100 + number), "actor": actor("api_key")}
            world.run(
                kind(**told_by, order_id=ORDER_ID, amount_minor=minor, currency="EUR", **said), NOW
            )
        orders.append(world.order)

    moved: Counter[str] = Counter()
    for kind, minor, _ in {(kind, minor, ref) for kind, _, _, minor, ref in told}:
        moved[f"{kind.KIND}_minor"] += minor
    for order in orders:
        found = sums(order.balance)
        assert {name: found[name] for name in moved} == moved
    one, two = orders
    assert one.payment_status == two.payment_status
    assert one.refund_status == two.refund_status


WISHES = st.lists(
    st.tuples(
        st.sampled_from([c.RefundPayment, c.ChargeBackPayment]),
        st.sampled_from([None, "p-1", "p-2", "payment-1", "payment-2"]),
        st.sampled_from([None, 1, 50, 1_650]),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(told=TOLD, wishes=WISHES)
def test_d6_whatever_facts_came_no_decision_makes_more_go_back_than_came_in(
    told: list[tuple[Any, str | None, str | None, int, str]],
    wishes: list[tuple[Any, str | None, int | None]],
) -> None:
    world = spec.given(PLACE).world
    for number, (kind, payment_id, _, minor, ref) in enumerate(told):
        fact = _callback(number, kind, payment_id, minor)
        world.run(fact.model_copy(update={"gateway_ref": ref}), NOW)
    for kind, of, wished in wishes:
        wish = kind(
            command_id=UUID(int=200), actor=actor(), order_id=ORDER_ID, payment_id=of,
            amount_minor=wished, currency="EUR",
        )  # fmt: skip
        try:
            world.run(wish, NOW)
        except Refusal:
            continue
        assert world.order.balance.paid_minor >= 0


@settings(max_examples=200, deadline=None)
@given(
    promised=st.lists(
        st.tuples(st.sampled_from([50, 100, 250]), st.sampled_from([1, 50, 100, 250])), max_size=4
    ),
    announced=st.lists(st.sampled_from([50, 100, 250]), max_size=3),
    shuffle=st.randoms(use_true_random=False),
)
def test_d6_what_comes_in_of_what_is_authorised_is_secured_once_whichever_is_told_first(
    promised: list[tuple[int, int]], announced: list[int], shuffle: Any
) -> None:
    world = spec.given(PLACE).world
    for number, minor in enumerate(announced):
        body = {"payment_id": f"p-{number}", "amount_minor": minor}
        world.run(COMMANDS["order.submit_payment"].model_copy(update=body), NOW)
    told = []
    for number, (authorised, charged) in enumerate(promised):
        for kind, minor in ((c.AuthorisePayment, authorised), (c.ChargePayment, charged)):
            fact = _callback(number, kind, None, min(minor, authorised))
            told.append(fact)
    shuffle.shuffle(told)
    for fact in told:
        world.run(fact, NOW)

    assert secured_minor(world.order.ledger, "EUR") == sum(minor for minor, _ in promised)


def _callback(
    number: int, kind: type[c.PaymentCommand], payment_id: str | None, minor: int
) -> Command:
    return kind(
        command_id=UUID(int=100 + number), actor=actor("api_key"), order_id=ORDER_ID,
        payment_id=payment_id, amount_minor=minor, currency="EUR", gateway_ref=f"g-{number}",
    )  # fmt: skip
