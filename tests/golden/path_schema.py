"""Write the JSON Schema of the path language again: `python -m tests.golden.path_schema`.

Made from the models, with the meanings of the keys from the tables of docs/paths.md. Editors read
it, so it stands beside the ready-made paths: domain/paths/order-path.schema.json.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from domain.paths.keeping import StockRules
from domain.paths.limits import Limit
from domain.paths.path import OrderPath
from domain.paths.rights import FieldRight, ItemRules, PaymentRules
from domain.paths.statuses import OnEnter, Status
from domain.paths.transitions import Transition
from tests.golden.stored_names import ROOT

SCHEMA: Final = ROOT / "domain/paths/order-path.schema.json"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
TABLES: Final = {  # heading of a table in docs/paths.md -> the model whose keys it describes
    "key": OrderPath,
    "key of a status": Status,  # and of Appearance, which is what all statuses share
    "key of a limit": Limit,
    "key of a transition": Transition,
    "key of a detail's rights": FieldRight,
    "key of `on_enter`": OnEnter,
    "key of `items`": ItemRules,
    "key of `payments`": PaymentRules,
    "key of `stock`": StockRules,
}
_TABLE: Final = re.compile(
    r"^\| (key[^|]*?) \| value \| meaning \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.M
)
_ROW: Final = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.M)


def path_schema() -> str:
    """Give the schema as it is checked in."""
    schema = OrderPath.model_json_schema(by_alias=True)
    for model in TABLES.values():
        part = schema if model is OrderPath else schema["$defs"][model.__name__]
        for key, words in meanings(model):
            part["properties"][key] = {"description": words, **part["properties"][key]}
    appearance = schema["$defs"]["Appearance"]["properties"]
    appearance |= {key: schema["$defs"]["Status"]["properties"][key] for key in appearance}
    head = {"$schema": DIALECT, "title": "Order path", "description": schema.pop("description")}
    return json.dumps({**head, **tidied(schema)}, indent=2, ensure_ascii=False) + "\n"


def meanings(model: type) -> Iterator[tuple[str, str]]:
    """Give each key of a model with what docs/paths.md says of it."""
    page = (ROOT / "docs/paths.md").read_text()
    for heading, rows in _TABLE.findall(page):
        if TABLES.get(heading) is model:
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


if __name__ == "__main__":
    SCHEMA.write_text(path_schema())
