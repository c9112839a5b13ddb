"""Whatever goes wrong ends in a sentence and the right exit code."""

from pathlib import Path
from uuid import UUID

import pytest

from domain.refusals import (
    CommandIdReused,
    Conflict,
    InfraError,
    Refusal,
    Unmet,
    UnreadableError,
    Unusable,
)
from services.cli.errors import CommandFailed, run, tell
from services.cli.session import log_level

UNMET = (
    Unmet(code="role_missing", field="actor.roles", message="No", needed="one of lead"),
    Unmet(code="reason_required", message="Say why"),
)


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (Refusal(*UNMET), 1, "role_missing [actor.roles]: No; needed: one of lead"),
        (Refusal(*UNMET), 1, "reason_required: Say why"),
        (Conflict("order-1", 1, 2), 1, "read it again"),
        (CommandIdReused(UUID(int=1)), 1, "send a new id"),
        (InfraError("database_unavailable", "away"), 3, "send the same again"),
        (InfraError("newer_version", "a later one made it"), 3, "newer_version: a later one"),
        (InfraError("data_folder_unusable", "a file"), 2, "Set ORDERPATH_DATA_DIR to a folder"),
        (Unusable("shop.yaml:5:16: there is no stage 'nwe'"), 2, "shop.yaml:5:16: there is"),
        (UnreadableError("amount_unreadable", "price", "price is no amount"), 2, "is no amount"),
        (CommandFailed("write it so", 2), 2, "write it so"),
        (OSError("disk is gone"), 3, "disk is gone"),
        (RuntimeError("odd"), 3, "RuntimeError"),
    ],
)
def test_each_error_has_its_code(
    error: Exception, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(error, log_level) == code
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said


def test_a_program_leaves_with_its_code() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    def leaves() -> None:
        raise SystemExit(2)

    for program, code in ((interrupted, 130), (leaves, 2), (lambda: None, 0)):
        with pytest.raises(SystemExit) as end:
            run(program, log_level)
        assert end.value.code == code


@pytest.mark.parametrize(
    ("dotenv", "traced"),
    [("ORDERPATH_LOG_LEVEL=debug", True), ("", False), ("ORDERPATH_LOG_LEVEL=loud", False)],
)
def test_a_fault_of_ours_is_traced_for_whoever_chose_level_debug(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    dotenv: str,
    traced: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(dotenv)

    def broken() -> None:
        raise RuntimeError("odd")

    with pytest.raises(SystemExit) as end:
        run(broken, log_level)

    said = capsys.readouterr().err
    assert end.value.code == 3
    assert "Set ORDERPATH_LOG_LEVEL=debug" in said
    assert ("Traceback" in said) is traced
