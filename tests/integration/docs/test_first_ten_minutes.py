"""The README's first ten minutes over HTTP, line by line in a shell, against a server that runs."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.integration.docs.blocks import blocks
from tests.support.command_line import LONGEST_SECONDS, MASTER_KEY, ROOT
from tests.support.programs import RunningProgram
from tests.support.served import free_port

KEY: Final = re.compile(r"op_[0-9a-f]{12}_\S+")
PROGRAM: Final = ".venv/bin/orderpath"


def first_request() -> str:
    """Give the block of the README that speaks HTTP."""
    (found,) = [one.text for one in blocks("sh") if one.page == "README.md" and "curl" in one.text]
    return found


def test_a_newcomer_places_pays_and_moves_an_order_and_is_told_why(
    start: Callable[..., RunningProgram], environment: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    server = start("serve", "--port", str(port))
    key = KEY.search(server.await_line("the first key"))
    assert key is not None
    server.await_line("serving on")
    script = (
        first_request()
        .replace("op_…", key[0])
        .replace("127.0.0.1:8080", f"127.0.0.1:{port}")
        .replace(PROGRAM, f"{shlex.quote(sys.executable)} -m services.cli")
    )

    said = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={**os.environ, MASTER_KEY: os.environ[MASTER_KEY], **environment},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )

    assert said.returncode == 0, said.stderr
    assert len(re.findall(r'"outcome": ?"accepted"', said.stdout)) == 4, said.stdout
    assert len(re.findall(r'"code": ?"refused"', said.stdout)) == 2, said.stdout
    assert "order.payment_charged.v1" in said.stdout, said.stdout
    assert re.search(r"A-1\s*\|\s*confirmed\s*\|\s*900", said.stdout)
