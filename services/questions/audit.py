"""What auditors ask of the whole log: who did what, and what a day brought."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from domain.messages import ActorKind, Moment, Name
from domain.paths.calendars import Zone
from domain.paths.durations import Duration
from services.acts import LAST, Wanted, list_acts
from services.audited_day import Day, report_day
from services.questions.question import Asked, question

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_LISTED: Final = 1_000  # acts of a page, and of each section of a day
LISTED: Final = 100
AN_HOUR: Final = timedelta(hours=1)

Listed = Annotated[
    int, Field(ge=1, le=MOST_LISTED, description="at most so many are listed", examples=[50])
]


class AuditWho(Asked):
    """All that somebody did, by when the log took it."""

    actor: Annotated[Name, Field(description="who acted, or for whom", examples=["ann"])]
    kind: Annotated[ActorKind | None, Field(description="of whoever acted")] = None
    since: Annotated[
        Moment | None, Field(description="then or later", examples=["2026-01-01T00:00:00Z"])
    ] = None
    until: Annotated[
        Moment | None, Field(description="before then", examples=["2026-02-01T00:00:00Z"])
    ] = None
    before: Annotated[
        int | None, Field(ge=1, le=LAST, description="only below this position: `next`")
    ] = None
    limit: Listed = LISTED

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError("since is later than until: swap the two")
        return self


class AuditDay(Asked):
    """A day, and somewhere."""

    day: Annotated[date | None, Field(description="by default today", examples=["2026-01-31"])] = (
        None
    )
    zone: Annotated[Zone, Field(description="where the day begins", examples=["UTC"])] = "UTC"
    late: Annotated[
        Duration,
        Field(
            description="a fact recorded so much later is late",
            examples=["1h"],
            json_schema_extra={"default": "1h"},
        ),
    ] = AN_HOUR
    limit: Listed = LISTED

    @model_validator(mode="after")
    def _is_within_time(self) -> Self:
        if self.day is not None and not 2 <= self.day.year <= 9_998:
            raise ValueError("day must lie within the years 2 to 9998")
        return self


@question("audit.who", "/audit/who", reads="whole_log")
def who(system: "System", asked: AuditWho) -> dict[str, Any]:
    """List all that somebody did, or another did for him, and was refused, the newest first."""
    wanted = Wanted(asked.actor, asked.kind, asked.since, asked.until, asked.before, asked.limit)
    return {
        **asked.model_dump(include={"actor", "kind", "since", "until"}),
        **list_acts(system.acts, wanted),
    }


@question("audit.day", "/audit/day", reads="whole_log")
def day(system: "System", asked: AuditDay) -> dict[str, Any]:
    """Report a day's overrides, refusals, late facts, corrections, erasures and test flags."""
    now, zone = system.clock(), ZoneInfo(asked.zone)
    chosen = Day(asked.day or now.astimezone(zone).date(), zone)
    return report_day(system.acts, chosen, now=now, late=asked.late, limit=asked.limit)
