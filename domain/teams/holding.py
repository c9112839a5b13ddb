"""Who holds an open order through which team: whatever changes that is told to the team in the
same append.

Asked for every decision on an order, whatever the command was: by the order before and after it,
not by a list of commands.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.facts import Facts
from domain.messages import Command, Decided
from domain.orders.events import OwnerAssigned
from domain.orders.order import Order
from domain.orders.order_command import OrderCommand
from domain.teams.events import OrderReleased, OrderTaken, TeamEvent, team_stream
from domain.teams.team import Team


class Holder(NamedTuple):
    """A person who is responsible for an open order as one of a group."""

    group: str
    user: str


@dataclass(frozen=True, slots=True)
class HolderChange:
    """An order that somebody begins or ceases to hold."""

    order_id: UUID
    customer_id: str | None
    before: Holder | None
    after: Holder | None
    is_turn: bool  # it was shared out
    ended: bool  # it is finished, and nobody took it from whoever held it

    @property
    def streams(self) -> tuple[str, ...]:
        """Name the teams that are told."""
        groups = (holder.group for holder in (self.before, self.after) if holder is not None)
        return tuple(dict.fromkeys(map(team_stream, groups)))

    def told(self, states: Mapping[str, Any], now: datetime) -> Mapping[str, list[Decided]]:
        """Give the events of each team; none of a group that has no team."""
        decided: dict[str, list[Decided]] = {}
        for holder, event in self._events(states):
            stream = team_stream(holder.group)
            at = max(now, states[stream].last_occurred_at or now)
            decided.setdefault(stream, []).append(Decided(event, at))
        return decided

    def _events(self, states: Mapping[str, Any]) -> Iterator[tuple[Holder, TeamEvent]]:
        order_id, before, after = self.order_id, self.before, self.after
        if before is not None and _team(states, before).holds(before.user, order_id):
            why = "ended" if self.ended else "reassigned"
            yield before, OrderReleased(order_id=order_id, user=before.user, why=why)
        if after is not None and _team(states, after).exists:
            yield (
                after,
                OrderTaken(
                    order_id=order_id,
                    user=after.user,
                    customer_id=self.customer_id,
                    turn=self.is_turn,
                ),
            )


def holder_change(
    command: Command,
    states: Mapping[str, Any],
    after: Mapping[str, Any],
    decided: Mapping[str, Iterable[Decided]],
    facts: Facts,
) -> HolderChange | None:
    """Give what a decision changes of who holds its order; None: nothing.

    states: before the decision; after: those that it changes, as they will be
    """
    if not isinstance(command, OrderCommand) or command.stream_id not in after:
        return None
    old: Order = states[command.stream_id]
    new: Order = after[command.stream_id]
    before, now = _holder(old, facts), _holder(new, facts)
    if before == now:
        return None
    events = (one.event for one in decided[command.stream_id])
    is_turn = any(isinstance(event, OwnerAssigned) and event.why for event in events)
    ended = before == (new.owner_group, new.owner_user)
    return HolderChange(command.order_id, new.customer_id, before, now, is_turn, ended)


def _holder(order: Order, facts: Facts) -> Holder | None:
    if order.owner_user is None or order.owner_group is None:
        return None
    path = facts.paths.get(order.pinned)
    status = path.statuses.get(order.status or "") if path else None
    if status is not None and status.final is not None:
        return None
    return Holder(order.owner_group, order.owner_user)


def _team(states: Mapping[str, Any], holder: Holder) -> Team:
    team: Team = states[team_stream(holder.group)]
    return team
