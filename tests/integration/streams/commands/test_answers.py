"""Commands by Kafka: each has its one outcome and its answer, whatever happens on the way."""

import json
import subprocess
import sys
from contextlib import closing
from uuid import UUID

from kafka import KafkaAdminClient, KafkaConsumer

from consumers.commands import SETTINGS
from domain.streaming import COMMANDS, COMMANDS_GROUP, DEADLETTERS, RESULTS
from domain.wire import MAX_BYTES, encode
from infra.postgres import connect
from tests.support.broker import send_batch
from tests.support.command_line import ROOT
from tests.support.command_worker import (
    TAKING,
    Shop,
    eventually,
    listening,
)
from tests.support.loads import move, note, open_shop
from tests.support.waiting import ROOM_SECONDS

PATIENCE_SECONDS = 5.0  # of whoever asked a worker to end


def test_every_command_is_answered_with_its_outcome_under_its_key(shop: Shop) -> None:
    (order_id,) = open_shop(shop.url, 1)
    accepted = note(order_id)
    refused = move(order_id, "done")
    already = move(order_id, "new")
    conflict = move(order_id, "confirmed", expected_version=7)
    shop.send([accepted, refused, already, conflict])
    shop.take_commands()

    with listening(shop.broker, RESULTS.name) as results:
        answers = results.hear_answers_to(
            one.command_id for one in (accepted, refused, already, conflict)
        )

    told = {command_id: [one["kind"] for one in said] for command_id, said in answers.items()}
    assert told == {
        accepted.command_id: ["accepted"],
        refused.command_id: ["refused"],
        already.command_id: ["nothing"],
        conflict.command_id: ["conflict"],
    }
    assert {one.key for one in results.heard} == {str(order_id)}
    assert all(one.correlation == str(one.command_id) for one in results.heard)
    assert shop.stored().keys() >= {accepted.command_id, refused.command_id, already.command_id}
    assert conflict.command_id not in shop.stored()


def test_a_repeat_gets_the_first_outcome_and_the_same_id_with_another_body_is_told(
    shop: Shop,
) -> None:
    (order_id,) = open_shop(shop.url, 1)
    first = note(order_id)
    other = note(order_id, "Another text", command_id=first.command_id)
    shop.send([first])
    shop.take_commands()
    eventually(lambda: first.command_id in shop.stored(), "the first is stored")
    shop.send([first, other])

    with listening(shop.broker, RESULTS.name) as results:
        heard = results.hear_until(lambda heard: len(heard) == 3, "three answers")

    once, again, reused = (one.said for one in heard)
    assert (once["repeated"], again["repeated"]) == (False, True)
    assert again == once | {"repeated": True}
    assert (reused["kind"], reused["error"]["code"]) == ("reused", "command_id_reused")


def test_what_is_malformed_is_answered_and_dead_lettered_and_holds_up_nothing(shop: Shop) -> None:
    (order_id,) = open_shop(shop.url, 1)
    key, good = str(order_id), note(order_id)
    unreadable = note(order_id)
    wrong = json.loads(encode(unreadable)) | {"text": 5}
    malformed = [b"", b"{", b"[]", b"[" * 500, b"0" * (MAX_BYTES + 1), json.dumps(wrong).encode()]
    shop.send([*((key, value) for value in malformed), good], correlation_id="mine-17")
    shop.take_commands()

    with listening(shop.broker, RESULTS.name) as results:
        heard = results.hear_until(lambda heard: len(heard) == 7, "seven answers")
    with listening(shop.broker, DEADLETTERS.name) as letters:
        dead = letters.hear_until(lambda heard: len(heard) == 6, "six dead letters")

    assert [one.said["kind"] for one in heard] == ["invalid"] * 6 + ["accepted"]
    assert [one.said["unmet"][0]["code"] for one in heard[:6]] == [
        *["command_not_json"] * 3,
        "command_too_deep",
        "command_too_large",
        "field_invalid",
    ]
    assert heard[5].command_id == unreadable.command_id
    assert {one.correlation for one in heard} == {"mine-17"}
    assert [one.origin for one in dead] == [one.origin for one in heard[:6]]
    assert [one.said["answer"] for one in dead] == [one.said for one in heard[:6]]
    eventually(shop.committed, "all is committed")


