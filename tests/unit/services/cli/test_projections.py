"""What people see of the tables behind the reports."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.cli.output import console
from services.cli.projections import projections_sheet
from services.questions.state import build_row
from services.read_models import Listed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "name": "orders",
    "version": 3,
    "newest_version": 3,
    "build": 1,
    "state": "live",
    "driver": "follower",
    "position": 10,
    "lag": 0,
    "oldest_waiting_at": None,
    "parked": 0,
    "replaced": False,
}


def shown(**changes: Any) -> str:
    row = build_row(Listed(**GOOD | changes), NOW)
    with console().capture() as said:
        for part in projections_sheet([row], []):
            console().print(part, soft_wrap=True)
    return " ".join(said.get().split())


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.parametrize(
    ("changes", "state", "advice"),
    [
        ({"newest_version": 4}, "live, of another version", "orderpath projection rebuild orders"),
        ({"replaced": True}, "live, of another log", "orderpath projection rebuild orders"),
        ({"parked": 2}, "live", "orderpath projection parked"),
    ],
)
def test_what_makes_the_tables_unhealthy_is_said_with_what_to_do(
    changes: dict[str, Any], state: str, advice: str
) -> None:
    told = shown(**changes)

    assert state in told
    assert f"`{advice}`" in told


@pytest.mark.parametrize(
    "changes", [{}, {"newest_version": None}, {"newest_version": 4, "state": "retired"}]
)
def test_tables_that_are_as_they_should_be_ask_for_nothing(changes: dict[str, Any]) -> None:
    told = shown(**changes)

    assert "another version" not in told
    assert "rebuild" not in told
