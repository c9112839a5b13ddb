"""The order paths that come with Orderpath, for `path list --ready` and `path publish --ready`."""

from typing import TYPE_CHECKING, Any

from services.cli.errors import USAGE, CommandFailed
from services.cli.files import given_file

if TYPE_CHECKING:
    from domain.paths.path import OrderPath


def list_ready() -> list[dict[str, Any]]:
    """Describe each ready-made path, published or not, in alphabetical order."""
    from services.bootstrap import load_preset, preset_names

    return [
        {
            "path": name,
            "title": path.title.get("en", name),
            "stages": len(path.stages),
            "statuses": len(path.statuses),
            "transitions": len(path.matrix),
        }
        for name in preset_names()
        for path in [load_preset(name)]
    ]


def file_or_ready(file: str | None, ready: str | None) -> "OrderPath":
    """Read the file, or take the ready-made path, whichever was named. Raises: Unusable"""
    from services.bootstrap import load_preset, read_path

    if (file is None) == (ready is None):
        raise CommandFailed("name one: a FILE, or --ready NAME", USAGE)
    if ready is not None:
        return load_preset(ready)
    given = given_file(file or "")
    return read_path(given.text, where=given.name)
