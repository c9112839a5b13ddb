"""The customer of an order as rules see them: as of the event, nobody where that is not known."""

from collections.abc import Iterator, Sequence

from domain.customers import events as ce
from domain.messages import Recorded
from domain.orders import events as e
from domain.reading import Undecodable
from domain.rules.book import RuleBook
from domain.rules.line import RulePublished
from projections.rule_sights import Sights
from tests.support.examples import CUSTOMER_STREAM, EVENTS, ORDER_ID
from tests.support.memory_log import MemoryLog, recorded, unreadable
from tests.support.rules import rule_of

RULE = rule_of(conditions={"vip": "'vip' in customer.tags"})
PUBLISHED = RulePublished(
    rule=RULE.rule, rule_version=1, content_hash=RULE.content_hash, definition=RULE.content
)


def happened() -> Iterator[Recorded]:
    """An order, and what is told of its customer between its events."""
    order = f"order-{ORDER_ID}"
    told = (
        ("rule-watch", PUBLISHED),
        (CUSTOMER_STREAM, EVENTS["customer.created.v1"]),
        (order, EVENTS["order.placed.v1"]),
        (CUSTOMER_STREAM, ce.TagAdded(tag="vip")),
        (order, e.NoteAdded(text="Called")),
        (CUSTOMER_STREAM, ce.TagAdded(tag="late")),
        (order, e.NoteAdded(text="Called again")),
    )
    versions: dict[str, int] = {}
    for position, (stream, event) in enumerate(told, 1):
        versions[stream] = versions.get(stream, 0) + 1
        yield recorded(event, position=position, stream_id=stream, version=versions[stream])


def tags(events: Sequence[Recorded | Undecodable]) -> list[tuple[str, ...] | None]:
    """Give the tags of the customer at each event of the order; None: nobody is known."""
    readable = [one for one in events if isinstance(one, Recorded)]
    book = RuleBook(one for one in readable if isinstance(one.event, RulePublished))
    sights = Sights(MemoryLog(events)).see(readable, book)
    return [None if one.customer is None else one.customer.tags for one in sights]


def test_a_customer_is_seen_as_of_each_event() -> None:
    assert tags([*happened()]) == [(), ("vip",), ("late", "vip")]


def test_a_customer_of_whom_something_cannot_be_read_is_not_known_from_there_on() -> None:
    events = [unreadable(one) if one.position == 4 else one for one in happened()]

    assert tags(events) == [(), None, None]
