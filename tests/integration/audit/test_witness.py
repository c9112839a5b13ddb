"""A witness holds heads outside of the database, whatever happens to sealer, file or log."""

import pytest

from domain.refusals import InfraError, Unusable
from services.audit.restoring import say_restored
from services.audit.witness_file import WitnessFile, read_witness
from services.bootstrap import raise_epoch
from tests.integration.audit.sealed import AT_ONCE, SealedShop


def held(shop: SealedShop) -> list[int | None]:
    """Number the heads of the witness, None: a line that is no head."""
    lines = read_witness(shop.witness)
    return [None if one is None else one.signed.head.number for _, one in lines]


def cut_back(shop: SealedShop, heads: int) -> None:
    """Bring log and seal back to what a backup had: all up to a head."""
    last = shop.system.audit.heads(heads - 1, 1)[0].head
    shop.meddle(
        f"delete from audit.leaves where head > {heads}",  # noqa: S608 - our own words
        f"delete from audit.heads where number > {heads}",  # noqa: S608 - our own words
        f"delete from log.commands where number > {last.last_command}",  # noqa: S608 - our own words
        f"delete from log.events where position > {last.events.size}",  # noqa: S608 - our own words
    )


def test_a_witness_takes_every_head_once_also_those_from_before_it_was_there(
    sealed: SealedShop,
) -> None:
    assert held(sealed) == [1, 2, 3]
    sealed.witness.unlink()

    sealed.act(1)
    sealed.seal()
    sealed.seal()

    assert held(sealed) == [1, 2, 3, 4]
    assert sealed.verify(witness=sealed.witness).is_intact


@pytest.mark.parametrize("left", [1, 40, 700])
def test_a_line_that_a_crash_left_unfinished_is_written_again_behind_it(
    sealed: SealedShop, left: int
) -> None:
    *lines, last = sealed.witness.read_bytes().splitlines(keepends=True)
    sealed.witness.write_bytes(b"".join([*lines, last[: min(left, len(last) - 2)]]))

    sealed.act(1)
    sealed.seal()

    assert held(sealed) == [1, 2, 3, 4]
    assert len(sealed.witness.read_bytes().splitlines()) == 5
    assert sealed.verify(witness=sealed.witness).is_intact


@pytest.mark.parametrize("change", ["size", "note", "spoiled"])
def test_a_line_that_somebody_changed_is_found(sealed: SealedShop, change: str) -> None:
    first, second, third = sealed.witness.read_text().splitlines()
    spoiled = {
        "size": second.replace("head 2", "head 7"),
        "note": second.replace("epoch 1", "epoch 0"),
        "spoiled": "{}",
    }
    sealed.witness.write_text("\n".join([first, spoiled[change], third, ""]))

    assert "witness_unreadable" in {kind for kind, *_ in sealed.found(witness=sealed.witness)}


def test_a_sealer_stops_where_the_witness_holds_what_the_log_does_not(sealed: SealedShop) -> None:
    cut_back(sealed, 2)
    sealed.act(2)

    with pytest.raises(InfraError, match="orderpath log restored") as told:
        sealed.seal()

    assert told.value.code == "witness_ahead"


def grow(shop: SealedShop) -> None:
    """Append and seal twice, past what was there before."""
    for many in (9, 1):
        shop.act(many)
        shop.seal()


def test_a_restore_that_was_announced_is_no_finding_and_what_is_gone_is_told(
    sealed: SealedShop,
) -> None:
    before, end = sealed.system.audit.heads(1, 1)[0].head.events.size, sealed.end()
    old = sealed.witness.read_bytes()
    cut_back(sealed, 2)

    assert say_restored(sealed.system) == (2, True)

    with sealed.reopened() as again:
        told_at_once = again.verify(witness=again.witness)
        grow(again)
        assert held(again) == [1, 2, 3, 3, 4]
        assert again.verify().is_intact
        of_before = again.witness.with_suffix(".before")
        of_before.write_bytes(old)
        reports = [told_at_once, *(again.verify(witness=at) for at in (again.witness, of_before))]
    for report in reports:
        assert report.findings == ()
        (gone,) = report.restores
        assert (gone.kind, gone.first, gone.last) == ("log_restored", before + 1, end)


def test_a_restore_that_nobody_signed_is_told_at_every_check_until_it_is_said_where_the_key_is(
    sealed: SealedShop,
) -> None:
    before, end = sealed.system.audit.heads(1, 1)[0].head.events.size, sealed.end()
    cut_back(sealed, 2)
    raise_epoch(sealed.system.url)
    with sealed.reopened() as again:
        again.act(9)
        assert again.found(witness=again.witness) == [("log_restored", before + 1, end)]
        with pytest.raises(InfraError, match="orderpath log restored"):
            again.seal()

        assert say_restored(again.system) == (3, True)

        assert again.seal() == 1
        assert again.verify(witness=again.witness).is_intact


