"""`orderpath document …` as a person types it."""

import pytest

from tests.integration.cli.test_shipments import PLACE, done
from tests.support.command_line import CommandLine


@pytest.fixture
def placed(line: CommandLine) -> CommandLine:
    """An order of 55.00."""
    done(line, *PLACE)
    return line


def test_v9_an_invoice_gets_its_number_is_sent_and_paid(placed: CommandLine) -> None:
    defined = done(placed, "document", "series", "invoice", "--prefix", "INV-", "--width", 6)
    issued = done(placed, "document", "issue", "A-17", "invoice")
    for status in ("sent", "paid"):
        done(placed, "document", "move", "A-17", "invoice-1", status)
    listed = placed.run("document", "list", "A-17", "--json").json["documents"]
    people = done(placed, "document", "list", "--kind", "invoice", "--status", "paid")

    assert defined.startswith("Series invoice is defined; position ")
    assert issued.startswith("invoice-1 has the number INV-000001; positions ")
    (invoice,) = listed
    assert (invoice["number"], invoice["status"]) == ("INV-000001", "paid")
    assert (invoice["total_minor"], invoice["currency"]) == (5_500, "EUR")
    for words in ("INV-000001", "55.00"):
        assert words in people
    assert placed.run("document", "list", "--kind", "act", "--json").json["documents"] == []


def test_an_order_shows_its_documents_and_history_what_became_of_them(
    placed: CommandLine,
) -> None:
    done(placed, "document", "issue", "A-17", "act", "--series", "papers", "--id", "a-1")
    done(placed, "document", "move", "A-17", "a-1", "cancelled", "--reason-code", "wrong_address")
    shown = done(placed, "order", "show", "A-17")
    view = placed.run("order", "show", "A-17", "--json").json
    changes = placed.run("order", "history", "A-17", "--json").json["changes"]

    assert "Documents" in shown
    assert view["documents"]["a-1"] == {
        "kind": "act", "series": "papers", "number": "1", "status": "cancelled",
        "total_minor": 5_500, "currency": "EUR",
    }  # fmt: skip
    (cancelled,) = (c for c in changes if c["field"] == "documents.a-1.status")
    assert (cancelled["from"], cancelled["to"]) == ("issued", "cancelled")
    assert cancelled["reason_code"] == "wrong_address"


def test_the_same_command_again_takes_no_number(placed: CommandLine) -> None:
    words = ("document", "issue", "A-17", "invoice", "--json", "--command-id")
    first, again = (placed.run(*words, "01234567-89ab-cdef-0123-456789abcdef") for _ in range(2))
    known = done(placed, *words[:-2], "--id", "invoice-1")
    defined = ("document", "series", "invoice", "--yearly")

    assert (first.json["number"], again.json["number"]) == ("1", "1")
    assert (first.json["document_id"], again.json["repeated"]) == ("invoice-1", True)
    assert known.startswith("Nothing to do")
    assert "series_in_use" in placed.run(*defined).err
    assert done(placed, *defined[:-1]).startswith("Nothing to do")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("issue", "A-17", "Invoice"), 2, "kind"),
        (("move", "A-17", "invoice-1", "sent"), 1, "document_unknown"),
        (("move", "A-17", "invoice-1", "eaten"), 2, "to_status"),
        (("series", "invoice", "--prefix", "INV1-"), 2, "format.prefix"),
        (("series", "invoice", "--zone", "Nowhere"), 2, "format.zone"),
    ],
)
def test_what_cannot_be_is_named(
    placed: CommandLine, words: tuple[object, ...], code: int, says: str
) -> None:
    said = placed.run("document", *words)

    assert said.code == code
    assert says in said.err
