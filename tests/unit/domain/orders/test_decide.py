"""Placing, moving, cancelling, describing and correcting an order."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Actor, ActorKind, Command, Decided
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.fields import FIELDS
from domain.orders.guards import moment_has_come
from domain.orders.money import StatedTotals
from domain.paths.path import OrderPath
from tests.support.examples import (
    COMMANDS,
    CUP,
    CUSTOMER,
    EVENTS,
    NOW,
    ORDER_ID,
    PATH,
    TEA,
    actor,
    fact_id,
)
from tests.support.spec import given
from tests.support.strategies import records

PLACE = COMMANDS["order.place"]
PLACED = EVENTS["order.placed.v1"]
WAREHOUSE = actor("user", "warehouse")


def who(by: Actor | None = None) -> dict[str, Any]:
    return {"command_id": UUID(int=2), "actor": by or actor(), "order_id": ORDER_ID}


def place(**changes: Any) -> c.PlaceOrder:
    body = {"path": "shop", "currency": "EUR", "lines": (TEA,)} | changes
    return c.PlaceOrder(**{**who(), **body})


def to(status: str, by: Actor | None = None, **said: Any) -> c.ChangeStatus:
    return c.ChangeStatus(**who(by), to_status=status, **said)


def cancel(**said: Any) -> c.CancelOrder:
    return c.CancelOrder(**{**who(), **said})


CANCEL = cancel(reason_code="changed_mind", initiator="client")
CONFIRM = to("confirmed")
PACK = to("packed", WAREHOUSE, reason="All there")
FINISHED = (PLACE, CONFIRM, PACK, to("done"))


class TestPlaceOrder:
    def test_v7_an_order_is_placed_with_its_money_broken_down(self) -> None:
        placed, *_ = given().when(PLACE).events

        assert placed == PLACED

    def test_without_stated_totals_they_are_computed(self) -> None:
        placed = given().when(place()).order

        assert placed.totals is not None
        assert placed.due_minor == placed.totals.total_minor == 1_400

    def test_a24_an_order_can_be_placed_as_a_test(self) -> None:
        assert given().when(place(test=True)).order.test

    def test_the_order_pins_the_latest_version_of_its_path(self) -> None:
        second = PATH.model_copy(update={"title": {"en": "Second"}})
        order = given(paths=[PATH, second]).when(PLACE).order

        assert (order.path, order.path_version, order.status) == ("shop", 2, "new")

    def test_d3_a_source_may_say_when_it_happened(self) -> None:
        when = NOW - timedelta(days=1)
        order = given().when(place(actor=actor("api_key"), occurred_at=when)).order

        assert order.last_occurred_at == when
        assert order.placed is not None
        assert order.placed.deadlines[0].at == when + timedelta(minutes=5)

    def test_an_order_that_exists_is_not_placed_again(self) -> None:
        given(PLACE).when(PLACE).then_refused("order_exists")

    def test_an_order_needs_a_published_path(self) -> None:
        given(paths=[]).when(PLACE).then_refused("path_unknown")

    def test_an_item_stands_in_an_order_once(self) -> None:
        answer = given().when(place(lines=(TEA, CUP, TEA)))

        answer.then_refused("item_exists")
        assert answer.fields == ["lines.2.item_id"]

    def test_a_discount_is_at_most_the_price_of_its_line(self) -> None:
        greedy = TEA.model_copy(update={"discount_minor": 1_501})
        answer = given().when(place(lines=(CUP, greedy)))

        answer.then_refused("discount_exceeds_price")
        assert answer.fields == ["lines.1.discount_minor"]

    def test_a_discount_on_the_order_is_at_most_its_price(self) -> None:
        answer = given().when(place(discount_minor=1_401))

        answer.then_refused("discount_exceeds_price")
        assert answer.fields == ["discount_minor"]

    def test_d2_a_refused_placement_names_everything_at_once(self) -> None:
        everything_wrong = place(
            occurred_at=NOW + timedelta(hours=1),
            lines=(TEA, TEA),
            discount_minor=3_000,
            stated=StatedTotals(goods_minor=1, vat_minor=2, total_minor=3),
        )
        answer = given(PLACE, paths=[PATH]).when(everything_wrong)

        answer.then_refused(
            "time_not_allowed",
            "time_in_future",
            "order_exists",
            "item_exists",
            "discount_exceeds_price",
            "money_mismatch",
            "money_mismatch",
            "money_mismatch",
        )


class TestChangeStatus:
    def test_r1_an_order_moves_where_the_matrix_has_a_way(self) -> None:
        given(PLACE).when(CONFIRM).then(e.StatusChanged(from_status="new", to_status="confirmed"))

    def test_entering_a_status_with_a_limit_records_its_deadlines(self) -> None:
        answer = given(PLACE, CONFIRM).when(PACK)

        due = NOW + timedelta(minutes=2) + timedelta(days=2)
        answer.then(
            e.StatusChanged(
                from_status="confirmed",
                to_status="packed",
                deadlines=(e.Deadline(level="due", at=due),),
            )
        )

    def test_r2_a_new_order_cannot_jump_over_the_matrix(self) -> None:
        answer = given(PLACE).when(to("done"))

        answer.then_refused("transition_not_allowed")
        assert answer.unmet[0].needed == "one of confirmed, cancelled"

    def test_p9_a_finished_order_does_not_move(self) -> None:
        given(*FINISHED).when(to("new")).then_refused("transition_not_allowed")

    def test_a_status_must_be_one_of_the_path(self) -> None:
        given(PLACE).when(to("nowhere")).then_refused("status_unknown")

    @pytest.mark.parametrize(
        ("written", "meant"),
        [("Confirmed", "confirmed"), ("confirmd", "confirmed"), ("Новый", "new"), ("zzz", None)],
    )
    def test_whatever_is_written_the_statuses_that_there_are_are_told(
        self, written: str, meant: str | None
    ) -> None:
        answer = given(PLACE).when(c.ChangeStatus(**who(), to_status=written))

        answer.then_refused("status_unknown")
        (unmet,) = answer.unmet
        assert unmet.needed == "one of " + ", ".join(PATH.statuses)
        assert unmet.message.partition(": ")[2] == (f"did you mean {meant}?" if meant else "")

    def test_what_is_no_code_may_be_personal_and_is_not_repeated(self) -> None:
        wish = c.ChangeStatus(**who(), to_status="Anna hung up", expected_status="Anna called")

        answer = given(PLACE).when(wish)

        answer.then_refused("status_differs", "status_unknown")
        assert "Anna" not in str(answer.unmet)

    def test_a_move_may_need_a_role(self) -> None:
        pack = to("packed", actor("user", "manager"), reason="All there")

        answer = given(PLACE, CONFIRM).when(pack)

        answer.then_refused("role_missing")
        assert answer.unmet[0].needed == "one of warehouse"

    def test_a_move_may_need_a_reason(self) -> None:
        given(PLACE, CONFIRM).when(to("packed", WAREHOUSE)).then_refused("reason_required")

    def test_a31_entering_a_failure_status_needs_reason_code_and_initiator(self) -> None:
        answer = given(PLACE).when(to("cancelled"))

        answer.then_refused("reason_code_required", "initiator_required")
        assert answer.unmet[0].needed == "one of changed_mind, out_of_stock"

    def test_p35_a_reason_code_is_one_of_the_transition(self) -> None:
        bored = to("cancelled", reason_code="bored", initiator="client")

        given(PLACE).when(bored).then_refused("reason_code_unknown")

    def test_d3_an_expected_status_that_is_gone_refuses_the_intent(self) -> None:
        late = to("confirmed", expected_status="new")

        given(PLACE, CONFIRM, PACK).when(late).then_refused(
            "status_differs", "transition_not_allowed"
        )

    def test_a_decision_carries_no_time_of_its_own(self) -> None:
        for kind in ("user", "api_key", "import"):
            early = to("confirmed", actor(kind), occurred_at=NOW)
            given(PLACE).when(early).then_refused("time_not_allowed")

    def test_an_order_that_nobody_placed_does_not_move(self) -> None:
        given().when(CONFIRM).then_refused("order_unknown")

    def test_d2_a_refused_move_names_everything_at_once(self) -> None:
        wrong = to("lost", expected_status="packed", occurred_at=NOW + timedelta(hours=1))

        given(PLACE).when(wrong).then_refused(
            "status_differs",
            "time_not_allowed",
            "time_in_future",
            "transition_not_allowed",
            "reason_code_required",
            "initiator_required",
        )

    def test_d2_role_and_reason_are_asked_for_together(self) -> None:
        given(PLACE, CONFIRM).when(to("packed")).then_refused("role_missing", "reason_required")

    def test_an_order_that_is_there_already_stays(self) -> None:
        given(PLACE, CONFIRM).when(CONFIRM).then_nothing()

    def test_a_decision_stands_after_a_fact_whose_clock_runs_fast(self) -> None:
        ahead = NOW + timedelta(minutes=5)
        recorded = EVENTS["order.status_recorded.v1"].model_copy(update={"to_status": "new"})
        fast = Decided(recorded, ahead, fact_id(1))

        answer = given(PLACE, fast).when(CONFIRM)

        assert answer.order.status == "confirmed"
        assert answer.order.last_occurred_at == ahead

    def test_an_order_of_which_only_payments_are_known_has_no_path_to_move_on(self) -> None:
        charged = Decided(EVENTS["order.payment_charged.v1"], NOW, fact_id(1))

        given(charged).when(CONFIRM).then_refused("path_not_pinned")
        given(charged).when(c.CancelOrder(**who())).then_refused(
            "path_not_pinned", "reason_code_required", "initiator_required"
        )

    def test_what_needs_no_path_is_decided_before_it_is_known(self) -> None:
        charged = Decided(EVENTS["order.payment_charged.v1"], NOW, fact_id(1))

        for command in ("order.add_note", "order.assign_owner", "order.refund_payment"):
            assert given(charged).when(COMMANDS[command]).events, command

    def test_an_order_whose_only_status_was_annulled_is_refused_with_the_reason(self) -> None:
        recorded = Decided(EVENTS["order.status_recorded.v1"], NOW, fact_id(1))
        annul = c.CorrectFact(**who(), version=1, reason="Wrong order")

        answer = given(recorded, annul).when(CONFIRM)

        answer.then_refused("transition_not_allowed")
        assert answer.order.status is None


class TestCancelOrder:
    def test_a31_an_order_is_cancelled_with_reason_and_initiator(self) -> None:
        given(PLACE).when(CANCEL).then(
            e.StatusChanged(
                from_status="new",
                to_status="cancelled",
                reason_code="changed_mind",
                initiator="client",
            )
        )

    def test_a31_cancelling_without_reason_and_initiator_is_refused(self) -> None:
        given(PLACE).when(cancel()).then_refused("reason_code_required", "initiator_required")

    def test_a31_cancelling_without_initiator_is_refused(self) -> None:
        given(PLACE).when(cancel(reason_code="changed_mind")).then_refused("initiator_required")

    def test_a31_cancelling_without_reason_code_is_refused(self) -> None:
        given(PLACE).when(cancel(initiator="shop")).then_refused("reason_code_required")

    def test_the_reason_is_one_of_the_path(self) -> None:
        bored = cancel(reason_code="bored", initiator="client")

        given(PLACE).when(bored).then_refused("reason_code_unknown")

    def test_another_failure_status_can_be_named(self) -> None:
        lost = cancel(reason_code="vanished", initiator="client", to_status="lost")

        assert given(PLACE, CONFIRM, PACK).when(lost).order.status == "lost"

    def test_an_order_is_not_cancelled_by_entering_a_good_status(self) -> None:
        given(PLACE).when(cancel(to_status="confirmed")).then_refused(
            "status_not_failure", "reason_code_required", "initiator_required"
        )

    def test_d2_a_refused_cancelling_names_everything_at_once(self) -> None:
        nowhere = c.CancelOrder(**who(), to_status="packed", occurred_at=NOW)

        given(PLACE, CONFIRM).when(nowhere).then_refused(
            "time_not_allowed",
            "status_not_failure",
            "role_missing",
            "reason_required",
            "reason_code_required",
            "initiator_required",
        )

    def test_the_status_must_be_one_of_the_path(self) -> None:
        given(PLACE).when(cancel(to_status="nowhere")).then_refused(
            "status_unknown", "reason_code_required", "initiator_required"
        )

    def test_a_path_without_a_failure_status_cannot_cancel(self) -> None:
        kind = OrderPath.model_validate(
            {
                "path": "shop",
                "stages": ["work"],
                "statuses": {"new": {"stage": "work"}},
                "initial": [{"status": "new"}],
            }
        )

        given(PLACE, paths=[kind]).when(CANCEL).then_refused("status_unknown")

    def test_a_finished_order_is_not_cancelled(self) -> None:
        given(*FINISHED).when(CANCEL).then_refused("transition_not_allowed")

    def test_an_unknown_order_is_not_cancelled(self) -> None:
        given().when(CANCEL).then_refused("order_unknown")

    def test_a_cancelled_order_stays_cancelled(self) -> None:
        given(PLACE, CANCEL).when(cancel()).then_nothing()

    def test_an_order_that_failed_in_another_way_is_left_alone(self) -> None:
        lost = cancel(reason_code="vanished", initiator="client", to_status="lost")

        given(PLACE, CONFIRM, PACK, lost).when(CANCEL).then_nothing()


class TestChangeFields:
    def test_details_change_and_only_the_named_ones(self) -> None:
        answer = given(PLACE).when(COMMANDS["order.change_fields"])

        answer.then(EVENTS["order.fields_changed.v1"])
        assert answer.order.field_value("customer_phone") == "+7 900 111-11-11"
        assert answer.order.field_value("customer_name") == CUSTOMER.name

    def test_a_detail_is_cleared_by_none(self) -> None:
        answer = given(PLACE).when(c.ChangeFields(**who(), delivery_address=None))

        answer.then(e.FieldsChanged(changed=("delivery_address",)))
        assert answer.order.field_value("delivery_address") is None

    def test_what_has_the_wanted_value_is_left_out(self) -> None:
        change = c.ChangeFields(**who(), customer_name=CUSTOMER.name, delivery_method="post")

        given(PLACE).when(change).then(
            e.FieldsChanged(changed=("delivery_method",), delivery_method="post")
        )

    def test_every_detail_of_the_order_can_be_read_and_changed(self) -> None:
        wanted = {name: NOW if name == "promised_at" else "other" for name in FIELDS}
        order = given(PLACE).when(c.ChangeFields(**who(), **wanted)).order

        assert {name: order.field_value(name) for name in FIELDS} == wanted

    def test_a_change_names_a_field(self) -> None:
        given(PLACE).when(c.ChangeFields(**who())).then_refused("nothing_to_change")

    def test_details_of_a_finished_order_stand_still(self) -> None:
        given(*FINISHED).when(COMMANDS["order.change_fields"]).then_refused("order_finished")

    def test_the_same_details_again_are_nothing(self) -> None:
        change = COMMANDS["order.change_fields"]

        given(PLACE, change).when(change).then_nothing()

    def test_details_that_an_order_without_customer_lacks_are_cleared_already(self) -> None:
        clear = c.ChangeFields(**who(), customer_name=None, promised_at=None)

        given(place()).when(clear).then_nothing()


class TestAssignOwner:
    def test_v5_a_person_or_a_group_is_assigned_and_the_previous_one_is_named(self) -> None:
        first = c.AssignOwner(**who(), user="bob", group="leads")

        answer = given(PLACE, first).when(COMMANDS["order.assign_owner"])

        answer.then(EVENTS["order.owner_assigned.v1"])
        assert (answer.order.owner_user, answer.order.owner_group) == ("ann", "managers")

    def test_an_unknown_order_has_no_owner(self) -> None:
        given().when(COMMANDS["order.assign_owner"]).then_refused("order_unknown")

    def test_the_same_owner_again_is_nothing(self) -> None:
        assign = COMMANDS["order.assign_owner"]

        given(PLACE, assign).when(assign).then_nothing()

    def test_an_owner_is_somebody(self) -> None:
        with pytest.raises(ValueError, match="name a user, a group, or both"):
            c.AssignOwner(**who())


class TestAddNote:
    def test_a_note_is_added_even_to_a_finished_order(self) -> None:
        given(*FINISHED).when(COMMANDS["order.add_note"]).then(EVENTS["order.note_added.v1"])

    def test_a_note_needs_an_order(self) -> None:
        given().when(COMMANDS["order.add_note"]).then_refused("order_unknown")

    def test_the_same_words_twice_are_two_notes(self) -> None:
        note = COMMANDS["order.add_note"]

        given(PLACE, note).when(note).then(EVENTS["order.note_added.v1"])


class TestMarkTest:
    def test_a24_an_order_is_taken_out_of_the_reports(self) -> None:
        answer = given(PLACE).when(COMMANDS["order.mark_test"])

        answer.then(EVENTS["order.test_flag_changed.v1"])
        assert answer.order.test

    def test_a24_and_back_in(self) -> None:
        back = c.MarkTest(**who(), test=False)

        given(PLACE, COMMANDS["order.mark_test"]).when(back).then(e.TestFlagChanged(test=False))

    def test_an_unknown_order_is_not_marked(self) -> None:
        given().when(COMMANDS["order.mark_test"]).then_refused("order_unknown")

    def test_what_is_marked_already_stays(self) -> None:
        mark = COMMANDS["order.mark_test"]

        given(PLACE, mark).when(mark).then_nothing()


def correct(version: int) -> c.CorrectFact:
    return c.CorrectFact(**who(), version=version, reason="Wrong")


class TestCorrectFact:
    def test_d5_a_wrong_fact_is_annulled_with_its_reason(self) -> None:
        charge = COMMANDS["order.charge_payment"].model_copy(update={"actor": actor("api_key")})

        answer = given(PLACE, charge).when(COMMANDS["order.correct"])

        answer.then(EVENTS["order.fact_annulled.v1"])
        assert answer.order.payment_status == "not_paid"

    def test_the_status_before_an_annulled_one_counts_again(self) -> None:
        recorded = Decided(EVENTS["order.status_recorded.v1"], NOW, fact_id(1))
        scenario = given(PLACE, recorded)
        assert scenario.world.order.status == "new"  # A fact of the same second comes first.

        later = Decided(EVENTS["order.status_recorded.v1"], NOW + timedelta(seconds=1), fact_id(1))
        scenario = given(PLACE, later)
        assert scenario.world.order.status == "packed"
        assert scenario.when(COMMANDS["order.correct"]).order.status == "new"

    def test_a_correction_says_why(self) -> None:
        charge = COMMANDS["order.charge_payment"].model_copy(update={"actor": actor("api_key")})

        given(PLACE, charge).when(c.CorrectFact(**who(), version=2)).then_refused("reason_required")

    def test_decisions_and_unknown_versions_are_not_corrected(self) -> None:
        for version in (1, 2, 99):
            wrong = c.CorrectFact(**who(), version=version, reason="Wrong")
            given(PLACE, CONFIRM).when(wrong).then_refused("fact_not_correctable")

    def test_what_a_person_did_is_a_decision_and_is_not_annulled(self) -> None:
        for command in ("order.submit_payment", "order.charge_payment", "order.add_note"):
            done = COMMANDS[command].model_copy(
                update={"method": "card"} if "charge" in command else {}
            )
            for version in range(2, given(PLACE, done).world.order.version + 1):
                wrong = c.CorrectFact(**who(), version=version, reason="Wrong")
                given(PLACE, done).when(wrong).then_refused("fact_not_correctable")

    @pytest.mark.parametrize("kind", ["api_key", "import", "system"])
    def test_what_a_gateway_tells_live_is_a_fact_with_an_id_of_its_own(
        self, kind: ActorKind
    ) -> None:
        charge = COMMANDS["order.charge_payment"].model_copy(
            update={"actor": actor(kind), "method": "card"}
        )

        order = given(PLACE, charge).world.order

        assert [*order.correctable] == [2, 3]
        assert len(order.facts) == 2

    def test_a_wrong_payment_is_annulled_before_the_path_is_known(self) -> None:
        charged = Decided(EVENTS["order.payment_charged.v1"], NOW, fact_id(1))
        annul = c.CorrectFact(**who(), version=1, reason="Wrong order")

        assert given(charged).when(annul).order.ledger == ()

    def test_d5_with_the_placement_annulled_the_next_one_counts(self) -> None:
        early, late = (
            c.PlacedFact(
                fact_id=fact_id(number),
                occurred_at=NOW - timedelta(hours=2 - number),
                status="new",
                currency=currency,
                external_id=f"A-{number}",
            )
            for number, currency in ((0, "EUR"), (1, "USD"))
        )
        scenario = given(records(early, late), correct(1))

        order = scenario.world.order
        assert order.placed is not None
        assert (order.currency, order.placed.external_id) == ("USD", "A-1")
        assert [entry.version for entry in order.timeline] == [2]

        order = scenario.when(correct(2)).order
        assert (order.placed, order.placed_by, order.currency, order.status) == (None,) * 4
        assert (order.path, order.path_version) == ("shop", 1)
        scenario.when(records(early, late)).then_nothing()

    def test_d5_an_annulled_item_is_gone_with_its_money_and_may_be_added_anew(self) -> None:
        add = COMMANDS["order.add_item"].model_copy(update={"line": TEA})
        placed = c.PlacedFact(fact_id=fact_id(1), occurred_at=NOW, status="new", currency="EUR")
        item = c.ItemFact(fact_id=fact_id(2), occurred_at=NOW, line=TEA, delivery_minor=70)
        told = records(placed, item)

        answer = given(told).when(correct(2))

        assert (dict(answer.order.items), answer.order.due_minor) == ({}, 0)
        given(told, correct(2)).when(told).then_nothing()
        given(told, correct(2)).when(COMMANDS["order.move_item"]).then_refused("item_unknown")
        assert given(told, correct(2)).when(add).order.due_minor == TEA.net_minor

    def test_d5_a_fact_about_a_decided_item_gives_way_to_what_was_decided(self) -> None:
        reserve = COMMANDS["order.move_item"]
        five = TEA.model_copy(update={"quantity": 5})
        later = c.ItemFact(fact_id=fact_id(1), occurred_at=NOW + timedelta(minutes=3), line=five)

        order = given(PLACE, reserve, records(later)).when(correct(3)).order

        decided = given(PLACE, reserve).world.order
        assert (order.items, order.due_minor) == (decided.items, decided.due_minor)

    def test_what_is_decided_alone_keeps_nothing_that_could_be_annulled(self) -> None:
        order = given(PLACE, *(COMMANDS[f"order.{do}_item"] for do in ("add", "move"))).world.order

        assert order.totals is not None
        assert (order.placements, order.item_histories, order.correctable) == ((), {}, {})

    def test_d2_a_refused_correction_names_everything_at_once(self) -> None:
        given(PLACE).when(c.CorrectFact(**who(), version=1)).then_refused(
            "fact_not_correctable", "reason_required"
        )

    def test_an_annulled_fact_is_annulled_once(self) -> None:
        charge = COMMANDS["order.charge_payment"].model_copy(update={"actor": actor("api_key")})
        correct = COMMANDS["order.correct"]

        given(PLACE, charge, correct).when(correct).then_nothing()


TEAM = EVENTS["team.member_set.v1"]  # to share out with
EVERY_COMMAND_TO_AN_ORDER = [
    pytest.param(command, id=command.NAME)
    for command in COMMANDS.values()
    if isinstance(command, c.OrderCommand) and not isinstance(command, c.PlaceOrder | c.RecordFacts)
]


@pytest.mark.parametrize("command", EVERY_COMMAND_TO_AN_ORDER)
def test_every_command_needs_an_order(command: Command) -> None:
    given(TEAM).when(command).then_refused("order_unknown")


@pytest.mark.parametrize("command", EVERY_COMMAND_TO_AN_ORDER)
def test_d2_an_unknown_order_is_named_beside_all_else(command: Command) -> None:
    wrong = command.model_copy(update={"expected_status": "packed", "occurred_at": NOW})

    given(TEAM).when(wrong).then_refused("order_unknown", "status_differs", "time_not_allowed")


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_d3_every_command_respects_the_expected_status(command: Command) -> None:
    wrong = command.model_copy(update={"expected_status": "packed"})

    answer = given(PLACE).when(wrong)

    assert "status_differs" in [u.code for u in answer.unmet]


def test_a_moment_is_told_to_come_or_not_on_the_last_day_that_there_is_too() -> None:
    last = datetime.max.replace(tzinfo=UTC)

    assert not list(moment_has_come(last, last))
    assert not list(moment_has_come(NOW, last))
    assert [unmet.code for unmet in moment_has_come(last, NOW)] == ["time_in_future"]


@pytest.mark.parametrize("command", EVERY_COMMAND_TO_AN_ORDER)
def test_nobody_decides_in_the_future(command: Command) -> None:
    ahead = command.model_copy(update={"occurred_at": NOW + timedelta(hours=1)})

    codes = [u.code for u in given(PLACE).when(ahead).unmet]

    assert codes[:2] == ["time_not_allowed", "time_in_future"]
