"""What the ready-made rules do on the real write path: judged from the log, sent as commands."""

from datetime import timedelta

from domain.orders.commands import AddNote
from domain.orders.events import Customer
from domain.stock.commands import SetThreshold
from domain.teams.commands import Come, SetMember
from domain.templates.line import PublishTemplate
from infra.rule_files import load_preset, shop_rules
from infra.template_files import load_preset as load_template
from services.bootstrap import SYSTEM
from tests.support.stories import Shop, StoryOrder, opened_shop


def events_of(shop: Shop, order: StoryOrder) -> list[tuple[str, str, str]]:
    """Give the name, who acted and the source of every event of an order."""
    stream = f"order-{order.order_id}"
    return [
        (one.event.NAME, f"{one.actor_kind} {one.actor_id}", one.source)
        for one in shop.system.log.load({stream: 0})[stream]
    ]


def test_p19_a1_a_confirmed_order_that_is_paid_goes_to_the_assembly_by_itself(
    database_url: str,
) -> None:
    with opened_shop(database_url, "universal") as shop:
        shop.arms(load_preset("paid_to_assembly"))
        maria, gateway = shop.person("maria", "manager"), shop.program("cards", "gateway")
        order, unpaid = (shop.client(name).places({"MUG": 1}) for name in ("lisa", "anna"))
        for one in (order, unpaid):
            maria.moves(one, "confirmed")
        shop.lets_rules_act()
        order.then_status("confirmed")

        paid = gateway.charges(order)
        shop.lets_rules_act()

        order.then_status("assembling")
        unpaid.then_status("confirmed")
        stream = f"order-{order.order_id}"
        last = shop.system.log.load({stream: 0})[stream][-1]
        assert (last.actor_kind, last.actor_id) == ("trigger", "paid_to_assembly")
        assert (last.source, last.reason) == ("rule:paid_to_assembly:1", "Paid in full")
        assert last.causation_id == paid.outcome.command_id


def test_p20_who_did_not_take_the_parcel_is_marked(database_url: str) -> None:
    with opened_shop(database_url, "universal") as shop:
        shop.arms(load_preset("not_bought_out_mark"))
        maria = shop.person("maria", "manager", "warehouse", "courier")
        lisa, anna = (shop.client(name).places({"MUG": 1}) for name in ("lisa", "anna"))
        for order in (lisa, anna):
            for status in ("confirmed", "assembling", "assembled", "handed_over", "delivering"):
                maria.moves(order, status)
        said = {"reason_code": "changed_mind", "initiator": "client"}
        maria.moves(lisa, "not_bought_out", **said)
        maria.moves(anna, "delivered")

        shop.lets_rules_act()

        marks = shop.rows("select customer_id, marks from analytics.customers")
        assert {row["customer_id"]: row["marks"] for row in marks if row["marks"]} == {
            lisa.state.subject_id: ["bad"]
        }


def test_p28_robot_approval_confirms_what_is_paid_complete_and_without_a_comment(
    database_url: str,
) -> None:
    with opened_shop(database_url, "universal") as shop:
        shop.arms(load_preset("robot_approves"))
        maria = shop.person("maria", "manager", "warehouse")
        fine, noted, unpaid = (shop.client(n).places({"MUG": 1}) for n in ("lisa", "anna", "olga"))
        shop.send(maria.actor, AddNote, order_id=noted.order_id, text="Ring twice")
        for order in (fine, noted, unpaid):
            maria.moves_pieces(order, "MUG", 1, "ordered", "reserved")
        for order in (fine, noted):
            maria.charges(order)

        shop.lets_rules_act()

        assert [one.status for one in (fine, noted, unpaid)] == ["confirmed", "new", "new"]


