"""Sets papers as PDF, with Typst: one wheel that brings its fonts and needs nothing of the system.

Implements services.papers.Typeset; how a paper looks stands in paper.typ.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any


def typeset(paper: Mapping[str, Any]) -> bytes:
    """Make a PDF; the same paper is the same bytes. Its texts are data, never markup.

    Source: the keys are those that services.papers gives.
    """
    import typst  # 80 MB of machine code: only who prints loads it.

    layout = files("infra").joinpath("paper.typ").read_bytes()
    inputs = {"paper": json.dumps(paper, ensure_ascii=False)}
    return typst.compile(layout, sys_inputs=inputs, ignore_system_fonts=True)
