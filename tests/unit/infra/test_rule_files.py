"""Rule files: a checked rule, or every problem with its line, its column and what to do."""

import pytest

from domain.rules.rule import Rule
from infra.rule_files import read_rule
from tests.support.spoiled import problems_of, spoil

GOOD = """\
rule: paid
title: {en: Paid}
order: 20
on:
  - event: [order.payment_charged, order.placed]
  - {change: payment_status, from: none, to: [paid]}
  - {silence: 2d, in: delivering}
  - schedule: {at: ["09:30"], days: every}
    in: [new]
if:
  paid: order.due_minor <= 0
then:
  - {move: assembling, reason: Paid in full}
  - {set: {delivery_method: courier}}
  - {assign: {group: managers}, by: round_robin}
  - {task: Call, to: owner, due: 30m}
  - {notify: mail, to: customer, template: paid}
  - {notify: sms, to: {user: boss}, template: paid}
delay: 1h
cancel_on: order.note_added
limits: {per_order: 3}
"""


def problems(text: str) -> tuple[str, ...]:
    return problems_of(read_rule, text, "paid.yaml")


def test_a_good_file_becomes_a_rule_that_survives_being_published() -> None:
    rule = read_rule(GOOD, where="paid.yaml")

    again = Rule.model_validate(rule.content)
    assert again == rule
    assert again.content_hash == rule.content_hash
    assert rule.content["delay"] == "1h"
    assert rule.events == {"order.payment_charged", "order.placed"}


# What is replaced, by what (§ stands before the place that the problem must name), the problem.
SPOILED = {
    "unknown key at the top": ("title:", "§titel:", "unknown key 'titel': did you mean title?"),
    "unknown key of a trigger": ("from: none", "§form: none", "unknown key 'form': did you mean"),
    "unknown key of an action": (
        "by: round_robin",
        "§bye: round_robin",
        "unknown key 'bye': did you mean by?",
    ),
    "keys of another kind are no help": (
        "{move: assembling,",
        "{move: assembling, §template: x,",
        "unknown key 'template': write one of move, reason_code, initiator, reason",
    ),
    "misspelt trigger": (
        "{silence: 2d, in: delivering}",
        "§{silense: 2d}",
        "unknown key 'silense': did you mean silence?",
    ),
    "misspelt action": (
        "{task: Call, to: owner, due: 30m}",
        "§{taks: Call}",
        "unknown key 'taks': did you mean task?",
    ),
    "no trigger at all": (
        "{silence: 2d, in: delivering}",
        "§{x: y}",
        "a trigger has one of event, change, silence, schedule: write it",
    ),
    "a word for an action": (
        "{task: Call, to: owner, due: 30m}",
        "§call",
        "write keys with values here, as in {move: …}",
    ),
    "two actions in one": (
        "{task: Call, to",
        "{task: Call, §note: Called, to",
        "'note' stands beside another one: write an element of its own for it",
    ),
    "unknown event": (
        "order.placed]",
        "§order.plased]",
        "there is no event 'order.plased': did you mean order.placed?",
    ),
    "unknown field": (
        "change: payment_status",
        "change: §payment_state",
        "there is no field 'payment_state': did you mean payment_status?",
    ),
    "unknown event that cancels": (
        "cancel_on: order.note_added",
        "cancel_on: §order.noted",
        "there is no event 'order.noted': did you mean order.note_added?",
    ),
    "no code": ("move: assembling", "move: §In work", "'In work' does not fit: write a-z, 0-9"),
    "no hour": ('"09:30"', '§"9:30"', "'9:30' is no hour: write 09:30"),
    "no choice": ("round_robin", "§robin", "'robin' is not known here: did you mean round_robin?"),
    "a person among whom nobody can be chosen": (
        "{assign: {group: managers}",
        "§{assign: {user: ann}",
        "`by` chooses a member of a group: assign a group, and no user",
    ),
    "no channel": ("notify: sms", "notify: §fax", "'fax' is not known here: write one of mail"),
    "nobody": ("{user: boss}", "{§usr: boss}", "'usr' is not known here: did you mean user?"),
    "nobody at all": ("{user: boss}", "§{}", "write at least 1 here"),
    "no recipient": (
        "to: customer",
        "to: §costumer",
        "'costumer' is not known here: did you mean customer?",
    ),
    "no colleague": ("to: owner", "to: §me", "'me' is not known here: write one of owner"),
    "nothing to be done": ("task: Call", 'task: §" "', "write something here"),
    "no detail": (
        "delivery_method:",
        "§delivery_methd:",
        "unknown key 'delivery_methd': did you mean delivery_method?",
    ),
    "nothing to set": (
        "{delivery_method: courier}",
        "§{}",
        "write at least one of delivery_method, track_number",
    ),
    "no duration": ("due: 30m", "due: §soon", "'soon' is not a duration: write 10m, 2d or 1h30m"),
    "too long a wait": ("delay: 1h", "delay: §9999w", "too much: write at most 3650d"),
    "too many": ("per_order: 3", "per_order: §5000", "too much: write at most 1000"),
    "too few": ("per_order: 3", "per_order: §0", "too little: write at least 1"),
    "no number": ("order: 20", "order: §first", "'first' is no whole number: write one"),
    "no condition": (
        "order.due_minor <= 0",
        "§order.due_minr <= 0",
        "order has no field due_minr (character 7): did you mean due_minor?",
    ),
    "a key is missing": (
        "{notify: mail, to: customer, template: paid}",
        "§{notify: mail, to: customer}",
        "template is missing: add it",
    ),
    "no mode": ("order: 20", "mode: §on", "'on' is not known here: write one of live, shadow"),
}


@pytest.mark.parametrize(("old", "new", "problem"), SPOILED.values(), ids=SPOILED)
def test_a_problem_names_file_line_column_and_what_to_do(old: str, new: str, problem: str) -> None:
    text, place = spoil(GOOD, old, new)

    (found,) = problems(text)
    assert found.startswith(f"paid.yaml:{place}: {problem}")


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = GOOD.replace("order.placed", "order.plased").replace("notify: sms", "notify: fax")
    text = text.replace("payment_status", "payment_state").replace("in: [new]", "in: []")

    assert [one.rpartition(": ")[0] for one in problems(text)] == [
        "paid.yaml:5:36: there is no event 'order.plased'",
        "paid.yaml:6:14: there is no field 'payment_state'",
        "paid.yaml:9:9",
        "paid.yaml:18:14: 'fax' is not known here",
    ]


def test_parts_that_do_not_fit_together_are_told_with_their_places() -> None:
    text = GOOD.replace("delay: 1h\n", "").replace("- {set:", "- {move: done}\n  - {set:")

    assert problems(text) == (
        "paid.yaml:14:5: an order is moved once: write a second rule for the next move",
        "paid.yaml:20:12: it ends a delay: write delay or hours, or take it out",
    )


@pytest.mark.parametrize(
    "text", ["", "hello", "- rule: paid", "rule: paid", "rule: paid\non: x\nthen: {move: x}"]
)
def test_a_text_that_is_no_rule_at_all(text: str) -> None:
    assert all(one.startswith("paid.yaml:") for one in problems(text))
