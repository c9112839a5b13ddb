"""Finds the fenced blocks of README.md and docs/*.md, and the commands in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.support.command_line import ROOT

PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
ELSEWHERE: Final = "elsewhere:"  # no command of ours, or one that another test runs: which
_FENCE: Final = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROGRAM: Final = re.compile(r"^(\.venv/bin/)?orderpath ")
_ENDS_WITH_1: Final = re.compile("# (refused|ends with 1)")
_CONTINUED: Final = re.compile(r"\\\n\s*")


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two fences. `why` is the rest of the first one: why it is not run."""

    page: str
    line: int
    language: str
    why: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_run(self) -> bool:
        return not self.why


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as a page shows it: its words, and whether the remark says that it ends with 1."""

    words: tuple[str, ...]
    refused: bool
    into: str | None = None  # file that its output goes into


def blocks(*languages: str) -> Iterator[Block]:
    """Give all blocks in these languages, by default in all, page by page."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            block = Block(path.name, line, found[1], found[2], found[3])
            if not languages or block.language in languages:
                yield block


def lines_of(block: Block) -> list[str]:
    """Give the lines of a shell, continued ones as one, without blank ones and remarks."""
    joined = _CONTINUED.sub(" ", block.text).splitlines()
    return [line for line in joined if line.strip() and not line.lstrip().startswith("#")]


def commands(block: Block) -> list[Shown]:
    """Give what the block asks of the program `orderpath`; other lines are not ours."""
    return [shown(line) for line in lines_of(block) if PROGRAM.match(line)]


def shown(line: str) -> Shown:
    """Give the command that a line shows."""
    words = shlex.split(PROGRAM.sub("", line), comments=True)
    refused = bool(_ENDS_WITH_1.search(line))
    if ">" in words:
        at = words.index(">")
        return Shown(tuple(words[:at]), refused, words[at + 1])
    return Shown(tuple(words), refused)
