"""`orderpath up --cluster`: what a company runs on many machines, on this one.

PostgreSQL and Kafka, unless the settings name others; the relay, two workers, the consumer of
commands, what acts for rules and a clock, each the program that has a command for deployments.
"""

import sys
from threading import Event as Signal
from threading import Thread
from typing import TYPE_CHECKING, Final

from services.cli.foreground import (
    LOOK_SECONDS,
    ToldOnce,
    Watch,
    signalled,
    state,
    tell_database,
)
from services.cli.session import opened
from services.cli.supervisor import Program, Supervisor

if TYPE_CHECKING:
    from services.bootstrap import Settings

PROGRAMS: Final = {
    "relay": ("relay",),
    "worker 1": ("worker",),
    "worker 2": ("worker",),
    "commands": ("commands",),
    "act": ("act",),
    "clock": ("clock",),
    "send": ("send",),
    "waves": ("waves",),
    "seal": ("seal",),
    "serve": ("serve",),
}


def run_cluster() -> None:
    """Run until a signal. A local Kafka that was started for it stops with it, or by `down`."""
    from services.servers import borrow_broker, return_broker

    stop = signalled()
    with opened() as system:
        settings = system.settings
        tell_database(system)
        address = settings.kafka or borrow_broker(settings)
        state(f"Kafka ready ({'given by ORDERPATH_KAFKA' if settings.kafka else address})")
        try:
            system.prepare_projections()
            system.read_models.drive("workers")
            watchers = [Thread(target=Watch(system, stop, restart=True).run, daemon=True)]
            if not settings.kafka:
                watchers.append(Thread(target=_keep_broker, args=(settings, stop), daemon=True))
            for watcher in watchers:
                watcher.start()
            _supervisor(settings, address).run(stop)
            for watcher in watchers:
                watcher.join(2)
        finally:
            return_broker(settings)
    state("ended")


def _keep_broker(settings: "Settings", stop: Signal) -> None:
    """Start the local Kafka again whenever it has died; nobody else would."""
    from domain.refusals import InfraError
    from services.servers import start_broker

    lines = ToldOnce()
    while not stop.wait(LOOK_SECONDS):
        try:
            if not _runs(settings) and not stop.is_set():
                start_broker(settings)
                state("Kafka was gone and is started again")
            lines.tell("")
        except InfraError as error:
            lines.tell(f"waiting for Kafka: {error}")


def _runs(settings: "Settings") -> bool:
    from services.servers import broker_state

    _, runs = broker_state(settings) or ("", False)
    return runs


def _supervisor(settings: "Settings", address: str) -> Supervisor:
    programs = [
        Program(name, (sys.executable, "-m", "services.cli", *arguments))
        for name, arguments in PROGRAMS.items()
    ]
    environment = environment_of(settings, address)
    return Supervisor(programs, settings.data_dir, state, environment=environment)


def environment_of(settings: "Settings", address: str) -> dict[str, str]:
    """Give what the programs find in their environment, beside what is in ours."""
    environment = {"ORDERPATH_KAFKA": address}
    if not settings.kafka:  # How brokers are spoken to is said of others, not of the local one.
        environment["ORDERPATH_KAFKA_PROTOCOL"] = "plaintext"
    if settings.log_format == "auto":
        environment["ORDERPATH_LOG_FORMAT"] = "console"
    return environment
