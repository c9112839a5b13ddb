"""What lint knows besides the rules, and how it tells what it finds. Codes: docs/rules.md."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from domain.paths.findings import Finding
from domain.paths.lint_owners import KnownOwners
from domain.paths.path import OrderPath
from domain.rules.rule import Rule


class Told(NamedTuple):
    """A finding, and the rules that it is about: it stands in one of them."""

    rules: Sequence[str]
    finding: Finding


@dataclass(frozen=True, slots=True)
class Known:
    """What there is. None: nobody knows, and it is not asked."""

    paths: Sequence[OrderPath]  # whose orders the rules judge
    others: Sequence[Rule] = ()  # that judge beside; one of the same name is an earlier version
    owners: KnownOwners | None = None
    teams: Set[str] | None = None  # groups that have one, of those that rules share orders out to
    calendars: Set[str] | None = None
    templates: Set[str] | None = None
    endpoints: Set[str] | None = None  # of webhooks
