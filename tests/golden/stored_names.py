"""Find every stored name that the code uses now: events, commands, codes, projections, views."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from domain.answers import UNKNOWN, WITHOUT_OUTCOME, Kind
from domain.audit.findings import Kind as AuditFinding
from domain.catalog import AGGREGATES, COMMANDS, EVENTS
from domain.paths.transitions import Nonconforming, Requirement
from domain.personal import personal_fields
from domain.public.audit_head import AuditHead
from domain.public.dead_letters import CommandLetter, RecordLetter
from domain.public.events import TYPES
from domain.public.order_state import OrderState
from domain.rules.runs import Stopped
from domain.streaming import GROUPS, TOPICS, WRITERS
from domain.upcasters import UPCASTERS
from projections.catalog import PROJECTIONS
from services.api.problems import TITLES
from services.audit.checkpoint_lane import CheckpointLane
from services.cli.errors import DATA_FOLDER
from services.imports.session import STRUCTURE
from services.log_lane import LogLane
from services.public_lane import PublicLane
from services.questions.catalog import BY_NAME

HERE = Path(__file__).parent
STORED_NAMES = HERE / "stored_names.txt"
ROOT = HERE.parents[1]
DOMAIN = ROOT / "domain"
PACKAGES = ("domain", "projections", "consumers", "services", "infra")
# Codes that are not written out where they are used, by the expression that stands there.
REFUSALS = {
    "f'{name}_required'": [f"{name}_required" for name in get_args(Requirement)],
    "guard.code": [],  # the shop's own
}
QUARANTINE_REASONS = {
    "problem": [*STRUCTURE],
    "one.code": [],  # a refusal's, listed as such
    "error.code": [],  # an InfraError's, listed as such
}
INFRA_ERRORS = {
    "DATA_FOLDER": [DATA_FOLDER],
    "error.code": [],  # raised again with more words
    "str(problem.get('cause') or 'server_unavailable')": [],  # as a server told it
}
UNDELIVERED = {"code": ["gone", "refused"]}  # by the status of an HTTP answer


def names_in_code() -> set[str]:
    """Give `kind name` of everything whose name is stored or answered."""
    return {
        *(f"event {name}" for name in EVENTS),
        *(f"personal {name} {field}" for name, field in sealed_fields()),
        *(f"command {name}" for name in COMMANDS),
        *(f"refusal {code}" for code in refusal_codes()),
        *(f"quarantine_reason {code}" for code in quarantine_reasons()),
        *(f"finding {code}" for code in finding_codes()),
        *(f"nonconforming {code}" for code in get_args(Nonconforming)),
        *(f"stopped {why}" for why in get_args(Stopped)),
        *(f"category {name}" for name in AGGREGATES),
        *(f"projection {projection.name}" for projection in PROJECTIONS),
        *(f"audit_finding {kind}" for kind in get_args(AuditFinding)),
        *(f"infra_error {code}" for code in infra_error_codes()),
        *(f"problem {code}" for code in TITLES),
        *(f"question {name}" for name in BY_NAME),
        *(f"undelivered {code}" for code in undelivered_codes()),
        *(f"topic {one.name} {one.partitions} {one.cleanup}" for one in TOPICS),
        *(f"public {told.TYPE}" for told in TYPES),
        f"public {OrderState.TYPE}",
        f"public {AuditHead.TYPE}",
        f"public {CommandLetter.TYPE}",
        f"public {RecordLetter.TYPE}",
        *(f"lane {lane.name}" for lane in (LogLane, PublicLane, CheckpointLane)),
        *(f"answer {kind}" for kind in get_args(Kind)),
        *(f"answer_error {code}" for _, code in WITHOUT_OUTCOME.values()),
        f"answer_error {UNKNOWN}",
        *(f"consumer_group {name}" for name in GROUPS),
        *(f"transactional_id {name}" for name in WRITERS),
        *(f"analytics {path.stem}" for path in (ROOT / "projections/analytics").glob("*.sql")),
    }


def sealed_fields() -> Iterator[tuple[str, str]]:
    """Give the stored name and the dotted field of all that is stored sealed."""
    specs = {name: personal_fields(event) for name, event in EVENTS.items()}
    specs |= {name: old.personal for name, old in UPCASTERS.items()}
    return ((name, field) for name, spec in specs.items() for field in _fields(spec))


def _fields(spec: Mapping[str, Any]) -> Iterator[str]:
    for name, inner in spec.items():
        yield from [name] if inner is True else (f"{name}.{field}" for field in _fields(inner))


def names_in_file() -> list[str]:
    """Give the lines of the file."""
    lines = STORED_NAMES.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def refusal_codes(packages: Sequence[str] = PACKAGES) -> set[str]:
    """Read the codes of all `Unmet(code=…)`, which are answered and stored with the outcome."""
    return {code for path in _sources(packages) for code in codes_in(path)}


def codes_in(path: Path) -> Iterator[str]:
    """Read the refusal codes that one file builds."""
    words = (word for call in _calls("Unmet", [path]) for word in call.keywords)
    return (code for word in words if word.arg == "code" for code in _codes(word.value, REFUSALS))


def quarantine_reasons() -> set[str]:
    """Read the reasons of all `UnreadableError(reason, …)`, which are stored with the row."""
    calls = _calls("UnreadableError", _sources())
    return {code for call in calls for code in _codes(call.args[0], QUARANTINE_REASONS)}


def finding_codes(packages: Sequence[str] = ("domain",)) -> set[str]:
    """Read the codes of all `Finding(code=…)`, which lint answers."""
    words = (word for call in _calls("Finding", _sources(packages)) for word in call.keywords)
    return {code for word in words if word.arg == "code" for code in _codes(word.value, {})}


def infra_error_codes() -> set[str]:
    """Read the codes of all `InfraError(code, …)`, which callers and logs go by."""
    calls = (
        call
        for error in ("InfraError", "Busy", "EventUnreadable")
        for call in _calls(error, _sources())
    )
    return {code for call in calls for code in _codes(call.args[0], INFRA_ERRORS)}


def undelivered_codes() -> set[str]:
    """Read the codes of all `Undelivered(code, …)`, which are stored as reasons."""
    calls = _calls("Undelivered", _sources())
    return {code for call in calls for code in _codes(call.args[0], UNDELIVERED)}


def _sources(packages: Sequence[str] = PACKAGES) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def _calls(name: str, paths: Iterable[Path]) -> Iterator[ast.Call]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
                yield node


def _codes(written: ast.expr, known: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Give what an expression stands for. Raises: ValueError where nobody can tell"""
    if isinstance(written, ast.Constant):
        return [str(written.value)]
    if (expression := ast.unparse(written)) in known:
        return known[expression]
    raise ValueError(f"line {written.lineno}: {expression}: write the code out")
