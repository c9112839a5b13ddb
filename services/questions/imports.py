"""What is asked of imports: how far one is, which there were, and the rows that were refused."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict
from uuid import UUID

from pydantic import Field

from domain.messages import Name
from projections.reports.cursor import behind, cursor_of, moment
from services.imports.jobs import FOLDER, state_of
from services.questions.question import Asked, Cursor, question

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_LISTED = 999  # one more is read, to see whether there is more
Page = Annotated[int, Field(ge=1, le=MOST_LISTED, description="rows at most", examples=[50])]


class ImportState(TypedDict):
    """How far an import is that was handed in over HTTP."""

    import_id: UUID
    kind: str
    dry_run: bool
    by: str  # who handed it in
    state: str  # waiting, running, done, failed, broken_off
    handed_in_at: str
    ended_at: str | None
    done: int  # steps: a row is read, then recorded
    total: int  # an estimate until all is read
    report: dict[str, Any] | None
    problem: str | None


class ShowImport(Asked):
    """One import that was handed in over HTTP."""

    import_id: Annotated[UUID, Field(examples=["3f1a2b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c"])]


class ListImports(Asked):
    """Which of all imports that recorded, whoever did them."""

    source: Annotated[Name | None, Field(description="of this source")] = None
    cursor: Cursor | None = None
    limit: Page = 100


class RefusedRows(Asked):
    """Which rows."""

    source: Annotated[Name | None, Field(description="of this source")] = None
    state: Annotated[
        Literal["open", "resolved", "all"], Field(description="resolved: recorded in the end")
    ] = "open"
    after: Annotated[UUID | None, Field(description="only behind this row: `next`")] = None
    limit: Page = 100


@question("import.show", "/imports/{import_id}", reads="whole_log")
def show(system: "System", asked: ShowImport) -> ImportState:
    """Tell how far an import is that was handed in over HTTP, and its report at the end."""
    found: ImportState = state_of(system.settings.data_dir / FOLDER, asked.import_id)  # type: ignore[assignment]
    return found


@question("import.list", "/imports", reads="whole_log")
def listed(system: "System", asked: ListImports) -> dict[str, Any]:
    """List the imports that record, over and not, the latest first."""
    at, run_id = behind(asked.cursor, moment, UUID)
    place = None if run_id is None else (at, run_id)
    found = system.import_desk.store.runs(asked.source, asked.limit + 1, place)
    page = [_told(one) for one in found[: asked.limit]]
    more = len(found) > len(page)
    return {
        "imports": page,
        "next": cursor_of(page[-1]["started_at"], page[-1]["run_id"]) if more else None,
    }


def _told(run: Mapping[str, Any]) -> dict[str, Any]:
    """Give a run without where files are on this machine."""
    told, report = dict(run), run["report"]
    if report is not None and report.get("path_file") is not None:
        told["report"] = report | {"path_file": PurePath(report["path_file"]).name}
    return told


@question("import.rows", "/import-rows", reads="whole_log")
def rows(system: "System", asked: RefusedRows) -> dict[str, Any]:
    """List the rows that an import could not read, with what is wrong, and without their values."""
    found = system.import_desk.store.rows(
        state=None if asked.state == "all" else asked.state,
        source=asked.source,
        after=asked.after,
        limit=asked.limit + 1,
    )
    page = found[: asked.limit]
    return {
        "rows": [
            {
                "row_id": one.row_id,
                "source": one.source,
                "run_id": one.run_id,
                "table": one.table,
                "file": one.file,
                "line": one.line,
                "reason": one.reason,
                "column": one.column,
                "message": one.message,
                "order_id": one.order_id,
                "state": one.state,
                "fixed": one.fixed,
                "first_seen": one.first_seen,
            }
            for one in page
        ],
        "next": page[-1].row_id if len(found) > len(page) else None,
    }
