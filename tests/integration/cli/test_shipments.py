"""`orderpath shipment …` as a person types it."""

import pytest

from tests.support.command_line import CommandLine

PLACE = (
    "order", "place", "--currency", "EUR", "--item", "MUG:3:10:A mug", "--item", "POT:1:25:A pot",
    "--external-id", "A-17",
)  # fmt: skip


def done(line: CommandLine, *words: object) -> str:
    said = line.run(*words)
    assert said.code == 0, said.err
    return said.out


@pytest.fixture
def packed(line: CommandLine) -> CommandLine:
    """An order with three mugs assembled, of one that is still ordered besides."""
    done(line, *PLACE)
    done(line, "order", "move-item", "A-17", 1, 3, "ordered", "assembled")
    return line


def test_p30_a_part_of_an_order_is_packed_tracked_and_handed_over(packed: CommandLine) -> None:
    planned = done(packed, "shipment", "create", "A-17", "1:2", "--carrier", "DHL")
    done(packed, "shipment", "track", "A-17", "shipment-1", "RR123")
    done(packed, "shipment", "move", "A-17", "shipment-1", "handed_over")
    listed = packed.run("shipment", "list", "A-17", "--json").json["shipments"]
    people = done(packed, "shipment", "list", "--status", "handed_over")

    assert planned.startswith("Shipment shipment-1 is planned; position ")
    assert [(s["track_number"], s["status"], s["pieces"]) for s in listed] == [
        ("RR123", "handed_over", {"1": 2})
    ]
    for words in ("DHL", "RR123", "handed_over"):
        assert words in people
    assert packed.run("shipment", "list", "--status", "lost", "--json").json["shipments"] == []


def test_an_order_shows_its_shipments_and_history_what_became_of_them(
    packed: CommandLine,
) -> None:
    done(packed, "shipment", "create", "A-17", "--carrier", "DHL", "--id", "s-1")
    for status in ("handed_over", "delivered"):
        done(packed, "shipment", "move", "A-17", "s-1", status)
    shown = done(packed, "order", "show", "A-17")
    view = packed.run("order", "show", "A-17", "--json").json
    history = done(packed, "order", "history", "A-17")
    changes = packed.run("order", "history", "A-17", "--json").json["changes"]

    assert "Shipments" in shown
    assert view["shipments"]["s-1"] == {
        "carrier": "DHL", "track_number": None, "status": "delivered", "pieces": {"1": 3},
    }  # fmt: skip
    assert view["items"]["1"]["pieces"] == {"delivered": 3}
    assert "shipment s-1 status" in history
    assert [(c["from"], c["to"]) for c in changes if c["field"] == "shipments.s-1.status"] == [
        ("planned", "handed_over"), ("handed_over", "delivered"),
    ]  # fmt: skip


def test_pieces_by_way_of_a_supplier_are_told_with_his_name(packed: CommandLine) -> None:
    ask = ("order", "move-item", "A-17", 2, 1, "ordered", "to_buy", "--supplier", "Clay & Co.")
    done(packed, *ask)

    assert packed.run("order", "show", "A-17", "--json").json["items"]["2"]["supplier"] == (
        "Clay & Co."
    )


def test_a_refusal_names_what_stands_against_it(packed: CommandLine) -> None:
    said = packed.run("shipment", "create", "A-17", "1:4", "9:1", "--carrier", "DHL", "--json")

    assert said.code == 1
    assert [unmet["code"] for unmet in said.json["unmet"]] == [
        "pieces_not_shippable", "item_unknown",
    ]  # fmt: skip
    assert said.json["shipment_id"] is None


def test_the_same_command_again_is_answered_as_before(packed: CommandLine) -> None:
    words = ("shipment", "create", "A-17", "--carrier", "DHL", "--json", "--command-id")
    first, again = (packed.run(*words, "01234567-89ab-cdef-0123-456789abcdef") for _ in range(2))

    assert (first.json["shipment_id"], again.json["shipment_id"]) == ("shipment-1", "shipment-1")
    assert again.json["repeated"]
    same = done(packed, *words[:-2], "--id", "shipment-1")
    assert same.startswith("Nothing to do")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("create", "A-17", "1", "--carrier", "DHL"), "write ITEM:PIECES"),
        (("create", "A-17", "1:x", "--carrier", "DHL"), "write ITEM:PIECES"),
        (("create", "A-17", "1:0", "--carrier", "DHL"), "pieces.1"),
        (("move", "A-17", "shipment-1", "flown"), "to_status"),
        (("create", "A-17"), "--carrier"),
    ],
)
def test_what_cannot_be_meant_is_an_error_of_usage(
    packed: CommandLine, words: tuple[object, ...], says: str
) -> None:
    said = packed.run("shipment", *words)

    assert said.code == 2
    assert says in said.err
