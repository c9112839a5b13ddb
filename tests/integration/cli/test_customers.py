"""`orderpath customer …` as a person types it."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.command_line import CommandLine

ITEM = ("--item", "TEA:1:9.90", "--currency", "EUR")
ANNA = ("--name", "Anna Ivanova", "--phone", "+7 900 000-00-00")


@pytest.fixture
def shop(line: CommandLine) -> CommandLine:
    """Anna has ordered by phone."""
    said = line.run("order", "place", *ITEM, *ANNA, "--channel", "phone", "--external-id", "A-1")
    assert said.code == 0, said.err
    return line


def found(line: CommandLine, text: str) -> list[dict[str, Any]]:
    """Whom the shop finds."""
    said = line.run("customer", "find", text, "--json")
    assert said.code == 0, said.err
    customers: list[dict[str, Any]] = said.json["customers"]
    return customers


def test_v2_v4_who_calls_is_found_by_surname_or_phone_and_orders_again(shop: CommandLine) -> None:
    for text in ("ivanova", "IVAN", "anna iv", "8 (900) 000-00-00", "89000000000"):
        assert [one["name"] for one in found(shop, text)] == ["Anna Ivanova"], text
    assert found(shop, "Petrova") == []
    assert found(shop, "8 900 111-11-11") == []

    shop.run("order", "place", *ITEM, "--phone", "89000000000", "--email", "anna@example.org")

    (anna,) = found(shop, "ivanova")
    assert (anna["phone"], anna["email"]) == ("+7 900 000-00-00", "anna@example.org")
    assert (anna["orders"], anna["open_orders"]) == (2, 2)
    assert "Nobody is found" in shop.run("customer", "find", "Petrova").out


def test_v2_a_contact_that_was_changed_is_found_by_reading_all(shop: CommandLine) -> None:
    shop.run("customer", "change", "+79000000000", "--phone", "8 900 111-11-11")

    assert [one["name"] for one in found(shop, "+7 (900) 111 11 11")] == ["Anna Ivanova"]


def test_p5_p21_a_customer_is_tagged_marked_and_written_about(shop: CommandLine) -> None:
    anna = "8 900 000-00-00"
    said = [
        shop.run("customer", "tag", anna, "wholesale"),
        shop.run("customer", "mark", anna, "bad", "--reason-code", "did_not_buy_out"),
        shop.run("customer", "note", anna, "Rings after six only"),
        shop.run("customer", "change", anna, "--address", "1 Main Street", "--clear", "name"),
    ]

    assert [one.code for one in said] == [0] * 4
    assert "tags wholesale, marks bad, version 3" in said[1].out
    shown = shop.run("customer", "show", anna, "--json").json
    assert (shown["name"], shown["address"]) == (None, "1 Main Street")
    assert (shown["tags"], shown["marks"]) == (["wholesale"], ["bad"])
    assert shown["mark_reasons"] == {"bad": "did_not_buy_out"}
    assert [order["external_id"] for order in shown["latest_orders"]] == ["A-1"]
    for words in ("wholesale", "1 Main Street", "9.90 EUR"):
        assert words in shop.run("customer", "show", anna).out

    again = shop.run("customer", "tag", anna, "wholesale")
    assert "Nothing to do" in again.out
    shop.run("customer", "tag", anna, "wholesale", "--remove")
    shop.run("customer", "mark", anna, "bad", "--remove", "--reason-code", "settled")
    after = shop.run("customer", "show", anna, "--json").json
    assert (after["tags"], after["marks"], after["mark_reasons"]) == ([], [], {})


def test_p22_the_history_of_a_customer_says_who_what_and_why(shop: CommandLine) -> None:
    anna = "8 900 000-00-00"
    shop.run("customer", "mark", anna, "bad", "--reason-code", "did_not_buy_out", "--actor", "eve")
    shop.run("customer", "change", anna, "--name", "Anna Petrova", "--reason", "Married")

    changes = shop.run("customer", "history", anna, "--json").json["changes"]

    assert [(one["field"], one["from"], one["to"]) for one in changes] == [
        ("name", None, "Anna Ivanova"),
        ("phone", None, "+7 900 000-00-00"),
        ("mark", None, "bad"),
        ("name", "Anna Ivanova", "Anna Petrova"),
    ]
    assert (changes[2]["actor"]["id"], changes[2]["reason_code"]) == ("eve", "did_not_buy_out")
    assert changes[3]["reason"] == "Married"
    for words in ("History of customer", "Anna Petrova", "did_not_buy_out"):
        assert words in shop.run("customer", "history", anna).out


def test_somebody_is_created_by_hand_once(line: CommandLine) -> None:
    command = ("customer", "create", "--name", "Boris", "--command-id", uuid4(), "--json")

    first, again = line.run(*command), line.run(*command)
    by_phone = line.run("customer", "create", "--phone", "8 900 222-22-22", "--json")
    twice = line.run("customer", "create", "--phone", "+7 900 222 22 22")

    assert first.json["customer_id"] == again.json["customer_id"]
    assert again.json["repeated"]
    assert by_phone.code == 0
    assert twice.code == 1
    assert "customer_exists" in twice.err


def test_nobody_is_told_as_such(line: CommandLine) -> None:
    unknown = line.run("customer", "tag", "+7 900 333-33-33", "wholesale")
    empty = line.run("customer", "find", " ")
    both = line.run("customer", "change", "c-1", "--name", "A", "--clear", "name")

    assert (unknown.code, empty.code, both.code) == (1, 2, 2)
    assert "customer_unknown [customer_id]" in unknown.err
