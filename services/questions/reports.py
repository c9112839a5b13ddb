"""Reports of the way of orders: where they are, which are forgotten, how long things take.

Those of how the shop does are in figures.py. All are asked at one moment of the read models.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

from pydantic import Field

from domain.messages import Moment, Name
from domain.paths.durations import Duration
from domain.refusals import Unusable
from projections.reports import funnel as funnels
from projections.reports.conversion import Conversion, measure_conversion
from projections.reports.overrides import MOST_LISTED as MOST_OVERRIDES
from projections.reports.overrides import list_overrides
from projections.reports.routes import MOST_LISTED as MOST_ROUTES
from projections.reports.routes import Route, count_routes
from projections.reports.scope import Reader, Scope
from projections.reports.stale import MOST_LISTED as MOST_STALE
from projections.reports.stale import list_stale
from projections.reports.times import Handling, TimeInStatus, measure_handling
from projections.reports.times import measure_time_in_status as measure_times
from projections.reports.transitions import Transition, count_transitions
from services.overrides import with_reasons
from services.questions.question import Asked, question
from services.reading import known_path, status_places

if TYPE_CHECKING:
    from services.bootstrap import System

Answer = TypeVar("Answer")
A_DAY: Final = timedelta(days=1)
A_WEEK: Final = timedelta(days=7)

PathName = Annotated[
    Name | None, Field(description="only orders of this path", examples=["universal"])
]
Status = Annotated[Name, Field(description="a status of the path", examples=["new"])]


class Scoped(Asked):
    """Which orders and which facts a report counts."""

    as_of: Annotated[Moment | None, Field(description="what had happened by then")] = None
    as_known: Annotated[Moment | None, Field(description="what the log knew by then")] = None
    timed_only: Annotated[bool, Field(description="without facts whose time is derived")] = False
    path: PathName = None

    @property
    def scope(self) -> Scope:
        return Scope(self.as_of, self.as_known, self.timed_only, self.path)


class Funnel(Scoped):
    """Where orders are now, how they flow by day, or how far each month's orders came."""

    view: Annotated[
        Literal["now", "flow", "cohort"],
        Field(description="now, flow (by day) or cohort (by month)"),
    ] = "now"


class StatusPlaces(Asked):
    """The statuses of the latest version of every path."""


class Stale(Scoped):
    """Orders that were silent for strictly longer, or are beyond their limit."""

    silent_for: Annotated[
        Duration,
        Field(
            description="as 7d, 12h or 1h30m", examples=["7d"], json_schema_extra={"default": "7d"}
        ),
    ] = A_WEEK
    overdue: Annotated[bool, Field(description="what is beyond its limit instead")] = False
    limit: Annotated[int, Field(ge=1, le=MOST_STALE, description="rows at most")] = MOST_STALE


class ConversionTimes(Scoped):
    """From the first entry of one status to the first entry of another."""

    start: Status
    end: Status


class Transitions(Scoped):
    """The moves that orders really made."""


class Times(Scoped):
    """How long orders stay in each status."""


class HandlingTimes(Scoped):
    """How long orders are worked on."""

    by_holder: Annotated[bool, Field(description="apart for each person and group")] = False


class Routes(Scoped):
    """The ways that orders took."""

    limit: Annotated[int, Field(ge=1, le=MOST_ROUTES, description="rows at most")] = MOST_ROUTES


class Overrides(Scoped):
    """The moves against the usual way."""

    since: Annotated[
        Duration,
        Field(description="as 7d or 12h", examples=["1d"], json_schema_extra={"default": "1d"}),
    ] = A_DAY
    limit: Annotated[int, Field(ge=1, le=MOST_OVERRIDES, description="rows at most")] = (
        MOST_OVERRIDES
    )


@question("report.funnel", "/reports/funnel", reads="tables")
def funnel(system: "System", asked: Funnel) -> Any:
    """Show where all orders are, how they flow, or how far each month's orders came."""
    views: dict[str, Callable[..., Any]] = {
        "now": funnels.count_funnel,
        "flow": funnels.count_flow,
        "cohort": funnels.count_cohorts,
    }
    places = status_places(system)
    return reported(system, asked, lambda reader: views[asked.view](reader, asked.scope, places))


