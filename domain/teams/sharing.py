"""Sharing an order out to a member of a group: command and decision.

Who gets it is decided on the team as it is in that moment, and the event tells why.
"""

from datetime import datetime
from functools import cached_property
from typing import ClassVar

from domain.facts import Facts
from domain.messages import Code, Decided, Name
from domain.orders import guards
from domain.orders.candidates import Sharing
from domain.orders.commands import OrderCommand
from domain.orders.decide import Decision
from domain.orders.events import OwnerAssigned
from domain.orders.order import Order
from domain.refusals import Refusal
from domain.teams.choosing import Wanted, choose, why_not
from domain.teams.events import team_stream
from domain.teams.guards import team_is_known
from domain.teams.team import Team


class ShareOut(OrderCommand):
    """Make a member of the group responsible, or the group alone if nobody is free.

    An order that a member holds who may hold it stays there, also beyond a cap.
    """

    NAME: ClassVar[str] = "order.share_out"

    group: Name
    by: Sharing = "round_robin"
    skill: Code | None = None  # that the member must have
    hands_over: Name | None = None  # only while this person holds it, who does not get it again

    @cached_property
    def team_stream_id(self) -> str:
        return team_stream(self.group)


def share_out(order: Order, team: Team, cmd: ShareOut, facts: Facts, now: datetime) -> Decision:
    """Choose who is responsible from now on. Raises: Refusal with every unmet condition."""
    unmet = [
        *guards.order_exists(order, cmd.order_id),
        *guards.status_is_as_expected(order, cmd),
        *guards.time_is_allowed(cmd, now),
        *guards.not_final(order, facts.paths.get(order.pinned)),
        *team_is_known(team, cmd.group),
    ]
    if unmet:
        raise Refusal(*unmet)
    wanted = Wanted(cmd.by, cmd.skill, order.customer_id, cmd.hands_over)
    if _stays(order, team, cmd, wanted):
        return {cmd.stream_id: []}
    choice = choose(team, wanted)
    if (choice.member, cmd.group) == (order.owner_user, order.owner_group):
        return {cmd.stream_id: []}
    event = OwnerAssigned(
        user=choice.member,
        group=cmd.group,
        previous_user=order.owner_user,
        previous_group=order.owner_group,
        why=choice.why,
        candidates=choice.candidates,
    )
    return {cmd.stream_id: [Decided(event, max(now, order.last_occurred_at or now))]}


def _stays(order: Order, team: Team, cmd: ShareOut, wanted: Wanted) -> bool:
    """Whether the order stays where it is, without a look at the others."""
    owner = order.owner_user
    if cmd.hands_over is not None and owner != cmd.hands_over:
        return True
    if owner is None or order.owner_group != cmd.group or owner not in team.members:
        return False
    return why_not(team, owner, wanted) in (None, "cap_reached")
