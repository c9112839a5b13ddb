"""Overrides with their reasons: `orderpath report overrides`. A reason may name people, so it is
read from the log, for the rows that are shown.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from domain.orders.events import stream_of
from projections.reports.overrides import Override

if TYPE_CHECKING:
    from services.bootstrap import System

Reasoned = dict[str, Any]  # an Override with its `reason`


def with_reasons(system: "System", overrides: Sequence[Override]) -> list[Reasoned]:
    """Give each override with what was said for it."""
    first: dict[str, int] = {}  # of each stream, the version of the first override that is shown
    for one in overrides:
        stream = stream_of(one["order_id"])
        first[stream] = min(first.get(stream, one["version"]), one["version"])
    loaded = system.log.load({stream: version - 1 for stream, version in first.items()})
    reasons = {r.position: r.reason for events in loaded.values() for r in events}
    return [{**one, "reason": reasons[one["position"]]} for one in overrides]
