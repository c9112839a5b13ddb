"""The certificate of the server: seen to be usable before a port is taken. Called by the CLI."""

import ssl
from pathlib import Path
from typing import NoReturn

from domain.refusals import Unusable


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Give what a server speaks TLS with, from files in PEM form: 1.2 or newer.

    Raises: Unusable, which says what is wrong with which file
    """

    def locked() -> NoReturn:
        raise Unusable(
            f"ORDERPATH_HTTP_KEY_FILE: {key} is locked with a password, and nobody is there who "
            "types it: give the key without one, in a file that only this user may read"
        )

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key, password=locked)
    except ssl.SSLError as error:
        raise Unusable(_fault(certificate, key, error)) from error
    except OSError as error:
        message = f"{certificate} and {key} cannot both be read: {error.strerror or error}"
        raise Unusable(f"ORDERPATH_HTTP_CERT_FILE, ORDERPATH_HTTP_KEY_FILE: {message}") from error
    return context


def _fault(certificate: Path, key: Path, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"ORDERPATH_HTTP_KEY_FILE: {key} is not the key of the certificate {certificate}"
    if not _holds_certificates(certificate):
        return f"ORDERPATH_HTTP_CERT_FILE: {certificate} holds no certificate in PEM form"
    return f"ORDERPATH_HTTP_KEY_FILE: {key} holds no key in PEM form that TLS takes"


def _holds_certificates(file: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        return False
    return True
