"""What goes wrong, as one clear sentence and an exit code.

0 done, 1 refused or found wanting, 2 usage, 3 infrastructure. A traceback only of faults of ours,
and only for whoever asked for a log of level debug.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.refusals import Unmet

DONE: Final = 0
WANTING: Final = 1
USAGE: Final = 2
INFRASTRUCTURE: Final = 3
INTERRUPTED: Final = 128 + signal.SIGINT
DATA_FOLDER: Final = "data_folder_unusable"  # the code of a setting that only its use proves wrong


class CommandFailed(Exception):
    """A command cannot do what it was asked: what to say, and the exit code.

    No OrderpathError, because help loads nothing of the domain.
    """

    def __init__(self, message: str, code: int = WANTING) -> None:
        super().__init__(message)
        self.code = code


def run(
    program: Callable[[], Any],
    log_level: Callable[[], str],
    leave: Callable[[int], NoReturn] = sys.exit,
) -> NoReturn:
    """Run a program to its end and leave with its exit code; log_level: as it was chosen."""
    try:
        program()
        code = DONE
        sys.stdout.flush()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # The reader has seen enough, as `head` does.
        turn_away(sys.stdout)
        code = DONE
    except Exception as error:  # noqa: BLE001 - the outermost loop: people get a sentence
        code = tell(error, log_level)
    leave(code)


def turn_away(stream: IO[str]) -> None:
    """Let nobody get what is still to be written: whoever read it is gone."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, stream.fileno())
    os.close(descriptor)


def tell(error: Exception, log_level: Callable[[], str]) -> int:
    """Say what went wrong on standard error and give the exit code."""
    from pydantic import ValidationError

    from domain.refusals import Conflict, InfraError, OrderpathError, Refusal, Unusable

    match error:
        case ValidationError():
            complain(invalid(error, "what is asked"))
            return USAGE
        case CommandFailed(code=code):
            complain(str(error))
            return code
        case Refusal(unmet=unmet):
            complain(unmet_lines(unmet))
            return WANTING
        case Unusable():
            complain(str(error))
            return USAGE
        case Conflict():
            complain(f"conflict: {error}")
            return WANTING
        case InfraError(code=name):
            complain(f"{name}: {error}\n{_ADVICE.get(name, '')}".rstrip())
            return USAGE if name == DATA_FOLDER else INFRASTRUCTURE
        case OrderpathError():
            complain(str(error))
            return WANTING
        case OSError():
            complain(f"The system refused: {error}")
            return INFRASTRUCTURE
        case _:
            return _unexpected(error, log_level)


def complain(message: str) -> None:
    """Write an error for people."""
    sys.stderr.write(f"Error: {message}\n")


def invalid(error: Any, what: str) -> str:
    """Name every field that a command or a question does not take, and what it takes."""
    lines = [f"{what} cannot be read:"]
    found = error.errors(include_input=False, include_url=False)
    wrong_inside = {d["loc"][:n] for d in found for n in range(len(d["loc"]))}
    for detail in found:
        if detail["type"] == "too_short" and detail["loc"] in wrong_inside:
            continue  # It is too short only because what is wrong inside was not counted.
        place = ".".join(map(str, detail["loc"])) or "as a whole"
        lines.append(f"  {place}: {_words(detail)}")
    return "\n".join(lines)


def _words(detail: Any) -> str:
    if detail["type"] == "string_pattern_mismatch" and "a-z" in detail["ctx"]["pattern"]:
        return "write a-z, 0-9 and _, beginning with a letter, at most 64 characters"
    return str(detail["msg"]).removeprefix("Value error, ")


def unmet_lines(unmet: "Sequence[Unmet]") -> str:
    """List every condition that was not met: code, message, what would open the way."""
    lines = [f"refused, {len(unmet)} condition{'s' * (len(unmet) != 1)} not met:"]
    for one in unmet:
        where = f" [{one.field}]" if one.field else ""
        needed = f"; needed: {one.needed}" if one.needed else ""
        lines.append(f"  {one.code}{where}: {one.message}{needed}")
    return "\n".join(lines)


def _unexpected(error: Exception, log_level: Callable[[], str]) -> int:
    name = type(error).__name__  # Not its text: that may hold what nobody should read here.
    complain(
        f"Orderpath met an error that it does not know ({name}). Nothing that was "
        "answered before is lost. Set ORDERPATH_LOG_LEVEL=debug to see where, and report it."
    )
    if log_level() == "debug":
        import traceback

        traceback.print_exception(error)
    return INFRASTRUCTURE


_ADVICE: Final = {
    DATA_FOLDER: "Set ORDERPATH_DATA_DIR to a folder that you may write, or that can be made.",
    "database_unavailable": "Look at `orderpath status`, then send the same again: "
    "what was answered is kept.",
    "login_refused": "docs/database.md says where the passwords stand, and how to make new ones.",
    "broker_unavailable": "Look at `orderpath kafka status`. Commands go on without Kafka; what "
    "waits for it is sent later.",
    "port_taken": "Choose another one by --port or ORDERPATH_HTTP_PORT, or end what has it.",
    "database_full": "Make room on its disk, then send the same again.",
}
