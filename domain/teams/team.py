"""The state of a team and how events change it. evolve never refuses and looks nothing up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, assert_never, cast
from uuid import UUID

from domain.messages import Happened
from domain.teams import events as e

MAX_CUSTOMERS = 5_000  # that a team remembers; those of whom it heard longest ago go first


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who belongs to the team."""

    skills: tuple[str, ...] = ()
    cap: int | None = None  # open orders at most
    present: bool = False


@dataclass(frozen=True, slots=True)
class Team:
    """One team as of its last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    members: Mapping[str, Member] = field(default_factory=dict)  # the longest in it first
    held: Mapping[str, frozenset[UUID]] = field(default_factory=dict)  # by user, also of others
    turns: Mapping[str, int] = field(default_factory=dict)  # version of each member's latest turn
    # By customer id: who took their latest order. The one that was heard of last is last.
    customers: Mapping[str, str] = field(default_factory=dict)
    subject_id: str | None = None  # a team belongs to no person

    @property
    def exists(self) -> bool:
        return self.version > 0

    def load(self, user: str) -> int:
        """Count the open orders that somebody holds through the team."""
        return len(self.held.get(user, ()))

    def holds(self, user: str, order_id: UUID) -> bool:
        return order_id in self.held.get(user, ())

    def evolve(self, happened: Happened) -> "Team":
        """Give the team after one more event."""
        version, at = happened.version, happened.occurred_at
        changes = _changes(self, cast(e.TeamEvent, happened.event), version)
        return replace(self, version=version, last_occurred_at=at, **changes)


def _changes(team: Team, event: e.TeamEvent, version: int) -> dict[str, Any]:
    user = event.user
    match event:
        case e.MemberSet(skills=skills, cap=cap):
            known = team.members.get(user, Member())
            return {"members": {**team.members, user: replace(known, skills=skills, cap=cap)}}
        case e.MemberRemoved():
            return {"members": _without(team.members, user), "turns": _without(team.turns, user)}
        case e.MemberCame() | e.MemberWent():
            known = team.members.get(user, Member())
            there = isinstance(event, e.MemberCame)
            return {"members": {**team.members, user: replace(known, present=there)}}
        case e.OrderTaken():
            return _taken(team, event, version)
        case e.OrderReleased(order_id=order_id):
            left = team.held.get(user, frozenset()) - {order_id}
            others = _without(team.held, user)
            return {"held": {**others, user: left} if left else others}
        case _:
            assert_never(event)


def _taken(team: Team, event: e.OrderTaken, version: int) -> dict[str, Any]:
    user = event.user
    orders = team.held.get(user, frozenset()) | {event.order_id}
    changes: dict[str, Any] = {"held": {**team.held, user: orders}}
    if event.turn:
        changes["turns"] = {**team.turns, user: version}
    if event.customer_id is not None:
        customers = {**_without(team.customers, event.customer_id), event.customer_id: user}
        if len(customers) > MAX_CUSTOMERS:
            del customers[next(iter(customers))]
        changes["customers"] = customers
    return changes


def _without(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != key}
