"""`orderpath wave …`: waves are published, listed, shown, tried, begun, and what became of them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from services.cli.batches import finish, rehearsed, take
from services.cli.files import file_or_ready
from services.cli.options import AsJson, Envelope, unfolded, uuid_of
from services.cli.output import put, say, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk
from services.cli.session import near, opened, up_to_date

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome
    from domain.waves.definition import Wave
    from domain.waves.line import Running
    from services.bootstrap import System
    from services.desks import Desk

app: Final = typer.Typer(
    name="wave",
    help="Publish and look at what many orders are asked at fixed hours.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
WaveName = Annotated[str, typer.Argument(metavar="WAVE", help="As `wave list` names it.")]
_SAID: Final[tuple[str, ...]] = ("wave", "title", "hours", "orders", "asked")


@app.command("list")
def list_them(
    ready: Annotated[
        bool, typer.Option("--ready", help="Those that come ready-made, published or not.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List the published waves: what each asks of whom, and when it comes next."""
    from services.questions.hours import Waves, wave_words

    if ready:
        rows = [wave_words(wave) for wave in _ready()]
        names = _SAID
    else:
        with opened_desk() as desk:
            rows = desk.ask(Waves())
        names = (*_SAID, "mode", "version", "next_hour")
    cells = [[row[name] for name in names] for row in rows]
    columns = [{"version": "v>", "next_hour": "next (UTC)"}.get(name, name) for name in names]
    put(rows, as_json=json, people=lambda: [table("Waves", *columns, rows=cells)])


@app.command()
@unfolded
def publish(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="YAML, `-` for standard input; see docs/waves.md."),
    ] = None,
    ready: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead: one that `list --ready` names.")
    ] = None,
    *,
    envelope: Envelope,
) -> None:
    """Let a wave come at its hours from now on; the same content again is nothing new."""
    from domain.waves.commands import PublishWave
    from domain.waves.events import stream_of

    definition = _file_or_ready(file, ready)
    name = definition.wave
    with opened_desk() as desk:
        outcome = execute(desk, PublishWave, envelope, {"definition": definition})
        answer = outcome_dict(desk, outcome, stream_of(name), wave=name)
        put_outcome(outcome, answer, envelope, lambda: _published(desk, name, outcome))


@app.command()
def show(name: WaveName, json: AsJson = False) -> None:
    """Show a wave: what it asks, when it comes next, how often it came."""
    from services.questions.hours import ShowWave

    with opened_desk() as desk:
        answer = desk.ask(ShowWave(wave=name))
    put(answer, as_json=json, people=lambda: _sheet(answer))


@app.command()
def preview(name: WaveName, json: AsJson = False) -> None:
    """Name the orders that a wave is for now, and what each would answer; nothing is done. Not with
    --url, as all that asks many orders.

    1 if one of them refuses.
    """
    from services.waves import known_wave, orders_meant, trial_of

    with up_to_date() as system:
        line = known_wave(system, name)
        assert line.wave is not None
        report = rehearsed(system, trial_of(line), orders_meant(system, line.wave))
    finish(report, as_json=json)


@app.command()
@unfolded
def run(name: WaveName, *, envelope: Envelope) -> None:
    """Begin a wave now, whatever its hours, and carry it out. 1 if an order refuses.

    The orders are asked as you, with your roles. Interrupted, `orderpath waves` carries on with it.
    """
    from domain.waves.commands import BeginWave
    from domain.waves.events import stream_of
    from services.waves import check_id, known_wave

    with opened() as system:
        known_wave(system, name)
        if envelope.command_id is not None:
            check_id(system, name, envelope.command_id)
        outcome = execute(near(system), BeginWave, envelope, {"wave": name})
        if outcome.kind == "refused":
            answer = outcome_dict(near(system), outcome, stream_of(name), wave=name)
            put_outcome(outcome, answer, envelope, lambda: "")
        batch_id = outcome.command_id
        running = known_wave(system, name).running.get(batch_id)
        if running is not None:
            say(f"Batch {batch_id}: interrupted, `orderpath waves` carries on with it.")
            _carry_out(system, batch_id, running, as_json=envelope.json)
        else:
            _put_results(system, name, batch_id, as_json=envelope.json)


