"""The path or the rule that a command is about: a published one, `small` or `small@3`, or a file.

A text that could be a name is one: a file of such a name is written `./small`.
"""

from typing import TYPE_CHECKING, Final

from services.cli.files import given_file

if TYPE_CHECKING:
    from services.questions.given import FileText, Given

PATH: Final = "PATH, PATH@VERSION or FILE"
RULE: Final = "RULE, RULE@VERSION or FILE"
HELP: Final = "As `path list` names it, or YAML; `-` is standard input."


def given(argument: str) -> "Given":
    """Say what is asked about, with all that a file says. Raises: Unusable"""
    from services.questions.given import Given, name_and_version

    if name_and_version(argument) is None:
        return Given(file=file_given(argument))
    return Given(published=argument)


def file_given(argument: str) -> "FileText":
    """Read a file to be asked about. Raises: Unusable"""
    from services.questions.given import FileText

    file = given_file(argument)
    return FileText(name=file.name, text=file.text)


def called(one: "Given", name: str, version: int | None) -> str:
    """Name it as messages do: paid.yaml, or paid, version 3; name, version: as an answer has it."""
    return f"{name}, version {version}" if one.file is None else one.file.name
