"""A page of the feed ends when its time is over: each call comes further, however few are seen."""

from collections.abc import Callable
from uuid import UUID

from domain.roles.line import PublishRole
from services.access import KnownCallers
from services.bootstrap import System
from services.questions.feed import AT_ONCE, Feed, Page, page_of
from tests.integration.rights.conftest import ROOT
from tests.integration.rights.test_reach import place
from tests.support.rights import role


def test_a_page_whose_time_is_over_says_how_far_it_came_and_that_there_is_more(
    system: System, access: KnownCallers, make: Callable[..., str]
) -> None:
    shops = ["south"] * (2 * AT_ONCE) + ["north"]
    for number, shop in enumerate(shops):
        placed = place(UUID(int=1_000 + number), shop, customer=None)
        assert system.execute(placed).kind == "accepted"
    north = role(role="north", questions=["events.read"], orders={"shops": ["north"]})
    system.execute(PublishRole(**ROOT.envelope, definition=north))
    who = access.caller_now({"authorization": f"Bearer {make('north', 'north')}"})

    pages: list[Page] = []
    after = 0
    with access.reading(who, "events.read"):
        while not pages or pages[-1].more:
            pages.append(page_of(system, Feed(after=after), seconds=0))
            assert pages[-1].next > after
            after = pages[-1].next
        (whole,) = page_of(system, Feed()).events

    assert len(pages) > 2
    assert [one for page in pages for one in page.events] == [whole]
    assert str(UUID(int=1_000 + len(shops) - 1)).encode() in whole.body