def test_commands_are_answered_however_their_sender_packs_them(shop: Shop) -> None:
    codecs = (None, "gzip", "snappy", "lz4", "zstd")
    orders = open_shop(shop.url, len(codecs))
    sent = [[note(order_id, "the same " * 100) for _ in range(5)] for order_id in orders]
    for partition, (codec, commands) in enumerate(zip(codecs, sent, strict=True)):
        values = [encode(one) for one in commands]
        send_batch(shop.broker, COMMANDS.name, *values, partition=partition, codec=codec)
    shop.take_commands()

    shop.assert_nothing_lost([one for commands in sent for one in commands])


def test_a_command_whose_deciding_fails_is_answered_and_the_next_ones_go_on(shop: Shop) -> None:
    broken, whole = open_shop(shop.url, 2)
    with connect(shop.url) as owner:
        owner.execute("alter table log.events disable trigger immutable")
        owner.execute(
            "update log.events set payload = '{}' where stream_id = %s", (f"order-{broken}",)
        )
    failing, good = note(broken), note(whole)
    shop.send([failing, good])
    shop.take_commands()

    with listening(shop.broker, RESULTS.name) as results:
        answers = results.hear_answers_to([failing.command_id, good.command_id])
    with listening(shop.broker, DEADLETTERS.name) as letters:
        (dead,) = letters.hear_until(bool, "a dead letter")

    ((failed,), (done,)) = (answers[one.command_id] for one in (failing, good))
    assert (failed["kind"], failed["error"]["code"]) == ("failed", "event_unreadable")
    assert dead.said["answer"] == failed
    assert done["kind"] == "accepted"
    eventually(shop.committed, "all is committed")


def test_a_log_of_a_newer_version_ends_the_worker_with_nothing_committed(shop: Shop) -> None:
    (order_id,) = open_shop(shop.url, 1)
    with connect(shop.url) as owner:
        owner.execute("alter table log.events disable trigger immutable")
        owner.execute(
            "update log.events set type = 'order.placed.v99' where stream_id = %s",
            (f"order-{order_id}",),
        )
    shop.send([note(order_id)])

    worker = shop.start()

    assert worker.process.wait(60) == 3
    assert "newer_version" in "".join(worker.complained)
    assert not shop.committed()


def test_sigterm_ends_it_within_five_seconds_and_another_one_goes_on(shop: Shop) -> None:
    orders = open_shop(shop.url, 8)
    sent = [note(orders[number % 8]) for number in range(2_000)]
    worker = shop.start("services.cli", "commands", "--id", "front")
    worker.await_line(TAKING)
    shop.send(sent)
    before = len(shop.stored())
    eventually(lambda: len(shop.stored()) > before, "it is at work")

    code, seconds = worker.end()

    assert (code, worker.said[-1]) == (0, "orderpath: ended\n")
    assert seconds < PATIENCE_SECONDS
    shop.take_commands()
    with listening(shop.broker, RESULTS.name) as results:
        answers = results.hear_answers_to(one.command_id for one in sent)
    assert all(len(said) == 1 for said in answers.values())  # It had finished what it had begun.


def test_whose_place_another_one_took_ends_and_says_what_to_do(shop: Shop) -> None:
    """Also where no command comes by which it would find out."""
    worker = shop.start("services.cli", "commands", "--id", "front")
    worker.await_line(TAKING)
    with KafkaAdminClient(bootstrap_servers=[shop.broker]) as admin:
        (group,) = admin.describe_groups([COMMANDS_GROUP]).values()
        name = group["members"][0]["group_instance_id"]

    own = {"bootstrap_servers": [shop.broker], "group_id": COMMANDS_GROUP}
    with closing(KafkaConsumer(**SETTINGS | own, group_instance_id=name)) as other:
        other.subscribe([COMMANDS.name])
        eventually(lambda: other.poll(timeout_ms=100) or other.assignment(), "it took the place")
        code = worker.process.wait(ROOM_SECONDS)

    assert code == 3
    assert "broker_refuses" in "".join(worker.complained)
    assert "give it another --id" in "".join(worker.complained)


def test_the_example_in_the_docs_places_an_order_and_hears_of_it(shop: Shop) -> None:
    shop.take_commands()

    run = subprocess.run(
        [sys.executable, ROOT / "docs/examples/send_command.py", shop.broker],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )

    answer = json.loads(run.stdout)
    assert (answer["kind"], answer["unmet"]) == ("accepted", [])
    assert UUID(answer["command_id"]) in shop.stored()


def test_an_id_that_is_no_name_is_an_error_of_usage(shop: Shop) -> None:
    worker = shop.start("services.cli", "commands", "--id", "two words")

    assert worker.process.wait(60) == 2
