"""The command line beside the database and over HTTP: the same words, the same output."""

import pytest

from tests.integration.http.conftest import Shop
from tests.support.command_line import CommandLine, Here
from tests.support.served import Served

ORDER = "A-17"
QUESTIONS = [
    ("order", "list"),
    ("order", "list", "--status", "confirmed", "--open", "--in-time"),
    ("order", "list", "--limit", "1"),
    ("order", "list", "--cursor", "nonsense"),
    ("order", "show", ORDER),
    ("order", "allowed", ORDER, "--as", "manager"),
    ("order", "history", ORDER),
    ("order", "history", ORDER, "--as-of", "2020-01-01"),
    ("order", "as-of", ORDER, "2100-01-01"),
    ("order", "as-of", ORDER, "2020-01-01"),
    ("order", "diff", ORDER, "2020-01-01", "2100-01-01"),
    ("order", "why", ORDER),
    ("order", "show", "unknown"),
    ("report", "funnel"),
    ("report", "funnel", "--view", "cohort"),
    ("report", "funnel", "--path", "nonsense"),
    ("report", "stale"),
    ("report", "conversion", "--from", "new", "--to", "confirmed"),
    ("report", "conversion", "--from", "new", "--to", "nonsense"),
    ("report", "transitions"),
    ("report", "times"),
    ("report", "handling"),
    ("report", "routes"),
    ("report", "overrides"),
    ("report", "pipeline"),
    ("report", "receivables"),
    ("report", "reasons"),
    ("report", "demand"),
    ("customer", "find", "Smith"),
    ("customer", "show", "+49 30 1234567"),
    ("customer", "history", "+49 30 1234567"),
    ("customer", "show", "nobody"),
    ("stock", "show"),
    ("stock", "show", "NOTHING"),
    ("product", "list"),
    ("product", "show", "NOTHING"),
    ("path", "list"),
    ("path", "show", "universal"),
    ("path", "show", "universal", "--mermaid"),
    ("path", "which"),
    ("rule", "list"),
    ("rule", "show", "nonsense"),
    ("inbox",),
    ("alert", "list"),
    ("task", "list"),
    ("document", "list"),
    ("shipment", "list"),
]


@pytest.fixture
def near(environment: dict[str, str]) -> CommandLine:
    """The command line beside the database."""
    return Here(environment)


@pytest.fixture
def far(server: Served, environment: dict[str, str]) -> CommandLine:
    """The command line of somebody who has only the server's address and a key."""
    away = {"ORDERPATH_DATA_DIR": environment["ORDERPATH_DATA_DIR"] + "-away"}
    return Here({**away, "ORDERPATH_URL": server.url, "ORDERPATH_API_KEY": "ann"})


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """A shop in which something has happened."""
    customer = {"name": "Ann Smith", "phone": "+49 30 1234567"}
    first = shop.place(ORDER, customer=customer)
    shop.place("A-18")
    shop.move(first, "confirmed")
    shop.send("stock.receive", sku="TEA-100", location="main", quantity=10)
    shop.send("task.create", task_id="00000000-0000-0000-0000-000000000014", title="Call",
              user="ann")  # fmt: skip
    return shop


def test_every_question_is_answered_the_same_near_and_far(
    busy: Shop, near: CommandLine, far: CommandLine
) -> None:
    for words in QUESTIONS:
        here, there = near.run(*words), far.run(*words)
        assert (there.code, there.out, there.err) == (here.code, here.out, here.err), words
        if "--mermaid" not in words and here.code == 0:
            as_json = (*words, "--json")
            assert far.run(*as_json).json == near.run(*as_json).json, words


def test_the_queue_is_the_same_near_and_far_but_for_the_time_that_is_left(
    busy: Shop, near: CommandLine, far: CommandLine
) -> None:
    here, there = (one.run("queue", "--json").json["orders"] for one in (near, far))

    assert here
    for one in (*here, *there):
        del one["seconds_left"]
    assert here == there


def test_a_command_has_the_same_outcome_near_and_far(
    busy: Shop, near: CommandLine, far: CommandLine
) -> None:
    own = "3f1a2b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c"
    words = ("order", "note", ORDER, "Call on Monday", "--command-id", own, "--json")
    first, again = far.run(*words), near.run(*words)
    early = ("order", "move", ORDER, "new", "--command-id", own.replace("3", "4"), "--json")
    refused, refused_again = far.run(*early), near.run(*early)

    assert (first.code, again.json) == (0, {**first.json, "repeated": True})
    assert (refused.code, refused.err) == (1, refused_again.err)
    assert refused_again.json == {**refused.json, "repeated": True}


def test_an_order_is_placed_paid_and_shown_from_far(far: CommandLine) -> None:
    item = ("--item", "MUG:2:9.90", "--currency", "EUR", "--external-id", "B-1")
    placed = far.run("order", "place", *item, "--json")
    paid = far.run("order", "pay", "B-1", "19.80")
    shown = far.run("order", "show", "B-1", "--json")

    assert (placed.code, paid.code) == (0, 0)
    assert (shown.json["order_id"], shown.json["payment_status"]) == (
        placed.json["order_id"],
        "paid",
    )


def test_a_program_works_beside_the_database_and_says_so(
    server: Served, near: CommandLine, far: CommandLine
) -> None:
    programs = [("up",), ("follow",), ("projection", "list"), ("down",)]

    for words in programs:
        said = far.run(*words)
        assert (said.code, "beside the database" in said.err) == (2, True), words
    given = near.run("--url", server.url, "order", "show", "A-17")
    assert given.code == 1  # Nobody: the key is missing.
    assert "no such key" in given.err


def test_a_person_for_whom_the_key_acts_stands_in_the_log(busy: Shop, far: CommandLine) -> None:
    noted = far.run("order", "note", ORDER, "Call", "--actor", "Zoë")

    (change,) = (
        one
        for one in far.run("order", "history", ORDER, "--json").json["changes"]
        if one["field"] == "note"
    )
    assert noted.code == 0
    assert (change["actor"]["id"], change["actor"]["on_behalf_of"]) == ("back-office", "Zoë")


def test_a_role_is_not_claimed_from_far(busy: Shop, far: CommandLine) -> None:
    said = far.run("order", "move", ORDER, "assembled", "--role", "lead")

    assert (said.code, "the key has its roles" in said.err) == (2, True)


def test_a_server_that_is_away_is_named(environment: dict[str, str]) -> None:
    away = Here({**environment, "ORDERPATH_URL": "http://127.0.0.1:1"})

    said = away.run("order", "show", "A-17")

    assert (said.code, "does not answer" in said.err) == (3, True)
