"""A simulated shop: thirty days of orders, played through the real pipeline in seconds.

`orderpath demo` calls run.run_demo on a system opened with run.demo_settings and a VirtualClock.
"""

from typing import Final

# The usual shop. They stand here, and nothing else does, because the command line's help shows
# them and shall not load what plays the story.
SHOP: Final = "universal"
SEED: Final = 7
DAYS: Final = 30
ORDERS: Final = 2_000
