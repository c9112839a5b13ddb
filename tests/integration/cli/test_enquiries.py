"""`orderpath enquiry …` as a person types it."""

from uuid import uuid4

from tests.support.command_line import CommandLine

ITEM = ("--item", "TEA:1:9.90", "--currency", "EUR")


def record(line: CommandLine, *words: object) -> str:
    said = line.run("enquiry", "record", "Is there green tea?", *words, "--json")
    assert said.code == 0, said.err
    return str(said.json["enquiry_id"])


def test_v17_an_enquiry_becomes_a_customer_and_then_an_order(line: CommandLine) -> None:
    asked = record(line, "--name", "Anna Ivanova", "--phone", "+7 900 000-00-00")
    (anna,) = line.run("customer", "find", "ivanova", "--json").json["customers"]

    placed = line.run("order", "place", *ITEM, "--enquiry", asked, "--json")

    assert placed.code == 0, placed.err
    order = line.run("order", "show", placed.json["order_id"], "--json").json
    assert order["customer"]["customer_id"] == anna["customer_id"]
    assert order["customer"]["name"] == "Anna Ivanova"
    shown = line.run("enquiry", "show", asked, "--json").json
    assert (shown["state"], shown["order_id"]) == ("ordered", placed.json["order_id"])
    assert (shown["text"], shown["customer"]["name"]) == ("Is there green tea?", "Anna Ivanova")
    assert "Is there green tea?" in line.run("enquiry", "show", asked).out

    twice = line.run("order", "place", *ITEM, "--enquiry", asked)
    assert twice.code == 1
    assert "enquiry_ordered [enquiry_id]" in twice.err


def test_v17_what_is_closed_says_why_and_the_way_to_an_order_is_counted(line: CommandLine) -> None:
    first, second, third = (record(line, "--channel", "web") for _ in range(3))
    line.run("order", "place", *ITEM, "--enquiry", first)
    closed = line.run("enquiry", "close", second, "--reason-code", "too_expensive")
    again = line.run("enquiry", "close", second, "--reason-code", "too_expensive")

    assert closed.code == 0, closed.err
    assert "Nothing to do" in again.out
    answer = line.run("enquiry", "list", "--json").json
    (web,) = answer["channels"]
    assert (web["enquiries"], web["open"], web["closed"], web["ordered"]) == (3, 1, 1, 1)
    assert [one["enquiry_id"] for one in answer["enquiries"]] == [first, second, third]
    waiting = line.run("enquiry", "list", "--state", "open", "--json").json["enquiries"]
    assert [one["enquiry_id"] for one in waiting] == [third]
    assert "33%" in line.run("enquiry", "list").out


def test_an_enquiry_that_nobody_made_is_told_as_such(line: CommandLine) -> None:
    shown = line.run("enquiry", "show", uuid4())
    placed = line.run("order", "place", *ITEM, "--enquiry", uuid4())
    state = line.run("enquiry", "list", "--state", "lost")

    assert (shown.code, placed.code, state.code) == (1, 1, 2)
    assert "enquiry_unknown" in shown.err
    assert "enquiry_unknown" in placed.err


def test_the_same_command_id_is_the_same_enquiry(line: CommandLine) -> None:
    command = ("--command-id", uuid4())

    assert record(line, *command) == record(line, *command)
