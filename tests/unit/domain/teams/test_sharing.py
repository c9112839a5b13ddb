"""An order that is shared out, and what a team is told whatever becomes of its orders."""

from typing import Any
from uuid import UUID

import pytest

from domain.messages import Command, Event
from domain.orders import commands as o
from domain.orders.candidates import Candidate
from domain.orders.events import OwnerAssigned
from domain.teams import events as e
from domain.teams.sharing import ShareOut
from domain.teams.team import MAX_CUSTOMERS, Team
from tests.support.examples import COMMANDS, GROUP, NOW, ORDER_ID, actor
from tests.support.spec import Step, Stored, given

WHO: dict[str, Any] = {"command_id": UUID(int=4), "actor": actor("trigger"), "order_id": ORDER_ID}
PLACE = COMMANDS["order.place"]
CANCEL = COMMANDS["order.cancel"]
TEAM: tuple[Event, ...] = (
    e.MemberSet(user="ann", cap=1),
    e.MemberCame(user="ann"),
    e.MemberSet(user="bob", skills=("tea",)),
    e.MemberCame(user="bob"),
)
TAKEN = e.OrderTaken(order_id=ORDER_ID, user="ann", customer_id="c-7", turn=True)


GIVEN_TO_BOB = e.OrderTaken(order_id=ORDER_ID, user="bob", customer_id="c-7")


def share(**more: Any) -> ShareOut:
    return ShareOut(**{**WHO, "group": GROUP, **more})


def assign(user: str | None = None, group: str | None = None) -> o.AssignOwner:
    return o.AssignOwner(**WHO, user=user, group=group)


def anew(command: Command, **more: Any) -> Command:
    return type(command).model_validate(command.model_dump(exclude_unset=True) | more)


def released(why: Any, user: str = "ann") -> e.OrderReleased:
    return e.OrderReleased(order_id=ORDER_ID, user=user, why=why)


class TestShareOut:
    def test_p28_v5_the_owner_is_chosen_and_the_event_tells_among_whom_and_why(self) -> None:
        answer = given(*TEAM, PLACE).when(share())

        answer.then(
            OwnerAssigned(
                user="ann",
                group=GROUP,
                why="round_robin",
                candidates=(Candidate(member="ann", load=0), Candidate(member="bob", load=0)),
            ),
            TAKEN,
        )
        assert answer.order.owner_user == "ann"
        assert answer.team.load("ann") == 1

    def test_p28_with_nobody_free_the_group_gets_it_and_the_event_says_so(self) -> None:
        answer = given(*TEAM[:1], PLACE).when(share())

        absent = Candidate(member="ann", load=0, why_not="absent")
        answer.then(OwnerAssigned(user=None, group=GROUP, why="nobody_free", candidates=(absent,)))
        given(*TEAM[:1], PLACE, share()).when(share()).then_nothing()
        assert given(*TEAM[:1], PLACE, share(), TEAM[1]).when(share()).order.owner_user == "ann"

    def test_shared_out_twice_it_stays_where_it_is_also_at_a_cap(self) -> None:
        given(*TEAM, PLACE, share()).when(share(by="least_load")).then_nothing()

    def test_it_leaves_who_is_not_there_or_has_not_the_skill(self) -> None:
        gone = given(*TEAM, PLACE, share(), e.MemberWent(user="ann")).when(share())
        unskilled = given(*TEAM, PLACE, share()).when(share(skill="tea"))

        for answer in (gone, unskilled):
            assert answer.order.owner_user == "bob"
            assert answer.events[1:] == [released("reassigned"), _taken_by("bob")]

    def test_who_hands_over_does_not_get_it_and_what_others_hold_is_left_alone(self) -> None:
        held = given(*TEAM, PLACE, share())

        assert held.when(share(hands_over="ann")).order.owner_user == "bob"
        given(*TEAM, PLACE, share()).when(share(hands_over="bob")).then_nothing()

    def test_an_order_that_is_finished_or_unknown_and_a_group_without_a_team_are_refused(
        self,
    ) -> None:
        given(PLACE, CANCEL).when(share()).then_refused("order_finished", "team_unknown")
        given(*TEAM).when(share(expected_status="new")).then_refused(
            "order_unknown", "status_differs"
        )


class TestLoads:
    def test_p28_a_cap_counts_what_is_open_and_not_what_has_ended(self) -> None:
        other = anew(PLACE, order_id=UUID(int=99), external_id="A-99")
        taken: list[Step] = [*TEAM[:2], PLACE, other, share(order_id=UUID(int=99))]

        assert given(*taken).when(share()).order.owner_user is None
        ended = anew(CANCEL, order_id=UUID(int=99))
        assert given(*taken, ended).when(share()).order.owner_user == "ann"

    @pytest.mark.parametrize(
        ("command", "told"),
        [
            (CANCEL, [released("ended")]),
            (assign("bob", GROUP), [released("reassigned"), GIVEN_TO_BOB]),
            (assign("ann"), [released("reassigned")]),
            (assign(group=GROUP), [released("reassigned")]),
            (assign("ann", "couriers"), [released("reassigned")]),
            (COMMANDS["order.add_note"], []),
        ],
    )
    def test_p28_a_load_falls_in_the_decision_that_ends_or_hands_on_the_order(
        self, command: Command, told: list[Any]
    ) -> None:
        answer = given(*TEAM, PLACE, share()).when(command)

        assert answer.events[1:] == told
        assert answer.team.load("ann") == 0 or not told

    def test_an_order_that_is_opened_again_weighs_again(self) -> None:
        lead = {"actor": actor("user", "lead"), "to_status": "new", "reason": "He changed his mind"}
        again = o.ChangeStatus.model_validate({**WHO, **lead})

        answer = given(*TEAM, PLACE, share(), CANCEL).when(again)

        assert answer.events[-1] == e.OrderTaken(order_id=ORDER_ID, user="ann", customer_id="c-7")
        assert answer.team.load("ann") == 1

    def test_an_order_held_since_before_there_was_a_team_ends_without_a_word(self) -> None:
        answer = given(PLACE, assign("ann", GROUP), *TEAM).when(CANCEL)

        assert [event.NAME for event in answer.events] == ["order.status_changed.v1"]


def test_a_team_remembers_a_bounded_number_of_customers_the_latest() -> None:
    team = Team()
    for number in range(MAX_CUSTOMERS + 2):
        customer = f"c-{number}" if number <= MAX_CUSTOMERS else "c-1"
        taken = e.OrderTaken(order_id=UUID(int=number), user="ann", customer_id=customer)
        team = team.evolve(Stored(taken, number + 1, NOW))

    assert len(team.customers) == MAX_CUSTOMERS
    assert list(team.customers)[:1] == ["c-2"]
    assert list(team.customers)[-1] == "c-1"


def _taken_by(user: str) -> e.OrderTaken:
    return e.OrderTaken(order_id=ORDER_ID, user=user, customer_id="c-7", turn=True)
