"""A shop in a hurry: rules act on its orders, the clock fires, messages go out, each by a program
of its own, as in production, that is killed at any moment and started anew.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

from domain.rules.line import SetRuleMode
from domain.templates.line import PublishTemplate
from infra.postgres import connect
from tests.chaos.load import Load
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish
from tests.integration.sending.test_sending import KEY
from tests.support.examples import PATH, actor
from tests.support.faults import Fault
from tests.support.programs import RunningProgram, programs
from tests.support.receivers import Mailbox, Receiver, http_receiver, mail_server
from tests.support.waiting import wait_for

BETWEEN: Final = (5, 30)  # commands that pile up work for a program, at random
BETWEEN_LOOKS_SECONDS: Final = 0.5  # at all that is left: such a look takes from who works
PAUSE_SECONDS: Final = 0.3  # of a caller between two commands: each leads to ten more
LINES: Final = {  # that each program says once it can be told to end
    "act": "sending what rules give",
    "clock": "firing what is due",
    "follow": "following the log",
    "send": "sending messages",
}
HURRIED: Final[Mapping[str, Any]] = {  # a path whose new orders are overdue within seconds
    "path": "hurried",
    "statuses": PATH.content["statuses"]
    | {
        "new": PATH.content["statuses"]["new"]
        | {
            "limit": {
                "wall": "1s",
                "warn": "50%",
                "escalate": [{"at": "200%", "to": {"group": "leads"}}],
            }
        }
    },
}
TEMPLATE: Final = {
    "template": "greeting",
    "channel": "mail",
    "texts": {"en": {"subject": "Your order", "text": "We have your order {{ order.id }}."}},
}
_LIMITS: Final = {"per_order": 1_000, "per_minute": 100_000}
RULES: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "rule": "greet",
        "then": [
            {"note": "Hello"},
            {"notify": "mail", "to": {"user": "anna@shop.example"}, "template": "greeting"},
            {"webhook": "erp"},
        ],
        "limits": _LIMITS,
    },
    {"rule": "remind", "delay": "1s", "then": [{"note": "Still here"}], "limits": _LIMITS},
    {
        "rule": "late",
        "on": [{"event": "order.deadline_passed"}],
        "then": [{"task": "Hurry", "to": {"group": "leads"}}],
        "limits": _LIMITS,
    },
)


@dataclass
class Hands:
    """The programs, what the outside world got, and what killed senders had in hand."""

    world: World
    box: Mailbox
    erp: Receiver
    start: Callable[..., RunningProgram]
    fault: Fault
    running: dict[str, RunningProgram] = field(default_factory=dict)
    found_done: dict[str, int] = field(
        default_factory=dict
    )  # by each of them, when somebody looked
    in_hand: set[tuple[UUID, UUID]] = field(default_factory=set)  # (message, sender)
    begin: int = 0  # the position behind which the shop is in a hurry

    def begin_with(self, *names: str) -> None:
        for name in names:
            self.found_done[name] = self._done(name)
            self.running[name] = self.start(name)

    def kill(self, name: str, load: Load, random: Random) -> None:
        """Let work pile up before a program, kill it while it takes it up, and start it anew."""
        self._await_work(name)
        self.running[name].freeze()
        load.goes_on(random.randint(*BETWEEN))
        self.found_done[name] = self._done(name)
        self.running[name].wake()
        self._await_work(name)
        self.running[name].kill()
        self.fault(f"orderpath {name} killed")
        if name == "send":
            self.in_hand |= self._leased()
        self.begin_with(name)

    def settle(self) -> None:
        """Let everything be done that is left to do, and end all programs as one is told to."""
        self._let_leases_end()
        while not self._is_quiet():
            self._await_progress()
        for name in [*self.running]:
            self._end(name)

    def times_in_hand(self) -> Counter[UUID]:
        """Count for each message the senders that were killed with it."""
        return Counter(effect_id for effect_id, _ in self.in_hand)

    def _await_work(self, name: str) -> None:
        """Wait until a program has done something since somebody looked last."""
        done = self.found_done[name]
        wait_for(lambda: self._done(name) > done, f"{name} does nothing")

    def _done(self, name: str) -> int:
        """Say how far the work of a program is: a number that grows."""
        with connect(self.world.url) as owner:
            row = owner.execute(_DONE[name]).fetchone()
        return int(row[0] or 0) if row else 0

    def _end(self, name: str) -> None:
        self.running[name].await_line(LINES[name])
        self.running.pop(name).end()

    def _let_leases_end(self) -> None:
        """Be two minutes later for what killed senders had: no other sender lives meanwhile."""
        self._end("send")
        with connect(self.world.url) as owner:
            owner.execute("update ops.sending set until = clock_timestamp()")
        self.begin_with("send")

    def _leased(self) -> set[tuple[UUID, UUID]]:
        """Give what a sender had taken and had not said of that it was sent."""
        with connect(self.world.url) as owner:
            return {*owner.execute(_LEASED).fetchall()}

    def _is_quiet(self) -> bool:
        before = self._progress()
        waiting = self.world.projector(driver=None).pending()
        if any(place.next_position is not None for place in waiting):
            return False
        return not any(self._left()) and self._progress() == before

    def _await_progress(self) -> None:
        """Wait until anybody has done anything: how long all takes depends on the machine."""
        before = self._progress()
        wait_for(
            lambda: self._progress() != before or self._is_quiet(),
            f"nobody does what is left: {self._left()}",
            every=BETWEEN_LOOKS_SECONDS,
        )

    def _progress(self) -> tuple[int, int]:
        """Say how far the log is, and how far the tables are: both stand still once all is done."""
        return self.world.log.head().position, self._done("follow")

    def _left(self) -> tuple[int, ...]:
        """Count what is left: deadlines, waits, messages, acts."""
        (left,) = self.world.query(_LEFT)
        return tuple(left)


_DONE: Final = {
    "act": "select max(position) from log.events where actor_kind = 'trigger'",
    "clock": "select max(position) from log.events where actor_kind = 'clock'",
    "follow": "select sum(position) from projection.checkpoints",
    "send": "select max(position) from log.events where actor_id = 'sender'",
}
_LEASED: Final = """
    select effect_id, sender from ops.sending where until > clock_timestamp()
    and not exists (select from log.events
        where stream_id = 'effect-' || effect_id and type = 'effect.sent.v1')
