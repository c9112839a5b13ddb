"""What one version of a rule says otherwise than another. Called by `orderpath rule diff`."""

from collections.abc import Mapping
from typing import Any, Final

from domain.paths.difference import Values, differing_keys
from domain.rules.rule import Rule

_LISTS: Final = ("on", "then")  # compared element by element, numbered from 1


def difference(old: Rule, new: Rule) -> Mapping[str, Values]:
    """Give each key that differs, dotted (`then.1.move`), with both values; None: left out."""
    return differing_keys(_unfolded(old.content), _unfolded(new.content))


def _unfolded(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _by_number(value) if key in _LISTS else value for key, value in content.items()}


def _by_number(elements: list[Any]) -> dict[str, Any]:
    return {str(number): element for number, element in enumerate(elements, 1)}
