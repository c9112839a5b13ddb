"""What lint has found, as answers tell it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, get_args

from domain.paths.findings import Finding, Severity
from services.questions.given import Spot


def told(finding: Finding, spot: Spot | None) -> dict[str, Any]:
    """Give a finding with its stable keys. spot: where places stand in a file"""
    line, column = spot(finding.place) if spot else (None, None)
    return {
        "code": finding.code,
        "severity": finding.severity,
        "place": list(finding.place),
        "line": line,
        "column": column,
        "message": finding.message,
        "why": finding.why,
        "needed": finding.needed,
    }


def counts_of(found: Iterable[Finding]) -> dict[str, int]:
    """Count findings by their severity: errors, warnings, hints."""
    counts = Counter(finding.severity for finding in found)
    return {f"{severity}s": counts[severity] for severity in get_args(Severity)}
