"""The ready-made shops, simulated: some hundred orders in seconds, the same by the same seed."""

from time import perf_counter

import pytest
from pydantic import SecretStr

from domain.refusals import Unusable
from infra.settings import Settings
from services.bootstrap import open_system
from services.demo.clock import VirtualClock
from services.demo.run import demo_settings, run_demo
from services.demo.shop import START
from services.demo.shops import SHOPS
from tests.integration.demo.test_run_demo import fingerprint
from tests.integration.demo.test_run_demo import shop as opened
from tests.support.postgres import cloned_database

# What the stories mean to be refused, and nothing else is.
MEANT = {
    "document_missing",
    "field_not_editable",
    "goods_delivered",
    "items_packed",
    "items_received",
    "items_reserved",
    "order_paid",
    "role_missing",
    "track_number_present",
    "transition_not_allowed",
}


@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_plays_some_hundred_orders_in_seconds_and_only_what_is_meant_is_refused(
    migrated_server: str, name: str
) -> None:
    began = perf_counter()
    with opened(migrated_server) as system:
        summary = run_demo(system, shop=name, days=14, orders=200)
        system.catch_up()
        with system.snapshot() as reader:
            ends = reader.execute(
                "select final, count(*) as orders from analytics.orders group by final"
            ).fetchall()
            kept = reader.execute(
                "select nullif(sum(r.quantity), 0) as pieces from analytics.reservations r"
                " join analytics.orders o using (order_id) where o.final is not null"
            ).fetchone()

    assert set(summary.refused_because) <= MEANT, summary.refused_because
    assert {row["final"] for row in ends} == {"success", "failure", None}
    assert sum(row["orders"] for row in ends) == 200
    assert kept == {"pieces": None}  # D7
    assert perf_counter() - began < 60


def test_a_shop_whose_rules_share_orders_out_has_somebody_to_choose(migrated_server: str) -> None:
    with opened(migrated_server) as system:
        run_demo(system, shop="city_tuning", days=7, orders=40)
        system.catch_up()
        with system.snapshot() as reader:
            runs = reader.execute(
                "select result, count(*) as runs from analytics.trigger_runs"
                " where rule = 'city_tuning_1_share_out' group by result"
            ).fetchall()
            owners = reader.execute(
                "select count(distinct owner_user) as owners from analytics.orders"
            ).fetchone()

    assert runs == [{"result": "fired", "runs": 40}]
    assert owners == {"owners": 3}


def test_the_same_seed_plays_the_same_shop_and_another_one_another(migrated_server: str) -> None:
    def played(seed: int) -> str:
        with opened(migrated_server) as system:
            run_demo(system, shop="minoxidil", seed=seed, days=7, orders=40)
            return fingerprint(system.log.read(0, 100_000))

    assert played(7) == played(7)
    assert played(8) != played(7)


def test_a_second_run_is_answered_from_the_store(migrated_server: str) -> None:
    with opened(migrated_server) as system:
        first = run_demo(system, shop="city_tuning", days=7, orders=40)
        position = system.log.head().position
        second = run_demo(system, shop="city_tuning", days=7, orders=40)

        assert system.log.head().position == position
    assert second.repeated == second.commands == first.commands


def test_each_shop_has_a_folder_of_its_own() -> None:
    real = Settings()

    assert demo_settings(real, shop="edoque").data_dir == real.data_dir / "demo-edoque"
    assert demo_settings(real, shop="edoque", seed=8).data_dir.name == "demo-edoque-8-30-2000"


def test_a_simulation_writes_to_nobody() -> None:
    real = Settings(
        smtp_url=SecretStr("smtp://shop:secret@mail.shop.example"),
        mail_from="shop@shop.example",
        sms_url="https://sms.example/send",
        contacts={"group:directors": ("boss@shop.example",)},
    )
    here = real.model_copy(update={"smtp_url": SecretStr("smtp+plain://localhost:8025")})

    simulated = demo_settings(real, shop="kupidon")

    assert not simulated.smtp_url.get_secret_value()
    assert not simulated.sms_url
    assert not simulated.webhooks
    assert simulated.contacts == {"group:directors": ("directors@kupidon.example",)}
    assert demo_settings(here, shop="kupidon").smtp_url == here.smtp_url


def test_a_shop_that_there_is_not_is_told(migrated_server: str) -> None:
    with (
        cloned_database(migrated_server) as url,
        open_system(Settings(database_url=url), VirtualClock(START)) as system,
        pytest.raises(Unusable, match="did you mean minoxidil"),
    ):
        run_demo(system, shop="minoxydil")
