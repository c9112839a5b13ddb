"""Whom a contact means, without asking anybody: the same phone or e-mail gives the same customer.

The id is a keyed hash, because phone numbers are few enough to be tried out one by one. Its key is
this log's own and stands in log.keys, where no reader of events or tables sees it.
"""

import hmac
import os
from functools import cached_property
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import psycopg

from domain.refusals import InfraError
from infra.postgres import Lender
from infra.sealing import SubjectKey
from infra.settings import PREFIX, SettingsError
from infra.vault import Vault

# They reach the log: contracts for ever.
_SECRET: Final = uuid5(NAMESPACE_URL, "orderpath:contact-secret")
_SUBJECT: Final = "contact-secret"  # nobody's: erasing a person leaves it alone
_CUSTOMERS: Final = uuid5(NAMESPACE_URL, "orderpath:customer")
_SECRET_BYTES: Final = 32
_FIRST_IS_THERE: Final = """
    select exists (select from log.keys k where k.key_id = e.key_id)
    from log.events e where e.key_id is not null order by e.position limit 1
"""
_FIND: Final = "select key from log.keys where key_id = %s"


class ContactIds:
    """Gives customers their ids. One per process; threads may share it."""

    def __init__(self, session: Lender, vault: Vault, region: str) -> None:
        """region: ISO 3166 code of the country in which a number without + is dialled."""
        self._session = session
        self._vault = vault
        self._region = region

    def __call__(self, phone: str | None, email: str | None) -> str | None:
        """Give the customer's id by phone, else by e-mail; None if neither says who it is."""
        contact = normal_phone(phone, self._region) or normal_email(email)
        if contact is None:
            return None
        digest = hmac.digest(self._secret, contact.encode(), "sha256")
        return str(uuid5(_CUSTOMERS, digest.hex()))

    @cached_property
    def _secret(self) -> bytes:
        """Read the secret; whoever asks first makes it, and all use that one."""
        stored = self._vault.storing(self._stored)
        secret = self._vault.open(_SECRET, _SUBJECT, stored)
        if secret is None:
            raise InfraError(
                "contact_secret_missing",
                "The secret by which customers are found was destroyed, or left out of the backup "
                "that this log comes from: bring log.keys back from a backup of it, or name "
                "customers by their ids.",
            )
        return secret

    def _stored(self) -> bytes | None:
        with self._session.connection() as session:
            found = session.execute(_FIND, (_SECRET,)).fetchone()
            if found is None and not self._was_left_out(session):
                made = SubjectKey(_SECRET, _SUBJECT, os.urandom(_SECRET_BYTES))
                wrapped = self._vault.wrap(made)
                session.execute("select ops.keep_key(%s, %s, %s)", (_SECRET, _SUBJECT, wrapped))
                found = session.execute(_FIND, (_SECRET,)).fetchone()
        return found[0] if found else None

    def _was_left_out(self, session: psycopg.Connection[Any]) -> bool:
        """Whether the log was restored without its keys: another secret would make strangers of all
        customers.
        """
        row = session.execute(_FIRST_IS_THERE).fetchone()
        return row is not None and not row[0]


def normal_phone(text: str | None, region: str) -> str | None:
    """Write a number in its one international form; None for what is no number of any country.

    Numbers that nobody can have are left out: 0000000000 in a form would make strangers one.
    Raises: SettingsError for a region that is no country
    """
    if not text or not text.strip():
        return None
    import phonenumbers  # Its tables of all countries take as long to load as all the rest.

    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise SettingsError(f"{PREFIX}PHONE_REGION: {region} is no country with phone numbers")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{written};{number.extension}" if number.extension else written


def normal_email(text: str | None) -> str | None:
    """Write an address without space around it and in small letters; None for what is none."""
    plain = (text or "").strip().casefold()
    return plain if "@" in plain.strip("@") else None
