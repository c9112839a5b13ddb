"""The rule that a command is about: a published one, `paid` or `paid@3`, or a file.

A text that could be a name is one: a file of such a name is written `./paid`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.cli.files import given_file
from services.cli.given_paths import Spot, name_and_version

if TYPE_CHECKING:
    from domain.rules.rule import Rule
    from services.bootstrap import System

ARGUMENT: Final = "RULE, RULE@VERSION or FILE"


@dataclass(frozen=True, slots=True)
class GivenRule:
    """A rule and where it comes from."""

    name: str  # as messages call it: paid.yaml, or paid, version 3
    definition: "Rule"
    version: int | None = None  # None: of a file
    spot: Spot | None = None


def given_rule(system: "System", argument: str) -> GivenRule:
    """Find or read a rule. Raises: Unusable"""
    from services.bootstrap import rule_files
    from services.rules.published import known_rule

    published = name_and_version(argument)
    if published is None:
        file = given_file(argument)
        placed = rule_files.place_rule(file.text, where=file.name)
        return GivenRule(file.name, placed.value, spot=placed.spot)
    name, version = published
    known = known_rule(system, name, version)
    return GivenRule(f"{name}, version {known.version}", known.definition, known.version)
