"""What is not well in rules and paths, and what one says otherwise than another: of what is
published, or of files. That changes nothing.
"""

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import ConfigDict, Field

from domain.paths import difference as paths
from domain.paths.lint import lint as path_findings
from domain.paths.lint_statuses import Today
from domain.rules import difference as rules
from domain.rules.findings import Known
from domain.rules.lint import lint as rule_findings
from domain.rules.lint_names import list_shared_groups
from domain.teams.events import team_stream
from services.questions.findings import counts_of, told
from services.questions.given import FileText, Given, GivenPath, path_given, rule_given
from services.questions.question import Asked, question
from services.reading import latest_paths, published_calendars
from services.rules.published import PublishedRule, latest_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from services.bootstrap import System

MOST_LINTED: Final = 1_000  # rules of one question


class LintPath(Asked):
    """A path that may not be well; and who is there."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"path": {"published": "universal"}}]}
    )

    path: Given
    owners: Annotated[
        FileText | None, Field(description="users and groups that are there; else not asked")
    ] = None


class LintRules(Asked):
    """The rules that may not be well, by default all published; and who and what is there."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rules": [{"published": "paid_to_assembly"}]}]}
    )

    rules: Annotated[tuple[Given, ...], Field(max_length=MOST_LINTED)] = ()
    path: Annotated[
        Given | None, Field(description="whose orders; by default all published paths")
    ] = None
    owners: Annotated[
        FileText | None, Field(description="users and groups that are there; else not asked")
    ] = None


class PathDiff(Asked):
    """Two paths, or versions of one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"old": {"published": "small@1"}, "new": {"published": "small"}}]
        }
    )

    old: Given
    new: Given


class RuleDiff(Asked):
    """Two rules, or versions of one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"old": {"published": "paid@1"}, "new": {"published": "paid"}}]
        }
    )

    old: Given
    new: Given


@question("path.lint", "POST /path-lint", reads="log")
def lint_path(system: "System", asked: LintPath) -> dict[str, Any]:
    """Say what is not well in a path."""
    from services.bootstrap import read_owners

    listed = asked.owners
    known = None if listed is None else read_owners(listed.text, where=listed.name)
    given = path_given(system, asked.path)
    others = {name: other.definition for name, other in latest_paths(system).items()}
    today = Today(system.clock(), published_calendars(system, given.definition.calendars))
    found = path_findings(given.definition, others, known, today)
    return {
        "path": given.definition.path,
        "version": given.version,
        "findings": [told(finding, given.spot) for finding in found],
        "counts": counts_of(found),
    }


@question("rule.lint", "POST /rule-lint", reads="log")
def lint_rules(system: "System", asked: LintRules) -> dict[str, Any]:
    """Say what is not well in rules."""
    published = latest_rules(system)
    named = asked.rules or [Given(published=one.definition.rule) for one in published]
    given = {one.definition.rule: one for one in (rule_given(system, name) for name in named)}
    asked_about = [one.definition for one in given.values()]
    known = _known(system, published, asked, groups=list_shared_groups(asked_about))
    found = list(rule_findings(asked_about, known))
    return {
        "rules": [
            {"rule": rule, "version": one.version, "name": one.name} for rule, one in given.items()
        ],
        "findings": [
            {"rule": rule.rule, **told(finding, given[rule.rule].spot)} for rule, finding in found
        ],
        "counts": counts_of(finding for _, finding in found),
    }


@question("path.diff", "POST /path-diff", reads="log")
def diff_paths(system: "System", asked: PathDiff) -> dict[str, Any]:
    """Show what one path says otherwise than another: statuses, moves, rights, everything else."""
    one, other = path_given(system, asked.old), path_given(system, asked.new)
    return _differing(one, other, paths.difference(one.definition, other.definition))


@question("rule.diff", "POST /rule-diff", reads="log")
def diff_rules(system: "System", asked: RuleDiff) -> dict[str, Any]:
    """Show what one rule says otherwise than another."""
    one, other = rule_given(system, asked.old), rule_given(system, asked.new)
    found = rules.difference(one.definition, other.definition)
    return {
        "old": {"rule": one.definition.rule, "version": one.version},
        "new": {"rule": other.definition.rule, "version": other.version},
        "equal": not found,
        "keys": {key: {"old": before, "new": after} for key, (before, after) in found.items()},
    }


def _known(
    system: "System", published: list[PublishedRule], asked: LintRules, *, groups: "Collection[str]"
) -> Known:
    """groups: of which the rules choose a member"""
    from services.bootstrap import read_owners

    listed = asked.owners
    if asked.path is not None:
        paths = [path_given(system, asked.path).definition]
    else:
        paths = [one.definition for one in latest_paths(system).values()]
    return Known(
        paths=paths,
        others=[one.definition for one in published],
        owners=None if listed is None else read_owners(listed.text, where=listed.name),
        teams=_teams_there(system, groups),
        calendars=system.log.names("calendar"),
        templates=system.log.names("template"),
        endpoints=system.settings.webhooks.keys(),
    )


def _teams_there(system: "System", groups: "Collection[str]") -> set[str]:
    of_streams = {team_stream(group): group for group in groups}
    firsts = system.log.read_streams(dict.fromkeys(of_streams, (0, 1)))
    return {of_streams[one.stream_id] for one in firsts}


def _differing(old: GivenPath, new: GivenPath, found: paths.Difference) -> dict[str, Any]:
    def move(pair: tuple[str, str]) -> dict[str, str]:
        return {"from": pair[0], "to": pair[1]}

    return {
        "old": {"path": old.definition.path, "version": old.version},
        "new": {"path": new.definition.path, "version": new.version},
        "equal": found.is_empty,
        "path": _both(found.keys),
        "statuses": {
            **_changes(found.statuses, lambda code: {"status": code}),
            "closed": list(found.closed),
            "reordered": found.reordered,
        },
        "transitions": _changes(found.moves, move),
        "fields": _changes(found.fields, lambda name: {"field": name}),
    }


def _changes(
    found: "paths.Changes[paths.Key]", named: "Callable[[paths.Key], dict[str, str]]"
) -> dict[str, list[Any]]:
    return {
        "added": [named(key) for key in found.added],
        "removed": [named(key) for key in found.removed],
        "changed": [{**named(key), "keys": _both(keys)} for key, keys in found.changed.items()],
    }


def _both(keys: "Mapping[str, paths.Values]") -> dict[str, dict[str, Any]]:
    return {key: {"old": old, "new": new} for key, (old, new) in keys.items()}
