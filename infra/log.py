"""The log of a running program: structlog to stderr, configured once by services.bootstrap.

Event names are constants, facts are keys. Personal data is never logged: no processor hides any,
because nothing may hand it over; tracebacks are printed without local variables for that reason.
"""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Literal, TextIO, cast

import structlog
from structlog.typing import Processor

KAFKA_CLIENTS: Final = ("kafka", "aiokafka")


def configure_logging(level: str, log_format: Literal["auto", "console", "json"]) -> None:
    """Send our events and the records of libraries to stderr in one form.

    `auto` is for people on a terminal and JSON, one object a line, everywhere else.
    Libraries are heard from `warning` on, whatever the level is; Kafka's clients from `critical`
    on: they tell of each of many tries, up to hundreds a second, what our state lines say once.
    """
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderers = _console() if console else _json()
    structlog.configure(
        processors=[*_facts(), *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Heard(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    _adopt_standard_logging(renderers)


class _Heard:
    """A stream that whoever reads it may leave: that is no reason to stop what tells it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with self._still():
            self._stream.write(text)

    def flush(self) -> None:
        with self._still():
            self._stream.flush()

    @contextmanager
    def _still(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def _facts() -> Sequence[Processor]:
    return (
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    )


def _console() -> Sequence[Processor]:
    plain = structlog.dev.plain_traceback  # The rich one would print local variables.
    return (structlog.dev.ConsoleRenderer(exception_formatter=plain, timestamp_key="at"),)


def _json() -> Sequence[Processor]:
    return (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())


def _adopt_standard_logging(renderers: Sequence[Processor]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_facts()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in KAFKA_CLIENTS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
