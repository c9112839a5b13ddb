"""Path files: a checked path, or every problem with its line, its column and what to do."""

from pathlib import Path

import pytest

from domain.paths.path import OrderPath
from domain.refusals import Unusable
from infra.path_files import load_preset, preset_names, read_path
from infra.yaml_language import MAX_PROBLEMS, FileError
from infra.yaml_sheet import MAX_CHARACTERS
from tests.support.spoiled import problems_of, spoil

GOOD = """\
path: small
title: {en: Small shop}
stages: [new, done, lost]
statuses:
  new: {stage: new, owner: {group: managers}, limit: {wall: 10m, warn: 50%}}
  ready: {stage: done, final: success}
  gone: {stage: lost, final: failure}
initial: [{status: new}]
transitions:
  - {from: new, to: ready, roles: [manager]}
  - {from: "*", to: gone, require: [reason_code], reasons: [changed_mind]}
"""


def problems(text: str) -> tuple[str, ...]:
    return problems_of(read_path, text, "small.yaml")


def test_a_good_file_becomes_a_path() -> None:
    path = read_path(GOOD, where="small.yaml")

    assert list(path.statuses) == ["new", "ready", "gone"]
    assert path.moves_from("new") == ("ready", "gone")


@pytest.mark.parametrize("name", preset_names())
def test_every_ready_made_path_loads_and_survives_json(name: str) -> None:
    path = load_preset(name)

    assert path.path == name
    again = OrderPath.model_validate_json(path.model_dump_json())
    assert again == path
    assert again.content_hash == path.content_hash


def test_the_route_of_olist() -> None:
    path = load_preset("olist")

    assert "olist" in preset_names()
    assert path.moves_from("placed") == ("approved", "canceled", "unavailable")
    assert path.moves_from("approved") == ("shipped", "canceled", "unavailable")
    assert path.moves_from("shipped") == ("delivered", "canceled", "unavailable")
    assert not any(transition.roles for transition in path.transitions)
    finals = {code: status.final for code, status in path.statuses.items() if status.final}
    assert finals == {"delivered": "success", "canceled": "failure", "unavailable": "failure"}


def test_the_example_in_the_documentation_is_a_path() -> None:
    page = Path(__file__).parents[3] / "docs" / "paths.md"
    example = page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]

    assert read_path(example, where="paths.md").moves_from("new") == ("packing", "cancelled")


@pytest.mark.parametrize("name", ["univrsal", "../universal", "universal.yaml"])
def test_an_unknown_ready_made_path_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(FileError, match="universal") as caught:
        load_preset(name)
    assert isinstance(caught.value, Unusable)


