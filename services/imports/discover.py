"""A path drafted from a log: its activities become statuses, the steps that occur become the
moves that are allowed. Written out as YAML for people to correct, then published by command.
"""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Final

from domain.messages import Actor
from domain.orders.identity import id_of
from domain.paths.commands import PublishPath
from domain.paths.path import MAX_STATUSES, MAX_TRANSITIONS, OrderPath
from services.bootstrap import System, read_path
from services.imports.identity import COMMANDS
from services.imports.mapping import LogMapping
from services.imports.problem import ImportProblem
from services.imports.report import ImportReport
from services.reading import PublishedPath, latest_path
from services.text_files import read_text

Looked = tuple[datetime, int, str]  # time, sequence (0 without), activity
Looks = Callable[[], Iterator[list[Looked]]]  # order after order

_FAILURE: Final = re.compile(r"cancel|declin|reject|fail|return|refus|abort|expire|unavailable")
_FAILED_STAGE: Final = "failed"
_LONGEST_CODE: Final = 50


def discovered(
    system: System, mapping: LogMapping, folder: Path, report: ImportReport, looks: Looks
) -> tuple[LogMapping, PublishedPath]:
    """Give the mapping with its map filled in, and the published path that it leads to.

    A path that is published, or whose file somebody corrected, is taken as it is: activities
    that it has no status for go into quarantine.
    Raises: ImportProblem; FileError for a corrected file that is wrong now
    """
    order = _by_position(looks)
    codes = codes_of(order)
    file = folder / f"{mapping.path}.path.yaml"
    path = latest_path(system, mapping.path)
    if path is None:
        if not file.exists():
            _write(file, draft(mapping, codes, _steps(looks, codes)))
        definition = read_path(read_text(file), where=file.name)
        if definition.path != mapping.path:
            raise ImportProblem(f"{file.name}: the path is called {definition.path} there")
        path = PublishedPath(1, definition) if report.dry_run else _publish(system, definition)
        report.path_file = file
    statuses = list(path.definition.statuses)
    found = {
        activity: code
        for activity in order
        if (code := _status_of(activity, codes[activity], statuses)) is not None
    }
    ranked = dict(sorted(found.items(), key=lambda pair: statuses.index(pair[1])))
    activity = mapping.activity.model_copy(update={"map": ranked, "discover": False})
    return mapping.model_copy(update={"activity": activity}), path


def codes_of(activities: Iterable[str]) -> dict[str, str]:
    """Give each activity a code; those that would share one get a suffix of their own."""
    plain = {activity: _code(activity) for activity in activities}
    times = Counter(plain.values())
    return {
        activity: code if times[code] == 1 else _suffixed(activity, code)
        for activity, code in plain.items()
    }


def draft(mapping: LogMapping, codes: dict[str, str], steps: "Steps") -> str:
    """Write the path as YAML, the statuses in the order in which orders pass them."""
    failures = {code for code in codes.values() if code not in steps.after and _is_failure(code)}
    stages = [code for code in codes.values() if code not in failures]
    if failures:
        stages.append(_FAILED_STAGE)
    lines = [
        f"# Drafted from the log of {mapping.source}: correct titles, stages and final statuses,",
        f"# then publish it: orderpath path publish {mapping.path}.path.yaml",
        "# The next import does not overwrite it.",
        f"path: {mapping.path}",
        f"stages: [{', '.join(dict.fromkeys(stages))}]",
        "",
        "statuses:",
    ]
    for activity, code in codes.items():
        lines.append(f"  {code}:")
        lines.append(f"    stage: {_FAILED_STAGE if code in failures else code}")
        lines.append(f"    title: {{en: {json.dumps(activity, ensure_ascii=False)}}}")
        if code not in steps.after:
            lines.append(f"    final: {'failure' if code in failures else 'success'}")
    starts = ", ".join(f"{{status: {code}}}" for code, _ in steps.first.most_common())
    lines += ["", f"initial: [{starts}]"]
    if steps.after:
        lines += ["", "transitions:"]
    for code in codes.values():
        if code in steps.after:
            targets = ", ".join(sorted(steps.after[code]))
            lines.append(f"  - {{from: {code}, to: [{targets}]}}")
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class Steps:
    """Which status orders begin with, and which follows on which."""

    first: Counter[str] = field(default_factory=Counter)
    after: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def _by_position(looks: Looks) -> list[str]:
    """List all activities, those that come early in their order first."""
    places: dict[str, tuple[float, int]] = {}
    for looked in looks():
        looked.sort()
        for number, (_, _, activity) in enumerate(looked):
            total, times = places.get(activity, (0.0, 0))
            places[activity] = (total + number / len(looked), times + 1)
        if len(places) > MAX_STATUSES:
            raise ImportProblem(
                f"there are more than {MAX_STATUSES} different activities:"
                " is `activity: column` the right one?"
            )
    if not places:
        raise ImportProblem("no row has both a time and an activity: check these columns")
    return sorted(
        places, key=lambda activity: (places[activity][0] / places[activity][1], activity)
    )


def _steps(looks: Looks, codes: dict[str, str]) -> Steps:
    ranks = {activity: n for n, activity in enumerate(codes)}
    steps = Steps()
    for looked in looks():
        looked.sort(key=lambda one: (one[0], one[1], ranks[one[2]]))
        names = [codes[activity] for _, _, activity in looked]
        steps.first.update(names[:1])
        for source, target in pairwise(names):
            if source != target:
                steps.after[source].add(target)
    moves = sum(len(targets) for targets in steps.after.values())
    if moves > MAX_TRANSITIONS:
        raise ImportProblem(f"{moves} different steps occur, a path has at most {MAX_TRANSITIONS}")
    return steps


def _publish(system: System, definition: OrderPath) -> PublishedPath:
    command_id = id_of(COMMANDS, "discovered", definition.content_hash)
    actor = Actor(kind="import", id=definition.path)
    system.execute(PublishPath(command_id=command_id, actor=actor, definition=definition))
    path = latest_path(system, definition.path)
    assert path is not None
    return path


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ImportProblem(
            f"{file} cannot be written ({error.strerror}): put the mapping where one may write"
        ) from error


def _status_of(activity: str, code: str, statuses: Iterable[str]) -> str | None:
    candidates = (code, _code(activity), _suffixed(activity, _code(activity)))
    return next((one for one in candidates if one in statuses), None)


def _code(activity: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", activity).encode("ascii", "ignore").decode()
    code = re.sub(r"[^a-z0-9]+", "_", ascii_only.lower()).strip("_")
    if not code:
        return _suffixed(activity, "status")
    if not code[0].isalpha():
        code = f"s_{code}"
    return code if len(code) <= _LONGEST_CODE else _suffixed(activity, code[:_LONGEST_CODE])


def _suffixed(activity: str, code: str) -> str:
    return f"{code}_{sha256(activity.encode()).hexdigest()[:8]}"


def _is_failure(code: str) -> bool:
    return _FAILURE.search(code) is not None
