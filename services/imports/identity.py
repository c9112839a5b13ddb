"""What the ids of an import are made in. They reach the log: a contract for ever."""

from typing import Final
from uuid import NAMESPACE_URL, uuid5

COMMANDS: Final = uuid5(NAMESPACE_URL, "orderpath:import:command")
RUNS: Final = uuid5(NAMESPACE_URL, "orderpath:import:run")
HANDED_IN: Final = uuid5(NAMESPACE_URL, "orderpath:import:handed-in")
ROWS: Final = uuid5(NAMESPACE_URL, "orderpath:import:row")
