"""`orderpath waves`, and `up`, as a person and a supervisor meet them."""

import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from infra.settings import Settings
from services.bootstrap import open_system
from services.demo.clock import VirtualClock
from tests.integration.waves.shop import Shop
from tests.support.command_line import Here
from tests.support.loads import publish
from tests.support.programs import RunningProgram
from tests.support.waiting import wait_for


@pytest.fixture
def waiting(database_url: str) -> Iterator[tuple[Shop, list[UUID]]]:
    """A shop with orders, and with a wave that has come since yesterday while nothing ran."""
    yesterday = VirtualClock(datetime.now(UTC) - timedelta(days=1, hours=1))
    with open_system(Settings(database_url=database_url), yesterday) as system:
        shop = Shop(system, yesterday)
        system.execute(publish())
        shop.publish(schedule={"at": ["10:00", "14:00"], "days": "every"})
        yield shop, shop.place(3)


def test_p31_programs_of_their_own_make_up_for_what_was_missed_and_end_at_a_signal(
    waiting: tuple[Shop, list[UUID]],
    start: Callable[..., RunningProgram],
    environment: dict[str, str],
) -> None:
    shop, ids = waiting
    both = [start("waves") for _ in range(2)]

    wait_for(lambda: len(shop.finished()) == 1, "the wave does not end")

    assert shop.moved() == dict.fromkeys(ids, 1)
    assert Here(environment).run("alive", "waves").code == 0
    for program in both:
        program.await_line("carrying out waves")
        program.end()
        assert program.count_lines("ended") == 1


def test_p31_up_carries_out_waves_and_ends_at_a_signal(
    waiting: tuple[Shop, list[UUID]], start: Callable[..., RunningProgram]
) -> None:
    shop, ids = waiting
    up = start("up")

    wait_for(lambda: len(shop.finished()) == 1, "the wave does not end")
    up.process.send_signal(signal.SIGINT)

    assert up.process.wait(30) == 0, up.said()
    assert shop.moved() == dict.fromkeys(ids, 1)
