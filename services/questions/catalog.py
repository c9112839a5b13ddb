"""All questions, by their names and by what is asked. What is not imported here cannot be asked."""

from services.questions import (
    customers,
    effects,
    figures,
    hours,
    inbox,
    lint,
    log,
    orders,
    parts,
    path_changes,
    paths,
    prices,
    reports,
    rule_trials,
    rules,
    stock,
    tracking,
)
from services.questions.question import BY_ASKED, BY_NAME

__all__ = [
    "BY_ASKED",
    "BY_NAME",
    "customers",
    "effects",
    "figures",
    "hours",
    "inbox",
    "lint",
    "log",
    "orders",
    "parts",
    "path_changes",
    "paths",
    "prices",
    "reports",
    "rule_trials",
    "rules",
    "stock",
    "tracking",
]
