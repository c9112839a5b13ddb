"""Outlets as the settings describe them: their shapes, and what they become. Libraries are imported
where something is set: most programs send nothing, and start sooner.

infra.settings reads the shapes, services.bootstrap opens the gates.
"""

import binascii
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import NoDecode

from domain.effects.channels import Gate, Outlet
from domain.messages import Code

if TYPE_CHECKING:
    from infra.settings import Settings

SHORTEST_SECRET: Final = 24  # characters behind whsec_
LAST_PORT: Final = 65_535
OTHERS: Final = ("mail", "sms")  # outlets that are no endpoint


def _mail_server(url: SecretStr) -> SecretStr:
    if url.get_secret_value():
        from infra.mail import read_smtp_url

        read_smtp_url(url.get_secret_value())
    return url


def _sender(sender: str) -> str:
    if sender:
        from infra.mail import check_sender

        check_sender(sender)
    return sender


def _askable(url: str) -> str:
    """Refuse what HTTP cannot ask, without repeating it: it may hold a password."""
    if url and not _is_address(url):
        raise ValueError("is no address: write https://host or https://host:port")
    return url


def _is_address(url: str) -> bool:
    import httpx

    try:
        parts = httpx.URL(url)
        parts.raw_host.decode().encode("idna")  # as a socket does
        return bool(parts.host) and (parts.port is None or 0 < parts.port <= LAST_PORT)
    except (httpx.InvalidURL, UnicodeError):
        return False


def _header(line: SecretStr) -> SecretStr:
    text = line.get_secret_value()
    if text and not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+ *:[ -~]+", text, re.ASCII):
        raise ValueError("is no header: write Name: value, in ASCII")
    return line


def _signing(secret: SecretStr) -> SecretStr:
    from standardwebhooks import Webhook

    text = secret.get_secret_value()
    if len(text.removeprefix("whsec_")) < SHORTEST_SECRET:
        raise ValueError("is too short for a secret: make one of 32 random bytes")
    try:
        Webhook(text)
    except (ValueError, binascii.Error):
        raise ValueError("is no secret: write whsec_ and base64") from None
    return secret


def _named(endpoints: Mapping[str, "Endpoint"]) -> Mapping[str, "Endpoint"]:
    if taken := sorted({*endpoints} & {*OTHERS}):
        raise ValueError(f"an endpoint is not called {taken[0]}: that is an outlet of its own")
    return endpoints


def _whose(contacts: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    if not all(re.fullmatch("(user|group):.+", key) for key in contacts):
        raise ValueError("whoever is reached begins with user: or group:, and is named behind it")
    return contacts


def _json(value: Any) -> Any:
    """Read JSON without repeating it: it may hold a secret."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("is no JSON") from None


def _json_text(text: str) -> str:
    if text:
        _json(text)
    return text


def _known_zone(zone: str) -> str:
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone: write one such as Europe/Berlin") from None


# Empty: none.
Askable = Annotated[str, Field(pattern=r"^$|^https?://[^\s]+$"), AfterValidator(_askable)]
Header = Annotated[SecretStr, AfterValidator(_header)]


class Endpoint(BaseModel):
    """A system that is told by webhook."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Annotated[Askable, Field(min_length=1)]
    secret: Annotated[SecretStr, AfterValidator(_signing)]


Sender = Annotated[str, Field(pattern=r"^$|^[^@]+@[^@]+$"), AfterValidator(_sender)]
MailServerUrl = Annotated[SecretStr, AfterValidator(_mail_server)]
Endpoints = Annotated[
    dict[Code, Endpoint], NoDecode, BeforeValidator(_json), AfterValidator(_named)
]
# `user:ann` or `group:leads` -> e-mail addresses and phone numbers.
Contacts = Annotated[
    dict[str, tuple[str, ...]], NoDecode, BeforeValidator(_json), AfterValidator(_whose)
]
JsonText = Annotated[str, AfterValidator(_json_text)]
Zone = Annotated[str, AfterValidator(_known_zone)]


def open_gates(settings: "Settings") -> Mapping[Outlet, Gate]:
    """Open what the settings describe."""
    return {outlet: _gate(settings, outlet) for outlet in settings.outlets}


def _gate(settings: "Settings", outlet: Outlet) -> Gate:
    match outlet:
        case Outlet(channel="mail"):
            from infra.mail import SmtpMail

            return SmtpMail(settings.smtp_url.get_secret_value(), settings.mail_from)
        case Outlet(channel="sms"):
            from infra.sms import SmsGateway

            header, region = settings.sms_header.get_secret_value(), settings.phone_region
            return SmsGateway(settings.sms_url, settings.sms_body, header, region=region)
        case _:
            from infra.webhooks import WebhookEndpoint

            endpoint = settings.webhooks[outlet.name]
            return WebhookEndpoint(endpoint.url, endpoint.secret.get_secret_value())
