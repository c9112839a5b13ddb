"""The ready-made rules: each judges real events, and does what its title says. Docs: docs/rules.md.

A1 A3 A9 A19 A22 A28 P5 P10 P12 P15-P21 P26 P30 P34 V14: what stands here is their form as data.
"""

from datetime import timedelta
from typing import Any, Final

import pytest

from domain.messages import Event
from domain.orders import events as e
from domain.orders.money import Totals
from domain.rules.actions import Notify
from domain.rules.rule import Rule
from domain.rules.runs import Run
from domain.stock.stock import Level, Stock
from domain.templates.offered import Setting, of_order, of_stock
from infra.path_files import load_preset as load_path
from infra.rule_files import load_preset, preset_names, shop_names, shop_rules
from infra.template_files import load_preset as load_template
from tests.support.examples import DELIVERY, EVENTS, NOW, ORDER_ID
from tests.support.rules import Watch, only_noting, watched_by
from tests.support.spec import Step

PLACED = EVENTS["order.placed.v1"]
NOTE = e.NoteAdded(text="Leave it with the neighbour")
PAID = e.PaymentCharged(payment_id="p-1", amount_minor=1_650, currency="EUR", gateway_ref="g-1")
RESERVED = e.ItemStatusChanged(item_id="1", quantity=3, from_status="ordered",
                               to_status="reserved")  # fmt: skip
PART_PAID = PAID.model_copy(update={"amount_minor": 1_600, "gateway_ref": None})
CANCELLED = RESERVED.model_copy(
    update={"quantity": 2, "to_status": "cancelled", "totals": Totals(467, 17, 300, 75, 750)}
)
NOTHING_LEFT = CANCELLED.model_copy(update={"quantity": 3, "totals": Totals(0, 0, 0, 0, 0)})
REST_BACK = e.PaymentRefunded(payment_id="p-1", amount_minor=900, currency="EUR")
SENT_BACK = e.PaymentRefunded(payment_id="p-1", amount_minor=1_650, currency="EUR")
SOME_BACK = SENT_BACK.model_copy(update={"amount_minor": 50})
TAKEN_BACK = e.PaymentChargedBack(payment_id="p-1", amount_minor=50, currency="EUR")
BELOW = EVENTS["stock.below_threshold.v1"]
SHOPS: Final = {name: shop_rules(name) for name in shop_names()}
ALL: Final = [
    *map(load_preset, preset_names()),
    *(rule for some in SHOPS.values() for rule in some),
]
BY_NAME: Final = {rule.rule: rule for rule in ALL}


def placed(path: str = "universal", status: str = "new", **said: Any) -> Event:
    changes = {"path": path, "status": status, "deadlines": (), **said}
    return PLACED.model_copy(update=changes)


def moved(*statuses: str) -> list[Event]:
    """The moves between statuses, from `new` on."""
    return [
        e.StatusChanged(from_status=source, to_status=target)
        for source, target in zip(("new", *statuses), statuses, strict=False)
    ]


def passed(level: str) -> Event:
    return EVENTS["order.deadline_passed.v1"].model_copy(update={"level": level})


def owned(user: str | None = None, group: str | None = None) -> Event:
    return e.OwnerAssigned(user=user, group=group)


def watch(name: str, path: str = "universal") -> Watch:
    """Let a rule look at orders of a ready-made path."""
    return watched_by(only_noting(BY_NAME[name]), paths=(load_path(path),))


def result(watched: Watch) -> str:
    return watched.runs[0].result if watched.runs else "-"


