"""`orderpath segment …` as a person types it."""

from pathlib import Path

import pytest

from tests.integration.cli.test_shipments import done
from tests.support.command_line import CommandLine

SALE = """
template: sale
channel: mail
texts:
  en: {subject: "Sale", text: "Hello {{ customer.name }}, it is cheaper now."}
"""


@pytest.fixture
def shop(line: CommandLine, tmp_path: Path) -> CommandLine:
    """Two customers who wait for a sale, and the message about it."""
    for number in (1, 2):
        words = ("--customer-id", f"c-{number}", "--name", "Anna", "--email", f"a{number}@x.org")
        done(line, "customer", "create", *words)
        done(line, "customer", "tag", f"c-{number}", "waits_for_sale")
    (tmp_path / "sale.yaml").write_text(SALE)
    done(line, "template", "publish", tmp_path / "sale.yaml")
    return line


def test_p5_a_segment_is_listed_shown_and_mailed_once(shop: CommandLine) -> None:
    words = ("segment", "mail", "tag:waits_for_sale", "--template", "sale", "--json")
    listed = shop.run("segment", "list", "--json").json
    shown = shop.run("segment", "show", "tag:waits_for_sale", "--json").json
    preview = shop.run(*words, "--preview").json
    nothing_yet = shop.run("effects", "list", "--json").json
    first = shop.run(*words)
    again = shop.run(*words, "--batch-id", first.json["batch_id"]).json
    asked = shop.run("effects", "list", "--json").json

    assert listed == [{"segment": "tag:waits_for_sale", "customers": 2}]
    assert [one["customer_id"] for one in shown["members"]] == ["c-1", "c-2"]
    assert preview["sample"]["text"] == "Hello Anna, it is cheaper now."
    assert (preview["customers"], preview["preview"]) == (2, True)
    assert "it is cheaper now" not in str(nothing_yet)
    assert f"Mailing {first.json['batch_id']}" in first.err
    assert first.json["outcomes"] == {"accepted": 2, "repeated": 0, "refused": 0}
    assert again["outcomes"] == {"accepted": 0, "repeated": 2, "refused": 0}
    assert str(asked).count("'template': 'sale'") == 2


def test_people_see_what_a_mailing_would_say_and_what_became_of_it(shop: CommandLine) -> None:
    words = ("segment", "mail", "tag:waits_for_sale", "--template", "sale")

    assert "Hello Anna, it is cheaper now." in done(shop, *words, "--preview")
    assert "2 customers: 2 will be sent." in done(shop, *words)
    assert "tag:waits_for_sale" in done(shop, "segment", "list")
    assert "c-2" in done(shop, "segment", "show", "tag:waits_for_sale")
    nobody = done(shop, "segment", "mail", "tag:nobody", "--template", "sale")
    assert "Nobody is in that segment" in nobody


def test_a_message_that_speaks_of_an_order_is_for_no_segment(shop: CommandLine) -> None:
    done(shop, "template", "publish", "--ready", "paid")
    said = shop.run("segment", "mail", "tag:waits_for_sale", "--template", "paid")

    assert said.code == 1
    assert "template_without_subject" in said.err
    assert shop.run("segment", "show", "vip").code == 2
    assert shop.run("segment", "mail", "tag:vip", "--template", "none").code == 2
