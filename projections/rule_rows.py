"""Rows of the read model `trigger_runs`: how runs, acts and waits stand in its tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json

from domain.rules.judging import NONE, Cause, Change
from domain.rules.runs import Run, Wait
from domain.wire import encode

WAIT_COLUMNS: Final = (
    "wait_id, order_id, rule, rule_version, why, since, due_at, position, chain, changed, cause"
)


def run_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Give the rows of runs, those of one event together: what they share is told once."""
    rows: dict[int, dict[str, Any]] = {}  # by position
    for run in runs:
        sight = run.case.sight
        happened = sight.happened
        if happened.position not in rows:
            rows[happened.position] = {
                "position": happened.position,
                "order_id": sight.order_id,
                "stream_id": happened.stream_id,
                "event": sight.name,
                "command_id": happened.command_id,
                "occurred_at": happened.occurred_at,
                "recorded_at": happened.recorded_at,
                "runs": [],
            }
        of_event = rows[happened.position]["runs"]
        of_event.append(_run_row(run, len(of_event) + 1))
    return list(rows.values())


def _run_row(run: Run, number: int) -> dict[str, Any]:
    """Give what is the run's own; what is left out is null.

    number: of the event, which may end what a rule waits for, and make it look
    """
    case = run.case
    row: dict[str, Any] = {
        "run_no": number,
        "rule": case.of.name,
        "rule_version": case.of.version,
        "result": run.result,
        "conditions": {
            name: answer if isinstance(answer, bool) else answer.code
            for name, answer in case.answers.items()
        },
        "chain": case.chain,
        "acts": len(run.acts),
    }
    if run.why is not None:
        row["why"] = run.why
    if case.change is not NONE:
        row["changed"] = _changed(case.change)
    if run.due_at is not None:
        row["due_at"] = run.due_at
    return row


def _changed(change: Change) -> Mapping[str, str] | None:
    if change == NONE:
        return None
    return {"field": change.field, "old": change.old, "new": change.new}


def act_rows(runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    """Give the rows of what runs send; act_no: in the order in which the event's acts go out."""
    numbers: dict[int, int] = {}
    for run in runs:
        happened = run.case.sight.happened
        for command in run.acts:
            number = numbers[happened.position] = numbers.get(happened.position, 0) + 1
            yield {
                "command_id": command.command_id,
                "position": happened.position,
                "act_no": number,
                "shard": happened.shard,
                "rule": run.case.of.name,
                "rule_version": run.case.of.version,
                "order_id": run.case.sight.order_id,
                "command": command.NAME,
                "body": from_json(encode(command)),
                "chain": run.case.chain,
                "sent": run.result != "shadow",
            }


def wait_row(wait: Wait) -> dict[str, Any]:
    """Give the row of what a rule waits for."""
    return {
        "wait_id": wait.wait_id,
        "order_id": wait.order_id,
        "rule": wait.rule,
        "rule_version": wait.rule_version,
        "why": wait.why,
        "since": wait.since,
        "due_at": wait.due_at,
        "position": wait.position,
        "chain": wait.chain,
        "changed": _changed(wait.change),
        "cause": None if wait.cause is None else asdict(wait.cause),
    }


def wait_of(row: Sequence[Any]) -> Wait:
    """Read a row of rule_waits, its columns as WAIT_COLUMNS has them."""
    wait_id, order_id, rule, version, why, since, due_at, position, chain, changed, cause = row
    return Wait(
        wait_id=wait_id,
        order_id=order_id,
        rule=rule,
        rule_version=version,
        why=why,
        since=since,
        due_at=due_at,
        position=position,
        chain=tuple(chain),
        change=Change(**changed) if changed else NONE,
        cause=Cause(**cause) if cause else None,
    )


def orders_in(batch: Sequence[Any]) -> list[UUID]:
    """Name the orders that events are about, each once."""
    streams = (one.stream_id.partition("-") for one in batch)
    return list(dict.fromkeys(UUID(id_) for kind, _, id_ in streams if kind in {"order", "timer"}))
