"""Shops that keep stock: goods are reserved, written off, given back, and never promised twice."""

from datetime import timedelta
from typing import Any

from domain.orders import commands as c
from tests.support.stories import MORNING, PRICE, STEP, Answer, Person, opened_shop


def test_universal_forbids_the_jump_and_counts_success_when_delivered_and_paid(
    database_url: str,
) -> None:
    """P8 P9 A32: New never becomes Done, and Delivered becomes it with the money only."""
    with opened_shop(database_url, "universal") as shop:
        maria, vic = shop.person("maria", "manager"), shop.person("victor", "lead")
        paul, tom = shop.person("paul", "warehouse"), shop.person("tom", "courier")
        order = shop.client("lisa").places({"TEA": 3})
        assert order.state.path == "universal"

        maria.moves(order, "done").then_refused("transition_not_allowed")
        maria.cancels(order, "changed_mind", "client").then_status("cancelled")
        maria.moves(order, "new", reason="She called again").then_refused("role_missing")
        vic.moves(order, "new").then_refused("reason_required")
        vic.moves(order, "new", reason="She called again").then_status("new")
        maria.moves(order, "confirmed")
        paul.moves(order, "assembling")
        paul.moves_pieces(order, "TEA", 3, "ordered", "assembled")
        paul.moves(order, "assembled")
        paul.moves(order, "handed_over")
        paul.moves_pieces(order, "TEA", 3, "assembled", "shipped")
        tom.moves(order, "delivering")
        tom.moves(order, "delivered")
        maria.moves(order, "done").then_refused("goods_delivered", "order_paid")
        # The client keeps two of three and pays for two.
        tom.moves_pieces(order, "TEA", 2, "shipped", "delivered")
        tom.moves_pieces(order, "TEA", 1, "shipped", "not_bought_out")
        tom.charges(order, method="cash")
        maria.moves(order, "done").then_status("done")
        assert order.state.balance.paid_minor == 2_000

        refused = shop.rows("select codes from analytics.refusals order by position")
        assert [row["codes"] for row in refused] == [
            ["transition_not_allowed"],
            ["role_missing"],
            ["reason_required"],
            ["goods_delivered", "order_paid"],
        ]


def test_amocrm_eshop_takes_in_work_apart(database_url: str) -> None:
    """A10 A11 A12 A13 A14 A17 A20: paid, assembled, packed, in transit, each with its owner."""
    with opened_shop(database_url, "amocrm_eshop") as shop:
        shop.receives("SHOE", 1)
        maria, sam = shop.person("maria", "manager"), shop.person("sam", "storekeeper")
        gateway, post = shop.program("cards", "gateway"), shop.program("post", "carrier")
        order = shop.client("lisa").places({"SHOE": 2})

        maria.moves(order, "awaiting_payment")
        gateway.moves(order, "paid").then_refused("order_paid")
        gateway.charges(order, 1_500)
        gateway.moves(order, "paid").then_refused("order_paid")
        gateway.charges(order, 500)
        gateway.moves(order, "paid").then_status("paid")
        assert order.pieces == {"SHOE": {"reserved": 1, "ordered": 1}}
        sam.moves(order, "assembled").then_refused("items_reserved")
        shop.receives("SHOE", 1)
        sam.reserves(order)
        maria.moves(order, "assembled").then_refused("role_missing")
        sam.moves(order, "assembled")
        sam.moves(order, "packed")
        assert shop.on_hand("SHOE") == (2, 2)
        sam.moves(order, "in_transit").then_status("in_transit")
        assert shop.on_hand("SHOE") == (0, 0)
        post.moves(order, "at_pickup_point")
        post.moves(order, "delivered").then_status("delivered")
        assert order.pieces == {"SHOE": {"delivered": 2}}
        # One pair does not fit and comes back on its shelf.
        maria.moves_pieces(order, "SHOE", 1, "delivered", "returned", reason_code="wrong_size")
        maria.refunds(order, 1_000)
        assert shop.on_hand("SHOE") == (1, 0)


def test_salesplatform_writes_off_what_goes_and_is_delivered(database_url: str) -> None:
    """V12 V13: by phone, with an invoice; what the courier brings back is no piece delivered."""
    with opened_shop(database_url, "salesplatform") as shop:
        shop.receives("PUMP", 5)
        olga, paul = shop.person("olga", "operator"), shop.person("paul", "warehouse")
        tom, bank = shop.person("tom", "courier"), shop.program("bank", "gateway")
        order = olga.places({"PUMP": 2}, channel="phone", customer="acme")
        other = olga.places({"PUMP": 4}, channel="phone", customer="ben")

        olga.moves(order, "invoiced").then_refused("document_missing")
        olga.issues(order, "invoice")
        olga.moves(order, "invoiced").then_status("invoiced")
        assert shop.on_hand("PUMP") == (5, 2)
        # What is kept for the one is not there for the other.
        olga.issues(other, "invoice")
        olga.moves(other, "invoiced")
        assert other.pieces == {"PUMP": {"reserved": 3, "ordered": 1}}
        paul.moves(other, "packed").then_refused("items_reserved")
        olga.cancels(other, "out_of_stock", "shop").then_status("cancelled")
        assert shop.on_hand("PUMP") == (5, 2)

        paul.moves(order, "packed")
        assert shop.on_hand("PUMP") == (5, 2)
        tom.moves(order, "shipping")
        assert shop.on_hand("PUMP") == (3, 0)
        tom.moves_pieces(order, "PUMP", 1, "shipped", "not_bought_out")
        tom.moves(order, "delivered").then_status("delivered")
        assert order.pieces == {"PUMP": {"not_bought_out": 1, "delivered": 1}}
        assert shop.on_hand("PUMP") == (4, 0)
        olga.moves(order, "closed").then_refused("order_paid")
        bank.charges(order, method="transfer")
        olga.moves(order, "closed").then_status("closed")


def test_koftenyshi_sends_marketplace_orders_straight_to_the_assembly(database_url: str) -> None:
    """P7 P14 P23: site orders go to a manager; the warehouse does not touch phone or address."""
    with opened_shop(database_url, "koftenyshi") as shop:
        shop.receives("ROMPER", 3)
        maria, paul = shop.person("maria", "manager"), shop.person("paul", "warehouse")
        market, post = shop.program("market", "marketplace"), shop.program("post", "carrier")
        site = shop.client("lisa").places({"ROMPER": 2}).then_status("new")
        far = market.places({"ROMPER": 1}, channel="marketplace", paid_by="marketplace")
        far.then_status("assembling")
        assert far.pieces == {"ROMPER": {"reserved": 1}}

        paul.changes(far, customer_phone="+44 7700 900999").then_refused("field_not_editable")
        paul.changes(site, delivery_address="9 Side Street").then_refused("field_not_editable")
        paul.moves(site, "confirmed").then_refused("role_missing")
        maria.changes(site, customer_phone="+44 7700 900999")
        maria.moves(site, "confirmed")
        paul.moves(site, "assembling")
        for order in (site, far):
            paul.moves(order, "assembled")
            paul.moves(order, "delivering")
        assert shop.on_hand("ROMPER") == (0, 0)
        # One size fits, the other comes back: a part is bought out.
        post.moves_pieces(site, "ROMPER", 1, "shipped", "delivered")
        post.moves(site, "done").then_refused("goods_delivered", "order_paid")
        post.moves_pieces(site, "ROMPER", 1, "shipped", "not_bought_out")
        post.charges(site, method="cash")
        post.moves(site, "done").then_status("done")
        assert site.state.balance.paid_minor == 1_000
        post.moves(far, "not_bought_out", reason_code="wrong_size", initiator="client")
        assert far.pieces == {"ROMPER": {"not_bought_out": 1}}
        maria.refunds(far, 1_000)

        # History to the second: when the site's order came into each status.
        visits = shop.rows(
            "select status, entered_at from analytics.status_visits where order_id = %s"
            " order by visit_no",
            site.order_id,
        )
        assert [row["status"] for row in visits][:3] == ["new", "confirmed", "assembling"]
        assert visits[0]["entered_at"] == MORNING + 3 * STEP


def test_koftenyshi_shows_the_head_of_its_call_centre_who_talks_sells_and_is_heard(
    database_url: str,
) -> None:
    """P24 P32: talk time, upsell sum and dial success of each operator, to the second."""
    with opened_shop(database_url, "koftenyshi") as shop:
        for sku in ("ROMPER", "SOCKS"):
            shop.receives(sku, 9)
        maria, oleg = shop.person("maria", "manager"), shop.person("oleg", "manager")
        telephony = shop.program("telephony")
        one, two = (shop.client(name).places({"ROMPER": 1}) for name in ("lisa", "anna"))

        maria.calls(one, "no_answer")
        maria.calls(one, "reached", talk_seconds=75)
        maria.suggests(one, "SOCKS", 2)
        maria.moves(one, "confirmed")
        telephony.calls(two, "reached", talk_seconds=20, direction="incoming", operator="oleg")
        oleg.suggests(two, "SOCKS")
        oleg.cancels(two, "changed_mind", "client")

        assert shop.rows(
            "select operator, calls, dialled, reached, dial_success, talk_seconds, upsells,"
            " upsell_minor, orders_handled, handling_seconds from analytics.operator_figures"
            " order by operator"
        ) == [
            figures("maria", 2, 2, 1, 0.5, 75, 1, 2 * PRICE, 1, 3 * STEP.seconds),
            figures("oleg", 1, 0, 0, None, 20, 1, 0, 1, 2 * STEP.seconds),
        ]


def figures(*told: object) -> dict[str, object]:
    names = ("operator", "calls", "dialled", "reached", "dial_success", "talk_seconds", "upsells",
             "upsell_minor", "orders_handled", "handling_seconds")  # fmt: skip
    return dict(zip(names, told, strict=True))


def test_universal_lets_nobody_in_the_warehouse_make_an_order_cheaper_or_larger(
    database_url: str,
) -> None:
    """P23: with nothing to pay any more, an order would be paid."""
    with opened_shop(database_url, "universal") as shop:
        shop.sells("MUG", 1_000)
        maria, paul = shop.person("maria", "manager"), shop.person("paul", "warehouse")
        order = shop.client("lisa").places({"MUG": 2})

        def changes(who: Person, **line: int) -> Answer:
            return shop.send(
                who.actor, c.ChangeItem, order_id=order.order_id, item_id="MUG", **line
            )

        changes(paul, unit_price_minor=0).then_refused("price_differs")
        changes(paul, discount_minor=2_000).then_refused("field_not_editable")
        changes(paul, quantity=3).then_refused("field_not_editable")
        changes(maria, quantity=3).must_be_settled()
        changes(maria, unit_price_minor=900).must_be_settled()
        assert order.state.due_minor == 2_700


def test_minoxidil_confirms_what_is_paid_and_ships_nothing_without_a_track_number(
    database_url: str,
) -> None:
    """P29 P30: a paid web order is born Confirmed, an unpaid one New."""
    with opened_shop(database_url, "minoxidil") as shop:
        shop.receives("FOAM", 10)
        maria, paul = shop.person("maria", "manager"), shop.person("paul", "warehouse")
        post = shop.program("post", "carrier")
        paid = shop.client("lisa").places({"FOAM": 3}, paid_by="card").then_status("confirmed")
        unpaid = shop.client("ben").places({"FOAM": 1}).then_status("new")
        phone = maria.places({"FOAM": 1}, channel="phone", paid_by="card").then_status("new")
        assert paid.pieces == {"FOAM": {"reserved": 3}}
        more = {"order_id": paid.order_id, "item_id": "FOAM", "quantity": 50}
        for who in (shop.person("lisa", "client"), paul):
            lines_and_price = ("field_not_editable", "field_not_editable")
            shop.send(who.actor, c.ChangeItem, **more).then_refused(*lines_and_price)

        maria.moves(unpaid, "assembling").then_refused("transition_not_allowed")
        maria.moves(unpaid, "confirmed").then_status("confirmed")
        maria.cancels(unpaid, "vanished", "shop").then_status("cancelled")
        maria.cancels(phone, "duplicate", "client")
        maria.refunds(phone, 1_000)
        assert shop.on_hand("FOAM") == (10, 3)

        paul.moves(paid, "assembling")
        paul.moves(paid, "assembled")
        paul.moves(paid, "handed_over")
        paul.moves(paid, "delivering").then_refused("track_number_present")
        maria.changes(paid, track_number="RR1").then_refused("field_not_editable")
        paul.changes(paid, track_number="RR1")
        post.moves(paid, "delivering").then_status("delivering")
        post.moves_pieces(paid, "FOAM", 2, "shipped", "delivered")
        post.moves(paid, "done").then_refused("goods_delivered")
        post.moves_pieces(paid, "FOAM", 1, "shipped", "not_bought_out")
        post.moves(paid, "done").then_status("done")
        maria.refunds(paid, 1_000)
        assert paid.state.payment_status == "paid"


