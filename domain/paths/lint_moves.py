"""Lint: where orders cannot come, where they cannot go on, and moves that never count."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from domain.errands import go_on
from domain.paths.findings import Finding
from domain.paths.path import OrderPath

Moves = Mapping[str, Collection[str]]  # status -> statuses that can be entered from it


def list_move_findings(path: OrderPath) -> Iterator[Finding]:
    """Give what the moves of a path show when they are seen together."""
    moves: dict[str, list[str]] = defaultdict(list)
    back: dict[str, list[str]] = defaultdict(list)
    for source, target in path.matrix:
        if path.statuses[target].active:
            moves[source].append(target)
            back[target].append(source)
    yield from _shadowed_starts(path)
    yield from _unreachable(path, moves)
    yield from _traps(path, moves, back)
    yield from _idle_transitions(path)


def _shadowed_starts(path: OrderPath) -> Iterator[Finding]:
    first = next(n for n, start in enumerate(path.initial) if start.when is None)
    for number, start in enumerate(path.initial[first + 1 :], first + 1):
        yield Finding(
            code="start_shadowed",
            severity="hint",
            place=("initial", number),
            message=f"no order that is placed here starts in {start.status}",
            why="the first start whose condition holds counts, and one above has no condition",
            needed="put it further up with a condition; for imported orders it is well",
        )


def _unreachable(path: OrderPath, moves: Moves) -> Iterator[Finding]:
    reached = reach(moves, (start.status for start in path.initial))
    for code, status in path.statuses.items():
        if status.active and code not in reached:
            yield Finding(
                code="status_unreachable",
                severity="warning",
                place=("statuses", code),
                message=f"no order can come to {code}",
                why="people see a status that never is the right one",
                needed="add a move that leads to it, or take it out",
            )


def _traps(path: OrderPath, moves: Moves, back: Moves) -> Iterator[Finding]:
    """Find groups of statuses that orders come into, and neither leave nor end in.

    Only the innermost group is told: what merely leads there is well once that is.
    """
    can_end = reach(back, (code for code, status in path.statuses.items() if status.final))
    onward = {c: reach(moves, [c]) for c in path.statuses if c not in can_end}
    told: set[str] = set()
    for code, within in onward.items():
        if code not in told and all(code in onward[other] for other in within):
            told |= within
            members = [other for other in path.statuses if other in within]
            yield _dead_end(code) if len(members) == 1 else _loop(members)


def _dead_end(code: str) -> Finding:
    return Finding(
        code="dead_end",
        severity="error",
        place=("statuses", code),
        message=f"no move leads out of {code}, and it is not final",
        why="every order that comes here is stuck and stays open for ever",
        needed="add a move out of it, or final: success or failure",
    )


def _loop(members: list[str]) -> Finding:
    return Finding(
        code="loop_without_exit",
        severity="error",
        place=("statuses", members[0]),
        message=f"no move leads out of the loop {', '.join(members)}",
        why="an order that comes in here goes round and never ends",
        needed="add a move to a final status, or make one of them final",
    )


def _idle_transitions(path: OrderPath) -> Iterator[Finding]:
    counting = {id(transition) for transition in path.matrix.values()}
    for number, transition in enumerate(path.transitions):
        moves = {(source, to) for source in transition.from_ for to in transition.to}
        if all(source == to for source, to in moves):
            yield _idle(number)
        elif id(transition) not in counting:
            yield _shadowed(number)
        elif not any(path.statuses[to].active for to in transition.to):
            yield _closed(number)


def _idle(number: int) -> Finding:
    return Finding(
        code="transition_idle",
        severity="warning",
        place=("transitions", number),
        message="it leads from a status to itself",
        why="that is no move: what stands here never counts",
        needed="take it out, or name another status",
    )


def _shadowed(number: int) -> Finding:
    return Finding(
        code="transition_shadowed",
        severity="warning",
        place=("transitions", number),
        message="transitions above it allow the same moves",
        why="of two transitions for one move the first counts: what this one says never does",
        needed="take it out, or put it further up",
    )


def _closed(number: int) -> Finding:
    return Finding(
        code="transition_closed",
        severity="warning",
        place=("transitions", number),
        message="it leads to statuses only that are not active",
        why="people are offered a way that is refused to everybody",
        needed="take it out",
    )


def reach(moves: Moves, starts: Iterable[str]) -> set[str]:
    """Give every status that can be come to from some, these included."""
    go_on()
    reached: set[str] = set()
    waiting = list(starts)
    while waiting:
        code = waiting.pop()
        if code not in reached:
            reached.add(code)
            waiting.extend(moves.get(code, ()))
    return reached
