"""What can be set from outside: ORDERPATH_* variables and `.env`, read once by services.bootstrap.

A wrong value and an unknown name both stop the program, with a sentence that says what is allowed.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from dotenv import dotenv_values
from platformdirs import user_data_path
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.effects.channels import Outlet
from domain.hints import nearest
from domain.messages import Code
from domain.refusals import Unusable
from domain.streaming import PREFIX as TOPIC_PREFIX
from domain.templates.offered import Setting
from infra.master_keys import parse_master_keys
from infra.outlets import (
    Askable,
    Contacts,
    Endpoints,
    Header,
    JsonText,
    MailServerUrl,
    Sender,
    Zone,
)

PREFIX: Final = "ORDERPATH_"
DOTENV: Final = ".env"

Lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
Upper = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(filter(None, (line.strip() for line in value.split(";"))))


Lines = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), Field(max_length=10)]


def _connectable(url: str) -> str:
    """Refuse what libpq cannot read, without repeating it: it may hold a password."""
    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        raise ValueError("is no address that PostgreSQL can read") from None
    return url


def _opening(text: SecretStr) -> SecretStr:
    """Refuse what is no list of master keys, without repeating it."""
    parse_master_keys(text.get_secret_value())
    return text


MasterKeys = Annotated[SecretStr, AfterValidator(_opening)]
PerMinute = Annotated[int, Field(ge=1, le=100_000)]
# Nobody on the way may answer for the issuer; on this machine nobody is on the way.
IssuerUrl = r"^$|^https://[^\s/]+|^http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/|$)"
HostPorts = r"^$|^[^\s,:/]+:\d{1,5}(,[^\s,:/]+:\d{1,5})*$"


class SettingsError(Unusable):
    """One or more settings are wrong; the message names each variable and what is allowed."""


class Settings(BaseSettings):
    """Everything that can be set. An empty variable means the default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=DOTENV,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    database_url: Annotated[
        str, Field(pattern=r"^$|^postgres(ql)?://"), AfterValidator(_connectable)
    ] = ""  # empty: embedded
    data_dir: Path = Field(default_factory=lambda: user_data_path("orderpath", appauthor=False))
    kafka: Annotated[str, Field(pattern=HostPorts)] = ""  # brokers; empty: the local one, if any
    # Of topics and groups: shops that share the brokers have one each, and keep it.
    kafka_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=60)] = (
        TOPIC_PREFIX
    )
    # How the brokers of `kafka` are spoken to, as they have it; the local one knows no login.
    kafka_protocol: Annotated[Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"], Lower] = (
        "plaintext"
    )
    kafka_mechanism: Annotated[Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], Upper] = "PLAIN"
    kafka_user: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca_file: Path | None = None  # PEM; None: the certificates that the system trusts
    # What wraps the keys of personal data, the one to use first; empty: a file in the data folder.
    master_key: MasterKeys = SecretStr("")
    master_key_file: Path | None = None
    batch_commands: Annotated[int, Field(ge=1, le=1024)] = 256  # commands an append
    batch_events: Annotated[int, Field(ge=1, le=10_000)] = 2_000  # events a projection transaction
    cache_streams: Annotated[int, Field(ge=0, le=1_000_000)] = 20_000  # states kept in memory
    # How long a command waits for a database that went away.
    patience_seconds: Annotated[float, Field(ge=0, le=600)] = 10.0
    # Where a phone number without + is dialled, by ISO 3166. Another one means other customers.
    phone_region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "RU"
    # Public topics of the relay; names, phones, e-mails and addresses in them.
    public_topics: bool = True
    public_personal: bool = False
    # Refused commands of one caller that are decided and kept; what comes then is turned away.
    refusals_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 120
    # How messages leave the house: docs/messages.md. Empty: that outlet is closed, they wait.
    smtp_url: MailServerUrl = SecretStr("")
    mail_from: Sender = ""
    webhooks: Endpoints = Field(default_factory=dict)
    sms_url: Askable = ""
    sms_body: JsonText = ""
    sms_header: Header = SecretStr("")
    mail_per_minute: PerMinute = 600  # of all senders together
    sms_per_minute: PerMinute = 60
    webhooks_per_minute: PerMinute = 3_000
    contacts: Contacts = Field(default_factory=dict)  # how the people of the shop are reached
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"  # of messages, by ISO 639-1
    zone: Zone = "UTC"  # of the times in messages
    payment_link: str = ""  # with {order_id} or {number}
    seller: Lines = ()  # who sells, as papers say it
    # The sealed log, docs/audit.md: where the private keys lie, None: seal-keys in the data folder;
    # and a file that holds heads outside of the database, None: a small one in the data folder.
    seal_keys: Path | None = None
    witness_file: Path | None = None
    # Where the server listens: docs/http.md. From elsewhere it is reached only if that is meant.
    http_host: Annotated[str, Field(pattern=r"^[^\s/]+$")] = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65_535)] = 8_080  # 0: any that is free
    http_elsewhere: bool = False
    # The certificate of the server and its key, PEM: then it speaks TLS, and may be reached.
    http_cert_file: Path | None = None
    http_key_file: Path | None = None
    # Whose tokens are taken beside API keys (OpenID Connect); empty: nobody's.
    oidc_issuer: Annotated[str, Field(pattern=IssuerUrl)] = ""
    oidc_audience: str = ""
    oidc_keys_url: Annotated[str, Field(pattern=IssuerUrl)] = ""  # empty: the issuer says where
    oidc_subject: str = "sub"  # claims
    oidc_roles: str = "roles"
    oidc_groups: str = "groups"
    oidc_role_names: dict[str, Code] = Field(default_factory=dict)  # the issuer's -> ours
    # Of one caller and one process; what comes beyond is turned away.
    http_per_second: Annotated[int, Field(ge=1, le=1_000_000)] = 5_000
    http_lines: Annotated[int, Field(ge=1, le=65_536)] = 4_096  # open, also those that say nothing
    http_at_once: Annotated[int, Field(ge=1, le=65_536)] = 1_024  # requests in hand
    http_readers: Annotated[int, Field(ge=1, le=64)] = 4  # questions answered at once
    # Whom the command line asks: a server's address, and the key that it is asked with. Empty: it
    # works beside the database.
    url: Annotated[str, Field(pattern=r"^$|^https?://[^\s/]+/?$")] = ""
    api_key: SecretStr = SecretStr("")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Lower] = "info"
    log_format: Annotated[Literal["auto", "console", "json"], Lower] = "auto"

    @property
    def setting(self) -> Setting:
        """What messages and papers need of where the shop is."""
        return Setting(self.language, self.zone, self.payment_link)

    @property
    def outlets(self) -> Sequence[Outlet]:
        """Where messages may leave the house."""
        mail = [Outlet("mail")] if self.smtp_url.get_secret_value() else []
        sms = [Outlet("sms")] if self.sms_url else []
        return (*mail, *sms, *(Outlet("webhook", name) for name in self.webhooks))

    @property
    def per_minute(self) -> Mapping[str, int]:
        """How many messages leave by each channel."""
        return {
            "mail": self.mail_per_minute,
            "sms": self.sms_per_minute,
            "webhook": self.webhooks_per_minute,
        }


