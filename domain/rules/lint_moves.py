"""Lint: moves of rules that the path refuses, from where the rule can fire and as it acts."""

from collections.abc import Iterator, Mapping, Sequence

from domain.hints import hint
from domain.paths.asking import asked_for
from domain.paths.findings import Finding
from domain.paths.path import OrderPath
from domain.paths.transitions import Transition
from domain.rules.actions import Move
from domain.rules.occasions import is_of_stock, statuses_of
from domain.rules.rule import Rule


def list_move_findings(rule: Rule, paths: Sequence[OrderPath]) -> Iterator[Finding]:
    """Give each move that is refused always, or from some of the statuses."""
    if is_of_stock(rule) or not paths:
        return
    for number, action in enumerate(rule.then):
        if isinstance(action, Move):
            yield from _of_move(rule, number, action, paths)


def _of_move(rule: Rule, number: int, move: Move, paths: Sequence[OrderPath]) -> Iterator[Finding]:
    # Of one that fires nowhere no move is refused: its conditions are told for that.
    concerned = [path for path in paths if statuses_of(rule, path)] or paths
    having = [path for path in concerned if move.move in path.statuses]
    if not having:
        known = dict.fromkeys(code for path in concerned for code in path.statuses)
        yield _unknown(number, move.move, [*known])
        return
    refused: dict[str, str] = {}  # status -> why
    in_the_end: dict[str, str] = {}  # the same of final ones
    allowed = False
    for path in having:
        for status in statuses_of(rule, path):
            why = None if status == move.move else _refused(rule, path, status, move)
            allowed = allowed or (why is None and status != move.move)
            if why is not None:
                (refused if path.statuses[status].final is None else in_the_end)[status] = why
    if refused and allowed:
        yield _forbidden_from(number, move.move, refused)
    elif not allowed and (nowhere := refused | in_the_end):
        yield _forbidden(number, move.move, nowhere)


def _refused(rule: Rule, path: OrderPath, status: str, move: Move) -> str | None:
    """Say why a path refuses a move to a rule, None if it does not."""
    transition = path.matrix.get((status, move.move))
    if transition is None:
        return "no transition leads there"
    if not path.statuses[move.move].active:
        return "it is not active"
    if transition.roles and not {*transition.roles} & {*rule.roles}:
        return f"it takes one of the roles {', '.join(transition.roles)}"
    if transition.approval is not None:
        return "somebody has to agree first"
    unsaid = [*_unsaid(path, transition, move)]
    return f"it asks for {', '.join(unsaid)}" if unsaid else None


def _unsaid(path: OrderPath, transition: Transition, move: Move) -> Iterator[str]:
    for name in asked_for(path, move.move, transition):
        if getattr(move, name) is None:
            yield name
    if move.reason_code and transition.reasons and move.reason_code not in transition.reasons:
        yield f"one of the reasons {', '.join(transition.reasons)}"


def _unknown(number: int, status: str, known: Sequence[str]) -> Finding:
    return Finding(
        code="move_unknown",
        severity="error",
        place=("then", number, "move"),
        message=f"there is no status {status}{hint(status, known)}",
        why="the move is refused every time",
        needed="write a status of the path whose orders it looks at",
    )


def _forbidden(number: int, target: str, refused: Mapping[str, str]) -> Finding:
    return Finding(
        code="move_forbidden",
        severity="error",
        place=("then", number, "move"),
        message=_refusal(target, refused),
        why="the rule never does it, and fills the list of refusals",
        needed="let it look where the move is allowed, give it a role, say what is asked for",
    )


def _forbidden_from(number: int, target: str, refused: Mapping[str, str]) -> Finding:
    return Finding(
        code="move_forbidden_from",
        severity="warning",
        place=("then", number, "move"),
        message=_refusal(target, refused),
        why="there it is asked for in vain, and fills the list of refusals",
        needed="let a condition ask for the statuses from which the order may go on",
    )


def _refusal(target: str, refused: Mapping[str, str]) -> str:
    """Say from where a move is refused, by the reason. refused: status -> why"""
    told = [
        f"from {_listed([s for s, because in refused.items() if because == why])}: {why}"
        for why in dict.fromkeys(refused.values())
    ]
    return f"the path refuses {target} {'; '.join(told)}"


def _listed(statuses: Sequence[str]) -> str:
    return f"{', '.join(statuses[:5])}{', …' * (len(statuses) > 5)}"
