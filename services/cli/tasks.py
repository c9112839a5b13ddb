"""`orderpath task …`: who is to do what by when, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from services.cli.inbox import Choosing, in_full, whose
from services.cli.options import AsJson, Envelope, more, said, time_of, unfolded, uuid_of
from services.cli.output import put, table
from services.cli.sending import execute, find_id, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome
    from domain.tasks.commands import TaskCommand
    from services.desks import Desk

app: Final = typer.Typer(
    name="task",
    help="Give somebody something to do, and say what came of it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

TaskId = Annotated[UUID, typer.Argument(parser=uuid_of, metavar="TASK")]


@dataclass(frozen=True, slots=True)
class Doing:
    """Who is to do it."""

    user: Annotated[str | None, typer.Option(metavar="NAME", help="This user.")] = None
    group: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whoever of this group takes it.")
    ] = None


@dataclass(frozen=True, slots=True)
class Wish(Doing):
    """Who is to do it, by when, about what."""

    order: Annotated[
        str | None, typer.Option(metavar="ORDER", help="About this order: its UUID or number.")
    ] = None
    due: Annotated[
        datetime | None, typer.Option(parser=time_of, metavar="TIME", help="By when.")
    ] = None


@app.command()
@unfolded
def create(
    title: Annotated[
        str, typer.Argument(metavar="TITLE", help="What is to be done. Everybody sees it.")
    ],
    *,
    wish: Wish,
    envelope: Envelope,
) -> None:
    """Give a user or a group something to do."""
    from domain.tasks.commands import CreateTask

    new = envelope.new_id("task")
    body: dict[str, Any] = {
        "title": title,
        "user": wish.user,
        "group": wish.group,
        "due_at": wish.due,
    }
    with opened_desk() as desk:
        if wish.order is not None:
            body["order_id"] = find_id(desk, wish.order)
        _tell(desk, CreateTask, new, envelope, body)


@app.command("list")
@unfolded
def list_(*, choosing: Choosing) -> None:
    """List what is to be done, what is due first comes first."""
    from services.questions.inbox import Tasks

    with opened_desk() as desk:
        answer = desk.ask(Tasks.model_validate(choosing.asked))
    put(answer, as_json=choosing.json, people=lambda: [*_sheet(answer["tasks"]), *more(answer)])


@app.command()
def show(task: TaskId, json: AsJson = False) -> None:
    """Show a task in full, with the note of whoever has done it."""
    from services.questions.inbox import ShowTask

    with opened_desk() as desk:
        view = desk.ask(ShowTask(task=task))
    put(view, as_json=json, people=lambda: [in_full("Task", view)])


@app.command()
@unfolded
def assign(task: TaskId, *, doing: Doing, envelope: Envelope) -> None:
    """Let another user or group do it."""
    from domain.tasks.commands import AssignTask

    _send(AssignTask, task, envelope, asdict(doing))


@app.command()
@unfolded
def done(
    task: TaskId,
    outcome: Annotated[str, typer.Option(metavar="CODE", help="What came of it.")] = "done",
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="For people.")] = None,
    *,
    envelope: Envelope,
) -> None:
    """Say that it is done."""
    from domain.tasks.commands import FinishTask

    _send(FinishTask, task, envelope, {"outcome": outcome, "note": note})


@app.command()
@unfolded
def drop(
    task: TaskId,
    reason_code: Annotated[str, typer.Option(metavar="CODE", help="Why: not_needed, …")],
    *,
    envelope: Envelope,
) -> None:
    """Say that nobody needs to do it any more."""
    from domain.tasks.commands import DropTask

    _send(DropTask, task, envelope, {"reason_code": reason_code})


def _send(
    command: "type[TaskCommand]", task_id: UUID, envelope: Envelope, body: Mapping[str, Any]
) -> None:
    with opened_desk() as desk:
        _tell(desk, command, task_id, envelope, body)


def _tell(
    desk: "Desk",
    command: "type[TaskCommand]",
    task_id: UUID,
    envelope: Envelope,
    body: Mapping[str, Any],
) -> None:
    from domain.tasks.events import task_stream

    outcome = execute(desk, command, envelope, {"task_id": task_id, **said(**body)})
    answer = outcome_dict(desk, outcome, task_stream(task_id), task_id=str(task_id))
    put_outcome(outcome, answer, envelope, lambda: _sentence(task_id, outcome))


def _sentence(task_id: UUID, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing to do: task {task_id} is so already."
    return f"Task {task_id}: {where(outcome)}"


def _sheet(tasks: Sequence[Mapping[str, Any]]) -> "Iterator[RenderableType]":
    if not tasks:
        yield "Nothing is to be done."
        return
    yield table(
        None,
        "task!", "title", "for", "due (UTC)", "state", "order?", "created by?", "ended by?",
        "outcome?",
        rows=(
            (
                one["task_id"], one["title"], whose(one), one["due_at"], one["state"],
                one["order_id"], one["created_by"], one["ended_by"],
                one["outcome"] or one["reason_code"],
            )
            for one in tasks
        ),
    )  # fmt: skip
