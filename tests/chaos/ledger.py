"""What holds of a shop in a hurry, whoever was killed: by the log, and by those who got something.

Each deadline passed once, each rule acted once for each event, each message stands once in the log
and was sent once; only what a killed sender had in hand came twice, with the same id.
"""

from collections import Counter, defaultdict
from uuid import UUID

from domain.effects.events import EffectRequested, EffectSent
from domain.messages import Event, Recorded
from domain.orders.events import DeadlinePassed, NoteAdded, OrderPlaced, StatusChanged
from domain.rules.timers import TimerFired
from domain.tasks.events import TaskCreated
from tests.chaos.hands import Hands

LEVELS = ("warn", "due", "escalate_200")


def assert_everything_once(hands: Hands) -> None:
    """Prove it over all that was told behind the beginning."""
    told = _told(hands)
    assert_each_deadline_passed_once(told)
    assert_each_rule_acted_once(told)
    assert_each_message_sent_once(hands, told)


def assert_each_deadline_passed_once(told: list[Recorded]) -> None:
    """None passes twice, and none is left out of an order that has stayed where it was."""
    passed = Counter(
        (one.entity_id, one.event.entered, one.event.level)
        for one in told
        if isinstance(one.event, DeadlinePassed)
    )
    assert {*passed.values()} == {1}
    entered = {
        one.entity_id: (one.version, one.event.status if isinstance(one.event, OrderPlaced)
                        else one.event.to_status)
        for one in told
        if isinstance(one.event, OrderPlaced | StatusChanged)
    }  # fmt: skip
    new = {order_id: since for order_id, (since, status) in entered.items() if status == "new"}
    assert new
    for order_id, since in new.items():
        assert [passed[order_id, since, level] for level in LEVELS] == [1, 1, 1], order_id


def assert_each_rule_acted_once(told: list[Recorded]) -> None:
    """One greeting and one reminder for each order, one task for each deadline."""
    orders = _entities(told, OrderPlaced)
    notes = [one for one in _of(told, NoteAdded) if one.actor_kind == "trigger"]
    assert Counter((one.entity_id, one.actor_id) for one in notes) == Counter(
        (order_id, rule) for order_id in orders for rule in ("greet", "remind")
    )
    assert Counter(_entities(told, TimerFired)) == Counter(orders)
    passed = [one.command_id for one in _of(told, DeadlinePassed)]
    assert Counter(one.causation_id for one in _of(told, TaskCreated)) == Counter(passed)


def assert_each_message_sent_once(hands: Hands, told: list[Recorded]) -> None:
    """A mail and a webhook for each order: once in the log, and once to those who got it."""
    effects: dict[str, list[type[Event]]] = defaultdict(list)
    for one in told:
        if one.stream_id.startswith("effect-"):
            effects[one.entity_id].append(type(one.event))
    assert all(what == [EffectRequested, EffectSent] for what in effects.values())

    asked: dict[str, list[UUID]] = {"mail": [], "webhook": []}
    about: Counter[tuple[str, str]] = Counter()
    for one in told:
        if isinstance(one.event, EffectRequested):
            asked[one.event.channel].append(UUID(one.entity_id))
            about[str(one.event.order_id), one.event.channel] += 1
    orders = _entities(told, OrderPlaced)
    assert about == Counter((order_id, channel) for order_id in orders for channel in asked)

    mails = Counter(UUID(one.strip("<>").partition("@")[0]) for one in hands.box.ids)
    hooks = Counter(UUID(hit.headers["webhook-id"]) for hit in hands.erp.hits)
    assert {*mails} == {*asked["mail"]}
    assert {*hooks} == {*asked["webhook"]}
    repeated = (mails + hooks) - Counter([*mails, *hooks])
    assert repeated <= hands.times_in_hand(), "somebody got twice what no killed sender had in hand"


def _told(hands: Hands) -> list[Recorded]:
    """Give what the log says behind the beginning; all of it can be read."""
    found = hands.world.log.read_lenient(hands.begin, 1_000_000)
    told = [one for one in found if isinstance(one, Recorded)]
    assert len(told) == len(found)
    return told


def _of(told: list[Recorded], kind: type[Event]) -> list[Recorded]:
    return [one for one in told if isinstance(one.event, kind)]


def _entities(told: list[Recorded], kind: type[Event]) -> list[str]:
    return [one.entity_id for one in _of(told, kind)]
