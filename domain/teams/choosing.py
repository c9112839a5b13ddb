"""Who gets the next order of a team: the same team and the same wish always choose the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from domain.orders.candidates import Candidate, Sharing, Why, WhyNot
from domain.teams.team import Team


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the order that is shared out asks for."""

    by: Sharing
    skill: str | None = None  # that the member must have
    customer_id: str | None = None  # whose order it is
    hands_over: str | None = None  # whoever does not get it


class Choice(NamedTuple):
    """Whom the order goes to, None: nobody is free."""

    member: str | None
    why: Why
    candidates: tuple[Candidate, ...]


def choose(team: Team, wanted: Wanted) -> Choice:
    """Choose among the members that are there, below their cap and have the skill.

    round_robin: whose latest turn is longest ago
    least_load:  who holds the fewest open orders, of several the one of round_robin
    sticky:      who took the customer's latest order, if free; else as least_load
    """
    candidates = tuple(
        Candidate(member=name, load=team.load(name), why_not=why_not(team, name, wanted))
        for name in team.members
    )
    free = [one for one in candidates if one.why_not is None]
    if not free:
        return Choice(None, "nobody_free", candidates)
    known = team.customers.get(wanted.customer_id or "")
    if wanted.by == "sticky" and known in {one.member for one in free}:
        return Choice(known, "sticky", candidates)
    if wanted.by == "round_robin":
        return Choice(_next_turn(team, free).member, "round_robin", candidates)
    least = min(one.load for one in free)
    fewest = [one for one in free if one.load == least]
    return Choice(_next_turn(team, fewest).member, "least_load", candidates)


def why_not(team: Team, name: str, wanted: Wanted) -> WhyNot | None:
    """Say what keeps a member from getting the order, first what weighs most; None: nothing."""
    member = team.members[name]
    if name == wanted.hands_over:
        return "hands_over"
    if not member.present:
        return "absent"
    if wanted.skill is not None and wanted.skill not in member.skills:
        return "skill_missing"
    if member.cap is not None and team.load(name) >= member.cap:
        return "cap_reached"
    return None


def _next_turn(team: Team, free: Sequence[Candidate]) -> Candidate:
    """Of those who never had a turn the one who belongs to the team longest."""
    return min(free, key=lambda one: team.turns.get(one.member, 0))
