"""R4, R6, A15, A16, A26, A29: each finding, with the smallest path that has it and one without."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from domain.paths.findings import Finding
from domain.paths.lint import lint
from domain.paths.lint_owners import KnownOwners
from domain.paths.lint_statuses import Today
from infra.path_files import load_preset, preset_names
from tests.golden.stored_names import finding_codes
from tests.support.examples import CALENDAR, NOW
from tests.support.paths import Json, clean_path, path_of

PATHS = "domain/paths"
ROOT: Final = Path(__file__).parents[4]
EVERYBODY: Final = KnownOwners(users=("boss",), groups=("managers", "leads"))

Change = Callable[[Json], object]


def codes(path: Json, **known: Any) -> list[str]:
    return [finding.code for finding in found(path, **known)]


def found(path: Json, **known: Any) -> Sequence[Finding]:
    return lint(path_of(path), **known)


def add_statuses(path: Json, count: int) -> None:
    for number in range(count):
        # Digits as words, so that no two titles are alike.
        word = "".join("abcdefghij"[int(digit)] * 3 for digit in f"{number:02}")
        path["statuses"][f"s_{number}"] = path["statuses"]["new"] | {"title": {"en": word}}
        path["transitions"].append({"from": "new", "to": f"s_{number}"})
        path["transitions"].append({"from": f"s_{number}", "to": "done"})


def guard(path: Json, *conditions: str) -> None:
    path["transitions"][0]["guards"] = [
        {"code": f"g_{number}", "when": when, "message": "Not yet"}
        for number, when in enumerate(conditions)
    ]


CASES: Final[dict[str, tuple[Change, tuple[str | int, ...]]]] = {
    "too_many_statuses": (lambda p: add_statuses(p, 58), ("statuses",)),
    "stage_empty": (lambda p: p["stages"].append("limbo"), ("stages", 2)),
    "single_stage": (
        lambda p: p.update(
            stages=["all"],
            statuses={code: body | {"stage": "all"} for code, body in p["statuses"].items()},
        ),
        ("stages",),
    ),
    "title_missing": (lambda p: p["statuses"]["new"].pop("title"), ("statuses", "new")),
    "owner_missing": (lambda p: p["statuses"]["new"].pop("owner"), ("statuses", "new")),
    "limit_missing": (lambda p: p["statuses"]["new"].pop("limit"), ("statuses", "new")),
    "limit_on_final": (
        lambda p: p["statuses"]["done"].update(limit={"wall": "1d"}),
        ("statuses", "done", "limit"),
    ),
    "color_misleads": (
        lambda p: p["statuses"]["done"].update(color="#d9463e"),
        ("statuses", "done", "color"),
    ),
    "documents_at_start": (
        lambda p: p["statuses"]["new"].update(on_enter={"documents": ["invoice"]}),
        ("statuses", "new", "on_enter", "documents"),
    ),
    "status_unreachable": (lambda p: p["transitions"].pop(), ("statuses", "gone")),
    "dead_end": (
        lambda p: (
            p["statuses"].update(stuck=p["statuses"]["new"] | {"title": {"en": "Stuck"}}),
            p.update(transitions=[{"from": "new", "to": ["done", "gone", "stuck"]}]),
        ),
        ("statuses", "stuck"),
    ),
    "loop_without_exit": (
        lambda p: (
            p["statuses"].update(
                here=p["statuses"]["new"] | {"title": {"en": "Here"}},
                there=p["statuses"]["new"] | {"title": {"en": "There we are"}},
            ),
            p.update(
                transitions=[
                    {"from": "new", "to": ["done", "gone", "here"]},
                    {"from": "here", "to": "there"},
                    {"from": "there", "to": "here"},
                ]
            ),
        ),
        ("statuses", "here"),
    ),
    "transition_shadowed": (
        lambda p: p["transitions"].append({"from": "new", "to": "done", "roles": ["lead"]}),
        ("transitions", 2),
    ),
    "transition_idle": (
        lambda p: p["transitions"].append({"from": "new", "to": "new"}),
        ("transitions", 2),
    ),
    "transition_closed": (
        lambda p: (
            p["statuses"].update(
                old={"stage": "closed", "title": {"en": "Old"}, "active": False, "final": "failure"}
            ),
            p["transitions"].append({"from": "new", "to": "old"}),
        ),
        ("transitions", 2),
    ),
    "start_shadowed": (
        lambda p: p["initial"].append({"status": "done"}),
        ("initial", 1),
    ),
    "condition_never": (
        lambda p: guard(p, "order.status == 'done'"),
        ("transitions", 0, "guards", 0, "when"),
    ),
    "condition_always": (
        lambda p: guard(p, "order.status in ['new', 'done']"),
        ("transitions", 0, "guards", 0, "when"),
    ),
    "guards_contradict": (
        lambda p: guard(p, "order.channel == 'web'", "order.channel == 'phone'"),
        ("transitions", 0, "guards"),
    ),
    "guards_too_costly": (
        lambda p: guard(p, "items.all(i, items.exists(j, i.sku == j.title))"),
        ("statuses", "new"),
    ),
    "value_unknown": (
        lambda p: guard(p, "order.status != 'nwe'"),
        ("transitions", 0, "guards", 0, "when"),
    ),
    "titles_alike": (
        lambda p: p["statuses"]["gone"].update(title={"en": "Not here", "ru": "ВЫПОЛНЕН!"}),
        ("statuses", "gone", "title", "ru"),
    ),
}


def test_r4_a_path_that_is_well_has_no_finding() -> None:
    assert found(clean_path(), known_owners=EVERYBODY) == []


@pytest.mark.parametrize("code", CASES)
def test_r4_a15_each_fault_is_found_where_it_stands(code: str) -> None:
    change, place = CASES[code]
    path = clean_path()
    change(path)

    only = [finding for finding in found(path) if finding.code == code]

    assert [finding.place for finding in only] == [place]


@pytest.mark.parametrize("code", CASES)
def test_r4_a_fault_brings_no_other_finding_with_it(code: str) -> None:
    path = clean_path()
    CASES[code][0](path)

    assert codes(path) == [code]


def test_the_guards_of_all_moves_out_of_a_status_count_together_shared_ones_once() -> None:
    def with_moves(*conditions: str) -> Json:
        path = clean_path()
        add_statuses(path, len(conditions))
        moves = [move for move in path["transitions"] if str(move["to"]).startswith("s_")]
        for move, when in zip(moves, conditions, strict=True):
            move["guards"] = [{"code": "g", "when": when, "message": "Not yet"}]
        return path

    dear = [f"items.filter(i, i.quantity > {number}).size() > 0" for number in range(1, 4)]

    assert codes(with_moves(dear[0])) == codes(with_moves(*dear[:1] * 50)) == []
    assert codes(with_moves(*dear)) == ["guards_too_costly"]


def test_r6_two_order_types_with_one_way_are_told_to_be_merged() -> None:
    mine, other = clean_path(), clean_path()
    other |= {"path": "companies", "applies_to": [{"order_type": "company"}], "title": {"en": "B"}}
    other["statuses"]["new"] |= {"color": "#123456"}
    differs = clean_path() | {"path": "wholesale"}
    differs["transitions"][0]["roles"] = ["lead"]
    others = {name: path_of(path) for name, path in
              (("small", mine), ("companies", other), ("wholesale", differs))}  # fmt: skip

    (finding,) = found(mine, others=others)

    assert (finding.code, finding.place) == ("paths_equal", ("path",))
    assert "companies" in finding.message


def test_a26_a29_an_owner_who_is_gone_is_found_also_where_they_would_be_told() -> None:
    path = clean_path()
    path["statuses"]["new"]["limit"]["escalate"] = [{"at": "100%", "to": {"user": "ann"}}]

    places = [f.place for f in found(path, known_owners=KnownOwners(users=("boss",)))]

    assert places == [
        ("statuses", "new", "owner", "group"),
        ("statuses", "new", "limit", "escalate", 0, "to", "user"),
    ]
    assert codes(path) == []  # Where nobody knows, nothing is said.


def test_a_loop_and_what_leads_into_it_are_one_finding() -> None:
    path = clean_path()
    CASES["loop_without_exit"][0](path)
    path["statuses"]["before"] = path["statuses"]["new"] | {"title": {"en": "Before"}}
    path["transitions"] += [{"from": "new", "to": "before"}, {"from": "before", "to": "here"}]

    assert codes(path) == ["loop_without_exit"]


def test_a_wildcard_that_some_moves_still_follow_is_not_shadowed() -> None:
    path = clean_path()
    path["statuses"]["work"] = path["statuses"]["new"] | {"title": {"en": "Work"}}
    path["transitions"] += [{"from": "new", "to": "work"}, {"from": "*", "to": "gone"}]

    assert codes(path) == []


@pytest.mark.parametrize(
    ("one", "other"), [("Paid", "Unpaid"), ("Confirmed", "Not confirmed"), ("Delivered", "Sent")]
)
def test_titles_that_say_another_thing_are_not_alike(one: str, other: str) -> None:
    path = clean_path()
    path["statuses"]["done"]["title"] = {"en": one}
    path["statuses"]["gone"]["title"] = {"en": other}

    assert codes(path) == []


def test_p4_a_status_that_is_closed_is_no_way_out_and_nobody_misses_a_way_into_it() -> None:
    path = clean_path()
    path["statuses"]["old"] = path["statuses"]["new"] | {"title": {"en": "Old"}, "active": False}
    path["transitions"].append({"from": "old", "to": "gone"})
    assert codes(path) == []

    path["statuses"]["done"]["active"] = path["statuses"]["gone"]["active"] = False
    assert {"dead_end", "transition_closed"} <= {*codes(path)}


@pytest.mark.parametrize(
    "when",
    [
        "order.channel == 'web' && order.channel == 'phone'",
        "order.total_minor > 500 && order.total_minor <= 500",
        "order.total_minor in [1, 2] && order.total_minor > 2",
        "order.test && !(order.test || order.has_phone)",
        "order.stage == 'closed'",
        "order.path != 'small'",
        "order.status == 'done' ? order.test : order.status == 'gone'",
        "(order.channel == 'a' || order.channel == 'b') && order.channel in ['c', 'd']",
        "'done' == order.status || 'gone' == order.status",
        "order.total_minor < -5 && order.total_minor > -3",
    ],
)
def test_a_guard_that_no_order_meets_is_proved(when: str) -> None:
    path = clean_path()
    guard(path, when)

    assert codes(path) == ["condition_never"]


@pytest.mark.parametrize(
    "when",
    [
        "order.channel != 'web' || order.channel != 'phone'",
        "order.stage == 'open'",
        "order.status != 'done'",
        "order.total_minor < 5 || order.total_minor > 3",
        "!(order.test && order.status == 'done')",
    ],
)
def test_a_guard_that_every_order_meets_is_proved(when: str) -> None:
    path = clean_path()
    guard(path, when)

    assert codes(path) == ["condition_always"]


@pytest.mark.parametrize(
    "when",
    [
        "order.channel == 'web'",
        "order.channel == 'web' || order.channel == 'phone'",
        "order.total_minor >= 5 && order.total_minor <= 5",
        "order.paid_minor >= order.total_minor",
        "items.all(i, i.reserved == i.quantity)",
        "'lead' in actor.roles || now - order.entered_at < duration('24h')",
        "order.payment_status in ['paid', 'overpaid']",
        "order.items_status == 'partly_shipped'",
        "actor.kind == 'user'",
        "order.shop == r'web' && order.shop == 'web'",
    ],
)
def test_a_guard_that_some_orders_meet_is_well(when: str) -> None:
    path = clean_path()
    guard(path, when)

    assert codes(path) == []


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("order.stage == 'opne'", "order.stage never is 'opne': did you mean open?"),
        ("order.payment_status == 'payed'", "did you mean paid?"),
        ("order.test || order.status in ['new', 'dnoe']", "did you mean done?"),
        ("actor.kind == 'robot'", "write one of"),
        ("order.path == 'smal'", "did you mean small?"),
        ("order.refund_status == 'refundd'", "did you mean refunded?"),
        ("shipments.exists(s, s.status == 'delivred')", "s.status never is 'delivred': did you"),
        ("documents.all(d, d.status in ['issued', 'payed'])", "did you mean paid?"),
        ("payments.filter(p, p.status == 'chargd').size() > 0", "p.status never is 'chargd'"),
        (
            "items.all(i, payments.exists(p, p.status != 'pad' && i.sku == 'x'))",
            "did you mean paid",
        ),
        (
            "payments.filter(p, p.amount_minor > 0).exists(q, q.status == 'piad')",
            "did you mean paid",
        ),
    ],
)
def test_a_value_that_does_not_exist_is_told_with_the_one_that_was_meant(
    when: str, says: str
) -> None:
    path = clean_path()
    guard(path, when)

    (finding,) = found(path)

    assert (finding.code, says in finding.message) == ("value_unknown", True), finding.message


def test_a_guard_is_judged_in_the_statuses_that_it_guards_only() -> None:
    path = clean_path()
    path["statuses"]["work"] = path["statuses"]["new"] | {"title": {"en": "Work"}}
    path["transitions"] = [
        {"from": "*", "to": ["done", "gone"]},
        {"from": "new", "to": "work"},
    ]
    guard(path, "order.status == 'work'")

    assert codes(path) == []


def test_a_start_is_judged_for_an_order_that_has_no_status_yet() -> None:
    path = clean_path()
    path["initial"] = [{"when": "order.status == 'new'", "status": "done"}, {"status": "new"}]

    assert [(f.code, f.place) for f in found(path)] == [("condition_never", ("initial", 0, "when"))]

    path["initial"][0]["when"] = "order.paid_minor >= order.total_minor && order.channel == 'web'"
    assert codes(path) == []


def test_findings_come_in_the_order_of_the_path() -> None:
    path = clean_path()
    path["statuses"]["done"]["limit"] = {"wall": "1d"}
    del path["statuses"]["new"]["owner"], path["statuses"]["new"]["limit"]
    path["stages"].append("limbo")
    path["transitions"].append({"from": "new", "to": "new"})

    assert codes(path) == [
        "stage_empty", "limit_missing", "owner_missing", "limit_on_final", "transition_idle",
    ]  # fmt: skip


@pytest.mark.parametrize("name", sorted({*preset_names()} - {"olist"}))
def test_a16_the_ready_made_paths_of_shops_are_well(name: str) -> None:
    others = {other: load_preset(other) for other in preset_names()}

    assert lint(load_preset(name), others) == []


def test_the_path_of_the_olist_data_lacks_what_the_data_do_not_say() -> None:
    assert {f.code for f in lint(load_preset("olist"))} == {"owner_missing", "limit_missing"}


@pytest.mark.parametrize(("limit", "reached"), [("100d", True), ("3000d", False)])
def test_a_limit_that_its_calendar_never_reaches_lets_no_order_in(
    limit: str, reached: bool
) -> None:
    path = clean_path() | {"calendar": "shop"}
    path["statuses"]["new"]["limit"] = {"working": limit}

    told = found(path, today=Today(NOW, {"shop": CALENDAR}))

    places = [(one.code, one.place) for one in told]
    assert places == [("limit_out_of_reach", ("statuses", "new", "limit"))] * (not reached)
    assert codes(path) == codes(path, today=Today(NOW, {})) == []


def test_a_path_of_the_most_statuses_is_looked_through_in_seconds() -> None:
    path = clean_path()
    add_statuses(path, 997)

    assert "too_many_statuses" in codes(path)


def test_every_code_is_documented_and_every_documented_code_is_found() -> None:
    page = (ROOT / "docs/paths.md").read_text()
    table = page.partition("| finding |")[2].partition("\n\n")[0]
    documented = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert sorted(documented) == sorted(finding_codes([PATHS]))
    assert finding_codes([PATHS]) >= {*CASES, "paths_equal", "owner_inactive", "limit_out_of_reach"}