# Rule, what happens (the last one is judged), what becomes of it.
CASES: list[tuple[str, list[Any], str]] = [
    ("paid_to_assembly", [placed(), *moved("confirmed"), PAID], "fired"),
    ("paid_to_assembly", [placed(), PAID, *moved("confirmed")], "fired"),
    ("paid_to_assembly", [placed(), *moved("awaiting_payment"), PAID], "skipped"),
    ("paid_to_assembly", [placed(), *moved("awaiting_payment"), PAID, *moved("paid")], "fired"),
    ("paid_to_assembly", [placed(), *moved("confirmed")], "skipped"),
    ("paid_to_assembly", [placed(), NOTHING_LEFT, *moved("confirmed")], "skipped"),
    ("paid_to_assembly", [placed(), PAID, SOME_BACK, *moved("confirmed")], "fired"),
    ("paid_to_assembly", [placed(), PAID, SENT_BACK, *moved("confirmed")], "skipped"),
    ("paid_to_assembly", [placed(), PAID, TAKEN_BACK, *moved("confirmed")], "skipped"),
    ("paid_to_assembly", [placed(), PAID, *moved("confirmed", "assembling")], "-"),
    ("delivery_problem_task", [placed(), *moved("delivering", "delivery_problem")], "fired"),
    ("delivery_problem_task", [placed(), *moved("handed_over", "delivery_problem")], "fired"),
    ("delivery_problem_task", [placed(), *moved("delivery_problem", "delivering")], "-"),
    ("not_bought_out_mark", [placed(), *moved("delivering", "not_bought_out")], "fired"),
    ("not_bought_out_mark", [placed(customer=None), *moved("not_bought_out")], "skipped"),
    ("not_bought_out_mark", [placed(), *moved("cancelled")], "-"),
    ("track_number_mail", [placed(), *moved("delivering")], "skipped"),
    (
        "track_number_mail",
        [placed(), e.FieldsChanged(changed=("track_number",), track_number="RR1"),
         *moved("handed_over", "delivering")],
        "fired",
    ),
    (
        "track_number_mail",
        [placed(), *moved("delivering"),
         e.FieldsChanged(changed=("track_number",), track_number="RR1")],
        "fired",
    ),
    ("track_number_mail", [placed(), *moved("delivering"), EVENTS["order.shipment_created.v1"]],
     "fired"),
    (
        "track_number_mail",
        [placed(customer=None), *moved("delivering"), EVENTS["order.shipment_created.v1"]],
        "skipped",
    ),
    ("reminder_to_collect", [placed(), *moved("delivering", "at_pickup_point")], "delayed"),
    ("courier_time", [placed(), *moved("handed_over", "delivering")], "fired"),
    ("courier_time", [placed(delivery=DELIVERY.model_copy(update={"method": "post"})),
                      *moved("delivering")], "skipped"),
    (
        "courier_time",
        [placed(), *moved("delivering"),
         e.FieldsChanged(changed=("promised_at",), promised_at=NOW + timedelta(days=3))],
        "fired",
    ),
    ("low_stock_purchasing", [BELOW], "fired"),
    ("handle_within_30_minutes", [placed()], "fired"),
    ("handle_within_30_minutes", [placed(status="confirmed")], "skipped"),
    ("handle_within_30_minutes", [placed(test=True)], "skipped"),
    ("owner_on_new_order", [placed(), owned("bob")], "fired"),
    ("owner_on_new_order", [placed(), owned("ann")], "skipped"),
    ("owner_on_change", [placed(), owned("bob"), *moved("confirmed")], "fired"),
    ("owner_on_change", [placed(), owned(group="managers"), *moved("confirmed")], "fired"),
    ("owner_on_change", [placed(), owned("ann"), *moved("confirmed")], "skipped"),
    ("owner_on_change", [placed(), *moved("confirmed")], "skipped"),
    ("customer_on_change", [placed(), *moved("confirmed")], "fired"),
    ("customer_on_change", [placed()], "skipped"),
    ("payment_received_mail", [placed(), PAID], "fired"),
    ("payment_received_mail", [placed(customer=None), PAID], "skipped"),
    ("payment_received_mail", [placed(), PART_PAID], "skipped"),
    ("payment_received_mail", [placed(), PART_PAID, PART_PAID], "fired"),
    ("payment_received_mail", [placed(), PART_PAID, CANCELLED], "-"),
    ("payment_received_mail", [placed(), PAID, CANCELLED], "-"),
    ("payment_received_mail", [placed(), PAID, CANCELLED, REST_BACK], "-"),
    ("payment_received_mail", [placed(totals=Totals(0, 0, 0, 0, 0))], "-"),
    ("payment_link_task", [placed(), *moved("awaiting_payment")], "fired"),
    ("payment_link_task", [placed(), PAID, *moved("awaiting_payment")], "skipped"),
    ("payment_link_task", [placed(), PAID, SOME_BACK, *moved("awaiting_payment")], "skipped"),
    ("payment_link_task", [placed(), PAID, TAKEN_BACK, *moved("awaiting_payment")], "fired"),
    ("robot_approves", [placed(), PAID, RESERVED], "fired"),
    ("robot_approves", [placed(), RESERVED, PAID], "fired"),
    ("robot_approves", [placed(), RESERVED], "skipped"),
    ("robot_approves", [placed(), NOTHING_LEFT], "skipped"),
    ("robot_approves", [placed(), PAID], "skipped"),
    ("robot_approves", [placed(), PAID, SOME_BACK, RESERVED], "skipped"),
    ("robot_approves", [placed(), NOTE, PAID, RESERVED], "skipped"),
    ("robot_approves", [placed(delivery=None), PAID, RESERVED], "skipped"),
    (
        "robot_approves",
        [placed(totals=Totals(1_000_000, 0, 0, 0, 1_000_000)),
         PAID.model_copy(update={"amount_minor": 1_000_000}), RESERVED],
        "skipped",
    ),
    ("robot_asks_a_person", [placed()], "delayed"),
    ("minoxidil_track_mail", [placed("minoxidil"), *moved("handed_over", "delivering")], "fired"),
    ("minoxidil_track_mail", [placed("universal"), *moved("delivering")], "skipped"),
    ("kupidon_30_minutes", [placed("kupidon")], "fired"),
    ("kupidon_30_minutes", [placed("universal")], "skipped"),
    ("kupidon_not_called", [placed("kupidon"), passed("escalate_200")], "fired"),
    ("kupidon_not_called", [placed("kupidon"), passed("escalate_100")], "skipped"),
    ("kupidon_not_called", [placed("kupidon"), *moved("agreed"), passed("escalate_200")],
     "skipped"),
    ("amocrm_eshop_assembled", [placed("amocrm_eshop"), RESERVED, *moved("paid")], "fired"),
    ("amocrm_eshop_assembled", [placed("amocrm_eshop"), *moved("paid"), RESERVED], "fired"),
    ("amocrm_eshop_assembled", [placed("amocrm_eshop"), *moved("paid")], "skipped"),
    ("salesplatform_low_stock", [BELOW], "fired"),
    (
        "koftenyshi_marketplace",
        [placed("koftenyshi", "assembling", channel="marketplace")],
        "fired",
    ),
    ("koftenyshi_marketplace", [placed("koftenyshi")], "skipped"),
    ("koftenyshi_site", [placed("koftenyshi")], "fired"),
    (
        "koftenyshi_site",
        [placed("koftenyshi", "assembling", channel="marketplace")],
        "skipped",
    ),
    ("city_tuning_1_share_out", [placed("city_tuning")], "fired"),
    ("city_tuning_2_reserve", [placed("city_tuning"), owned("bob", "managers")], "fired"),
    ("city_tuning_3_to_buy", [placed("city_tuning"), *moved("reserving")], "delayed"),
    ("city_tuning_3_to_buy", [placed("city_tuning"), RESERVED, *moved("reserving")], "skipped"),
    ("city_tuning_4_buyer_task", [placed("city_tuning"), *moved("reserving", "to_buy")], "fired"),
    ("city_tuning_5_payment", [placed("city_tuning"), *moved("confirmed")], "fired"),
    ("city_tuning_5_payment", [placed("city_tuning"), PAID, *moved("confirmed")], "skipped"),
    ("city_tuning_6_paid", [placed("city_tuning"), *moved("awaiting_payment"), PAID], "fired"),
    ("city_tuning_6_paid", [placed("city_tuning"), PAID, *moved("awaiting_payment")], "fired"),
    ("city_tuning_6_paid",
     [placed("city_tuning"), PAID, SENT_BACK, *moved("awaiting_payment")], "skipped"),
]  # fmt: skip


