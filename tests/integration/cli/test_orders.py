"""`orderpath order …` from placing to history, as a person types it."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from services.text_files import MAX_CHARACTERS
from tests.integration.imports.sources import write_olist
from tests.support.command_line import CommandLine

File = Callable[[str], Path]
PLACE = (
    "order", "place", "--currency", "EUR", "--item", "MUG:2:9.90:A mug", "--delivery", "4.90",
    "--external-id", "A-17", "--name", "Ann Smith", "--actor", "website",
)  # fmt: skip

ORDER_FILE = json.dumps(
    {
        "currency": "EUR",
        "lines": [
            {
                "item_id": "1",
                "sku": "MUG",
                "title": "A mug",
                "quantity": 2,
                "unit_price_minor": 990,
            }
        ],
    }
)


@pytest.fixture
def placed(line: CommandLine) -> str:
    """The id of a new order with the number A-17."""
    said = line.run(*PLACE, "--json")
    assert said.code == 0, said.err
    order_id: str = said.json["order_id"]
    return order_id


def test_an_order_goes_its_way(line: CommandLine, placed: str) -> None:
    moved = line.run(
        "order", "move", "A-17", "confirmed", "--role", "manager", "--actor", "bob", "--json"
    )
    paid = line.run("order", "pay", placed, "--actor", "bob")
    shown = line.run("order", "show", "A-17", "--json").json

    assert (moved.code, moved.json["outcome"], moved.json["version"]) == (0, "accepted", 2)
    assert (paid.code, f"Order {placed} is confirmed, paid" in paid.out) == (0, True)
    assert (shown["status"], shown["payment_status"], shown["paid_minor"]) == (
        "confirmed", "paid", 2_470,
    )  # fmt: skip
    assert shown["totals"]["total_minor"] == 2_470
    assert shown["customer"]["name"] == "Ann Smith"
    assert "assembling" in shown["moves"]


def test_d6_a_promised_refund_is_shown_kept_and_remembered(line: CommandLine, placed: str) -> None:
    line.run("order", "pay", placed)
    granted = line.run("order", "pay", placed, "5", "--as", "grant", "--json")
    promised = line.run("order", "show", placed, "--json").json
    read = line.run("order", "show", placed).out
    line.run("order", "pay", placed, "2", "--as", "refund")
    kept = line.run("order", "show", placed, "--json").json
    moment = next(
        change["occurred_at"]
        for change in line.run("order", "history", placed, "--json").json["changes"]
        if change["field"] == "granted_minor"
    )
    then = line.run("order", "as-of", placed, moment, "--json").json
    over = line.run("order", "pay", placed, "99", "--as", "grant")

    assert granted.code == 0, granted.err
    assert "5.00 EUR" in read
    assert over.code == 1
    assert "grant_exceeds_paid [amount_minor]: 9900 is more than the 2470 that came in" in over.err
    for view, status, open_minor in (
        (promised, "granted", 500), (kept, "partly_refunded", 300), (then, "granted", 500),
    ):  # fmt: skip
        assert (view["refund_status"], view["granted_minor"]) == (status, 500)
        assert view["to_refund_minor"] == open_minor


def test_a_promise_belongs_to_no_payment(line: CommandLine, placed: str) -> None:
    said = line.run("order", "pay", placed, "5", "--as", "grant", "--payment", "payment-1")

    assert (said.code, "payment_id" in said.err) == (2, True)


def test_a_refusal_lists_every_unmet_condition(line: CommandLine, placed: str) -> None:
    said = line.run("order", "move", placed, "cancelled", "--role", "courier", "--json")

    assert said.code == 1
    assert [unmet["code"] for unmet in said.json["unmet"]] == [
        "role_missing", "reason_code_required", "initiator_required",
    ]  # fmt: skip
    for line_ in ("role_missing [actor.roles]", "needed: one of manager, client", "initiator"):
        assert line_ in said.err


def test_r3_what_is_allowed_is_told_with_the_reasons_of_the_rest(
    line: CommandLine, placed: str
) -> None:
    said = line.run("order", "allowed", "A-17", "--as", "courier", "--json").json
    shown = line.run("order", "allowed", "A-17", "--as", "manager")

    moves = {move["to"]: move for move in said["moves"]}
    assert [unmet["code"] for unmet in moves["done"]["unmet"]] == ["transition_not_allowed"]
    assert [unmet["code"] for unmet in moves["confirmed"]["unmet"]] == ["role_missing"]
    assert moves["cancelled"]["asks"] == ["reason_code", "initiator"]
    closed = [field["field"] for field in said["fields"] if not field["open"]]
    assert closed == ["price", "discount", "lines"]
    assert "From new, as manager" in shown.out


def test_history_says_who_what_why_and_when_it_was_recorded(line: CommandLine, placed: str) -> None:
    line.run(
        "order", "cancel", placed, "--role", "manager", "--actor", "bob", "--reason-code",
        "changed_mind", "--initiator", "client", "--reason", "Wants another colour",
    )  # fmt: skip
    line.run("order", "note", placed, "Call on Monday", "--actor", "bob")

    answer = line.run("order", "history", placed, "--json").json
    said = line.run("order", "history", placed)

    last_move = [c for c in answer["changes"] if c["field"] == "status"][-1]
    assert (last_move["from"], last_move["to"]) == ("new", "cancelled")
    assert (last_move["actor"]["kind"], last_move["actor"]["id"]) == ("user", "bob")
    assert (last_move["reason_code"], last_move["initiator"], last_move["reason"]) == (
        "changed_mind", "client", "Wants another colour",
    )  # fmt: skip
    assert last_move["recorded_at"] >= last_move["occurred_at"]
    for words in ("Wants another colour", "Call on Monday", "cancelled", "Ann Smith"):
        assert words in said.out


def test_as_of_and_diff_show_the_order_in_between(line: CommandLine, placed: str) -> None:
    line.run("order", "move", placed, "confirmed", "--role", "manager")
    statuses = line.run("order", "show", placed, "--json").json["statuses"]
    first, second = (status["entered_at"] for status in statuses)

    then = line.run("order", "as-of", placed, first, "--json").json
    changed = line.run("order", "diff", placed, first, second, "--json").json
    until_now = line.run("order", "diff", "A-17", first)
    too_early = line.run("order", "as-of", placed, "2020-01-01")

    assert (then["as_of"], then["status"]) == (first, "new")
    assert {"field": "status", "from": "new", "to": "confirmed"} in changed["changes"]
    assert "confirmed" in until_now.out
    assert (too_early.code, "was not there" in too_early.err) == (1, True)


def test_a_difference_is_asked_for_from_earlier_to_later(line: CommandLine, placed: str) -> None:
    turned = line.run("order", "diff", placed, "2026-03-02", "2026-03-01")
    ahead = line.run("order", "diff", placed, "2126-01-01")

    assert (turned.code, turned.out, ahead.code, ahead.out) == (2, "", 2, "")
    assert "FROM (2026-03-02 00:00:00) is later than TO (2026-03-01 00:00:00)" in turned.err
    assert "swap the two" in turned.err
    assert "FROM (2126-01-01 00:00:00) is later than now" in ahead.err
    assert "choose an earlier FROM" in ahead.err


def test_all_wrong_items_are_told_together_and_nothing_else(line: CommandLine) -> None:
    items = ("MUG", "TEA:1:4.50", "CUP:0:1", "JAR:1:1,5", f"{'x' * 201}:1:1", f"A:{'9' * 5_000}:1")
    words = [word for item in items for word in ("--item", item)]

    said = line.run("order", "place", "--currency", "EUR", *words)

    assert said.code == 2
    assert said.err.splitlines() == [
        "Error: no order was placed:",
        "  --item 'MUG': write SKU:QUANTITY or SKU:QUANTITY:PRICE, as MUG:2:9.90",
        "  --item 'CUP:0:1': the quantity is no whole number from 1 to 1000000",
        "  --item 'JAR:1:1,5': the price is no amount: write digits and at most one '.'",
        f"  --item '{'x' * 80}…': sku: String should have at most 200 characters",
        f"  --item 'A:{'9' * 78}…': the quantity is no whole number from 1 to 1000000",
    ]


@pytest.fixture
def file(tmp_path: Path) -> File:
    """Writes what an order is to be into a file."""

    def written(text: str) -> Path:
        (tmp_path / "order.json").write_text(text)
        return tmp_path / "order.json"

    return written


def test_a_wrong_line_of_a_file_is_not_said_to_be_missing(line: CommandLine, file: File) -> None:
    wrong = {"item_id": "1", "sku": "A", "title": "A", "quantity": 0, "unit_price_minor": 500}
    body = json.dumps({"currency": "EUR", "lines": [wrong]})

    said = line.run("order", "place", "--file", file(body))

    assert said.code == 2
    assert said.err.splitlines()[1:] == [
        "  lines.0.quantity: Input should be greater than or equal to 1"
    ]


@pytest.mark.parametrize("currency", ["XXQ", "XAU", "EURO"])
def test_a_currency_that_iso_4217_lacks_is_refused(
    line: CommandLine, file: File, currency: str
) -> None:
    goods = {"item_id": "1", "sku": "A", "title": "A", "quantity": 1, "unit_price_minor": 500}
    body = json.dumps({"currency": currency, "lines": [goods]})

    by_option = line.run("order", "place", "--currency", currency, "--item", "MUG:1:1")
    by_file = line.run("order", "place", "--file", file(body))

    for said in (by_option, by_file):
        assert (said.code, f"{currency!r} is no currency of ISO 4217" in said.err) == (2, True)


def test_the_same_command_id_gets_the_first_answer(line: CommandLine, placed: str) -> None:
    command = ("order", "note", placed, "Hello", "--command-id", uuid4(), "--json")

    first, again = line.run(*command).json, line.run(*command).json
    other = line.run("order", "note", placed, "Bye", *command[4:])

    assert (first["repeated"], again["repeated"]) == (False, True)
    assert first["last_position"] == again["last_position"]
    assert (other.code, "send a new id" in other.err) == (1, True)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ([], ()),
        ([], ("10",)),
        ([], ("--payment", "p-1")),
        ([], ("--as", "submit")),
        ([("--as", "submit")], ()),
        ([()], ("--as", "refund")),
        ([()], ("5", "--as", "charge-back")),
    ],
)
def test_a_payment_under_the_same_command_id_is_booked_once(
    line: CommandLine, placed: str, before: list[tuple[str, ...]], words: tuple[str, ...]
) -> None:
    for earlier in before:
        assert line.run("order", "pay", placed, *earlier).code == 0
    command = ("order", "pay", placed, *words, "--command-id", uuid4(), "--json")

    first = line.run(*command)
    paid = line.run("order", "show", placed, "--json").json["payments"]
    again = line.run(*command)

    assert (first.code, first.json["repeated"]) == (0, False), first.err
    assert (again.code, again.json) == (0, first.json | {"repeated": True}), again.err
    assert line.run("order", "show", placed, "--json").json["payments"] == paid


def test_a_refused_payment_stays_refused_under_its_command_id(
    line: CommandLine, placed: str
) -> None:
    condition = ("--expected-status", "confirmed")
    command = ("order", "pay", placed, *condition, "--command-id", uuid4(), "--json")

    first = line.run(*command)
    line.run("order", "move", placed, "confirmed", "--role", "manager")
    line.run("order", "pay", placed, "10")
    again = line.run(*command)

    assert [unmet["code"] for unmet in first.json["unmet"]] == ["status_differs"]
    assert (again.code, again.json) == (1, first.json | {"repeated": True})


def test_another_payment_under_a_used_command_id_is_an_error(
    line: CommandLine, placed: str
) -> None:
    command_id = ("--command-id", uuid4())
    line.run("order", "pay", placed, "10", *command_id)

    other = line.run("order", "pay", placed, "11", *command_id)

    assert (other.code, "send a new id" in other.err) == (1, True)


def test_an_order_under_the_same_command_id_is_placed_once(line: CommandLine) -> None:
    wish = ("order", "place", "--currency", "EUR", "--item", "MUG:1:5", "--json")
    command = (*wish, "--command-id", uuid4())

    first, again = line.run(*command), line.run(*command)
    another = line.run(*wish, "--command-id", uuid4())

    assert (first.code, first.json["repeated"]) == (0, False)
    assert (again.code, again.json) == (0, first.json | {"repeated": True}), again.err
    assert another.json["order_id"] != first.json["order_id"]


def test_a_stated_version_holds_for_a_payment_that_nobody_announced(
    line: CommandLine, placed: str
) -> None:
    early = line.run("order", "pay", placed, "--expected-version", 2)
    paid = line.run("order", "pay", placed, "--expected-version", 1, "--json")
    shown = line.run("order", "show", placed, "--json").json

    assert (early.code, "is at version 1, not 2" in early.err) == (1, True)
    assert (paid.code, paid.json["version"]) == (0, 3), paid.err
    assert (shown["payment_status"], list(shown["payments"])) == ("paid", ["payment-1"])


def test_a_stated_version_or_status_is_a_condition(line: CommandLine, placed: str) -> None:
    note = ("order", "note", placed, "Hello")

    conflict = line.run(*note, "--expected-version", 7)
    elsewhere = line.run(*note, "--expected-status", "confirmed")

    assert (conflict.code, "is at version 1, not 7" in conflict.err) == (1, True)
    assert (elsewhere.code, "status_differs" in elsewhere.err) == (1, True)


def test_a_correction_needs_a_reason_and_a_fact(
    line: CommandLine, placed: str, tmp_path: Path
) -> None:
    line.run("import", "olist", write_olist(tmp_path / "shop"))
    line.run("order", "note", placed, "Wrong order")
    changes = line.run("order", "history", "o1", "--json").json["changes"]
    (shipped,) = [one["version"] for one in changes if one["to"] == "shipped"]

    silent = line.run("order", "correct", "o1", shipped)
    decision = line.run("order", "correct", placed, 2, "--reason", "No")
    done = line.run("order", "correct", "o1", shipped, "--reason", "Meant another order")

    assert (silent.code, "reason_required" in silent.err) == (1, True)
    assert (decision.code, "fact_not_correctable" in decision.err) == (1, True)
    assert done.code == 0


def test_d5_placement_and_items_of_an_import_are_corrected_too(
    line: CommandLine, tmp_path: Path
) -> None:
    line.run("import", "olist", write_olist(tmp_path / "shop"))
    changes = line.run("order", "history", "o1", "--json").json["changes"]
    wrong = {
        change["event"]: change["version"]
        for change in changes
        if change["event"] in ("order.placed.v1", "order.item_added.v1")
    }
    items = line.run("order", "show", "o1", "--json").json["items"]

    done = [line.run("order", "correct", "o1", v, "--reason", "Not ours") for v in wrong.values()]

    assert [said.code for said in done] == [0, 0]
    shown = line.run("order", "show", "o1", "--json").json
    assert (shown["external_id"], shown["placed_at"], len(shown["items"])) == (
        "o1", None, len(items) - 1,
    )  # fmt: skip
    history = line.run("order", "history", "o1", "--json").json["changes"]
    annulled = {one["version"] for one in history if one["annulled"]}
    assert annulled == set(wrong.values())
    assert line.run("projection", "verify", "items").code == 0


def test_an_order_whose_facts_are_annulled_is_told_without_a_status_and_gets_one_again(
    line: CommandLine, tmp_path: Path
) -> None:
    line.run("import", "olist", write_olist(tmp_path / "shop"))
    for change in line.run("order", "history", "o1", "--json").json["changes"]:
        if change["event"] in ("order.placed.v1", "order.status_recorded.v1"):
            line.run("order", "correct", "o1", change["version"], "--reason", "Not ours")
    assert line.run("order", "show", "o1", "--json").json["status"] is None

    told = [
        line.run("order", "correct", "o1", 1, "--reason", "Not ours"),
        line.run("order", "mark-test", "o1"),
        line.run("order", "allowed", "o1"),
        line.run("order", "move", "o1", "delivered"),
        line.run("order", "move", "o1", "placed"),
    ]

    assert [said.code for said in told] == [0, 0, 0, 1, 0]
    assert not [said for said in told if "None" in said.out + said.err]
    assert "From no status, as anybody" in told[2].out
    assert "needed: one of placed" in told[3].err
    assert line.run("order", "show", "o1", "--json").json["status"] == "placed"
    for name in ("orders", "status_visits", "activity"):
        assert line.run("projection", "verify", name).code == 0
    line.run(*PLACE, "--external-id", "o1")
    assert "(no shop)" in line.run("order", "show", "o1").err


def test_money_moves_both_ways_but_never_more_than_there_is(line: CommandLine, placed: str) -> None:
    for words in (("10",), ("14.70",)):
        assert line.run("order", "pay", placed, *words).code == 0
    paid_already = line.run("order", "pay", placed)
    too_much = line.run("order", "pay", placed, "99", "--as", "refund", "--payment", "payment-1")
    which = line.run("order", "pay", placed, "1", "--as", "refund")
    back = line.run("order", "pay", placed, "10", "--as", "refund", "--payment", "payment-1")

    assert (paid_already.code, "Nothing is due any more" in paid_already.err) == (1, True)
    assert (too_much.code, "amount_exceeds_paid" in too_much.err) == (1, True)
    assert (which.code, "one of payment-1, payment-2" in which.err) == (1, True)
    assert (back.code, "partly refunded" in back.out) == (0, True)


def test_an_order_comes_from_a_file_too(line: CommandLine, file: File) -> None:
    body = {
        "currency": "EUR",
        "path": "universal",
        "lines": [
            {"item_id": "1", "sku": "A", "title": "A", "quantity": 1, "unit_price_minor": 500}
        ],
        "stated": {"total_minor": 500},
    }
    wrong = {**body, "stated": {"total_minor": 501}}

    done = line.run("order", "place", "--file", file(json.dumps(body)), "--json")
    mismatch = line.run("order", "place", "--file", file(json.dumps(wrong)))
    odd = line.run("order", "place", "--file", file(json.dumps({**body, "colour": "red"})))
    broken = line.run("order", "place", "--file", file('{"currency": "EUR"'))

    assert (done.code, done.json["outcome"]) == (0, "accepted")
    assert (mismatch.code, "money_mismatch [stated.total_minor]" in mismatch.err) == (1, True)
    assert (odd.code, "colour" in odd.err) == (2, True)
    assert (broken.code, "is no JSON" in broken.err) == (2, True)


def test_a_number_that_two_shops_use_names_no_order(line: CommandLine, placed: str) -> None:
    other = line.run(*PLACE, "--shop", "corner", "--json").json["order_id"]

    said = line.run("order", "show", "A-17")

    assert (said.code, "order_ambiguous" in said.err) == (1, True)
    assert f"{placed} (main)" in said.err
    assert f"{other} (corner)" in said.err


@pytest.mark.parametrize("by_file", [True, False])
def test_a_file_that_is_too_long_is_not_read_in_part(
    line: CommandLine, tmp_path: Path, by_file: bool
) -> None:
    file = tmp_path / "order.json"
    file.write_text('{"currency": "EUR"}'.ljust(MAX_CHARACTERS + 1))

    if by_file:
        said = line.run("order", "place", "--file", file)
    else:
        said = line.run("order", "place", "--file", "-", stdin=file.read_text())

    assert (said.code, "is longer than 1,000,000 characters" in said.err) == (2, True), said.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ORDER_FILE.replace('"quantity": 2', '"quantity": true'), "lines.0.quantity: Input should"),
        (ORDER_FILE.replace('"quantity": 2', '"quantity": "2"'), "lines.0.quantity: Input should"),
        (ORDER_FILE.replace("{", '{"currency": "USD", ', 1), "the key 'currency' stands twice"),
        (ORDER_FILE.replace("{", '{"external_id": "\\ud800", ', 1), "holds half a character"),
        (ORDER_FILE.replace("{", '{"\\ud800": "EUR", ', 1), "holds half a character"),
    ],
)
def test_an_order_file_means_one_thing(line: CommandLine, text: str, says: str) -> None:
    said = line.run("order", "place", "--file", "-", stdin=text)

    assert (said.code, says in said.err) == (2, True), said.err


def test_an_order_file_may_begin_with_a_byte_order_mark(line: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text(ORDER_FILE, encoding="utf-8-sig")

    assert line.run("order", "place", "--file", file).code == 0
    assert line.run("order", "place", "--file", "-", stdin="\ufeff" + ORDER_FILE).code == 0


def test_the_same_outside_number_is_the_same_order(line: CommandLine, placed: str) -> None:
    again = line.run(*PLACE, "--json")

    assert (again.code, again.json["order_id"]) == (1, placed)
    assert again.json["unmet"][0]["code"] == "order_exists"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("order", "show", "B-99"), 1, "There is no order B-99"),
        (("order", "move", str(uuid4()), "confirmed"), 1, "order_unknown"),
        (("order", "move", " ", "confirmed"), 2, "no order is named"),
        (("order", "note", "A-17", "x", "--actor", ""), 2, "actor.id"),
        (("order", "note", "A-17", " "), 2, "text: write something"),
        (("order", "move", "A-17", "nowhere"), 1, "has no status nowhere"),
        (("order", "move", "A-17", "Confirmed"), 1, "did you mean confirmed?"),
        (("order", "move", "A-17", "Подтверждён"), 1, "one of new, "),
        (("order", "cancel", "A-17", "--to", "Nirvana"), 1, "status_unknown"),
        (("order", "move", "A-17", "confirmed", "--role", "Manager"), 1, "role_missing"),
        (("order", "note", "A-17", "Hi", "--expected-status", "Done"), 1, "status_differs"),
        (("order", "move", "A-17", "cancelled", "--reason-code", "Far away"), 2, "write a-z, 0-9"),
        (("order", "as-of", "A-17", "yesterday"), 2, "'yesterday' is no time"),
        (("order", "pay", "A-17", "12,50"), 2, "is no amount"),
        (("order", "pay", "A-17", "--as", "steal"), 2, "no movement 'steal'"),
        (("order", "assign", "A-17"), 2, "name a user, a group, or both"),
        (("order", "note", "A-17", "x", "--role", "r" * 201), 2, "actor.roles"),
        (("order", "place", "--item", "MUG:2:9.90"), 2, "give --currency"),
        (
            ("order", "place", "--currency", "EUR", "--item", "MUG"),
            2,
            "write SKU:QUANTITY or SKU:QUANTITY:PRICE",
        ),
        (("order", "place", "--currency", "EUR"), 2, "an order has lines"),
        (("order", "place", "--file", "nowhere.json"), 2, "nowhere.json cannot be opened"),
        (("order", "note", "A-17", "x", "--command-id", "17"), 2, "is no UUID"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    line: CommandLine, placed: str, words: tuple[str, ...], code: int, says: str
) -> None:
    said = line.run(*words)

    assert (said.code, says in said.err) == (code, True), said.err