# What is replaced, by what (§ stands before the place that the problem must name), the problem.
SPOILED = {
    "unknown key": ("owner:", "§ownr:", "unknown key 'ownr': did you mean owner?"),
    "unknown key, like none": (
        "{status: new}",
        "{status: new, §zzz: x}",
        "unknown key 'zzz': write one of status",
    ),
    "unknown key at the top": ("title:", "§titel:", "unknown key 'titel': did you mean title?"),
    "missing key": ("{stage: done, final", "§{final", "stage is missing: add it"),
    "unknown stage": ("stage: new", "stage: §nwe", "there is no stage 'nwe': did you mean new?"),
    "unknown initial": ("status: new", "status: §ne", "there is no status 'ne': did you mean new?"),
    "unknown source": (
        "from: new",
        "from: [new, §nw]",
        "there is no status 'nw': did you mean new?",
    ),
    "unknown target": ("to: ready", "to: §redy", "there is no status 'redy': did you mean ready?"),
    "star as a target": (
        "to: ready",
        'to: §"*"',
        "there is no status '*': write one of new, ready",
    ),
    "text for a list": ("[new, done, lost]", "§new", "write a list here, as in [a, b]"),
    "list for a text": ("path: small", "path: §[small]", "write one text here"),
    "text for keys": ("{en: Small shop}", "§Small shop", "write keys with values here"),
    "text for a status": ("{stage: done, final: success}", "§done", "write keys with values here"),
    "no code": ("path: small", "path: §Small Shop", "'Small Shop' does not fit: write a-z, 0-9"),
    "a status that is no code": ("ready:", "§Ready!:", "'Ready!' does not fit: write a-z, 0-9"),
    "no choice": ("success", "§succes", "'succes' is not known here: did you mean success?"),
    "no owner": ("{group:", "{§grup:", "'grup' is not known here: did you mean group?"),
    "no share": ("50%", "§half", "'half' does not fit: write 50%"),
    "a share of nothing": ("50%", "§0%", "'0%' does not fit: write 50%"),
    "no colour": (
        "stage: done",
        "color: §red, stage: done",
        "'red' does not fit: write a colour in",
    ),
    "no duration": ("10m", "§10 minutes", "'10 minutes' is not a duration: write 10m, 2d"),
    "a limit beyond all dates": ("10m", "§9999w", "a limit is at most 3650d, ten years"),
    "two kinds of time": (
        "{wall: 10m, warn: 50%}",
        "§{wall: 10m, working: 10m}",
        "a limit has one of wall and working: write which time counts",
    ),
    "two escalations at once": (
        "{wall: 10m, warn: 50%}",
        "§{wall: 10m, escalate: [{at: 100%, to: {group: a}}, {at: 100%, to: {group: b}}]}",
        "two escalations at the same share: name everybody in one `to`",
    ),
    "a colour without quotes": (
        "{stage: done, final: success}",
        "\n    stage: done\n    color:§ #3aa655",
        "nothing stands here: write a value (in quotes if it has a #)",
    ),
    "an empty list": ("[new, done, lost]", "§[]", "write at least 1 here"),
    "a key twice": ("ready:", "§new:", "the key 'new' is already in line 5: take one of them out"),
    "a key that is no text": ("path: small", "§[path]: small", "a key must be a text"),
    "a key without a shape": ("en:", '§"\\ud800":', "key '\\ud800' cannot be printed: rename it"),
    "merge": ("en:", "§<<:", "`<<` does not work here: write the keys out"),
    "a tag": ("path: small", "path: §!!python/name:os.system", "!!python/name:os.system is not"),
    "a set": ("[new, done, lost]", "§!!set {new, done, lost}", "!!set is not allowed"),
    "a star without quotes": ('"*"', "*§", 'a star must stand in quotes: write "*"'),
    "an open bracket": ("lost]\nstatuses:", "lost\nstatuses§:", "expected ',' or ']', but got ':'"),
    "a tab": ("  ready", "§\tready", "a tab is not allowed here: indent with spaces"),
    "an unknown alias": ("path: small", "path: §*small", "found undefined alias 'small': write"),
    "a forbidden character": ("small", "sm§\x07ll", "'\\x07' is not allowed in YAML: take it out"),
    "no such character": ("small", '"\\U§FFFFFFFF"', "there is no such character or number"),
    "two documents": ("initial:", "§---\ninitial:", "a second document begins here"),
}


@pytest.mark.parametrize(("old", "new", "problem"), SPOILED.values(), ids=SPOILED)
def test_a_problem_names_file_line_column_and_what_to_do(old: str, new: str, problem: str) -> None:
    text, place = spoil(GOOD, old, new)

    expected = f"small.yaml:{place}: {problem}"
    assert [found for found in problems(text) if expected in found]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: the file is empty: write something"),
        ("# only a remark\n", "1:1: the file is empty: write something"),
        ("hello", "1:1: write keys with values here, as in {key: value}"),
        ("- path: small", "1:1: write keys with values here, as in {key: value}"),
        ("a" * (MAX_CHARACTERS + 1), "1:1: longer than 1000000 characters: shorten it"),
    ],
)
def test_a_text_that_is_no_path_at_all(text: str, problem: str) -> None:
    assert problems(text) == (f"small.yaml:{problem}",)


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = GOOD.replace("path: small", "path: Small")
    text = text.replace("stage: new,", "stage: nwe, colour: red,").replace("to: ready", "to: redy")

    assert [line.split(": ", 1) for line in problems(text)] == [
        [
            "small.yaml:1:7",
            "'Small' does not fit: write "
            "a-z, 0-9 and _, beginning with a letter, at most 64 characters",
        ],
        ["small.yaml:5:16", "there is no stage 'nwe': did you mean new?"],
        ["small.yaml:5:21", "unknown key 'colour': did you mean color?"],
        ["small.yaml:10:21", "there is no status 'redy': did you mean ready?"],
    ]


