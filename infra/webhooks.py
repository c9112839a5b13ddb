"""Webhooks by the convention of Standard Webhooks: signed, and with an id that stays the same.

Implements domain.effects.channels.Gate for one endpoint.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ssl import SSLContext
from typing import Any, Final

import httpx
from standardwebhooks import Webhook

from domain.effects.channels import Outgoing, Undelivered

WAIT_SECONDS: Final = 15.0  # for any one step; the body of the answer is not read
GONE: Final = 410  # the other side wants nothing more


class WebhookEndpoint:
    """One endpoint: where it is, and the secret that both sides know."""

    def __init__(self, url: str, secret: str, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._url = url
        self._signer = Webhook(secret)
        self._wait_seconds = wait_seconds
        self._tls = httpx.create_ssl_context()

    def send(self, outgoing: Outgoing) -> None:
        """Hand a message over. Raises: Undelivered"""
        now = datetime.now(UTC)  # The receiver's own clock tells it how old a signature is.
        headers = {
            "content-type": "application/json",
            "webhook-id": outgoing.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(outgoing.message_id, now, outgoing.text),
        }
        body = outgoing.text.encode()
        try:
            with posted(
                self._url, self._tls, self._wait_seconds, content=body, headers=headers
            ) as answer:
                status, wait = answer.status_code, answer.headers.get("retry-after", "")
        except httpx.HTTPError as error:
            raise Undelivered("unreachable", f"the endpoint: {type(error).__name__}") from error
        if not httpx.codes.is_success(status):
            raise refused("the endpoint", status, wait, final=status == GONE)


@contextmanager
def posted(url: str, tls: SSLContext, wait_seconds: float, **what: Any) -> Iterator[httpx.Response]:
    """Post something over a connection of its own: no state that could break."""
    with (
        httpx.Client(timeout=wait_seconds, follow_redirects=False, verify=tls) as client,
        client.stream("POST", url, **what) as answer,
    ):
        yield answer


def refused(who: str, status: int, wait: str, *, final: bool) -> Undelivered:
    """Give what an HTTP status means that is none of success. wait: header Retry-After"""
    seconds = int(wait) if wait.isascii() and wait.isdecimal() and len(wait) < 9 else 0
    code = "gone" if status == GONE else "refused"
    at_least = timedelta(seconds=seconds)
    return Undelivered(code, f"{who} answered {status}", final=final, at_least=at_least)
