"""`orderpath alive`: whether a program that stays does its work; for health checks."""

from enum import StrEnum
from typing import Annotated, Final

import typer

from services.cli.errors import WANTING
from services.cli.options import AsJson
from services.cli.output import put

# What a waiting program may take between two signs: a relay waits 30 s for acknowledgements.
WITHIN_SECONDS: Final = 60.0
STANDBY: Final = "relay-standby"  # what a relay gives that does not lead: it vouches for no leader


class Kind(StrEnum):
    """The programs that give signs of life."""

    RELAY = "relay"
    WORKER = "worker"
    COMMANDS = "commands"
    ACT = "act"
    CLOCK = "clock"
    SEND = "send"
    WAVES = "waves"
    SEAL = "seal"
    SERVE = "serve"


def alive(
    kind: Annotated[Kind, typer.Argument(metavar="PROGRAM", help=", ".join(Kind) + ".")],
    within: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="How old its last sign may be.")
    ] = WITHIN_SECONDS,
    json: AsJson = False,
) -> None:
    """Say whether a program on this data folder has given a sign of life; exit code 1 if not."""
    age = _age_seconds(kind)
    lives = age is not None and age <= within
    last = "never gave a sign" if age is None else f"gave its last sign {age:.0f} s ago"
    put(
        {"program": kind, "alive": lives, "age_seconds": age},
        as_json=json,
        people=lambda: [f"{kind} {last}"],
    )
    if not lives:
        raise SystemExit(WANTING)


def _age_seconds(kind: Kind) -> float | None:
    """Say how old the last sign is; of relays that of the one that leads, if one does here."""
    from services.bootstrap import load_settings
    from services.heartbeat import Heartbeat

    data_dir = load_settings().data_dir
    heartbeat = Heartbeat(data_dir, kind)
    age = heartbeat.age_seconds()
    if kind is Kind.RELAY and (age is None or not heartbeat.is_there()):
        ages = (age, Heartbeat(data_dir, STANDBY).age_seconds())
        return min((one for one in ages if one is not None), default=None)
    return age
