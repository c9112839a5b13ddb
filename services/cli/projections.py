"""`orderpath projection …`: the read models, how far they are, made anew, proven, repaired."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from services.cli.errors import WANTING, CommandFailed
from services.cli.options import AsJson
from services.cli.output import progress_bar, put, table
from services.cli.session import catch_up, opened

if TYPE_CHECKING:
    from rich.console import RenderableType

app: Final = typer.Typer(
    name="projection",
    help="List, rebuild, verify and repair the read models.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Name = Annotated[str, typer.Argument(metavar="PROJECTION", help="As `projection list` names it.")]
MaybeName = Annotated[
    str | None, typer.Argument(metavar="PROJECTION", help="By default all of them.")
]


@app.command("list")
def list_them(json: AsJson = False) -> None:
    """List the builds of every projection: state, position, lag, parked streams."""
    from services.questions.state import build_row

    with opened() as system:
        listed = system.read_models.list_projections()
        rows = [build_row(one, system.clock()) for one in listed]
        not_made = system.read_models.list_not_made()
    put(rows, as_json=json, people=lambda: projections_sheet(rows, not_made))


@app.command()
def rebuild(
    name: Annotated[
        list[str] | None, typer.Argument(metavar="PROJECTION", help="By default all of them.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Build tables anew beside the old ones, then show the new ones. Resumable."""
    with opened() as system:
        system.prepare_projections()
        rows = []
        for one in _names(name):
            with progress_bar(f"Rebuilding {one}") as move:
                build = system.read_models.rebuild(one, move)
            rows.append({"name": one, "build": build.build, "version": build.version})
    columns = ("projection", "build>", "version>")
    put(rows, as_json=json, people=lambda: [table("Rebuilt", *columns, rows=_cells(rows))])


@app.command()
def verify(
    name: Annotated[
        list[str] | None, typer.Argument(metavar="PROJECTION", help="By default all of them.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Compare the live tables with a fresh replay of the log. 1 if one differs."""
    with opened() as system:
        catch_up(system)
        rows = []
        for one in _names(name):
            with progress_bar(f"Verifying {one}") as move:
                found = system.read_models.verify(one, move)
            rows.append(
                {
                    "name": found.name,
                    "build": found.build,
                    "events": found.events,
                    "rows": found.rows,
                    "differing": list(found.differing),
                    "equal": not found.differing,
                }
            )
    columns = ("projection", "build>", "events>", "rows", "differing tables", "equal")
    put(rows, as_json=json, people=lambda: [table("Verified", *columns, rows=_cells(rows))])
    if not all(row["equal"] for row in rows):
        names = " ".join(str(row["name"]) for row in rows if not row["equal"])
        raise CommandFailed(
            f"the tables are not what the log says: run `orderpath projection rebuild {names}`"
        )


@app.command()
def parked(name: MaybeName = None, json: AsJson = False) -> None:
    """List the streams that were left behind at an event that cannot be applied."""
    with opened() as system:
        rows = [
            {
                "projection": one.projection,
                "build": one.build,
                "state": one.state,
                "stream_id": one.stream_id,
                "position": one.position,
                "version": one.version,
                "event": one.type,
                "error": one.error,
                "waiting": one.waiting,
                "parked_at": one.parked_at,
            }
            for one in system.read_models.list_parked(name)
        ]
    columns = (
        "projection", "build>", "state", "stream", "position>", "version>", "event", "error",
        "waiting>", "parked (UTC)",
    )  # fmt: skip
    put(rows, as_json=json, people=lambda: [table("Parked", *columns, rows=_cells(rows))])


@app.command()
def retry(name: MaybeName = None, json: AsJson = False) -> None:
    """Apply what is parked again. 1 if something stays parked."""
    with opened() as system:
        through, stayed = system.read_models.retry(name)
    answer = {"through": through, "still_parked": stayed}
    sentence = f"{through} streams went through, {stayed} are still parked."
    put(answer, as_json=json, people=lambda: [sentence])
    if stayed:
        raise SystemExit(WANTING)


@app.command()
def drive(
    driver: Annotated[
        Literal["follower", "workers"],
        typer.Argument(
            metavar="follower|workers", help="The log follower, or stream workers behind Kafka."
        ),
    ],
    json: AsJson = False,
) -> None:
    """Choose who keeps all projections up to date; programs that run take it up by themselves."""
    with opened() as system:
        system.prepare_projections()
        before = system.read_models.driver()
        system.read_models.drive(driver)
    answer = {"driver": driver, "changed": before != driver}
    put(answer, as_json=json, people=lambda: [_DRIVEN[driver]])


_DRIVEN: Final = {
    "follower": "The log follower drives the projections: `orderpath up` or `orderpath follow`.",
    "workers": "Workers drive the projections: `orderpath relay` and `orderpath worker` have to "
    "run. Reads wait for them a while, and then show what the tables hold.",
}


def projections_sheet(
    rows: Sequence[dict[str, Any]], not_made: Sequence[str]
) -> "Iterator[RenderableType]":
    """Show the builds, and what makes those that there are not."""
    keys = ("name", "state", "build", "version", "position", "lag", "oldest_waiting_at", "parked")
    columns = (
        "projection", "state", "build>?", "version>?", "position>", "lag>",
        "oldest waiting (UTC)", "parked>",
    )  # fmt: skip
    told = [row | {"state": ", ".join([row["state"], *_against(row)])} for row in rows]
    if told:
        yield table("Projections", *columns, rows=([row[key] for key in keys] for row in told))
    if wanting := dict.fromkeys(row["name"] for row in rows if any(_against(row))):
        yield f"Not of this version and log: run `orderpath projection rebuild {' '.join(wanting)}`"
    if any(row["parked"] for row in rows):
        yield "Streams are parked: see `orderpath projection parked`"
    if not_made:
        yield (
            f"These projections have not been made yet: {', '.join(not_made)}. "
            "`orderpath up` makes them, and so does the first report."
        )


def _against(row: Mapping[str, Any]) -> Iterator[str]:
    """Say why a build has to be made again; a retired one has been."""
    if row["state"] != "retired":
        if row["log_replaced"]:
            yield "of another log"
        if row["newest_version"] not in (None, row["version"]):
            yield "of another version"


def _cells(rows: Sequence[dict[str, Any]]) -> "list[list[Any]]":
    return [list(row.values()) for row in rows]


def _names(given: list[str] | None) -> list[str]:
    """Give the names, all of them known before the first is worked on."""
    from projections.catalog import BY_NAME, find_projection

    return [find_projection(name).name for name in given or BY_NAME]
