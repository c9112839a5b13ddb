"""The id of an import's command follows from the way of reading: once told, it stays."""

from domain.orders.identity import id_of
from services.imports.identity import COMMANDS
from services.imports.log_file import mapping_salt
from services.imports.mapping import LogMapping

MAPPING = {
    "source": "depot",
    "path": "parcels",
    "order_id": ["case"],
    "time": {"column": "at", "zone": "Europe/Berlin"},
    "activity": {"column": "what", "map": {"Sent": "sent", "Créé": "new"}},
}


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
