"""Calendars as people write them: YAML in, a checked `Calendar` or every problem out.

The language is described in docs/calendars.md. Called by services.bootstrap, for the ready-made
calendars and for the files of a shop.
"""

from domain.paths.calendars import Calendar
from infra.yaml_language import Language

_LANGUAGE = Language(
    kind="calendar",
    model=Calendar,
    presets="domain.paths.presets.calendars",
)
read_calendar = _LANGUAGE.read
load_preset = _LANGUAGE.load_preset
preset_names = _LANGUAGE.preset_names
