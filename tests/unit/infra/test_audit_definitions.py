"""Everything that is published is held against its event by `audit verify`."""

from domain.vocabulary import EVENTS
from infra.audit_definitions import PUBLISHING


def test_every_event_that_publishes_a_definition_is_looked_for() -> None:
    publishing = {
        name
        for name, event in EVENTS.items()
        if {"definition", "content_hash"} <= event.model_fields.keys()
    }

    assert set(PUBLISHING) == publishing
