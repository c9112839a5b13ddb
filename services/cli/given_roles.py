"""The role that a command is about: a published one, `manager` or `manager@3`, or a file.

A text that could be a name is one: a file of such a name is written `./manager`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.cli.files import given_file

if TYPE_CHECKING:
    from domain.roles.definition import Role
    from services.bootstrap import System
    from services.questions.given import Spot

ARGUMENT: Final = "ROLE, ROLE@VERSION or FILE"


@dataclass(frozen=True, slots=True)
class GivenRole:
    """A role and where it comes from."""

    name: str  # as messages call it: mine.yaml, or manager, version 3
    definition: "Role"
    version: int | None = None  # None: of a file
    spot: "Spot | None" = None


def given_role(system: "System", argument: str) -> GivenRole:
    """Find or read a role. Raises: Unusable"""
    from services.bootstrap import role_files
    from services.questions.given import name_and_version
    from services.rights import known_role

    published = name_and_version(argument)
    if published is None:
        file = given_file(argument)
        placed = role_files.place_role(file.text, where=file.name)
        return GivenRole(file.name, placed.value, spot=placed.spot)
    known = known_role(system, *published)
    return GivenRole(f"{known.role.role}, version {known.version}", known.role, known.version)
