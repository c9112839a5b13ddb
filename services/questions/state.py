"""What is asked of the system itself: which version runs, and how far everything is."""

from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from services.questions.question import Asked, question
from services.reading import latest_paths

if TYPE_CHECKING:
    from services.bootstrap import System
    from services.read_models import Listed


class SystemStatus(Asked):
    """The system as it is now."""


@question("system.status", "/status", reads="log", right="operations.read")
def status(system: "System", asked: SystemStatus) -> dict[str, Any]:
    """Say which version runs, how far each projection is, and which event has waited longest."""
    now = system.clock()
    head = system.log.head()
    builds = system.read_models.list_projections()
    gap = system.read_models.find_gap()
    wrong = [
        one
        for one in builds
        if one.state != "retired"
        and (one.parked or one.replaced or one.newest_version not in (None, one.version))
    ]
    return {
        "version": program_version(),
        "database": {"version": _server_version(system)},
        "log": {
            "log_id": str(head.log_id),
            "epoch": head.epoch,
            "position": head.position,
            "gap": None if gap is None else str(gap),
        },
        "paths": {} if gap else {name: p.version for name, p in latest_paths(system).items()},
        "driver": system.read_models.driver(),
        "projections": [build_row(one, now) for one in builds],
        "not_made": system.read_models.list_not_made(),
        "oldest_unprocessed": _oldest(system, now),
        "relay": relay_state(system),
        "healthy": not wrong and gap is None,
    }


def program_version() -> str:
    """Name the version of Orderpath that runs."""
    try:
        return version("orderpath")
    except PackageNotFoundError:
        return "unknown (not installed)"


def build_row(one: "Listed", now: datetime) -> dict[str, Any]:
    """Give a build of a projection with its stable keys."""
    at = one.oldest_waiting_at
    return {
        "name": one.name,
        "state": one.state,
        "build": one.build,
        "version": one.version,
        "newest_version": one.newest_version,
        "driver": one.driver,
        "position": one.position,
        "lag": one.lag,
        "oldest_waiting_at": at,
        "oldest_waiting_seconds": round(max((now - at).total_seconds(), 0.0), 3) if at else None,
        "parked": one.parked,
        "log_replaced": one.replaced,
    }


def relay_state(system: "System") -> dict[str, Any]:
    """Say whether a relay leads and how far each lane is; positions and lag in events."""
    found = system.streaming.relay_state()
    end = system.log.head().position
    lanes = [
        {
            "lane": one.lane,
            "position": one.position,
            "lag": max(end - one.position, 0),
            "moved_at": one.moved_at,
        }
        for one in found.lanes
    ]
    return {"leads": found.leads, "lanes": lanes}


def _server_version(system: "System") -> str | None:
    with system.lend("orderpath_projector") as connection:
        row = connection.execute("show server_version").fetchone()
    return row[0] if row else None


def _oldest(system: "System", now: datetime) -> dict[str, Any] | None:
    found = system.read_models.find_oldest_waiting()
    if found is None:
        return None
    position, at = found
    seconds = round(max((now - at).total_seconds(), 0.0), 3)
    return {"position": position, "recorded_at": at, "seconds": seconds}
