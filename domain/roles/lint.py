"""What is allowed in roles and yet not well. `Role` refuses mistakes; this says the rest.

Called by `orderpath role lint`. Codes are answered to people and programs: docs/rights.md.
"""

from collections.abc import Iterable, Iterator, Sequence, Set

from domain.hints import advice
from domain.paths.findings import Finding
from domain.paths.path import OrderPath
from domain.roles.definition import GIVING, Role, names
from domain.vocabulary import COMMANDS

# Rights of what writes as commands do, and is none.
BESIDE_COMMANDS: frozenset[str] = frozenset({"import.start"})
# What programs tell about their own work: whoever else tells it forges history.
OF_PROGRAMS: frozenset[str] = frozenset(
    {
        "caller.count_flood",
        "effect.mark_failed",
        "effect.mark_sent",
        "order.pass_deadline",
        "timer.fire",
        "wave.finish",
    }
)


def lint(
    role: Role, paths: Sequence[OrderPath] = (), questions: Set[str] | None = None
) -> list[Finding]:
    """Give everything that is not well in a role, in the order of its keys.

    paths:     whose transitions ask for roles
    questions: all that there are; None: nobody knows, and it is not asked
    """
    return [
        *_unknown(role, "commands", role.commands, {*COMMANDS, *BESIDE_COMMANDS}),
        *_unknown(role, "questions", role.questions, questions),
        *_unknown(
            role,
            "never",
            role.never,
            None if questions is None else {*COMMANDS, *BESIDE_COMMANDS, *questions},
        ),
        *_acts_in_vain(role, paths),
        *_gives_rights(role),
        *_forges(role),
        *_is_empty(role),
    ]


def _unknown(
    role: Role, key: str, patterns: Iterable[str], known: Iterable[str] | None
) -> Iterator[Finding]:
    if known is None:
        return
    there = tuple(known)
    for number, pattern in enumerate(patterns):
        if not any(names((pattern,), name) for name in there):
            yield Finding(
                code="right_unknown",
                severity="warning",
                place=(key, number),
                message=f"nothing is named {pattern}",
                why=f"{role.role} gets no right by it",
                needed=advice(pattern, there),
            )


def _acts_in_vain(role: Role, paths: Sequence[OrderPath]) -> Iterator[Finding]:
    asked = {name for path in paths for name in _asked_by(path)}
    for number, name in enumerate(role.acts_as):
        if asked and name not in asked:
            yield Finding(
                code="acts_as_unknown",
                severity="hint",
                place=("acts_as", number),
                message=f"no published path asks for the role {name}",
                why="it opens no move",
                needed=advice(name, sorted(asked)),
            )


def _asked_by(path: OrderPath) -> Iterator[str]:
    """Name the roles that a path asks for, wherever in it."""
    for way in path.matrix.values():
        yield from way.roles
        yield from way.approval.by if way.approval else ()
    for right in path.fields.values():
        yield from (*right.edit, *right.never)
    for piece in path.items.ways.values() if path.items else ():
        yield from piece.roles
    for roles in path.payments.roles.values() if path.payments else ():
        yield from roles


def _gives_rights(role: Role) -> Iterator[Finding]:
    given = sorted(name for name in GIVING if role.may_command(name))
    if given and role.role != "admin":
        yield Finding(
            code="gives_rights",
            severity="warning",
            place=("commands",),
            message=f"{role.role} may command {', '.join(given)}",
            why="whoever gives rights can give himself all of them",
            needed="leave that to admin",
        )


def _forges(role: Role) -> Iterator[Finding]:
    told = sorted(name for name in OF_PROGRAMS if role.may_command(name))
    if told:
        yield Finding(
            code="forges_history",
            severity="warning",
            place=("commands",),
            message=f"{role.role} may command {', '.join(told)}",
            why="only the programs of Orderpath know what they tell there",
            needed="name them under never",
        )


def _is_empty(role: Role) -> Iterator[Finding]:
    if not role.commands and not role.questions:
        yield Finding(
            code="role_empty",
            severity="warning",
            place=("questions",),
            message=f"{role.role} may do nothing and ask nothing",
            why="whoever holds it is turned away",
            needed="write commands or questions",
        )
