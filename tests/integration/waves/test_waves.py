"""P31: at fixed hours all orders that have accumulated are asked, once, with a result for each."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from domain.bulk import BatchOrder, command_id_of
from domain.messages import Recorded
from domain.orders.events import StatusChanged
from domain.paths.calendar_line import PublishCalendar
from domain.paths.calendar_line import stream_of as stream_of_calendar
from domain.paths.calendars import Calendar
from domain.sights import Region, Sight, seen_by
from domain.waves.commands import BeginWave
from domain.waves.events import stream_of
from infra.event_log import EventLog
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.questions.hours import ShowWave, wave
from services.reading import order_now
from services.wave_clock import WaveClock
from services.waves import known_wave, runs_of, trial_of
from tests.integration.waves.shop import TEN, TWO, Shop, by
from tests.support.examples import NOW, WAVE
from tests.support.loads import move

BERLIN = {
    "calendar": "shop",
    "zone": "Europe/Berlin",
    "hours": {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")},
    "holidays": {"2026-03-03": "Day of rest"},
}


def test_p31_at_each_of_its_hours_a_wave_takes_the_orders_that_have_accumulated(shop: Shop) -> None:
    shop.publish()
    early = shop.place(3)
    assert shop.work() == 0

    shop.at(TEN)
    assert shop.work() == 1
    assert shop.work() == 0
    late = shop.place(2)
    shop.at(TWO)
    assert shop.work() == 1

    assert shop.moved() == dict.fromkeys([*early, *late], 1)
    assert [begun.due_at for begun in shop.begun()] == [TEN, TWO]
    told = [(one.orders, one.accepted, one.refused) for one in shop.finished()]
    assert told == [(3, 3, 0), (2, 2, 0)]


def test_p31_orders_of_a_wave_carry_its_batch_its_version_and_why(shop: Shop) -> None:
    shop.publish(roles=["warehouse"])
    (order_id,) = shop.place(1)
    shop.at(TEN)
    shop.work()

    moved = _last_move(shop, order_id)
    (begun,) = shop.begun()
    assert moved.correlation_id == begun.batch_id
    assert moved.command_id == command_id_of(begun.batch_id, order_id)
    assert (moved.actor_kind, moved.actor_id, moved.source) == (
        "clock",
        "to_work",
        "wave:to_work:1",
    )
    assert moved.reason == "The wave of the hour"
    assert begun.actor.roles == ("warehouse",)


class ListeningLog:
    """The log of a shop, which notes what it is asked for."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.asked: list[list[str]] = []

    def names(self, kind: str) -> set[str]:
        return self.log.names(kind)

    def load(self, versions: Mapping[str, int]) -> Mapping[str, list[Recorded]]:
        self.asked.append(sorted(versions))
        return self.log.load(versions)


def test_a_look_asks_once_for_all_waves_and_once_for_the_calendar_that_they_have(
    shop: Shop,
) -> None:
    names = ("early", "late", "third")
    for name in names:
        shop.publish(wave=name)
    log = ListeningLog(shop.system.log)
    system = SimpleNamespace(log=log, clock=shop.system.clock, execute=shop.system.execute)
    clock = WaveClock(cast(System, system))

    for _ in range(2):
        assert clock.work() == 0

    calendar = stream_of_calendar(WAVE.schedule.calendar)
    assert log.asked == [[*map(stream_of, names)], [calendar]] * 2


def _last_move(shop: Shop, order_id: UUID) -> Recorded:
    stream = f"order-{order_id}"
    events = shop.system.log.load({stream: 0})[stream]
    return next(one for one in reversed(events) if isinstance(one.event, StatusChanged))


def test_p31_hours_that_were_missed_are_made_up_for_once(shop: Shop) -> None:
    shop.publish()
    ids = shop.place(3)
    shop.at(NOW + timedelta(days=4, hours=6))

    assert shop.work() == 1
    assert shop.work() == 0

    assert shop.moved() == dict.fromkeys(ids, 1)
    assert [begun.due_at for begun in shop.begun()] == [TWO + timedelta(days=4)]


def test_p31_hours_follow_the_calendar_its_holidays_and_the_clock_on_its_wall(shop: Shop) -> None:
    calendar = Calendar.model_validate(BERLIN)
    shop.system.execute(PublishCalendar(**by(), definition=calendar))
    shop.publish(schedule={"at": ["02:30", "10:00"]})

    moment, end = NOW, datetime(2026, 3, 30, 12, tzinfo=UTC)
    while moment < end:
        moment += timedelta(minutes=30)
        shop.at(moment)
        shop.work()

    hours = [begun.due_at for begun in shop.begun() if begun.due_at is not None]
    berlin = [hour.astimezone(ZoneInfo("Europe/Berlin")).strftime("%d %H:%M") for hour in hours]
    assert berlin[:3] == ["04 02:30", "04 10:00", "05 02:30"]  # The 2nd at ten was over already.
    assert [hour for hour in berlin if hour[:2] in ("28", "29", "30")] == [
        "28 02:30", "28 10:00", "30 02:30", "30 10:00",
    ]  # fmt: skip
    assert [f"{hour:%d %H:%M}" for hour in hours[-4:]] == [
        "28 01:30", "28 09:00", "30 00:30", "30 08:00",
    ]  # fmt: skip


