"""Goods, agreements and overrides of an order, as a person types and reads them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain.orders import commands as c
from infra.settings import Settings
from services.bootstrap import open_system
from tests.support.command_line import CommandLine
from tests.support.examples import TEA, actor

KEEPING = """\
path: keeping
stages: [all]
statuses:
  new: {stage: all, limit: {wall: 10m}}
  waiting: {stage: all, pauses_clock: true}
  confirmed: {stage: all, on_enter: {stock: reserve}}
  gone: {stage: all, final: failure}
initial: [{status: confirmed, when: order.payment_status == 'paid'}, {status: new}]
transitions:
  - {from: new, to: [waiting, confirmed]}
  - {from: waiting, to: new}
  - {from: new, to: gone, roles: [lead], approval: {by: [lead]}}
  - {from: confirmed, to: new, override: true}
stock: {locations: [main, supplier_a], keep: {by_method: {card: 1h}, otherwise: 1d}}
"""
PLACE = ("order", "place", "--path", "keeping", "--currency", "EUR", "--external-id", "A-1")


@pytest.fixture
def shop(line: CommandLine, tmp_path: Path) -> CommandLine:
    """A shop that keeps goods: one piece of tea here, one at a supplier's."""
    file = tmp_path / "keeping.yaml"
    file.write_text(KEEPING)
    for words in (
        ("path", "publish", file),
        ("stock", "receive", "TEA", 1),
        ("stock", "receive", "TEA", 1, "--location", "supplier_a"),
    ):
        assert line.run(*words).code == 0
    return line


def test_d7_reserving_explains_what_every_item_got_and_from_where(shop: CommandLine) -> None:
    shop.run(*PLACE, "--item", "TEA:3:5")

    said = shop.run("order", "reserve", "A-1")
    shown = shop.run("order", "show", "A-1", "--json").json
    read = shop.run("order", "show", "A-1").out
    again = shop.run("order", "reserve", "A-1", "--json").json

    assert said.code == 0, said.err
    assert "Item 1 (TEA): 2 of 3: main 1, supplier_a 1, 1 missing" in said.out
    assert shown["goods"] == {
        "1": {"sku": "TEA", "kept": {"main": 1, "supplier_a": 1}, "committed": 0, "missing": 1}
    }
    assert "main 1, supplier_a 1" in read
    assert again["outcome"] == "nothing"


def test_d7_history_and_difference_tell_of_the_goods_in_words(shop: CommandLine) -> None:
    placed = shop.run(*PLACE, "--item", "TEA:3:5", "--json").json
    before = shop.run("order", "history", "A-1", "--json").json["changes"][0]["occurred_at"]
    shop.run("order", "reserve", placed["order_id"])

    told = shop.run("order", "history", "A-1").out
    differs = shop.run("order", "diff", "A-1", before).out

    for read in (told, differs):
        assert "goods of item 1" in read
        assert "main 1, supplier_a 1, 1 missing" in read


def test_r6_somebody_agrees_and_another_one_moves(shop: CommandLine) -> None:
    shop.run(*PLACE, "--item", "TEA:1:5")
    move = ("order", "move", "A-1", "gone", "--role", "lead", "--reason-code", "no_money",
            "--initiator", "shop", "--actor", "bob")  # fmt: skip

    alone = shop.run(*move)
    agreed = shop.run("order", "approve", "A-1", "gone", "--role", "lead", "--actor", "eva")
    in_force = shop.run("order", "show", "A-1", "--json").json["approval"]
    read = shop.run("order", "show", "A-1").out
    moved = shop.run(*move)

    assert (alone.code, "approval_missing" in alone.err) == (1, True)
    assert (agreed.code, moved.code) == (0, 0), agreed.err + moved.err
    assert in_force == {"to_status": "gone", "approved_by": "eva"}
    assert "gone, by eva" in read
    assert shop.run("order", "show", "A-1", "--json").json["approval"] is None
    assert "gone, by eva" in shop.run("order", "history", "A-1").out


def test_r6_an_agreement_that_a_change_voided_is_not_shown(shop: CommandLine) -> None:
    shop.run(*PLACE, "--item", "TEA:1:5")
    shop.run("order", "approve", "A-1", "gone", "--role", "lead", "--actor", "eva")
    shop.run("order", "note", "A-1", "Call back")
    assert shop.run("order", "show", "A-1", "--json").json["approval"] is not None
    changed = shop.run("order", "set", "A-1", "--track-number", "RR1")

    assert changed.code == 0, changed.err
    assert shop.run("order", "show", "A-1", "--json").json["approval"] is None


