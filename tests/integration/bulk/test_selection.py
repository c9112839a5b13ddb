"""D14: which orders are meant is said by conditions that any reader of the reports understands."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.orders.commands import AssignOwner, MarkTest
from domain.refusals import Unusable
from services.bootstrap import System
from services.bulk.selection import find_orders, read_selection
from services.demo.clock import VirtualClock
from tests.integration.bulk.asking import Shop
from tests.support.examples import NOW
from tests.support.loads import EVERYBODY


def found(system: System, *where: str, orders: list[str] | None = None) -> set[UUID]:
    system.catch_up()
    return set(find_orders(system, read_selection(where, orders)))


def test_d14_each_condition_finds_its_orders(shop: Shop) -> None:
    (early,) = shop.place(1, channel="phone", external_id="A-1")
    clock = shop.system.clock
    assert isinstance(clock, VirtualClock)
    clock.set(NOW + timedelta(days=5))
    (late,) = shop.place(1, "confirmed", shop="north", order_type="company")
    (done,) = shop.place(1, "confirmed", "packed", "done")
    told = {"actor": EVERYBODY, "order_id": late}
    shop.system.execute(AssignOwner(command_id=uuid4(), **told, user="bob", group="managers"))
    shop.system.execute(MarkTest(command_id=uuid4(), **told))

    for condition, orders in {
        "status=new": {early},
        "stage=work": {late},
        "path=shop": {early, late, done},
        "path=universal": set(),
        "path-version=1": {early, late, done},
        "path_version=2": set(),
        "shop=north": {late},
        "channel=phone": {early},
        "order-type=company": {late},
        "owner=bob": {late},
        "owner=managers": {late},
        "test=true": {late},
        "test=false": {early, done},
        "silent-for=4d": {early},
        "placed-after=2026-03-03": {late, done},
        "placed-before=2026-03-03T00:00:00+01:00": {early},
    }.items():
        assert found(shop.system, condition) == orders, condition


def test_d14_all_conditions_hold_and_a_key_said_twice_means_either(shop: Shop) -> None:
    new, confirmed = shop.place(1, channel="phone"), shop.place(1, "confirmed")
    packed = shop.place(1, "confirmed", "packed", channel="phone")

    assert found(shop.system, "status=new", "status=packed") == {*new, *packed}
    assert found(shop.system, "status=confirmed", "channel=phone") == set()
    assert found(shop.system, "channel=phone", orders=[str(new[0]), str(confirmed[0])]) == {*new}


def test_d14_named_orders_are_meant_by_id_or_number_also_if_nobody_knows_them(shop: Shop) -> None:
    (numbered,) = shop.place(1, external_id="A-1")
    unknown = uuid4()

    meant = found(shop.system, orders=["A-1", str(unknown), str(numbered)])

    assert meant == {numbered, unknown}
    with pytest.raises(Unusable, match="no order with the number A-2: give their ids"):
        found(shop.system, orders=["A-1", "A-2"])


def test_d14_a_number_of_several_orders_names_none_of_them(shop: Shop) -> None:
    shop.place(2, external_id="A-1")

    with pytest.raises(Unusable, match="several orders have the number A-1: give their ids"):
        found(shop.system, orders=["A-1"])
