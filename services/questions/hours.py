"""What is asked of when and by whom work is done: calendars, waves, teams."""

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from domain.messages import Name
from domain.waves.definition import Wave
from domain.waves.line import WaveLine
from projections.reports.teams import TeamsNow, list_teams
from services.questions.question import Asked, Ref, question
from services.reading import check_calendar, latest_calendar, sees_all_orders
from services.rules.rule_words import hours_words
from services.waves import Run, WaveLines, hour_ahead, known_wave, runs_of

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_RUNS: Final = 1_000
LISTED_RUNS: Final = 20  # of one wave, where nobody says how many
WaveName = Annotated[Ref, Field(description="as wave.list names it", examples=["evening"])]
CalendarName = Annotated[Ref, Field(description="as calendar.list names it", examples=["office"])]


class Calendars(Asked):
    """The published calendars."""


class ShowCalendar(Asked):
    """The latest version of a calendar."""

    calendar: CalendarName


class Waves(Asked):
    """The published waves."""


class ShowWave(Asked):
    """A wave, and the last times that it came."""

    wave: WaveName
    limit: Annotated[int, Field(ge=1, le=MOST_RUNS, description="runs at most")] = LISTED_RUNS


class Teams(Asked):
    """Who belongs to the teams."""

    team: Annotated[Name | None, Field(description="only this one", examples=["sales"])] = None


@question("calendar.list", "/calendars", reads="log")
def calendars(system: "System", asked: Calendars) -> list[dict[str, Any]]:
    """List the published calendars with their latest versions."""
    rows = []
    for name in sorted(system.log.names("calendar")):
        version, calendar = latest_calendar(system, name)
        rows.append(
            {
                "calendar": name,
                "version": version,
                "title": calendar.title.get("en", name),
                "zone": calendar.zone,
                "week_hours": calendar.hours.minutes / 60,
                "holidays": len(calendar.holidays),
                "special_days": len(calendar.special_days),
            }
        )
    return rows


@question("calendar.show", "/calendars/{calendar}", reads="log")
def calendar(system: "System", asked: ShowCalendar) -> dict[str, Any]:
    """Show the latest version of a calendar: its hours, holidays and special days."""
    check_calendar(system, asked.calendar)
    version, found = latest_calendar(system, asked.calendar)
    definition = found.model_dump(mode="json")
    return {"calendar": asked.calendar, "version": version, "definition": definition}


@question("wave.list", "/waves", reads="log")
def waves(system: "System", asked: Waves) -> list[dict[str, Any]]:
    """List the published waves: what each asks of whom, and when it comes next."""
    return [_row(system, line) for line in WaveLines(system).read().values()]


@question("wave.show", "/waves/{wave}", reads="log")
def wave(system: "System", asked: ShowWave) -> dict[str, Any]:
    """Show a wave: what it asks, when it comes next, how often it came.

    What it came to counts all orders: whoever sees some of them is told of no run.
    """
    line = known_wave(system, asked.wave)
    runs = runs_of(system, asked.wave)[: asked.limit] if sees_all_orders() else []
    definition = None if line.wave is None else line.wave.model_dump(mode="json")
    return {**_row(system, line), "definition": definition, "runs": list(map(_run, runs))}


@question("team.list", "/teams", reads="tables")
def teams(system: "System", asked: Teams) -> TeamsNow:
    """List who belongs to the teams, who is there, and how many open orders each holds."""
    with system.snapshot() as reader:
        return list_teams(reader, team=asked.team)


def wave_words(said: Wave) -> dict[str, Any]:
    """Give what a wave says, in words; also of one that comes ready-made."""
    orders = "; ".join(f"{key}={'|'.join(v)}" for key, v in said.orders.conditions.items())
    return {
        "wave": said.wave,
        "title": said.title.get("en", said.wave),
        "hours": hours_words(said.schedule),
        "orders": orders,
        "asked": f"move to {said.then.move}",
    }


def _row(system: "System", line: WaveLine) -> dict[str, Any]:
    assert line.wave is not None, "a published wave has a definition"
    return {
        **wave_words(line.wave),
        "mode": line.wave.mode,
        "version": line.latest,
        "next_hour": hour_ahead(system, line),
        "running": len(line.running) if sees_all_orders() else 0,
    }


def _run(run: Run) -> dict[str, Any]:
    counts = ("orders", "accepted", "refused", "nothing", "failed")
    return {
        "batch_id": run.batch_id,
        "version": run.running.wave_version,
        "due_at": run.running.due_at,
        "begun_at": run.begun_at,
        "begun_by": run.begun_by,
        "finished_at": run.finished_at,
        **{name: getattr(run.finished, name, None) for name in counts},
    }
