"""Who read, and when keys were shown, is written soon, though nobody comes again."""

from domain.access.reads import Sought
from services.keys import list_keys
from tests.rights.conftest import Guarded
from tests.rights.test_sights import PERSON, place
from tests.support.waiting import wait_for


def test_what_was_read_last_and_with_which_key_is_written_though_nobody_comes_again(
    guarded: Guarded,
) -> None:
    subjects = {f"c-{number}" for number in (71, 72, 73)}
    for number in (71, 72, 73):
        customer = {"customer_id": f"c-{number}", "name": PERSON}
        place(guarded.system, number, "north", customer=customer)
    guarded.get("/v1/orders/s-71", "manager", params={"min_position": "head"})
    guarded.get("/v1/orders/s-72", "manager")
    guarded.get("/v1/orders/s-73", "lead")

    def noted() -> set[str | None]:
        rows = guarded.system.read_store.find(Sought(), 500)
        return {one.read.reading.subject for one in rows} & subjects

    wait_for(lambda: noted() == subjects, "what was read last was never written")
    used = {one["name"] for one in list_keys(guarded.system) if one["last_used_at"] is not None}
    assert used >= {"key-manager", "key-lead"}
