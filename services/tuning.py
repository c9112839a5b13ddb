"""How the interpreter is set: services.bootstrap does it at the start of every program."""

import gc
import sys


def tune_process() -> None:
    """Suit the interpreter to one busy thread beside its callers.

    Thousands of cached states are no garbage, so it is looked for less often; and a thread
    that comes back from the database waits 0.5 ms for its turn, not 5.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(0.0005)
