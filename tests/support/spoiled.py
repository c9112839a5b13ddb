"""Files of a language that have mistakes, and what is told of them."""

from collections.abc import Callable

import pytest

from infra.yaml_language import FileError


def spoil(good: str, old: str, new: str) -> tuple[str, str]:
    """Replace the one `old` of a good file by `new`; § in it stands before the mistake.

    Gives the text, and `line:column` of the mistake.
    """
    assert good.count(old) == 1
    before, mark, after = good.replace(old, new).partition("§")
    assert mark
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    return before + after, f"{line}:{column}"


def problems_of(read: Callable[..., object], text: str, where: str) -> tuple[str, ...]:
    """Give the problems of a text that cannot be read; there are some."""
    with pytest.raises(FileError) as caught:
        read(text, where=where)
    assert caught.value.problems
    return caught.value.problems
