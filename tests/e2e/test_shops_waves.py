"""P31: the warehouse of edoque takes all orders that have accumulated at fixed hours."""

from typing import Any

from domain.waves.commands import PublishWave
from infra.wave_files import load_preset
from services.bootstrap import SYSTEM
from services.wave_clock import WaveClock
from services.waves import runs_of
from tests.support.stories import Shop, opened_shop

WAVE = "edoque_to_warehouse"


def come(shop: Shop, **time: float) -> dict[str, Any]:
    """Let time pass, then the waves come that are due; give what became of the last one."""
    shop.waits(**time)
    WaveClock(shop.system).work()
    latest = runs_of(shop.system, WAVE)[0]
    assert latest.finished is not None
    return latest.finished.model_dump(include={"orders", "accepted", "refused"})


def test_p31_the_warehouse_of_edoque_takes_what_has_accumulated_at_fixed_hours(
    database_url: str,
) -> None:
    """S: no assembly statuses; Sent starts the warehouse, and waves send; on Sunday too."""
    with opened_shop(database_url, "edoque") as shop:
        shop.send(SYSTEM, PublishWave, definition=load_preset(WAVE))
        shop.receives("BREAD", 20)
        maria, paul = shop.person("maria", "manager"), shop.person("paul", "warehouse")
        tom, lisa = shop.person("tom", "courier"), shop.client("lisa")
        one, two, new, urgent = (lisa.places({"BREAD": 2}) for _ in range(4))
        for order in (one, two):
            maria.moves(order, "agreed").then_status("agreed")
        maria.moves(urgent, "sent").then_status("sent")  # It cannot wait.
        assert runs_of(shop.system, WAVE) == []

        assert come(shop, hours=3) == {"orders": 2, "accepted": 2, "refused": 0}
        assert [order.state.status for order in (one, two, new)] == ["sent", "sent", "new"]
        assert shop.on_hand("BREAD") == (20, 6)  # kept for those that were sent

        maria.moves(new, "agreed")
        maria.cancels(two, "changed_mind", "client")
        assert come(shop, hours=5) == {"orders": 1, "accepted": 1, "refused": 0}
        assert new.state.status == "sent"
        paul.moves_pieces(one, "BREAD", 2, "reserved", "assembled")
        paul.moves(one, "with_courier").then_status("with_courier")
        tom.moves_pieces(one, "BREAD", 2, "shipped", "delivered")
        tom.charges(one, method="cash")
        tom.moves(one, "done").then_status("done")

        sunday = lisa.places({"BREAD": 1})
        maria.moves(sunday, "agreed")
        assert come(shop, days=6) == {"orders": 1, "accepted": 1, "refused": 0}
        assert sunday.state.status == "sent"
        assert (
            len(runs_of(shop.system, WAVE)) == 3
        )  # What nobody was there for is made up for once.
