"""What is not run on its page names the test that runs it, and asks for what there is."""

import re
import shlex
import subprocess
from typing import Any, Final

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from benchmarks.__main__ import PARTS
from services.cli.program import app
from tests.integration.docs.blocks import ELSEWHERE, Block, blocks, commands, lines_of
from tests.support.command_line import ROOT

LEFT: Final = [block for block in blocks("sh") if block.why.startswith(ELSEWHERE)]
TEST: Final = re.compile(r"\btests/[\w/]+(?:\.py)?")
COMMANDS: Final = get_command(app)
OPTIONS: Final = {"--quick", "--markdown"}  # of the benchmarks


@pytest.mark.parametrize("block", LEFT, ids=str)
def test_a_block_that_is_left_names_tests_that_are_there(block: Block) -> None:
    named = TEST.findall(block.why)

    assert named or "network" in block.why, f"{block}: which test runs it?"
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("block", LEFT, ids=str)
def test_the_command_line_knows_what_a_block_asks_of_it(block: Block) -> None:
    for shown in commands(block):
        read_by_command_line([*shown.words])


def read_by_command_line(words: list[str]) -> None:
    """Find the command and its options, without running it. Raises: UsageError of typer's click"""
    command: Any = COMMANDS
    name, context = "orderpath", None
    while True:
        context = command.make_context(name, words, parent=context)
        if not isinstance(command, TyperGroup):
            return
        rest = [*context._protected_args, *context.args]
        found, command_found, words = command.resolve_command(context, rest)
        assert found is not None
        assert command_found is not None
        name, command = found, command_found


@pytest.mark.parametrize("block", LEFT, ids=str)
def test_make_knows_what_a_block_asks_it_for(block: Block) -> None:
    for line in lines_of(block):
        words = shlex.split(line, comments=True)
        if words[0] == "make":
            assert asked_of_benchmarks(words) <= OPTIONS | set(PARTS), f"{block}: {line}"
            only_said = ["/usr/bin/env", "make", "--dry-run", *words[1:]]
            subprocess.run(only_said, cwd=ROOT, check=True, capture_output=True)


def asked_of_benchmarks(words: list[str]) -> set[str]:
    """Give the parts and options that a line has in ARGS."""
    return {one for word in words for one in word.removeprefix("ARGS=").split() if "ARGS=" in word}
