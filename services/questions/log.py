"""What is asked of the log itself."""

from typing import TYPE_CHECKING, Any

from services.questions.question import Asked, question

if TYPE_CHECKING:
    from services.bootstrap import System


class LogHead(Asked):
    """The end of the log."""


@question("log.head", "/log/head", reads="log")
def head(system: "System", asked: LogHead) -> dict[str, Any]:
    """Say which log it is, and how far it reaches."""
    found = system.log.head()
    return {"log_id": found.log_id, "epoch": found.epoch, "position": found.position}
