"""Programs that do what has to be done: `orderpath act`, `clock`, `send`, `waves`, `seal`. Each has
a command of its own for real deployments, and `orderpath up` runs all of them beside the follower.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event as Signal
from typing import TYPE_CHECKING, Final, Protocol

from services.cli.foreground import signalled, state, tell_database
from services.cli.session import opened

if TYPE_CHECKING:
    from services.bootstrap import System


class Hand(Protocol):
    """What works until it is told to stop, and gives signs of life."""

    def run(self, stop: Signal, beat: Callable[[], None] = ...) -> None: ...


def _clockwork(system: "System") -> Hand:
    from services.clock import clockwork_of

    return clockwork_of(system)


def _wave_clock(system: "System") -> Hand:
    from services.wave_clock import WaveClock

    return WaveClock(system)


HANDS: Final[Mapping[str, Callable[["System"], Hand]]] = {
    "act": lambda system: system.acting(),
    "clock": _clockwork,
    "send": lambda system: system.sender(),
    "waves": _wave_clock,
    "seal": lambda system: system.sealer(),
}


def act() -> None:
    """Send what rules have given, until Ctrl-C. Start as many as you like: they share the work."""
    _work("act", "sending what rules give; Ctrl-C ends it")


def clock() -> None:
    """Fire what is due, until Ctrl-C: deadlines, kept goods, waits. Start as many as you like."""
    _work("clock", "firing what is due; Ctrl-C ends it")


def send() -> None:
    """Send mails, SMS and webhooks until Ctrl-C. Start as many as you like: they share the work."""
    _work("send", "sending messages; Ctrl-C ends it")


def waves() -> None:
    """Begin waves at their hours and carry them out, until Ctrl-C. Start as many as you like."""
    _work("waves", "carrying out waves; Ctrl-C ends it")


def seal() -> None:
    """Sign heads of the log until Ctrl-C: docs/audit.md. Start as many as you like: one seals."""
    _work("seal", "sealing the log; Ctrl-C ends it")


def _work(name: str, line: str) -> None:
    stop = signalled()
    with opened() as system:
        tell_database(system)
        system.prepare_projections()
        state(line)
        HANDS[name](system).run(stop, system.heartbeat(name).beat)
    state("ended")


@contextmanager
def all_hands(
    system: "System", stop: Signal, hands: Mapping[str, Callable[["System"], Hand]] = HANDS
) -> Iterator[None]:
    """Let all of them work beside the block. One that fails ends the program, and its error is
    raised then: it is started anew, with a hand too few it would look healthy.
    """

    from structlog import get_logger

    def work(name: str) -> None:
        try:
            hands[name](system).run(stop, system.heartbeat(name).beat)
        except Exception as error:  # Told at once; it is raised when the others have ended.
            get_logger().error("hand_failed", hand=name, error=type(error).__name__)
            raise
        finally:
            stop.set()

    with ThreadPoolExecutor(len(hands), "orderpath hand") as threads:
        works = [threads.submit(work, name) for name in hands]
        try:
            yield
        finally:
            stop.set()
    for one in works:
        one.result()
