"""What lint has to say of a path. Codes are answered to people and programs: docs/paths.md."""

from dataclasses import dataclass
from typing import Literal

from domain.paths.names import Place

Severity = Literal["error", "warning", "hint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is allowed and yet not well."""

    code: str  # stable, lower case
    severity: Severity  # error: orders will be stuck; hint: a matter of taste
    place: Place
    message: str
    why: str
    needed: str  # what to do about it