@question("path.statuses", "/statuses", reads="log")
def statuses(system: "System", asked: StatusPlaces) -> list[dict[str, Any]]:
    """List the statuses of the latest version of every path, in the order of their path."""
    return [
        {"path": path, "status": status, "place": place}
        for (path, status), place in status_places(system).items()
    ]


@question("report.stale", "/reports/stale", reads="tables")
def stale(system: "System", asked: Stale) -> Any:
    """Show open orders, and list those that were silent for strictly longer."""

    def found(reader: Reader) -> Any:
        return list_stale(
            reader,
            asked.scope,
            silent_for=asked.silent_for,
            overdue=asked.overdue,
            limit=asked.limit,
        )

    return reported(system, asked, found)


@question("report.conversion", "/reports/conversion", reads="tables")
def conversion(system: "System", asked: ConversionTimes) -> Conversion:
    """Measure from the first entry of one status to the first entry of another."""
    if asked.start == asked.end:
        raise Unusable("start and end are the same status: name two")

    def found(reader: Reader) -> Conversion:
        for status in (asked.start, asked.end):
            check_status(system, status, asked.path)
        return measure_conversion(reader, asked.scope, asked.start, asked.end)

    return reported(system, asked, found)


@question("report.transitions", "/reports/transitions", reads="tables")
def transitions(system: "System", asked: Transitions) -> list[Transition]:
    """Count the moves that orders really made, and the waits before them."""
    return reported(system, asked, lambda reader: count_transitions(reader, asked.scope))


@question("report.times", "/reports/times", reads="tables")
def times(system: "System", asked: Times) -> list[TimeInStatus]:
    """Show how long orders stay in each status."""
    found = reported(system, asked, lambda reader: measure_times(reader, asked.scope))
    return _placed(found, status_places(system))


@question("report.handling", "/reports/handling", reads="tables")
def handling(system: "System", asked: HandlingTimes) -> list[Handling]:
    """Show how long orders are worked on: from taken up to handed on."""
    found = reported(
        system,
        asked,
        lambda reader: measure_handling(reader, asked.scope, by_holder=asked.by_holder),
    )
    return _placed(found, status_places(system))


@question("report.routes", "/reports/routes", reads="tables")
def routes(system: "System", asked: Routes) -> list[Route]:
    """List the ways that orders took, the most frequent first."""
    return reported(system, asked, lambda reader: count_routes(reader, asked.scope, asked.limit))


@question("report.overrides", "/reports/overrides", reads="tables")
def overrides(system: "System", asked: Overrides) -> dict[str, Any]:
    """List the moves against the usual way, with who made them and why, the latest first."""
    found = reported(
        system,
        asked,
        lambda reader: list_overrides(reader, asked.scope, since=asked.since, limit=asked.limit),
    )
    return {**found, "overrides": with_reasons(system, found["overrides"])}


def reported(system: "System", asked: Any, found: Callable[[Reader], Answer]) -> Answer:
    """Ask in a snapshot, with an analyst's rights, once the path is known to be one."""
    if asked.path is not None:
        known_path(system, asked.path)
    with system.snapshot() as reader:
        return found(reader)


def check_status(system: "System", status: str, path: str | None) -> None:
    """Refuse a status that no path has. Raises: Unusable that names those that there are"""
    known = [code for name, code in status_places(system) if path in (None, name)]
    if status not in known:
        where = f"the path {path}" if path else "any path"
        names = ", ".join(dict.fromkeys(known))
        raise Unusable(f"no status {status!r} in {where}: choose one of {names}")


def _placed(rows: Sequence[Any], places: Mapping[tuple[str, str], int]) -> list[Any]:
    """Sort rows into the order of their path."""
    last = len(places)
    return sorted(
        rows, key=lambda row: (row["path"], places.get((row["path"], row["status"]), last))
    )
