"""P15 P17: the templates that come along, each in English and Russian, for an order as it is."""

from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.orders.order import Order
from domain.stock.stock import Level, Stock
from domain.templates.offered import OFFERED, Setting, of_order, of_stock
from domain.templates.template import Rendered
from infra.template_files import load_preset, preset_names
from tests.support import examples
from tests.support.spec import given

SETTING: Final = Setting("en", "Europe/Berlin", "https://pay.example/{order_id}?n={number}")
ZONES: Final = {"UTC": "09:00", "Asia/Tokyo": "18:00"}
READY: Final = (
    "courier_time", "document", "low_stock", "order_handled", "order_waits", "paid",
    "payment_link", "reminder_to_collect", "status_changed", "track_number",
)  # fmt: skip


def variables(setting: Setting = SETTING) -> dict[str, Any]:
    told = examples.COMMANDS["order.change_fields"].model_copy(
        update={"changed": ("track_number",), "track_number": "RR123"}
    )
    order = given(examples.COMMANDS["order.place"]).when(told).order
    stock = Stock(level=Level(on_hand=4, threshold=5))
    return {
        "order": of_order(examples.ORDER_ID, order, examples.PATH, setting),
        "customer": {"name": "Anna"},
        "stock": of_stock("TEA-100", "main", stock),
    }


def test_p15_these_templates_come_along() -> None:
    assert preset_names() == READY


@pytest.mark.parametrize("name", READY)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_p17_a_ready_made_template_renders_for_a_real_order(name: str, language: str) -> None:
    made = load_preset(name).render(language, variables())

    for text in filter(None, (made.subject, made.text, made.html)):
        assert "{" not in text
        assert "None" not in text
        assert text == text.strip() + "\n" * text.endswith("\n")


def test_p30_the_mail_with_the_track_number_reads_well() -> None:
    assert load_preset("track_number").render("en", variables()) == Rendered(
        subject="Order A-17 is on its way",
        text="Hello Anna,\n\nyour order A-17 is on its way. Its track number is RR123.\n"
        "We expect it to be with you on 2026-03-04.\n",
        html=None,
    )


def test_p30_the_mail_names_each_number_that_stands_on_a_shipment() -> None:
    told = variables()
    told["order"] = told["order"] | {
        "track_number": None,
        "shipments": [
            {"carrier": "DHL", "track_number": "RR1", "status": "in_transit"},
            {"carrier": "DHL", "track_number": None, "status": "planned"},
            {"carrier": None, "track_number": "RR2", "status": "in_transit"},
        ],
    }

    assert load_preset("track_number").render("en", told).text == (
        "Hello Anna,\n\nyour order A-17 is on its way.\nTrack number: RR1 (DHL)\n"
        "Track number: RR2\nWe expect it to be with you on 2026-03-04.\n"
    )


@pytest.mark.parametrize("language", ["en", "ru"])
def test_p30_the_mail_names_no_parcel_that_is_still_here(language: str) -> None:
    told = variables()
    told["order"] = told["order"] | {
        "track_number": "RR1",
        "shipments_sent": "1",
        "shipments": [
            {"carrier": "DHL", "track_number": number, "status": status}
            for number, status in (
                ("RR1", "in_transit"), ("RR2", "delivered"),
                ("RR3", "planned"), ("RR4", "cancelled"),
            )
        ],
    }  # fmt: skip

    text = load_preset("track_number").render(language, told).text

    assert [text.count(number) for number in ("RR1", "RR2", "RR3", "RR4")] == [1, 1, 0, 0]


def test_p15_the_payment_link_is_made_of_what_the_settings_say() -> None:
    made = load_preset("payment_link").render("en", variables())

    assert f"https://pay.example/{examples.ORDER_ID}?n=A-17" in made.text


def test_p15_whatever_the_number_is_it_is_one_value_of_the_payment_link() -> None:
    placed = examples.COMMANDS["order.place"].model_copy(update={"external_id": "A 1/7&n=Ж#"})
    order = given().when(placed).order

    said = of_order(examples.ORDER_ID, order, examples.PATH, SETTING)

    link = urlsplit(said["payment_link"])
    assert (link.path, link.fragment) == (f"/{examples.ORDER_ID}", "")
    assert parse_qs(link.query) == {"n": ["A 1/7&n=Ж#"]}


def test_what_is_offered_is_what_an_order_gives() -> None:
    given_names = {kind: set(said) for kind, said in variables().items()}

    assert given_names == {
        kind: set(said) for kind, said in OFFERED.items() if isinstance(said, dict)
    }
    order, offered = variables()["order"], OFFERED["order"]
    assert isinstance(offered, dict)
    assert {*order["items"][0]} == {*offered["items"][0]}


def test_of_an_order_that_never_was_nothing_is_known() -> None:
    said = of_order(examples.ORDER_ID, Order(), None, Setting())

    assert said["number"] == str(examples.ORDER_ID)
    assert said["total"] is None
    assert said["items"] == []


def test_times_are_those_of_the_shop() -> None:
    times = {zone: variables(Setting(zone=zone))["order"]["promised_time"] for zone in ZONES}

    assert times == ZONES
