"""What is allowed in a path and yet not well. `OrderPath` refuses mistakes; this says the rest.

One file for each topic: lint_statuses, lint_owners, lint_moves, lint_conditions, lint_costs,
lint_likeness. Called by `orderpath path lint`.
"""

from collections.abc import Mapping

from domain.paths.asking import list_follow_findings
from domain.paths.definition import Definition
from domain.paths.findings import Finding
from domain.paths.lint_conditions import list_condition_findings
from domain.paths.lint_costs import list_cost_findings
from domain.paths.lint_likeness import list_alike_paths, list_alike_titles
from domain.paths.lint_moves import list_move_findings
from domain.paths.lint_owners import KnownOwners, list_inactive_owners
from domain.paths.lint_statuses import Today, list_limits_out_of_reach, list_status_findings
from domain.paths.names import Place
from domain.paths.path import OrderPath


def lint(
    path: OrderPath,
    others: Mapping[str, OrderPath] | None = None,
    known_owners: KnownOwners | None = None,
    today: Today | None = None,
) -> list[Finding]:
    """Give everything that is not well, in the order of the path's keys, then by code.

    others:       the published paths, by name; one of the same name is an earlier version
    known_owners: who still works here; None: nobody knows
    today:        when it is, and the calendars; None: limits are not held against them
    """
    found = [
        *list_status_findings(path),
        *(() if today is None else list_limits_out_of_reach(path, today)),
        *list_move_findings(path),
        *list_follow_findings(path),
        *list_condition_findings(path),
        *list_cost_findings(path),
        *list_alike_titles(path),
        *list_alike_paths(path, others or {}),
        *(() if known_owners is None else list_inactive_owners(path, known_owners)),
    ]
    return sorted(found, key=lambda finding: (rank_of(path, finding.place), finding.code))


def rank_of(definition: Definition, place: Place) -> tuple[int, ...]:
    """Give where a place stands: keys of a model and of a mapping in their order."""
    ranks: list[int] = []
    value: object = definition
    for key in place:
        if isinstance(key, int):
            ranks.append(key)
            value = value[key] if isinstance(value, tuple) else None
            continue
        fields = getattr(type(value), "model_fields", {})
        by_key = {field.alias or name: name for name, field in fields.items()}
        keys = list(value) if isinstance(value, dict) else list(by_key)
        ranks.append(keys.index(key) if key in keys else len(keys))
        value = value.get(key) if isinstance(value, dict) else getattr(value, by_key[key], None)
    return tuple(ranks)
