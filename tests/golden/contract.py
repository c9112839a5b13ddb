"""Write docs/contract again, which downstream builds on: `python -m tests.golden.contract`.

JSON Schemas of the public messages, made from the models of domain/public, and the AsyncAPI
document that says in which topics they come. tests/golden/contract holds what was released, as
NAME.NUMBER.json: one more file for each addition, written by tests.golden.add.
"""

import json
from typing import Any, Final

from pydantic import BaseModel

from domain.public.audit_head import AuditHead
from domain.public.dead_letters import CommandLetter, RecordLetter
from domain.public.envelope import CloudEvent, schema_id
from domain.public.events import TYPES
from domain.public.order_state import OrderState
from tests.golden.asyncapi import asyncapi
from tests.golden.schemas import tidied
from tests.golden.stored_names import HERE, ROOT
from tests.support.compatibility import incompatibilities, structure

CONTRACT: Final = ROOT / "docs/contract"
RELEASED: Final = HERE / "contract"
DIALECT: Final = "http://json-schema.org/draft-07/schema#"  # what AsyncAPI and registries read
ENVELOPE: Final = "cloudevent"
MODELS: Final[dict[str, type[BaseModel]]] = {
    **{told.TYPE: told for told in TYPES},
    OrderState.TYPE: OrderState,
    AuditHead.TYPE: AuditHead,
    CommandLetter.TYPE: CommandLetter,
    RecordLetter.TYPE: RecordLetter,
    ENVELOPE: CloudEvent,
}
ANSWER: Final = "answer"  # in dead letters and orderpath.results
HELD: Final = (*MODELS, ANSWER)


def schema_of(name: str) -> dict[str, Any]:
    """Give the JSON Schema of a public message, or of the data of one."""
    made = json.dumps(tidied(MODELS[name].model_json_schema(mode="serialization")))
    schema = json.loads(made.replace("$defs", "definitions"))
    head = {"$schema": DIALECT, "$id": schema_id(name), "title": name}
    return {**head, "description": schema.pop("description"), **schema}


def contract() -> dict[str, str]:
    """Give every file as it is checked in, by name."""
    schemas = {f"{name}.schema.json": schema_of(name) for name in MODELS}
    texts = {
        file: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for file, schema in schemas.items()
    }
    return {**texts, "asyncapi.yaml": asyncapi()}


def held(name: str) -> dict[str, Any]:
    """Give the structure that is held to what was released: of a message, or of the answer."""
    if name != ANSWER:
        return structure(schema_of(name))
    made = (CONTRACT / "commands/answer.schema.json").read_text()
    return structure(json.loads(made.replace("$defs", "definitions")))


def released(name: str) -> list[dict[str, Any]]:
    """Give the structures that a message was released with, the newest last."""
    numbered = {int(path.stem.rpartition(".")[2]): path for path in RELEASED.glob(f"{name}.*.json")}
    return [json.loads(numbered[number].read_text()) for number in sorted(numbered)]


def broken(name: str) -> list[str]:
    """List what of a message breaks readers of anything that was released."""
    now = held(name)
    return [one for before in released(name) for one in incompatibilities(before, now)]


def add_released() -> list[str]:
    """Write down the structures that are new. Shape: the files that were added.

    Raises: ValueError for what would break readers; then nothing is written
    """
    if breaks := {name: found for name in HELD if (found := broken(name))}:
        raise ValueError(f"Readers of what was released would break: {breaks}")
    added = []
    for name in HELD:
        now, before = held(name), released(name)
        if now not in before[-1:]:
            RELEASED.mkdir(exist_ok=True)
            path = RELEASED / f"{name}.{len(before) + 1}.json"
            path.write_text(json.dumps(now, indent=1) + "\n")
            added.append(path.name)
    return added


if __name__ == "__main__":
    CONTRACT.mkdir(exist_ok=True)
    for file, text in contract().items():
        (CONTRACT / file).write_text(text)
