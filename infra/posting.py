"""One request of HTTP under a deadline. infra.webhooks and infra.sms post by it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ssl import SSLContext
from typing import Any, Final

import httpx

from domain.effects.channels import Undelivered
from domain.refusals import OrderpathError
from infra.deadline import Deadline

GONE: Final = 410  # the other side wants nothing more
CONNECT_SECONDS: Final = 10.0  # for each address of a host, and for the handshake of TLS


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    wait: str  # header Retry-After
    content: bytes  # its beginning

    @property
    def is_success(self) -> bool:
        return httpx.codes.is_success(self.status)

    def refused(self, who: str, *, final: bool, code: str = "refused") -> Undelivered:
        """Give what a status means that is none of success."""
        wait = self.wait
        seconds = int(wait) if wait.isascii() and wait.isdecimal() and len(wait) < 9 else 0
        at_least = timedelta(seconds=seconds)
        return Undelivered(code, f"{who} answered {self.status}", final=final, at_least=at_least)


class NoAnswer(OrderpathError):
    """No answer came. Its text is the error's name."""

    def __init__(self, error: Exception, *, asked: bool) -> None:
        super().__init__(type(error).__name__)
        self.asked = asked  # the other side may have the whole request


def post(url: str, tls: SSLContext, seconds: float, *, most_bytes: int = 0, **what: Any) -> Answer:
    """Post something over a connection of its own: no state that could break.

    seconds: for all of it; most_bytes: of the answer that are wanted. Raises: NoAnswer
    """
    wait = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    with (
        Deadline(seconds) as deadline,
        httpx.Client(timeout=wait, follow_redirects=False, verify=tls) as client,
    ):
        progress = _Progress(deadline)
        try:
            with client.stream("POST", url, extensions={"trace": progress}, **what) as response:
                return _read(response, most_bytes)
        except httpx.HTTPError as error:
            raise NoAnswer(error, asked=progress.asked) from error


class _Progress:
    """Hears from httpcore how far a request is."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self.asked = False

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        self._deadline.hear(event, info)
        if event.endswith("send_request_body.complete"):
            self.asked = True


def _read(response: httpx.Response, most_bytes: int) -> Answer:
    """Read the beginning of an answer: the status counts, also if the rest never comes."""
    content = b""
    with suppress(httpx.HTTPError):
        for part in response.iter_bytes() if most_bytes else ():
            content += part
            if len(content) > most_bytes:
                break
    return Answer(response.status_code, response.headers.get("retry-after", ""), content)
