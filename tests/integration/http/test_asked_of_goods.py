"""What the CLI asks of prices and messages: near and far, with the same words."""

from tests.integration.http.conftest import Shop
from tests.support.both_ways import BothWays

PRICE = ("--title", "Tea", "--price", "4.50", "--currency", "EUR", "--vat", "20")
HELLO = """\
template: hello
channel: mail
title: {en: Hello}
texts:
  en: {subject: "Order {{ order.number }}", text: "Thank you"}
"""
TELL = """\
rule: tell
on: [{event: order.placed}]
then:
  - {notify: mail, to: customer, template: hello}
"""


def test_prices_are_set_listed_and_quoted_over_http(both: BothWays) -> None:
    said = both.change("product", "publish", "TEA-100", *PRICE)
    both.change("product", "change", "TEA-100", "--price", "5.00")
    both.change("discount", "set", "spring", "--percent", "10")
    both.change("delivery-method", "set", "post", "--price", "3.50", "--currency", "EUR")

    quoted = both.read("product", "quote", "--line", "TEA-100:2", "--delivery-method", "post")
    unknown = both.read("product", "quote", "--line", "COFFEE:2")
    missing = both.read("product", "quote", "--line", "COFFEE:2", "--currency", "EUR")

    assert "TEA-100 (Tea): 4.50 EUR" in said.out
    assert quoted.json["totals"]["total_minor"] == 1_250
    assert (unknown.code, missing.code) == (2, 1)
    assert [one["code"] for one in both.read("discount", "list").json] == ["spring"]
    assert [one["code"] for one in both.read("delivery-method", "list").json] == ["post"]
    assert "withdrawn" in both.change("product", "withdraw", "TEA-100").out


def test_messages_and_their_texts_are_read_and_dropped_over_http(
    both: BothWays, shop: Shop
) -> None:
    assert "Messages of hello follow version 1" in (
        both.change("template", "publish", "-", stdin=HELLO).out
    )
    both.change("rule", "publish", "-", stdin=TELL)
    order_id = shop.place()

    assert both.read("template", "list").json[0]["template"] == "hello"
    assert both.read("template", "show", "hello").json["version"] == 1
    assert both.read("template", "show", "hallo").code == 2
    assert both.read("template", "preview", "hello", order_id).code in (0, 1)
    assert both.read("effects", "list").json["effects"] == []
    assert both.read("effects", "list", "--state", "pending").code == 0
    assert both.read("effects", "show", order_id).code == 1
    assert both.read("effects", "list", "--order", "A-404").code == 1
    assert "mail is paused" in both.change("effects", "pause", "mail").out
    assert both.far.run("effects", "pause", "nowhere").code == 2
    assert "0 done" in both.change("effects", "drop", "--rule", "tell").out


def test_enquiries_and_groups_of_customers_are_read_over_http(both: BothWays) -> None:
    recorded = both.change("enquiry", "record", "Is there tea?", "--name", "Ann Smith", "--json")
    enquiry = recorded.json["enquiry_id"]

    assert (
        both.read("enquiry", "list", "--state", "open").json["enquiries"][0]["channel"] == "phone"
    )
    assert both.read("enquiry", "show", enquiry).json["text"] == "Is there tea?"
    assert both.read("enquiry", "show", "00000000-0000-0000-0000-000000000001").code == 1
    assert both.read("segment", "list").json == []
    assert both.read("segment", "show", "tag:vip").json["customers"] == 0
    assert both.read("segment", "show", "nonsense").code == 2
