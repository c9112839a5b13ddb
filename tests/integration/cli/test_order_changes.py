"""`orderpath order set|add-item|change-item|cancel-item`: what people change of an order (P23)."""

import pytest

from tests.support.command_line import CommandLine

PLACE = ("order", "place", "--currency", "EUR", "--item", "MUG:2:9.90:Mug", "--external-id", "A-1")


@pytest.fixture
def shop(line: CommandLine) -> CommandLine:
    assert line.run(*PLACE).code == 0
    return line


def test_p23_details_are_set_and_cleared(shop: CommandLine) -> None:
    said = shop.run("order", "set", "A-1", "--phone", "+44 20 1", "--track-number", "RR1")
    assert (said.code, said.err) == (0, "")
    assert shop.run("order", "set", "A-1", "--track-number", "").code == 0

    view = shop.run("order", "show", "A-1", "--json").json

    assert view["customer"]["phone"] == "+44 20 1"
    assert view["delivery"]["track_number"] is None
    nothing = shop.run("order", "set", "A-1", "--json").json
    assert [one["code"] for one in nothing["unmet"]] == ["nothing_to_change"]


def test_positions_are_added_changed_and_cancelled(shop: CommandLine) -> None:
    for words in (
        ("add-item", "A-1", "CUP:1:4.50:Cup", "--upsell"),
        ("change-item", "A-1", "1", "--quantity", "3", "--price", "10"),
        ("cancel-item", "A-1", "1", "--quantity", "1", "--reason-code", "damaged"),
    ):
        said = shop.run("order", *words)
        assert (said.code, said.err) == (0, "")

    view = shop.run("order", "show", "A-1", "--json").json

    assert view["totals"]["total_minor"] == 2 * 1_000 + 450
    assert set(view["items"]) == {"1", "CUP"}
    assert view["items"]["1"]["pieces"] == {"ordered": 2, "cancelled": 1}
    wrong = shop.run("order", "add-item", "A-1", "CUP:x:4.50")
    assert wrong.code == 2


def test_what_an_added_position_leaves_out_is_its_products(shop: CommandLine) -> None:
    said = ("CUP", "--title", "Cup", "--price", "12", "--currency", "EUR", "--vat", "20")
    assert shop.run("product", "publish", *said).code == 0

    assert shop.run("order", "add-item", "A-1", "CUP:1:11:Blue cup").code == 0
    assert shop.run("order", "add-item", "A-1", "CUP:2", "--item-id", "3").code == 0

    items = shop.run("order", "show", "A-1", "--json").json["items"]
    added = [items[item_id] for item_id in ("CUP", "3")]
    shown = [(one["title"], one["unit_price_minor"], one["vat_bp"]) for one in added]
    assert shown == [("Blue cup", 1_100, 2_000), ("Cup", 1_200, 2_000)]
