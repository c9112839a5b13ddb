"""The shell of an analyst: psql, with the rights and the password of that login."""

from infra.embedded import postgres_binary
from infra.logins import analyst_url, without_password


def analyst_shell(url: str) -> tuple[list[str], dict[str, str]]:
    """Give the command that opens it, and what its environment needs beside.

    url: of the database, its owner's
    """
    address, secret = without_password(analyst_url(url))
    return [str(postgres_binary("psql")), address], secret
