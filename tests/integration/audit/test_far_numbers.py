"""One number that was made huge is named, and soon: no check counts up to what a row says."""

from threading import Thread
from typing import Any

import pytest

from domain.refusals import InfraError
from services.audit.bundle import Part, export_bundle
from services.questions.sealed import AuditProofs, proofs
from tests.integration.audit.sealed import SealedShop
from tests.integration.audit.test_tampering import ANSWER
from tests.support.waiting import ROOM_SECONDS

FAR = 2**62


def found_soon(shop: SealedShop, **wish: Any) -> list[tuple[str, int | None, int | None]]:
    told: list[list[tuple[str, int | None, int | None]]] = []
    checking = Thread(target=lambda: told.append(shop.found(**wish)), daemon=True)
    checking.start()
    checking.join(ROOM_SECONDS)  # Counting up to FAR takes years.
    assert told, "it does not end"
    return told[0]


def test_an_event_whose_position_is_far_away_is_named(sealed: SealedShop) -> None:
    end = sealed.end()
    sealed.meddle(f"update log.events set position = {FAR} where position = 17")  # noqa: S608 - our own words

    assert found_soon(sealed) == [("event_missing", 17, 17), ("event_missing", end + 1, FAR - 1)]
    assert found_soon(sealed, first=1, last=20) == [("event_missing", 17, 17)]


@pytest.mark.parametrize("far", [FAR, 2**63 - 1])
def test_an_answer_whose_number_is_far_away_is_named(sealed: SealedShop, far: int) -> None:
    sealed.meddle(f"update log.commands set number = {far} where number = 7")  # noqa: S608 - our own words

    assert ("command_missing", 7, 7) in found_soon(sealed)


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("column", ["size", "commands_size", "last_command"])
def test_a_head_that_holds_more_than_there_can_be_is_named(
    sealed: SealedShop, column: str, number: int
) -> None:
    sealed.meddle(f"update audit.heads set {column} = {FAR} where number = {number}")  # noqa: S608 - our own words

    assert "head_forged" in {kind for kind, *_ in found_soon(sealed, witness=sealed.witness)}


def test_what_is_missing_behind_the_last_head_is_named_in_spans(sealed: SealedShop) -> None:
    end = sealed.end()
    sealed.act(9)
    sealed.meddle(f"delete from log.events where position in ({end + 1}, {end + 4}, {end + 5})")  # noqa: S608 - our own words

    report = sealed.verify()

    missing = [one for one in report.findings if one.kind == "event_missing"]
    assert [(one.first, one.last) for one in missing] == [(end + 1, end + 1), (end + 4, end + 5)]
    assert report.unsealed == 6
    assert all("not sealed yet" in one.message for one in missing)


def test_a_page_has_all_rows_that_share_its_last_number(sealed: SealedShop) -> None:
    sealed.meddle(
        "alter table log.events drop constraint events_pkey",
        "insert into log.events select position, 'order-x', 1, shard, type, payload, null, null,"
        " null, gen_random_uuid(), correlation_id, null, actor_kind, actor_id, null, null, source,"
        " occurred_at, recorded_at from log.events where position = 8",
    )

    assert sealed.system.audit.page("events", 5, 3).numbers == [6, 7, 8, 8]
    assert ("event_inserted", 8, 8) in sealed.found()


def test_nothing_is_sealed_up_to_a_number_that_no_answer_was_given(sealed: SealedShop) -> None:
    """All answers from then on would lie before it, and be in no head."""
    before = sealed.system.audit.last_head()
    sealed.meddle(ANSWER.format(FAR))
    sealed.act(3)

    with pytest.raises(InfraError, match=str(FAR)) as told:
        sealed.seal()

    assert told.value.code == "seal_damaged"
    assert sealed.system.audit.last_head() == before
    assert [kind for kind, *_ in found_soon(sealed)] == ["command_inserted"]
    sealed.meddle(f"delete from log.commands where number = {FAR}")  # noqa: S608 - our own words
    assert sealed.seal() == 1
    assert sealed.verify(witness=sealed.witness).is_intact


def test_no_order_is_proven_whose_events_are_not_all_where_they_were(sealed: SealedShop) -> None:
    stream = f"order-{sealed.orders[0]}"
    sealed.meddle(
        "update log.events set position = position + 1000"  # noqa: S608 - our own words
        f" where stream_id = '{stream}' and version = 3"
    )

    with pytest.raises(InfraError) as told:
        proofs(sealed.system, AuditProofs(order=str(sealed.orders[0])))
    with pytest.raises(InfraError) as bundled:
        export_bundle(sealed.system.audit, Part(stream_id=stream))

    assert (told.value.code, bundled.value.code) == ("seal_damaged", "seal_damaged")
