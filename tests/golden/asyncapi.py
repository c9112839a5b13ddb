"""The AsyncAPI document of the public topics: channels, keys, messages, examples.

Written by tests.golden.contract; it refers to the JSON Schemas beside it.
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import yaml
from pydantic_core import from_json

from domain.answers import answer_to
from domain.audit.heads import SignedHead, Tree, TreeHead, key_id_of
from domain.public.audit_head import AuditHead, audit_head
from domain.public.dead_letters import CommandLetter, RecordLetter, RecordPlace
from domain.public.envelope import CONTENT_TYPE, cloud_event, schema_id
from domain.public.events import PUBLIC_EVENTS, TYPES
from domain.public.order_events import EventWithheld
from domain.public.order_state import OrderState, state_of
from domain.public.shapes import Public, PublicEvent
from domain.reading import Head
from domain.refusals import CommandUnreadable, Unmet
from domain.streaming import (
    CHECKPOINTS,
    COMMANDS,
    DEADLETTERS,
    LOG,
    ORDER_EVENTS,
    ORDER_STATE,
    Topic,
)
from tests.support.examples import EVENTS, ORDER_ID, PATH
from tests.support.memory_log import LOG_ID, recorded, unreadable
from tests.support.spec import given

BINDING: Final = {"bindingVersion": "0.5.0"}
KEY: Final = {"type": "string", "format": "uuid", "description": "the order's id"}
SCHEMA_FORMAT: Final = "application/schema+json;version=draft-07"
HEAD: Final = Head(LOG_ID, 1, 41)
PAGE: Final = (
    "Events and states of orders, as they happened. Every record comes at least once; those of one "
    "order come in their order. docs/kafka.md says how to read them."
)
STATE_EXAMPLE: Final = state_of(
    given(EVENTS["order.placed.v1"]).world.order, ORDER_ID, HEAD.epoch, PATH
)

_PUBLIC_KEY: Final = sha256(b"a key").digest()
HEAD_EXAMPLE: Final = audit_head(
    SignedHead(
        TreeHead(
            log_id=LOG_ID,
            number=3,
            epoch=1,
            events=Tree(41, sha256(b"events").digest()),
            commands=Tree(17, sha256(b"commands").digest()),
            last_command=17,
            sealed_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
            key_id=key_id_of(_PUBLIC_KEY),
            previous=sha256(b"head 2").digest(),
        ),
        bytes(64),
    ),
    _PUBLIC_KEY,
)

_UNREADABLE: Final = CommandUnreadable(
    Unmet(code="command_not_json", message="the value is no JSON: mend it")
)
COMMAND_LETTER_EXAMPLE: Final = CommandLetter(
    origin=RecordPlace(topic=COMMANDS.name, partition=3, offset=17),
    sent_at_ms=1_769_860_800_000,
    value_bytes=1,
    answer=from_json(answer_to(_UNREADABLE, None).encode()),
)
RECORD_LETTER_EXAMPLE: Final = RecordLetter(
    topic=LOG.name, partition=3, offset=17, error="its rows are no rows", headers={"format": "2"}
)

_Told = (
    type[PublicEvent]
    | type[OrderState]
    | type[AuditHead]
    | type[CommandLetter]
    | type[RecordLetter]
)


def asyncapi() -> str:
    """Give the document as it is checked in."""
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "Orderpath: public topics", "version": "1.0.0", "description": PAGE},
        "defaultContentType": "application/json",
        "channels": {
            "orderEvents": _channel(ORDER_EVENTS, "Every event of every order.", _event_names()),
            "orderState": _channel(
                ORDER_STATE,
                "Each order as it is, compacted by order. A record without a value: until another"
                " one comes, nothing is told of the order.",
                [OrderState.TYPE],
            ),
            "auditHeads": _channel(
                CHECKPOINTS, "Every signed head of the log (docs/audit.md).", [AuditHead.TYPE]
            ),
            "deadLetters": _channel(
                DEADLETTERS,
                "Records that could not be worked on, and why; of what is in them the headers of a"
                " record of the log. Of a command there is origin, of a record of the log topic."
                " For people: one may be missing where a program was killed or Kafka was away, and"
                " its log says the same.",
                [CommandLetter.TYPE, RecordLetter.TYPE],
            ),
        },
        "operations": {
            "publishOrderEvents": _operation("orderEvents"),
            "publishOrderState": _operation("orderState"),
            "publishAuditHeads": _operation("auditHeads"),
            "publishDeadLetters": _operation("deadLetters"),
        },
        "components": {
            "messages": {
                **{told.TYPE: _event_message(told) for told in TYPES},
                OrderState.TYPE: _state_message(),
                AuditHead.TYPE: _head_message(),
                CommandLetter.TYPE: _command_letter_message(),
                RecordLetter.TYPE: _record_letter_message(),
            }
        },
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _event_names() -> list[str]:
    return [told.TYPE for told in TYPES]


def _channel(topic: Topic, description: str, messages: list[str]) -> dict[str, Any]:
    kept = -1 if topic.retention_hours is None else topic.retention_hours * 3_600_000
    configuration = {"cleanup.policy": [topic.cleanup], "retention.ms": kept}
    return {
        "address": topic.name,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": configuration,
                **BINDING,
            }
        },
    }


def _operation(channel: str) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}}


def _event_message(told: type[PublicEvent]) -> dict[str, Any]:
    own = {
        "type": {"const": told.TYPE},
        "dataschema": {"const": schema_id(told.TYPE)},
        "data": {"$ref": f"./{told.TYPE}.schema.json"},
    }
    schema = {"allOf": [{"$ref": "./cloudevent.schema.json"}, {"properties": own}]}
    return _message(told, CONTENT_TYPE, schema, event_example(told))


def _state_message() -> dict[str, Any]:
    schema = {"$ref": f"./{OrderState.TYPE}.schema.json"}
    return _message(OrderState, "application/json", schema, STATE_EXAMPLE)


def _head_message() -> dict[str, Any]:
    schema = {"$ref": f"./{AuditHead.TYPE}.schema.json"}
    message = _message(AuditHead, "application/json", schema, HEAD_EXAMPLE)
    key = {"type": "string", "format": "uuid", "description": "the log's id"}
    return message | {"bindings": {"kafka": {"key": key, **BINDING}}}


def _command_letter_message() -> dict[str, Any]:
    schema = {"$ref": f"./{CommandLetter.TYPE}.schema.json"}
    message = _message(CommandLetter, "application/json", schema, COMMAND_LETTER_EXAMPLE)
    key = {"type": "string", "description": "the command's, where it has one"}
    return message | {"bindings": {"kafka": {"key": key, **BINDING}}}


def _record_letter_message() -> dict[str, Any]:
    schema = {"$ref": f"./{RecordLetter.TYPE}.schema.json"}
    message = _message(RecordLetter, "application/json", schema, RECORD_LETTER_EXAMPLE)
    return message | {"bindings": {"kafka": BINDING}}


def _message(told: _Told, content_type: str, schema: Any, example: Public) -> dict[str, Any]:
    return {
        "name": told.TYPE,
        "summary": " ".join((told.__doc__ or "").split("\n\n")[0].split()),
        "contentType": content_type,
        "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": schema},
        "bindings": {"kafka": {"key": dict(KEY), **BINDING}},
        "examples": [{"payload": from_json(example.model_dump_json(exclude_none=True))}],
    }


def event_example(told: type[PublicEvent]) -> Public:
    """Give a whole message of a type."""
    stored = {public: event for event, public in PUBLIC_EVENTS.items()}
    place: dict[str, Any] = {"position": 41, "stream_id": f"order-{ORDER_ID}", "version": 3}
    if told is EventWithheld:
        return cloud_event(HEAD, unreadable(recorded(EVENTS["order.note_added.v1"], **place)))
    return cloud_event(HEAD, recorded(EVENTS[stored[told].NAME], **place))
