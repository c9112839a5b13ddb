"""Roles as people write them: YAML in, a checked `Role` or every problem out.

The language is described in docs/rights.md. Called by services.bootstrap, for the ready-made roles
and for the files of a shop.
"""

from domain.roles.definition import Role
from infra.yaml_language import Language, Misfit


def _words(misfit: Misfit, _data: object) -> str | None:
    if misfit.kind != "string_pattern_mismatch":
        return None
    if misfit.place[:1] in (("commands",), ("questions",), ("never",)):
        return f"{misfit.shown} is no name: write order.cancel, order.* or *"
    if misfit.place[:1] == ("hidden",):
        return f"{misfit.shown} is no field: write total_minor or *_minor"
    return None


_LANGUAGE = Language(kind="role", model=Role, presets="domain.roles.presets", words=_words)
read_role = _LANGUAGE.read
place_role = _LANGUAGE.place
load_preset = _LANGUAGE.load_preset
preset_names = _LANGUAGE.preset_names
