"""Who belongs to a team, and who is there."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Actor
from domain.teams import commands as c
from domain.teams import events as e
from domain.teams.guards import MAX_MEMBERS
from tests.support.examples import GROUP, NOW, actor
from tests.support.spec import given

WHO: dict[str, Any] = {"command_id": UUID(int=3), "actor": actor(), "group": GROUP, "user": "ann"}
ANN = e.MemberSet(user="ann", skills=("tea",), cap=2)
COME, GO, REMOVE = (command(**WHO) for command in (c.Come, c.Go, c.RemoveMember))


def set_member(**more: Any) -> c.SetMember:
    return c.SetMember(**{**WHO, "skills": ("tea",), "cap": 2, **more})


class TestMembers:
    def test_p28_a_member_has_skills_and_a_cap(self) -> None:
        answer = given().when(set_member())

        answer.then(ANN)
        assert answer.team.members["ann"].skills == ("tea",)
        assert answer.team.members["ann"].cap == 2
        given(ANN).when(set_member()).then_nothing()

    def test_who_is_new_is_not_there_yet_and_a_change_leaves_who_is_there_there(self) -> None:
        assert not given(ANN).world.team.members["ann"].present

        answer = given(ANN, COME).when(set_member(cap=None))

        answer.then(e.MemberSet(user="ann", skills=("tea",)))
        assert answer.team.members["ann"].present

    def test_a_member_may_be_removed_and_comes_back_as_a_new_one(self) -> None:
        given(ANN, COME).when(REMOVE).then(e.MemberRemoved(user="ann"))
        given(ANN, REMOVE).when(REMOVE).then_nothing()

        assert not given(ANN, COME, REMOVE, ANN).world.team.members["ann"].present

    def test_a_team_has_room_for_a_hundred(self) -> None:
        many = [e.MemberSet(user=f"user_{number}") for number in range(MAX_MEMBERS)]

        given(*many).when(set_member()).then_refused("team_full")
        assert given(*many).when(set_member(user="user_7")).events


class TestPresence:
    def test_p28_members_say_when_they_come_and_go(self) -> None:
        answer = given(ANN).when(COME)

        answer.then(e.MemberCame(user="ann"))
        assert answer.team.members["ann"].present
        given(ANN, COME).when(COME).then_nothing()
        given(ANN, COME).when(GO).then(e.MemberWent(user="ann"))
        given(ANN).when(GO).then_nothing()

    @pytest.mark.parametrize("command", [c.Come, c.Go])
    def test_a27_nobody_says_of_others_whether_they_are_there_but_leads_and_programs(
        self, command: type[c.TeamCommand]
    ) -> None:
        bob = e.MemberSet(user="bob")
        of_bob = command(**{**WHO, "user": "bob"})
        there = [e.MemberCame(user="bob")] if command is c.Go else []

        given(bob, *there).when(of_bob).then_refused("role_missing")
        for who in (actor("user", "lead"), actor("api_key"), actor("trigger")):
            by_others = of_bob.model_copy(update={"actor": who})
            assert given(bob, *there).when(by_others).events
        himself = of_bob.model_copy(update={"actor": Actor(kind="user", id="bob")})
        assert given(bob, *there).when(himself).events

    def test_a_refusal_repeats_no_word_that_may_be_a_surname(self) -> None:
        answer = given(ANN).when(COME.model_copy(update={"user": "ivanova"}))

        answer.then_refused("member_unknown", "role_missing")
        assert "ivanova" not in repr(answer.unmet)
        assert "ann" not in repr(answer.unmet)

    def test_a_stranger_is_not_there_and_all_that_is_wrong_is_told(self) -> None:
        wrong = COME.model_copy(
            update={
                "user": "eve",
                "expected_status": "new",
                "occurred_at": NOW - timedelta(days=1),
            }
        )

        given(ANN).when(wrong).then_refused(
            "status_differs", "time_not_allowed", "member_unknown", "role_missing"
        )
