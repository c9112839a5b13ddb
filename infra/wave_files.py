"""Waves as people write them: YAML in, a checked `Wave` or every problem out.

The language is described in docs/waves.md. Called through services.bootstrap, for the ready-made
waves and for the files of a shop.
"""

from domain.waves.definition import Wave
from infra.yaml_language import Language, Misfit


def read_wave(text: str, *, where: str) -> Wave:
    """Read one wave from YAML; `where` names the file in the problems.

    Raises: FileError with the problems, at most MAX_PROBLEMS, in the order of the file.
    """
    return _LANGUAGE.read(text, where=where).value


def load_preset(name: str) -> Wave:
    """Read one of the waves that come with Orderpath.

    Raises: FileError if there is none of that name.
    """
    return _LANGUAGE.load_preset(name)


def preset_names() -> tuple[str, ...]:
    """Give the names of the waves that come with Orderpath, in alphabetical order."""
    return _LANGUAGE.preset_names()


def _words(misfit: Misfit, _data: object) -> str | None:
    if misfit.kind == "string_pattern_mismatch" and misfit.place[-2:-1] == ("at",):
        return f"{misfit.shown} is no hour: write 09:30"
    return None


_LANGUAGE = Language(kind="wave", model=Wave, presets="domain.waves.presets", words=_words)