def test_p31_of_a_wave_that_is_refused_in_part_every_order_has_its_own_answer(shop: Shop) -> None:
    shop.publish(orders={"status": ["new", "confirmed", "done"]})
    (new,) = shop.place(1)
    (there,) = shop.place(1, "confirmed")
    (done,) = shop.place(1, "confirmed", "packed", "done")
    shop.at(TEN)

    assert shop.work() == 1

    (told,) = shop.finished()
    assert (told.orders, told.accepted, told.refused, told.nothing, told.failed) == (3, 1, 1, 1, 0)
    assert shop.kinds(told.batch_id) == {new: "accepted", there: "nothing", done: "refused"}


def test_p31_what_is_meant_is_what_all_conditions_hold_for(shop: Shop) -> None:
    shop.publish(orders={"status": "new", "path": ["shop", "other"], "owner": "nobody"})
    shop.place(2)
    shop.at(TEN)

    assert shop.work() == 1

    (told,) = shop.finished()
    assert told.orders == 0
    assert shop.moved() == {}


def test_p31_a_wave_that_is_off_waits_for_people(shop: Shop) -> None:
    shop.publish(mode="off")
    ids = shop.place(2)
    shop.at(TWO)
    assert shop.work() == 0

    assert shop.begin().kind == "accepted"
    assert shop.work() == 1  # Whoever began it may have died: the clock does it.

    assert shop.moved() == dict.fromkeys(ids, 1)
    (run,) = runs_of(shop.system, "to_work")
    assert (run.running.due_at, run.begun_by) == (None, "ann")
    assert run.finished is not None


def test_a27_what_a_wave_came_to_is_told_to_whoever_sees_all_orders(shop: Shop) -> None:
    shop.publish()
    shop.place(2)
    shop.at(TEN)
    shop.work()
    asked = ShowWave(wave="to_work")

    (run,) = wave(shop.system, asked)["runs"]
    with seen_by(Sight((Region(shops=("north",)),))):
        told = wave(shop.system, asked)

    assert run["orders"] == 2
    assert (told["runs"], told["running"]) == ([], 0)
    assert told["definition"] is not None


def test_p31_a_wave_asks_as_whoever_began_it(shop: Shop) -> None:
    shop.publish(mode="off", roles=["lead"])
    (order_id,) = shop.place(1)
    shop.begin()
    shop.work()

    assert _last_move(shop, order_id).actor_id == "ann"
    assert shop.begun()[0].actor.roles == ()


def test_a_wave_never_runs_what_somebody_else_asked_and_holds_no_other_wave_up(shop: Shop) -> None:
    orders = list(map(BatchOrder, shop.place(2)))
    shop.publish(mode="off")
    shop.publish(mode="off", wave="zero")
    line = known_wave(shop.system, "zero")
    mine, other = (BeginWave(**by(), wave=name) for name in ("to_work", "zero"))
    shop.system.batches.begin(replace(trial_of(line), batch_id=mine.command_id), orders)
    for begin in (mine, other):
        assert shop.system.execute(begin).kind == "accepted"

    clock = WaveClock(shop.system)
    with capture_logs() as logs:
        ended = [clock.work(), clock.work()]

    assert ended == [1, 0]
    assert [one.batch_id for one in shop.finished()] == [other.command_id]
    assert [one for one in logs if one["event"] == "wave_failed"] == [
        {"event": "wave_failed", "log_level": "error", "wave": "to_work", "error": "Unusable"}
    ]


def test_p31_another_version_changes_nothing_of_what_has_begun(shop: Shop) -> None:
    shop.publish()
    ids = shop.place(2)
    shop.begin()
    shop.publish(then={"move": "cancelled", "reason_code": "vanished", "initiator": "shop"})

    shop.work()

    assert {order_now(shop.system, order_id).status for order_id in ids} == {"confirmed"}


@pytest.mark.parametrize("clocks", [2, 3])
def test_p31_clocks_at_once_begin_an_hour_once_and_ask_each_order_once(
    shop: Shop, clocks: int
) -> None:
    shop.publish()
    ids = shop.place(300)
    shop.at(TEN)
    start = Barrier(clocks)

    def work() -> None:
        with open_system(Settings(database_url=shop.system.url), shop.time) as system:
            start.wait()
            WaveClock(system).work()

    threads = [Thread(target=work) for _ in range(clocks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert shop.moved() == dict.fromkeys(ids, 1)
    assert len(shop.begun()) == len(shop.finished()) == 1
    assert shop.finished()[0].accepted == 300
    assert shop.work() == 0


def test_d12_a_wave_sees_the_orders_as_they_are_though_nobody_follows_the_log(shop: Shop) -> None:
    shop.publish()
    ids = shop.place(5)
    gone, *_ = ids
    shop.at(TEN)
    for to in ("confirmed", "packed"):
        shop.system.execute(move(gone, to))

    shop.work()

    assert shop.moved() == dict.fromkeys(ids[1:], 1)
