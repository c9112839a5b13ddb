"""A simulated shop: thirty days of orders, played through the real pipeline in seconds.

`orderpath demo` calls run_demo on a system that was opened with demo_settings and VirtualClock.
"""

from services.demo.clock import VirtualClock
from services.demo.run import DemoSummary, Progress, demo_settings, run_demo
from services.demo.shop import START

__all__ = ["START", "DemoSummary", "Progress", "VirtualClock", "demo_settings", "run_demo"]
