"""What a log of another system shows of the ways of orders: its activities become statuses, the
steps that occur become moves. Drafted as a path by services.paths.draft, then published by command.
"""

import re
import unicodedata
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from itertools import groupby, pairwise
from pathlib import Path
from statistics import quantiles
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
from services.paths.draft import Observed, draft
from services.reading import PublishedPath, latest_path
from services.text_files import read_text

Looked = tuple[datetime, int, str]  # time, sequence (0 without), activity
Looks = Callable[[], Iterator[list[Looked]]]  # order after order

_LONGEST_CODE: Final = 50


def discovered(
    system: System, mapping: LogMapping, folder: Path, report: ImportReport, looks: Looks
) -> tuple[LogMapping, PublishedPath]:
    """Give the mapping with its map filled in, and the published path that it leads to.

    A path that is published, or whose file somebody corrected, is taken as it is: activities
    that it has no status for go into quarantine.
    Raises: ImportProblem; FileError for a corrected file that is wrong now
    """
    codes = codes_of(_by_position(looks))
    file = folder / f"{mapping.path}.path.yaml"
    path = system.patience(lambda: latest_path(system, mapping.path))
    if path is None:
        if not file.exists():
            text, observed = drafted(mapping, looks)
            _write(file, text)
            report.warnings += _guesses(file, observed)
        definition = read_path(read_text(file), where=file.name)
        if definition.path != mapping.path:
            raise ImportProblem(f"{file.name}: the path is called {definition.path} there")
        path = PublishedPath(1, definition) if report.dry_run else _publish(system, definition)
        report.path_file = file
    statuses = list(path.definition.statuses)
    found = {
        activity: code
        for activity in codes
        if (code := _status_of(activity, codes[activity], statuses)) is not None
    }
    ranked = dict(sorted(found.items(), key=lambda pair: statuses.index(pair[1])))
    activity = mapping.activity.model_copy(update={"map": ranked, "discover": False})
    return mapping.model_copy(update={"activity": activity}), path


def drafted(mapping: LogMapping, looks: Looks) -> tuple[str, Observed]:
    """Give the path that a log shows, as YAML and in figures; its map is kept where it has one.

    Raises: ImportProblem
    """
    order, known = _by_position(looks), mapping.activity.map
    codes = {a: known[a] for a in order if a in known} if known else codes_of(order)
    observed = _observed(looks, codes)
    return draft(mapping.path, f"the log of {mapping.source}", observed), observed


def _guesses(file: Path, observed: Observed) -> Iterator[str]:
    """Tell what the draft says of endings that the log does not."""
    ends = [status for status in observed.titles if observed.is_unsure(status)]
    failures = ", ".join(status for status in ends if observed.final(status))
    others = ", ".join(status for status in ends if not observed.final(status))
    if failures:
        yield f"{file.name}: final: failure is guessed from the name of {failures}"
    if others:
        yield f"{file.name}: no order left {others}: write final: success if orders end well there"


def codes_of(activities: Iterable[str]) -> dict[str, str]:
    """Give each activity a code; those that would share one get a suffix of their own."""
    plain = {activity: _code(activity) for activity in activities}
    times = Counter(plain.values())
    return {
        activity: code if times[code] == 1 else _suffixed(activity, code)
        for activity, code in plain.items()
    }


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


def _observed(looks: Looks, codes: Mapping[str, str]) -> Observed:
    """Count what orders did; an activity that follows on itself goes on."""
    ranks = {activity: n for n, activity in enumerate(codes)}
    starts: Counter[str] = Counter()
    moves: Counter[tuple[str, str]] = Counter()
    stays: dict[str, array[float]] = defaultdict(lambda: array("d"))
    for looked in looks():
        known = [one for one in looked if one[2] in codes]
        known.sort(key=lambda one: (one[0], one[1], ranks[one[2]]))
        entered = [
            (next(group)[0], code) for code, group in groupby(known, lambda one: codes[one[2]])
        ]
        starts.update(code for _, code in entered[:1])
        for (since, source), (until, target) in pairwise(entered):
            moves[source, target] += 1
            stays[source].append((until - since).total_seconds())
    if len(moves) > MAX_TRANSITIONS:
        raise ImportProblem(
            f"{len(moves)} different steps occur, a path has at most {MAX_TRANSITIONS}"
        )
    titles: dict[str, Mapping[str, str]] = {}
    for activity, code in codes.items():
        titles.setdefault(code, {"en": activity})
    return Observed(
        titles=titles,
        starts=starts,
        moves=moves,
        p90_seconds={status: _p90(seconds) for status, seconds in stays.items()},
    )


def _p90(seconds: "array[float]") -> float:
    """Interpolate, as the read models do."""
    return seconds[0] if len(seconds) == 1 else quantiles(seconds, n=10, method="inclusive")[-1]


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
