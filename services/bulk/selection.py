"""Which orders a batch is for, as a person writes it: `status=new`, `silent-for=90d`, ids."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.bulk import MAX_ORDERS
from domain.paths.durations import parse_duration
from domain.refusals import Unusable
from projections.reports.selected import list_by_number, list_selected
from services.bootstrap import System
from services.reading import as_id

MAX_NAMED: Final = 5  # unknown numbers that a complaint lists


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that all have to hold, and the only orders that they may hold for."""

    conditions: Mapping[str, Sequence[Any]] = field(default_factory=dict)  # name -> any of these
    orders: tuple[str, ...] | None = None  # ids, or numbers in their sources; None: any order

    def as_dict(self) -> dict[str, Any]:
        """Give it with JSON values, as it is kept with the batch."""
        named = {} if self.orders is None else {"orders": list(self.orders)}
        return {name: list(map(_plain, values)) for name, values in self.conditions.items()} | named


def read_selection(where: Iterable[str], orders: Sequence[str] | None) -> Selection:
    """Read conditions as KEY=VALUE; the same key twice means either value.

    Raises: Unusable that names what is wrong, or if nothing says which orders are meant
    """
    found: dict[str, list[Any]] = {}
    for condition in where:
        name, value = _condition(condition)
        if name in _ONE_VALUE and name in found:
            raise Unusable(f"{condition!r}: {name.replace('_', '-')} may be said once")
        found.setdefault(name, []).append(value)
    if not found and orders is None:
        raise Unusable("say which orders are meant: --where KEY=VALUE, --order or --ids-from")
    return Selection(found, None if orders is None else tuple(dict.fromkeys(orders)))


def find_orders(system: System, selection: Selection) -> list[UUID]:
    """Give the orders that are meant, the oldest first; named ones without conditions as named.

    The projections must be up to date.
    Raises: Unusable if a number is unknown or of several orders, or if there are too many
    """
    wanted = dict(selection.conditions)
    with system.snapshot() as reader:
        if selection.orders is not None:
            wanted["order_id"] = _ids(selection.orders, lambda new: list_by_number(reader, new))
        if selection.orders is not None and not selection.conditions:
            found = list(wanted["order_id"])  # Also those that nobody knows: they are refused.
        else:
            found = list_selected(reader, wanted, system.clock(), MAX_ORDERS + 1)
    if len(found) > MAX_ORDERS:
        raise Unusable(f"more than {MAX_ORDERS} orders are meant: narrow it")
    return found


def _condition(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    name = key.strip().replace("-", "_")
    if not separator or not value.strip() or name not in _READERS:
        keys = ", ".join(name.replace("_", "-") for name in _READERS)
        raise Unusable(f"{text!r} is no condition: write KEY=VALUE, KEY one of {keys}")
    try:
        return name, _READERS[name](value.strip())
    except (ValueError, OverflowError) as error:
        raise Unusable(f"{text!r}: {error}") from None


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise ValueError("write a whole number")
    return int(text)


def _yes_or_no(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("write true or false")
    return text == "true"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "status": str,
    "stage": str,
    "path": str,
    "path_version": _whole,
    "shop": str,
    "channel": str,
    "order_type": str,
    "owner": str,
    "test": _yes_or_no,
    "silent_for": parse_duration,
    "placed_after": _moment,
    "placed_before": _moment,
}
_ONE_VALUE: Final = frozenset({"silent_for", "placed_after", "placed_before"})


def _ids(
    refs: Sequence[str], by_number: Callable[[Sequence[str]], Mapping[str, Sequence[UUID]]]
) -> list[UUID]:
    own = {ref: order_id for ref in refs if (order_id := as_id(ref)) is not None}
    numbers = [ref for ref in refs if ref not in own]
    found = by_number(numbers) if numbers else {}
    for problem, wrong in (
        ("there is no order with the number", [n for n in numbers if n not in found]),
        ("several orders have the number", [n for n in numbers if len(found.get(n, ())) > 1]),
    ):
        if wrong:
            more = f" and {len(wrong) - MAX_NAMED} others" if len(wrong) > MAX_NAMED else ""
            raise Unusable(f"{problem} {', '.join(wrong[:MAX_NAMED])}{more}: give their ids")
    return list(dict.fromkeys(own[ref] if ref in own else found[ref][0] for ref in refs))


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value.isoformat() if isinstance(value, datetime) else value
