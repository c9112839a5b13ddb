"""All questions, by their names and by what is asked. What is not imported here cannot be asked."""

from services.questions import (
    customers,
    figures,
    inbox,
    log,
    orders,
    parts,
    paths,
    reads,
    reports,
    rules,
    stock,
    tracking,
)
from services.questions.question import BY_ASKED, BY_NAME

__all__ = [
    "BY_ASKED",
    "BY_NAME",
    "customers",
    "figures",
    "inbox",
    "log",
    "orders",
    "parts",
    "paths",
    "reads",
    "reports",
    "rules",
    "stock",
    "tracking",
]
