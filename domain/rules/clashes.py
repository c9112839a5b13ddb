"""What two rules both set of an order, and not to the same. Asked by lint and by backtest."""

from collections.abc import Iterator

from domain.rules.actions import Assign, Move, SetField
from domain.rules.rule import Rule


def find_clash(one: Rule, other: Rule) -> str | None:
    """Name what both set, and not to the same."""
    wanted, also = dict(_wishes(one)), dict(_wishes(other))
    return next((name for name, value in wanted.items() if also.get(name, value) != value), None)


def _wishes(rule: Rule) -> Iterator[tuple[str, object]]:
    for action in rule.then:
        match action:
            case Move(move=status):
                yield "the status", status
            case Assign():
                yield "the owner", (action.assign, action.by)
            case SetField(set=details):
                yield from details.model_dump(exclude_defaults=True).items()
            case _:
                pass
