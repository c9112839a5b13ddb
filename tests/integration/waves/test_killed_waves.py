"""P31: a wave that is killed or frozen anywhere asks every order that it was for, and each once."""

import os
import signal
from datetime import timedelta
from random import Random

import psutil
import pytest

from services.bulk.batches import AT_ONCE
from tests.integration.waves.shop import TEN, Shop
from tests.support.dying_waves import STEPS, Step, work_and, work_until_killed
from tests.support.faults import Fault
from tests.support.processes import Writer, leaving, listen, listen_for
from tests.support.waiting import wait_for

ORDERS = AT_ONCE + 10


@pytest.mark.parametrize("step", STEPS)
def test_p31_a_wave_that_is_killed_at_a_step_goes_on_with_the_orders_that_it_had(
    shop: Shop, step: Step, fault: Fault
) -> None:
    shop.publish()
    ids = shop.place(ORDERS)
    killed = Writer(work_and, shop.system.url, TEN, step, signal.SIGKILL)
    with leaving([killed]):
        listen([killed], lambda: killed.ended)
        fault("wave killed")
    shop.at(TEN)
    assert (len(shop.begun()), shop.finished()) == (1, [])
    late = shop.place(1)

    assert shop.work() == 1
    assert shop.work() == 0

    frozen = [*ids, *(late if step == "begun" else ())]
    assert shop.moved() == dict.fromkeys(frozen, 1)
    ((begun,), (told,)) = (shop.begun(), shop.finished())
    assert (told.batch_id, told.orders, told.accepted) == (begun.batch_id, len(frozen), len(frozen))


def test_p31_waves_killed_again_and_again_leave_no_order_out_and_repeat_none(
    shop: Shop, rounds: int, fault: Fault
) -> None:
    random = Random(31)
    shop.publish(schedule={"at": [f"{hour:02}:00" for hour in range(24)], "days": "every"})
    ids = []
    with leaving([]) as clocks:
        for number in range(rounds):
            ids += shop.place(ORDERS)
            shop.at(TEN + number * timedelta(hours=1))
            two = [Writer(work_until_killed, shop.system.url, shop.time.now) for _ in range(2)]
            clocks.extend(two)
            wait_for(lambda: len(shop.begun()) > number, "it does not begin")  # noqa: B023
            listen_for(two, random.uniform(0.0, 0.5))
            for one in two:
                one.kill()
                fault("wave killed")
    shop.work()

    assert shop.moved() == dict.fromkeys(ids, 1)
    assert len({begun.due_at for begun in shop.begun()}) == len(shop.begun()) == rounds
    assert len(shop.finished()) == rounds


def test_p31_a_frozen_wave_is_carried_out_by_another_clock_and_does_no_harm_when_it_wakes(
    shop: Shop, fault: Fault
) -> None:
    shop.publish()
    ids = shop.place(ORDERS)
    frozen = Writer(work_and, shop.system.url, TEN, "some asked", signal.SIGSTOP)
    with leaving([frozen]):
        pid = frozen.process.pid
        assert pid is not None
        listen([frozen], lambda: bool(frozen.said))
        wait_for(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED, "it runs on")
        fault("wave frozen")
        shop.at(TEN)
        assert shop.work() == 1
        os.kill(pid, signal.SIGCONT)
        listen([frozen], lambda: frozen.ended or "done" in frozen.said)

    assert "done" in frozen.said
    assert shop.moved() == dict.fromkeys(ids, 1)
    assert len(shop.begun()) == len(shop.finished()) == 1
