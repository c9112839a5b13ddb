"""JSON Schemas of the languages that people write in YAML, made from models and documentation.

The meaning of each key is what the tables of its page say. Used by path_schema and rule_schema.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from tests.golden.stored_names import ROOT

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TABLE: Final = re.compile(
    r"^\| (key[^|]*?) \| value \| meaning \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.M
)
_ROW: Final = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.M)


@dataclass(frozen=True, slots=True)
class Language:
    """A language, where its schema is checked in, and which tables tell of its keys."""

    title: str
    model: type[BaseModel]
    page: str
    schema: Path
    tables: Mapping[str, type[BaseModel]]  # heading of a table -> the model whose keys it describes

    def as_dict(self) -> dict[str, Any]:
        """Give the schema with the meaning of each key, as pydantic writes it."""
        schema = self.model.model_json_schema(by_alias=True)
        for model in self.tables.values():
            part = schema if model is self.model else schema["$defs"][model.__name__]
            for key, words in self.meanings(model):
                part["properties"][key] = {"description": words, **part["properties"][key]}
        return schema

    def text(self, schema: dict[str, Any]) -> str:
        """Give the schema as it is checked in."""
        head = {"$schema": DIALECT, "title": self.title, "description": schema.pop("description")}
        return json.dumps({**head, **tidied(schema)}, indent=2, ensure_ascii=False) + "\n"

    def meanings(self, model: type[BaseModel]) -> Iterator[tuple[str, str]]:
        """Give each key of a model with what the page says of it."""
        page = (ROOT / self.page).read_text()
        for heading, rows in _TABLE.findall(page):
            if self.tables.get(heading) is model:
                for keys, value, meaning in _ROW.findall(rows):
                    names = re.findall(r"`(\w+)`", keys)
                    form = f" ({value})" if len(names) == 1 and value != "see below" else ""
                    yield from ((name, _plain(meaning + form)) for name in names)


def _plain(words: str) -> str:
    """Take the marks of Markdown off: links, bold, code."""
    return re.sub(r"\[([^]]+)\]\([^)]+\)|\*\*|`", r"\1", words)


def tidied(part: Any) -> Any:
    """Say what pydantic leaves to the model: no null, no other names; and leave out its noise."""
    if isinstance(part, list):
        return [tidied(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {key: tidied(value) for key, value in part.items() if not _is_noise(key, value)}
    if "anyOf" in kept:
        kept = _chosen(kept, [one for one in kept.pop("anyOf") if one != {"type": "null"}])
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return kept


def _chosen(kept: dict[str, Any], choices: list[dict[str, Any]]) -> dict[str, Any]:
    """Write one choice out; of a text or a list, the bounds are those of the list."""
    if len(choices) == 1:
        return {**kept, **choices[0]}
    bounds = {f"{end}Items": kept.pop(f"{end}Length") for end in ("min", "max")
              if f"{end}Length" in kept}  # fmt: skip
    return {**kept, "anyOf": [{**one, **bounds} if "items" in one else one for one in choices]}


def _is_noise(key: str, value: object) -> bool:
    """Whether it says nothing to an editor; a property may bear such a name, and is an object."""
    return key in ("default", "title", "ge", "le") and not isinstance(value, dict)