"""
_SOON: Final = "due_at < now() + interval '5s'"
_LEFT: Final = f"""
    select (select count(*) from live.deadlines where state = 'open' and {_SOON}),
        (select count(*) from live.rule_waits where {_SOON}),
        (select count(*) from live.effects where next_at is not null),
        (select count(*) from live.rule_acts a where a.sent and not exists (
            select from log.commands c where c.command_id = a.command_id))
"""  # noqa: S608 - constants


@contextmanager
def in_a_hurry(world: World, environment: Mapping[str, str], fault: Fault) -> Iterator[Hands]:
    """Give a shop with its rules, real receivers and no program yet; its rules end with it."""
    with ExitStack() as ending:
        box, erp = ending.enter_context(mail_server()), ending.enter_context(http_receiver())
        outlets = {
            "ORDERPATH_SMTP_URL": f"smtp+plain://127.0.0.1:{box.port}",
            "ORDERPATH_MAIL_FROM": "Shop <orders@shop.example>",
            "ORDERPATH_MAIL_PER_MINUTE": "100000",
            "ORDERPATH_WEBHOOKS": json.dumps({"erp": {"url": erp.url, "secret": KEY}}),
            "ORDERPATH_WEBHOOKS_PER_MINUTE": "100000",
        }
        start = ending.enter_context(programs({**environment, **outlets}))
        hands = Hands(world, box, erp, start, fault, begin=world.log.head().position)
        by: dict[str, Any] = {"command_id": uuid4(), "actor": actor("system")}
        world.send(PublishTemplate(**by, definition=TEMPLATE))
        publish(world, *RULES)
        yield hands
        world.send(*(SetRuleMode(**by, rule=rule["rule"], mode="off") for rule in RULES))


def kill_at_random(
    hands: Hands, load: Load, random: Random, rounds: int, *more: Callable[[], None]
) -> None:
    """Kill every program so many times, and do as often what else is to be done, while orders come
    in, in an order and at moments that nobody knows.
    """
    kills: list[Callable[[], None]] = [*more]
    kills += [partial(hands.kill, name, load, random) for name in hands.running]
    for _ in range(rounds):
        for kill in random.sample(kills, len(kills)):
            kill()