def path_of(steps: list[Any]) -> str:
    first = steps[0]
    return first.path if isinstance(first, e.OrderPlaced) else "universal"


@pytest.mark.parametrize(
    ("name", "steps", "expected"), CASES, ids=[f"{name}-{end}" for name, _, end in CASES]
)
def test_it_judges_what_really_happens(name: str, steps: list[Step], expected: str) -> None:
    assert result(watch(name, path_of(steps)).when(*steps)) == expected


def template_of(name: str) -> str | None:
    sent = (one.template for one in BY_NAME[name].then if isinstance(one, Notify))
    return next(sent, None)


MAILED = [case for case in CASES if template_of(case[0]) and case[2] in ("fired", "delayed")]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(("name", "steps", "_"), MAILED, ids=[name for name, _, _ in MAILED])
def test_p15_its_ready_template_has_words_for_every_order_that_it_fires_for(
    name: str, steps: list[Step], _: str, language: str
) -> None:
    watched = watch(name, path_of(steps)).when(*steps)
    setting = Setting(language, payment_link="https://pay.example/{order_id}")
    order = of_order(ORDER_ID, watched.order, load_path(path_of(steps)), setting)
    stock = of_stock("TEA-100", "main", Stock(level=Level(on_hand=4, threshold=5)))

    made = load_template(template_of(name) or "").render(
        language, {"order": order, "customer": {"name": None}, "stock": stock}
    )

    assert made.text.strip()


