"""A damaged order stands aside: whoever reaches some orders only reads all others, and hears of it
no more than before it was damaged.
"""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from domain.orders.commands import ChangeFields
from domain.orders.events import stream_of
from domain.refusals import InfraError, Refusal
from domain.roles.line import PublishRole
from services.access import KnownCallers
from services.api.callers import Caller
from services.bootstrap import System
from services.questions.feed import Feed, Page, page_of
from services.questions.orders import OrderHistory, ShowOrder, history, show
from services.reading import find_order
from tests.integration.rights.conftest import ROOT
from tests.integration.rights.test_reach import place
from tests.support import examples
from tests.support.damaged import How, damaged
from tests.support.rights import role

FIRST, HURT, LAST = UUID(int=81), UUID(int=82), UUID(int=83)
HOWS = pytest.mark.parametrize("how", ["spoilt", "impossible"])


@pytest.fixture
def caller(system: System, access: KnownCallers, make: Callable[..., str]) -> Callable[..., Caller]:
    """Gives who reads events and orders of a shop."""
    for shop in ("north", "south"):
        rights = {"questions": ["events.read", "order.*"], "orders": {"shops": [shop]}}
        definition = role(role=f"{shop}_reader", **rights)
        system.execute(PublishRole(**ROOT.envelope, definition=definition))

    def made(shop: str) -> Caller:
        key = make(f"{shop}-reader", f"{shop}_reader")
        return access.caller_now({"authorization": f"Bearer {key}"})

    return made


@pytest.fixture(autouse=True)
def orders(system: System) -> None:
    """Three orders, of which the second one is in the south; each has three events."""
    for order_id, shop in ((FIRST, "north"), (HURT, "south"), (LAST, "north")):
        assert system.execute(place(order_id, shop)).kind == "accepted"
        for method in ("post", "courier"):
            said = {"command_id": uuid4(), "actor": examples.actor(), "order_id": order_id}
            change = ChangeFields.model_validate({**said, "delivery_method": method})
            assert system.execute(change).events


def page(system: System, access: KnownCallers, who: Caller, order: UUID | None = None) -> Page:
    with access.reading(who, "events.read"):
        return page_of(system, Feed(limit=1_000, order=order))


@HOWS
def test_the_feed_of_who_reaches_some_orders_goes_on_behind_a_damaged_one(
    system: System, access: KnownCallers, caller: Callable[..., Caller], database_url: str, how: How
) -> None:
    who = caller("north")
    whole = page(system, access, who)

    with damaged(database_url, stream_of(HURT), how=how, version=2):
        hurt = page(system, access, who)

    assert hurt == whole
    assert len(hurt.events) == 6
    assert not any(str(HURT).encode() in one.body for one in hurt.events)


@HOWS
def test_a_damaged_order_is_told_of_where_it_belonged_before(
    system: System, access: KnownCallers, caller: Callable[..., Caller], database_url: str, how: How
) -> None:
    who = caller("south")

    with damaged(database_url, stream_of(HURT), how=how, version=2):
        hurt = page(system, access, who)
        own = page(system, access, who, HURT)

    told = [one.type for one in hurt.events]
    assert told[0] == b"order.placed.v1"
    assert len(told) == 3
    assert own == Page(hurt.events, own.next, more=False)


@HOWS
def test_of_an_order_that_was_damaged_at_its_first_event_nobody_hears_who_reaches_some_only(
    system: System, access: KnownCallers, caller: Callable[..., Caller], database_url: str, how: How
) -> None:
    who = caller("south")

    with damaged(database_url, stream_of(HURT), how=how):
        assert page(system, access, who).events == ()
        assert page(system, access, who, HURT).events == ()


@HOWS
def test_a_damaged_order_out_of_reach_is_answered_like_one_that_is_not_there(
    system: System, access: KnownCallers, caller: Callable[..., Caller], database_url: str, how: How
) -> None:
    who, other = caller("north"), caller("south")

    with damaged(database_url, stream_of(HURT), how=how, version=2):
        with access.reading(who, "order.find"), pytest.raises(Refusal, match="order_unknown"):
            find_order(system, str(HURT))
        with access.reading(other, "order.find"), pytest.raises(InfraError) as caught:
            find_order(system, str(HURT))

    assert caught.value.stream_id == stream_of(HURT)


def test_an_order_with_an_event_that_cannot_be_is_said_to_be_damaged_whatever_is_asked(
    system: System, database_url: str
) -> None:
    with damaged(database_url, stream_of(HURT), how="impossible", version=2):
        feed = page_of(system, Feed(order=HURT))
        with pytest.raises(InfraError) as shown:
            show(system, ShowOrder(order=str(HURT)))
        with pytest.raises(InfraError) as told:
            history(system, OrderHistory(order=str(HURT)))

    for error in (shown.value, told.value):
        assert (error.code, error.stream_id) == ("event_unreadable", stream_of(HURT))
        assert "nope" not in str(error)
    assert len(feed.events) == 3
