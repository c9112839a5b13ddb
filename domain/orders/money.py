"""Money of an order: integer minor units that must add up, to the last one."""

from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from domain.messages import Code, Name, Shape
from domain.refusals import Unmet

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]  # ISO 4217
MAX_MINOR = 10**15
# Strict: `true`, "1" and 1.0 are no whole numbers, whatever JSON they come from.
Minor = Annotated[int, Field(strict=True, ge=0, le=MAX_MINOR)]  # minor units, never a float
Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
BasisPoints = Annotated[int, Field(strict=True, ge=0, le=10_000)]  # 2000 = 20 %

_WHOLE = 10_000  # basis points in 100 %


class Line(Shape):
    """One position of an order. What is not given is computed; what is given is checked."""

    item_id: Name
    sku: Name
    title: Name
    quantity: Quantity
    unit_price_minor: Minor
    discount_minor: Minor = 0  # off the whole line
    vat_bp: BasisPoints = 0
    seller: Name | None = None
    upsell: bool = False  # added by us, not asked for by the customer

    @property
    def net_minor(self) -> int:
        """Price of the line after its discount, before VAT that comes on top."""
        return self.quantity * self.unit_price_minor - self.discount_minor


@dataclass(frozen=True, slots=True)  # Made with every order: a model takes thrice the time.
class Totals:
    """The breakdown that is stored with the order. All amounts in minor units."""

    goods_minor: int  # sum of the lines after their discounts
    discount_minor: int  # off the whole order
    delivery_minor: int
    vat_minor: int  # contained in the total
    total_minor: int


class OpenLine(Shape):
    """A position of which the product says what is left out here."""

    item_id: Name | None = None  # None: its number in the order, from 1
    sku: Name
    title: Name | None = None
    quantity: Quantity
    unit_price_minor: Minor | None = None
    discount_minor: Minor | None = None  # off the whole line
    vat_bp: BasisPoints | None = None
    seller: Name | None = None
    upsell: bool = False


def _by_what_it_states(line: object) -> object:
    if not isinstance(line, dict):
        return line
    is_whole = all(line.get(name) is not None for name in ("item_id", "title", "unit_price_minor"))
    return (Line if is_whole else OpenLine).model_validate(line)


# A line that says who it is and what it costs is one; any other is open.
AskedLine = Annotated[Line | OpenLine, BeforeValidator(_by_what_it_states)]


class AppliedDiscount(Shape):
    """What a discount in force took off, as the order keeps it."""

    code: Code
    item_id: Name | None = None  # None: off the whole order
    amount_minor: Minor


class StatedTotals(Shape):
    """What the sender thinks the order costs; every stated amount is checked."""

    goods_minor: Minor | None = None
    vat_minor: Minor | None = None
    total_minor: Minor | None = None


def add_up(
    lines: tuple[Line, ...], *, discount_minor: int, delivery_minor: int, vat_included: bool
) -> Totals:
    """Sum an order: goods - discount + delivery (+ VAT where prices come without it).

    VAT is rounded half to even, once per line; the discount on the whole order lowers that of
    each line by the line's share of the goods. Who bears the odd
    minor unit does not depend on the order in which the lines came.
    """
    if discount_minor:
        lines = tuple(sorted(lines, key=attrgetter("item_id")))
    nets = [line.net_minor for line in lines]
    goods = sum(nets)
    offs = _shares(min(discount_minor, goods), nets)
    vat = 0
    for line, net, off in zip(lines, nets, offs, strict=True):
        base = _WHOLE + line.vat_bp if vat_included else _WHOLE
        vat += _half_even((net - off) * line.vat_bp, base)
    total = goods - discount_minor + delivery_minor + (0 if vat_included else vat)
    return Totals(goods, discount_minor, delivery_minor, vat, total)


def part_of(amount_minor: int, basis_points: int) -> int:
    """Give so many hundredths of a percent of an amount, rounded half to even."""
    return share_of(amount_minor, basis_points, _WHOLE)


def share_of(amount_minor: int, part: int, whole: int) -> int:
    """Give a part's share of an amount for the whole, rounded half to even; of nothing, nothing."""
    return _half_even(amount_minor * part, whole) if whole else 0


def _half_even(amount: int, base: int) -> int:
    whole, rest = divmod(amount, base)
    return whole + (2 * rest > base or (2 * rest == base and whole % 2))


def _shares(amount: int, parts: list[int]) -> list[int]:
    """Split an amount in proportion to whole minor units that add up to it again."""
    whole = sum(parts)
    if amount <= 0 or whole <= 0:
        return [0] * len(parts)
    cuts = [amount * before // whole for before in accumulate(parts, initial=0)]
    return [after - earlier for earlier, after in pairwise(cuts)]


def check_totals(
    lines: tuple[Line, ...], totals: Totals, stated: StatedTotals | None
) -> list[Unmet]:
    """List everything in the money that does not add up."""
    unmet = []
    for number, line in enumerate(lines):
        if line.net_minor < 0:
            unmet += check_line(line, f"lines.{number}.discount_minor")
    unmet += check_size(totals)
    if totals.total_minor < 0:
        unmet.append(
            Unmet(
                code="discount_exceeds_price",
                field="discount_minor",
                message=f"The order would cost {totals.total_minor}",
                needed=f"at most {totals.discount_minor + totals.total_minor}",
            )
        )
    for name, value in (stated.model_dump(exclude_none=True) if stated else {}).items():
        computed = getattr(totals, name)
        if value != computed:
            unmet.append(
                Unmet(
                    code="money_mismatch",
                    field=f"stated.{name}",
                    message=f"{name} says {value}, the lines add up to {computed}",
                    needed=str(computed),
                )
            )
    return unmet


def check_line(line: Line, field: str) -> list[Unmet]:
    """Nobody is paid for taking goods: a discount is at most the price."""
    if line.net_minor >= 0:
        return []
    return [
        Unmet(
            code="discount_exceeds_price",
            field=field,
            message=f"A discount of {line.discount_minor} is more than the line costs",
            needed=f"at most {line.quantity * line.unit_price_minor}",
        )
    ]


def check_size(totals: Totals) -> list[Unmet]:
    """Quantity times price may be far beyond what any table of ours can hold."""
    largest = max(totals.goods_minor, totals.total_minor)
    if largest <= MAX_MINOR:
        return []
    return [
        Unmet(
            code="amount_too_large",
            message=f"The order would come to {largest} minor units",
            needed=f"at most {MAX_MINOR}",
        )
    ]


def discount_within_price(totals: Totals) -> Totals:
    """Cut the order's discount down to what is left of the order, so that it costs nothing."""
    excess = min(max(-totals.total_minor, 0), totals.discount_minor)
    if not excess:
        return totals
    return replace(
        totals,
        discount_minor=totals.discount_minor - excess,
        total_minor=totals.total_minor + excess,
    )
