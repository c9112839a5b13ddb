"""Options that many commands share, and how their texts become values. Used by every command.

A command takes a group of options as one parameter; `unfolded` shows them to Typer one by one.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Annotated, Any, Final, get_type_hints
from uuid import UUID, uuid4, uuid5

import typer

TIME_FORMS: Final = "2018-06-30T23:59:59Z, 2018-06-30 23:59:59 (read as UTC) or 2018-06-30"


def time_of(text: str | datetime) -> datetime:
    """Read a moment as RFC 3339; without an offset it is UTC, without a time its day's start."""
    if isinstance(text, datetime):
        return text
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no time: write {TIME_FORMS}") from None


def duration_of(text: str | timedelta) -> timedelta:
    """Read a duration: 7d, 12h, 1h30m."""
    from domain.paths.durations import parse_duration

    try:
        return parse_duration(text)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error)) from None


def uuid_of(text: str | UUID) -> UUID:
    """Read an id of ours."""
    try:
        return text if isinstance(text, UUID) else UUID(text)
    except ValueError:
        words = f"{text!r} is no UUID: write it as 01234567-89ab-cdef-0123-456789abcdef"
        raise typer.BadParameter(words) from None


Time = Annotated[datetime, typer.Argument(parser=time_of, metavar="TIME")]
OrderRef = Annotated[
    str, typer.Argument(metavar="ORDER", help="The order's UUID, or its number in the source.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")]
LISTED_FOR_PEOPLE: Final = 50  # rows of a list where nobody says how many; programs get all
Limit = Annotated[
    int | None, typer.Option(min=1, max=100_000, metavar="N", help="List at most so many.")
]


Cursor = Annotated[
    str | None, typer.Option(metavar="NEXT", help="Go on where the last page ended.")
]


@dataclass(frozen=True, slots=True)
class Moments:
    """Two axes of time: what had happened by then, what we knew by then."""

    as_of: Annotated[
        datetime | None,
        typer.Option(parser=time_of, metavar="TIME", help="What had happened up to then."),
    ] = None
    as_known: Annotated[
        datetime | None,
        typer.Option(parser=time_of, metavar="TIME", help="What the log knew by then."),
    ] = None


@dataclass(frozen=True, slots=True)
class Scoping(Moments):
    """Which orders and which facts a report counts."""

    timed_only: Annotated[
        bool, typer.Option("--timed-only", help="Leave out facts whose time is derived.")
    ] = False
    path: Annotated[str | None, typer.Option(metavar="PATH", help="Only orders of this path.")] = (
        None
    )


@dataclass(frozen=True, slots=True)
class Printing:
    """How a report comes out."""

    json: AsJson = False
    csv: Annotated[bool, typer.Option("--csv", help="Comma-separated rows with a header.")] = False

    def __post_init__(self) -> None:
        if self.json and self.csv:
            raise typer.BadParameter("choose one of --json and --csv")


@dataclass(frozen=True, slots=True)
class Acting:
    """Who wants something, and why."""

    actor: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who acts; by default the system's user.")
    ] = None
    role: Annotated[
        list[str] | None, typer.Option(metavar="ROLE", help="A role of the actor; repeatable.")
    ] = None
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, for people.")] = None


@dataclass(frozen=True, slots=True)
class Envelope(Acting):
    """Who sends a command, and on what condition."""

    command_id: Annotated[
        UUID | None,
        typer.Option(
            parser=uuid_of, metavar="UUID", help="The same id again gets the first answer."
        ),
    ] = None
    expected_version: Annotated[
        int | None, typer.Option(min=0, help="Only if it is still at this version.")
    ] = None
    json: AsJson = False

    def new_id(self, kind: str) -> UUID:
        """Give what is made an id: the same for the same command id, so it is made once."""
        return uuid5(self.command_id, kind) if self.command_id else uuid4()


@dataclass(frozen=True, slots=True)
class Sending(Envelope):
    """Who sends a command to an order, and on what condition."""

    expected_status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="Only if the order is in this status.")
    ] = None


@dataclass(frozen=True, slots=True)
class Batching(Acting):
    """Who asks many orders, under which id, and whether only to see what they would answer."""

    preview: Annotated[
        bool,
        typer.Option("--preview", "--dry-run", help="Only say what would become of the orders."),
    ] = False
    batch_id: Annotated[
        UUID | None,
        typer.Option(parser=uuid_of, metavar="UUID", help="The same id again goes on with it."),
    ] = None
    json: AsJson = False


def most(limit: int | None, *, everything: bool) -> int | None:
    """Say how many rows are wanted where nobody does: programs get all, which None is."""
    return limit or (None if everything else LISTED_FOR_PEOPLE)


def more(answer: Mapping[str, Any]) -> Iterator[str]:
    """Say to people that a list goes on, if it does."""
    if answer["next"] is not None:
        yield f"There is more: --cursor {answer['next']}"


def said(**given: Any) -> dict[str, Any]:
    """Give what was said, for a command's body: what was left out is not part of it."""
    return {name: value for name, value in given.items() if value is not None}


def unfolded(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command with one parameter for each field of its parameters' dataclasses."""
    hints = get_type_hints(command, include_extras=True)
    names = list(inspect.signature(command).parameters)
    groups = {name: hints[name] for name in names if is_dataclass(hints[name])}

    @wraps(command)
    def flat(**given: Any) -> None:
        made = {
            name: group(**{f.name: given.pop(f.name) for f in fields(group)})
            for name, group in groups.items()
        }
        command(**given, **made)

    own = [
        _own(parameter, hints) for parameter in _parameters(command) if parameter.name not in groups
    ]
    shared = [option for group in groups.values() for option in _options(group)]
    ordered = sorted([*own, *shared], key=lambda p: p.default is not inspect.Parameter.empty)
    flat.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
    flat.__annotations__ = {p.name: p.annotation for p in ordered}
    return flat


def _parameters(command: Callable[..., None]) -> Iterator[inspect.Parameter]:
    yield from inspect.signature(command).parameters.values()


def _own(parameter: inspect.Parameter, hints: dict[str, Any]) -> inspect.Parameter:
    return parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[parameter.name])


def _options(group: Any) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for field in fields(group):
        default = inspect.Parameter.empty if field.default is MISSING else field.default
        yield inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=hints[field.name],
        )
