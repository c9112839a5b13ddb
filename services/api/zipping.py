"""Answers that are zipped for who takes gzip."""

import gzip
from collections.abc import Mapping
from typing import Final

ZIPPED_FROM: Final = 1_000  # bytes
ZIP_LEVEL: Final = 5
ZIPPED: Final[Mapping[str, str]] = {"Content-Encoding": "gzip"}  # headers of such an answer


def takes_gzip(headers: Mapping[str, str]) -> bool:
    """Say whether a caller takes gzip; names of headers are in lower case."""
    for one in headers.get("accept-encoding", "").lower().split(","):
        coding, *parameters = (part.strip() for part in one.split(";"))
        if coding == "gzip":
            return not any(_refuses(parameter) for parameter in parameters)
    return False


def zipped(body: bytes) -> bytes:
    """Zip a body. The large ones take long: not on the event loop."""
    return gzip.compress(body, ZIP_LEVEL)


def _refuses(parameter: str) -> bool:
    """Tell q=0, q=0.0 and so on."""
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and not value.strip().strip("0.")
