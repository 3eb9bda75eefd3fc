"""Every judged gradient as a row of a Parquet file, and the queries of docs/schema.md."""

import json
import re
import sys
from pathlib import Path

import pytest

from symgrad import cli
from symgrad.inquiry import Witnesses
from symgrad.report import gradients

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
pq = pytest.importorskip("pyarrow.parquet")
WORDS = ["atlas", "det", "trace_exp", "-f", "numpy", "--quiet", "--parquet", "--output"]


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """The folder of a run, and what was judged in it."""
    folder, hearings = tmp_path_factory.mktemp("parquet"), []
    with pytest.MonkeyPatch.context() as patch:
        hear = Witnesses.hear
        patch.setattr(
            Witnesses,
            "hear",
            lambda witnesses, hearing, plan: (
                hearings.append(hearing) or hear(witnesses, hearing, plan)
            ),
        )
        assert cli.main([*WORDS, str(folder)]) == 0
    return folder, hearings[0].judged


@pytest.fixture(scope="module")
def table(heard):
    return pq.read_table(heard[0] / "atlas.parquet")


def test_there_is_a_row_for_each_gradient_with_all_its_digits(heard, table):
    rows = table.to_pylist()
    assert len(rows) == len(heard[1]) > 20
    for row, (scenario, _, verdict) in zip(rows, heard[1], strict=True):
        for name in ("function", "framework", "version", "route", "mode", "dtype", "verdict"):
            assert row[name] == getattr(verdict, name)
        assert (row["part"], row["label"]) == (scenario.part, scenario.label)
        assert dict(row["point"]) == verdict.point
        assert [c["exact"] for c in row["parameters"]] == [str(c.exact) for c in verdict.parameters]
        if verdict.gradient is None:
            assert row["gradient"] is None
        elif row["imaginary"] is None:
            assert row["gradient"] == [[float(x) for x in each] for each in verdict.gradient]
        else:
            parts = zip(row["gradient"], row["imaginary"], strict=True)
            entries = [list(zip(real, imaginary, strict=True)) for real, imaginary in parts]
            assert entries == [[tuple(map(float, x)) for x in each] for each in verdict.gradient]
    assert any(row["imaginary"] for row in rows)
    assert any(row["gradient"] is None for row in rows)


def test_the_worst_contraction_is_a_column(heard, table):
    for row in table.to_pylist():
        over = [c["error"] / c["tolerance"] for c in row["parameters"] if c["tolerance"]]
        if over:
            assert row["error"] / row["tolerance"] == max(over)
        elif not row["parameters"]:
            assert row["worst"] is row["error"] is None


def test_it_says_what_it_was_made_with(heard, table):
    made = json.loads(table.schema.metadata[b"symgrad"])
    atlas = json.loads((heard[0] / "atlas.json").read_bytes())
    assert made == {"toolkit": atlas["toolkit"], "environment": atlas["environment"]}


def test_the_page_has_every_column_and_no_other(table):
    told = re.findall(r"^\| `(\w+)`((?:, `\w+`)*) \|", PAGE, re.MULTILINE)
    names = [name for first, more in told for name in (first, *re.findall(r"\w+", more))]
    assert sorted(names) == sorted(gradients.schema().names) == sorted(table.schema.names)


def queries():
    """The example queries of the page."""
    found = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    return {"duckdb" if "duckdb" in code else "pandas": code for code in found if "parquet" in code}


@pytest.mark.parametrize("library", ["duckdb", "pandas"])
def test_the_example_queries_run(library, heard, monkeypatch, capsys):
    pytest.importorskip(library)
    monkeypatch.chdir(heard[0].parent)
    code = queries()[library]
    assert "atlas/atlas.parquet" in code
    exec(compile(code.replace("atlas/atlas", f"{heard[0].name}/atlas"), library, "exec"), {})
    told = capsys.readouterr().out
    judged = [v for _, _, v in heard[1] if v.verdict == "agrees" and v.parameters]
    assert {v.function for v in judged} <= set(re.findall(r"\w+(?:\[\d\])?", told))


def test_without_pyarrow(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert cli.main([*WORDS, str(tmp_path / "a")]) == 2
    said = "error: --parquet needs pyarrow: pip install 'symgrad[parquet]'\n"
    assert capsys.readouterr().err == said
    assert not (tmp_path / "a").exists()
