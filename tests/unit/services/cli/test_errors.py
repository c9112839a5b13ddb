"""Whatever goes wrong ends in a sentence and the right exit code."""

from uuid import UUID

import pytest

from domain.refusals import CommandIdReused, Conflict, InfraError, Refusal, Unmet
from services.cli.errors import CommandFailed, run, tell

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
        (CommandFailed("write it so", 2), 2, "write it so"),
        (OSError("disk is gone"), 3, "disk is gone"),
        (RuntimeError("odd"), 3, "RuntimeError"),
    ],
)
def test_each_error_has_its_code(
    error: Exception, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(error) == code
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
            run(program)
        assert end.value.code == code
