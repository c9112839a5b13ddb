"""The conditions of rules: those of paths, and besides what has changed and what has happened."""

from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator

from domain.paths.conditional import MAX_COMPILED, is_condition
from domain.paths.conditions import Condition, compile_condition
from domain.paths.environment import ENVIRONMENT, STRING, Environment, Record

RULE_ENVIRONMENT: Final[Environment] = {
    **ENVIRONMENT,
    "change": Record("change", {"field": STRING, "old": STRING, "new": STRING}),
    "event": Record(
        "event",
        {"type": STRING, "source": STRING, "level": STRING, "new_track_numbers": STRING},
    ),
}
ONLY_RULES: Final = RULE_ENVIRONMENT.keys() - ENVIRONMENT.keys()
# What is past, later on; whoever acts then is the rule itself.
PAST: Final = ONLY_RULES | {"actor"}


@lru_cache(maxsize=MAX_COMPILED)
def compiled(source: str) -> Condition:
    """Give the condition of a checked source."""
    return compile_condition(source, RULE_ENVIRONMENT)


When = Annotated[str, AfterValidator(is_condition(compiled))]  # CEL, see docs/rules.md
