"""Logs to measure reading with: the simulated shop, of any size, through the real pipeline."""

from services.bootstrap import System
from services.demo import VirtualClock, run_demo

EVENTS_PER_ORDER = 17.5  # of the simulated shop, about
DAYS = 30


def fill(system: System, events: int) -> None:
    """Simulate so many orders that the log holds about so many events."""
    assert isinstance(system.clock, VirtualClock)
    run_demo(system, days=DAYS, orders=max(round(events / EVENTS_PER_ORDER), 1))