def test_a_wrong_part_is_not_blamed_a_second_time_for_its_names() -> None:
    assert problems(GOOD.replace("[new, done, lost]", "new")) == (
        "small.yaml:3:9: write a list here, as in [a, b]",
    )
    assert problems(GOOD.replace("to: ready", "to: [[ready]]")) == (
        "small.yaml:10:22: write one text here",
    )


def test_no_more_problems_are_told_than_somebody_can_read() -> None:
    found = problems(GOOD + "".join(f"key{number}: x\n" for number in range(5_000)))

    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1] == "small.yaml: there are more problems: correct these first"


def test_values_are_taken_as_written() -> None:
    path = read_path(GOOD.replace("{en: Small shop}", "{no: yes, en: 10:30}"), where="small.yaml")

    assert path.title == {"no": "yes", "en": "10:30"}


def test_an_alias_repeats_a_value() -> None:
    text = GOOD.replace("[changed_mind]", "&why [changed_mind]")
    path = read_path(text + "  - {from: ready, to: gone, reasons: *why}\n", where="small.yaml")

    assert path.matrix["ready", "gone"].reasons == ("changed_mind",)


def test_a_star_beside_other_statuses_means_all_of_them() -> None:
    path = read_path(GOOD.replace('"*"', '["*", ready]'), where="small.yaml")

    assert {source for source, target in path.matrix if target == "gone"} == {"new", "ready"}


BOMBS = {
    "laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{here}: &{here} [{','.join([f'*{before}'] * 9)}]\n"
        for before, here in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "a list in itself": "a: &a [*a]",
    "keys in themselves": "a: &a {b: *a}",
    "brackets": "[" * 900_000,
    "braces": "{a: " * 200_000,
    "steps": "".join(f"{' ' * depth}a:\n" for depth in range(1_000)),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_with_its_place(bomb: str) -> None:
    (problem,) = problems(bomb)

    assert problem.startswith("small.yaml:")
    assert "use fewer" in problem or "nested deeper than 20" in problem


def test_many_moves_in_few_words_are_refused() -> None:
    codes = [f"s{number}" for number in range(1_000)]
    statuses = "".join(f"  {code}: {{stage: a}}\n" for code in codes)
    text = f"path: wide\nstages: [a]\nstatuses:\n{statuses}initial: [{{status: s0}}]\n"
    text += f"transitions:\n  - {{from: &all [{', '.join(codes)}], to: *all}}\n"

    assert problems(text) == ("small.yaml:1:1: a path has at most 20000 moves: split it",)


def test_parts_that_do_not_fit_together_are_told_at_once_with_their_places() -> None:
    text = """\
path: small
stages: [new, new]
statuses:
  new: {stage: new, on_enter: {stock: reserve}}
  done: {stage: new, final: success}
initial: [{status: new}]
transitions:
  - {from: new, to: done}
  - {from: done, to: new}
follow:
  - {items: shipped, from: new, to: done}
  - {items: shipped, from: done, to: new}
"""

    with pytest.raises(FileError) as told:
        read_path(text, where="p.yaml")

    assert [problem.rpartition(": ")[0] for problem in told.value.problems] == [
        "p.yaml:2:9: new stands here twice",
        "p.yaml:4:3: nobody says whose stock new touches: write `stock: {locations",
        "p.yaml:11:3: `follow` leads round in a circle: done < new < done",
    ]
