"""All questions, by their names and by what is asked. What is not imported here cannot be asked."""

from services.questions import audit, figures, log, orders, parts, reports, tracking
from services.questions.question import BY_ASKED, BY_NAME

__all__ = [
    "BY_ASKED",
    "BY_NAME",
    "audit",
    "figures",
    "log",
    "orders",
    "parts",
    "reports",
    "tracking",
]
