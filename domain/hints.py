"""What somebody who wrote an unknown name probably meant. Asked wherever people write names."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

_LONGEST = 64  # characters that are compared and shown
_MOST_SHOWN = 30  # names


def nearest(word: object, known: Iterable[str]) -> str | None:
    """Give the name that was probably meant, None if no one comes near."""
    close = get_close_matches(str(word)[:_LONGEST], known, n=1)
    return close[0] if close else None


def hint(word: object, known: Iterable[str]) -> str:
    """Say it behind a problem, as `: did you mean new?`"""
    return f": {advice(word, known)}"


def advice(word: object, known: Iterable[str]) -> str:
    """Say which name was probably meant, or which ones there are."""
    names = [name for name in known if len(name) <= _LONGEST]
    close = nearest(word, names)
    if close is not None:
        return f"did you mean {close}?"
    return f"write one of {', '.join(names[:_MOST_SHOWN])}"


def one_of(
    names: Iterable[str], otherwise: str, is_shown: Callable[[str], bool] | None = None
) -> str:
    """Tell what is there to choose from; otherwise: what to do where nothing is.

    It stays short, as refusals are stored: the first names, long ones cut, and how many more.
    is_shown: whether a name is no free text, which may be personal and is only counted; None: all
    are shown
    """
    there = [*names]
    if not there:
        return otherwise
    shown = [_cut(name) for name in there if is_shown is None or is_shown(name)][:_MOST_SHOWN]
    if not shown:
        return f"one of the {len(there)} that are there"
    more = f" and {len(there) - len(shown)} more" if len(there) > len(shown) else ""
    return f"one of {', '.join(shown)}{more}"


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
