"""Templates of messages as people write them: YAML in, a checked `Template` or every problem out.

The language is described in docs/messages.md. Called by services.bootstrap, for the ready-made
templates and for the files of a shop.
"""

from domain.templates.template import Template
from infra.yaml_language import Language, Misfit


def _words(misfit: Misfit, _data: object) -> str | None:
    if (
        misfit.kind == "string_pattern_mismatch"
        and misfit.key == "[key]"
        and "texts" in misfit.place
    ):
        return f"{misfit.shown} is no language: write two small letters, as en"
    return None


_LANGUAGE = Language(
    kind="template",
    model=Template,
    presets="domain.templates.presets",
    words=_words,
)
read_template = _LANGUAGE.read
load_preset = _LANGUAGE.load_preset
preset_names = _LANGUAGE.preset_names
