"""Webhooks by the convention of Standard Webhooks: signed, and with an id that stays the same. So
one that nobody answered is told again: the receiver knows it by its id.

Implements domain.effects.channels.Gate for one endpoint.
"""

from datetime import UTC, datetime
from typing import Final

import httpx
from standardwebhooks import Webhook

from domain.effects.channels import Outgoing, Undelivered
from infra.posting import GONE, NoAnswer, post

WAIT_SECONDS: Final = 15.0  # for all of it; the body of the answer is not read


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
            answer = post(self._url, self._tls, self._wait_seconds, content=body, headers=headers)
        except NoAnswer as error:
            raise Undelivered("unreachable", f"the endpoint: {error}") from error
        if not answer.is_success:
            gone = answer.status == GONE
            raise answer.refused("the endpoint", final=gone, code="gone" if gone else "refused")
