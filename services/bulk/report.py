"""What became of a batch, in numbers and order by order. Keys: docs/bulk.md."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from domain.bulk import Batch, OrderResult


@dataclass(slots=True)
class BatchReport:
    """Takes the results one by one."""

    batch: Batch
    orders: int  # of the whole batch
    rehearsed: bool = False  # nothing was stored
    results: list[OrderResult] = field(default_factory=list)

    def take(self, result: OrderResult) -> None:
        self.results.append(result)

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(result.kind for result in self.results)

    @property
    def codes(self) -> Counter[str]:
        """Count orders by each code that stands against them; one order may have several."""
        return Counter(code for result in self.results for code in _codes(result))

    @property
    def repeated(self) -> int:
        return sum(result.repeated for result in self.results)

    @property
    def is_clean(self) -> bool:
        """Whether every order was asked, and none said no."""
        kinds = self.outcomes
        asked = kinds.total() == self.orders
        return asked and not kinds["refused"] and not kinds["failed"]

    def as_dict(self) -> dict[str, Any]:
        kinds = self.outcomes
        return {
            **batch_dict(self.batch),
            "preview": self.rehearsed,
            "orders": self.orders,
            "outcomes": {k: kinds[k] for k in ("accepted", "refused", "nothing", "failed")},
            "repeated": self.repeated,
            "not_asked": self.orders - kinds.total(),
            "refused_because": dict(self.codes.most_common()),
            "results": list(map(_result_dict, self.results)),
        }


def batch_dict(batch: Batch) -> dict[str, Any]:
    """Give what is asked, by whom and of whom."""
    return {
        "batch_id": batch.batch_id,
        "command": batch.command,
        "asked": dict(batch.body),
        "selection": dict(batch.selection),
        "actor": batch.actor.id,
        "reason": batch.reason,
        "undoes": batch.undoes,
        "orders": batch.orders,
        "begun_at": batch.begun_at,
        "finished_at": batch.finished_at,
    }


def _codes(result: OrderResult) -> Iterable[str]:
    return dict.fromkeys(unmet.code for unmet in result.unmet)


def _result_dict(result: OrderResult) -> dict[str, Any]:
    return {
        "order_id": result.order_id,
        "outcome": result.kind,
        "unmet": [unmet.model_dump() for unmet in result.unmet],
        "repeated": result.repeated,
    }
