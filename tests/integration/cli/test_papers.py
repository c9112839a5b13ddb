"""`orderpath document pdf` and `document send` as a person types them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.bootstrap import Settings, open_system
from tests.integration.cli.test_shipments import PLACE, done
from tests.support.command_line import CommandLine
from tests.support.printed import text_of
from tests.support.receivers import Mailbox, mail_server


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as opened:
        yield opened


@pytest.fixture
def placed(line: CommandLine) -> CommandLine:
    """An order of 55.00 with an invoice, of Anna's, and another customer."""
    done(line, *PLACE, "--name", "Anna", "--email", "anna@example.org")
    done(line, "document", "issue", "A-17", "invoice")
    done(line, "customer", "create", "--customer-id", "c-9", "--email", "boss@example.org")
    return line


def deliver(database_url: str, tmp_path: Path, box: Mailbox) -> None:
    """Send what is due, as `orderpath send` does."""
    settings = Settings(
        database_url=database_url,
        data_dir=tmp_path / "data",
        smtp_url=f"smtp+plain://127.0.0.1:{box.port}",
        mail_from="Shop <orders@shop.example>",
        contacts={"group:leads": ("leads@shop.example",)},
    )
    with open_system(settings) as system:
        system.catch_up()
        system.sender().send_due()
        system.catch_up()


def test_v10_a_paper_is_printed_to_a_file(placed: CommandLine, tmp_path: Path) -> None:
    for kind, words in (
        ("order", "Order A-17"),
        ("invoice", "Invoice 1"),
        ("packing_list", "Packing list A-17"),
    ):
        done(placed, "document", "pdf", "A-17", "--kind", kind, "-o", tmp_path / "x.pdf")
        assert words in text_of((tmp_path / "x.pdf").read_bytes())
    done(
        placed, "document", "pdf", "A-17", "--kind", "invoice", "--language", "ru",
        "-o", tmp_path / "x.pdf",
    )  # fmt: skip
    assert "Счёт 1" in text_of((tmp_path / "x.pdf").read_bytes())


def test_v11_a_paper_goes_once_to_each_addressee_that_is_chosen(
    placed: CommandLine, database_url: str, tmp_path: Path, box: Mailbox
) -> None:
    words = ("document", "send", "A-17", "--kind", "invoice", "--to", "customer")
    more = ("--to", "c-9", "--to", "group:leads")
    first = placed.run(*words, *more, "--json").json
    again = placed.run(*words, *more, "--json").json
    people = done(placed, *words)
    deliver(database_url, tmp_path, box)
    late = placed.run(*words, "--json").json

    assert [one["outcome"] for one in first] == ["accepted"] * 3
    assert [one["outcome"] for one in again] == ["nothing"] * 3
    assert [one["effect_id"] for one in again] == [one["effect_id"] for one in first]
    assert "asked for before" in people
    assert sorted(box.to) == ["anna@example.org", "boss@example.org", "leads@shop.example"]
    for mail in box.mails:
        page = text_of(next(mail.iter_attachments()).get_content())
        assert "Invoice 1" in page
        assert "55.00 EUR" in page
    (listed,) = placed.run("document", "list", "A-17", "--json").json["documents"]
    assert listed["status"] == "sent"
    assert [one["outcome"] for one in late] == ["nothing"]


def test_a_changed_order_is_another_paper(placed: CommandLine) -> None:
    words = ("document", "send", "A-17", "--kind", "order", "--to", "customer", "--json")
    first, again = (placed.run(*words).json for _ in range(2))
    done(placed, "order", "set", "A-17", "--track-number", "RR123")
    changed = placed.run(*words).json

    outcomes = [found[0]["outcome"] for found in (first, again, changed)]
    assert outcomes == ["accepted", "nothing", "accepted"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("send", "A-17", "--kind", "act", "--to", "customer"), 2, "packing_list"),
        (("send", "A-17", "--kind", "order", "--to", "nobody"), 1, "customer_unknown"),
        (("send", "A-17", "--kind", "order", "--to", "customer", "--template", "X"), 2, "template"),
        (
            ("send", "A-17", "--kind", "order", "--to", "owner", "--template", "none"),
            1,
            "template_unknown",
        ),
        (
            ("send", "A-17", "--kind", "invoice", "--to", "owner", "--document", "invoice-9"),
            1,
            "paper_without_document",
        ),
        (("pdf", "A-17", "--kind", "order", "-o", "/nowhere/x.pdf"), 1, "cannot be written"),
        (("pdf", "A-18", "--kind", "order", "-o", "/nowhere/x.pdf"), 1, "order_unknown"),
    ],
)
def test_what_cannot_be_printed_or_sent_is_named(
    placed: CommandLine, words: tuple[object, ...], code: int, says: str
) -> None:
    said = placed.run("document", *words)

    assert said.code == code
    assert says in said.err
