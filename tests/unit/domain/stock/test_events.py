"""Streams of stocks: one for each article and location, told apart whatever an SKU is made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.messages import Code, Name, entity_of
from domain.stock.commands import SetThreshold
from domain.stock.events import place_of, stream_of
from tests.support.examples import COMMANDS

locations = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)
skus = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=200),
    st.text("a:-/ %\n", min_size=1, max_size=8),  # what may be taken for a mark of ours
)


@given(skus, locations)
def test_article_and_location_are_read_back_from_the_stream(sku: str, location: str) -> None:
    TypeAdapter(Name).validate_python(sku)
    TypeAdapter(Code).validate_python(location)

    assert place_of(stream_of(sku, location=location)) == (location, sku)


@given(st.tuples(skus, locations), st.tuples(skus, locations))
def test_two_stocks_never_share_a_stream(one: tuple[str, str], other: tuple[str, str]) -> None:
    streams = [stream_of(sku, location=location) for sku, location in (one, other)]

    assert (streams[0] == streams[1]) is (one == other)


def test_a_stream_is_readable() -> None:
    stream = stream_of("TEA-100", location="main")

    assert stream == "stock-main:TEA-100"
    assert entity_of(stream) == "main:TEA-100"


@pytest.mark.parametrize("location", ["", "Main", "a:b", "a-b", "a b", "1a", "a" * 65])
def test_a_location_is_a_code(location: str) -> None:
    body = COMMANDS["stock.set_threshold"].model_dump() | {"location": location}

    with pytest.raises(ValidationError, match="location"):
        SetThreshold.model_validate(body)
