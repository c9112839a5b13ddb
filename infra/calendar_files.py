"""Calendars as people write them: YAML in, a checked `Calendar` or every problem out.

The language is described in docs/calendars.md. Called by services.bootstrap, for the ready-made
calendars and for the files of a shop.
"""

from domain.paths.calendars import Calendar
from infra.yaml_language import Language


def read_calendar(text: str, *, where: str) -> Calendar:
    """Read one calendar from YAML; `where` names the file in the problems.

    Raises: FileError with the problems, at most MAX_PROBLEMS, in the order of the file.
    """
    return _LANGUAGE.read(text, where=where).value


def load_preset(name: str) -> Calendar:
    """Read one of the calendars that come with Orderpath.

    Raises: FileError if there is none of that name.
    """
    return _LANGUAGE.load_preset(name)


def preset_names() -> tuple[str, ...]:
    """Give the names of the calendars that come with Orderpath, in alphabetical order."""
    return _LANGUAGE.preset_names()


_LANGUAGE = Language(
    kind="calendar",
    model=Calendar,
    presets="domain.paths.presets.calendars",
)