SENT = e.ShipmentMoved(shipment_id="s-1", to_status="handed_over")


def parcel(shipment_id: str, track_number: str | None = None) -> Event:
    return e.ShipmentCreated(
        shipment_id=shipment_id, carrier="DHL", track_number=track_number, pieces={}
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([parcel("s-2")], "-"),
        ([parcel("s-2", "RR2")], "-"),
        ([parcel("s-2", "RR2"), e.ShipmentMoved(shipment_id="s-2", to_status="in_transit")],
         "fired"),
        ([parcel("s-2"), e.ShipmentMoved(shipment_id="s-2", to_status="in_transit")], "-"),
        ([parcel("s-2"), e.ShipmentMoved(shipment_id="s-2", to_status="in_transit"),
          e.ShipmentTracked(shipment_id="s-2", track_number="RR2")], "fired"),
        ([parcel("s-2", "RR2"), e.ShipmentMoved(shipment_id="s-2", to_status="cancelled")], "-"),
        ([e.ShipmentMoved(shipment_id="s-1", to_status="delivered")], "-"),
        ([e.ShipmentTracked(shipment_id="s-1", track_number="RR9")], "fired"),
        ([e.FieldsChanged(changed=("track_number",), track_number="RR1")], "-"),
        ([e.FieldsChanged(changed=("track_number",), track_number="RR2")], "fired"),
    ],
)  # fmt: skip
def test_p30_a_number_is_told_once_its_parcel_has_left_and_never_again(
    steps: list[Step], expected: str
) -> None:
    on_its_way = [placed(), parcel("s-1", "RR1"), SENT, *moved("handed_over", "delivering")]
    watched = watch("track_number_mail").when(*on_its_way)
    assert result(watched) == "fired"

    assert result(watched.when(*steps)) == expected


def test_p30_a_parcel_that_leaves_after_its_order_is_not_told_of_again() -> None:
    order = [placed(), parcel("s-1", "RR1"), *moved("handed_over", "delivering")]
    watched = watch("track_number_mail").when(*order)
    assert result(watched) == "fired"

    assert result(watched.when(SENT)) == "-"


PROBLEM = e.StatusChanged(from_status="delivering", to_status="delivery_problem")
BACK = e.StatusChanged(from_status="delivery_problem", to_status="delivering")


def own_number(number: str) -> Event:
    return e.FieldsChanged(changed=("track_number",), track_number=number)


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ([own_number("RR1234")], [PROBLEM, BACK], "skipped"),
        ([own_number("RR1234")], [PROBLEM, own_number("RR9"), BACK], "fired"),
        ([own_number("RR1234")], [own_number("RR123")], "fired"),
        ([own_number("RR1234")], [own_number("RR123"), own_number("RR1234")], "skipped"),
        ([parcel("s-1", "SONE1"), parcel("s-2", "STWO2")], [SENT], "skipped"),
        ([parcel("s-1", "SONE1"), parcel("s-2", "STWO2")],
         [SENT, e.ShipmentMoved(shipment_id="s-2", to_status="handed_over")], "skipped"),
        ([parcel("s-1", "SONE1"), SENT, parcel("s-2", "STWO2")],
         [e.ShipmentMoved(shipment_id="s-2", to_status="handed_over")], "fired"),
    ],
)  # fmt: skip
def test_p30_a_customer_gets_each_track_number_once_and_a_corrected_one_too(
    first: list[Step], then: list[Step], expected: str
) -> None:
    watched = watch("track_number_mail").when(placed(), *first, *moved("handed_over", "delivering"))
    assert result(watched) == "fired"

    assert result(watched.when(*then)) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([parcel("s-2", "RR2")], "-"),
        ([parcel("s-2", "RR2"), e.ShipmentMoved(shipment_id="s-2", to_status="handed_over")],
         "fired"),
        ([own_number("RR9")], "fired"),
        ([e.ShipmentTracked(shipment_id="s-1", track_number="RR9")], "fired"),
        ([e.ShipmentMoved(shipment_id="s-1", to_status="delivered")], "-"),
    ],
)  # fmt: skip
def test_p30_minoxidil_mails_the_number_of_a_second_parcel_too(
    steps: list[Step], expected: str
) -> None:
    way = moved("handed_over", "delivering")
    there = [placed("minoxidil"), parcel("s-1", "RR1"), SENT, *way]
    watched = watch("minoxidil_track_mail", "minoxidil").when(*there)
    assert result(watched) == "fired"

    assert result(watched.when(*steps)) == expected


