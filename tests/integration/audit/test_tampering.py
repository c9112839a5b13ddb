"""D4: whoever changes the log as a superuser is found, and where he did it is named."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from domain.refusals import InfraError, Unusable
from services.audit.restoring import say_restored
from services.audit.sealer import Sealer
from services.audit.witness_file import own_witness
from services.bootstrap import open_system
from tests.integration.audit.sealed import AT_ONCE, SealedShop

INSERT = (
    "insert into log.events select {0}, 'order-x', 1, 3, 'order.note_added.v1', '{{}}', null, null,"
    " null, gen_random_uuid(), gen_random_uuid(), null, 'user', 'u', null, null, 'cli', now(),"
    " now()"
)
COLUMNS = {
    "stream_id": "'order-x'",
    "version": "version + 1000",
    "shard": "(shard + 1) % 16",
    "type": "type || 'x'",
    "payload": "payload || ' '",
    "fact_id": "gen_random_uuid()",
    "subject_id": "coalesce(subject_id, '') || 'x'",
    "key_id": "gen_random_uuid()",
    "command_id": "gen_random_uuid()",
    "correlation_id": "gen_random_uuid()",
    "causation_id": "gen_random_uuid()",
    "actor_kind": "'system'",
    "actor_id": "actor_id || 'x'",
    "on_behalf_of": "''",  # was null
    "reason": "'x'",
    "source": "source || ' '",
    "occurred_at": "occurred_at + interval '1 microsecond'",
    "recorded_at": "recorded_at - interval '1 microsecond'",
}
ANSWERS = (
    "outcome = 'refused', first_position = null, last_position = null",
    "versions = '{\"order-x\": 3}'",
    'unmet = \'[{"code": "x"}]\'',
    "body_hash = sha256('x')",
    "name = 'order.other'",
    "recorded_at = recorded_at + interval '1 microsecond'",
    "last_position = last_position + 1",
    "command_id = gen_random_uuid()",
)

ANSWER = (
    "insert into log.commands (number, command_id, name, body_hash, outcome, recorded_at)"
    " overriding system value values ({}, gen_random_uuid(), 'order.x', '', 'nothing', now())"
)


def test_an_altered_event_is_named_whatever_of_it_was_altered(sealed: SealedShop) -> None:
    places = range(5, 5 + 2 * len(COLUMNS), 2)
    changes = zip(COLUMNS.items(), places, strict=True)
    sealed.meddle(
        *(
            f"update log.events set {column} = {value} where position = {position}"  # noqa: S608 - our own words
            for (column, value), position in changes
        )
    )

    found = sealed.found()

    assert found[: len(COLUMNS)] == [("event_altered", place, place) for place in places]
    assert {kind for kind, *_ in found[len(COLUMNS) :]} == {"version_missing"}  # Of two of them.


def test_missing_events_are_named(sealed: SealedShop) -> None:
    sealed.meddle("delete from log.events where position between 12 and 14 or position = 30")

    assert [one for one in sealed.found() if one[0] == "event_missing"] == [
        ("event_missing", 12, 14),
        ("event_missing", 30, 30),
    ]


def test_an_event_that_was_taken_out_so_that_the_others_moved_up_is_named(
    sealed: SealedShop,
) -> None:
    sealed.meddle(
        "delete from log.events where position = 20",
        "update log.events set position = position + 1000 where position > 20",
        "update log.events set position = position - 1001 where position > 1000",
    )

    assert [one for one in sealed.found() if one[0] != "version_missing"] == [
        ("event_missing", 20, 20)
    ]


def test_an_event_that_was_put_in_between_is_named(sealed: SealedShop) -> None:
    sealed.meddle(
        "update log.events set position = position + 1000 where position >= 20",
        "update log.events set position = position - 999 where position > 1000",
        INSERT.format(20),
    )

    assert sealed.found() == [("event_inserted", 20, 20)]


def test_events_that_were_put_before_all_others_or_twice_are_named(sealed: SealedShop) -> None:
    sealed.meddle(
        "alter table log.events drop constraint events_pkey",
        "alter table log.events drop constraint events_position_check",
        INSERT.format(0),
        INSERT.format(9).replace("order-x", "order-y"),
    )

    assert {("event_inserted", 0, 0), ("event_inserted", 9, 9)} <= set(sealed.found())


def test_events_and_answers_where_no_number_can_be_are_named(sealed: SealedShop) -> None:
    """They count for whoever reads a stream, wherever in the log they stand."""
    lowest = -(2**63)
    for change in (
        "alter table log.events drop constraint events_pkey",
        "alter table log.events drop constraint events_position_check",
        "alter table log.events alter position drop not null",
        INSERT.format(lowest),
        INSERT.format("null").replace("order-x", "order-y"),
        "alter table log.commands alter number drop not null",
        ANSWER.format(lowest),
        ANSWER.format("null"),
    ):
        sealed.meddle(change)

    assert sealed.found() == [
        ("event_inserted", lowest, lowest),
        ("command_inserted", lowest, lowest),
        ("event_inserted", None, None),
        ("command_inserted", None, None),
    ]


def test_swapped_events_are_named(sealed: SealedShop) -> None:
    sealed.meddle(
        "update log.events set position = 999 where position = 11",
        "update log.events set position = 11 where position = 25",
        "update log.events set position = 25 where position = 999",
    )

    assert sealed.found() == [("events_swapped", 11, 25)]


def test_neighbours_that_changed_places_are_named(sealed: SealedShop) -> None:
    sealed.meddle(
        "update log.events set position = 999 where position = 11",
        "update log.events set position = 11 where position = 12",
        "update log.events set position = 12 where position = 999",
    )

    assert sealed.found() == [("events_swapped", 11, 12)]


def test_a_log_that_was_cut_off_is_named(sealed: SealedShop) -> None:
    end = sealed.end()
    sealed.meddle(f"delete from log.events where position > {end - 8}")  # noqa: S608 - our own words

    found = [one for one in sealed.found() if one[0] != "command_missing"]

    assert found == [("event_missing", end - 7, end)]


def test_a_log_that_was_cut_off_with_its_seal_is_found_by_the_witness(sealed: SealedShop) -> None:
    end = sealed.end()
    last = sealed.system.audit.last_head()
    assert last is not None
    size = sealed.system.audit.heads(last.head.number - 2, 1)[0].head.events.size
    sealed.meddle(
        f"delete from audit.leaves where head = {last.head.number}",  # noqa: S608 - our own words
        f"delete from audit.heads where number = {last.head.number}",  # noqa: S608 - our own words
        f"delete from log.events where position > {size}",  # noqa: S608 - our own words
        "delete from log.commands where number > (select max(last_command) from audit.heads)",
    )

    assert sealed.verify().is_intact  # This is why heads are held outside.
    assert sealed.found(witness=sealed.witness) == [("event_missing", size + 1, end)]


def test_who_has_the_key_and_rewrites_everything_is_found_by_the_witness(
    sealed: SealedShop,
) -> None:
    """The whole seal is made anew over an altered event, with the very key of the shop."""
    sealed.meddle(
        "update log.events set payload = payload || ' ' where position = 17",
        "truncate audit.leaves, audit.nodes, audit.heads, audit.keys cascade",
    )
    sealed.witness.rename(sealed.witness.with_suffix(".held"))
    sealed.seal()

    assert sealed.verify().is_intact
    (found,) = sealed.verify(witness=sealed.witness.with_suffix(".held")).findings
    assert found.kind == "log_rewritten"
    assert found.first is not None
    assert found.last is not None
    assert found.first <= 17 <= found.last


def test_an_event_that_was_altered_with_its_leaf_is_named_by_the_head_over_it(
    sealed: SealedShop,
) -> None:
    sealed.meddle("update log.events set payload = payload || ' ' where position = 40")
    leaf = sealed.system.audit.rows("events", 39, 40).hashes[0]
    sealed.meddle(
        f"update audit.leaves set hashes = overlay(hashes placing '\\x{leaf.hex()}'::bytea"  # noqa: S608 - our own words
        " from (39 - first)::integer * 32 + 1 for 32)"
        " where tree = 'events' and 39 between first and first + length(hashes) / 32 - 1"
    )
    over = sealed.system.audit.head_over(40)
    assert over is not None
    before = sealed.system.audit.heads(over.head.number - 2, 1)[0]

    assert sealed.found() == [
        ("events_changed", before.head.events.size + 1, over.head.events.size)
    ]


SEAL_CHANGES = (
    ("head_forged", "update audit.heads set root = previous where number = 2"),
    ("head_forged", "update audit.heads set signature = sha512('x') where number = 2"),
    ("head_forged", "update audit.heads set sealed_at = now() where number = 2"),
    ("head_forged", "update audit.heads set log_id = gen_random_uuid() where number = 2"),
    ("head_forged", "update audit.heads set epoch = 2 where number = 2"),
    ("head_forged", "update audit.heads set last_command = last_command - 1 where number = 2"),
    ("head_forged", "update audit.heads set commands_root = root where number = 2"),
    ("head_forged", "update audit.heads set previous = root where number = 1"),
    ("head_missing", "delete from audit.heads where number = 2"),
    ("head_missing", "delete from audit.heads where number = 1"),
    ("key_unknown", "update audit.keys set public_key = sha256('x')"),
    ("seal_altered", "update audit.leaves set hashes = sha256('x') || substring(hashes from 33)"),
    ("seal_altered", "delete from audit.leaves where head = 2"),
)


def test_what_was_changed_of_the_seal_is_found(sealed: SealedShop) -> None:
    for kind, change in SEAL_CHANGES:
        with sealed.undone("audit.keys", "audit.heads", "audit.leaves"):
            sealed.meddle(change)

            assert kind in {found for found, *_ in sealed.found()}, change
    assert sealed.verify(witness=sealed.witness).is_intact


def test_an_altered_node_is_found(shop: SealedShop) -> None:
    shop.act(300)
    shop.seal(replace(AT_ONCE, most=100))
    shop.meddle("update audit.nodes set hash = sha256('x') where level = 8 and tree = 'events'")

    assert [kind for kind, *_ in shop.found()] == ["seal_altered"]


def test_an_altered_answer_of_a_command_is_named_whatever_of_it_was_altered(
    sealed: SealedShop,
) -> None:
    places = range(8, 8 + 2 * len(ANSWERS), 2)
    sealed.meddle(
        *(
            f"update log.commands set {change} where number = {number}"  # noqa: S608 - our own words
            for change, number in zip(ANSWERS, places, strict=True)
        )
    )

    assert sealed.found() == [("command_altered", place, place) for place in places]


def test_answers_that_were_removed_or_added_are_named(sealed: SealedShop) -> None:
    sealed.meddle(
        "delete from log.commands where number = 9",
        ANSWER.format(0),
    )

    assert sealed.found() == [("command_inserted", 0, 0), ("command_missing", 9, 9)]


DEFINITION_CHANGES = (
    (
        "altered",
        "update log.definitions set content_hash = 'x' where kind = 'path' and name = 'shop'",
    ),
    (
        "altered",
        "update log.definitions set body = replace(body::text, 'New', 'Old')::json"
        " where kind = 'path' and name = 'shop'",
    ),
    (
        "altered",
        "update log.definitions set recorded_at = now() where kind = 'path' and name = 'shop'",
    ),
    ("missing", "delete from log.definitions where kind = 'path' and name = 'shop'"),
    (
        "inserted",
        "insert into log.definitions select kind, name, version + 1, content_hash, body,"
        " recorded_at from log.definitions where kind = 'path' and name = 'shop'",
    ),
    ("altered", "update log.path_statuses set stage_no = 7 where path = 'shop'"),
)


def test_a_definition_that_is_not_what_its_event_published_is_named(sealed: SealedShop) -> None:
    for kind, change in DEFINITION_CHANGES:
        with sealed.undone("log.definitions", "log.path_statuses"):
            sealed.meddle(change)

            findings = sealed.verify().findings

        kinds = {one.kind for one in findings}
        assert f"definition_{kind}" in kinds <= {f"definition_{kind}", "definition_altered"}, change
        assert all("path shop" in one.message for one in findings), change
    assert sealed.verify().is_intact


def test_a_part_of_the_log_is_checked_alone(sealed: SealedShop) -> None:
    sealed.meddle("update log.events set payload = payload || ' ' where position = 40")

    first = sealed.verify(first=1, last=10)
    second = sealed.verify(first=38, last=45)

    assert (first.findings, first.first) == ((), 1)
    assert first.last < 40
    assert [one.first for one in second.findings] == [40]
    assert second.first > 1
    for nowhere in ({"last": 1_000}, {"first": 9, "last": 8}):
        with pytest.raises(Unusable, match="is sealed"):
            sealed.verify(**nowhere)


@contextmanager
def forgetting(shop: SealedShop) -> Iterator[SealedShop]:
    """Open the shop with default settings: no witness but the small one of the data folder."""
    settings = shop.system.settings.model_copy(update={"witness_file": None})
    with open_system(settings) as system:
        log_id = system.log.head().log_id
        yield SealedShop(system, shop.orders, own_witness(settings.data_dir, log_id))


def hide(shop: SealedShop, *more: str) -> None:
    """Alter a sealed event, and cut off all heads over it, so that others are made in their place.

    Whoever does so has the database, and no key.
    """
    shop.meddle(
        "update log.events set payload = payload || ' ' where position = 40",
        "delete from audit.leaves where head > (select max(number) from audit.heads"
        " where size < 40)",
        "delete from audit.heads where number > (select max(number) from audit.heads"
        " where size < 40)",
        *more,
    )


def refuses(sealer: Sealer) -> bool:
    with pytest.raises(InfraError, match="audit verify --witness") as told:
        sealer.step()
    return told.value.code == "witness_ahead"


def heads_of(shop: SealedShop) -> int:
    last = shop.system.audit.last_head()
    return 0 if last is None else last.head.number


def test_a_sealer_that_runs_signs_nothing_over_a_change_that_heads_were_cut_off_for(
    sealed: SealedShop,
) -> None:
    """It remembers, whatever became of its witness, and until somebody says what it was."""
    with forgetting(sealed) as shop:
        sealer = shop.system.sealer(AT_ONCE)
        shop.act(1)
        assert sealer.step()
        hide(shop)
        shop.witness.unlink()
        kept = heads_of(shop)

        assert refuses(sealer)
        shop.act(30)
        assert refuses(sealer)
        assert heads_of(shop) == kept
        assert not shop.witness.exists()

        assert say_restored(shop.system) == (2, True)
        assert sealer.step()
        assert heads_of(shop) == kept + 1


def test_a_sealer_that_was_started_anew_remembers_by_the_file_of_its_data_folder(
    sealed: SealedShop,
) -> None:
    with forgetting(sealed) as shop:
        shop.act(1)
        shop.seal()
        hide(shop)
        kept = heads_of(shop)
    with forgetting(sealed) as again:
        assert refuses(again.system.sealer(AT_ONCE))
        again.act(30)
        assert refuses(again.system.sealer(AT_ONCE))
        assert heads_of(again) == kept
        assert "event_altered" not in {kind for kind, *_ in again.found()}
        assert "log_rewritten" in {kind for kind, *_ in again.found(witness=again.witness)}


def test_without_memory_and_witness_heads_are_made_anew_which_only_those_outside_tell(
    sealed: SealedShop,
) -> None:
    """The window that docs/audit.md states."""
    with forgetting(sealed) as shop:
        shop.seal()
        hide(shop)
        shop.witness.unlink(missing_ok=True)
    with forgetting(sealed) as again:
        assert again.seal() > 0
        assert again.verify().is_intact
        assert "log_rewritten" in {kind for kind, *_ in again.found(witness=sealed.witness)}


EXCUSES = {
    "an epoch that nobody signed": ("update log.head set epoch = 2",),
    "a restore that is not signed": (
        "insert into audit.restores select 2, log_id, 0, now(), key_id, sha512('x')"
        " from audit.heads limit 1",
        "update log.head set epoch = 2",
    ),
    "another log": ("update log.head set log_id = gen_random_uuid()",),
    "no heads at all": ("truncate audit.leaves, audit.nodes, audit.heads cascade",),
    "heads that are not signed": (
        "insert into audit.heads select (jsonb_populate_record(h, jsonb_build_object("
        "'number', h.number + n, 'signature', sha512('x')::text, 'size', h.size + n))).*"
        " from audit.heads h, generate_series(1, 6) n"
        " where h.number = (select max(number) from audit.heads)",
    ),
}


@pytest.mark.parametrize("excuse", EXCUSES)
def test_whoever_cannot_sign_has_no_excuse_for_heads_that_are_gone(
    sealed: SealedShop, excuse: str
) -> None:
    running = sealed.system.sealer(AT_ONCE)
    running.step()
    hide(sealed, *EXCUSES[excuse])

    assert refuses(running)
    assert refuses(sealed.system.sealer(AT_ONCE))


def test_heads_that_nobody_signed_behind_the_known_one_are_not_gone_on_from(
    sealed: SealedShop,
) -> None:
    running = sealed.system.sealer(AT_ONCE)
    running.step()
    before = sealed.witness.read_bytes()
    sealed.meddle(*EXCUSES["heads that are not signed"])

    assert refuses(running)
    assert sealed.witness.read_bytes() == before