def test_amocrm_eshop_assembles_what_is_paid_once_it_is_reserved(database_url: str) -> None:
    with opened_shop(database_url, "amocrm_eshop") as shop:
        shop.arms(*shop_rules("amocrm_eshop"))
        shop.receives("SHOE", 1)
        gateway = shop.program("cards", "gateway")
        there, missing = (shop.client(name).places({"SHOE": 1}) for name in ("lisa", "anna"))
        for order in (there, missing):
            gateway.charges(order)
            gateway.moves(order, "paid")

        shop.lets_rules_act()
        assert [one.status for one in (there, missing)] == ["assembled", "paid"]
        shop.receives("SHOE", 1)
        shop.person("sam", "storekeeper").reserves(missing)
        shop.lets_rules_act()

        missing.then_status("assembled")


def test_koftenyshi_gives_orders_of_marketplaces_to_the_warehouse_and_others_to_managers(
    database_url: str,
) -> None:
    with opened_shop(database_url, "koftenyshi") as shop:
        shop.arms(*shop_rules("koftenyshi"))
        market = shop.program("market", "client")
        ours = shop.client("lisa").places({"ROMPER": 1})
        theirs = market.places({"ROMPER": 1}, channel="marketplace")

        shop.lets_rules_act()

        theirs.then_status("assembling")
        assert (ours.state.owner_group, theirs.state.owner_group) == ("call_centre", "warehouse")


def test_city_tuning_shares_out_reserves_and_gives_to_the_buyer_in_a_chain(
    database_url: str,
) -> None:
    """P16 P27 P28: one rule leads to the next, and not reserved is no way on for them either."""
    with opened_shop(database_url, "city_tuning") as shop:
        shop.arms(*shop_rules("city_tuning"))
        shop.receives("RIM", 4, "supplier_a")
        for name in ("maria", "olga"):
            for command in (SetMember, Come):
                shop.send(SYSTEM, command, group="managers", user=name)
        there, missing = (shop.client(name).places({"RIM": 4}) for name in ("lisa", "anna"))
        shop.lets_rules_act()

        assert [one.state.owner_user for one in (there, missing)] == ["maria", "olga"]
        there.then_status("awaiting_payment")
        missing.then_status("reserving")
        shop.waits(minutes=2)
        shop.lets_rules_act()

        missing.then_status("to_buy")
        tasks = shop.rows("select order_id, to_group from analytics.tasks order by created_at")
        assert [tuple(row.values()) for row in tasks] == [
            (there.order_id, "managers"), (missing.order_id, "buyers"),
        ]  # fmt: skip
        shop.program("cards", "gateway").charges(there)
        shop.lets_rules_act()
        there.then_status("paid")
        sources = [source for _, _, source in events_of(shop, there) if source.startswith("rule:")]
        assert list(dict.fromkeys(sources)) == [
            "rule:city_tuning_1_share_out:1",
            "rule:city_tuning_2_reserve:1",
            "rule:city_tuning_5_payment:1",
            "rule:city_tuning_6_paid:1",
        ]


def test_p12_kupidon_puts_a_new_order_on_the_managers_list_for_thirty_minutes(
    database_url: str,
) -> None:
    with opened_shop(database_url, "kupidon") as shop:
        shop.arms(*shop_rules("kupidon"))
        order = shop.client("lisa").places({"BOX": 1})
        placed_at = shop.clock.now

        shop.lets_rules_act()

        (task,) = shop.rows("select * from analytics.tasks")
        assert (task["order_id"], task["to_group"], task["rule"]) == (
            order.order_id, "managers", "kupidon_30_minutes",
        )  # fmt: skip
        assert task["due_at"] == placed_at + timedelta(minutes=30)


