"""Faults of ours: whoever asked hears that there is one, and the log says where it is."""

from traceback import extract_tb

import structlog

from services.api.problems import Problem, fault

log_ = structlog.get_logger()


def noted_fault(error: BaseException, request_id: str) -> Problem:
    """Note a fault in the log, and give what is told of it.

    Where it failed, not what the error says: personal data may stand in that.
    """
    frames = extract_tb(error.__traceback__)
    way = [f"{frame.filename}:{frame.lineno}" for frame in frames]
    log_.error("request_failed", request_id=request_id, error=type(error).__name__, way=way)
    return fault(request_id)
