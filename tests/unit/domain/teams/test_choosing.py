"""Who gets the next order: round robin, least load, sticky; presence, caps, skills."""

from typing import Any
from uuid import UUID

import pytest

from domain.orders.candidates import Candidate
from domain.teams.choosing import Choice, Wanted, choose
from domain.teams.team import Member, Team

THERE = Member(present=True)


def team(**state: Any) -> Team:
    return Team(version=1, **{"members": dict.fromkeys(("ann", "bob", "eve"), THERE)} | state)


def holding(**loads: int) -> dict[str, frozenset[UUID]]:
    return {user: frozenset(map(UUID, _ids(load))) for user, load in loads.items() if load}


def _ids(count: int) -> list[str]:
    return [str(UUID(int=number)) for number in range(1, count + 1)]


def chosen(of: Team, by: Any, **wanted: Any) -> tuple[str | None, str]:
    choice = choose(of, Wanted(by, **wanted))
    return choice.member, choice.why


def test_p28_round_robin_gives_to_whose_turn_is_longest_ago() -> None:
    assert chosen(team(), "round_robin") == ("ann", "round_robin")
    assert chosen(team(turns={"ann": 5, "bob": 4}), "round_robin") == ("eve", "round_robin")
    turns = {"ann": 5, "bob": 4, "eve": 6}
    assert chosen(team(turns=turns, held=holding(bob=9)), "round_robin") == ("bob", "round_robin")


def test_p28_least_load_gives_to_who_holds_the_fewest_and_then_takes_turns() -> None:
    loads = holding(ann=2, bob=1, eve=1)
    assert chosen(team(held=loads), "least_load") == ("bob", "least_load")
    assert chosen(team(held=loads, turns={"bob": 2}), "least_load") == ("eve", "least_load")


def test_p28_sticky_gives_to_who_took_the_customers_latest_order() -> None:
    known = team(customers={"c-7": "eve"}, held=holding(eve=5, ann=1))

    assert chosen(known, "sticky", customer_id="c-7") == ("eve", "sticky")
    assert chosen(known, "sticky", customer_id="c-8") == ("bob", "least_load")
    assert chosen(known, "sticky") == ("bob", "least_load")


@pytest.mark.parametrize(
    ("member", "wanted", "why_not"),
    [
        (Member(), {}, "absent"),
        (Member(("tea",), cap=2, present=True), {}, "cap_reached"),
        (Member(("tea",), cap=0, present=True), {}, "cap_reached"),
        (Member(("tea",), present=True), {"skill": "german"}, "skill_missing"),
        (Member(present=True), {"hands_over": "eve"}, "hands_over"),
        (Member(("tea",), cap=3, present=True), {"skill": "tea"}, None),
    ],
)
def test_p28_only_who_is_there_below_the_cap_and_skilled_gets_it_and_it_says_why(
    member: Member, wanted: dict[str, Any], why_not: Any
) -> None:
    alone = team(members={"eve": member}, held=holding(eve=2), customers={"c-7": "eve"})
    seen = (Candidate(member="eve", load=2, why_not=why_not),)

    for by in ("round_robin", "least_load", "sticky"):
        choice = choose(alone, Wanted(by, customer_id="c-7", **wanted))
        expected = ("eve", by) if why_not is None else (None, "nobody_free")
        assert choice == (*expected, seen)


def test_nobody_is_chosen_of_a_team_without_members() -> None:
    assert choose(team(members={}), Wanted("least_load")) == Choice(None, "nobody_free", ())
