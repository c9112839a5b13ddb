"""A log that is too long for one go is verified in several, which find what one would."""

from itertools import pairwise
from typing import Any

import pytest

from domain.refusals import Unusable
from services.audit.reports import joined, report_dict
from services.audit.verify import Wish, verify
from tests.integration.audit.sealed import SealedShop

SPOILING = {
    "an event": "update log.events set payload = payload || ' ' where position = 17",
    "an answer": "update log.commands set name = 'order.other' where number = 20",
    "a head": "delete from audit.heads where number = 2",
    "a version": "update log.events set version = version + 1000 where position = 30",
}


def _told(shop: SealedShop, wish: Wish) -> dict[str, Any]:
    return report_dict(shop.system.audit, verify(shop.system.audit, wish))


def goes_over(shop: SealedShop) -> list[dict[str, Any]]:
    """Verify in goes whose time is over at once: each comes a head further."""
    goes = [_told(shop, Wish(seconds=0))]
    while goes[-1]["next"] is not None:
        goes.append(_told(shop, Wish(seconds=0, behind=goes[-1]["next"])))
    return goes


def _without_time(report: dict[str, Any]) -> dict[str, Any]:
    found = report["findings"]
    ordered = sorted(found, key=lambda one: (one["kind"], one["message"]))
    return {**report, "findings": ordered, "seconds": None}


@pytest.mark.parametrize("what", [None, *SPOILING])
def test_goes_that_follow_each_other_find_what_one_go_finds(
    sealed: SealedShop, what: str | None
) -> None:
    sealed.refuse()  # A head that holds a command and no event.
    sealed.seal()
    sealed.act(3)
    if what is not None:
        sealed.meddle(SPOILING[what])

    goes = goes_over(sealed)

    assert len(goes) > 2
    assert _without_time(joined(goes)) == _without_time(_told(sealed, Wish()))
    assert joined(goes)["intact"] is (what is None)


def test_a_go_says_how_far_it_came_and_that_is_where_the_next_one_begins(
    sealed: SealedShop,
) -> None:
    goes = goes_over(sealed)

    assert [go["next"] for go in goes] == [1, 2, None]
    assert goes[0]["from"] == 1
    for before, after in pairwise(goes):
        assert after["from"] == before["to"] + 1
    assert goes[-1]["to"] == sealed.end()


def test_what_one_go_found_lost_is_not_gone_on_behind(sealed: SealedShop) -> None:
    sealed.meddle(
        "update log.events set payload = payload || ' ' where position = 7",
        "update audit.leaves set hashes = sha256('x') || substring(hashes from 33)",
    )

    goes = goes_over(sealed)

    assert (len(goes), goes[0]["intact"], goes[0]["next"]) == (1, False, None)
    assert goes[0]["to"] < sealed.end()


def test_nothing_is_verified_behind_a_head_that_is_not_there(sealed: SealedShop) -> None:
    with pytest.raises(Unusable, match="no head 99"):
        verify(sealed.system.audit, Wish(behind=99))
    with pytest.raises(Unusable, match="nothing up to 1 is sealed"):
        verify(sealed.system.audit, Wish(behind=2, last=1))
