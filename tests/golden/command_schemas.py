"""Write the JSON Schemas of commands and answers again: `python -m tests.golden.command_schemas`.

Made from the models, one file each, in docs/contract/commands: for senders in other languages.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from domain.answers import Answer
from domain.messages import Command
from domain.vocabulary import COMMANDS
from domain.wire import NAMED_UNDER, wire_model
from tests.golden.schemas import DIALECT
from tests.golden.stored_names import ROOT

FOLDER: Final = ROOT / "docs/contract/commands"


def schemas() -> Mapping[str, str]:
    """Give what every file holds, by its name."""
    models = {"envelope": _envelope(), "answer": Answer.model_json_schema(mode="serialization")}
    models |= {
        name: wire_model(kind).model_json_schema(by_alias=True) for name, kind in COMMANDS.items()
    }
    return {f"{name}.schema.json": _text(schema) for name, schema in models.items()}


def _envelope() -> dict[str, Any]:
    """Give what all commands share."""
    schema = Command.model_json_schema(by_alias=True)
    schema["properties"][NAMED_UNDER] = {"enum": sorted(COMMANDS), "type": "string"}
    schema["required"] = [NAMED_UNDER, *schema["required"]]
    return schema | {"title": "Envelope", "additionalProperties": True}


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps({"$schema": DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"


def write() -> None:
    """Write every file, and take away those that no model has."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = schemas()
    for path in FOLDER.glob("*.schema.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    write()
