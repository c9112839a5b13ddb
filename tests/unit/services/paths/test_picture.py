"""D1: a path as Mermaid and as DOT, valid whatever people write into it."""

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.paths.path import OrderPath
from services.paths.picture import dot, mermaid
from tests.support.paths import Json, clean_path, path_of

# What of the two languages is used, strictly; a line that is none of these is no picture.
_TEXT: Final = r'"(?:[\w .,:()/\'+-]|#\d+;|<br/>)*"'
_ID: Final = r"(?:start|s_[a-z0-9_]+)"
MERMAID: Final = re.compile(
    "|".join(
        [
            r"flowchart LR",
            r"    start\(\( \)\)",
            rf"    subgraph stage_\d+\[{_TEXT}\]",
            rf"        {_ID}(?:\[{_TEXT}\]|\(\[{_TEXT}\]\))",
            r"    end",
            rf"    {_ID} (?:-->|-\.->)(?:\|{_TEXT}\|)? {_ID}",
            rf"    style {_ID} (?:fill:#[0-9a-f]{{6}},color:#[0-9a-f]{{6}}|stroke-dasharray:4)",
        ]
    )
)
_QUOTED: Final = r'"(?:[^"\\\n]|\\["\\n])*"'
_LOOK: Final = rf"[a-z]+=(?:[a-zA-Z]+|{_QUOTED})"
DOT: Final = re.compile(
    "|".join(
        [
            r'digraph "[a-z0-9_]+" {',
            r"    subgraph cluster_\d+ {",
            r"(?:    )?}",
            r"    rankdir=LR;",
            rf"        label={_QUOTED};",
            rf" +(?:node|{_ID}) \[{_LOOK}(?:, {_LOOK})*\];",
            rf"    {_ID} -> {_ID}(?: \[{_LOOK}(?:, {_LOOK})*\])?;",
        ]
    )
)


def busy_path(title: str = "New") -> OrderPath:
    """A path that shows everything which a picture can show."""
    path: Json = clean_path()
    path["statuses"]["new"] |= {"title": {"en": title}, "color": "#1f2a3c"}
    path["statuses"]["end"] = {"stage": "open", "title": {}}
    path["statuses"]["old"] = {"stage": "open", "active": False}
    path["transitions"] += [
        {
            "from": "new",
            "to": "end",
            "roles": ["manager", "lead"],
            "guards": [{"code": "tested", "when": "order.test", "message": "m"}],
            "approval": {"by": ["boss"]},
            "override": True,
        }
    ]
    path["transitions"].append({"from": "end", "to": "done"})
    path["follow"] = [{"items": "shipped", "from": "end", "to": "done"}]
    return path_of(path)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=80))
def test_d1_a_picture_is_valid_whatever_a_title_says(title: str) -> None:
    path = busy_path(title)

    for line in mermaid(path, {"new": 3}).splitlines():
        assert MERMAID.fullmatch(line), line
    for line in dot(path, {"new": 3}).splitlines():
        assert DOT.fullmatch(line), line


def test_d1_every_bracket_of_a_picture_is_closed() -> None:
    path = busy_path()

    assert mermaid(path, {}).count("subgraph") == mermaid(path, {}).count("    end\n") == 2
    assert dot(path, {}).count("{\n") == dot(path, {}).count("}\n") == 3


@pytest.mark.parametrize(
    "line",
    [
        '        s_new["New<br/>12,345 open"]',
        '        s_done(["Done"])',
        "    start --> s_new",
        "    s_new --> s_done",
        '    s_new -->|"manager, lead#59; if tested#59; boss agrees#59; override"| s_end',
        '    s_end -.->|"all shipped"| s_done',
        "    style s_new fill:#1f2a3c,color:#ffffff",
        "    style s_done fill:#3aa655,color:#ffffff",
        "    style s_old stroke-dasharray:4",
    ],
)
def test_d1_mermaid_shows_statuses_counts_moves_and_terms(line: str) -> None:
    assert line in mermaid(busy_path(), {"new": 12_345}).splitlines()


@pytest.mark.parametrize(
    "line",
    [
        r'        s_new [label="New\n12,345 open", fillcolor="#1f2a3c", fontcolor="#ffffff"];',
        '        s_old [label="old", style="filled,dashed"];',
        "    start -> s_new;",
        '    s_new -> s_end [label="manager, lead; if tested; boss agrees; override"];',
        '    s_end -> s_done [label="all shipped", style=dashed];',
    ],
)
def test_d1_dot_shows_statuses_counts_moves_and_terms(line: str) -> None:
    assert line in dot(busy_path(), {"new": 12_345}).splitlines()
