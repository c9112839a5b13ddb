"""Heads reach Kafka, each at least once and in order, for whoever holds them there."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest

from domain.audit.heads import key_id_of, read_note
from domain.streaming import CHECKPOINTS, Outgoing
from infra.head_source import HeadSource
from infra.postgres import connect
from services.audit.checkpoint_lane import CheckpointLane
from services.audit.key_rotation import rotate_key
from tests.integration.audit.sealed import SealedShop
from tests.support.command_line import Here
from tests.support.programs import programs
from tests.support.relays import records_of, wait_until_published


@pytest.fixture
def source(database_url: str) -> Iterator[HeadSource]:
    with closing(HeadSource(database_url)) as opened:
        yield opened


@pytest.fixture
def own(shop: SealedShop) -> SealedShop:
    """A sealed log with an id of its own, under a key that followed another."""
    with connect(shop.system.url) as owner:
        owner.execute("update log.head set log_id = gen_random_uuid()")
    for _ in range(2):
        shop.act(5)
        shop.seal()
    rotate_key(shop.system)
    shop.act(5)
    shop.seal()
    return shop


def numbers(*outgoing: Outgoing | None) -> list[int]:
    return [
        json.loads(message.value or b"")["number"]
        for one in outgoing
        if one is not None
        for message in one.messages
    ]


def lane_at(shop: SealedShop, source: HeadSource, position: int, **ends: int) -> CheckpointLane:
    lane = CheckpointLane(source, **ends)
    lane.begin(shop.system.log.head(), position)
    return lane


def test_every_head_comes_and_the_position_is_that_of_the_last_one(
    own: SealedShop, source: HeadSource
) -> None:
    lane = lane_at(own, source, 0)

    first = lane.next()
    assert lane.next() is None
    own.act(1)
    own.seal()
    second = lane.next()

    assert numbers(first, second) == [1, 2, 3, 4]
    assert second is not None
    assert second.position == own.end()


def test_after_a_start_heads_over_the_same_events_come_again_and_none_is_missing(
    own: SealedShop, source: HeadSource
) -> None:
    size = own.system.audit.heads(1, 1)[0].head.events.size

    assert numbers(lane_at(own, source, size).next()) == [2, 3]
    assert numbers(lane_at(own, source, own.end()).next()) == [3]
    assert numbers(lane_at(own, source, 0, until=size).next()) == [1, 2]


def test_a_reader_of_the_topic_has_every_head_signed_by_its_key_and_can_be_a_witness(
    own: SealedShop, environment: dict[str, str], broker: str
) -> None:
    here = Here(environment | {"ORDERPATH_KAFKA": broker})
    again = f"again-{uuid4().hex}"
    with programs(here.environment) as start:
        start("relay").await_line("leading")
        wait_until_published(own.system.url, "audit")
    assert (
        here.run(
            "relay", "replay", "--topic", CHECKPOINTS.name, "--from", 1, "--to-topic", again
        ).code
        == 0
    )

    heads = heads_in(own, broker, CHECKPOINTS.name)

    assert [one["number"] for one in heads] == [1, 2, 3]
    assert heads_in(own, broker, again) == heads
    for head in heads:
        signed = read_note(head["note"])
        assert own.system.audit.is_signed(
            signed.head.text, signed.signature, b64decode(head["public_key"])
        )
    witness = own.witness.with_suffix(".kafka")
    witness.write_text("".join(json.dumps(one) + "\n" for one in heads))
    report = own.verify(witness=witness)
    assert (report.findings, report.witnessed) == ((), 3)


def test_whoever_holds_the_first_key_can_follow_a_rotation_by_what_lies_outside(
    own: SealedShop, source: HeadSource
) -> None:
    """A record of Kafka, or a line of the witness, brings all that led to its key."""
    rotate_key(own.system)  # This key seals nothing before it is replaced.
    rotate_key(own.system)
    own.act(1)
    own.seal()
    outgoing = lane_at(own, source, 0).next()
    assert outgoing is not None
    records = [json.loads(message.value or b"") for message in outgoing.messages]
    lines = [json.loads(line) for line in own.witness.read_text().splitlines()]

    assert [len(one.get("keys", ())) for one in records] == [0, 0, 1, 3]
    assert lines == records
    first, last = records[0], records[-1]
    trusted = b64decode(first["public_key"])
    for note in last["keys"]:
        text, _, signed = note.partition("\n\n")
        signature = b64decode(signed.split()[-1])[4:]
        assert own.system.audit.is_signed(f"{text}\n", signature, trusted)
        assert text.splitlines()[3] == f"after {key_id_of(trusted)}"
        trusted = b64decode(text.splitlines()[2])
    assert trusted == b64decode(last["public_key"])


def heads_in(shop: SealedShop, broker: str, topic: str) -> list[dict[str, Any]]:
    """Read the heads of this log from a topic: other tests write into the same one."""
    log_id = str(shop.system.log.head().log_id)
    records = records_of(broker, topic)
    return [json.loads(one.value) for one in records if one.key.decode() == log_id]
