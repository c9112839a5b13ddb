"""What the key of a batch binds: its places, one by one, and no command alone, however spelled."""

import httpx
import pytest

from tests.integration.http.conftest import Shop


@pytest.mark.parametrize("batch_first", [True, False])
def test_a_key_spelled_like_a_place_in_a_batch_is_another_key(
    http: httpx.Client, shop: Shop, batch_first: bool
) -> None:
    order_id = shop.place()
    note = {"order_id": order_id, "text": "Call"}
    body = {"commands": [{"command": "order.add_note", **note}]}

    def batch() -> httpx.Response:
        return http.post("/v1/commands/batch", json=body, headers={"Idempotency-Key": "kk"})

    def alone() -> httpx.Response:
        return shop.send("order.add_note", "kk/0", **note)

    sending = [batch, alone] if batch_first else [alone, batch]
    told = [one().json() for one in (*sending, *sending)]

    answers = [one["items"][0]["answer"] if "items" in one else one for one in told]
    assert [one["repeated"] for one in answers] == [False, False, True, True]
    history = http.get(f"/v1/orders/{order_id}/history").json()["changes"]
    assert [one["to"] for one in history if one["field"] == "note"] == ["Call", "Call"]


def test_the_key_of_a_batch_binds_place_by_place(http: httpx.Client, shop: Shop) -> None:
    order_id = shop.place()

    def batch(*texts: str) -> list[tuple[int, bool | str]]:
        notes = [{"command": "order.add_note", "order_id": order_id, "text": one} for one in texts]
        headers = {"Idempotency-Key": "kk"}
        answer = http.post("/v1/commands/batch", json={"commands": notes}, headers=headers)
        told = [(one["status"], one["answer"]) for one in answer.json()["items"]]
        return [(status, one["repeated"] if status == 200 else one["code"]) for status, one in told]

    assert batch("a", "b") == [(200, False), (200, False)]
    assert batch("a") == [(200, True)]
    assert batch("a", "b", "c") == [(200, True), (200, True), (200, False)]
    assert batch("a", "x", "c") == [(200, True), (422, "command_id_reused"), (200, True)]