def test_the_reminder_is_sent_if_the_parcel_is_still_there() -> None:
    at_point = moved("delivering", "at_pickup_point")
    waiting = watch("reminder_to_collect").when(placed(), *at_point)
    collected = watch("reminder_to_collect").when(placed(), *at_point, *moved("delivered"))

    waiting.when_time_passes(timedelta(days=3, minutes=-1)).then_runs()
    waiting.when_time_passes(timedelta(minutes=1)).then_runs(reminder_to_collect="fired")
    collected.then_runs(reminder_to_collect="cancelled")
    collected.when_time_passes(timedelta(days=3)).then_runs()


def test_of_a_parcel_that_a_program_reports_as_collected_nobody_is_reminded() -> None:
    at_point = moved("delivering", "at_pickup_point")
    told = EVENTS["order.status_recorded.v1"].model_copy(update={"to_status": "delivered"})
    collected = watch("reminder_to_collect").when(placed(), *at_point, told)

    assert collected.order.status == "delivered"
    collected.when_time_passes(timedelta(days=3)).then_runs(reminder_to_collect="skipped")


def test_of_a_parcel_that_came_back_to_the_point_the_client_is_reminded_once() -> None:
    there = moved("delivering", "at_pickup_point")
    gone = e.StatusChanged(from_status="at_pickup_point", to_status="delivering")
    parcel = watch("reminder_to_collect").when(placed(), *there)
    parcel.when_time_passes(timedelta(days=1)).when(gone, there[-1])

    parcel.when_time_passes(timedelta(days=2)).then_runs()
    parcel.when_time_passes(timedelta(days=1)).then_runs(reminder_to_collect="fired")


def test_p34_a_customer_who_liked_everything_and_vanished_is_found_by_silence() -> None:
    gone = watch("vanished_customer").when(placed(), *moved("awaiting_payment"))
    paid = watch("vanished_customer").when(placed(), *moved("awaiting_payment"), PAID)

    gone.when_time_passes(timedelta(days=2)).then_runs(vanished_customer="fired")
    paid.when_time_passes(timedelta(days=2)).then_runs(vanished_customer="skipped")


def test_the_robot_asks_a_person_for_what_it_has_not_approved_by_then() -> None:
    paid = (PAID, RESERVED)
    left = watch("robot_asks_a_person").when(placed(), PAID)
    fine = watch("robot_asks_a_person").when(placed(), *paid, *moved("confirmed"))

    left.when_time_passes(timedelta(minutes=5)).then_runs(robot_asks_a_person="fired")
    fine.when_time_passes(timedelta(minutes=5)).then_runs(robot_asks_a_person="skipped")


@pytest.mark.parametrize("group", [None, "managers"])
def test_the_robot_takes_an_order_away_from_nobody(group: str | None) -> None:
    taken = watch("robot_asks_a_person").when(placed(), owned("ann", group))
    elsewhere = watch("robot_asks_a_person").when(placed(), owned(group="warehouse"))
    left = watch("robot_asks_a_person").when(placed(), owned(group="managers"))

    taken.when_time_passes(timedelta(minutes=5)).then_runs(robot_asks_a_person="skipped")
    elsewhere.when_time_passes(timedelta(minutes=5)).then_runs(robot_asks_a_person="skipped")
    left.when_time_passes(timedelta(minutes=5)).then_runs(robot_asks_a_person="fired")


