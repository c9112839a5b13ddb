"""Codes for activities: readable where possible, never shared."""

import re

from hypothesis import given
from hypothesis import strategies as st

from services.imports.discover import codes_of


def test_activities_get_readable_codes() -> None:
    assert codes_of(["Order Placed", "Überwiesen (SEPA)", "2nd call"]) == {
        "Order Placed": "order_placed",
        "Überwiesen (SEPA)": "uberwiesen_sepa",
        "2nd call": "s_2nd_call",
    }


def test_activities_that_would_share_a_code_do_not() -> None:
    codes = codes_of(["Call client", "Call-client", "Other"])

    assert codes["Other"] == "other"
    assert codes["Call client"] != codes["Call-client"]
    assert codes == {**codes_of(["Other", "Call-client", "Call client"])}


@given(st.lists(st.text(min_size=1), unique=True, max_size=20))
def test_every_activity_has_a_code_of_its_own(activities: list[str]) -> None:
    codes = codes_of(activities)

    assert len(set(codes.values())) == len(activities)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,63}", code) for code in codes.values())
