"""Logs to measure reading with: the simulated shop, of any size, through the real pipeline."""

from services.bootstrap import System
from services.demo.clock import VirtualClock
from services.demo.run import run_demo

EVENTS_PER_ORDER = 17.5  # of the simulated shop, about


def fill(system: System, events: int) -> None:
    """Simulate so many orders that the log holds about so many events."""
    assert isinstance(system.clock, VirtualClock)
    run_demo(system, orders=max(round(events / EVENTS_PER_ORDER), 1))
