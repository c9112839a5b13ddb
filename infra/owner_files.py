"""Who is there: `users: […]` and `groups: […]` as a shop lists them in YAML, for `orderpath path
lint` and `rule lint`.
"""

from domain.paths.lint_owners import KnownOwners
from infra.yaml_language import Language

_LANGUAGE = Language(kind="list of owners", model=KnownOwners)
read_owners = _LANGUAGE.read
