"""What a new version of a path means for the orders that are on their way: which it would strand,
and the publishing that does not do so silently.
"""

from typing import TYPE_CHECKING, Any

from domain.messages import Outcome
from domain.paths.closing import Closing, closing
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from domain.refusals import Refusal, Unmet
from projections.reports.left_behind import Standing, list_standing
from services.reading import latest_path

if TYPE_CHECKING:
    from services.bootstrap import System

_IS: dict[Closing, str] = {
    "missing": "this version does not have",
    "inactive": "is not active in this version",
    "final": "ends orders in this version",
}


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


def publish(system: "System", command: PublishPath, *, strand: bool) -> Outcome:
    """Publish a version; with `strand` also one that closes statuses in which orders are.

    Raises: Refusal status_in_use for each status that the version before left open
    """
    if not strand and (unmet := obstacles(system, command.definition)):
        raise Refusal(*unmet)
    return system.execute(command)


def obstacles(system: "System", path: OrderPath) -> list[Unmet]:
    """Say which statuses a version closes that the version before left open, and orders are in.

    Raises: InfraError workers_behind: this must not rest on old tables
    """
    before = latest_path(system, path.path)
    if before is None or before.definition.content_hash == path.content_hash:
        return []
    system.catch_up()
    return [
        _in_use(one, why)
        for one, why in _stranded(system, path)
        if closing(before.definition, one["status"]) is None
    ]


def _stranded(system: "System", path: OrderPath) -> list[tuple[Standing, Closing]]:
    with system.snapshot() as reader:
        standing = list_standing(reader, path.path)
    return [(one, why) for one in standing if (why := closing(path, one["status"]))]


def _in_use(one: Standing, why: Closing) -> Unmet:
    orders = "1 order is" if one["orders"] == 1 else f"{one['orders']} orders are"
    which = f"which {_IS[why]}" if why == "missing" else f"and it {_IS[why]}"
    return Unmet(
        code="status_in_use",
        field=f"definition.statuses.{one['status']}",
        message=f"{orders} in {one['status']}, {which}",
        needed="move them first; or publish it all the same (strand), and migrate them",
    )
