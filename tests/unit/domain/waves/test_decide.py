"""A wave is published in versions, begun once for each of its hours, and finished once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Event
from domain.waves.commands import BeginWave, PublishWave
from domain.waves.decide import MAX_RUNNING
from domain.waves.definition import Wave
from domain.waves.events import WaveBegun, WaveFinished, WavePublished
from tests.support.examples import COMMANDS, EVENTS, NOW, WAVE, actor
from tests.support.spec import STEP, Answer, given

HOURS = EVENTS["calendar.published.v1"]
TEN = NOW + timedelta(hours=1)
TWO = NOW + timedelta(hours=5)
MISSED = NOW + STEP / 2  # behind the first version, before the second


def wave(**changes: Any) -> Wave:
    return Wave.model_validate({**WAVE.content, **changes})


OFF = wave(mode="off")


def publish(definition: Wave) -> PublishWave:
    return PublishWave(command_id=UUID(int=1), actor=actor(), definition=definition)


def published(definition: Wave, version: int = 1) -> WavePublished:
    return WavePublished(
        wave=definition.wave,
        wave_version=version,
        content_hash=definition.content_hash,
        definition=definition.content,
    )


def begin(due_at: datetime | None, version: int | None = 1) -> BeginWave:
    return BeginWave(
        command_id=UUID(int=7),
        actor=actor("clock", "warehouse"),
        wave="to_work",
        wave_version=version,
        due_at=due_at,
    )


def begun(due_at: datetime | None, batch_id: int = 7, version: int = 1) -> WaveBegun:
    return WaveBegun(
        wave="to_work",
        wave_version=version,
        batch_id=UUID(int=batch_id),
        due_at=due_at,
        actor=actor("clock", "warehouse"),
    )


def at(now: datetime, due_at: datetime, *history: Event, version: int = 1) -> Answer:
    """Ask, at a moment, for the wave of an hour."""
    return given(*history).at(now).when(begin(due_at, version))


class TestPublish:
    def test_the_same_wave_again_is_nothing_and_another_one_is_the_next_version(self) -> None:
        given(HOURS, published(WAVE)).when(publish(WAVE)).then_nothing()
        given(HOURS, published(WAVE)).when(publish(OFF)).then(published(OFF, 2))

    def test_a_wave_keeps_the_hours_of_a_calendar_that_is_published(self) -> None:
        given().when(publish(WAVE)).then_refused("calendar_unknown")

    def test_a_wave_has_no_status(self) -> None:
        expecting = COMMANDS["wave.publish"].model_copy(update={"expected_status": "new"})
        given(HOURS).when(expecting).then_refused("status_differs")
        late = begin(None).model_copy(update={"expected_status": "new"})
        given(published(WAVE)).when(late).then_refused("status_differs")


class TestBegin:
    def test_p31_an_hour_that_has_come_begins_a_batch_with_the_id_of_the_command(self) -> None:
        at(TEN, TEN, published(WAVE)).then(begun(TEN))

    def test_p31_an_hour_that_is_still_to_come_begins_nothing(self) -> None:
        at(TEN - timedelta(microseconds=1), TEN, published(WAVE)).then_nothing()

    def test_p31_each_hour_begins_once_and_so_do_those_before_it(self) -> None:
        at(TWO, TWO, published(WAVE), begun(TEN)).then(begun(TWO))
        at(TWO, TWO, published(WAVE), begun(TWO)).then_nothing()
        at(TWO, TEN, published(WAVE), begun(TWO)).then_nothing()

    def test_an_hour_before_the_wave_was_published_is_none_of_its_hours(self) -> None:
        at(TEN, NOW, published(WAVE)).then_nothing()

    def test_a_wave_that_is_off_is_begun_by_people_only(self) -> None:
        at(TEN, TEN, published(OFF)).then_nothing()
        given(published(OFF)).when(begin(None)).then(begun(None))

    def test_hours_go_on_when_something_else_of_the_wave_is_changed(self) -> None:
        other = published(wave(roles=["warehouse"]), 2)
        at(TEN, MISSED, published(WAVE), other, version=2).then(begun(MISSED, version=2))

    @pytest.mark.parametrize(
        "between", [[OFF], [wave(schedule={"at": ["10:00"]})]], ids=["off", "other hours"]
    )
    def test_hours_begin_anew_when_a_wave_was_off_or_gets_other_ones(
        self, between: list[Wave]
    ) -> None:
        history = [published(one, n) for n, one in enumerate([WAVE, *between, WAVE], 1)]
        at(TEN, MISSED, *history, version=3).then_nothing()
        at(TEN, TEN, *history, version=3).then(begun(TEN, version=3))

    def test_a_version_that_is_no_longer_the_latest_begins_nothing(self) -> None:
        at(TEN, TEN, published(WAVE), published(OFF, 2), published(WAVE, 3)).then_nothing()

    def test_a_person_begins_it_at_any_time_and_takes_no_hour_away(self) -> None:
        given(published(WAVE)).when(begin(None, None)).then(begun(None))
        at(TEN, TEN, published(WAVE), begun(None, 6)).then(begun(TEN))

    def test_a_person_does_not_say_that_an_hour_has_come(self) -> None:
        by_ann = begin(TEN).model_copy(update={"actor": actor("user", "lead")})
        given(published(WAVE)).at(TEN).when(by_ann).then_refused("hour_not_told_by_clock")

    def test_a_wave_that_nobody_published_is_not_begun(self) -> None:
        given().when(begin(None)).then_refused("wave_unknown")

    def test_people_do_not_begin_more_than_is_worked_off(self) -> None:
        many = [begun(None, 100 + number) for number in range(MAX_RUNNING)]
        given(published(WAVE), *many).when(begin(None)).then_refused("too_many_waves")
        given(published(WAVE), *many).at(TEN).when(begin(TEN)).then(begun(TEN))

    def test_what_works_waves_off_is_named_as_it_is_started(self) -> None:
        many = [begun(None, 100 + number) for number in range(MAX_RUNNING)]
        (unmet,) = given(published(WAVE), *many).when(begin(None)).unmet

        assert unmet.needed == "somebody who works them off: start `orderpath waves`"


class TestFinish:
    FINISH = COMMANDS["wave.finish"]

    def test_a_wave_that_runs_is_finished_once(self) -> None:
        running = (published(WAVE), EVENTS["wave.begun.v1"])
        told = WaveFinished(
            wave="to_work", batch_id=UUID(int=21), orders=2, accepted=2, refused=0, nothing=0,
            failed=0,
        )  # fmt: skip
        given(*running).when(self.FINISH).then(told)
        given(*running, told).when(self.FINISH).then_nothing()

    def test_what_runs_keeps_the_version_that_it_was_begun_with(self) -> None:
        line = given(published(WAVE), begun(None), published(OFF, 2)).world.state("wave-to_work")
        ((batch_id, running),) = line.running.items()
        assert (batch_id, running.wave_version, running.wave) == (UUID(int=7), 1, WAVE)
        assert line.wave == OFF
