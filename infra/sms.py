"""SMS over whatever gateway takes JSON: its URL, what is sent there, and a header for the login.

Implements domain.effects.channels.Gate. In the texts of the JSON, {to}, {text} and {id} stand for
the number, the message and its id.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx

from domain.effects.channels import Outgoing, Undelivered
from infra.contact_ids import normal_phone
from infra.webhooks import WAIT_SECONDS, posted, refused

ANSWER_BYTES: Final = 100_000  # of an answer that are read
_PASSING: Final = (408, 425, 429)  # client errors that say "later"
_IDS: Final = ("id", "message_id", "sms_id")  # as gateways call a message


class SmsGateway:
    """One gateway."""

    def __init__(
        self,
        url: str,
        body: str,  # JSON
        header: str = "",  # Authorization: Bearer …; empty: none
        *,
        region: str,  # where a number without + is dialled, ISO 3166
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._url = url
        self._region = region
        self._body = json.loads(body)
        name, _, value = header.partition(":")
        self._headers = {name.strip(): value.strip()} if name else {}
        self._wait_seconds = wait_seconds
        self._tls = httpx.create_ssl_context()

    def send(self, outgoing: Outgoing) -> str | None:
        """Hand an SMS over; give the gateway's id, if it says one. Raises: Undelivered"""
        number = normal_phone(outgoing.to, self._region)
        if number is None:
            raise Undelivered("address_unusable", "that is no phone number", final=True)
        said = {"to": number.partition(";")[0], "text": outgoing.text, "id": outgoing.message_id}
        body = _filled(self._body, said)
        try:
            with posted(
                self._url, self._tls, self._wait_seconds, json=body, headers=self._headers
            ) as answer:
                status, wait = answer.status_code, answer.headers.get("retry-after", "")
                content = _beginning(answer) if httpx.codes.is_success(status) else b""
        except httpx.HTTPError as error:
            raise Undelivered("unreachable", f"the gateway: {type(error).__name__}") from error
        if not httpx.codes.is_success(status):
            final = httpx.codes.is_client_error(status) and status not in _PASSING
            raise refused("the gateway", status, wait, final=final)
        return _id_of(content)


def _filled(part: Any, said: Mapping[str, str]) -> Any:
    match part:
        case dict():
            return {key: _filled(value, said) for key, value in part.items()}
        case list():
            return [_filled(value, said) for value in part]
        case str():
            return _within(part, said)
        case _:
            return part


def _within(text: str, said: Mapping[str, str]) -> str:
    """Fill a longer text piece by piece: what was filled in is not looked at again."""
    before, brace, rest = text.partition("{")
    name, closing, after = rest.partition("}")
    if not (brace and closing):
        return text
    filled = said.get(name, f"{{{name}}}")
    return before + filled + _within(after, said)


def _beginning(answer: httpx.Response) -> bytes:
    content = b""
    for part in answer.iter_bytes():
        content += part
        if len(content) > ANSWER_BYTES:
            break
    return content


def _id_of(content: bytes) -> str | None:
    try:
        answer = json.loads(content)
    except ValueError:
        return None
    found = (answer.get(name) for name in _IDS) if isinstance(answer, dict) else ()
    text = next((str(one) for one in found if isinstance(one, str | int)), None)
    return text[:200] if text else None
