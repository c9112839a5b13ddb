"""Adding, changing, moving and cancelling positions of an order."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.messages import Decided
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.money import Line, Totals
from tests.support.examples import COMMANDS, CUP, NOW, ORDER_ID, TEA, actor, fact_id
from tests.support.spec import given

WHO: dict[str, Any] = {"command_id": UUID(int=3), "actor": actor(), "order_id": ORDER_ID}
PLACE = COMMANDS["order.place"]  # three pieces of tea at 500, less 100; less 50, delivery 300
CANCEL_ORDER = COMMANDS["order.cancel"]
ADD = COMMANDS["order.add_item"]


def place(*lines: Line, **money: int) -> c.PlaceOrder:
    return c.PlaceOrder(**WHO, path="shop", currency="EUR", lines=lines, **money)


def change(item_id: str = "1", **wanted: int) -> c.ChangeItem:
    return c.ChangeItem(**WHO, item_id=item_id, **wanted)


def move(quantity: int, source: str, target: str, **said: str) -> c.MoveItem:
    return c.MoveItem(
        **{**WHO, "item_id": "1", **said},
        quantity=quantity,
        from_status=source,
        to_status=target,
    )


def drop(quantity: int | None = None, item_id: str = "1") -> c.CancelItem:
    return c.CancelItem(**WHO, item_id=item_id, quantity=quantity, reason_code="out_of_stock")


SHIPPED = (PLACE, move(3, "ordered", "assembled"), move(3, "assembled", "shipped"))


class TestAddItem:
    def test_v7_an_added_item_is_added_to_the_total(self) -> None:
        answer = given(PLACE).when(ADD)

        totals = Totals(
            goods_minor=2_650,
            discount_minor=50,
            delivery_minor=300,
            vat_minor=229,  # of the tea, after its share of the discount
            total_minor=2_900,
        )
        answer.then(e.ItemAdded(line=CUP, totals=totals))
        assert answer.order.due_minor == 2_900

    def test_an_item_id_stands_for_one_item(self) -> None:
        other = CUP.model_copy(update={"item_id": "1"})

        given(PLACE).when(c.AddItem(**WHO, line=other)).then_refused("item_exists")

    def test_the_discount_is_at_most_the_price(self) -> None:
        greedy = CUP.model_copy(update={"discount_minor": 1_251})
        answer = given(PLACE).when(c.AddItem(**WHO, line=greedy))

        answer.then_refused("discount_exceeds_price")
        assert answer.fields == ["line.discount_minor"]

    def test_an_order_has_a_size(self) -> None:
        lines = [CUP.model_copy(update={"item_id": f"x{n}"}) for n in range(c.MAX_LINES)]

        given(place(*lines)).when(ADD).then_refused("too_many_items")

    def test_an_order_has_a_price_that_tables_can_hold(self) -> None:
        gold = CUP.model_copy(update={"quantity": 1_000_000, "unit_price_minor": 10**15})

        given(PLACE).when(c.AddItem(**WHO, line=gold)).then_refused("amount_too_large")

    def test_d2_a_refused_item_names_everything_at_once(self) -> None:
        greedy = TEA.model_copy(update={"discount_minor": 1_501})

        given(PLACE, CANCEL_ORDER).when(c.AddItem(**WHO, line=greedy)).then_refused(
            "order_finished", "item_exists", "discount_exceeds_price"
        )

    def test_an_item_that_is_there_is_added_once(self) -> None:
        given(PLACE, ADD).when(ADD).then_nothing()


class TestChangeItem:
    def test_v7_a_changed_item_changes_the_total(self) -> None:
        answer = given(PLACE).when(COMMANDS["order.change_item"])

        assert answer.order.items["1"].pieces == {"ordered": 4}
        assert answer.order.due_minor == 4 * 500 - 100 - 50 + 300

    def test_price_and_discount_change_too(self) -> None:
        answer = given(PLACE).when(change(unit_price_minor=400, discount_minor=0))

        # What is off the order takes its share, 50 of 1 400, of goods that are cheaper too.
        assert answer.order.due_minor == 3 * 400 - 43 + 300

    def test_fewer_pieces_come_off_those_that_are_only_ordered(self) -> None:
        order = given(PLACE, move(1, "ordered", "reserved")).when(change(quantity=2)).order

        assert order.items["1"].pieces == {"ordered": 1, "reserved": 1}

    def test_an_unknown_item_is_not_changed(self) -> None:
        given(PLACE).when(change("9", quantity=1)).then_refused("item_unknown")

    def test_pieces_under_way_are_not_taken_out_by_a_change(self) -> None:
        answer = given(PLACE, move(2, "ordered", "reserved")).when(change(quantity=1))

        answer.then_refused("quantity_in_use")
        assert answer.unmet[0].needed == "at least 2"

    def test_nobody_is_left_with_fewer_live_pieces_than_they_ask_for(self) -> None:
        """The quantity counts cancelled pieces, and those that came back."""
        came_back = (*SHIPPED, move(2, "shipped", "not_bought_out"))
        once_more = move(1, "not_bought_out", "ordered")
        returned = (*SHIPPED, move(2, "shipped", "returned"))
        for history in ((PLACE, drop(2)), (*came_back, once_more), returned):
            for quantity in (1, 2):
                answer = given(*history).when(change(quantity=quantity))
                answer.then_refused("quantity_in_use")

        answer = given(PLACE, drop(2)).when(change(quantity=2))
        assert answer.unmet[0].needed == "at least 3; or cancel pieces"
        assert answer.unmet[0].message.startswith("2 of 3 pieces are cancelled")
        assert given(PLACE, drop(2)).when(change(quantity=4)).order.items["1"].pieces == {
            "ordered": 2,
            "cancelled": 2,
        }

    def test_the_discount_is_at_most_the_price(self) -> None:
        answer = given(PLACE).when(change(discount_minor=1_501))

        answer.then_refused("discount_exceeds_price")
        assert answer.fields == ["discount_minor"]

    def test_an_item_has_a_price_that_tables_can_hold(self) -> None:
        gold = change(quantity=1_000_000, unit_price_minor=10**15)

        given(PLACE).when(gold).then_refused("amount_too_large")

    def test_d2_a_refused_change_names_everything_at_once(self) -> None:
        scenario = given(PLACE, move(2, "ordered", "reserved"), CANCEL_ORDER)

        scenario.when(change(quantity=1, discount_minor=10_000)).then_refused(
            "order_finished", "quantity_in_use", "discount_exceeds_price"
        )

    def test_an_item_that_is_so_already_stays(self) -> None:
        given(PLACE).when(change(quantity=3, unit_price_minor=500)).then_nothing()
        given(PLACE).when(change()).then_nothing()


class TestMoveItem:
    def test_d6_some_pieces_move_and_the_others_stay(self) -> None:
        answer = given(PLACE).when(COMMANDS["order.move_item"])

        answer.then(
            e.ItemStatusChanged(
                item_id="1", quantity=2, from_status="ordered", to_status="reserved"
            )
        )
        assert answer.order.items["1"].pieces == {"ordered": 1, "reserved": 2}
        assert answer.order.items_status == "partly_reserved"

    def test_goods_come_back_after_the_order_is_finished(self) -> None:
        finished = (*SHIPPED, CANCEL_ORDER)

        order = given(*finished).when(move(1, "shipped", "returned")).order

        assert order.items["1"].pieces == {"shipped": 2, "returned": 1}

    def test_pieces_are_bought_from_a_supplier_who_is_named(self) -> None:
        asked = move(2, "ordered", "to_buy", supplier="Leaf & Co.")
        scenario = given(PLACE)

        scenario.when(asked).then(
            e.ItemStatusChanged(
                item_id="1",
                quantity=2,
                from_status="ordered",
                to_status="to_buy",
                supplier="Leaf & Co.",
            )
        )
        scenario.when(move(2, "to_buy", "bought"))
        scenario.when(move(2, "bought", "received"))
        item = scenario.when(move(1, "received", "assembled")).order.items["1"]
        assert item.pieces == {"ordered": 1, "received": 1, "assembled": 1}
        assert item.supplier == "Leaf & Co."

    def test_pieces_that_were_not_bought_out_are_charged_again_when_they_go_out_again(
        self,
    ) -> None:
        scenario = given(*SHIPPED)
        due = scenario.world.order.due_minor

        unpaid = scenario.when(move(3, "shipped", "not_bought_out")).order
        again = scenario.when(move(3, "not_bought_out", "ordered")).order

        assert (unpaid.due_minor, again.due_minor) == (300, due)

    def test_d6_moving_pieces_to_cancelled_takes_them_off_the_total(self) -> None:
        order = given(PLACE).when(move(3, "ordered", "cancelled", reason_code="out_of_stock")).order

        assert order.totals is not None
        assert (order.totals.goods_minor, order.due_minor) == (0, 300)

    def test_an_unknown_item_does_not_move(self) -> None:
        wrong = move(1, "ordered", "reserved", item_id="9")

        given(PLACE).when(wrong).then_refused("item_unknown")

    def test_d2_an_unknown_item_of_a_finished_order_is_named_beside_all_else(self) -> None:
        finished = (PLACE, CANCEL_ORDER)

        given(*finished).when(move(1, "shipped", "cancelled", item_id="9")).then_refused(
            "order_finished", "item_unknown", "item_transition_not_allowed", "reason_code_required"
        )
        for wrong in (change("9", quantity=1), drop(item_id="9")):
            given(*finished).when(wrong).then_refused("order_finished", "item_unknown")

    def test_pieces_take_no_way_that_is_not_there(self) -> None:
        answer = given(PLACE).when(move(1, "ordered", "delivered"))

        answer.then_refused("item_transition_not_allowed")
        assert answer.unmet[0].needed == "one of assembled, cancelled, reserved, to_buy"

    def test_more_pieces_than_there_are_do_not_move(self) -> None:
        answer = given(PLACE).when(move(4, "ordered", "reserved"))

        answer.then_refused("quantity_not_there")
        assert answer.unmet[0].needed == "at most 3"

    def test_moving_to_cancelled_needs_a_reason_code(self) -> None:
        given(PLACE).when(move(1, "ordered", "cancelled")).then_refused("reason_code_required")

    def test_d2_a_refused_move_names_everything_at_once(self) -> None:
        given(PLACE, CANCEL_ORDER).when(move(1, "returned", "cancelled")).then_refused(
            "order_finished",
            "item_transition_not_allowed",
            "quantity_not_there",
            "reason_code_required",
        )

    def test_the_same_move_under_a_new_id_is_another_move(self) -> None:
        reserve = COMMANDS["order.move_item"]

        given(PLACE, reserve).when(reserve).then_refused("quantity_not_there")


class TestCancelItem:
    def test_d6_the_least_advanced_pieces_are_cancelled_first(self) -> None:
        under_way = (PLACE, move(1, "ordered", "reserved"), move(1, "ordered", "assembled"))
        answer = given(*under_way).when(drop(2))

        assert [(x.from_status, x.quantity) for x in answer.events] == [  # type: ignore[attr-defined]
            ("ordered", 1),
            ("reserved", 1),
        ]
        assert answer.order.items["1"].pieces == {"assembled": 1, "cancelled": 2}

    def test_v7_the_total_follows_with_the_share_of_the_discount(self) -> None:
        order = given(PLACE).when(drop(1)).order

        # Two of three pieces stay, so do 67 of the 100 that the line was discounted, and of the
        # 50 off the order their share of the goods.
        assert order.totals is not None
        assert order.totals.goods_minor == 2 * 500 - 67
        assert order.due_minor == 933 - 33 + 300

    def test_v7_the_discount_on_the_order_goes_with_the_goods_that_it_was_given_for(self) -> None:
        cheap = place(TEA, CUP, discount_minor=1_400)
        scenario = given(cheap, drop(item_id="2"), drop(2))

        totals = scenario.world.order.totals
        assert totals is not None
        assert (totals.goods_minor, totals.discount_minor) == (467, 247)  # 1 400 of 2 650
        assert scenario.when(drop()).order.due_minor == 0

    def test_an_added_line_brings_no_discount_back(self) -> None:
        cheap = place(TEA, CUP, discount_minor=1_400)
        pot = CUP.model_copy(update={"item_id": "3", "unit_price_minor": 5_000})

        order = given(cheap, drop()).when(c.AddItem(**WHO, line=pot)).order

        assert order.totals is not None
        assert order.totals.discount_minor == 660  # of the cup's 1 250

    def test_pieces_that_are_added_to_what_is_left_of_a_line_bear_no_discount(self) -> None:
        many = TEA.model_copy(update={"quantity": 10, "discount_minor": 1_000})

        left = given(place(many), drop(9))
        assert left.world.order.due_minor == 500 - 100
        assert left.when(change(quantity=19)).order.due_minor == 10 * 500 - 100

    def test_one_piece_that_is_left_of_ten_is_not_had_for_nothing(self) -> None:
        """20 % off the order, or half off the line: however the other pieces went."""
        ten = TEA.model_copy(update={"quantity": 10, "unit_price_minor": 30, "discount_minor": 0})
        half = ten.model_copy(update={"discount_minor": 150})
        off_order = place(ten, discount_minor=60)
        left_there = (
            move(10, "ordered", "assembled"),
            move(10, "assembled", "shipped"),
            move(9, "shipped", "not_bought_out"),
        )

        for ways in ([drop(9)], [change(quantity=1)], left_there):
            assert given(off_order, *ways).world.order.due_minor == 24
            assert given(place(half), *ways).world.order.due_minor == 15
            assert given(place(half), *ways).world.order.payment_status == "not_paid"

    def test_without_a_quantity_all_that_can_be_is_cancelled(self) -> None:
        order = given(*SHIPPED[:2], move(1, "assembled", "shipped")).when(drop()).order

        assert order.items["1"].pieces == {"shipped": 1, "cancelled": 2}

    def test_an_unknown_item_is_not_cancelled(self) -> None:
        given(PLACE).when(drop(item_id="9")).then_refused("item_unknown")

    def test_shipped_pieces_are_not_cancelled(self) -> None:
        answer = given(*SHIPPED).when(drop(1))

        answer.then_refused("quantity_not_there")
        assert answer.unmet[0].needed == "at most 0"

    def test_d2_a_refused_cancellation_names_everything_at_once(self) -> None:
        given(PLACE, CANCEL_ORDER).when(drop(4)).then_refused(
            "order_finished", "quantity_not_there"
        )

    def test_what_is_cancelled_already_stays(self) -> None:
        given(PLACE, drop()).when(drop()).then_nothing()


class TestItemsOfAnImportedOrder:
    def imported(self, number: int, line: Line) -> Decided:
        added = e.ItemAdded(line=line, delivery_minor=120)
        return Decided(added, NOW, fact_id(number))

    def test_v7_freight_per_item_is_part_of_what_is_due(self) -> None:
        recorded = e.StatusRecorded(
            path="shop", path_version=1, to_status="new", rank=0, conforming=True
        )
        history = (
            Decided(recorded, NOW, fact_id(1)),
            self.imported(2, TEA),
            self.imported(3, CUP),
        )
        scenario = given(*history)
        assert scenario.world.order.due_minor == 1_400 + 1_250 + 240

        assert scenario.when(drop(item_id="2")).order.due_minor == 1_400 + 240

    def test_v7_an_item_fact_on_a_placed_order_keeps_its_discount_and_delivery(self) -> None:
        scenario = given(PLACE, self.imported(1, CUP))

        assert scenario.world.order.due_minor == 1_400 + 1_250 - 50 + 300 + 120

    def test_a_fact_of_fewer_takes_off_what_was_cancelled(self) -> None:
        fewer = TEA.model_copy(update={"quantity": 1})

        told = Decided(e.ItemAdded(line=fewer), NOW + timedelta(hours=1), fact_id(1))
        order = given(PLACE, drop(2), told).world.order

        assert order.items["1"].pieces == {"ordered": 1}

    def test_a_cancelled_item_stays_cancelled_when_another_is_imported(self) -> None:
        scenario = given(PLACE, drop(), self.imported(1, CUP))

        assert scenario.world.order.due_minor == 1_250 + 300 + 120
