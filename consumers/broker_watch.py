"""Tells people when Kafka is away and when it is back: its clients try again without a word.

A thread of the workers and of the consumer of commands, beside their work.
"""

from collections.abc import Callable
from threading import Event as Signal
from typing import Final

import structlog

from domain.refusals import InfraError
from services.cli.foreground import state

LOOK_SECONDS: Final = 10.0  # between two looks

log_ = structlog.get_logger()


def watch_broker(look: Callable[[], object], stop: Signal) -> None:
    """Look again and again until told to stop; each change is told once.

    look: asks Kafka for something. Raises: InfraError
    """
    away = False
    while not stop.wait(LOOK_SECONDS):
        try:
            look()
        except InfraError as error:
            if error.code != "broker_unavailable":
                log_.warning("broker_look_failed", code=error.code, message=str(error))
            elif not away:
                away = True
                state(f"Kafka is away: {error}")
        else:
            if away:
                away = False
                state("Kafka is back")
