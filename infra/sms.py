"""SMS over whatever gateway takes JSON: its URL, what is sent there, and a header for the login.

Implements domain.effects.channels.Gate. In the texts of the JSON, {to}, {text} and {id} stand for
the number, the message and its id.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx
from pydantic_core import from_json

from domain.effects.channels import Outgoing, Undelivered
from infra.contact_ids import normal_phone
from infra.posting import Answer, NoAnswer, post

WAIT_SECONDS: Final = 60.0  # for all of it: what nobody answered is for people to look after
ANSWER_BYTES: Final = 100_000  # of an answer that are read
_PASSING: Final = (408, 425, 429)  # client errors that say "later"
_OF_OURS: Final = (401, 402, 403, 404, 405, 407, 410)  # of login, credit or address: for any SMS
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
            answer = post(
                self._url, self._tls, self._wait_seconds,
                most_bytes=ANSWER_BYTES, json=body, headers=self._headers,
            )  # fmt: skip
        except NoAnswer as error:
            if error.asked:  # Not every gateway tells by an id that it has one already.
                words = "the gateway has it, and did not say what became of it"
                raise Undelivered("unanswered", words, final=True) from error
            raise Undelivered("unreachable", f"the gateway: {error}") from error
        if not answer.is_success:
            raise _refused(answer)
        return _id_of(answer.content)


def _refused(answer: Answer) -> Undelivered:
    """Tell what is said of one SMS from what every SMS would hear: somebody mends that."""
    is_of_it = httpx.codes.is_client_error(answer.status) and answer.status not in _OF_OURS
    lasting = is_of_it and answer.status not in _PASSING
    code = "refused" if is_of_it else "server_refused"
    return answer.refused("the gateway", final=lasting, code=code)


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


def _id_of(content: bytes) -> str | None:
    """Give what the gateway calls the message. It has it, whatever it says: nothing is raised."""
    try:
        answer = from_json(content)
        found = (answer.get(name) for name in _IDS) if isinstance(answer, dict) else ()
        text = next((str(one) for one in found if isinstance(one, str | int)), "")
    except ValueError:  # No JSON, too deep, or a number of too many digits.
        return None
    return text[:200] if text and text.isprintable() else None
