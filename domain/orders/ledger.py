"""The payment ledger: what moved, and what follows from it. Pure functions of the entries."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["submitted", "authorised", "charged", "refunded", "charged_back"]
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


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One movement of one payment."""

    version: int  # of the event in the order's stream
    payment_id: str
    kind: Kind
    amount_minor: int
    gateway_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums over a ledger, in minor units."""

    submitted_minor: int = 0
    authorised_minor: int = 0
    charged_minor: int = 0
    refunded_minor: int = 0
    charged_back_minor: int = 0

    @property
    def paid_minor(self) -> int:
        """What is with us now; negative if more went back than ever came."""
        return self.charged_minor - self.refunded_minor - self.charged_back_minor


def balance(entries: Iterable[LedgerEntry], payment_id: str | None = None) -> Balance:
    """Sum the entries, of one payment or of all. The order of the entries has no meaning."""
    sums = dict.fromkeys(get_args(Kind), 0)
    for entry in entries:
        if payment_id is None or entry.payment_id == payment_id:
            sums[entry.kind] += entry.amount_minor
    return Balance(**{f"{kind}_minor": amount for kind, amount in sums.items()})


def payment_status(total: Balance, due_minor: int) -> PaymentStatus:
    """Derive the payment status of an order that costs due_minor."""
    paid = total.paid_minor
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
