"""Lint: what the statuses and stages of a path lack, one by one."""

from collections.abc import Iterator, Mapping
from colorsys import rgb_to_hsv
from dataclasses import dataclass
from datetime import datetime

from domain.paths.calendars import Calendar
from domain.paths.findings import Finding
from domain.paths.path import OrderPath
from domain.paths.statuses import Status

MOST_STATUSES = 60  # that people tell apart
_GREEN = (75, 170)  # degrees of hue
_GREY = 0.2  # less saturation has no hue to speak of


@dataclass(frozen=True, slots=True)
class Today:
    """What limits in working time are measured by."""

    now: datetime
    calendars: Mapping[str, Calendar]  # as far as they are published


def list_limits_out_of_reach(path: OrderPath, today: Today) -> Iterator[Finding]:
    """Give the limits that are beyond their calendars."""
    for code, why in path.out_of_reach(today.now, today.calendars):
        yield Finding(
            code="limit_out_of_reach",
            severity="error",
            place=("statuses", code, "limit"),
            message=why,
            why=f"no order can enter {code}: nobody can say when its limit would be over",
            needed="a shorter limit, or a calendar with more hours",
        )


def list_status_findings(path: OrderPath) -> Iterator[Finding]:
    """Give what is missing or contradicts itself, status by status."""
    yield from _sprawl(path)
    yield from _stages(path)
    for code, status in path.statuses.items():
        yield from _title(code, status)
        yield from _owner(code, status)
        yield from _limit(code, status)
        yield from _color(code, status)
        yield from _documents(path, code, status)


def _sprawl(path: OrderPath) -> Iterator[Finding]:
    if len(path.statuses) > MOST_STATUSES:
        yield Finding(
            code="too_many_statuses",
            severity="warning",
            place=("statuses",),
            message=f"{len(path.statuses)} statuses",
            why="nobody finds the right one in such a list, so orders end up in any",
            needed=f"at most {MOST_STATUSES}: put into fields and tags what is no step of the way",
        )


def _stages(path: OrderPath) -> Iterator[Finding]:
    used = {status.stage for status in path.statuses.values()}
    for index, stage in enumerate(path.stages):
        if stage not in used:
            yield Finding(
                code="stage_empty",
                severity="warning",
                place=("stages", index),
                message=f"no status belongs to the stage {stage}",
                why="the funnel shows a step that no order ever takes",
                needed="take the stage out, or say which statuses belong to it",
            )
    if len(used) == 1 and len(path.statuses) > 1:
        yield Finding(
            code="single_stage",
            severity="warning",
            place=("stages",),
            message=f"every status belongs to the stage {min(used)}",
            why="the funnel is one bar and shows nothing",
            needed="name the steps of the way as stages, as [new, work, closed]",
        )


def _title(code: str, status: Status) -> Iterator[Finding]:
    if not status.title:
        yield Finding(
            code="title_missing",
            severity="warning",
            place=("statuses", code),
            message=f"{code} has no title",
            why="people read the code instead, in one language",
            needed="title: {en: …}",
        )


def _owner(code: str, status: Status) -> Iterator[Finding]:
    if status.final is None and not status.owner:
        yield Finding(
            code="owner_missing",
            severity="warning",
            place=("statuses", code),
            message=f"nobody owns {code}",
            why="what belongs to everybody is done by nobody, and orders wait",
            needed="owner: {group: …} or owner: {user: …}",
        )


def _limit(code: str, status: Status) -> Iterator[Finding]:
    if status.final is None and status.limit is None:
        yield Finding(
            code="limit_missing",
            severity="warning",
            place=("statuses", code),
            message=f"an order may stay in {code} for ever",
            why="without a limit nobody is told of an order that was forgotten",
            needed="limit: {wall: 1d}, or another time",
        )
    if status.final is not None and status.limit is not None:
        yield Finding(
            code="limit_on_final",
            severity="warning",
            place=("statuses", code, "limit"),
            message=f"{code} ends the order and has a limit",
            why="a finished order stays where it is, so it becomes overdue for ever",
            needed="take the limit out, or take final out if there is work to do",
        )


def _color(code: str, status: Status) -> Iterator[Finding]:
    if status.color is None or status.final is None:
        return
    if (status.final == "success") != _is_green(status.color):
        success = status.final == "success"
        yield Finding(
            code="color_misleads",
            severity="hint",
            place=("statuses", code, "color"),
            message=f"{code} ends in {status.final} and is {'not ' if success else ''}green",
            why="people read colours before words: green is done, red or orange needs attention",
            needed="take a green" if success else "take grey, red or orange",
        )


def _documents(path: OrderPath, code: str, status: Status) -> Iterator[Finding]:
    starts = any(start.status == code for start in path.initial)
    if starts and status.on_enter is not None and status.on_enter.documents:
        yield Finding(
            code="documents_at_start",
            severity="warning",
            place=("statuses", code, "on_enter", "documents"),
            message=f"orders start in {code} without the documents that it asks for",
            why="an order has no document before it is placed, so this holds for coming back only",
            needed="ask for them in the status that follows",
        )


def _is_green(color: str) -> bool:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, saturation, _ = rgb_to_hsv(red, green, blue)
    return saturation >= _GREY and _GREEN[0] <= hue * 360 <= _GREEN[1]