def test_minoxidil_confirms_no_order_because_its_client_says_that_it_is_paid(
    database_url: str,
) -> None:
    """P29: what the gateway tells counts, and what we have seen ourselves."""
    with opened_shop(database_url, "minoxidil") as shop:
        shop.receives("FOAM", 10)
        lisa = shop.person("lisa", "client")

        shop.sells("FOAM", 1_000)

        lisa.tries_to_place({"FOAM": 3}, paid_by="card")[1].then_refused("role_missing")
        shop.person("maria", "manager").places({"FOAM": 1}, paid_by="card").then_status("confirmed")
        assert shop.on_hand("FOAM") == (10, 1)


def test_minoxidil_gives_nothing_away_to_whoever_states_a_price_or_a_discount(
    database_url: str,
) -> None:
    """P23 P29: an order that costs nothing would be paid at once, and its goods reserved."""
    with opened_shop(database_url, "minoxidil") as shop:
        shop.receives("FOAM", 10)
        lisa = shop.person("lisa", "client")
        free = {
            "item_id": "1",
            "sku": "FOAM",
            "title": "Foam",
            "quantity": 1,
            "unit_price_minor": 0,
        }

        def orders(code: str, **told: Any) -> None:
            lisa.tries_to_place({"FOAM": 1}, **told)[1].then_refused(code)

        orders("field_not_editable", lines=[free])
        shop.sells("FOAM", 3_000)
        orders("price_differs", lines=[free])
        orders("field_not_editable", discount_minor=3_000)
        lisa.places({"FOAM": 1}).then_status("new")
        assert shop.on_hand("FOAM") == (10, 0)


def test_minoxidil_takes_the_track_number_of_the_parcel_as_well(database_url: str) -> None:
    """P30: the pieces go with their parcel; what the carrier brings back is sold again."""
    with opened_shop(database_url, "minoxidil") as shop:
        shop.receives("FOAM", 2)
        maria, paul = shop.person("maria", "manager"), shop.person("paul", "warehouse")
        post = shop.program("post", "carrier")
        order = shop.client("lisa").places({"FOAM": 2}, paid_by="card")

        paul.moves(order, "assembling")
        paul.moves(order, "assembled")
        paul.ships(order, "post")
        paul.moves(order, "handed_over")
        assert order.pieces == {"FOAM": {"assembled": 2}}
        paul.moves_parcel(order, "handed_over")
        post.moves(order, "delivering").then_refused("track_number_present")
        paul.tracks_parcel(order, "RR2")
        post.moves(order, "delivering").then_status("delivering")
        post.moves_parcel(order, "delivered")
        assert order.pieces == {"FOAM": {"delivered": 2}}
        maria.moves(order, "done").then_status("done")
        maria.moves_pieces(order, "FOAM", 1, "delivered", "returned", reason_code="bad_quality")
        maria.refunds(order, 1_000)
        assert shop.on_hand("FOAM") == (1, 0)


def test_minoxidil_sends_nothing_on_its_way_with_the_number_of_a_cancelled_parcel(
    database_url: str,
) -> None:
    """P30: its client waits for a number that leads to a parcel."""
    with opened_shop(database_url, "minoxidil") as shop:
        shop.receives("FOAM", 2)
        paul = shop.person("paul", "warehouse")
        order = shop.client("lisa").places({"FOAM": 2}, paid_by="card")
        paul.moves(order, "assembling")
        paul.moves(order, "assembled")
        paul.ships(order, "post", "RR1")
        paul.moves_parcel(order, "cancelled")
        paul.moves(order, "handed_over")

        paul.moves(order, "delivering").then_refused("track_number_present")

        paul.changes(order, track_number="RR2")
        paul.moves(order, "delivering").then_status("delivering")


def test_city_tuning_confirms_what_main_or_a_supplier_has_and_nothing_that_is_not_reserved(
    database_url: str,
) -> None:
    """P14 P25 P27: in stock: confirmed at once; else the main warehouse, then the suppliers'."""
    with opened_shop(database_url, "city_tuning") as shop:
        shop.receives("MIRROR", 1)
        shop.receives("SPOILER", 1)
        shop.receives("SPOILER", 1, "supplier_b")
        maria = shop.person("maria", "manager")
        there = shop.client("lisa").places({"MIRROR": 1})
        spread = shop.client("ben").places({"SPOILER": 2})

        maria.moves(there, "packed").then_refused("transition_not_allowed")
        maria.moves(there, "reserving").then_status("confirmed")
        maria.moves(spread, "reserving").then_status("confirmed")
        assert dict(spread.state.goods["SPOILER"].parts) == {"main": 1, "supplier_b": 1}

        # Nobody pays: after two days the parts are there for others, and the order stands still
        # until they are reserved again.
        shop.waits(days=2)
        shop.expires(spread)
        assert spread.pieces == {"SPOILER": {"ordered": 2}}
        maria.moves(spread, "packed").then_refused("items_reserved")
        maria.cancels(spread, "not_paid", "shop").then_status("cancelled")
        maria.cancels(there, "does_not_fit", "client").then_status("cancelled")
        assert shop.on_hand("SPOILER") == (1, 0)


