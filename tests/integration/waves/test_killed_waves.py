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
from tests.support.loads import move
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

    frozen = [*ids, *(late if step in ("begun", "looked", "chosen") else ())]
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
    with leaving([]) as clocks:
        frozen = _frozen_at(shop, "some asked", clocks, fault)
        shop.at(TEN)
        assert shop.work() == 1
        _go_on(frozen)

    assert shop.moved() == dict.fromkeys(ids, 1)
    assert len(shop.begun()) == len(shop.finished()) == 1


def test_p31_a_wave_whose_orders_another_has_asked_meanwhile_ends_with_what_became_of_them(
    shop: Shop, fault: Fault
) -> None:
    shop.publish()
    ids = shop.place(3)
    with leaving([]) as clocks:
        looked = _frozen_at(shop, "looked", clocks, fault)
        asked = _frozen_at(shop, "all asked", clocks, fault)
        assert shop.finished() == []
        _go_on(looked)
        (told,) = shop.finished()
        _go_on(asked)

    assert (told.orders, told.accepted) == (len(ids), len(ids))
    assert shop.finished() == [told]
    assert shop.moved() == dict.fromkeys(ids, 1)


def test_p31_a_wave_that_has_ended_without_orders_asks_none_of_those_another_had_chosen(
    shop: Shop, fault: Fault
) -> None:
    shop.publish()
    ids = shop.place(3)
    with leaving([]) as clocks:
        chosen = _frozen_at(shop, "chosen", clocks, fault)
        for order_id in ids:
            shop.system.execute(move(order_id, "confirmed"))
        shop.at(TEN)
        assert shop.work() == 1
        _go_on(chosen)

    ((begun,), (told,)) = (shop.begun(), shop.finished())
    assert (told.batch_id, told.orders) == (begun.batch_id, 0)
    assert shop.kinds(begun.batch_id) == {}
    assert [*shop.system.batches.latest(10)] == []


def _frozen_at(shop: Shop, step: Step, clocks: list[Writer], fault: Fault) -> Writer:
    """Start a clock of waves that stands still at a step."""
    one = Writer(work_and, shop.system.url, TEN, step, signal.SIGSTOP)
    clocks.append(one)
    pid = one.process.pid
    assert pid is not None
    listen([one], lambda: bool(one.said))
    wait_for(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED, "it runs on")
    fault("wave frozen")
    return one


def _go_on(one: Writer) -> None:
    """Let a clock that stands still work to its end."""
    assert one.process.pid is not None
    os.kill(one.process.pid, signal.SIGCONT)
    listen([one], lambda: one.ended or "done" in one.said)
    assert "done" in one.said