def load_settings() -> Settings:
    """Read the settings from the environment and, below it, from `.env` in the current folder.

    Raises: SettingsError naming every wrong value and every unknown ORDERPATH_* name.
    """
    if Path(DOTENV).is_dir():  # Both readers would pass it over in silence.
        raise SettingsError(f"{DOTENV} is a folder: rename it, settings are read from such a file")
    settings: Settings | None = None
    try:
        problems = [_unknown(name) for name in _given_names() if name not in _known_names()]
        settings = Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{DOTENV} cannot be read as UTF-8 text: {error}") from None
    except ValidationError as error:
        problems += [_explain(detail) for detail in error.errors()]
    if settings is not None:
        problems += [
            *_unfinished_kafka(settings),
            *_unfinished_outlets(settings),
            *_unfinished_server(settings),
            *_doubled_keys(settings),
        ]
    if settings is None or problems:
        raise SettingsError("\n".join(problems))
    return settings.model_copy(update={"data_dir": _absolute(settings.data_dir)})


def _unfinished_kafka(settings: Settings) -> Iterator[str]:
    """Say what is missing of what the protocol needs."""
    login = settings.kafka_user and settings.kafka_password
    if settings.kafka_protocol.startswith("sasl_") and not login:
        yield (
            f"{PREFIX}KAFKA_PROTOCOL={settings.kafka_protocol} logs in: set {PREFIX}KAFKA_USER "
            f"and {PREFIX}KAFKA_PASSWORD too."
        )
    if settings.kafka_ca_file and not settings.kafka_ca_file.is_file():
        yield (
            f"{PREFIX}KAFKA_CA_FILE: there is no such file (given: "
            f"{str(settings.kafka_ca_file)!r}). Allowed: {_ALLOWED['kafka_ca_file']}."
        )


