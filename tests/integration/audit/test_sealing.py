"""D4: the log is sealed head after head, whoever seals and wherever he dies."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.audit.leaves import leaf_bytes
from domain.audit.merkle import Frontier, leaf_hash
from infra.audit_rows import columns_of, read_leaves
from infra.postgres import connect
from infra.recorded_row import COLUMNS, row_of
from services.audit.sealer import Pace
from tests.integration.audit.sealed import AT_ONCE, SealedShop


def test_the_root_is_that_of_the_leaves_that_the_decision_describes(sealed: SealedShop) -> None:
    """ADR 5, column by column, against what binary COPY gives."""
    with connect(sealed.system.url) as owner:
        rows = owner.execute(
            "select " + COLUMNS + " from log.events e order by position"  # noqa: S608 - our own words
        ).fetchall()
        copied = read_leaves(owner, "events", list(range(1, len(rows) + 1)))
    leaves = [
        leaf_bytes(
            (
                row.position, row.stream_id, row.version, row.shard, row.type, row.payload,
                row.fact_id, row.subject_id, row.key_id, row.command_id, row.correlation_id,
                row.causation_id, row.actor_kind, row.actor_id, row.on_behalf_of, row.reason,
                row.source, row.occurred_at, row.recorded_at,
            )
        )
        for row in map(row_of, rows)
    ]  # fmt: skip
    head = sealed.system.audit.last_head()

    assert head is not None
    assert copied == leaves
    assert head.head.events.size == len(leaves)
    assert head.head.events.root == Frontier().extended([leaf_hash(one) for one in leaves]).root
    assert columns_of(leaves[0], "events")["position"] == (1).to_bytes(8)


def test_a_whole_log_is_intact_and_says_what_is_not_sealed_yet(sealed: SealedShop) -> None:
    sealed.act(3)

    report = sealed.verify(witness=sealed.witness)

    assert report.findings == ()
    assert (report.first, report.last, report.events) == (1, sealed.end() - 3, sealed.end() - 3)
    assert (report.unsealed, report.heads, report.witnessed) == (3, 3, 3)
    assert report.commands > 0


def test_commands_that_nothing_came_of_are_sealed_too(sealed: SealedShop) -> None:
    before = sealed.system.audit.last_head()
    with connect(sealed.system.url) as owner:
        owner.execute(
            "insert into log.commands (command_id, name, body_hash, outcome, recorded_at)"
            " values (gen_random_uuid(), 'order.add_note', '', 'nothing', clock_timestamp())"
        )

    sealed.seal()

    after = sealed.system.audit.last_head()
    assert before is not None
    assert after is not None
    assert after.head.events == before.head.events
    assert after.head.commands.size == before.head.commands.size + 1
    assert sealed.verify().is_intact


@pytest.mark.parametrize("most", [1, 7, 1_000])
def test_however_large_heads_are_the_last_one_has_the_same_root(
    shop: SealedShop, most: int
) -> None:
    shop.act(30)
    shop.seal(replace(AT_ONCE, most=most))

    head = shop.system.audit.last_head()
    with connect(shop.system.url) as owner:
        leaves = read_leaves(owner, "events", list(range(1, shop.end() + 1)))
    assert head is not None
    assert head.head.events.root == Frontier().extended(list(map(leaf_hash, leaves))).root
    assert shop.verify(witness=shop.witness).is_intact


def test_a_head_is_due_after_so_many_events_or_so_long(shop: SealedShop) -> None:
    sealer = shop.system.sealer(Pace(every_events=10, every=timedelta(hours=1)))
    assert sealer.step()  # What was there when sealing began.
    shop.act(4)
    assert not sealer.step()
    shop.act(6)
    assert sealer.step()
    assert not sealer.step()
    shop.act(1)
    assert not sealer.step()
    assert shop.system.sealer(Pace(every_events=10, every=timedelta(0))).step()


def test_two_sealers_in_turns_make_one_chain(shop: SealedShop) -> None:
    one, other = shop.system.sealer(AT_ONCE), shop.system.sealer(AT_ONCE)
    for sealer in (one, other, one, one, other):
        shop.act(7)
        assert sealer.step()

    report = shop.verify(witness=shop.witness)
    assert report.findings == ()
    assert report.heads == 5


def test_a_big_log_keeps_the_nodes_that_proofs_need(shop: SealedShop) -> None:
    with connect(shop.system.url) as owner:
        owner.execute(
            "insert into log.events select p + (select max(position) from log.events),"
            " 'note-' || p, 1, 3, 'order.note_added.v1', '{}', null, null, null, gen_random_uuid(),"
            " gen_random_uuid(), null, 'user', 'u', null, null, 'cli', now(), now()"
            " from generate_series(1, 3000) p"
        )
    shop.seal(replace(AT_ONCE, most=700))

    report = shop.verify()

    assert report.findings == ()
    with connect(shop.system.url) as owner:
        levels = owner.execute(
            "select level, count(*) from audit.nodes where tree = 'events' group by 1 order by 1"
        ).fetchall()
    assert levels == [(8, 11), (9, 5), (10, 2), (11, 1)]
