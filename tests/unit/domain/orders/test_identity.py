"""Ids that are contracts: once told, they stay what they are."""

from domain.orders.identity import canonical, fact_id_of, order_id_of


def test_ids_stay_what_they_are() -> None:
    assert str(order_id_of("olist", "o1")) == "7814dd06-bb4e-53ec-bdf5-ab96047bfa73"
    assert str(fact_id_of("olist", "o1", "placed")) == "fcaee8f6-885f-59fa-bdc4-c465deb71b72"


def test_no_two_sources_or_orders_share_an_id() -> None:
    assert order_id_of("a", "b") != order_id_of("a,b", "")
    assert fact_id_of("a", "b", "c") != fact_id_of("a", "b,c", "")


def test_equal_values_have_one_text() -> None:
    assert canonical({"b": [1, None, "é"], "a": {}}) == canonical({"a": {}, "b": [1, None, "é"]})
    assert canonical({"b": 1}) != canonical({"b": "1"})
