"""`orderpath stock …` as a person types it."""

from uuid import UUID, uuid4

import pytest

from domain.stock.decide import reserve
from domain.stock.stock import ItemRef
from infra.event_log import open_log
from tests.support.command_line import CommandLine
from tests.support.examples import NOW
from tests.support.stock_room import StockRoom

ORDER = UUID(int=17)


@pytest.fixture
def stocked(line: CommandLine) -> CommandLine:
    """Twelve pieces of tea."""
    said = line.run("stock", "receive", "TEA-100", 12, "--supplier", "Leaf & Co.")
    assert said.code == 0, said.err
    return line


def test_v6_v13_goods_come_in_are_counted_and_shown(
    stocked: CommandLine, database_url: str
) -> None:
    log = open_log(database_url)
    assert not StockRoom(log).ask(reserve, ItemRef(ORDER, "1"), 3, None, now=NOW)
    log.close()

    counted = stocked.run("stock", "adjust", "TEA-100", "--counted", 11, "--reason-code", "counted")
    broken = stocked.run(
        "stock", "adjust", "TEA-100", "--difference", -1, "--reason-code", "damaged", "--json"
    )
    told = stocked.run("stock", "threshold", "TEA-100", 8)
    stocked.run("stock", "receive", "TEA-100", 5, "--location", "supplier_a")
    shown = stocked.run("stock", "show", "TEA-100")
    answer = stocked.run("stock", "show", "TEA-100", "--json").json

    assert (counted.code, broken.code, told.code, shown.code) == (0, 0, 0, 0)
    assert "TEA-100 at main: 11 on hand, 3 reserved, 8 available; version 3" in counted.out
    assert broken.json["version"] == 4
    assert (broken.json["sku"], broken.json["location"]) == ("TEA-100", "main")
    assert [(x["location"], x["on_hand"], x["available"]) for x in answer["levels"]] == [
        ("main", 10, 7), ("supplier_a", 5, 5),
    ]  # fmt: skip
    assert answer["levels"][0]["below_since"] is not None
    (reserved,) = answer["reservations"]
    assert (reserved["order_id"], reserved["quantity"]) == (str(ORDER), 3)
    for words in ("supplier_a", "Kept for orders", str(ORDER)):
        assert words in shown.out


def test_all_stocks_or_those_of_one_location_are_shown(stocked: CommandLine) -> None:
    stocked.run("stock", "receive", "CUP-1", 2, "--location", "supplier_a")

    everything = stocked.run("stock", "show", "--json").json["levels"]
    there = stocked.run("stock", "show", "--location", "supplier_a", "--json").json["levels"]
    first = stocked.run("stock", "show", "--limit", 1, "--json").json["levels"]

    assert [level["sku"] for level in everything] == ["CUP-1", "TEA-100"]
    assert [level["sku"] for level in there] == ["CUP-1"]
    assert first == everything[:1]


def test_a_count_of_too_few_says_how_many_are_short(
    stocked: CommandLine, database_url: str
) -> None:
    log = open_log(database_url)
    StockRoom(log).ask(reserve, ItemRef(ORDER, "1"), 3, None, now=NOW)
    log.close()

    said = stocked.run("stock", "adjust", "TEA-100", "--counted", 1, "--reason-code", "lost")

    assert "1 on hand, 3 reserved, 0 available, 2 short" in said.out


def test_a_refusal_says_what_stands_against_it(stocked: CommandLine) -> None:
    said = stocked.run(
        "stock", "adjust", "TEA-100", "--difference", -13, "--reason-code", "lost", "--json"
    )

    assert (said.code, said.json["outcome"]) == (1, "refused")
    assert "stock_not_on_hand [difference]: 13 pieces would leave, 12 are on hand" in said.err


def test_what_is_so_already_is_nothing_and_the_same_id_is_answered_as_before(
    stocked: CommandLine,
) -> None:
    command = ("stock", "receive", "TEA-100", 1, "--command-id", uuid4())

    first, again = stocked.run(*command), stocked.run(*command)
    nothing = stocked.run("stock", "adjust", "TEA-100", "--counted", 13, "--reason-code", "counted")
    off = stocked.run("stock", "threshold", "TEA-100", "--off")

    assert "13 on hand" in first.out
    assert "Answered before; nothing was done now." in again.out
    assert "Nothing to do: TEA-100 at main is so already (13 on hand)." in nothing.out
    assert (off.code, "Nothing to do" in off.out) == (0, True)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("show", "CUP-1"), 1, "there was never anything of 'CUP-1' anywhere"),
        (("show", "TEA-100", "--location", "x"), 1, "of 'TEA-100' at x"),
        (("receive", "TEA-100", 0), 2, "Invalid value for 'PIECES'"),
        (("receive", "TEA-100", 10**9 + 1), 2, "quantity"),
        (("receive", "TEA-100", 1, "--location", "Main hall"), 2, "location"),
        (("receive", "TEA-100", 1, "--expected-version", 9), 1, "is at version 1, not 9"),
        (("adjust", "TEA-100", "--counted", 1), 2, "--reason-code"),
        (("adjust", "TEA-100", "--reason-code", "lost"), 2, "give one of --counted"),
        (("threshold", "TEA-100"), 2, "give the pieces, or --off"),
        (("threshold", "TEA-100", 3, "--off"), 2, "give the pieces, or --off"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    stocked: CommandLine, words: tuple[object, ...], code: int, says: str
) -> None:
    said = stocked.run("stock", *words)

    assert (said.code, says in said.err) == (code, True), said.err
