"""A rule in few words, as lists and pictures show it: when it looks, what it does."""

from typing import assert_never

from domain.paths.durations import format_duration
from domain.rules import actions as a
from domain.rules.rule import Rule
from domain.rules.triggers import OnChange, OnEvent, OnSchedule, OnSilence, Schedule, Trigger


def when_words(rule: Rule) -> str:
    """Say when a rule looks and how long it waits: `status > paid, after 1h`."""
    parts = [*map(_trigger, rule.on)]
    if rule.delay is not None:
        parts.append(f"after {format_duration(rule.delay)}")
    if rule.hours is not None:
        parts.append(f"in the hours of {rule.hours}")
    return ", ".join(parts)


def if_words(rule: Rule) -> str:
    """Name the conditions of a rule."""
    return ", ".join(rule.if_)


def what_words(rule: Rule) -> str:
    """Say what a rule does: `move assembling; mail customer: paid`."""
    return "; ".join(map(_action, rule.then))


def hours_words(hours: Schedule) -> str:
    """Say which hours those are: `09:30, 17:00 on working days of shop`."""
    days = "every day" if hours.days == "every" else "working days"
    return f"{', '.join(hours.at)} on {days} of {hours.calendar}"


def _trigger(trigger: Trigger) -> str:
    match trigger:
        case OnEvent(event=names):
            return ", ".join(names)
        case OnChange(change=name, from_=old, to=new):
            left, right = "|".join(old), "|".join(new)
            values = f": {left} > {right}" if old and new else f" from {left}" if old else ""
            return f"{name} > {right}" if new and not old else f"{name}{values or ' changes'}"
        case OnSilence(silence=span, in_=statuses):
            return f"{format_duration(span)} of silence{_in(statuses)}"
        case OnSchedule(schedule=hours, in_=statuses):
            return f"at {hours_words(hours)}{_in(statuses)}"
        case _:
            assert_never(trigger)


def _in(statuses: tuple[str, ...]) -> str:
    return f" in {'|'.join(statuses)}" if statuses else ""


def _action(action: a.Action) -> str:
    match action:
        case a.Move(move=status):
            return f"move {status}"
        case a.SetField(set=details):
            set_to = details.model_dump(exclude_defaults=True)
            return f"set {', '.join(f'{name} {value}' for name, value in set_to.items())}"
        case a.Assign(assign=owner, by=sharing):
            return f"assign {_who(owner)}{f' by {sharing}' if sharing else ''}"
        case a.GiveTask(task=title, to=to, due=due):
            by = f" in {format_duration(due)}" if due else ""
            return f"task for {_who(to)}{by}: {title}"
        case a.RaiseAlert(alert=title, to=to):
            return f"alert {_who(to)}: {title}"
        case a.Notify(notify=channel, to=to, template=template):
            return f"{channel} {_who(to)}: {template}"
        case a.WriteNote():
            return "note"
        case a.TagCustomer() | a.UntagCustomer() | a.MarkCustomer():
            return _to_customer(action)
        case a.IssueDocument(issue=kind):
            return f"issue {kind}"
        case a.CallWebhook(webhook=endpoint):
            return f"webhook {endpoint}"
        case _:
            assert_never(action)


def _to_customer(action: a.TagCustomer | a.UntagCustomer | a.MarkCustomer) -> str:
    match action:
        case a.TagCustomer(tag=tag):
            return f"tag {tag}"
        case a.UntagCustomer(untag=tag):
            return f"untag {tag}"
        case a.MarkCustomer(mark=mark):
            return f"mark {mark}"


def _who(who: a.Recipient | a.Colleague) -> str:
    return " of ".join(who.values()) if isinstance(who, dict) else who
