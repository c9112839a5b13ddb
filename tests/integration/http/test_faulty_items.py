"""A fault of ours at one command of a batch is the answer to that one."""

import pytest
from structlog.testing import capture_logs

from domain.messages import Command
from domain.orders.commands import AddNote
from services.api.callers import Caller
from tests.integration.http.conftest import Shop
from tests.integration.pipeline.test_failures import Unheard
from tests.support.doorkeeper import Doorkeeper
from tests.support.served import Served

BUG = "a bug"


class Meddler(Doorkeeper):
    """Makes of some notes what no decider knows, and fails itself at others."""

    def admit(self, caller: Caller, command: Command) -> Command:
        admitted = super().admit(caller, command)
        if not isinstance(admitted, AddNote) or not admitted.text.startswith(BUG):
            return admitted
        if admitted.text != BUG:
            raise ValueError(admitted.text)
        said = admitted.model_dump(include={"command_id", "actor", "order_id"})
        return Unheard.model_validate(said)


@pytest.mark.parametrize("bug", [BUG, f"{BUG} of Zinaida"], ids=["decided", "read"])
def test_a_command_that_a_fault_of_ours_ends_is_one_item_of_its_batch(
    server: Served, shop: Shop, bug: str
) -> None:
    server.desk.access = Meddler()
    order_id = shop.place()
    note = {"command": "order.add_note", "order_id": order_id}
    body = {"commands": [{**note, "text": text} for text in ("one", bug, "two")]}
    headers = {"Idempotency-Key": "b-1", "X-Request-Id": "r-of-the-batch"}

    with capture_logs() as logs:
        first, again = (
            shop.http.post("/v1/commands/batch", json=body, headers=headers) for _ in range(2)
        )

    assert (first.status_code, again.status_code) == (200, 200)
    for items in (first.json()["items"], again.json()["items"]):
        assert [one["status"] for one in items] == [200, 500, 200]
        assert items[1]["answer"]["code"] == "fault"
        assert "r-of-the-batch" in items[1]["answer"]["detail"]
    assert [one["answer"].get("repeated") for one in again.json()["items"]] == [True, None, True]
    noted = [one for one in logs if one["event"] == "request_failed"]
    assert [one["request_id"] for one in noted] == ["r-of-the-batch"] * 2
    assert "Zinaida" not in str(noted)