def test_without_the_key_a_restore_counts_unsigned(sealed: SealedShop) -> None:
    for file in sealed.system.seal_keys.folder.iterdir():
        file.unlink()

    assert say_restored(sealed.system) == (2, False)
    assert sealed.system.audit.restores() == []


def test_an_announced_restore_hides_no_cut_that_was_not(sealed: SealedShop) -> None:
    """Neither one after it, nor one that goes behind what it kept; nor with a statement forged."""
    cut_back(sealed, 2)
    say_restored(sealed.system)
    with sealed.reopened() as again:
        grow(again)
        (first, *_), end = again.system.audit.heads(0, 1), again.end()
        for heads in (3, 1):
            with again.undone("log.events", "log.commands", "audit.leaves", "audit.heads"):
                cut_back(again, heads)
                kept = again.end()
                found = again.found(witness=again.witness)
                assert ("event_missing", kept + 1, end) in found, heads
        statement = (
            "insert into audit.restores select 9, log_id, 1, now(), key_id, sha512('x')"
            " from audit.heads limit 1"
        )
        with again.undone("log.events", "log.commands", "audit.leaves", "audit.heads"):
            cut_back(again, 3)
            again.meddle(statement, "update log.head set epoch = 9")
            kinds = {kind for kind, *_ in again.found(witness=again.witness)}
        assert {"restore_forged", "log_restored"} <= kinds
        assert first.head.number == 1


def test_a_backup_that_knows_nothing_of_a_restore_gets_no_epoch_a_second_time(
    sealed: SealedShop,
) -> None:
    say_restored(sealed.system)
    with sealed.reopened() as again:
        grow(again)
        again.meddle("update log.head set epoch = 1")
        cut_back(again, 2)
        again.meddle("delete from audit.restores")

        assert say_restored(again.system) == (3, True)

        assert again.verify(witness=again.witness).is_intact


def test_a_restore_that_nobody_told_of_is_found_though_the_log_has_grown_past_it(
    sealed: SealedShop,
) -> None:
    cut_back(sealed, 2)
    kept = sealed.end()
    sealed.witness.rename(sealed.witness.with_suffix(".held"))
    with sealed.reopened() as again:
        again.act(20)
        again.seal()

        (found,) = again.verify(witness=again.witness.with_suffix(".held")).findings
    assert (found.kind, found.first) == ("log_rewritten", kept + 1)


def test_a_log_that_was_given_another_id_is_not_what_its_witness_holds(sealed: SealedShop) -> None:
    sealed.meddle(
        "truncate audit.leaves, audit.nodes, audit.heads cascade",
        "update log.head set log_id = gen_random_uuid()",
    )

    assert sealed.found(witness=sealed.witness) == [
        ("head_missing", None, None),
        ("log_rewritten", None, None),
    ]


def test_a_witness_that_is_not_there_cannot_be_asked(sealed: SealedShop) -> None:
    with pytest.raises(Unusable, match="cannot be read"):
        sealed.verify(witness=sealed.witness.with_suffix(".nowhere"))


def test_the_small_witness_of_the_data_folder_keeps_the_newest_heads(sealed: SealedShop) -> None:
    path = sealed.witness.with_name("small.jsonl")
    small = WitnessFile(path, sealed.system.seal_store, most_bytes=4_000)
    for _ in range(6):
        small.keep_up()
        sealed.act(1)
        sealed.seal()
    small.keep_up()

    numbers = [one.signed.head.number for _, one in read_witness(path) if one is not None]
    assert path.stat().st_size <= 4_000
    assert numbers == list(range(numbers[0], 10))
    assert 1 < len(numbers) < 9
    assert sealed.verify(witness=path).is_intact
    assert [one.name for one in path.parent.glob("small*")] == ["small.jsonl"]


def test_a_disk_of_the_witness_that_is_away_stops_no_head_and_is_made_up_for(
    sealed: SealedShop,
) -> None:
    away = sealed.witness.parent.rename(sealed.witness.parent.with_suffix(".away"))
    sealed.witness.parent.write_text("no folder")
    sealed.act(1)
    sealer = sealed.system.sealer(AT_ONCE)
    with pytest.raises(InfraError) as told:
        sealer.step()
    assert told.value.code == "witness_unusable"
    last = sealed.system.audit.last_head()
    assert last is not None
    assert last.head.events.size == sealed.end()

    sealed.witness.parent.unlink()
    away.rename(sealed.witness.parent)
    sealer.step()

    assert held(sealed) == [1, 2, 3, 4]
