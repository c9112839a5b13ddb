"""What auditors ask of the log is found by an index, in bounded pages, whatever is in it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from domain.callers import AttemptsFlooded
from domain.catalog import EVENTS
from domain.messages import Event
from domain.orders import events as e
from infra.acts import _OF_ACTOR, Acts
from infra.event_log import EventLog
from services.acts import LAST, Wanted, list_acts
from services.audited_day import Day, report_day
from tests.support import examples

BEGIN: Final = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
NOTE: Final = e.NoteAdded.NAME
ERASED: Final = "customer.erased.v1"
MINUTE: Final = timedelta(minutes=1)


class Writer:
    """Writes rows as an owner, who may choose when the log took them."""

    def __init__(self, owner: psycopg.Connection[Any]) -> None:
        self._owner = owner
        self.position = 0

    def write(self, event: Event, recorded_at: datetime, **said: Any) -> int:
        """Write one event of a stream of its own; give its position."""
        self.position += 1
        row: dict[str, Any] = {
            "position": self.position,
            "stream_id": f"order-{self.position}",
            "version": 1,
            "shard": 0,
            "type": event.NAME,
            "payload": event.model_dump_json(exclude_none=True).encode(),
            "command_id": uuid4(),
            "correlation_id": uuid4(),
            "actor_kind": "user",
            "actor_id": "ann",
            "source": "test",
            "occurred_at": recorded_at,
            "recorded_at": recorded_at,
        } | said
        names = sql.SQL(", ").join(map(sql.Identifier, row))
        holes = sql.SQL(", ").join(map(sql.Placeholder, row))
        self._owner.execute(
            sql.SQL("insert into log.events ({}) values ({})").format(names, holes), row
        )
        return self.position


@pytest.fixture
def writer(owner: psycopg.Connection[Any]) -> Writer:
    return Writer(owner)


@pytest.fixture
def acts(log: EventLog) -> Acts:
    return Acts(log)


def positions(acts: Acts, actor: str, limit: int = 100, **more: Any) -> list[int]:
    return [one["position"] for one in list_acts(acts, Wanted(actor, limit=limit, **more))["acts"]]


def report(acts: Acts, day: date, zone: str = "UTC", limit: int = 100) -> dict[str, Any]:
    late = timedelta(hours=1)
    now = datetime(2027, 1, 1, tzinfo=UTC)
    return report_day(acts, Day(day, ZoneInfo(zone)), now=now, late=late, limit=limit)


def test_the_first_event_since_a_moment_is_the_one_that_a_look_at_every_row_finds(
    acts: Acts, writer: Writer
) -> None:
    assert acts.first_since(BEGIN) == 1

    times = [BEGIN + (number // 3) * MINUTE for number in range(40)]
    for at in times:
        writer.position += 5 * (writer.position == 20)  # a hole, as in a damaged log
        writer.write(e.NoteAdded(text="x"), at)
    known = [at for number, at in enumerate(times) for _ in range(6 if number == 20 else 1)]

    for seconds in range(-60, 15 * 60, 20):
        moment = BEGIN + timedelta(seconds=seconds)
        expected = sum(at < moment for at in known) + 1
        assert acts.first_since(moment) in {expected, expected + 5 * (expected == 21)}


def test_d4_what_somebody_did_is_found_by_an_index_however_long_the_log_is(
    acts: Acts, owner: psycopg.Connection[Any]
) -> None:
    owner.execute(
        "insert into log.events (position, stream_id, version, shard, type, payload, command_id,"
        " correlation_id, actor_kind, actor_id, on_behalf_of, source, occurred_at, recorded_at)"
        " select n, 'order-' || n, 1, 0, %s, convert_to('{\"text\": \"x\"}', 'UTF8'),"
        " gen_random_uuid(), gen_random_uuid(), 'user', case when n %% 5000 = 0 then 'rare'"
        " else 'often' end, case when n %% 4000 = 0 then 'rare' end, 'test', now(), now()"
        " from generate_series(1, 20000) n",
        [NOTE],
    )
    owner.execute("analyze log.events")
    for actor in ("rare", "often"):
        asked = {
            "actor": actor, "kind": "user", "streams": ["caller-user:rare"], "first": 1,
            "before": LAST, "limit": 10, "most_bytes": 1_000,
        }  # fmt: skip
        plan = owner.execute("explain " + _OF_ACTOR, asked).fetchall()
        assert not [line for (line,) in plan if "Seq Scan" in line], plan

    assert positions(acts, "rare") == [20000, 16000, 15000, 12000, 10000, 8000, 5000, 4000]
    assert positions(acts, "often", limit=2) == [19999, 19998]


def test_d4_who_was_turned_away_in_a_flood_is_told_with_what_he_did(
    acts: Acts, writer: Writer
) -> None:
    flood = AttemptsFlooded(
        caller_kind="user", caller_id="eva", minute=BEGIN, refused=600, turned_away=7
    )
    by_us = {"actor_kind": "system", "actor_id": "orderpath"}
    writer.write(flood, BEGIN, stream_id="caller-user:eva", **by_us)

    (told,) = list_acts(acts, Wanted("eva"))["acts"]

    assert (told["outcome"], told["what"]) == (
        "refused",
        "7 turned away behind 600 refused ones",
    )
    assert positions(acts, "eva", kind="api_key") == []


def test_pages_of_large_events_are_short_and_still_lead_to_the_last_one(
    acts: Acts, writer: Writer
) -> None:
    many = e.FieldsChanged(changed=("x" * 200,) * 15_000)
    for _ in range(3):
        writer.write(many, BEGIN)

    found: list[int] = []
    before: int | None = None
    while True:
        page = list_acts(acts, Wanted("ann", before=before))
        assert len(page["acts"]) == 1
        found += [one["position"] for one in page["acts"]]
        before = page["next"]
        if before is None:
            break

    assert found == [3, 2, 1]


def test_what_cannot_be_read_is_told_nonetheless(acts: Acts, writer: Writer) -> None:
    writer.write(e.NoteAdded(text="x"), BEGIN, payload=b"{")

    (told,) = list_acts(acts, Wanted("ann"))["acts"]

    assert (told["position"], told["event"], told["actor"]) == (1, NOTE, None)
    assert told["error"]


def test_a_day_holds_what_the_log_took_from_its_first_moment_up_to_the_next_ones(
    acts: Acts, writer: Writer
) -> None:
    """The 29th of March 2026 in Berlin has 23 hours: from 23:00 to 22:00 UTC."""
    flag = e.TestFlagChanged(test=True)
    begins = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    ends = datetime(2026, 3, 29, 22, 0, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    for at in (begins - moment, begins, ends - moment, ends):
        writer.write(flag, at)

    answer = report(acts, date(2026, 3, 29), "Europe/Berlin")

    assert (answer["first_position"], answer["last_position"], answer["events"]) == (2, 3, 2)
    assert at_(answer, "test_flags") == [3, 2]
    assert report(acts, date(2026, 3, 31))["first_position"] is None


def test_a_fact_is_late_if_the_log_took_it_so_much_after_it_happened_and_no_decision_is(
    acts: Acts, writer: Writer
) -> None:
    hour, note = timedelta(hours=1), e.NoteAdded(text="x")
    told: Sequence[tuple[timedelta, Any]] = (
        (hour, uuid4()), (hour + MINUTE, uuid4()), (hour + MINUTE, None),
    )  # fmt: skip
    for later, fact_id in told:
        writer.write(note, BEGIN, occurred_at=BEGIN - later, fact_id=fact_id)

    answer = report(acts, BEGIN.date())

    assert at_(answer, "late_facts") == [2]


def test_imported_facts_are_counted_as_late_and_leave_the_list_to_the_others(
    acts: Acts, writer: Writer
) -> None:
    past = {"occurred_at": BEGIN - timedelta(days=300)}
    writer.write(e.NoteAdded(text="x"), BEGIN, fact_id=uuid4(), **past)
    for _ in range(3):
        by = {"actor_kind": "import", "actor_id": "olist", "fact_id": uuid4()}
        writer.write(e.NoteAdded(text="x"), BEGIN, **by, **past)

    section = report(acts, BEGIN.date(), limit=2)["sections"]["late_facts"]

    assert section["total"] == 4
    assert [one["position"] for one in section["listed"]] == [1]
    assert [(one["id"], one["times"]) for one in section["by"]] == [("olist", 3), ("ann", 1)]


def test_a_later_version_of_an_event_is_in_the_same_section(acts: Acts, writer: Writer) -> None:
    writer.write(e.TestFlagChanged(test=True), BEGIN, type="order.test_flag_changed.v12")

    counted = acts.counted(range(1, 2), {"order.test_flag_changed": "test_flags"}, MINUTE)

    assert counted == [("test_flags", "user", "ann", None, 1)]


@pytest.mark.skipif(ERASED not in EVENTS, reason="nobody is erased in this version")
def test_d4_the_day_tells_who_was_erased_and_by_whom(acts: Acts, writer: Writer) -> None:
    erased = examples.EVENTS[ERASED]
    writer.write(erased, BEGIN, stream_id="customer-c-7")

    (told,) = report(acts, BEGIN.date())["sections"]["erasures"]["listed"]

    assert (told["actor"]["id"], told["stream"]) == ("ann", "customer-c-7")


OF_EACH: Final = {
    "overrides": {"order.override_used.v1"},
    "refusals": {"attempt.refused.v1"},
    "turned_away": {"attempt.flood.v1"},
    "late_facts": set[str](),  # not by its name: any that is a fact, and was recorded late
    "corrections": {"order.fact_annulled.v1"},
    "erasures": {ERASED},
    "test_flags": {"order.test_flag_changed.v1"},
}


def test_d4_of_all_events_that_there_are_each_section_of_a_day_lists_its_own_and_no_other(
    acts: Acts, writer: Writer
) -> None:
    names = {}
    for event in examples.EVENTS.values():
        names[writer.write(event, BEGIN)] = event.NAME
    late = {"fact_id": uuid4(), "occurred_at": BEGIN - 2 * timedelta(hours=1)}
    late_at = writer.write(e.NoteAdded(text="x"), BEGIN, **late)

    sections = report(acts, BEGIN.date())["sections"]

    listed = {
        section: {names[one["position"]] for one in told["listed"] if one["position"] != late_at}
        for section, told in sections.items()
    }
    assert listed == OF_EACH
    assert [one["position"] for one in sections["late_facts"]["listed"]] == [late_at]
    assert {name: told["total"] for name, told in sections.items()} == dict.fromkeys(OF_EACH, 1)


def at_(answer: dict[str, Any], section: str) -> list[int]:
    """Give where the listed events of a section stand."""
    return [one["position"] for one in answer["sections"][section]["listed"]]
