"""Templates as people write them: every problem is told, with its line and what to do."""

from pathlib import Path
from re import DOTALL, MULTILINE, findall

import pytest

from domain.templates.offered import OFFERED
from infra.template_files import read_template
from infra.yaml_language import FileError

PAGE = (Path(__file__).parents[3] / "docs/messages.md").read_text()
WRONG = """\
template: track_number
channel: fax
texts:
  en:
    subject: "Order {{ order.nubmer }}"
    text: "{{ order.number"
  English: {text: Hello}
titel: {en: x}
"""


def test_every_problem_of_a_template_is_told_where_it_stands() -> None:
    with pytest.raises(FileError) as failed:
        read_template(WRONG, where="mine.yaml")

    assert [problem.partition(": ")[0] for problem in failed.value.problems] == [
        "mine.yaml:2:10",
        "mine.yaml:5:14",
        "mine.yaml:6:11",
        "mine.yaml:7:3",
        "mine.yaml:8:1",
    ]
    told = "\n".join(failed.value.problems)
    for words in ("did you mean number?", "line 1: unexpected", "write two small letters", "titel"):
        assert words in told


def test_a_mail_without_a_subject_says_so() -> None:
    with pytest.raises(FileError, match="a mail has a subject: write one in en"):
        read_template("{template: x, channel: mail, texts: {en: {text: Hi}}}", where="x.yaml")


def test_the_page_shows_a_template_that_is_one() -> None:
    (shown,) = findall(r"```yaml\n(.*?)```", PAGE, DOTALL)

    assert read_template(shown, where="page").speaks_of == {"order", "customer"}


def test_the_page_names_all_that_templates_may_speak_of() -> None:
    told = dict(findall(r"^\| `([a-z.]+)` \| `([a-z_ ]+)`", PAGE, MULTILINE))

    for kind, said in OFFERED.items():
        assert isinstance(said, dict)
        parts = {name: part[0] for name, part in said.items() if isinstance(part, list)}
        assert set(told[kind].split()) == said.keys() - parts.keys()
        for name, part in parts.items():
            assert set(told[f"{kind}.{name}"].split()) == part.keys()
