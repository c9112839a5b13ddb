"""Sends a person's command and tells the outcome. Used by all commands that change something."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

from services.cli.errors import USAGE, WANTING, CommandFailed, complain, unmet_lines
from services.cli.options import Acting, Envelope, Sending, said
from services.cli.output import put
from services.cli.session import opened

if TYPE_CHECKING:
    from domain.messages import Command, Outcome
    from services.bootstrap import System

Wanted = TypeVar("Wanted", bound="Command")

SOURCE = "cli"


def send(ref: str, sending: Sending, command: "type[Command]", body: Mapping[str, Any]) -> None:
    """Send a command to an existing order."""
    from services.reading import find_order

    with opened() as system:
        order_id = find_order(system, ref)
        outcome = execute(system, command, sending, {"order_id": order_id, **body})
        finish(system, order_id, outcome, sending)


def execute(
    system: "System", command: "type[Command]", sending: Envelope, body: Mapping[str, Any]
) -> "Outcome":
    """Build the command with its envelope and wait for its outcome."""
    return system.execute(build(command, sending, body))


def build(command: "type[Wanted]", sending: Envelope, body: Mapping[str, Any]) -> "Wanted":
    """Build the command; what its fields do not take is an error of usage."""
    from pydantic import ValidationError

    envelope = {
        "command_id": sending.command_id or uuid4(),
        "actor": actor_dict(sending),
        "source": SOURCE,
        **said(
            reason=sending.reason,
            expected_version=sending.expected_version,
            expected_status=getattr(sending, "expected_status", None),  # not all have a status
        ),
    }
    try:
        return command.model_validate({**envelope, **body})
    except ValidationError as error:
        raise CommandFailed(invalid(error), USAGE) from None


def actor_dict(acting: Acting) -> dict[str, Any]:
    """Give who acts, by default whoever runs this."""
    who = who_runs_this() if acting.actor is None else acting.actor
    return {"kind": "user", "id": who, "roles": roles(acting)}


def roles(acting: Acting) -> tuple[str, ...]:
    """Give the roles, each once; `--role manager,lead` is two."""
    given = (name.strip() for text in acting.role or () for name in text.split(","))
    return tuple(dict.fromkeys(filter(None, given)))


def who_runs_this() -> str:
    """Name the system's user; in a container there may be none."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def invalid(error: Any) -> str:
    """Name every field that a command does not take, and what it takes."""
    lines = ["the command cannot be read:"]
    found = error.errors(include_input=False, include_url=False)
    wrong_inside = {d["loc"][:n] for d in found for n in range(len(d["loc"]))}
    for detail in found:
        if detail["type"] == "too_short" and detail["loc"] in wrong_inside:
            continue  # It is too short only because what is wrong inside was not counted.
        place = ".".join(map(str, detail["loc"])) or "command"
        lines.append(f"  {place}: {_words(detail)}")
    return "\n".join(lines)


def _words(detail: Any) -> str:
    if detail["type"] == "string_pattern_mismatch" and "a-z" in detail["ctx"]["pattern"]:
        return "write a-z, 0-9 and _, beginning with a letter, at most 64 characters"
    return str(detail["msg"]).removeprefix("Value error, ")


def finish(system: "System", order_id: UUID, outcome: "Outcome", sending: Sending) -> None:
    """Tell what became of a command to an order."""
    from domain.orders.events import stream_of

    answer = outcome_dict(system, outcome, stream_of(order_id), order_id=str(order_id))
    put_outcome(outcome, answer, sending, lambda: _sentence(system, order_id, outcome))


def put_outcome(
    outcome: "Outcome", answer: Mapping[str, Any], sending: Envelope, people: Callable[[], str]
) -> None:
    """Write an outcome; a refused one ends with 1 and names every unmet condition."""
    refused = outcome.kind == "refused"
    put(answer, as_json=sending.json, people=lambda: [] if refused else [people()])
    if refused:
        complain(unmet_lines(outcome.unmet))
        raise SystemExit(WANTING)


def outcome_dict(
    system: "System", outcome: "Outcome", stream: str, **target: str
) -> dict[str, Any]:
    """Give an outcome with its stable keys; target: what the command was about."""
    return {
        "outcome": outcome.kind,
        **target,
        "command_id": str(outcome.command_id),
        "version": outcome.versions.get(stream),
        "first_position": outcome.first_position,
        "last_position": outcome.last_position,
        "event_ids": outcome.event_ids(system.log.head().log_id),
        "unmet": [unmet.model_dump() for unmet in outcome.unmet],
        "repeated": outcome.repeated,
    }


def _sentence(system: "System", order_id: UUID, outcome: "Outcome") -> str:
    from services.reading import order_now

    order = order_now(system, order_id)
    status = order.status or "without a status"
    if outcome.kind == "nothing":
        return f"Nothing to do: order {order_id} is so already ({status})."
    paid = order.payment_status.replace("_", " ")
    return f"Order {order_id} is {status}, {paid}; version {order.version}, {where(outcome)}"


def where(outcome: "Outcome") -> str:
    """Say where in the log the events of an accepted command stand, as the end of a sentence."""
    first, last = outcome.first_position, outcome.last_position
    positions = f"position {last}" if first == last else f"positions {first} to {last}"
    again = " Answered before; nothing was done now." if outcome.repeated else ""
    return f"{positions}.{again}"
