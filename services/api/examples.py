"""Examples in the description of the API. Tests see that each is what its schema says."""

from collections.abc import Mapping
from typing import Any, Final

_ORDER: Final = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_LOG: Final = "0b7f6e7e-31a5-4a39-9a2f-7a4e2f5d1c11"

COMMAND: Final[Mapping[str, Any]] = {
    "command": "order.change_status",
    "order_id": _ORDER,
    "to_status": "confirmed",
    "expected_status": "new",
}
DONE: Final[Mapping[str, Any]] = {
    "outcome": "accepted",
    "command_id": "3f1a2b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c",
    "first_position": 4711,
    "last_position": 4711,
    "versions": {f"order-{_ORDER}": 3},
    "event_ids": [f"{_LOG}/4711"],
    "unmet": [],
    "repeated": False,
}
ANSWERS: Final[Mapping[str, Any]] = {
    "log.head": {"log_id": _LOG, "epoch": 1, "position": 4711},
    "order.find": {"order_id": _ORDER},
    "order.history": {"order_id": _ORDER, "as_of": None, "as_known": None, "changes": []},
    "order.track": {
        "order": "2018-4711",
        "label": {"en": "On its way"},
        "final": None,
        "steps": [
            {"label": {"en": "Accepted"}, "at": "2026-01-30T09:00:00Z"},
            {"label": {"en": "On its way"}, "at": "2026-01-31T12:00:00Z"},
        ],
        "promised_at": None,
        "parcels": [{"carrier": "dhl", "track_number": "00340434161094000000"}],
    },
    "order.track_token": {
        "order_id": _ORDER,
        "token": "fJ5meXQlQN6US-B_wa59CkH0pQv0bC4jv2vQ3w8wL1o",
    },
}
