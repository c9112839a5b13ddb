"""Who is there: users and groups as a shop lists them in YAML, for `orderpath path lint`."""

from domain.paths.lint_owners import KnownOwners
from infra.yaml_language import Language


def read_owners(text: str, *, where: str) -> KnownOwners:
    """Read `users: […]` and `groups: […]`; `where` names the file. Raises: FileError"""
    return _LANGUAGE.read(text, where=where).value


_LANGUAGE = Language(kind="list of owners", model=KnownOwners)
