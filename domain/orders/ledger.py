"""The payment ledger: what moved, and what follows from it. Pure functions of the entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["submitted", "authorised", "charged", "refunded", "charged_back"]  # of a payment
EntryKind = Literal[Kind, "granted"]  # granted: we promised the customer to give money back
PaymentStatus = Literal[
    "not_paid",
    "submitted",
    "authorised",
    "partly_paid",
    "paid",
    "overpaid",
    "partly_refunded",
    "refunded",
    "charged_back",
]
RefundStatus = Literal["none", "granted", "partly_refunded", "refunded"]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One movement of one payment, or a promise about the order's money."""

    version: int  # of the event in the order's stream
    payment_id: str | None  # None: a promise, which is about no payment of its own
    kind: EntryKind
    amount_minor: int  # of a promise below zero too: so much of it is taken back
    currency: str  # ISO 4217
    gateway_ref: str | None = None
    method: str | None = None  # told when the payment is announced


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums over a ledger, in minor units."""

    submitted_minor: int = 0
    authorised_minor: int = 0
    charged_minor: int = 0
    refunded_minor: int = 0
    charged_back_minor: int = 0
    granted_minor: int = 0  # promised in all, with what has gone back since

    @property
    def paid_minor(self) -> int:
        """What is with us now; negative if more went back than ever came."""
        return self.charged_minor - self.refunded_minor - self.charged_back_minor

    @property
    def to_refund_minor(self) -> int:
        """What was promised and has not gone back yet: a refund uses the promise up."""
        return max(self.granted_minor - self.refunded_minor, 0)


_KINDS = get_args(EntryKind)


def balance(
    entries: Iterable[LedgerEntry], currency: str | None, payment_id: str | None = None
) -> Balance:
    """Sum the entries in one currency, of one payment or of all; None: nothing is summed.

    The order of the entries has no meaning.
    """
    sums = dict.fromkeys(_KINDS, 0)
    for entry in entries:
        if entry.currency == currency and payment_id in (None, entry.payment_id):
            sums[entry.kind] += entry.amount_minor
    return Balance(**{f"{kind}_minor": amount for kind, amount in sums.items()})


def balances(entries: Sequence[LedgerEntry], currency: str | None) -> dict[str, Balance]:
    """Sum the entries of each payment, in the order in which they became known."""
    of: dict[str, list[LedgerEntry]] = {name: [] for name in payments_of(entries)}
    for entry in entries:
        if entry.payment_id is not None:
            of[entry.payment_id].append(entry)
    return {name: balance(own, currency) for name, own in of.items()}


def payments_of(entries: Iterable[LedgerEntry]) -> list[str]:
    """Name the payments, in the order in which they became known."""
    return list(dict.fromkeys(e.payment_id for e in entries if e.payment_id is not None))


def methods_of(entries: Sequence[LedgerEntry]) -> dict[str, str]:
    """Name the method of each payment that somebody announced, as it was told first."""
    return {e.payment_id: e.method for e in reversed(entries) if e.payment_id and e.method}


def secured_minor(entries: Sequence[LedgerEntry], currency: str | None) -> int:
    """Sum what is with us and what is authorised and not charged yet, payment by payment."""
    sums = balances(entries, currency).values()
    return sum(s.paid_minor + max(s.authorised_minor - s.charged_minor, 0) for s in sums)


def owed_minor(total: Balance, due_minor: int) -> int:
    """Say what is still to pay of an order that costs due_minor, in minor units; below zero: so
    much more is with us.

    What we sent back is not owed again, what the bank took back is; never more than it costs. The
    column due_minor of analytics.orders says the same.
    """
    missing = due_minor - total.paid_minor
    if missing <= 0:
        return missing
    return min(max(missing - total.refunded_minor, 0), due_minor)


def payment_status(total: Balance, due_minor: int | None) -> PaymentStatus:
    """Derive the payment status of an order that costs due_minor; None: there is nothing to pay
    for, as long as no item is known or once all are cancelled.
    """
    paid = total.paid_minor
    if due_minor is None:
        due_minor = 0
    elif due_minor == paid == total.charged_minor == 0:
        return "paid"
    if paid <= 0 < total.charged_minor:
        return "charged_back" if total.charged_back_minor else "refunded"
    if paid > 0 and paid < due_minor:
        returned = total.refunded_minor or total.charged_back_minor
        return "partly_refunded" if returned else "partly_paid"
    if paid > 0:
        return "overpaid" if paid > due_minor else "paid"
    if total.authorised_minor:
        return "authorised"
    return "submitted" if total.submitted_minor else "not_paid"


def refund_status(total: Balance) -> RefundStatus:
    """Derive how far money went back to the customer by our own will: the bank's is no refund."""
    if total.refunded_minor > 0:
        return "partly_refunded" if total.paid_minor > 0 else "refunded"
    return "granted" if total.granted_minor > 0 else "none"
