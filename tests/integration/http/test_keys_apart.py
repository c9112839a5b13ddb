"""The key of a batch and that of a command are apart, however they are spelled."""

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
