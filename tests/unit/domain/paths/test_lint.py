"""R4, R6, A15, A16, A26, A29: each finding, with the smallest path that has it and one without."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from domain.paths.findings import Finding
from domain.paths.lint import lint
from domain.paths.lint_owners import KnownOwners
from infra.path_files import load_preset
from tests.golden.stored_names import finding_codes
from tests.support.paths import Json, clean_path, path_of

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


def test_findings_come_in_the_order_of_the_path() -> None:
    path = clean_path()
    path["statuses"]["done"]["limit"] = {"wall": "1d"}
    del path["statuses"]["new"]["owner"], path["statuses"]["new"]["limit"]
    path["stages"].append("limbo")
    path["transitions"].append({"from": "new", "to": "new"})

    assert codes(path) == [
        "stage_empty", "limit_missing", "owner_missing", "limit_on_final", "transition_idle",
    ]  # fmt: skip


def test_a16_the_ready_made_path_of_a_shop_is_well() -> None:
    assert lint(load_preset("universal")) == []


def test_the_path_of_the_olist_data_lacks_what_the_data_do_not_say() -> None:
    assert {f.code for f in lint(load_preset("olist"))} == {"owner_missing", "limit_missing"}


def test_a_path_of_the_most_statuses_is_looked_through_in_seconds() -> None:
    path = clean_path()
    add_statuses(path, 997)

    assert "too_many_statuses" in codes(path)


def test_every_code_is_documented_and_every_documented_code_is_found() -> None:
    page = (ROOT / "docs/paths.md").read_text()
    table = page.partition("| finding |")[2].partition("\n\n")[0]
    documented = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert sorted(documented) == sorted(finding_codes())
    assert finding_codes() >= {*CASES, "paths_equal", "owner_inactive"}
