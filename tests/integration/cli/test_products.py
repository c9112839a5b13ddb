"""`orderpath product …` and `orderpath discount …` as a person types them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine

HEADER = "sku,title,price,currency,vat,supplier,category\n"
TEA = "TEA-100,Green tea,5.00,EUR,20,Leaf & Co.,tea\n"
CUP = "CUP-1,Cup,12.50,EUR,,,\n"


@pytest.fixture
def sold(line: CommandLine, tmp_path: Path) -> CommandLine:
    """Tea and cups."""
    said = line.run("product", "import", price_list(tmp_path, TEA, CUP))
    assert said.code == 0, said.err
    return line


def price_list(folder: Path, *rows: str, name: str = "prices.csv") -> Path:
    path = folder / name
    text = HEADER + "".join(rows)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def head(line: CommandLine) -> Any:
    return line.run("status", "--json").json["log"]["position"]


class TestImport:
    def test_products_are_imported_once_however_often(
        self, line: CommandLine, tmp_path: Path
    ) -> None:
        file = price_list(tmp_path, TEA, CUP, name="prices.csv.gz")

        first = line.run("product", "import", file, "--json")
        before = head(line)
        again = line.run("product", "import", file, "--json")

        assert (first.code, again.code) == (0, 0)
        assert [first.json[n] for n in ("rows_read", "new", "unchanged")] == [2, 2, 0]
        assert [again.json[n] for n in ("rows_read", "new", "unchanged")] == [2, 0, 2]
        assert head(line) == before

    def test_only_what_differs_is_recorded(self, sold: CommandLine, tmp_path: Path) -> None:
        before = head(sold)
        said = sold.run(
            "product", "import", price_list(tmp_path, TEA.replace("5.00", "5.50"), CUP), "--json"
        )

        assert [said.json[n] for n in ("new", "changed", "unchanged")] == [0, 1, 1]
        assert head(sold) == before + 1

    def test_bad_rows_are_told_with_their_lines_and_stop_nothing(
        self, line: CommandLine, tmp_path: Path
    ) -> None:
        file = price_list(
            tmp_path, "A,a,1.005,EUR,,,\n", TEA, "B,b,1,EURO,,,\n", "C,c,1,EUR,101,,\n",
            ",d,1,EUR,,,\n", "E,e\n", TEA, "F,f,,EUR,,,\n", CUP,
        )  # fmt: skip

        said = line.run("product", "import", file, "--json")
        people = line.run("product", "import", file)

        assert (said.code, said.json["new"], said.json["bad_rows"]) == (1, 2, 7)
        assert [(one["line"], one["reason"]) for one in said.json["bad"]] == [
            (2, "amount_too_fine"),
            (4, "currency_unknown"),
            (5, "percentage_unreadable"),
            (6, "value_missing"),
            (7, "columns_missing"),
            (8, "sku_twice"),
            (9, "value_missing"),
        ]
        assert "prices.csv:8: sku stands on line 3 already: which one counts?" in people.out
        assert "7 bad rows were left out" in people.err

    def test_a_dry_run_says_what_would_be_and_records_nothing(
        self, sold: CommandLine, tmp_path: Path
    ) -> None:
        before = head(sold)
        rows = (TEA.replace("tea\n", "teas\n"), CUP, "POT-1,Pot,30,EUR,,,\n", "X,x,x,EUR,,,\n")
        said = sold.run("product", "import", price_list(tmp_path, *rows), "--dry-run", "--json")

        counts = [said.json[n] for n in ("new", "changed", "unchanged", "bad_rows")]
        assert (said.code, counts) == (1, [1, 1, 1, 1])
        assert head(sold) == before

    @pytest.mark.parametrize(
        ("header", "says"),
        [
            ("sku,title,price\n", "prices.csv:1: there is no column currency"),
            (
                "sku,title,price,currency,catagory\n",
                "no product has a 'catagory': did you mean category?",
            ),
        ],
    )
    def test_a_file_with_other_columns_is_no_price_list(
        self, line: CommandLine, tmp_path: Path, header: str, says: str
    ) -> None:
        file = tmp_path / "prices.csv"
        file.write_text(header)

        said = line.run("product", "import", file)

        assert (said.code, says in said.err) == (2, True), said.err


class TestProduct:
    def test_v7_a_product_is_published_changed_and_withdrawn_by_hand(
        self, line: CommandLine
    ) -> None:
        price = ("--price", "9.90", "--currency", "EUR", "--vat", "7.5")
        made = line.run("product", "publish", "MUG", "--title", "Mug", *price)
        again = line.run("product", "publish", "MUG", "--title", "Mug", *price)
        changed = line.run("product", "change", "MUG", "--price", "11", "--category", "cups")
        shown = line.run("product", "show", "MUG", "--json").json
        gone = line.run("product", "withdraw", "MUG")

        assert "MUG (Mug): 9.90 EUR, VAT 7.5 %; version 1" in made.out
        assert "Nothing to do: MUG is so already (9.90 EUR, VAT 7.5 %)." in again.out
        assert "MUG (Mug): 11.00 EUR, VAT 7.5 %; version 3" in changed.out
        assert [one["unit_price_minor"] for one in shown["prices"]] == [990, 1_100]
        assert (shown["category"], shown["vat_bp"], shown["active"]) == ("cups", 750, True)
        assert "MUG (Mug): withdrawn; version 4" in gone.out

    def test_products_are_listed_and_shown(self, sold: CommandLine) -> None:
        sold.run("product", "withdraw", "CUP-1")

        listed = sold.run("product", "list", "--json").json
        everything = sold.run("product", "list", "--all")
        shown = sold.run("product", "show", "TEA-100")

        assert [(one["sku"], one["unit_price_minor"]) for one in listed] == [("TEA-100", 500)]
        assert ("CUP-1" in everything.out, "withdrawn" in everything.out) == (True, True)
        assert ("5.00 EUR" in shown.out, "Prices" in shown.out) == (True, True)

    @pytest.mark.parametrize(
        ("words", "code", "says"),
        [
            (("show", "POT"), 1, "there is no product 'POT'"),
            (("change", "POT", "--vat", "7"), 1, "product_unknown [sku]: There is no product POT"),
            (("change", "TEA-100"), 2, "name what changes"),
            (("change", "TEA-100", "--price", "1,5"), 2, "--price is no amount"),
            (("change", "POT", "--price", "1"), 2, "give --currency"),
            (("publish", "POT", "--title", "Pot"), 2, "give --title and --price"),
            (("publish", "POT", "--title", "Pot", "--price", "1"), 2, "give --currency"),
            (("change", "TEA-100", "--vat", "x"), 2, "--vat is no percentage"),
            (("quote", "--line", "TEA-100"), 2, "write SKU:QUANTITY"),
            (("quote", "--line", "POT:1"), 2, "no product is known here"),
            (("quote", "--line", "TEA-100:1", "--location", "a:b"), 2, "'a:b' is no location"),
            (("quote", "--line", "TEA-100:1", "--currency", "EURO"), 2, "currency"),
        ],
    )
    def test_what_is_wrong_is_said_in_a_sentence(
        self, sold: CommandLine, words: tuple[object, ...], code: int, says: str
    ) -> None:
        said = sold.run("product", *words)

        assert (said.code, says in said.err) == (code, True), said.err


class TestDiscount:
    def test_v7_discounts_are_given_ended_and_listed(self, line: CommandLine) -> None:
        terms = ("--percent", "10", "--category", "tea", "--until", "2999-01-01")
        made = line.run("discount", "set", "spring", *terms)
        again = line.run("discount", "set", "spring", *terms)
        line.run("discount", "set", "cup", "--amount", "1.50", "--currency", "EUR", "--sku", "C")
        line.run(
            "discount", "set", "vip", "--percent", "5", "--minimum", "100", "--currency", "EUR"
        )
        ended = line.run("discount", "end", "cup", "--json")

        listed = line.run("discount", "list", "--json").json
        everything = line.run("discount", "list", "--all")

        assert "The discount spring is as you say" in made.out
        assert "Nothing to do: the discount spring is so already." in again.out
        assert (ended.json["outcome"], ended.json["code"]) == ("accepted", "cup")
        assert [(one["code"], one["scope"]) for one in listed] == [
            ("spring", "category"), ("vip", "order")
        ]  # fmt: skip
        for words in ("1.50 EUR", "whole orders", "100.00 EUR", "10 %"):
            assert words in everything.out

    @pytest.mark.parametrize(
        ("words", "code", "says"),
        [
            (("set", "x"), 2, "say a percentage or an amount"),
            (("set", "x", "--amount", "1"), 2, "give --currency"),
            (("set", "x", "--percent", "0"), 2, "percent_bp"),
            (("set", "x", "--percent", "5", "--until", "2020-01-01"), 1, "discount_over"),
            (("end", "x"), 1, "discount_unknown [code]: There is no discount x"),
        ],
    )
    def test_what_is_wrong_is_said_in_a_sentence(
        self, line: CommandLine, words: tuple[object, ...], code: int, says: str
    ) -> None:
        said = line.run("discount", *words)

        assert (said.code, says in said.err) == (code, True), said.err


class TestDeliveryMethod:
    def test_v4_methods_are_listed_and_ended(self, line: CommandLine) -> None:
        terms = ("--price", "3", "--currency", "EUR", "--free-from", "50")
        made = line.run("delivery-method", "set", "courier", *terms)
        again = line.run("delivery-method", "set", "courier", *terms)
        line.run("delivery-method", "set", "post", "--price", "2", "--currency", "EUR")
        ended = line.run("delivery-method", "end", "post", "--json")
        unknown = line.run("delivery-method", "end", "pigeon")

        listed = line.run("delivery-method", "list", "--json").json
        everything = line.run("delivery-method", "list", "--all")

        assert "The delivery method courier is as you say" in made.out
        assert "Nothing to do: the delivery method courier is so already." in again.out
        assert (ended.json["outcome"], unknown.code) == ("accepted", 1)
        assert "delivery_method_unknown" in unknown.err
        assert [(one["code"], one["free_from_minor"]) for one in listed] == [("courier", 5_000)]
        for words in ("3.00 EUR", "50.00 EUR", "post"):
            assert words in everything.out


class TestQuote:
    def test_v2_v3_v4_v6_v13_a_phone_order_is_quoted_and_placed_as_quoted(
        self, sold: CommandLine
    ) -> None:
        sold.run("stock", "receive", "TEA-100", 2)
        sold.run("stock", "receive", "TEA-100", 2, "--location", "supplier_a")
        sold.run("discount", "set", "spring", "--percent", "10", "--category", "tea")
        lines = ("TEA-100:3", "CUP-1:1")
        money = ("--delivery", "3", "--discount", "1")

        words = [word for one in lines for word in ("--line", one)]
        quoted = sold.run("product", "quote", *words, *money, "--json").json
        told = sold.run("product", "quote", *words, *money).out
        items = [word for one in lines for word in ("--item", one)]
        caller = ("--name", "Anna Ivanova", "--phone", "+7 900", "--channel", "phone")
        placed = sold.run(
            "order", "place", "--currency", "EUR", *items, *money, *caller, "--json"
        )  # fmt: skip
        order = sold.run("order", "show", placed.json["order_id"], "--json").json

        tea, cup = quoted["lines"]
        assert (tea["available"], tea["missing"], tea["availability"]) == (
            4, 0, "3 of 3: main 2, supplier_a 1"
        )  # fmt: skip
        assert (cup["available"], cup["locations"], cup["missing"]) == (0, {}, 1)
        assert (tea["unit_price_minor"], tea["discount_minor"], tea["net_minor"]) == (
            500, 150, 1_350
        )  # fmt: skip
        assert quoted["discounts"] == [{"code": "spring", "item_id": "1", "amount_minor": 150}]
        assert quoted["totals"] == {
            "goods_minor": 2_600, "discount_minor": 100, "delivery_minor": 300,
            "vat_minor": 216, "total_minor": 2_800,
        }  # fmt: skip
        assert placed.json["outcome"] == "accepted"
        assert order["totals"] == quoted["totals"]
        assert order["discounts"] == quoted["discounts"]
        assert "spring 1.50 EUR" in sold.run("order", "show", placed.json["order_id"]).out
        for words_ in ("3 of 3: main 2, supplier_a 1", "28.00 EUR", "spring 1.50 EUR"):
            assert words_ in told

    def test_v4_a_delivery_choice_is_quoted_and_placed_at_its_price(
        self, sold: CommandLine
    ) -> None:
        sold.run("delivery-method", "set", "courier", "--price", "3", "--currency", "EUR")
        way = ("--delivery-method", "courier")

        quoted = sold.run("product", "quote", "--line", "TEA-100:2", *way, "--json").json
        placed = sold.run(
            "order", "place", "--currency", "EUR", "--item", "TEA-100:2", *way, "--address", "Here",
            "--json",
        ).json  # fmt: skip
        order = sold.run("order", "show", placed["order_id"], "--json").json
        unknown = sold.run("product", "quote", "--line", "TEA-100:2", "--delivery-method", "pigeon")

        assert quoted["totals"]["total_minor"] == 1_300
        assert order["totals"] == quoted["totals"]
        assert order["delivery"]["method"] == "courier"
        assert (unknown.code, "delivery_method_unknown" in unknown.err) == (1, True)

    def test_a_quote_of_what_has_no_price_says_why_and_so_does_placing(
        self, sold: CommandLine
    ) -> None:
        quoted = sold.run("product", "quote", "--line", "TEA-100:1", "--line", "POT:1", "--json")
        placed = sold.run(
            "order", "place", "--currency", "EUR", "--item", "TEA-100:1", "--item", "POT:1"
        )

        assert (quoted.code, placed.code) == (1, 1)
        assert [one["code"] for one in quoted.json["unmet"]] == ["price_unknown"]
        for said in (quoted, placed):
            assert "price_unknown [lines.1.unit_price_minor]: There is no product POT" in said.err

    def test_v7_a_supplied_price_is_compared_where_that_is_asked_for(
        self, sold: CommandLine
    ) -> None:
        wrong = ("order", "place", "--currency", "EUR", "--item", "TEA-100:1:4.99")

        assert sold.run(*wrong).code == 0
        assert "price_differs" in sold.run(*wrong, "--check-prices").err

    def test_v7_a_file_may_leave_prices_out_and_state_the_total(self, sold: CommandLine) -> None:
        body = {"currency": "EUR", "lines": [{"sku": "TEA-100", "quantity": 2}]}
        right = json.dumps({**body, "stated": {"total_minor": 1_000}})
        wrong = json.dumps({**body, "stated": {"total_minor": 999}})

        assert sold.run("order", "place", "--file", "-", stdin=right).code == 0
        assert "money_mismatch" in sold.run("order", "place", "--file", "-", stdin=wrong).err
