"""Whom a contact means, without asking anybody: the same phone or e-mail gives the same customer.

The id is a keyed hash, because phone numbers are few enough to be tried out one by one. Its key is
this log's own and stands in log.keys, where no reader of events or tables sees it.
"""

import hmac
from functools import cached_property
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from domain.refusals import InfraError
from infra.settings import PREFIX, SettingsError
from infra.vault import SecretName, Vault

# They reach the log: contracts for ever.
_SECRET: Final = SecretName(
    uuid5(NAMESPACE_URL, "orderpath:contact-secret"),
    "contact-secret",  # nobody's: erasing a person leaves it alone
)
_CUSTOMERS: Final = uuid5(NAMESPACE_URL, "orderpath:customer")


class ContactIds:
    """Gives customers their ids. One per process; threads may share it."""

    def __init__(self, vault: Vault, region: str) -> None:
        """region: ISO 3166 code of the country in which a number without + is dialled."""
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
        secret = self._vault.secret(_SECRET)
        if secret is None:  # With another one all customers were strangers.
            raise InfraError(
                "contact_secret_missing",
                "The secret by which customers are found was destroyed, or left out of the backup "
                "that this log comes from: bring log.keys back from a backup of it, or name "
                "customers by their ids.",
            )
        return secret


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
