"""One process beside or as a clock that has very much to do. Started by clock."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from threading import Event as Signal
from time import perf_counter, process_time
from typing import Any, Final

from benchmarks.children import answer, wait_for_start, wish
from benchmarks.orders import places
from benchmarks.writer import WARM_UP_SECONDS, send
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.clock import clockwork_of
from services.demo.clock import VirtualClock
from services.demo.shop import START

LATER: Final = START + timedelta(minutes=10)  # when the limit of new orders has come
LOOK_SECONDS: Final = 0.02


def clock(system: System, _: float) -> dict[str, Any]:
    """Fire all that is due."""
    return {"fired": clockwork_of(system).fire()}


def follow(system: System, _: float) -> dict[str, Any]:
    """Keep the read models up to date until nothing is due any more."""
    follower = system.follower()
    follower.resume()
    while follower.step() or _are_due(system):
        Signal().wait(LOOK_SECONDS)
    return {}


def _are_due(system: System) -> bool:
    with system.lend("orderpath_projector") as connection:
        return bool(
            connection.execute(
                "select from live.deadlines where state = 'open' and due_at <= %s limit 1", [LATER]
            ).fetchall()
        )


def write(system: System, seconds: float) -> dict[str, Any]:
    """Place orders."""
    return {"latencies": asyncio.run(send(system.pipeline, places(), 64, seconds))}


ROLES: Final[dict[str, Callable[[System, float], dict[str, Any]]]] = {
    "clock": clock,
    "follow": follow,
    "write": write,
}


def main() -> None:
    """Do what the wish says."""
    asked = wish()
    settings = Settings(database_url=asked["url"], log_level="error")
    with open_system(settings, VirtualClock(LATER)) as system:
        system.prepare_projections()
        if asked["role"] == "write":
            write(system, WARM_UP_SECONDS)
        wait_for_start()
        began, cpu = perf_counter(), process_time()
        found = ROLES[asked["role"]](system, asked["seconds"])
        answer({**found, "seconds": perf_counter() - began, "cpu_s": process_time() - cpu})


if __name__ == "__main__":
    main()
