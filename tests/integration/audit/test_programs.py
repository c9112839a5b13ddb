"""`orderpath seal` and `orderpath audit …`, as processes and as people meet them."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import pytest

from infra.postgres import connect
from tests.integration.audit.sealed import SealedShop
from tests.support.command_line import Here
from tests.support.faults import Fault
from tests.support.programs import RunningProgram, programs
from tests.support.waiting import wait_for


@pytest.fixture
def environment(environment: dict[str, str], shop: SealedShop, tmp_path: Path) -> dict[str, str]:
    """Programs of the shop that the test has."""
    return environment | {"ORDERPATH_WITNESS_FILE": str(shop.witness)}


@pytest.fixture
def line(environment: dict[str, str]) -> Here:
    return Here(environment)


@pytest.fixture
def writing(shop: SealedShop) -> Iterator[Callable[[], None]]:
    """Somebody writes as long as the test goes on, or until he is told to end."""
    stop = Signal()

    def write() -> None:
        while not stop.is_set():
            shop.act(10)

    def end() -> None:
        stop.set()
        thread.join()

    thread = Thread(target=write)
    thread.start()
    yield end
    end()


def heads_of(shop: SealedShop) -> int:
    last = shop.system.audit.last_head()
    return 0 if last is None else last.head.number


def has_more_heads(shop: SealedShop, before: int) -> bool:
    return heads_of(shop) > before


def refuses(program: RunningProgram) -> bool:
    """Say whether its log tells that it signs nothing, as an error with what to do."""
    return any(
        "witness_ahead" in line and "audit verify --witness" in line
        for line in program.said().splitlines()
        if '"sealing_refused", "level": "error"' in line
    )


def test_a_sealer_that_is_killed_again_and_again_leaves_one_whole_chain(
    shop: SealedShop,
    environment: dict[str, str],
    writing: Callable[[], None],
    rounds: int,
    fault: Fault,
) -> None:
    for _ in range(rounds):
        with programs(environment) as start:
            before = heads_of(shop)
            sealer = start("seal")
            wait_for(partial(has_more_heads, shop, before))
            sealer.kill()
            fault("killed sealer")
    writing()

    shop.seal()

    report = shop.verify(witness=shop.witness)
    assert report.findings == ()
    assert report.witnessed == report.heads > rounds
    assert report.unsealed == 0


def test_two_sealers_and_a_frozen_one_make_one_chain(
    shop: SealedShop, environment: dict[str, str], writing: Callable[[], None]
) -> None:
    with programs(environment) as start:
        one, other = start("seal"), start("seal")
        for program in (one, other):
            program.await_line("sealing the log")
        wait_for(partial(has_more_heads, shop, 1))
        one.freeze()
        wait_for(partial(has_more_heads, shop, heads_of(shop)))
        one.wake()
        assert one.end() < 10
        assert other.end() < 10
    writing()

    shop.seal()

    assert shop.verify(witness=shop.witness).is_intact


def test_a_program_that_seals_refuses_after_a_change_and_its_follower_does_too(
    shop: SealedShop, environment: dict[str, str]
) -> None:
    """With default settings: by what it remembers, and then by the file of its data folder."""
    with programs(environment | {"ORDERPATH_WITNESS_FILE": ""}) as start:
        one = start("seal")
        wait_for(partial(has_more_heads, shop, 0))
        shop.act(1_000)
        wait_for(partial(has_more_heads, shop, 1))
        shop.meddle(
            "update log.events set payload = payload || ' ' where position = 100",
            "delete from audit.leaves where head > 1",
            "delete from audit.nodes",
            "delete from audit.heads where number > 1",
        )
        shop.act(1)
        wait_for(partial(refuses, one))
        one.kill()
        wait_for(partial(refuses, start("seal")))

    assert heads_of(shop) == 1


def test_verify_says_what_was_checked_and_ends_with_1_if_anything_was_changed(
    sealed: SealedShop, line: Here
) -> None:
    witness = ("--witness", sealed.witness)
    fine, told = line.run("audit", "verify", *witness), line.run("audit", "verify", "--json")
    sealed.act(2)
    part = line.run("audit", "verify", "--from", 3, "--to", 9)
    alone = line.run("audit", "verify")
    sealed.meddle("update log.events set payload = payload || ' ' where position = 17")
    wrong = line.run("audit", "verify", *witness)
    machine = line.run("audit", "verify", "--json")

    assert (fine.code, told.code, part.code) == (0, 0, 0)
    assert "Compared with 3 heads of the witness." in fine.out
    assert "and the log has every head of the witness. What" in " ".join(fine.out.split())
    assert "that nobody cut heads off and had them made anew" in " ".join(alone.out.split())
    assert (told.json["intact"], told.json["events"]) == (True, told.json["to"])
    assert (wrong.code, machine.code) == (1, 1)
    assert "The event at position 17 is altered." in wrong.out
    assert "2 events behind that: not sealed yet." in wrong.out
    assert machine.json["findings"] == [
        {
            "kind": "event_altered",
            "message": "The event at position 17 is altered.",
            "first": 17,
            "last": 17,
            "head": None,
        }
    ]
    nowhere = line.run("audit", "verify", "--from", 900, "--to", 901)
    assert (nowhere.code, "is sealed" in nowhere.err) == (2, True)


def test_heads_and_proofs_are_told_and_hold(sealed: SealedShop, line: Here) -> None:
    heads = line.run("audit", "heads", "--json").json
    proof = line.run("audit", "proof", 17, "--json").json
    old = line.run("audit", "proof", 17, "--head", 1, "--json").json
    order = line.run("audit", "proof", sealed.orders[0], "--json").json
    consistency = line.run("audit", "consistency", 1, 3, "--json").json

    assert [one["number"] for one in heads] == [1, 2, 3]
    assert heads[0]["note"].startswith(f"orderpath/{sealed.system.log.head().log_id}\n")
    assert [one["position"] for one in proof] == [17]
    assert (proof[0]["head"], old[0]["head"]) == (heads[2], heads[0])
    assert len(order) > 5
    assert all(one["holds"] for one in (*proof, *old, *order, consistency))
    assert "Heads" in line.run("audit", "heads").out
    assert "begins with" in line.run("audit", "consistency", 1, 2).out
    assert heads[2]["note"] in line.run("audit", "proof", 17).out


def test_an_order_that_changes_is_proved_as_far_as_it_is_sealed(
    sealed: SealedShop, line: Here
) -> None:
    before = line.run("audit", "proof", sealed.orders[0], "--json")
    sealed.act(1)
    after = line.run("audit", "proof", sealed.orders[0], "--json")
    people = line.run("audit", "proof", sealed.orders[0])
    early = line.run("audit", "proof", sealed.orders[0], "--head", 1)

    assert (after.code, after.json) == (0, before.json)
    assert "1 event of the order came after this head." in people.out
    assert early.code == 0
    assert "events of the order came after this head." in early.out


def test_a_proof_about_an_event_that_was_changed_does_not_hold(
    sealed: SealedShop, line: Here
) -> None:
    sealed.meddle("update log.events set payload = payload || ' ' where position = 17")

    said = line.run("audit", "proof", 17, "--json")

    assert said.code == 1
    assert [one["holds"] for one in said.json] == [False]
    assert line.run("audit", "proof", 18, "--json").json[0]["holds"]


def test_what_is_not_sealed_has_no_proof(sealed: SealedShop, line: Here) -> None:
    sealed.act(1)
    for words in (
        ("proof", sealed.end()),
        ("proof", 0),
        ("proof", 17, "--head", 9),
        ("consistency", 2, 1),
        ("consistency", 1, 9),
    ):
        assert line.run("audit", *words).code == 2, words


def test_keys_are_listed_and_rotated(sealed: SealedShop, line: Here) -> None:
    rotated = line.run("audit", "key", "rotate", "--json").json
    listed = line.run("audit", "key", "list", "--json").json

    assert rotated == listed
    assert [(one["number"], one["seals"]) for one in listed] == [(1, False), (2, True)]
    assert listed[1]["key_id"] in line.run("audit", "key", "list").out


def test_a_log_of_which_nothing_is_sealed_says_so(shop: SealedShop, line: Here) -> None:
    said = line.run("audit", "verify")

    assert said.code == 0
    assert "not sealed yet" in said.out
    assert line.run("audit", "heads", "--json").json == []
    assert line.run("audit", "proof", 1).code == 2


def test_every_line_of_a_witness_is_a_document_of_its_own(sealed: SealedShop) -> None:
    lines = [json.loads(line) for line in sealed.witness.read_text().splitlines()]

    with connect(sealed.system.url) as owner:
        rows = owner.execute("select number, size, key_id from audit.heads order by 1").fetchall()
    assert [(one["number"], one["size"], one["key_id"]) for one in lines] == rows
    assert {one["type"] for one in lines} == {"audit.head.v1"}