def test_p30_minoxidil_mails_the_track_number_when_the_parcel_is_on_its_way(
    database_url: str,
) -> None:
    with opened_shop(database_url, "minoxidil") as shop:
        shop.arms(*shop_rules("minoxidil"))
        shop.send(SYSTEM, PublishTemplate, definition=load_template("track_number"))
        shop.receives("FOAM", 2)
        maria, paul = shop.person("maria", "manager"), shop.person("paul", "warehouse")
        with_mail = {"customer": Customer(customer_id="c-1", email="lisa@example.org")}
        told, silent = maria.places({"FOAM": 1}, **with_mail), maria.places({"FOAM": 1})
        for order in (told, silent):
            maria.moves(order, "confirmed")
            for status in ("assembling", "assembled", "handed_over"):
                paul.moves(order, status)
            paul.changes(order, track_number="RR1")
        shop.lets_rules_act()
        assert shop.rows("select 1 from analytics.notifications") == []
        for order in (told, silent):
            paul.moves(order, "delivering")

        shop.lets_rules_act()

        sent = shop.rows(
            "select order_id, channel, template, to_kind, state, rule from analytics.notifications"
        )
        assert [list(row.values()) for row in sent] == [
            [told.order_id, "mail", "track_number", "customer", "pending", "minoxidil_track_mail"]
        ]


def test_v14_salesplatform_mails_purchasing_once_when_stock_falls_below_its_threshold(
    database_url: str,
) -> None:
    with opened_shop(database_url, "salesplatform") as shop:
        shop.arms(*shop_rules("salesplatform"))
        shop.send(SYSTEM, PublishTemplate, definition=load_template("low_stock"))
        shop.receives("INK", 5)
        shop.send(SYSTEM, SetThreshold, sku="INK", threshold=4)
        olga = shop.person("olga", "operator")
        for name in ("lisa", "anna"):
            order = shop.client(name).places({"INK": 2})
            olga.issues(order, "invoice")
            olga.moves(order, "invoiced")
            shop.lets_rules_act()

        mails = shop.rows("select sku, template, to_who from analytics.notifications")
        assert [list(row.values()) for row in mails] == [["INK", "low_stock", "purchasing"]]


def test_p18_p34_a_delivery_problem_is_a_task_and_a_vanished_customer_is_found(
    database_url: str,
) -> None:
    with opened_shop(database_url, "universal") as shop:
        shop.arms(*map(load_preset, ("delivery_problem_task", "vanished_customer")))
        maria = shop.person("maria", "manager", "warehouse", "courier")
        lost, gone = (shop.client(name).places({"MUG": 1}) for name in ("lisa", "anna"))
        for status in ("confirmed", "assembling", "assembled", "handed_over"):
            maria.moves(lost, status)
        maria.moves(lost, "delivery_problem", reason="No such house")
        maria.moves(gone, "awaiting_payment")
        shop.lets_rules_act()
        shop.waits(days=4)
        shop.lets_rules_act()

        tasks = shop.rows("select order_id, rule from analytics.tasks order by created_at")
        assert [tuple(row.values()) for row in tasks] == [
            (lost.order_id, "delivery_problem_task"), (gone.order_id, "vanished_customer"),
        ]  # fmt: skip
        (customer,) = shop.rows("select customer_id from analytics.customers where tags <> '{}'")
        assert customer["customer_id"] == gone.state.subject_id


def test_robot_asks_a_person_and_says_why(database_url: str) -> None:
    with opened_shop(database_url, "universal") as shop:
        shop.arms(*map(load_preset, ("robot_approves", "robot_asks_a_person")))
        maria = shop.person("maria", "manager", "warehouse")
        fine, unpaid = (shop.client(name).places({"MUG": 1}) for name in ("lisa", "anna"))
        for order in (fine, unpaid):
            maria.moves_pieces(order, "MUG", 1, "ordered", "reserved")
        maria.charges(fine)
        shop.lets_rules_act()
        shop.waits(minutes=6)
        shop.lets_rules_act()

        assert [one.status for one in (fine, unpaid)] == ["confirmed", "new"]
        assert [one.state.owner_group for one in (fine, unpaid)] == [None, "managers"]
        tasks = shop.rows("select order_id, title from analytics.tasks")
        title = "Check an order that the robot did not approve: not is_paid"
        assert [tuple(row.values()) for row in tasks] == [(unpaid.order_id, title)]
        stream = f"order-{unpaid.order_id}"
        last = shop.system.log.load({stream: 0})[stream][-1]
        assert last.reason == "The robot has not approved it: not is_paid"
