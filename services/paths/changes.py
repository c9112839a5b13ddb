"""What a new version of a path means for the orders that are on their way: which it would strand,
and what stands against publishing it without a word.
"""

from typing import TYPE_CHECKING, Any

from domain.paths.closing import Closing, closing
from domain.paths.guards import statuses_in_use_stay_open
from domain.paths.path import OrderPath
from domain.refusals import Unmet
from projections.reports.left_behind import Standing, list_standing
from services.reading import latest_path

if TYPE_CHECKING:
    from services.bootstrap import System


def preview(system: "System", path: OrderPath) -> dict[str, Any]:
    """Say which orders that are not finished could not just stay where they are.

    The projections must be up to date. Keys: docs/paths.md.
    """
    known = latest_path(system, path.path)
    stranded = _stranded(system, path)
    return {
        "path": path.path,
        "version": known.version if known else None,
        "changed": known is None or known.definition.content_hash != path.content_hash,
        "stranded": [{**one, "why": why} for one, why in stranded],
        "needed": [f"{one['status']}=…" for one, _ in stranded],
    }


def obstacles(system: "System", path: OrderPath) -> list[Unmet]:
    """Say which statuses a version closes that the version before left open, and orders are in.

    Raises: InfraError workers_behind: this must not rest on old tables
    """
    before = latest_path(system, path.path)
    standing = count_standing(system, path)
    return list(
        statuses_in_use_stay_open(path, None if before is None else before.definition, standing)
    )


def count_standing(system: "System", path: OrderPath) -> dict[str, int]:
    """Count the orders of a path that are not finished, by status; none where the version says
    nothing new. Raises: InfraError workers_behind
    """
    before = latest_path(system, path.path)
    if before is None or before.definition.content_hash == path.content_hash:
        return {}
    system.catch_up()
    with system.snapshot() as reader:
        return {one["status"]: one["orders"] for one in list_standing(reader, path.path)}


def _stranded(system: "System", path: OrderPath) -> list[tuple[Standing, Closing]]:
    with system.snapshot() as reader:
        standing = list_standing(reader, path.path)
    return [(one, why) for one in standing if (why := closing(path, one["status"]))]
