"""Write the JSON Schema of the language of rules again: `python -m tests.golden.rule_schema`.

Editors read it, so it stands beside the ready-made rules: domain/rules/rule.schema.json.
"""

from typing import Final

from domain.rules import actions as a
from domain.rules.rule import Limits, Rule
from domain.rules.triggers import (
    CHANGING,
    EVENT_NAMES,
    OnChange,
    OnEvent,
    OnSchedule,
    OnSilence,
    Schedule,
)
from tests.golden.schemas import Language
from tests.golden.stored_names import ROOT

RULES: Final = Language(
    title="Rule",
    model=Rule,
    page="docs/rules.md",
    schema=ROOT / "domain/rules/rule.schema.json",
    tables={
        "key": Rule,
        "key of `limits`": Limits,
        "key of an event": OnEvent,
        "key of a change": OnChange,
        "key of silence": OnSilence,
        "key of fixed hours": OnSchedule,
        "key of `schedule`": Schedule,
        "key of a move": a.Move,
        "key of setting": a.SetField,
        "key of an owner": a.Assign,
        "key of a tag": a.TagCustomer,
        "key of taking a tag": a.UntagCustomer,
        "key of a mark": a.MarkCustomer,
        "key of a document": a.IssueDocument,
        "key of a note": a.WriteNote,
        "key of a task": a.GiveTask,
        "key of an alert": a.RaiseAlert,
        "key of a message": a.Notify,
        "key of a webhook": a.CallWebhook,
    },
)


def rule_schema() -> str:
    """Give the schema as it is checked in; an editor offers the events and the fields."""
    schema = RULES.as_dict()
    shapes = schema["$defs"]
    for events in (shapes["OnEvent"]["properties"]["event"], schema["properties"]["cancel_on"]):
        one, many = events["anyOf"]
        one["enum"] = many["items"]["enum"] = list(EVENT_NAMES)
    shapes["OnChange"]["properties"]["change"]["enum"] = list(CHANGING)
    return RULES.text(schema)


if __name__ == "__main__":
    RULES.schema.write_text(rule_schema())
