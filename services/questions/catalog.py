"""All questions, by their names and by what is asked. What is not imported here cannot be asked."""

from services.questions import (
    figures,
    lint,
    log,
    orders,
    parts,
    path_changes,
    paths,
    reports,
    rule_trials,
    rules,
    tracking,
)
from services.questions.question import BY_ASKED, BY_NAME

__all__ = [
    "BY_ASKED",
    "BY_NAME",
    "figures",
    "lint",
    "log",
    "orders",
    "parts",
    "path_changes",
    "paths",
    "reports",
    "rule_trials",
    "rules",
    "tracking",
]
