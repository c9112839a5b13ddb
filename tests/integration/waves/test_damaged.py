"""An order or a wave that cannot be read holds up no other one."""

import pytest

from domain.alerts.events import AlertRaised
from domain.waves.events import stream_of
from services.bootstrap import open_system
from services.wave_clock import WaveClock
from tests.integration.waves.shop import TEN, TWO, Shop
from tests.support.damaged import How, damaged


def work_anew(shop: Shop) -> int:
    """Let a clock of another process work, which remembers nothing of the orders."""
    with open_system(shop.system.settings, shop.time) as system:
        return WaveClock(system).work()


def test_p31_a_wave_asks_all_orders_but_the_one_that_cannot_be_read_and_ends(shop: Shop) -> None:
    shop.publish()
    bad, *well = shop.place(5)
    shop.at(TEN)
    shop.system.catch_up()

    with damaged(shop.system.url, f"order-{bad}"):
        assert work_anew(shop) == 1
        assert work_anew(shop) == 0

    assert shop.moved() == dict.fromkeys(well, 1)
    assert [(one.accepted, one.failed) for one in shop.finished()] == [(4, 1)]
    shop.at(TWO)
    assert work_anew(shop) == 1, "The next wave takes it, once the log is mended."
    assert shop.moved()[bad] == 1


@pytest.mark.parametrize("how", ["spoilt", "torn", "impossible"])
def test_p31_a_wave_that_cannot_be_read_waits_alone_and_goes_on_when_it_is_mended(
    shop: Shop, how: How
) -> None:
    shop.publish()
    shop.publish(wave="other")
    orders = shop.place(3)
    shop.at(TEN)

    with damaged(shop.system.url, stream_of("to_work"), how=how):
        assert work_anew(shop) == 1
        assert work_anew(shop) == 0

    assert shop.moved() == dict.fromkeys(orders, 1)
    alerts = [one.event for one in shop.events() if isinstance(one.event, AlertRaised)]
    assert [(one.kind, one.subject) for one in alerts] == [("stream_damaged", stream_of("to_work"))]
    assert shop.work() == 1
    assert len(shop.finished()) == 2
