"""Every kind of file that people write: what would cost much is refused at once, with its place."""

from collections.abc import Callable
from contextlib import suppress
from time import thread_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.calendar_files import read_calendar
from infra.path_files import read_path
from infra.role_files import read_role
from infra.rule_files import read_rule
from infra.template_files import read_template
from infra.wave_files import read_wave
from infra.yaml_language import MAX_PROBLEMS, FileError

READERS: dict[str, Callable[..., Any]] = {
    "path": read_path,
    "rule": read_rule,
    "calendar": read_calendar,
    "role": read_role,
    "template": read_template,
    "wave": read_wave,
}
SECONDS = 5.0  # of processor time
BOMBS = {
    "laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{here}: &{here} [{','.join([f'*{before}'] * 9)}]\n"
        for before, here in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "keys in themselves": "a: &a {b: *a}",
    "brackets": "[" * 100_000,
    "braces": "{a: " * 100_000,
    "a huge number": f"{{path: {'9' * 50_000}}}",
    "a huge exponent": "path: 1e999999999\ntitle: 0x" + "f" * 10_000,
    "numbers to the base of sixty": "path: " + ":".join(["59"] * 10_000),
    "nul": "path: a\x00b",
    "nul, written out": 'path: "a\\0b"',
    "a lone surrogate": 'path: "\\ud800"',
    "python": "path: !!python/object/apply:os.system [true]",
    "many anchors": "".join(f"k{number}: &a{number} x\n" for number in range(2_000)),
}
words = st.sampled_from(
    ["path", "rule", "calendar", "role", "title", "when", ":", " ", "\n", "  ", "- ", "[", "]",
     "{", "}", "*a", "&a", "!!", "|", ">", "'", '"', "#", "%", "---", "\t", "\x00", "\ufeff", "?",
     "<<", "~", "9" * 20, "en", "{en: A}"]
)  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_bomb_is_refused_soon(read: Callable[..., Any], bomb: str) -> None:
    began = thread_time()
    with pytest.raises(FileError) as caught:
        read(bomb, where="x.yaml")

    assert thread_time() - began < SECONDS
    assert 1 <= len(caught.value.problems) <= MAX_PROBLEMS + 1
    assert all(problem.startswith("x.yaml") for problem in caught.value.problems)


@settings(max_examples=60)
@given(st.text(max_size=60) | st.lists(words, max_size=15).map("".join))
def test_whatever_stands_in_a_file_is_refused_by_name_or_taken(text: str) -> None:
    for read in READERS.values():
        with suppress(FileError):
            read(text, where="x.yaml")
