"""The published rules: each version of each of them, as the log has them. Asked by the CLI."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain.messages import Recorded
from domain.refusals import Unusable
from domain.rules.line import RulePublished, stream_of
from domain.rules.rule import Rule
from services.streams import events_of

if TYPE_CHECKING:
    from services.bootstrap import System


@dataclass(frozen=True, slots=True)
class PublishedRule:
    """One version of a rule."""

    version: int
    definition: Rule
    published_at: datetime
    published_by: str  # who acted; a rule that went too far was stopped by `rules`


def latest_rules(system: "System") -> list[PublishedRule]:
    """Give the latest version of every rule, in the order in which they act."""
    latest: dict[str, PublishedRule] = {}
    recorded = (one for one in system.log.published(["rule"]) if isinstance(one, Recorded))
    for one in _versions(recorded):
        latest[one.definition.rule] = one
    return sorted(latest.values(), key=lambda one: (one.definition.order, one.definition.rule))


def known_rule(system: "System", name: str, version: int | None = None) -> PublishedRule:
    """Give a version of a rule, by default the latest. Raises: Unusable that names what there is"""
    versions = {one.version: one for one in _versions(events_of(system.log, stream_of(name)))}
    if not versions:
        names = ", ".join(sorted(one.definition.rule for one in latest_rules(system)))
        raise Unusable(f"no rule is named {name!r}: {f'choose one of {names}' if names else _NONE}")
    found = versions.get(max(versions) if version is None else version)
    if found is None:
        raise Unusable(f"the rule {name} has no version {version}: the latest is {max(versions)}")
    return found


_NONE = "none is published, `orderpath rule list --ready` names some"


def _versions(recorded: Iterable[Recorded]) -> list[PublishedRule]:
    """Give every version, the earlier one of a rule first."""
    return [
        PublishedRule(
            version=one.event.rule_version,
            definition=Rule.as_published(one.event.definition),
            published_at=one.recorded_at,
            published_by=one.actor_id,
        )
        for one in sorted(recorded, key=lambda one: one.position)
        if isinstance(one.event, RulePublished)
    ]
