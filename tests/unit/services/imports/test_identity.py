"""Ids that are contracts: once told, they stay what they are."""

from services.imports.identity import COMMANDS, canonical, fact_id_of, id_of, order_id_of
from services.imports.log_file import mapping_salt
from services.imports.mapping import LogMapping

MAPPING = {
    "source": "depot",
    "path": "parcels",
    "order_id": ["case"],
    "time": {"column": "at", "zone": "Europe/Berlin"},
    "activity": {"column": "what", "map": {"Sent": "sent", "Créé": "new"}},
}


def test_ids_stay_what_they_are() -> None:
    assert str(order_id_of("olist", "o1")) == "7814dd06-bb4e-53ec-bdf5-ab96047bfa73"
    assert str(fact_id_of("olist", "o1", "placed")) == "fcaee8f6-885f-59fa-bdc4-c465deb71b72"


def test_no_two_sources_or_orders_share_an_id() -> None:
    assert order_id_of("a", "b") != order_id_of("a,b", "")
    assert fact_id_of("a", "b", "c") != fact_id_of("a", "b,c", "")


def test_a_way_of_reading_is_told_in_canonical_json() -> None:
    turned = dict(reversed(MAPPING.items()))

    salt = mapping_salt(LogMapping.model_validate(MAPPING))

    assert salt == (
        'log:{"activity":{"column":"what","map":[["Sent","sent"],["Créé","new"]]},'
        '"order_id":["case"],"path":"parcels","source":"depot",'
        '"time":{"column":"at","zone":"Europe/Berlin"}}'
    )
    assert mapping_salt(LogMapping.model_validate(turned)) == salt
    assert str(id_of(COMMANDS, salt)) == "39191d5a-4af9-51e0-b43b-a44bacf3a9bb"


def test_equal_values_have_one_text() -> None:
    assert canonical({"b": [1, None, "é"], "a": {}}) == canonical({"a": {}, "b": [1, None, "é"]})
    assert canonical({"b": 1}) != canonical({"b": "1"})
