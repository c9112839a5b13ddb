"""The simulated shop: the same seed gives the same log, and everything in it is legal."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Final

import pytest

from domain.messages import Recorded
from domain.orders import events as e
from domain.paths.path import OrderPath
from infra.path_files import load_preset
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.demo.clock import VirtualClock
from services.demo.run import LOOKS, DemoSummary, demo_settings, run_demo
from services.demo.shop import START
from tests.support.postgres import cloned_database
from tests.support.processes import Writer, leaving, listen

DAYS: Final = 14
ORDERS: Final = 300


@contextmanager
def shop(server: str) -> Iterator[System]:
    with (
        cloned_database(server) as url,
        open_system(Settings(database_url=url), VirtualClock(START)) as system,
    ):
        yield system


@pytest.fixture(scope="module")
def played(migrated_server: str) -> Iterator[tuple[DemoSummary, list[Recorded]]]:
    """One simulation that the tests look at, each from its own side."""
    with shop(migrated_server) as system:
        yield run_demo(system, seed=7, days=DAYS, orders=ORDERS), system.log.read(0, 100_000)


@pytest.fixture
def summary(played: tuple[DemoSummary, list[Recorded]]) -> DemoSummary:
    return played[0]


@pytest.fixture
def events(played: tuple[DemoSummary, list[Recorded]]) -> list[Recorded]:
    return played[1]


def fingerprint(events: list[Recorded]) -> str:
    """Hash all that a simulation decides; keys and the real time are new in every run."""
    lines = (
        f"{r.position} {r.stream_id} {r.version} {r.event.NAME} {r.event.model_dump_json()}"
        f" {r.command_id} {r.actor_id} {r.occurred_at.isoformat()}\n"
        for r in events
    )
    return sha256("".join(lines).encode()).hexdigest()


def statuses(events: list[Recorded]) -> dict[str, list[str]]:
    """Give the statuses of each order, in order."""
    found: dict[str, list[str]] = {}
    for recorded in events:
        match recorded.event:
            case e.OrderPlaced(status=status) | e.StatusChanged(to_status=status):
                found.setdefault(recorded.stream_id, []).append(status)
            case _:
                pass
    return found


@pytest.fixture(scope="module")
def path() -> OrderPath:
    return load_preset("universal")


def test_the_same_seed_gives_the_same_log_in_another_database(
    migrated_server: str, events: list[Recorded]
) -> None:
    with shop(migrated_server) as system:
        run_demo(system, seed=7, days=DAYS, orders=ORDERS)
        again = system.log.read(0, 100_000)

    assert fingerprint(again) == fingerprint(events)


def test_another_seed_gives_another_shop(migrated_server: str, events: list[Recorded]) -> None:
    with shop(migrated_server) as system:
        run_demo(system, seed=8, days=DAYS, orders=ORDERS)
        other = system.log.read(0, 100_000)

    assert not {r.stream_id for r in other} & set(statuses(events))


def test_a_second_run_is_answered_from_the_store_and_writes_nothing(migrated_server: str) -> None:
    with shop(migrated_server) as system:
        first = run_demo(system, days=3, orders=30)
        position = system.log.head().position
        second = run_demo(system, days=3, orders=30)

        assert system.log.head().position == position
    assert first.repeated == 0
    assert second.repeated == second.commands == first.commands
    assert (second.accepted, second.refused) == (first.accepted, first.refused)


def play_and_tell(pipe: Connection, url: str) -> None:
    """Simulate in a process of its own, and say how far it is."""
    with open_system(Settings(database_url=url), VirtualClock(START)) as system:
        run_demo(system, seed=7, days=DAYS, orders=ORDERS, progress=lambda *far: pipe.send(far))
        pipe.send("done")


def order_by_order(events: list[Recorded]) -> list[Recorded]:
    """Sort by order and version. Between two orders the place in the log may differ: commands
    that were decided on a state before the kill are set back, and others go ahead of them.
    """
    ordered = sorted(events, key=lambda r: (r.stream_id, r.version))
    return [replace(r, position=number) for number, r in enumerate(ordered)]


def test_a_run_that_was_killed_is_completed_by_the_next_without_a_trace_in_any_order(
    database_url: str, events: list[Recorded]
) -> None:
    with leaving([Writer(play_and_tell, database_url)]) as (writer,):
        listen([writer], lambda: bool(writer.said))
        writer.kill()

    with open_system(Settings(database_url=database_url), VirtualClock(START)) as system:
        before = system.log.head().position
        summary = run_demo(system, seed=7, days=DAYS, orders=ORDERS)
        again = system.log.read(0, 100_000)

    assert "done" not in writer.said
    assert 0 < before < len(events)
    assert 0 < summary.repeated < summary.commands
    assert fingerprint(order_by_order(again)) == fingerprint(order_by_order(events))


def test_every_move_is_one_of_the_path(events: list[Recorded], path: OrderPath) -> None:
    moves = {move for codes in statuses(events).values() for move in pairwise(codes)}

    assert moves <= set(path.matrix)
    assert len(moves) > 20


def test_every_order_was_placed_and_nothing_happens_after_the_end(
    summary: DemoSummary, events: list[Recorded]
) -> None:
    assert len(statuses(events)) == summary.orders == ORDERS
    assert max(r.occurred_at for r in events) < summary.until == START + timedelta(days=DAYS)


def test_some_orders_are_forgotten_at_various_statuses(
    summary: DemoSummary, events: list[Recorded], path: OrderPath
) -> None:
    last = {r.stream_id: r.occurred_at for r in events}
    silent = Counter(
        codes[-1]
        for stream, codes in statuses(events).items()
        if path.statuses[codes[-1]].final is None
        and summary.until - last[stream] > timedelta(days=7)
    )

    assert len(silent) >= 3


def test_every_failure_says_why_and_by_whom(events: list[Recorded], path: OrderPath) -> None:
    failures = [
        r.event
        for r in events
        if isinstance(r.event, e.StatusChanged)
        and path.statuses[r.event.to_status].final == "failure"
    ]

    assert len(failures) >= 10
    assert all(failure.reason_code and failure.initiator for failure in failures)
    assert len({failure.reason_code for failure in failures}) >= 4


def test_all_outcomes_are_what_the_story_means(summary: DemoSummary) -> None:
    assert summary.accepted + summary.refused + summary.nothing == summary.commands
    assert summary.refused > 0
    assert set(summary.refused_because) <= {
        "transition_not_allowed",
        "role_missing",
        "reason_code_required",
    }


def test_the_sample_order_has_a_whole_history(summary: DemoSummary, events: list[Recorded]) -> None:
    history = [r for r in events if r.entity_id == str(summary.sample_order)]

    assert statuses(history)[f"order-{summary.sample_order}"][-1] == "done"
    assert len({r.event.NAME for r in history}) >= 8
    assert len({r.actor_id for r in history}) >= 4


def test_every_role_of_the_shop_acts(summary: DemoSummary) -> None:
    assert set(summary.by_actor) == {
        "manager",
        "warehouse",
        "courier",
        "carrier",
        "client",
        "gateway",
    }


def test_progress_ends_at_the_last_command(migrated_server: str) -> None:
    seen: list[tuple[int, int]] = []
    with shop(migrated_server) as system:
        summary = run_demo(system, days=2, orders=5, progress=lambda *now: seen.append(now))

    assert seen[-1] == (summary.commands, summary.commands)


def test_a_simulation_needs_a_clock_that_it_may_set(database_url: str) -> None:
    with (
        open_system(Settings(database_url=database_url)) as system,
        pytest.raises(TypeError, match="VirtualClock"),
    ):
        run_demo(system)


@pytest.mark.parametrize(("days", "orders"), [(30, 0), (0, 10), (30, 100_001)])
def test_a_shop_has_a_size(database_url: str, days: int, orders: int) -> None:
    with (
        open_system(Settings(database_url=database_url), VirtualClock(START)) as system,
        pytest.raises(ValueError, match="orders in"),
    ):
        run_demo(system, days=days, orders=orders)


def test_the_simulated_shop_has_its_own_folder_and_never_the_real_database() -> None:
    real = Settings(database_url="postgresql://shop@somewhere/orders")

    simulated = demo_settings(real)

    assert simulated.data_dir == real.data_dir / "demo"
    assert simulated.database_url == ""
    assert demo_settings(real, seed=8).data_dir == real.data_dir / "demo-8-30-2000"


def test_d15_deadlines_of_virtual_days_are_fired_once_each_by_the_next_look_at_the_latest(
    summary: DemoSummary, events: list[Recorded]
) -> None:
    passed = [
        (one.stream_id, one.occurred_at, one.event)
        for one in events
        if isinstance(one.event, e.DeadlinePassed)
    ]
    late = [at - event.due_at for _, at, event in passed]

    assert 0 < len(passed) <= summary.fired
    assert len({(stream, event.entered, event.level) for stream, _, event in passed}) == len(passed)
    assert timedelta() in late
    assert timedelta() <= min(late)
    assert max(late) < 2 * timedelta(days=DAYS) / LOOKS
