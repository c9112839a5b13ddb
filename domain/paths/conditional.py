"""A condition as a value of the path language: checked where it is written, compiled once."""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from domain.messages import no_nul
from domain.paths.conditions import Condition, ConditionError, compile_condition
from domain.paths.definition import before_compiling, is_published, remembered
from domain.paths.environment import ENVIRONMENT

MAX_COMPILED = 10_000  # conditions that are remembered


@lru_cache(maxsize=MAX_COMPILED)
def compiled(source: str) -> Condition:
    """Give the condition of a checked source; conditions are values, so one will do for all."""
    return compile_condition(source, ENVIRONMENT)


def is_condition(
    compiling: Callable[[str], Condition],
) -> Callable[[str, ValidationInfo], str]:
    """Give the check of a text that shall be a condition. compiling: says in which environment"""

    def checked(source: str, info: ValidationInfo) -> str:
        if is_published(info):
            return source
        no_nul(source)
        before_compiling(source, info)
        try:
            compiling(source)
        except ConditionError as error:
            raise PydanticCustomError("condition", "{faults}", {"faults": _told(error)}) from error
        remembered(source, info)
        return source

    return checked


def _told(error: ConditionError) -> str:
    faults = (f"{f.message} (character {f.offset + 1}): {f.needed}" for f in error.faults)
    return "; ".join(faults)


When = Annotated[str, AfterValidator(is_condition(compiled))]  # CEL, see docs/paths.md
