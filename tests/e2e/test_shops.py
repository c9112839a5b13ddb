"""Shops that need no stock: what the matrix alone does for them. Section S of the shops."""

from datetime import timedelta

import pytest

from tests.support.stories import opened_shop


def test_a_story_does_not_go_on_when_somebody_is_refused_whom_nobody_expected_to_be(
    database_url: str,
) -> None:
    with opened_shop(database_url, "amocrm_basic") as shop:
        maria = shop.person("maria", "manager")
        order = shop.client("lisa").places({"MUG": 1})
        answer = maria.moves(order, "done")

        with pytest.raises(AssertionError, match="transition_not_allowed"):
            maria.moves(order, "in_work")
        answer.then_refused("transition_not_allowed")


def test_amocrm_basic_hides_everything_in_one_status_and_still_counts_what_is_done(
    database_url: str,
) -> None:
    """A10 A30 A31 A32: four statuses; items and payments say what "In work" hides."""
    with opened_shop(database_url, "amocrm_basic") as shop:
        maria, lisa = shop.person("maria", "manager"), shop.client("lisa")
        order = lisa.places({"MUG": 3})
        order.then_status("new")

        maria.moves(order, "done").then_refused("transition_not_allowed")
        maria.moves(order, "in_work").then_status("in_work")
        maria.charges(order)
        maria.moves(order, "done").then_refused("goods_delivered")
        for source, target in (("ordered", "assembled"), ("assembled", "shipped")):
            maria.moves_pieces(order, "MUG", 3, source, target)
        maria.moves_pieces(order, "MUG", 2, "shipped", "delivered")
        maria.moves_pieces(order, "MUG", 1, "shipped", "not_bought_out")
        maria.moves(order, "done").then_status("done")

        assert order.state.due_minor == 2_000  # The piece that nobody took is not charged.
        maria.refunds(order, 1_000)
        assert (order.state.balance.paid_minor, order.state.payment_status) == (2_000, "paid")


def test_amocrm_basic_is_cancelled_by_client_or_by_us_and_never_without_the_reason(
    database_url: str,
) -> None:
    """A31: who wanted it and why stands in the reports."""
    with opened_shop(database_url, "amocrm_basic") as shop:
        maria, lisa = shop.person("maria", "manager"), shop.client("lisa")
        hers, ours = lisa.places({"MUG": 1}), lisa.places({"MUG": 1})

        maria.cancels(hers, None, None).then_refused("reason_code_required", "initiator_required")
        maria.cancels(hers, "bad_weather", "client").then_refused("reason_code_unknown")
        lisa.cancels(hers, "changed_mind", "client").then_status("cancelled")
        maria.cancels(ours, "out_of_stock", "shop").then_status("cancelled")

        why = shop.rows("select reason_code, initiator from analytics.cancel_reasons order by 1")
        assert [(row["reason_code"], row["initiator"]) for row in why] == [
            ("changed_mind", "client"),
            ("out_of_stock", "shop"),
        ]


def test_retailcrm_base_offers_only_the_moves_that_the_matrix_allows(database_url: str) -> None:
    """R1 R2 R3: a new order cannot jump to Delivering, and nobody is offered to try."""
    with opened_shop(database_url, "retailcrm_base") as shop:
        maria, paul = shop.person("maria", "manager"), shop.person("paul", "warehouse")
        tom = shop.person("tom", "courier")
        order = shop.client("lisa").places({"LAMP": 2})

        maria.moves(order, "delivering").then_refused("transition_not_allowed")
        assert maria.may_move(order) == ["confirmed", "cancelled"]
        assert paul.may_move(order) == []
        maria.moves(order, "confirmed")
        maria.moves(order, "collected").then_refused("role_missing")
        paul.moves(order, "collected")
        assert order.pieces == {"LAMP": {"assembled": 2}}
        paul.moves(order, "delivering").then_status("delivering")
        tom.moves(order, "done").then_refused("goods_delivered", "order_paid")
        tom.charges(order, method="cash")
        tom.moves_pieces(order, "LAMP", 2, "shipped", "delivered")
        tom.moves(order, "done").then_status("done")

        (route,) = shop.rows(
            "select route, orders from analytics.routes where path = %s", shop.name
        )
        assert route["route"] == ["new", "confirmed", "collected", "delivering", "done"]


