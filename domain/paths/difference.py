"""What one version of a path says otherwise than another. Called by `orderpath path diff`.

Moves are compared, not transitions: the same moves written in another way are no difference.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.paths.path import OrderPath

Key = TypeVar("Key", bound=Hashable)
Values = tuple[Any, Any]  # old and new, as JSON; None: left out
Written = Mapping[str, Any]  # a part of a path as JSON, what is left out is missing

_CLOSED: Values = (None, False)  # true is the default, and not written


@dataclass(frozen=True, slots=True)
class Changes(Generic[Key]):
    """Which parts of one kind came, went, or say something else."""

    added: tuple[Key, ...]
    removed: tuple[Key, ...]
    changed: Mapping[Key, Mapping[str, Values]]  # part -> key, dotted: limit.wall

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two paths; order counts for stages and statuses only."""

    keys: Mapping[str, Values]  # of the path itself: title, stages, initial, …
    statuses: Changes[str]
    reordered: bool  # statuses that both have stand in another order
    moves: Changes[tuple[str, str]]  # from and to
    fields: Changes[str]  # rights on the details of an order

    @property
    def closed(self) -> tuple[str, ...]:
        """Statuses that no order enters any more, and that were open."""
        return tuple(
            code for code, keys in self.statuses.changed.items() if keys.get("active") == _CLOSED
        )

    @property
    def is_empty(self) -> bool:
        parts = (self.statuses, self.moves, self.fields)
        return not (self.keys or self.reordered) and all(part.is_empty for part in parts)


def difference(old: OrderPath, new: OrderPath) -> Difference:
    """Say what the new path says otherwise than the old one."""
    one, other = old.content, new.content
    return Difference(
        keys=differing_keys(_top(one), _top(other)),
        statuses=_changes(one["statuses"], other["statuses"]),
        reordered=_common(old, new) != _common(new, old),
        moves=_changes(_moves(old), _moves(new)),
        fields=_changes(one.get("fields", {}), other.get("fields", {})),
    )


def _changes(old: Mapping[Key, Written], new: Mapping[Key, Written]) -> Changes[Key]:
    return Changes(
        added=tuple(key for key in new if key not in old),
        removed=tuple(key for key in old if key not in new),
        changed={
            key: keys for key in old if key in new and (keys := differing_keys(old[key], new[key]))
        },
    )


def differing_keys(old: Written, new: Written, above: str = "") -> dict[str, Values]:
    """Name what differs as deep down as both have it: limit.wall, title.en."""
    found: dict[str, Values] = {}
    for key in {**old, **new}:
        one, other = old.get(key), new.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            found |= differing_keys(one, other, f"{above}{key}.")
        elif one != other:
            found[above + key] = (one, other)
    return found


def _top(content: Written) -> Written:
    compared_apart = ("statuses", "transitions", "fields")
    return {key: value for key, value in content.items() if key not in compared_apart}


def _common(path: OrderPath, other: OrderPath) -> list[str]:
    return [code for code in path.statuses if code in other.statuses]


def _moves(path: OrderPath) -> dict[tuple[str, str], Written]:
    return {
        move: transition.model_dump(mode="json", exclude_defaults=True, exclude={"from_", "to"})
        for move, transition in path.matrix.items()
    }