@app.command()
def results(
    name: WaveName,
    batch: Annotated[
        UUID | None,
        typer.Option(parser=uuid_of, metavar="UUID", help="By default what `show` names first."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Show what became of each order of a wave. 1 if one refused, or was not asked yet."""
    from services.waves import known_wave

    with opened() as system:
        known_wave(system, name)
        _put_results(system, name, batch, as_json=json)


def _carry_out(system: "System", batch_id: UUID, running: "Running", *, as_json: bool) -> None:
    from services.bulk.report import BatchReport
    from services.waves import batch_of, carry_out

    report = BatchReport(batch_of(batch_id, running), 0)
    take(report, carry_out(system, batch_id, running), "Asking the orders")
    report.orders = len(report.results)
    report.batch = system.batches.find(batch_id) or report.batch
    finish(report, as_json=as_json)


def _put_results(system: "System", name: str, batch_id: UUID | None, *, as_json: bool) -> None:
    from domain.refusals import Unusable
    from services.bulk.batches import results as results_of
    from services.bulk.report import BatchReport
    from services.waves import batch_of, runs_of

    runs = [one for one in runs_of(system, name) if batch_id in (None, one.batch_id)]
    if not runs:
        which = "has not come yet" if batch_id is None else f"has no batch {batch_id}"
        raise Unusable(f"the wave {name} {which}: `orderpath wave show {name}` says when it came")
    found = runs[0]
    batch = system.batches.find(found.batch_id)
    if batch is None and found.finished is None:
        words = "has begun and asked nobody yet: `orderpath waves` carries it out"
        raise Unusable(f"the batch {found.batch_id} {words}")
    if batch is None:
        report = BatchReport(batch_of(found.batch_id, found.running), 0)
    else:
        report = BatchReport(batch, batch.orders, results=list(results_of(system, batch)))
    finish(report, as_json=as_json)


def _ready() -> "Iterator[Wave]":
    from services.bootstrap import wave_files

    return map(wave_files.load_preset, wave_files.preset_names())


def _file_or_ready(file: str | None, ready: str | None) -> "Wave":
    """Read the file, or take the ready-made wave, whichever was named. Raises: Unusable"""
    from services.bootstrap import wave_files

    return file_or_ready(file, ready, preset=wave_files.load_preset, read=wave_files.read_wave)


def _published(desk: "Desk", name: str, outcome: "Outcome") -> str:
    from services.questions.hours import ShowWave

    known = desk.ask(ShowWave(wave=name))
    version, hour = known["version"], known["next_hour"]
    if outcome.kind == "nothing":
        return f"Nothing new: version {version} of wave {name} says the same."
    comes = f"comes next at {hour:%Y-%m-%d %H:%M} UTC" if hour else "comes when people begin it"
    return f"Version {version} of wave {name} {comes}; {where(outcome)}"


def _sheet(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    from domain.waves.definition import Wave
    from services.plain_json import as_told

    title = f"Wave {answer['wave']}, version {answer['version']}: {answer['title']}"
    keys = ("mode", "hours", "next_hour", "orders", "asked", "running")
    rows = [(key.replace("next_hour", "next (UTC)"), answer[key]) for key in keys]
    if answer["definition"] is not None:
        wave = Wave.as_published(as_told(answer["definition"]))
        rows += [("why", wave.then.reason), ("roles", ", ".join(wave.roles) or None)]
    yield table(title, "key", "value", rows=[one for one in rows if one[1] is not None])
    if answer["runs"]:
        names = ("batch_id", "due_at", "begun_at", "begun_by", "finished_at", "orders", "accepted",
                 "refused", "nothing")  # fmt: skip
        columns = ("batch!", "hour (UTC)", "begun (UTC)", "by", "finished (UTC)?", "orders>",
                   "changed>", "refused>", "already so>?")  # fmt: skip
        cells = [[one[name] for name in names] for one in answer["runs"]]
        yield table("When it came", *columns, rows=cells)