def _unfinished_outlets(settings: Settings) -> Iterator[str]:
    """Say what is missing of what an outlet needs."""
    if settings.smtp_url.get_secret_value() and not settings.mail_from:
        yield f"{PREFIX}SMTP_URL sends mail: say from whom, in {PREFIX}MAIL_FROM."
    if settings.sms_url and not settings.sms_body:
        yield f"{PREFIX}SMS_URL sends SMS: say what goes there, in {PREFIX}SMS_BODY."


def _doubled_keys(settings: Settings) -> Iterator[str]:
    """Say that only one of two ways to give the master keys can count."""
    if settings.master_key.get_secret_value() and settings.master_key_file:
        yield f"{PREFIX}MASTER_KEY and {PREFIX}MASTER_KEY_FILE are both set: leave one of them out."


def _unfinished_server(settings: Settings) -> Iterator[str]:
    """Say what is missing of what TLS and tokens need."""
    files = {"http_cert_file": settings.http_cert_file, "http_key_file": settings.http_key_file}
    if None in files.values() and set(files.values()) != {None}:
        yield f"{PREFIX}HTTP_CERT_FILE and {PREFIX}HTTP_KEY_FILE belong together: set both."
    for name, file in files.items():
        if file is not None and not file.is_file():
            yield (
                f"{PREFIX}{name.upper()}: there is no such file (given: {str(file)!r}). Allowed: "
                f"{_ALLOWED[name]}."
            )
    if settings.oidc_issuer and not settings.oidc_audience:
        yield f"{PREFIX}OIDC_ISSUER issues tokens for many: say which, in {PREFIX}OIDC_AUDIENCE."


def _absolute(folder: Path) -> Path:
    try:
        return folder.expanduser().absolute()
    except RuntimeError:
        raise SettingsError(
            f"{PREFIX}DATA_DIR: nobody knows whose home {folder.parts[0]} is "
            f"(given: {str(folder)!r}). Allowed: {_ALLOWED['data_dir']}."
        ) from None


def _given_names() -> list[str]:
    names = {name.upper() for name in (*os.environ, *dotenv_values(DOTENV))}
    return sorted(name for name in names if name.startswith(PREFIX))


def _known_names() -> list[str]:
    return [PREFIX + field.upper() for field in Settings.model_fields]


def _unknown(name: str) -> str:
    fields = [field.upper() for field in Settings.model_fields]
    close = nearest(name.removeprefix(PREFIX), fields)
    known = ", ".join(_known_names())
    hint = f"did you mean {PREFIX}{close}?" if close else f"known are {known}."
    return f"{name} is no setting of Orderpath: {hint}"


def _explain(detail: ErrorDetails) -> str:
    field = str(detail["loc"][0])
    # What is or may hold a password is not repeated.
    given = "" if field in _SECRET else f" (given: {detail['input']!r})"
    return f"{PREFIX}{field.upper()}: {detail['msg']}{given}. Allowed: {_ALLOWED[field]}."


