"""Clocks that are killed or frozen wherever it may hurt: each deadline passes, and passes once."""

import os
import signal
from collections import Counter
from random import Random

import psutil
import pytest

from services.clock import clockwork_of
from services.turns import PATIENCE_SECONDS
from tests.integration.clock.shop import Shop
from tests.integration.clock.test_clock import each_once
from tests.support.clocks import BETWEEN, STEPS, Step, fire_and, fire_until_killed
from tests.support.examples import NOW
from tests.support.faults import Fault
from tests.support.processes import Writer, leaving, listen, listen_for
from tests.support.waiting import wait_for
from tests.unit.domain.orders.test_decide_deadlines import DUE

ORDERS = 20
FROZEN_SECONDS = 5 + PATIENCE_SECONDS + 10  # until the server ends its session, and room


@pytest.fixture
def due(shop: Shop) -> Shop:
    """A shop in which every order has two deadlines that have come."""
    shop.place(ORDERS)
    shop.at(DUE)
    shop.system.catch_up()
    return shop


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_kills_itself_at_a_step_is_made_up_for(
    due: Shop, step: Step, fault: Fault
) -> None:
    clock = Writer(fire_and, due.system.url, due.time.now, step, signal.SIGKILL)
    with leaving([clock]):
        listen([clock], lambda: clock.ended)
        fault("clock killed")
    fired = len(due.passed())
    assert fired >= {"before the answers": BETWEEN, "behind the answers": 2 * ORDERS}.get(step, 0)
    assert fired < 2 * ORDERS or step == "behind the answers"

    clockwork_of(due.system).fire()
    due.fire()

    assert due.counted() == each_once(due, "warn", "due") == Counter(due.alerted())


def test_clocks_killed_again_and_again_leave_nothing_out_and_repeat_nothing(
    due: Shop, rounds: int, fault: Fault
) -> None:
    random = Random(6)
    fired = []
    with leaving([]) as clocks:
        for _ in range(rounds):
            two = [Writer(fire_until_killed, due.system.url, due.time.now) for _ in range(2)]
            clocks.extend(two)
            listen_for(two, random.uniform(0.1, 0.5))
            two[0].kill()
            fault("clock killed")
            if random.random() < 0.5:
                due.system.read_models.rebuild("deadlines")
                fault("deadlines rebuilt")
            two[1].kill()
            fault("clock killed")
            fired.append(len(due.passed()))
            due.at(NOW)
            due.place(ORDERS)
            due.at(DUE)
            due.system.catch_up()
    due.fire()

    assert fired[-1] > 0  # They did work before they were killed.
    assert due.counted() == each_once(due, "warn", "due") == Counter(due.alerted())


def test_what_a_frozen_clock_holds_another_one_fires_and_it_does_no_harm_when_it_wakes(
    due: Shop, fault: Fault
) -> None:
    frozen = Writer(fire_and, due.system.url, due.time.now, "between commands", signal.SIGSTOP)
    with leaving([frozen]):
        pid = frozen.process.pid
        assert pid is not None
        listen([frozen], lambda: bool(frozen.said))
        wait_for(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED, "it runs on")
        fault("clock frozen")
        due.fire()
        left = len(due.orders) * 2 - len(due.passed())
        wait_for(lambda: fires_all(due), "what it holds is not fired", FROZEN_SECONDS)
        os.kill(pid, signal.SIGCONT)
        listen([frozen], lambda: frozen.ended or "done" in frozen.said)

    assert left > 0  # It held something.
    assert due.counted() == each_once(due, "warn", "due") == Counter(due.alerted())


def fires_all(due: Shop) -> bool:
    due.fire()
    return len(due.passed()) == 2 * len(due.orders)
