"""All questions, by their names and by what is asked. What is not imported here cannot be asked."""

from services.questions import (
    audit,
    customers,
    figures,
    inbox,
    log,
    orders,
    parts,
    paths,
    reports,
    rules,
    stock,
    tracking,
)
from services.questions.question import BY_ASKED, BY_NAME

__all__ = [
    "BY_ASKED",
    "BY_NAME",
    "audit",
    "customers",
    "figures",
    "inbox",
    "log",
    "orders",
    "parts",
    "paths",
    "reports",
    "rules",
    "stock",
    "tracking",
]
