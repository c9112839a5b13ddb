"""What auditors ask of the seal is answered over HTTP, and as it is near."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.audit.merkle import proves_inclusion
from services.api.limits import Limits
from tests.integration.audit.sealed import SealedShop, open_sealed_shop
from tests.integration.http.conftest import Shop
from tests.support.command_line import CommandLine, Here
from tests.support.served import Served, served


@pytest.fixture
def sealed(database_url: str, tmp_path: Path) -> Iterator[SealedShop]:
    """A shop whose log has three heads."""
    with open_sealed_shop(database_url, tmp_path) as shop:
        for many in (20, 20, 5):
            shop.act(many)
            shop.seal()
        yield shop


@pytest.fixture
def server(sealed: SealedShop, database_url: str, tmp_path: Path) -> Iterator[Served]:
    """A server beside whoever seals."""
    with served(database_url, tmp_path / "data", Limits()) as running:
        yield running


@pytest.fixture
def far(server: Served, environment: dict[str, str]) -> CommandLine:
    """The command line of an auditor who has only the server's address and a key."""
    away = {"ORDERPATH_DATA_DIR": environment["ORDERPATH_DATA_DIR"] + "-away"}
    return Here({**away, "ORDERPATH_URL": server.url, "ORDERPATH_API_KEY": "ann"})


@pytest.fixture
def near(environment: dict[str, str]) -> CommandLine:
    """The command line beside the database."""
    return Here(environment)


def asked(http: httpx.Client, what: str, **parameters: Any) -> Any:
    answer = http.get(f"/v1/audit/{what}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_whoever_asks_learns_over_http_what_is_not_as_it_was_sealed(
    sealed: SealedShop, http: httpx.Client
) -> None:
    before = asked(http, "verify")
    sealed.act(2)
    sealed.meddle("update log.events set payload = payload || ' ' where position = 17")
    after = asked(http, "verify")

    assert (before["intact"], before["to"], before["heads"]) == (True, sealed.end() - 2, 3)
    assert (after["intact"], after["unsealed"], after["next"]) == (False, 2, None)
    assert [(one["kind"], one["first"]) for one in after["findings"]] == [("event_altered", 17)]


def test_a_part_and_what_is_behind_a_head_are_verified_over_http(
    sealed: SealedShop, http: httpx.Client
) -> None:
    heads = asked(http, "heads")["heads"]
    part = asked(http, "verify", first=heads[0]["size"] + 1, last=heads[1]["size"])
    behind = asked(http, "verify", behind=1, seconds=20)
    foreign = asked(http, "verify", key="f" * 32)

    assert (part["from"], part["to"], part["heads"]) == (heads[0]["size"] + 1, heads[1]["size"], 1)
    assert (behind["from"], behind["to"]) == (heads[0]["size"] + 1, sealed.end())
    assert [one["kind"] for one in foreign["findings"]] == ["key_unknown"]


def test_heads_are_listed_page_by_page_and_a_new_one_shifts_none(
    sealed: SealedShop, http: httpx.Client
) -> None:
    first = asked(http, "heads", after=0, limit=2)
    sealed.act(1)
    sealed.seal()
    second = asked(http, "heads", after=first["next"], limit=2)
    latest = asked(http, "heads", limit=1)

    numbers = [[one["number"] for one in page["heads"]] for page in (first, second, latest)]
    assert (numbers, second["next"], latest["next"]) == ([[1, 2], [3, 4], [4]], None, None)


def test_a_proof_over_http_holds_for_whoever_has_the_head(
    sealed: SealedShop, http: httpx.Client
) -> None:
    (proof,) = asked(http, "proofs", position=17, head=2)["proofs"]
    (head,) = asked(http, "heads", after=1, limit=1)["heads"]

    leaf, root, *path = map(b64decode, (proof["leaf"], head["root"], *proof["path"]))
    assert (proof["holds"], proof["head"]) == (True, head)
    assert proves_inclusion(leaf, 16, head["size"], path=path, root=root)
    assert not proves_inclusion(leaf, 17, head["size"], path=path, root=root)


def test_proofs_of_an_order_come_in_pages_under_one_head(
    sealed: SealedShop, http: httpx.Client
) -> None:
    order, pages = str(sealed.orders[0]), list[Any]()
    after: dict[str, int] = {}
    while True:
        pages.append(asked(http, "proofs", order=order, head=3, limit=5, **after))
        if pages[-1]["next"] is None:
            break
        after = {"after": pages[-1]["next"]}
    whole = asked(http, "proofs", order=order)

    assert len(pages) > 2
    assert [one for page in pages for one in page["proofs"]] == whole["proofs"]
    assert all(one["holds"] for one in whole["proofs"])


