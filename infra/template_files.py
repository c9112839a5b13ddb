"""Templates of messages as people write them: YAML in, a checked `Template` or every problem out.

The language is described in docs/messages.md. Called by services.bootstrap, for the ready-made
templates and for the files of a shop.
"""

from domain.templates.template import Template
from infra.yaml_language import Language, Misfit


def read_template(text: str, *, where: str) -> Template:
    """Read one template; `where` names the file in the problems.

    Raises: FileError with the problems, at most MAX_PROBLEMS, in the order of the file.
    """
    return _LANGUAGE.read(text, where=where).value


def load_preset(name: str) -> Template:
    """Read one of the templates that come with Orderpath.

    Raises: FileError if there is none of that name.
    """
    return _LANGUAGE.load_preset(name)


def preset_names() -> tuple[str, ...]:
    """Give the names of the templates that come with Orderpath, in alphabetical order."""
    return _LANGUAGE.preset_names()


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
