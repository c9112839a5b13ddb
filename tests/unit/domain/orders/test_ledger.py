"""The payment status as a function of sums."""

from dataclasses import fields
from typing import get_args

import pytest

from domain.orders.events import ORDER_EVENTS, PAYMENT_EVENTS
from domain.orders.ledger import (
    Balance,
    EntryKind,
    Kind,
    LedgerEntry,
    PaymentStatus,
    RefundStatus,
    balance,
    owed_minor,
    payment_status,
    refund_status,
)


@pytest.mark.parametrize(
    ("sums", "due", "status"),
    [
        ({}, 100, "not_paid"),
        ({}, None, "not_paid"),
        ({}, 0, "paid"),
        ({"submitted": 100, "authorised": 100}, 0, "paid"),
        ({"charged": 100, "refunded": 100}, 0, "refunded"),
        ({"charged": 1}, 0, "overpaid"),
        ({"refunded": 1}, 0, "not_paid"),
        ({"submitted": 100}, 100, "submitted"),
        ({"submitted": 100, "authorised": 100}, 100, "authorised"),
        ({"charged": 99}, 100, "partly_paid"),
        ({"authorised": 100, "charged": 100}, 100, "paid"),
        ({"charged": 101}, 100, "overpaid"),
        ({"charged": 101, "refunded": 1}, 100, "paid"),
        ({"charged": 100, "refunded": 1}, 100, "partly_refunded"),
        ({"charged": 100, "charged_back": 1}, 100, "partly_refunded"),
        ({"charged": 100, "refunded": 100}, 100, "refunded"),
        ({"charged": 100, "refunded": 101}, 100, "refunded"),
        ({"charged": 100, "charged_back": 100}, 100, "charged_back"),
        ({"charged": 100, "refunded": 60, "charged_back": 40}, 100, "charged_back"),
        ({"charged": 200, "charged_back": 100}, 100, "paid"),
        ({"refunded": 100}, 100, "not_paid"),
        ({"refunded": 100, "authorised": 100}, 100, "authorised"),
    ],
)
def test_d6_the_payment_status_follows_from_the_sums(
    sums: dict[str, int], due: int | None, status: PaymentStatus
) -> None:
    assert payment_status(Balance(**{f"{k}_minor": n for k, n in sums.items()}), due) == status


@pytest.mark.parametrize(
    ("sums", "status", "to_refund"),
    [
        ({}, "none", 0),
        ({"charged": 100}, "none", 0),
        ({"charged": 100, "charged_back": 100}, "none", 0),
        ({"charged": 100, "granted": 100}, "granted", 100),
        ({"charged": 100, "granted": 60, "refunded": 20}, "partly_refunded", 40),
        ({"charged": 100, "granted": 60, "refunded": 60}, "partly_refunded", 0),
        ({"charged": 100, "granted": 60, "refunded": 80}, "partly_refunded", 0),
        ({"charged": 100, "refunded": 1}, "partly_refunded", 0),
        ({"charged": 100, "granted": 100, "refunded": 100}, "refunded", 0),
        ({"charged": 100, "charged_back": 40, "refunded": 60}, "refunded", 0),
        ({"refunded": 100}, "refunded", 0),
    ],
)
def test_d6_the_refund_status_follows_from_the_sums(
    sums: dict[str, int], status: RefundStatus, to_refund: int
) -> None:
    total = Balance(**{f"{k}_minor": n for k, n in sums.items()})

    assert (refund_status(total), total.to_refund_minor) == (status, to_refund)


@pytest.mark.parametrize(
    ("sums", "owed"),
    [
        ({}, 100),
        ({"submitted": 100, "authorised": 100}, 100),
        ({"charged": 60}, 40),
        ({"charged": 100}, 0),
        ({"charged": 130}, -30),
        ({"charged": 130, "refunded": 30}, 0),
        ({"charged": 130, "refunded": 10}, -20),
        ({"charged": 130, "refunded": 50}, 0),
        ({"charged": 100, "refunded": 20}, 0),
        ({"charged": 100, "refunded": 100}, 0),
        ({"charged": 60, "refunded": 20}, 40),
        ({"charged": 100, "charged_back": 20}, 20),
        ({"charged": 100, "charged_back": 100}, 100),
        ({"charged": 100, "charged_back": 30, "refunded": 20}, 30),
        ({"charged_back": 50}, 100),
        ({"refunded": 50}, 100),
    ],
)
def test_d6_what_we_sent_back_is_not_owed_again_and_what_the_bank_took_back_is(
    sums: dict[str, int], owed: int
) -> None:
    assert owed_minor(Balance(**{f"{k}_minor": n for k, n in sums.items()}), 100) == owed


def test_every_kind_of_movement_has_its_event_and_its_sum() -> None:
    kinds = get_args(Kind)

    assert tuple(PAYMENT_EVENTS) == kinds
    assert {*PAYMENT_EVENTS.values()} == {t for t in ORDER_EVENTS if "payment" in t.NAME}
    assert [field.name for field in fields(Balance)] == [
        f"{kind}_minor" for kind in get_args(EntryKind)
    ]


def test_d6_one_payment_is_summed_apart_from_the_others() -> None:
    entries = [LedgerEntry(1, "a", "charged", 70, "EUR"), LedgerEntry(2, "b", "charged", 30, "EUR")]

    assert balance(entries, "EUR").paid_minor == 100
    assert balance(entries, "EUR", "b").paid_minor == 30
    assert balance(entries, "EUR", "none") == Balance()


def test_d6_money_of_different_currencies_is_never_added_up() -> None:
    entries = [
        LedgerEntry(1, "a", "charged", 70, "EUR"),
        LedgerEntry(2, "a", "charged", 1_500, "JPY"),
    ]

    assert balance(entries, "EUR").paid_minor == balance(entries, "EUR", "a").paid_minor == 70
    assert balance(entries, "JPY").paid_minor == 1_500
    assert balance(entries, None) == Balance()