def test_the_robot_asks_a_person_also_where_the_path_refuses_what_it_approves() -> None:
    refused = watch("robot_asks_a_person").when(placed(), PAID, RESERVED)

    refused.when_time_passes(timedelta(minutes=5)).then_runs(robot_asks_a_person="fired")


@pytest.mark.parametrize(
    ("steps", "causes"),
    [
        ([placed()], "not is_paid, not all_in_stock"),
        ([placed(delivery=None), PAID, NOTE], "not has_address, not all_in_stock, not no_comment"),
        ([placed(totals=Totals(1_000_000, 0, 0, 0, 1_000_000)), PAID, RESERVED],
         "not is_small, not is_paid"),
        ([placed(), PAID, RESERVED], "all holds that robot_approves asks for"),
    ],
)  # fmt: skip
def test_the_robot_says_what_of_its_conditions_did_not_hold_in_one_task(
    steps: list[Step], causes: str
) -> None:
    both = (BY_NAME["robot_approves"], BY_NAME["robot_asks_a_person"])
    watched = watched_by(*both, paths=(load_path("universal"),)).when(*steps)

    (run,) = watched.when_time_passes(timedelta(minutes=5)).runs

    said = [one.model_dump() for one in run.acts]
    assert [one.get("reason") or one.get("title") for one in said] == [
        f"The robot has not approved it: {causes}",
        f"Check an order that the robot did not approve: {causes}",
    ]


@pytest.mark.parametrize("last", [(PAID, RESERVED), (PAID,), (RESERVED,), (PAID, RESERVED, NOTE)])
def test_of_the_two_robots_exactly_one_acts(last: tuple[Event, ...]) -> None:
    both = [only_noting(BY_NAME[name]) for name in ("robot_approves", "robot_asks_a_person")]
    watched = watched_by(*both, paths=(load_path("universal"),)).when(placed(), *last)
    approved = [run.result for run in watched.runs if run.case.of.name == "robot_approves"]
    if approved == ["fired"]:
        watched.when(*moved("confirmed"))

    asked = watched.when_time_passes(timedelta(minutes=5)).runs

    assert (approved == ["fired"]) is ([run.result for run in asked] == ["skipped"])