_SECRET: Final = (
    "database_url", "kafka_password", "smtp_url", "webhooks", "sms_url", "sms_body", "sms_header",
    "contacts", "master_key", "api_key",
)  # fmt: skip
_ALLOWED: Final = {
    "database_url": "postgresql://user@host:port/database, or empty for the embedded PostgreSQL",
    "data_dir": "a path to a folder that may be written",
    "kafka": "host:port, several separated by commas, or empty for none",
    "kafka_prefix": "up to 60 of a-z, 0-9, ., _ and -, a letter or a digit first",
    "kafka_protocol": "plaintext, ssl, sasl_plaintext, sasl_ssl",
    "kafka_mechanism": "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512",
    "kafka_user": "a text",
    "kafka_password": "a text",
    "kafka_ca_file": "a file of certificates in PEM form, or empty for those of the system",
    "master_key": "32 bytes in base64, or several with spaces between, the one to use first",
    "master_key_file": "a file with such keys, one a line, or empty for that of the data folder",
    "batch_commands": "a whole number from 1 to 1024",
    "batch_events": "a whole number from 1 to 10000",
    "cache_streams": "a whole number from 0 to 1000000",
    "patience_seconds": "a number from 0 to 600",
    "phone_region": "two capital letters of a country, such as RU or DE",
    "public_topics": "on or off",
    "public_personal": "on or off",
    "refusals_per_minute": "a whole number from 1 to 1000000",
    "smtp_url": "smtps://user:password@host, smtp://… or smtp+plain://host, or empty for no mail",
    "mail_from": "an address, as Shop <orders@shop.example>",
    "webhooks": 'JSON: {"name": {"url": "https://…", "secret": "whsec_…"}}, or empty for none',
    "sms_url": "https://… of the gateway, or empty for no SMS",
    "sms_body": 'JSON with {to}, {text} and {id}, as {"to": "{to}", "text": "{text}"}',
    "sms_header": "Name: value, or empty for none",
    "mail_per_minute": "a whole number from 1 to 100000",
    "sms_per_minute": "a whole number from 1 to 100000",
    "webhooks_per_minute": "a whole number from 1 to 100000",
    "contacts": 'JSON: {"user:ann": ["ann@shop.example"], "group:leads": ["+49…"]}',
    "language": "two small letters of a language, such as en or ru",
    "zone": "a time zone such as Europe/Berlin",
    "payment_link": "https://… with {order_id} or {number}, or empty for none",
    "seller": "up to 10 lines with ; between, as Shop Ltd; 1 Main Street; VAT DE123",
    "seal_keys": "a path to a folder, or empty for seal-keys in the data folder",
    "witness_file": "a path to a file that may be written, or empty for heads in the data folder",
    "http_host": "an address of this machine, as 127.0.0.1 or 0.0.0.0",
    "http_port": "a port from 1 to 65535, or 0 for any that is free",
    "http_elsewhere": "on or off",
    "http_cert_file": "a file with the certificate of the server in PEM form",
    "http_key_file": "a file with the key of that certificate in PEM form",
    "oidc_issuer": "https://…, as its tokens say it, or empty for no tokens",
    "oidc_audience": "a text, as tokens for Orderpath say it",
    "oidc_keys_url": "https://… of the issuer's keys (JWKS), or empty: the issuer says where",
    "oidc_subject": "the claim that names a person, as sub or email",
    "oidc_roles": "the claim that lists roles, as roles or realm_access.roles",
    "oidc_groups": "the claim that lists groups",
    "oidc_role_names": 'JSON: {"the issuer\'s role": "our role"}',
    "http_per_second": "a whole number from 1 to 1000000",
    "http_lines": "a whole number from 1 to 65536",
    "http_at_once": "a whole number from 1 to 65536",
    "http_readers": "a whole number from 1 to 64",
    "url": "http://host:port or https://host of a server, or empty for none",
    "api_key": "a key of that server",
    "log_level": "debug, info, warning, error",
    "log_format": "auto, console, json",
}
