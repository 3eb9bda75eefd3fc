"""The notebooks of examples/, run cell by cell as a reader would."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "examples").glob("*.ipynb"))


def script(notebook):
    """The code cells one after the other; what ends a cell is shown as a notebook shows it."""
    lines = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            *told, last = ast.parse("".join(cell["source"])).body
            lines += map(ast.unparse, told)
            shown = ast.unparse(last)
            lines.append(f"__show({shown})" if isinstance(last, ast.Expr) else shown)
    return "\n".join([SHOW, *lines])


SHOW = """
def __show(x):
    if x is not None:
        print(repr(x), getattr(x, "_repr_html_", str)())
"""


def test_there_are_three_without_output():
    assert [path.stem for path in NOTEBOOKS] == ["citing", "question", "your_loss"]
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") for cell in cells), path


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path):
    code = script(json.loads(path.read_text(encoding="utf-8")))
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def test_a_cell_that_fails_is_noticed():
    cell = {"cell_type": "code", "source": ["x = 1\n", "assert x == 2"]}
    code = script({"cells": [cell, {"cell_type": "markdown", "source": ["no code"]}]})
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "AssertionError" in done.stderr
