"""Bytes that were once right: real ones with something taken out, put in, changed or said twice.

Used by tests that feed what reads stored or sent bytes.
"""

import json
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st

from tests.support.api_fuzz import with_another_value

MOST_CHANGES: Final = 4
# What a decoder of texts, numbers or times fell over somewhere.
PIECES: Final = (
    b"\x00", b"\\u0000", b"\\ud800", b"\xff", b"\xc2", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\n",
    b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"{}", b"[]", b'""', b"-1", b"0",
    b"1e999", b"-1e-999", b"NaN", b"Infinity", b"9" * 30, b"9" * 5_000, b"1.5", b"1_0", b"+1",
    b"0001-01-01", b"9999-12-31T23:59:59-14:00", b"sealed:1:", b"sealed:1:!", b"=", b"A" * 300,
    b"[" * 2_000, b'{"a":' * 2_000, "\u0663".encode(), "\u2028".encode(), "é".encode("latin-1"),
)  # fmt: skip


def fuzzing(examples: int) -> settings:
    """Give how such tests search: the same each time, so that what is found is found again."""
    return settings(derandomize=True, database=None, deadline=None, max_examples=examples)


@st.composite
def mutated(draw: st.DrawFn, whole: bytes) -> bytes:
    """Change some bytes of what was right."""
    said = whole
    for _ in range(draw(st.integers(1, MOST_CHANGES))):
        begin = draw(st.integers(0, len(said)))
        end = min(begin + draw(st.sampled_from([0, 0, 1, 1, 2, 8, 64, 1_000])), len(said))
        piece = draw(
            st.sampled_from([b"", said[begin:end] * 2, *PIECES]) | st.binary(max_size=8)
        )  # fmt: skip
        said = said[:begin] + piece + said[end:]
    return said


@st.composite
def changed_json(draw: st.DrawFn, whole: bytes) -> bytes:
    """Put another value in one place of what was right."""
    return json.dumps(with_another_value(draw, json.loads(whole))).encode()


def spoiled(whole: bytes) -> st.SearchStrategy[bytes]:
    """Give what such bytes may have become; JSON only."""
    return changed_json(whole) | mutated(whole) | st.binary(max_size=200)


@st.composite
def texts(draw: st.DrawFn, whole: str) -> str:
    """Change some characters of what was right."""
    return draw(mutated(whole.encode()) | st.binary(max_size=100)).decode("utf-8", "replace")


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()
