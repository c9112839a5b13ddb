"""What a new version of a path would mean, what orders did on one, and how it looks as a picture.

What a file says is asked with the file; that changes nothing. A path is published by its command.
"""

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from domain.paths.path import OrderPath
from domain.refusals import Absent
from projections.reports.open_orders import count_open
from services.paths import changes
from services.paths import picture as pictures
from services.paths.discovery import observe_orders
from services.paths.draft import draft as drafted
from services.paths.draft import figures_of
from services.questions.given import FileText, Given, path_given
from services.questions.paths import PathName
from services.questions.question import Asked, question
from services.reading import known_path

if TYPE_CHECKING:
    from services.bootstrap import System

A_FILE: Final[JsonDict] = {"name": "shop.yaml", "text": "path: shop\ntitle: {en: Shop}\n…"}


class PathPicture(Asked):
    """A version of a path as a picture."""

    path: PathName
    version: Annotated[int | None, Field(ge=1, description="by default the latest")] = None
    form: Annotated[Literal["mermaid", "dot"], Field(description="for a page, or Graphviz")] = (
        "mermaid"
    )


class DraftPath(Asked):
    """What the orders of a path did."""

    path: PathName


class PreviewPath(Asked):
    """A version of a path that is not published yet."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"file": A_FILE}]})

    file: FileText


class PathObstacles(Asked):
    """A version of a path that somebody would like to publish."""

    definition: OrderPath


@question("path.picture", "/paths/{path}/picture", reads="tables")
def picture(system: "System", asked: PathPicture) -> dict[str, Any]:
    """Draw a path with the open orders of each status."""
    path = known_path(system, asked.path, asked.version)
    with system.snapshot() as reader:
        counts = count_open(reader, asked.path)
    draw = pictures.mermaid if asked.form == "mermaid" else pictures.dot
    text = draw(path.definition, counts)
    return {"path": asked.path, "version": path.version, "form": asked.form, "text": text}


@question("path.draft", "/paths/{path}/draft", reads="tables")
def draft(system: "System", asked: DraftPath) -> dict[str, Any]:
    """Draft a path from what the orders of one did: statuses, moves with shares, limits."""
    name = asked.path
    published = known_path(system, name)
    with system.snapshot() as reader:
        observed = observe_orders(reader, name, published)
    if not observed.titles:
        raise Absent(f"no order follows the path {name}: there is nothing to draft from")
    text = drafted(name, f"the orders on the path {name}", observed)
    return {"path": name, **figures_of(observed), "yaml": text}


@question("path.preview", "POST /path-preview", reads="tables")
def preview(system: "System", asked: PreviewPath) -> dict[str, Any]:
    """Say which orders a version would strand, before it is published."""
    return changes.preview(system, path_given(system, Given(file=asked.file)).definition)


@question("path.obstacles", "POST /path-obstacles", reads="whole_log")
def obstacles(system: "System", asked: PathObstacles) -> dict[str, Any]:
    """Say for which orders a version should not be published without a word."""
    unmet = changes.obstacles(system, asked.definition)
    return {"path": asked.definition.path, "unmet": [one.model_dump() for one in unmet]}
