"""Plays the story against a real system: every step a command through the pipeline."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any, Final, TypedDict, Unpack
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import SecretStr

from domain.messages import Outcome
from services.bootstrap import Settings, System
from services.demo import DAYS, ORDERS, SEED, SHOP
from services.demo.clock import VirtualClock
from services.demo.hands import Hands
from services.demo.opening import check_shop, opened_pult, opened_routes, people_of
from services.demo.pult import PULT, PultStory
from services.demo.story import Story

Progress = Callable[[int, int], None]  # commands answered, commands in all (an estimate)

IN_FLIGHT: Final = 1_024  # commands sent and not yet answered
FOLDER: Final = "demo"
HERE: Final = ("localhost", "127.0.0.1", "::1")
MAILS_PER_MINUTE: Final = 100_000  # as many as the setting takes
LOOKS: Final = 300  # of clock, rules and senders, whatever time a story takes


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What the simulation did."""

    orders: int
    commands: int
    accepted: int
    refused: int
    nothing: int  # already so: a gateway that repeats itself, a flag that was set
    repeated: int  # answered from the store: this shop was simulated here before
    fired: int  # commands of the clock: deadlines that came
    acted: int  # commands of rules
    seconds: float  # real ones
    until: datetime  # the virtual moment at which the simulation ends: as of when to report
    sample_order: UUID  # one with a whole history
    refused_because: Mapping[str, int]  # code of the unmet condition -> commands
    by_actor: Mapping[str, int]  # role, such as manager -> commands


class Size(TypedDict, total=False):
    """How large a simulated shop is, and by which chance. What is left out is as usual."""

    seed: int
    days: int
    orders: int


_USUAL: Final[Size] = {"seed": SEED, "days": DAYS, "orders": ORDERS}


def demo_settings(settings: Settings, *, shop: str = SHOP, **size: Unpack[Size]) -> Settings:
    """Give the simulated shop a folder and a database of its own, below the real one's.

    A shop of another name, seed or size has another folder: reports never mix two of them.
    """
    whole: Size = {**_USUAL, **size}
    folder = FOLDER if shop == SHOP else f"{FOLDER}-{shop}"
    if whole != _USUAL:
        folder += f"-{whole['seed']}-{whole['days']}-{whole['orders']}"
    own = {"data_dir": settings.data_dir / folder, "database_url": ""}
    return settings.model_copy(update={**own, **_outlets(settings, shop)})


def _outlets(settings: Settings, shop: str) -> dict[str, Any]:
    """A simulation writes to nobody: at most it hands mails to invented people to a server on this
    machine, as fast as that takes them, because its minutes are none.
    """
    is_here = urlsplit(settings.smtp_url.get_secret_value()).hostname in HERE
    return {
        "smtp_url": settings.smtp_url if is_here else SecretStr(""),
        "mail_per_minute": MAILS_PER_MINUTE,
        "contacts": people_of(shop),
        "webhooks": {},
        "sms_url": "",
    }


def run_demo(
    system: System,
    *,
    shop: str = SHOP,
    progress: Progress | None = None,
    **size: Unpack[Size],
) -> DemoSummary:
    """Simulate a shop. The system must have been opened with a VirtualClock.

    The same arguments send the same commands with the same ids at the same virtual moments;
    where they were sent before, all are answered from the store and nothing is written.
    """
    clock = system.clock
    if not isinstance(clock, VirtualClock):
        raise TypeError("open the system with clock=VirtualClock(...): a simulation sets its time")
    began = perf_counter()
    story = _story_of(system, shop, {**_USUAL, **size})
    seen = _play(system, clock, story, progress)
    clock.set(story.until)
    return DemoSummary(
        orders=story.orders,
        commands=seen.answered,
        accepted=seen.kinds["accepted"],
        refused=seen.kinds["refused"],
        nothing=seen.kinds["nothing"],
        repeated=seen.repeated,
        fired=seen.fired,
        acted=seen.acted,
        seconds=perf_counter() - began,
        until=story.until,
        sample_order=story.sample_order,
        refused_because=seen.codes,
        by_actor=dict(seen.roles.most_common()),
    )


def _story_of(system: System, shop: str, size: Size) -> Story | PultStory:
    check_shop(shop)
    seed, days, orders = size["seed"], size["days"], size["orders"]
    if shop == PULT:
        return opened_pult(system, orders=orders)
    routes = None if shop == SHOP else opened_routes(system, shop, pieces=10 * orders)
    return Story(seed=seed, days=days, orders=orders, routes=routes)


@dataclass(slots=True)
class _Seen:
    """What was sent and answered so far."""

    roles: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    fired: int = 0  # by the clock
    acted: int = 0  # by rules

    @property
    def answered(self) -> int:
        return self.kinds.total()

    def take(self, outcome: Outcome) -> None:
        self.kinds[outcome.kind] += 1
        self.repeated += outcome.repeated
        if outcome.unmet:
            self.codes[outcome.unmet[0].code] += 1


def _play(
    system: System, clock: VirtualClock, story: Story | PultStory, progress: Progress | None
) -> _Seen:
    """Send the steps in time order; commands are decided in the order in which they are sent."""
    waiting: deque[Future[Outcome]] = deque()
    seen, hands = _Seen(), Hands(system, clock, until=story.until, looks=LOOKS)
    for step in story.steps():
        while hands.look_at <= step.at:
            _collect(waiting, seen, 0)
            hands.look()
            if progress is not None and seen.answered:
                progress(seen.answered, story.expected_steps)
        hands.go_on(step.at)
        waiting.append(system.pipeline.submit(step.command()))
        seen.roles[step.actor.roles[0]] += 1
        if len(waiting) >= IN_FLIGHT:
            _collect(waiting, seen, IN_FLIGHT // 2)
            if progress is not None:
                progress(seen.answered, story.expected_steps)
    _collect(waiting, seen, 0)
    hands.finish()
    seen.fired, seen.acted = hands.fired, hands.acted
    if progress is not None:
        progress(seen.answered, story.expected_steps)
    return seen


def _collect(waiting: deque[Future[Outcome]], seen: _Seen, leave: int) -> None:
    while len(waiting) > leave:
        seen.take(waiting.popleft().result())
