"""Orders by phone at `salesplatform`: found or created, priced and placed in one go. Section S."""

from uuid import UUID

from domain.enquiries.commands import RecordEnquiry
from domain.orders.events import Customer
from domain.orders.money import StatedTotals
from domain.products.discounts import Discount, SetDiscount
from domain.stock.commands import SetThreshold
from domain.stock.events import stream_of
from services.bootstrap import SYSTEM
from services.customers import search_customers
from services.quoting import Basket, quote
from tests.support.stories import CURRENCY, opened_shop

ENQUIRY = UUID(int=17)
ANNA = Customer(name="Anna Ivanova", phone="+7 900 123-45-67")


def test_salesplatform_takes_a_whole_phone_order_in_one_go(database_url: str) -> None:
    """V1 V2 V3 V4 V6 V7 V17: an enquiry becomes a customer and then an order, priced by us."""
    with opened_shop(database_url, "salesplatform") as shop:
        shop.sells("PUMP", 12_000, vat_bp=2_000, category="pumps")
        shop.sells("HOSE", 900, vat_bp=2_000)
        pumps = Discount(code="pumps", category="pumps", percent_bp=1_000)
        shop.send(SYSTEM, SetDiscount, discount=pumps)
        shop.receives("PUMP", 3)
        olga, tom = shop.person("olga", "operator"), shop.person("tom", "courier")
        paul, bank = shop.person("paul", "warehouse"), shop.program("bank", "gateway")

        # The first call: what is asked, what it would cost, what is there.
        said = {"channel": "phone", "text": "Do you have pumps?", "customer": ANNA}
        shop.send(olga.actor, RecordEnquiry, enquiry_id=ENQUIRY, **said)
        lines = ({"sku": "PUMP", "quantity": 2}, {"sku": "HOSE", "quantity": 5})
        offer = quote(shop.system, Basket.model_validate({"currency": CURRENCY, "lines": lines}))
        assert offer.priced.totals.total_minor == 2 * 12_000 * 9 // 10 + 5 * 900 == 26_100
        assert dict(offer.available) == {"PUMP": 3, "HOSE": 0}

        order = olga.places(
            {"PUMP": 2, "HOSE": 5},
            channel="phone",
            customer=ANNA,
            enquiry_id=ENQUIRY,
            stated=StatedTotals(total_minor=26_100),
        )
        assert order.state.due_minor == 26_100
        (found,) = search_customers(shop.system, "ivanova", 5)
        assert found["name"] == "Anna Ivanova"
        # The second call: the same number, written otherwise, is the same customer.
        again = olga.places(
            {"PUMP": 1}, channel="phone", customer=Customer(phone="8 (900) 123-45-67")
        )
        assert again.state.subject_id == order.state.subject_id == found["customer_id"]
        olga.cancels(again, "changed_mind", "client")

        olga.issues(order, "invoice")
        olga.moves(order, "invoiced")
        bank.charges(order, method="transfer")
        paul.moves(order, "packed").then_refused("items_reserved")
        olga.cancels_pieces(order, "HOSE", "out_of_stock")
        paul.moves(order, "packed")
        tom.moves(order, "shipping")
        tom.moves(order, "delivered")
        olga.moves(order, "closed").then_status("closed")
        olga.refunds(order, 5 * 900)
        assert order.state.payment_status == "paid"

        (asked,) = shop.rows("select state, order_id from analytics.enquiries")
        assert (asked["state"], asked["order_id"]) == ("ordered", order.order_id)
        (known,) = shop.rows("select orders, won_orders, lost_orders from analytics.customers")
        assert known == {"orders": 2, "won_orders": 1, "lost_orders": 1}


def test_salesplatform_says_what_is_wrong_with_a_total_and_takes_nothing(
    database_url: str,
) -> None:
    """V7: a total that is supplied is checked to the minor unit."""
    with opened_shop(database_url, "salesplatform") as shop:
        shop.sells("PUMP", 12_000)
        olga = shop.person("olga", "operator")

        stated = StatedTotals(total_minor=11_999)
        _, answer = olga.tries_to_place({"PUMP": 1}, channel="phone", stated=stated)
        answer.then_refused("money_mismatch")


def test_salesplatform_tells_purchasing_once_when_too_little_is_left(database_url: str) -> None:
    """V12 V13 S: orders bring the stock below its threshold, which is told once per crossing."""
    with opened_shop(database_url, "salesplatform") as shop:
        shop.receives("PUMP", 5)
        shop.send(SYSTEM, SetThreshold, sku="PUMP", threshold=4)
        olga, paul = shop.person("olga", "operator"), shop.person("paul", "warehouse")
        tom, bank = shop.person("tom", "courier"), shop.program("bank", "gateway")

        for _ in range(2):
            order = olga.places({"PUMP": 2}, channel="phone")
            olga.issues(order, "invoice")
            olga.moves(order, "invoiced")
            bank.charges(order, method="transfer")
            paul.moves(order, "packed")
            tom.moves(order, "shipping")
            tom.moves(order, "delivered")
            olga.moves(order, "closed").then_status("closed")

        assert shop.on_hand("PUMP") == (1, 0)
        stream = stream_of("PUMP", location="main")
        told = [one.event.NAME for one in shop.system.log.load({stream: 0})[stream]]
        assert told.count("stock.below_threshold.v1") == 1
