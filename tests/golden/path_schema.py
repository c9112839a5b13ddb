"""Write the JSON Schema of the path language again: `python -m tests.golden.path_schema`.

Editors read it, so it stands beside the ready-made paths: domain/paths/order-path.schema.json.
"""

from typing import Final

from domain.paths.keeping import StockRules
from domain.paths.limits import Limit
from domain.paths.path import OrderPath
from domain.paths.rights import FieldRight, ItemRules, PaymentRules
from domain.paths.statuses import OnEnter, Status
from domain.paths.transitions import Transition
from tests.golden.schemas import Language
from tests.golden.stored_names import ROOT

PATHS: Final = Language(
    title="Order path",
    model=OrderPath,
    page="docs/paths.md",
    schema=ROOT / "domain/paths/order-path.schema.json",
    tables={
        "key": OrderPath,
        "key of a status": Status,  # and of Appearance, which is what all statuses share
        "key of a limit": Limit,
        "key of a transition": Transition,
        "key of a detail's rights": FieldRight,
        "key of `on_enter`": OnEnter,
        "key of `items`": ItemRules,
        "key of `payments`": PaymentRules,
        "key of `stock`": StockRules,
    },
)


def path_schema() -> str:
    """Give the schema as it is checked in."""
    schema = PATHS.as_dict()
    appearance = schema["$defs"]["Appearance"]["properties"]
    appearance |= {key: schema["$defs"]["Status"]["properties"][key] for key in appearance}
    return PATHS.text(schema)


if __name__ == "__main__":
    PATHS.schema.write_text(path_schema())