def test_retailcrm_types_have_their_own_documents_at_their_own_moments(database_url: str) -> None:
    """R5 R7: private persons and companies at once, each on its own path."""
    with opened_shop(database_url, "retailcrm_private", "retailcrm_company") as shop:
        maria, paul = shop.person("maria", "manager"), shop.person("paul", "warehouse")
        bank = shop.program("bank", "gateway")
        home = shop.client("lisa").places({"LAMP": 1})
        firm = shop.client("acme").places({"LAMP": 20}, order_type="company")
        assert (home.state.path, firm.state.path) == ("retailcrm_private", "retailcrm_company")

        maria.moves(home, "confirmed")
        maria.moves(firm, "confirmed")
        # What the one needs not, the other cannot do without.
        paul.moves(home, "collected").then_status("collected")
        paul.moves(firm, "collected").then_refused("transition_not_allowed")
        maria.moves(firm, "invoiced").then_refused("document_missing")
        maria.issues(firm, "invoice")
        maria.moves(firm, "invoiced").then_status("invoiced")
        maria.moves(firm, "paid").then_refused("order_paid")
        bank.charges(firm, method="transfer")
        bank.moves(firm, "paid")
        paul.moves(firm, "collected")
        for order in (home, firm):
            paul.moves(order, "delivering").then_refused("document_missing")
            paul.issues(order, "waybill")
            paul.moves(order, "delivering").then_status("delivering")
        maria.moves_pieces(home, "LAMP", 1, "shipped", "delivered")
        maria.moves_pieces(firm, "LAMP", 20, "shipped", "delivered")
        maria.moves(home, "done").then_refused("order_paid", "document_missing")
        maria.charges(home, method="cod")
        maria.issues(home, "receipt")
        maria.moves(home, "done").then_status("done")
        maria.moves(firm, "done").then_refused("document_missing")
        maria.issues(firm, "act")
        maria.moves(firm, "done").then_status("done")


def test_kupidon_calls_within_thirty_minutes(database_url: str) -> None:
    """S P10: the limit of a new order is written down when it comes in; a late one stands out."""
    with opened_shop(database_url, "kupidon") as shop:
        shop.receives("GIFT", 2)
        maria, paul = shop.person("maria", "manager"), shop.person("paul", "warehouse")
        tom = shop.person("tom", "courier")
        quick, late = (shop.client(name).places({"GIFT": 1}) for name in ("lisa", "ben"))

        maria.moves(quick, "done").then_refused("transition_not_allowed")
        maria.moves(quick, "agreed").then_status("agreed")
        shop.waits(minutes=30)
        (found,) = shop.rows(
            "select order_id, status, overdue from analytics.stale_orders_at(%s) where overdue",
            shop.clock.now,
        )
        assert (found["order_id"], found["status"]) == (late.order_id, "new")
        (visit,) = shop.rows(
            "select due_at - entered_at as limit from analytics.status_visits"
            " where order_id = %s and status = 'new'",
            late.order_id,
        )
        assert visit["limit"] == timedelta(minutes=30)
        maria.cancels(late, "vanished", "shop").then_status("cancelled")

        paul.moves(quick, "packed")
        paul.moves(quick, "delivering")
        tom.charges(quick, method="cash")
        tom.moves_pieces(quick, "GIFT", 1, "shipped", "delivered")
        tom.moves(quick, "done").then_status("done")
        assert shop.on_hand("GIFT") == (1, 0)


def test_karamelka_passes_each_order_through_three_hands(database_url: str) -> None:
    """S: a manager agrees, a buyer purchases, a packer assembles and ships; none does another's."""
    with opened_shop(database_url, "karamelka") as shop:
        maria, bob = shop.person("maria", "manager"), shop.person("bob", "buyer")
        paul = shop.person("paul", "packer")
        order = shop.client("lisa").places({"CANDY": 5, "BOX": 1})

        maria.moves(order, "shipped").then_refused("transition_not_allowed")
        maria.moves(order, "purchasing")
        assert order.pieces == {"CANDY": {"to_buy": 5}, "BOX": {"to_buy": 1}}
        paul.moves_pieces(order, "CANDY", 5, "to_buy", "bought").then_refused("role_missing")
        bob.moves_pieces(order, "CANDY", 5, "to_buy", "bought", supplier="Sweets & Co.")
        bob.moves_pieces(order, "BOX", 1, "to_buy", "bought", supplier="Cartons")
        bob.moves_pieces(order, "CANDY", 5, "bought", "received")
        paul.moves(order, "packing").then_refused("items_received")
        # The last piece that comes hands the order on to the packer by itself.
        paul.moves_pieces(order, "BOX", 1, "bought", "received").then_status("packing")
        bob.moves(order, "shipped").then_refused("role_missing")
        paul.moves(order, "shipped").then_status("shipped")
        maria.charges(order)
        maria.moves(order, "done").then_refused("goods_delivered")
        maria.moves_pieces(order, "CANDY", 5, "shipped", "delivered")
        maria.moves_pieces(order, "BOX", 1, "shipped", "delivered")
        maria.moves(order, "done").then_status("done")
        # One box comes back broken: goods may, also when all is done.
        maria.moves_pieces(order, "BOX", 1, "delivered", "returned", reason_code="bad_quality")
        maria.refunds(order, 1_000)

        who = shop.rows(
            "select distinct actor_id from analytics.actor_activity where actor_kind = 'user'"
            " order by 1"
        )
        assert [row["actor_id"] for row in who] == ["bob", "maria", "paul"]
