"""Sends a person's command and tells the outcome. Used by all commands that change something."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

from services.cli.errors import (
    USAGE,
    WANTING,
    CommandFailed,
    complain,
    invalid,
    unmet_lines,
)
from services.cli.options import Acting, Envelope, Sending, said
from services.cli.output import put
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from domain.messages import Command, Outcome
    from services.desks import Desk

Wanted = TypeVar("Wanted", bound="Command")

SOURCE = "cli"


def send(ref: str, sending: Sending, command: "type[Command]", body: Mapping[str, Any]) -> None:
    """Send a command to an existing order."""
    with opened_desk() as desk:
        order_id = find_id(desk, ref)
        outcome = execute(desk, command, sending, {"order_id": order_id, **body})
        finish(desk, order_id, outcome, sending)


def find_id(desk: "Desk", ref: str) -> UUID:
    """Give the id of the order that is meant. Raises: Refusal order_unknown, order_ambiguous"""
    from services.questions.orders import FindOrder

    return UUID(desk.ask(FindOrder(order=ref))["order_id"])


def show_order(desk: "Desk", ref: object) -> dict[str, Any]:
    """Give an order as it is now."""
    from services.questions.orders import ShowOrder

    view: dict[str, Any] = desk.ask(ShowOrder(order=str(ref)))
    return view


def first_made(desk: "Desk", order_id: UUID, outcome: "Outcome", event: str) -> Any:
    """Give (id, view) of the part of an order that a command made, also one of long ago, or None.

    event: the stored name of what says that it was made
    """
    from services.questions.orders import OrderHistory

    if outcome.kind != "accepted":
        return None
    for change in desk.ask(OrderHistory(order=str(order_id)))["changes"]:
        if (change["position"], change["event"]) == (outcome.first_position, event):
            _, _, name = change["field"].partition(".")
            return name, change["to"]
    return None


def execute(
    desk: "Desk", command: "type[Command]", sending: Envelope, body: Mapping[str, Any]
) -> "Outcome":
    """Build the command with its envelope and wait for its outcome."""
    return desk.send(build(desk, command, sending, body))


def build(
    desk: "Desk", command: "type[Wanted]", sending: Envelope, body: Mapping[str, Any]
) -> "Wanted":
    """Build the command; what its fields do not take is an error of usage."""
    from pydantic import ValidationError

    envelope = {
        "command_id": sending.command_id or uuid4(),
        "actor": far_actor(sending) if desk.is_far else actor_dict(sending),
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
        raise CommandFailed(invalid(error, "the command"), USAGE) from None


def actor_dict(acting: Acting) -> dict[str, Any]:
    """Give who acts, by default whoever runs this."""
    who = who_runs_this() if acting.actor is None else acting.actor
    return {"kind": "user", "id": who, "roles": roles(acting)}


def far_actor(acting: Acting) -> dict[str, Any]:
    """Give who acts where a key says it: whoever is named is the one for whom the key acts."""
    if acting.role:
        message = "--role is for who works beside the database: over HTTP the key has its roles"
        raise CommandFailed(message, USAGE)
    return {"kind": "api_key", "id": "caller", **said(on_behalf_of=acting.actor)}


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


def finish(desk: "Desk", order_id: UUID, outcome: "Outcome", sending: Sending) -> None:
    """Tell what became of a command to an order."""
    from domain.orders.events import stream_of

    answer = outcome_dict(desk, outcome, stream_of(order_id), order_id=str(order_id))
    put_outcome(outcome, answer, sending, lambda: _sentence(desk, order_id, outcome))


def put_outcome(
    outcome: "Outcome", answer: Mapping[str, Any], sending: Envelope, people: Callable[[], str]
) -> None:
    """Write an outcome; a refused one ends with 1 and names every unmet condition."""
    refused = outcome.kind == "refused"
    put(answer, as_json=sending.json, people=lambda: [] if refused else [people()])
    if refused:
        complain(unmet_lines(outcome.unmet))
        raise SystemExit(WANTING)


def outcome_dict(desk: "Desk", outcome: "Outcome", stream: str, **target: str) -> dict[str, Any]:
    """Give an outcome with its stable keys; target: what the command was about."""
    from services.questions.log import LogHead

    log_id = desk.ask(LogHead())["log_id"] if outcome.events else None
    return {
        "outcome": outcome.kind,
        **target,
        "command_id": str(outcome.command_id),
        "version": outcome.versions.get(stream),
        "first_position": outcome.first_position,
        "last_position": outcome.last_position,
        "event_ids": outcome.event_ids(UUID(log_id)) if log_id else [],
        "unmet": [unmet.model_dump() for unmet in outcome.unmet],
        "repeated": outcome.repeated,
    }


def _sentence(desk: "Desk", order_id: UUID, outcome: "Outcome") -> str:
    order = show_order(desk, order_id)
    status = order["status"] or "without a status"
    if outcome.kind == "nothing":
        return f"Nothing to do: order {order_id} is so already ({status})."
    paid = order["payment_status"].replace("_", " ")
    return f"Order {order_id} is {status}, {paid}; version {order['version']}, {where(outcome)}"


def where(outcome: "Outcome") -> str:
    """Say where in the log the events of an accepted command stand, as the end of a sentence."""
    first, last = outcome.first_position, outcome.last_position
    positions = f"position {last}" if first == last else f"positions {first} to {last}"
    again = " Answered before; nothing was done now." if outcome.repeated else ""
    return f"{positions}.{again}"