def test_a_limit_that_stands_still_is_shown_with_what_is_left_of_it(shop: CommandLine) -> None:
    shop.run(*PLACE, "--item", "TEA:1:5")
    shop.run("order", "move", "A-1", "waiting")

    paused = shop.run("order", "show", "A-1", "--json").json["paused"]
    read = shop.run("order", "show", "A-1").out

    assert paused["status"] == "new"
    assert 0 < paused["left_seconds"]["due"] <= 600
    assert "new, " in read
    assert "to due" in read


def test_an_order_placed_as_paid_starts_where_paid_ones_do(shop: CommandLine) -> None:
    unpaid = shop.run(*PLACE, "--item", "TEA:1:5", "--paid-with", "cod")
    paid = shop.run(
        *PLACE[:-1], "A-2", "--item", "TEA:1:5", "--paid-with", "card", "--charged",
        "--gateway-ref", "g-1",
    )  # fmt: skip

    assert (unpaid.code, paid.code) == (0, 0), unpaid.err + paid.err
    first, second = (shop.run("order", "show", n, "--json").json for n in ("A-1", "A-2"))
    assert (first["status"], first["payment_status"]) == ("new", "submitted")
    assert (second["status"], second["payment_status"], second["paid_minor"]) == (
        "confirmed", "paid", 500,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--charged",), "say how it is paid"),
        (("--paid-with", "card", "--gateway-ref", "g-1"), "give --charged too"),
    ],
)
def test_a_payment_that_is_told_by_half_is_a_matter_of_usage(
    shop: CommandLine, words: tuple[str, ...], says: str
) -> None:
    said = shop.run(*PLACE, "--item", "TEA:1:5", *words)

    assert (said.code, says in said.err) == (2, True)


def test_an_override_stands_in_the_history_with_its_reason(shop: CommandLine) -> None:
    shop.run(*PLACE, "--item", "TEA:1:5")
    shop.run("order", "move", "A-1", "confirmed")
    moved = shop.run("order", "move", "A-1", "new", "--reason", "Wrong order")

    changes = shop.run("order", "history", "A-1", "--json").json["changes"]

    assert moved.code == 0, moved.err
    (used,) = [change for change in changes if change["field"] == "override"]
    assert (used["from"], used["to"], used["reason"]) == ("confirmed", "new", "Wrong order")


def test_v12_the_clock_gives_back_what_is_kept_beyond_its_time_once(
    shop: CommandLine, database_url: str
) -> None:
    order_id = long_ago(database_url)

    first = shop.run("stock", "expire", "--json")
    second = shop.run("stock", "expire")
    levels = shop.run("stock", "show", "TEA", "--json").json

    assert first.code == 0, first.err
    (told,) = first.json["orders"]
    assert (told["order_id"], told["outcome"], told["unmet"]) == (order_id, "accepted", [])
    assert "Nothing is kept beyond its time." in second.out
    assert levels["reservations"] == []
    (freed,) = [
        change
        for change in shop.run("order", "history", order_id, "--json").json["changes"]
        if change["command_id"] == told["command_id"] and change["field"] == "goods.1.kept"
    ]
    assert freed["actor"]["kind"] == "clock"


def test_v12_packed_pieces_stay_and_asking_again_asks_nothing_new(
    shop: CommandLine, database_url: str
) -> None:
    order_id = long_ago(database_url, packed=True)

    first = shop.run("stock", "expire", "--json").json["orders"]
    second = shop.run("stock", "expire", "--json").json["orders"]

    assert [(one["order_id"], one["outcome"]) for one in first] == [(order_id, "nothing")]
    assert second == [{**first[0], "repeated": True}]


def long_ago(database_url: str, *, packed: bool = False) -> str:
    """Reserve tea for an order of 2025; give its id."""
    then = datetime(2025, 3, 1, 12, tzinfo=UTC)
    order_id, line = uuid4(), TEA.model_copy(update={"item_id": "1", "sku": "TEA", "quantity": 1})
    who = {"actor": actor(), "order_id": order_id}
    with open_system(Settings(database_url=database_url), lambda: then) as system:
        for outcome in map(
            system.execute,
            (
                c.PlaceOrder(
                    command_id=uuid4(), **who, path="keeping", currency="EUR", lines=(line,)
                ),
                c.ReserveItems(command_id=uuid4(), **who),
                *([_packed(who)] if packed else []),
            ),
        ):
            assert outcome.kind == "accepted", outcome
    return str(order_id)


def _packed(who: dict[str, Any]) -> c.MoveItem:
    return c.MoveItem(
        command_id=uuid4(), **who, item_id="1", quantity=1, from_status="reserved",
        to_status="assembled",
    )  # fmt: skip
