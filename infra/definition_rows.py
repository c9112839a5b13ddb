"""Rows of log.definitions: what is published, for joins and for whoever looks it up by version."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from domain.messages import Event
from domain.paths.calendar_line import CalendarPublished
from domain.paths.events import PathPublished, stream_of
from domain.paths.path import OrderPath
from domain.reading import UNTIL_MENDED
from domain.refusals import InfraError
from domain.roles.line import RolePublished
from domain.rules.line import RulePublished
from domain.templates.line import TemplatePublished
from domain.waves.events import WavePublished

# Faults that a path of a newer version has for us; others are damage.
_MORE: Final = frozenset({"extra_forbidden", "literal_error", "union_tag_invalid"})


def definition_row(command: int, event: Event) -> dict[str, Any] | None:
    """Give the row of an event that publishes something. command: its number in the batch"""
    match event:
        case PathPublished():
            row = _row("path", event.path, event.path_version, _unfolded(event))
        case CalendarPublished():
            body = {"definition": event.definition}
            row = _row("calendar", event.calendar, event.calendar_version, body)
        case RulePublished():
            row = _row("rule", event.rule, event.rule_version, {"definition": event.definition})
        case TemplatePublished():
            body = {"definition": event.definition}
            row = _row("template", event.template, event.template_version, body)
        case WavePublished():
            row = _row("wave", event.wave, event.wave_version, {"definition": event.definition})
        case RolePublished():
            row = _row("role", event.role, event.role_version, {"definition": event.definition})
        case _:
            return None
    return {**row, "command": command, "content_hash": event.content_hash}


def defined_path(name: str, version: int, definition: Any) -> OrderPath:
    """Give the path that a row defines.

    Raises: InfraError newer_version if it says more, event_unreadable with its stream if it is none
    """
    try:
        return OrderPath.model_validate(definition)
    except ValidationError as error:
        which = f"The path {name}, version {version},"
        if all(one["type"] in _MORE for one in error.errors()):
            words = f"{which} says what this version does not know: upgrade."
            raise InfraError("newer_version", words) from error
        words = f"{which} cannot be read in log.definitions. {UNTIL_MENDED}"
        raise InfraError("event_unreadable", words, stream_of(name)) from error


def _row(kind: str, name: str, version: int, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "name": name, "version": version, "body": body}


def _unfolded(event: PathPublished) -> dict[str, Any]:
    """Give a path with the lists that log.flatten_path makes rows of."""
    path = OrderPath.model_validate(event.definition)
    return {
        "definition": event.definition,
        "statuses": [
            {
                "status": code,
                "status_no": status_no,
                "stage": status.stage,
                "stage_no": path.stages.index(status.stage),
                "final": status.final,
                "title": status.title,
            }
            for status_no, (code, status) in enumerate(path.statuses.items())
        ],
        "transitions": [
            {"from_status": source, "to_status": target} for source, target in path.matrix
        ],
    }
