"""The tree of commands is whole, explained, and quick to load."""

import subprocess
import sys

import pytest

from tests.support.command_line import ROOT, Here

GROUPS = {
    "": (
        "up", "down", "status", "follow", "act", "clock", "send", "waves", "alive", "commands",
        "worker", "psql", "demo", "import", "order", "report", "queue", "team", "inbox", "alert",
        "task", "path", "calendar", "wave",
    ),
    "import": ("olist", "log", "quarantine"),
    "import quarantine": ("list", "fix", "resubmit"),
    "order": (
        "place", "set", "add-item", "change-item", "cancel-item", "move-item", "move", "approve",
        "reserve", "pay", "cancel", "assign", "share-out", "note", "snooze",
        "correct", "mark-test", "show", "allowed", "history", "as-of", "diff",
    ),
    "order bulk": ("move", "undo", "list", "show"),
    "customer": ("find", "show", "history", "create", "change", "tag", "mark", "note"),
    "segment": ("list", "show", "mail"),
    "enquiry": ("record", "close", "list", "show"),
    "team": ("list", "set", "remove", "come", "go", "redistribute"),
    "alert": ("list", "show", "ack"),
    "task": ("create", "list", "show", "assign", "done", "drop"),
    "shipment": ("create", "track", "move", "list"),
    "document": ("issue", "move", "list", "series", "pdf", "send"),
    "stock": ("receive", "adjust", "threshold", "show", "expire"),
    "product": ("import", "publish", "change", "withdraw", "list", "show", "quote"),
    "discount": ("set", "end", "list"),
    "delivery-method": ("set", "end", "list"),
    "report": (
        "funnel", "stale", "conversion", "transitions", "times", "handling", "routes", "overrides",
    ),
    "projection": ("list", "rebuild", "verify", "parked", "retry", "drive"),
    "path": (
        "list", "publish", "show", "which", "lint", "diff", "preview", "migrate", "discover",
        "schema",
    ),
    "calendar": ("list", "publish", "show"),
    "wave": ("list", "publish", "show", "preview", "run", "results"),
    "log": ("restored",),
    "effects": ("list", "show", "resend", "drop", "pause", "resume"),
    "template": ("list", "publish", "show", "preview"),
}  # fmt: skip
HEAVY = ("pydantic", "psycopg", "rich", "structlog", "domain", "infra")


@pytest.mark.parametrize("group", GROUPS)
def test_every_command_has_its_help(group: str) -> None:
    overview = Here({}).run(*group.split(), "--help").out
    for command in GROUPS[group]:
        said = Here({}).run(*group.split(), command, "--help")

        assert f"  {command} " in overview
        assert (said.code, "Usage: orderpath" in said.out) == (0, True)


@pytest.mark.parametrize("before", [("order", "show"), ("report", "funnel", "--path")])
def test_a_word_that_is_not_utf8_is_an_error_of_usage(before: tuple[str, ...]) -> None:
    said = Here({}).run(*before, "caf\udce9")

    assert (said.code, said.err) == (2, r"Error: 'caf\udce9' is not UTF-8: write it so" + "\n")


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys, services.cli.program;print(*(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []
