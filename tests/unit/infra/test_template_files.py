"""Templates as people write them: every problem is told, with its line and what to do."""

import pytest

from infra.template_files import read_template
from infra.yaml_language import FileError

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
