"""`orderpath apikey …`: by what programs and people show who they are over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from services.cli.errors import WANTING, complain, unmet_lines
from services.cli.options import AsJson, duration_of, time_of, unfolded, uuid_of
from services.cli.output import put, say, table
from services.cli.sending import SOURCE, outcome_dict, where, who_runs_this
from services.cli.session import desk as opened_desk
from services.cli.session import near, opened

if TYPE_CHECKING:
    from domain.messages import Outcome
    from services.bootstrap import System
    from services.keys import MadeKey, Wanted

app: Final = typer.Typer(
    name="apikey",
    help="Make, rotate, revoke and list the keys of programs and people who call over HTTP.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
KeyName = Annotated[
    str, typer.Argument(metavar="NAME", help="Of the key: a-z, 0-9, _, . and -, at most 64.")
]
Expires = Annotated[
    datetime | None,
    typer.Option(parser=time_of, metavar="TIME", help="When it ends; by default never."),
]


@dataclass(frozen=True, slots=True)
class KeyEnvelope:
    """Who wants a key changed. The role here is the key's, not the actor's."""

    actor: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who acts; by default the system's user.")
    ] = None
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, for people.")] = None
    command_id: Annotated[
        UUID | None,
        typer.Option(parser=uuid_of, metavar="UUID", help="The same id again does nothing new."),
    ] = None
    json: AsJson = False


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a key makes of whoever shows it."""

    role: Annotated[str, typer.Option(metavar="ROLE", help="What it may; several with commas.")]
    group: Annotated[
        list[str] | None, typer.Option(metavar="GROUP", help="Group of the caller; repeatable.")
    ] = None
    on_behalf: Annotated[
        bool, typer.Option("--on-behalf", help="It may act for people, where its role allows it.")
    ] = False

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(filter(None, (one.strip() for one in self.role.split(","))))


@app.command()
@unfolded
def create(
    name: KeyName, expires: Expires = None, *, holder: Holder, envelope: KeyEnvelope
) -> None:
    """Make a key and print it, once: it is kept nowhere."""
    from services.keys import KeyFor, create_key

    key = KeyFor(
        name=_name(name),
        roles=holder.roles,
        groups=tuple(holder.group or ()),
        on_behalf=holder.on_behalf,
        expires_at=expires,
    )
    with _with_roles() as system:
        made = create_key(system, _wanted(envelope), key)
        _put_made(system, made, name, envelope)


@app.command()
@unfolded
def rotate(
    name: KeyName,
    overlap: Annotated[
        timedelta | None,
        typer.Option(
            parser=duration_of, metavar="DURATION", help="The key before is taken so long; 7d."
        ),
    ] = None,
    expires: Expires = None,
    *,
    envelope: KeyEnvelope,
) -> None:
    """Make a new secret for a key and print it, once; the one before ends a little later."""
    from services.keys import OVERLAP, rotate_key

    with _with_roles() as system:
        made = rotate_key(
            system,
            _wanted(envelope),
            _name(name),
            overlap=OVERLAP if overlap is None else overlap,
            expires_at=expires,
        )
        _put_made(system, made, name, envelope)


@app.command()
@unfolded
def revoke(name: KeyName, *, envelope: KeyEnvelope) -> None:
    """Take a key from whoever has it, at once and for ever."""
    from services.keys import revoke_key

    with opened() as system:
        outcome = revoke_key(system, _wanted(envelope), _name(name))
        answer = outcome_dict(near(system), outcome, f"apikey-{name}", name=name)
    _put(outcome, answer, envelope, _revoked(name, outcome))


@app.command("list")
def list_them(json: AsJson = False) -> None:
    """List all keys, never with their secrets."""
    from services.questions.rights import ApiKeys

    with opened_desk() as desk:
        rows = desk.ask(ApiKeys())
    columns = (
        "name!", "begins with", "state", "roles", "groups?", "on behalf?", "ends (UTC)?",
        "last used (UTC)?", "made (UTC)?", "made by?", "v>?",
    )  # fmt: skip
    cells = [list(row.values()) for row in rows]
    put(rows, as_json=json, people=lambda: [table("API keys", *columns, rows=cells)])


def _name(name: str) -> str:
    """Check a name before a secret is made for it."""
    from pydantic import TypeAdapter, ValidationError

    from domain.access.events import KeyName as Checked

    try:
        return TypeAdapter(Checked).validate_python(name)
    except ValidationError:
        words = "a key is named by a-z, 0-9, _, . and -, a letter first, at most 64"
        raise typer.BadParameter(words) from None


def _wanted(envelope: KeyEnvelope) -> "Wanted":
    from domain.messages import Actor
    from services.keys import Wanted

    return Wanted(
        actor=Actor(kind="user", id=envelope.actor or who_runs_this()),
        command_id=envelope.command_id,
        source=SOURCE,
        reason=envelope.reason,
    )


def _put_made(system: "System", made: "MadeKey", name: str, envelope: KeyEnvelope) -> None:
    outcome = made.outcome
    answer: dict[str, Any] = outcome_dict(near(system), outcome, f"apikey-{name}", name=name)
    _put(outcome, answer | {"key": made.key}, envelope, str(made.key))
    if not envelope.json:
        say(f"This is the key {name}. It is shown now and never again; {where(outcome)}")


def _put(outcome: "Outcome", answer: dict[str, Any], envelope: KeyEnvelope, sentence: str) -> None:
    refused = outcome.kind == "refused"
    put(answer, as_json=envelope.json, people=lambda: [] if refused else [sentence])
    if refused:
        complain(unmet_lines(outcome.unmet))
        raise SystemExit(WANTING)


@contextmanager
def _with_roles() -> "Iterator[System]":
    """Open the system with the ready-made roles published: a key may be wanted before `up`."""
    from services.rights import publish_ready_roles

    with opened() as system:
        publish_ready_roles(system)
        yield system


def _revoked(name: str, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing to do: the key {name} was revoked before."
    return f"The key {name} opens nothing any more; {where(outcome)}"