def test_city_tuning_sends_the_buyer_for_what_nobody_has(database_url: str) -> None:
    """P13 P27: to buy, bought, received, reserved; the order waits, then moves by itself."""
    with opened_shop(database_url, "city_tuning") as shop:
        maria, bob = shop.person("maria", "manager"), shop.person("bob", "buyer")
        paul, tom = shop.person("paul", "warehouse"), shop.person("tom", "courier")
        gateway = shop.program("cards", "gateway")
        order = shop.client("eve").places({"SPOILER": 1, "HORN": 2})

        maria.moves(order, "reserving").then_status("reserving")
        maria.moves(order, "confirmed").then_refused("items_reserved")
        maria.moves(order, "to_buy")
        assert order.pieces == {"SPOILER": {"to_buy": 1}, "HORN": {"to_buy": 2}}
        bob.moves_pieces(order, "HORN", 2, "to_buy", "bought", supplier="Horns Ltd.")
        bob.cancels_pieces(order, "SPOILER", "out_of_stock")
        bob.moves(order, "bought")
        bob.moves_pieces(order, "HORN", 2, "bought", "received")
        bob.moves(order, "confirmed").then_refused("items_reserved")
        reserve = ("HORN", 2, "received", "reserved")
        bob.moves_pieces(order, *reserve).then_refused("stock_not_available")
        shop.receives("HORN", 2)
        bob.moves_pieces(order, *reserve).then_status("confirmed")

        maria.moves(order, "awaiting_payment")
        gateway.charges(order)
        gateway.moves(order, "paid")
        paul.moves(order, "packed")
        paul.moves(order, "delivering")
        tom.moves_pieces(order, "HORN", 2, "shipped", "delivered")
        tom.moves(order, "done").then_status("done")
        assert shop.on_hand("HORN") == (0, 0)


def test_edoque_starts_the_warehouse_with_sent_and_brings_the_same_or_the_next_day(
    database_url: str,
) -> None:
    """S: no assembly statuses; what has run out is cancelled, what is not wanted comes back."""
    with opened_shop(database_url, "edoque") as shop:
        shop.receives("BREAD", 10)
        shop.receives("MILK", 1)
        maria, paul = shop.person("maria", "manager"), shop.person("paul", "warehouse")
        tom = shop.person("tom", "courier")
        order = shop.client("lisa").places({"BREAD": 2, "MILK": 2})

        maria.moves(order, "with_courier").then_refused(
            "transition_not_allowed", "stock_not_available"
        )
        maria.moves(order, "sent").then_status("sent")
        assert order.pieces == {"BREAD": {"reserved": 2}, "MILK": {"reserved": 1, "ordered": 1}}
        paul.moves(order, "with_courier").then_refused("items_packed", "stock_not_available")
        paul.moves_pieces(order, "BREAD", 2, "reserved", "assembled")
        paul.moves_pieces(order, "MILK", 1, "reserved", "assembled")
        paul.moves(order, "with_courier").then_refused("items_packed", "stock_not_available")
        maria.cancels_pieces(order, "MILK", "out_of_stock", 1)
        paul.moves(order, "with_courier").then_status("with_courier")
        assert (shop.on_hand("BREAD"), shop.on_hand("MILK")) == ((8, 0), (0, 0))

        tom.moves(order, "done").then_refused("goods_delivered", "order_paid")
        tom.moves_pieces(order, "BREAD", 1, "shipped", "delivered")
        tom.moves_pieces(order, "BREAD", 1, "shipped", "not_bought_out")
        tom.moves_pieces(order, "MILK", 1, "shipped", "delivered")
        tom.charges(order, method="voucher").then_refused("payment_method_unknown")
        tom.charges(order, method="cash")
        tom.moves(order, "done").then_status("done")
        assert order.state.balance.paid_minor == 2_000

        (visit,) = shop.rows(
            "select due_at - entered_at as limit from analytics.status_visits"
            " where order_id = %s and status = 'with_courier'",
            order.order_id,
        )
        assert visit["limit"] == timedelta(days=1)