def test_an_order_is_proved_as_far_as_the_head_holds_it(
    sealed: SealedShop, http: httpx.Client
) -> None:
    order = str(sealed.orders[0])
    whole = asked(http, "proofs", order=order)
    early = asked(http, "proofs", order=order, head=1)
    pages = [asked(http, "proofs", order=order, head=1, limit=3)]
    while pages[-1]["next"] is not None:
        pages.append(asked(http, "proofs", order=order, head=1, limit=3, after=pages[-1]["next"]))
    sealed.act(1)
    later = asked(http, "proofs", order=order)

    held = early["proofs"][0]["head"]["size"]
    of_order = [one["position"] for one in whole["proofs"]]
    assert [one["position"] for one in early["proofs"]] == [at for at in of_order if at <= held]
    assert early["unsealed"] == sum(at > held for at in of_order) > 0
    assert [one for page in pages for one in page["proofs"]] == early["proofs"]
    assert (later["proofs"], later["unsealed"]) == (whole["proofs"], 1)
    assert (whole["unsealed"], early["next"]) == (0, None)


def test_an_order_of_which_a_head_holds_nothing_is_a_problem(
    http: httpx.Client,
) -> None:
    order = Shop(http).place("B-1")

    answer = http.get("/v1/audit/proofs", params={"order": order})

    assert (answer.status_code, answer.json()["code"]) == (422, "unusable")
    assert answer.json()["detail"] == "Head 3 holds no event of this order: all came after it."


def test_a_later_log_is_proved_over_http_to_begin_with_an_earlier_one(http: httpx.Client) -> None:
    found = asked(http, "consistency", first=1, second=3)

    assert (found["holds"], found["first"]["number"], found["second"]["number"]) == (True, 1, 3)


def test_what_is_not_there_or_too_much_is_a_problem(http: httpx.Client) -> None:
    wrong: tuple[tuple[str, dict[str, Any]], ...] = (
        ("verify", {"first": 900, "last": 901}),
        ("verify", {"first": 3, "behind": 1}),
        ("verify", {"behind": 99}),
        ("verify", {"seconds": 21}),
        ("heads", {"limit": 1_001}),
        ("proofs", {}),
        ("proofs", {"order": "A-1", "position": 1}),
        ("proofs", {"position": 900}),
        ("proofs", {"position": 1, "head": 99}),
        ("consistency", {"first": 3, "second": 1}),
    )

    for what, parameters in wrong:
        answer = http.get(f"/v1/audit/{what}", params=parameters)
        assert answer.status_code == 422, (what, parameters, answer.text)
    nobody = http.get("/v1/audit/proofs", params={"order": "nobody"})
    assert nobody.status_code == 404


def test_d4_auditors_read_the_same_of_the_seal_near_and_far(
    sealed: SealedShop, near: CommandLine, far: CommandLine
) -> None:
    questions: tuple[tuple[str, ...], ...] = (
        ("heads",),
        ("heads", "--limit", "2"),
        ("heads", "--after", "1"),
        ("proof", "17"),
        ("proof", "17", "--head", "1"),
        ("proof", str(sealed.orders[0])),
        ("proof", str(sealed.orders[0]), "--head", "1"),
        ("proof", "900"),
        ("proof", "nobody"),
        ("consistency", "1", "3"),
        ("consistency", "3", "1"),
        ("verify", "--from", "900", "--to", "901"),
    )
    for words in questions:
        here, there = near.run("audit", *words), far.run("audit", *words)
        assert (there.code, there.out, there.err) == (here.code, here.out, here.err), words
    keys = far.run("audit", "key", "list", "--json").json
    assert [one["key_id"] for one in keys] == [
        one["key_id"] for one in near.run("audit", "key", "list", "--json").json
    ]


def test_the_command_line_verifies_from_far_as_beside_the_database(
    sealed: SealedShop, near: CommandLine, far: CommandLine
) -> None:
    sealed.meddle("update log.events set payload = payload || ' ' where position = 17")

    for words in ((), ("--from", "18"), ("--to", "9"), ("--key", "f" * 32)):
        here, there = (one.run("audit", "verify", *words, "--json") for one in (near, far))
        assert there.code == here.code
        assert there.json | {"seconds": 0} == here.json | {"seconds": 0}, words
    said = far.run("audit", "verify", "--witness", "heads.jsonl")
    assert (said.code, "beside the database" in said.err) == (2, True)
