"""`orderpath team …`: who belongs to a team and is there; and `order share-out`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4, uuid5

import typer

from services.cli.batches import batch_of, carried_out, carry_out, sheet
from services.cli.errors import WANTING
from services.cli.options import AsJson, Batching, Envelope, OrderRef, Sending, said, unfolded
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, send, where
from services.cli.session import catch_up, near, opened, up_to_date
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.bulk import Batch
    from domain.messages import Outcome
    from domain.teams.commands import TeamCommand
    from projections.reports.teams import TeamsNow
    from services.bootstrap import System
    from services.desks import Desk

app: Final = typer.Typer(
    name="team",
    help="Say who belongs to a group and who is there: orders are shared out among them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

User = Annotated[str, typer.Argument(metavar="USER", help="The person's id.")]
Group = Annotated[str, typer.Option(metavar="NAME", help="The group.")]
AnyGroup = Annotated[str | None, typer.Option("--group", metavar="NAME", help="Only this group.")]
By = Annotated[str, typer.Option(metavar="HOW", help="round_robin, least_load or sticky.")]


@app.command("list")
def list_(group: AnyGroup = None, json: AsJson = False) -> None:
    """List who belongs to the teams, who is there, and how many open orders each holds."""
    from services.questions.hours import Teams

    with opened_desk() as desk:
        answer = desk.ask(Teams(team=group))
    put(answer, as_json=json, people=lambda: _sheet(answer))


@app.command("set")
@unfolded
def set_(
    user: User,
    group: Group,
    skill: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="What the member can do; repeatable.")
    ] = None,
    cap: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Open orders at most; without: no cap.")
    ] = None,
    *,
    envelope: Envelope,
) -> None:
    """Let somebody belong to a team, with these skills and this cap and no others."""
    from domain.teams.commands import SetMember

    can = {"skills": tuple(skill or ())} | said(cap=cap)
    _send(SetMember, envelope, {"user": user, "group": group} | can)


@app.command()
@unfolded
def remove(user: User, group: Group, *, envelope: Envelope) -> None:
    """Let somebody belong to a team no more. Hand the orders over: `team redistribute`."""
    from domain.teams.commands import RemoveMember

    _send(RemoveMember, envelope, {"user": user, "group": group})


@app.command()
@unfolded
def come(user: User, group: Group, *, envelope: Envelope) -> None:
    """Say that a member is there and takes orders."""
    from domain.teams.commands import Come

    _send(Come, envelope, {"user": user, "group": group})


@app.command()
@unfolded
def go(
    user: User,
    group: Group,
    hand_over: Annotated[
        bool, typer.Option("--hand-over", help="Share out anew what the member holds.")
    ] = False,
    by: By = "least_load",
    *,
    envelope: Envelope,
) -> None:
    """Say that a member is not there. 1 if that, or an order that is handed over, is refused."""
    from domain.teams.commands import Go

    wish = {"user": user, "group": group}
    if not hand_over:
        _send(Go, envelope, wish)
        return
    batching = _batching(envelope)
    batch = _hand_over(user, group, by, batching)
    with opened() as system:
        answer, outcome = _asked(near(system), Go, envelope, wish)
        if outcome.kind == "refused":
            put_outcome(outcome, answer, envelope, str)
        catch_up(system)
        report = carried_out(system, batch, lambda: _held(system, user, group), batching)
    answer |= {"handed_over": report.as_dict()}
    told = [_sentence(answer, outcome), *sheet(report)]
    put(answer, as_json=envelope.json, people=lambda: told)
    if not report.is_clean:
        raise SystemExit(WANTING)


@app.command()
@unfolded
def redistribute(
    user: User, group: AnyGroup = None, by: By = "least_load", *, batching: Batching
) -> None:
    """Share out anew every open order that somebody holds, to others. 1 if one refuses."""
    batch = _hand_over(user, group, by, batching)
    with up_to_date() as system:
        carry_out(system, batch, lambda: _held(system, user, group), batching)


@unfolded
def share_out(
    order: OrderRef,
    group: Group,
    by: By = "round_robin",
    skill: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only to a member who has it.")
    ] = None,
    *,
    sending: Sending,
) -> None:
    """Make a member of a group responsible for an order, whoever is there and free."""
    from domain.teams.sharing import ShareOut

    send(order, sending, ShareOut, {"group": group, "by": by} | said(skill=skill))


def _batching(envelope: Envelope) -> Batching:
    """Let the batch behind a command be the same if the command is."""
    known = envelope.command_id and uuid5(envelope.command_id, "hand over")
    return Batching(envelope.actor, envelope.role, envelope.reason, batch_id=known)


def _hand_over(user: str, group: str | None, by: str, batching: Batching) -> "Batch":
    from domain.bulk import BatchOrder
    from domain.teams.sharing import ShareOut
    from services.teams import handing_over

    told = batching if batching.reason else replace(batching, reason=f"{user} hands over")
    one = BatchOrder(uuid4(), {"group": group or user})
    return batch_of(told, ShareOut.NAME, one, **handing_over(user, by, group=group))


def _held(system: "System", user: str, group: str | None) -> Any:
    from services.teams import held_orders

    return held_orders(system, user, group=group)


def _send(command: "type[TeamCommand]", envelope: Envelope, wish: Mapping[str, Any]) -> None:
    with opened_desk() as desk:
        answer, outcome = _asked(desk, command, envelope, wish)
    put_outcome(outcome, answer, envelope, lambda: _sentence(answer, outcome))


def _asked(
    desk: "Desk", command: "type[TeamCommand]", envelope: Envelope, wish: Mapping[str, Any]
) -> "tuple[dict[str, Any], Outcome]":
    from domain.teams.events import team_stream

    outcome = execute(desk, command, envelope, wish)
    group, user = wish["group"], wish["user"]
    return outcome_dict(desk, outcome, team_stream(group), group=group, user=user), outcome


def _sentence(answer: Mapping[str, Any], outcome: "Outcome") -> str:
    who = f"{answer['user']} of {answer['group']}"
    if outcome.kind == "nothing":
        return f"Nothing to do: {who} is so already."
    return f"{who}: {where(outcome)}"


def _sheet(answer: "TeamsNow") -> "Iterator[RenderableType]":
    yield table(
        "Teams",
        "team", "member", "there", "since (UTC)?", "open orders>", "cap>?", "skills?", "free",
        rows=(
            [
                one["team"], one["member"], _yes(one["present"]), one["present_since"],
                one["open_orders"], one["cap"], ", ".join(one["skills"]), _yes(one["free"]),
            ]
            for one in answer["members"]
        ),
    )  # fmt: skip
    if answer["left_behind"]:
        yield table(
            "Held by who belongs to the team no more",
            "team", "member", "open orders>", "oldest (UTC)",
            rows=(list(one.values()) for one in answer["left_behind"]),
        )  # fmt: skip


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
