"""`serve` makes the first key, prints it once, and listens to this machine only without TLS."""

import re
from collections.abc import Callable

import httpx

from tests.support.command_line import Here
from tests.support.programs import RunningProgram
from tests.support.served import free_port

KEY = re.compile(r"op_[0-9a-f]{12}_\S+")


def test_the_first_serve_prints_a_key_that_opens_and_the_next_one_none(
    start: Callable[..., RunningProgram], environment: dict[str, str]
) -> None:
    port = free_port()
    first = start("serve", "--port", str(port))
    line = first.await_line("the first key")
    first.await_line("serving on")
    found = KEY.search(line)
    assert found is not None
    shown = {"Authorization": f"Bearer {found[0]}"}
    assert httpx.get(f"http://127.0.0.1:{port}/v1/log/head", headers=shown).status_code == 200
    assert httpx.get(f"http://127.0.0.1:{port}/v1/log/head").status_code == 401
    first.end()

    again = start("serve", "--port", str(port))
    again.await_line("serving on")
    assert again.count_lines("the first key") == 0
    again.end()


def test_what_can_be_reached_from_elsewhere_is_not_served_without_tls(
    environment: dict[str, str],
) -> None:
    answer = Here(environment).run("serve", "--host", "0.0.0.0")  # noqa: S104 - it is to be refused

    assert answer.code == 2
    assert "ORDERPATH_HTTP_CERT_FILE" in answer.err
