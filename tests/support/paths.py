"""Small paths to change: as people write them, and checked."""

from copy import deepcopy
from typing import Any, Final

from domain.paths.path import OrderPath

Json = dict[str, Any]

_CLEAN: Final[Json] = {
    "path": "small",
    "title": {"en": "Small shop"},
    "stages": ["open", "closed"],
    "statuses": {
        "new": {
            "stage": "open",
            "title": {"en": "New", "ru": "Новый"},
            "owner": {"group": "managers"},
            "limit": {"wall": "10m"},
        },
        "done": {
            "stage": "closed",
            "title": {"en": "Done", "ru": "Выполнен"},
            "final": "success",
            "color": "#3aa655",
        },
        "gone": {
            "stage": "closed",
            "title": {"en": "Cancelled", "ru": "Отменён"},
            "final": "failure",
            "color": "#8a8f98",
        },
    },
    "initial": [{"status": "new"}],
    "transitions": [{"from": "new", "to": "done"}, {"from": "new", "to": "gone"}],
}


def clean_path() -> Json:
    """Give a path that lint has nothing to say of, to be changed."""
    return deepcopy(_CLEAN)


def path_of(written: Json) -> OrderPath:
    """Check a path that is written as JSON."""
    return OrderPath.model_validate(written)
