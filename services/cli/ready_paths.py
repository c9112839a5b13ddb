"""The order paths that come with Orderpath, for `path list --ready` and `path publish --ready`."""

from typing import TYPE_CHECKING, Any

from services.cli import files

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

    return files.file_or_ready(file, ready, preset=load_preset, read=read_path)
