"""What is asked of order paths: which there are, what they say, which one an order takes."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from domain.messages import Name
from domain.paths.selection import Dimension
from projections.reports.open_orders import count_open
from services.questions.question import Asked, question
from services.reading import known_path, latest_paths, selection_now

if TYPE_CHECKING:
    from services.bootstrap import System

PathName = Annotated[Name, Field(examples=["universal"])]


class Paths(Asked):
    """The published paths."""


class ShowPath(Asked):
    """One version of a path."""

    path: PathName
    version: Annotated[int | None, Field(ge=1, description="by default the latest")] = None


class WhichPath(Asked):
    """The path of an order that names none."""

    order_type: Name = "private"
    channel: Name = "web"
    shop: Name = "main"


@question("path.list", "/paths", reads="log")
def paths(system: "System", asked: Paths) -> list[dict[str, Any]]:
    """List the published paths with their latest versions."""
    return [
        {
            "path": name,
            "version": path.version,
            "title": path.definition.title.get("en", name),
            "stages": len(path.definition.stages),
            "statuses": len(path.definition.statuses),
            "transitions": len(path.definition.matrix),
        }
        for name, path in latest_paths(system).items()
    ]


@question("path.show", "/paths/{path}", reads="tables")
def show(system: "System", asked: ShowPath) -> dict[str, Any]:
    """Show a path: its statuses with their open orders, its limits and moves."""
    path = known_path(system, asked.path, asked.version)
    with system.snapshot() as reader:
        counts = count_open(reader, asked.path)
    return {
        "path": asked.path,
        "version": path.version,
        "definition": path.definition.model_dump(mode="json"),
        "open_orders": counts,
    }


@question("path.which", "/path-choice", reads="log")
def which(system: "System", asked: WhichPath) -> dict[str, Any]:
    """Say which path such orders take, and which others apply to them, the closest first."""
    order: dict[Dimension, str] = {
        "order_type": asked.order_type,
        "channel": asked.channel,
        "shop": asked.shop,
    }
    matches = selection_now(system).matches(order)
    return {
        "order": order,
        "path": matches[0].listed.path if matches else None,
        "matches": [
            {
                "path": one.listed.path,
                "version": one.listed.path_version,
                "names": list(one.named),
            }
            for one in matches
        ],
    }
