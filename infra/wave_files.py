"""Waves as people write them: YAML in, a checked `Wave` or every problem out.

The language is described in docs/waves.md. Called through services.bootstrap, for the ready-made
waves and for the files of a shop.
"""

from domain.waves.definition import Wave
from infra.yaml_language import Language, Misfit


def _words(misfit: Misfit, _data: object) -> str | None:
    if misfit.kind == "string_pattern_mismatch" and misfit.place[-2:-1] == ("at",):
        return f"{misfit.shown} is no hour: write 09:30"
    return None


_LANGUAGE = Language(kind="wave", model=Wave, presets="domain.waves.presets", words=_words)
read_wave = _LANGUAGE.read
load_preset = _LANGUAGE.load_preset
preset_names = _LANGUAGE.preset_names
