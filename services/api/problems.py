"""What goes wrong over HTTP, as RFC 9457 tells it: one table from errors to statuses.

services.client turns the codes back into the errors that they were.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.refusals import (
    Absent,
    CommandIdReused,
    CommandUnreadable,
    Conflict,
    Denied,
    FactIdReused,
    InfraError,
    OrderpathError,
    Refusal,
    UnknownCaller,
    Unmet,
    Unusable,
)

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "urn:orderpath:problem:"
RETRY_SECONDS: Final = 1
MAX_TOLD: Final = 50  # faults of one request

# code: (status, title). The codes are stable.
TITLES: Final[Mapping[str, tuple[int, str]]] = {
    "not_readable": (400, "The request cannot be read"),
    "key_missing": (400, "A command needs a key of its own"),
    "unknown_caller": (401, "Nobody knows who asks"),
    "denied": (403, "Whoever asks may not"),
    "no_such_place": (404, "There is no such place here"),
    "absent": (404, "There is nothing of what was asked for"),
    "no_such_method": (405, "This place does not know the method"),
    "body_late": (408, "The request did not come in time"),
    "refused": (409, "The business says no"),
    "conflict": (409, "Somebody was faster"),
    "version_differs": (412, "It is at another version than If-Match says"),
    "too_large": (413, "The request is too large"),
    "encoded": (415, "The body is packed in a way that is not taken here"),
    "command_id_reused": (422, "The key belongs to another command"),
    "fact_id_reused": (422, "The fact belongs to another order"),
    "command_unreadable": (422, "The command cannot be read"),
    "unusable": (422, "What was handed in cannot be used"),
    "too_many": (429, "Too many requests of one caller"),
    "head_too_large": (431, "The head of the request is too large"),
    "fault": (500, "A fault of Orderpath"),
    "unavailable": (503, "Not now"),
    "busy": (503, "Too much at once"),
    "too_slow": (503, "It took too long"),
    "behind": (503, "The tables are not as far as that yet"),
}
_ABSENT: Final = frozenset({"order_unknown", "customer_unknown"})  # questions that found nothing
_BAD_SYNTAX: Final = frozenset({"command_not_json", "command_too_deep"})
TURNED_AWAY: Final = "too_many_refusals"


class Turned(OrderpathError):
    """A request that is turned away before it reaches the business."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        retry_seconds: float | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.facts = facts or {}
        self.retry_seconds = retry_seconds


class Misread(OrderpathError):
    """Parameters that are not as the place describes them: each that is wrong, never with what was
    given, which may be personal.
    """

    def __init__(self, unmet: tuple[Unmet, ...]) -> None:
        super().__init__("a parameter cannot be read")
        self.unmet = unmet


@contextmanager
def reading_parameters() -> Iterator[None]:
    """Read what was asked. Raises: Misread; what else is not valid is a fault of ours"""
    try:
        yield
    except ValidationError as error:
        raise Misread(_faults(error)) from error


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, as the body and the headers of an answer."""

    code: str
    detail: str
    unmet: tuple[Unmet, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)  # more members of the body
    retry_seconds: float | None = None
    status: int = 0  # 0: that of the code

    @property
    def told_status(self) -> int:
        return self.status or TITLES[self.code][0]

    @property
    def body(self) -> dict[str, Any]:
        """Give the members in the order of the RFC, then ours."""
        body: dict[str, Any] = {
            "type": TYPES + self.code,
            "title": TITLES[self.code][1],
            "status": self.told_status,
            "detail": self.detail,
            "code": self.code,
            **self.facts,
        }
        if self.unmet or self.code in ("refused", "denied", "command_unreadable"):
            body["unmet"] = [one.model_dump() for one in self.unmet]
        return body

    @property
    def headers(self) -> dict[str, str]:
        """Give what else an answer of this status has to say."""
        headers = {}
        if self.retry_seconds is not None:
            headers["Retry-After"] = str(max(1, ceil(self.retry_seconds)))
        if self.told_status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if self.code == "encoded":
            headers["Accept-Encoding"] = "identity"
        return headers


def problem_of(error: Exception) -> Problem | None:
    """Give the problem that tells an error; None: it is a fault of ours, whose words stay here."""
    words = str(error)
    match error:
        case Turned():
            return Problem(error.code, words, facts=error.facts, retry_seconds=error.retry_seconds)
        case UnknownCaller():
            return Problem("unknown_caller", words)
        case Denied():
            return Problem("denied", words, error.unmet)
        case Refusal():
            return _refused(error.unmet)
        case Absent():
            return Problem("absent", words)
        case Conflict():
            return Problem("conflict", words, facts=conflict_facts(error))
        case CommandIdReused():
            facts = {"command_id": str(error.command_id)}
            return Problem("command_id_reused", words, facts=facts)
        case FactIdReused():
            return Problem("fact_id_reused", words)
        case CommandUnreadable():
            return _unreadable(error)
        case Misread():
            return Problem("unusable", words, error.unmet)
        case Unusable():
            return Problem("unusable", words)
        case InfraError():
            code = "busy" if error.code == "overloaded" else "unavailable"
            facts = {"cause": error.code}
            return Problem(code, words, facts=facts, retry_seconds=RETRY_SECONDS)
        case OrderpathError():
            return Problem("unusable", words)
        case _:
            return None


def fault(request_id: str) -> Problem:
    """Give what is told of a fault of ours: where whoever runs this finds more."""
    detail = f"Nothing that was answered before is lost. The log has more under {request_id}."
    return Problem("fault", detail)


def _refused(unmet: tuple[Unmet, ...]) -> Problem:
    """Tell what a question, or a command before it is decided, is refused for."""
    words = "; ".join(one.message for one in unmet)
    if any(one.code in _ABSENT for one in unmet):
        return Problem("refused", words, unmet, status=404)
    if any(one.code == TURNED_AWAY for one in unmet):
        return Problem("too_many", words, unmet, retry_seconds=60)
    return Problem("refused", words, unmet)


def conflict_facts(error: Conflict) -> dict[str, Any]:
    """Say of what, and which versions."""
    return {
        "stream_id": error.stream_id,
        "expected_version": error.expected_version,
        "version": error.version,
    }


def _unreadable(error: CommandUnreadable) -> Problem:
    codes = {one.code for one in error.unmet}
    status = 413 if "command_too_large" in codes else 400 if codes & _BAD_SYNTAX else 0
    return Problem("command_unreadable", str(error), error.unmet, status=status)


def _faults(error: ValidationError) -> tuple[Unmet, ...]:
    details = error.errors(include_input=False, include_url=False)
    return tuple(map(_fault, details[:MAX_TOLD]))


def _fault(detail: ErrorDetails) -> Unmet:
    where = ".".join(map(str, detail["loc"])) or None
    match detail["type"]:
        case "missing":
            return Unmet(code="field_missing", field=where, message="it is required")
        case "extra_forbidden":
            return Unmet(code="field_unknown", field=where, message="no such field is known here")
        case _:
            words = str(detail["msg"]).removeprefix("Value error, ")
            return Unmet(code="field_invalid", field=where, message=words)
