"""Whether the server lives and is ready, how far the tables are, and its numbers."""

import httpx

from tests.integration.http.conftest import Shop
from tests.support.postgres import let_connect
from tests.support.served import Served
from tests.support.waiting import wait_for


def test_a_server_lives_and_is_ready(server: Served) -> None:
    with httpx.Client(base_url=server.url) as nobody:
        assert nobody.get("/health/live").json() == {"live": True}
        assert nobody.get("/health/ready").json() == {"ready": True}


def test_without_its_database_a_server_lives_is_not_ready_and_comes_back(
    server: Served, http: httpx.Client, shop: Shop, migrated_server: str, database_url: str
) -> None:
    order_id = shop.place()
    let_connect(migrated_server, database_url, allowed=False)
    ready, live = http.get("/health/ready"), http.get("/health/live")
    asked = http.get(f"/v1/orders/{order_id}")
    let_connect(migrated_server, database_url, allowed=True)

    assert (ready.status_code, live.status_code, asked.status_code) == (503, 200, 503)
    assert asked.json()["cause"] == "database_unavailable"
    wait_for(lambda: http.get("/health/ready").is_success)
    assert http.get(f"/v1/orders/{order_id}").is_success


def test_the_lag_of_the_tables_is_told(http: httpx.Client, shop: Shop) -> None:
    position = int(shop.move(shop.place(), "confirmed").headers["x-position"])
    http.get("/v1/reports/funnel", params={"min_position": position})

    lag = http.get("/health/lag").json()

    assert lag["tables"] >= position
    assert all(one["lag"] == lag["position"] - one["position"] for one in lag["projections"])


def test_prometheus_reads_what_became_of_requests_and_commands(
    http: httpx.Client, shop: Shop
) -> None:
    order_id = shop.place()
    shop.move(order_id, "confirmed")
    shop.move(order_id, "nonsense")
    http.get(f"/v1/orders/{order_id}")

    text = http.get("/metrics").text

    assert 'orderpath_commands_total{command="order.place",outcome="accepted"} 1.0' in text
    assert 'orderpath_commands_total{command="order.change_status",outcome="refused"} 1.0' in text
    assert (
        'orderpath_requests_total{method="GET",place="/v1/orders/{order}",status="200"} 1.0' in text
    )
    assert "orderpath_tables_lag" in text
    assert order_id not in text