ACTS: Final = {
    "paid_to_assembly": ("order.change_status",
                         {"to_status": "assembling", "reason": "Paid in full"}),
    "not_bought_out_mark": ("customer.set_mark",
                            {"mark": "bad", "reason_code": "did_not_buy_out"}),
    "robot_approves": ("order.change_status", {
        "to_status": "confirmed",
        "reason": "Robot: small, paid, with an address, reserved, no comment",
    }),
    "amocrm_eshop_assembled": ("order.change_status",
                               {"to_status": "assembled", "reason": "Paid and reserved"}),
    "koftenyshi_marketplace": ("order.assign_owner", {
        "group": "warehouse",
        "reason": "The marketplace has agreed everything with the client",
    }),
    "koftenyshi_site": ("order.assign_owner", {"group": "call_centre"}),
    "city_tuning_2_reserve": ("order.change_status", {"to_status": "reserving"}),
    "city_tuning_6_paid": ("order.change_status",
                           {"to_status": "paid", "reason": "Paid in full"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
def test_what_it_sends(name: str) -> None:
    steps = next(steps for case, steps, end in CASES if (case, end) == (name, "fired"))

    watched_by(BY_NAME[name], paths=(load_path(path_of(steps)),)).when(*steps).then_acts(ACTS[name])


# Rule -> what it sends: the command, and the template or whoever has to do with it.
TOLD: Final = {
    "delivery_problem_task": [("task.create", "managers")],
    "track_number_mail": [("effect.request", "track_number")],
    "courier_time": [("effect.request", "courier_time")],
    "low_stock_purchasing": [("task.create", "buyers")],
    "handle_within_30_minutes": [("task.create", "managers")],
    "owner_on_new_order": [("alert.raise", "bob")],
    "owner_on_change": [("alert.raise", "bob")],
    "customer_on_change": [("effect.request", "status_changed")],
    "payment_received_mail": [("effect.request", "paid")],
    "payment_link_task": [("task.create", "managers")],
    "minoxidil_track_mail": [("effect.request", "track_number")],
    "kupidon_30_minutes": [("task.create", "managers")],
    "kupidon_not_called": [("effect.request", "order_waits")],
    "salesplatform_low_stock": [("effect.request", "low_stock")],
    "city_tuning_1_share_out": [("order.share_out", "managers")],
    "city_tuning_4_buyer_task": [("task.create", "buyers")],
    "city_tuning_5_payment": [("order.change_status", "awaiting_payment"),
                              ("task.create", "managers")],
}  # fmt: skip
LATER: Final = {
    "reminder_to_collect": [("effect.request", "reminder_to_collect")],
    "robot_asks_a_person": [("order.assign_owner", "managers"), ("task.create", "managers")],
    "city_tuning_3_to_buy": [("order.change_status", "to_buy")],
}


def told_in_short(run: Run) -> list[tuple[str, str]]:
    """Give the stored name of each command, and the template, the status or the person."""
    said = [(one.NAME, one.model_dump()) for one in run.acts]
    keys = ("template", "to_status", "user", "group")
    return [(name, next(body[key] for key in keys if body.get(key))) for name, body in said]


@pytest.mark.parametrize("name", TOLD)
def test_whom_it_tells(name: str) -> None:
    steps = next(steps for case, steps, end in CASES if (case, end) == (name, "fired"))

    (run,) = watched_by(BY_NAME[name], paths=(load_path(path_of(steps)),)).when(*steps).runs

    assert told_in_short(run) == TOLD[name]


@pytest.mark.parametrize("name", LATER)
def test_whom_it_tells_later(name: str) -> None:
    steps = next(steps for case, steps, end in CASES if (case, end) == (name, "delayed"))
    watched = watched_by(BY_NAME[name], paths=(load_path(path_of(steps)),)).when(*steps)

    (run,) = watched.when_time_passes(timedelta(days=5)).runs

    assert told_in_short(run) == LATER[name]


def test_every_ready_made_rule_is_shown_with_what_it_sends() -> None:
    by_silence = {"vanished_customer"}  # in the stories of shops

    assert {*ACTS, *TOLD, *LATER} | by_silence == {*BY_NAME}


def test_p19_a_paid_order_really_comes_into_the_assembly() -> None:
    rule = BY_NAME["paid_to_assembly"]
    watched = watched_by(rule, paths=(load_path("universal"),), carrying_out=True)

    watched.when(placed(), *moved("confirmed"), PAID)

    assert (watched.order.status, watched.refused) == ("assembling", [])


def test_robot_approval_really_confirms() -> None:
    rule = BY_NAME["robot_approves"]
    watched = watched_by(rule, paths=(load_path("universal"),), carrying_out=True)

    watched.when(placed(), PAID, RESERVED)

    assert (watched.order.status, watched.refused) == ("confirmed", [])


def test_paid_becomes_assembled_in_the_shop_of_amocrm() -> None:
    watched = watched_by(
        *SHOPS["amocrm_eshop"], paths=(load_path("amocrm_eshop"),), carrying_out=True
    )

    watched.when(placed("amocrm_eshop"), RESERVED, PAID, *moved("paid"))

    assert (watched.order.status, watched.refused) == ("assembled", [])


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.rule)
class TestEach:
    """What all of them promise."""

    def test_it_has_a_title_in_english_and_russian(self, rule: Rule) -> None:
        assert set(rule.title) == {"en", "ru"}

    def test_it_is_live_and_survives_being_published(self, rule: Rule) -> None:
        again = Rule.model_validate(rule.content)

        assert (rule.mode, again, again.content_hash) == ("live", rule, rule.content_hash)

    def test_it_is_judged_by_a_test(self, rule: Rule) -> None:
        assert rule.rule in {*(name for name, _, _ in CASES), "vanished_customer"}


def test_a_file_is_called_as_its_rule() -> None:
    assert [load_preset(name).rule for name in preset_names()] == list(preset_names())


def test_the_rules_of_a_shop_look_at_its_own_orders_only() -> None:
    for shop, rules in SHOPS.items():
        for rule in rules:
            of_stock = rule.events == {"stock.below_threshold"}
            own = f"order.path == '{shop}'" in rule.if_.values()
            assert rule.rule.startswith(f"{shop}_")
            assert own or of_stock, rule.rule
