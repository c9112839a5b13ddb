"""What is asked of rights: roles and keys. Only whoever may give rights is told of them."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from domain.roles.definition import Role
from services.keys import list_keys
from services.questions.question import Asked, Ref, question
from services.rights import known_role, latest_roles

if TYPE_CHECKING:
    from services.bootstrap import System


class Roles(Asked):
    """The published roles."""


class ShowRole(Asked):
    """A version of a role."""

    role: Annotated[Ref, Field(description="as role.list names it", examples=["manager"])]
    version: Annotated[
        int | None, Field(ge=1, le=1_000_000, description="by default the latest")
    ] = None


class ApiKeys(Asked):
    """The keys of programs and people who call."""


@question("role.list", "/roles", reads="log")
def roles(system: "System", asked: Roles) -> list[dict[str, Any]]:
    """List the published roles with what each reaches."""
    return [role_words(one.role, one.version) for one in latest_roles(system)]


@question("role.show", "/roles/{role}", reads="log")
def role(system: "System", asked: ShowRole) -> dict[str, Any]:
    """Show what whoever holds a role may do and see."""
    known = known_role(system, asked.role, asked.version)
    return {
        "role": asked.role,
        "version": known.version,
        "published_at": known.published_at,
        "published_by": known.published_by,
        "definition": known.role.model_dump(mode="json"),
    }


@question("apikey.list", "/apikeys", reads="log")
def api_keys(system: "System", asked: ApiKeys) -> list[dict[str, Any]]:
    """List all keys, never with a secret or its hash."""
    return list_keys(system)


def role_words(said: Role, version: int | None) -> dict[str, Any]:
    """Give what a role reaches, in words; version: None of one that comes ready-made."""
    return {
        "role": said.role,
        "version": version,
        "title": said.title.get("en", said.role),
        "orders": orders_words(said),
        "personal": ", ".join(said.personal) or "none",
        "acts_as": ", ".join(said.held_as),
    }


def orders_words(said: Role) -> str:
    """Give which orders a role reaches, in words."""
    told = said.orders.model_dump(exclude={"test"})
    limits = [f"{key} {', '.join(found)}" for key, found in told.items() if found]
    tests = {"no": "no test orders", "yes": "test orders too", "only": "test orders only"}
    return "; ".join([*(limits or ["all"]), tests[said.orders.test]])
