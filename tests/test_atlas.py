"""The atlas: what it says of a route, its files, its resumption."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from symgrad import cli
from symgrad.studies.atlas import page as tables
from symgrad.studies.atlas.record import Atlas
from tests.helpers import heed_interrupts

ROOT = Path(__file__).parent.parent
ASKED = ("eigenvalue", "log_det", "weighted_inverse", "sum_entries", "det")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("atlas")
    status = cli.main(
        ["atlas", *ASKED, "-f", "numpy", "-f", "torch", "--output", str(folder), "--quiet"]
    )
    assert status == 0
    return folder


@pytest.fixture(scope="module")
def rows(made):
    atlas = tables.from_json((made / "atlas.json").read_bytes())
    return {(row.framework, row.function, row.route): row for row in atlas.rows}


@pytest.mark.slow
def test_a_route_that_reads_a_triangle_is_no_gradient_off_the_symmetric_matrices(rows):
    row = rows["torch", "eigenvalue[1]", "torch.linalg.eigh(UPLO='L')"]
    assert (row.reads, row.convention, row.valid, row.off_symmetric) == (
        "lower",
        "symmetric",
        "agrees",
        "no",
    )
    inverse = rows["torch", "weighted_inverse", "torch.linalg.inv"]
    assert (inverse.convention, inverse.off_symmetric) == ("unsymmetric", "yes")


def test_forward_mode_and_dtypes(rows):
    row = rows["torch", "weighted_inverse", "torch.linalg.inv"]
    assert (row.forward, row.forward_hermitian) == ("agrees", "agrees")
    assert {name for name, told in row.dtypes.items() if told == "agrees"} == {
        "float64",
        "float32",
        "complex128",
        "complex64",
    }
    assert row.dtypes["float16"] == "refused"
    assert rows["numpy", "log_det", "np.linalg.slogdet"].forward is None


def test_a_conjugation_is_named_where_there_is_one(rows):
    assert rows["torch", "weighted_inverse", "torch.linalg.inv"].conjugation == "∂Re + i∂Im"
    assert rows["torch", "sum_entries", "torch.sum(X)"].conjugation == "real"


def test_singular_matrices_of_every_rank_are_looked_at_where_f_is_defined(rows):
    by_torch, by_numpy = (
        rows["torch", "det", "torch.linalg.det"],
        rows["numpy", "det", "np.linalg.eigh(UPLO='L')"],
    )
    assert list(by_torch.singular) == ["rank-2", "rank-1", "rank-0"]
    assert by_torch.singular["rank-2"] == "disagrees"
    assert by_torch.known["rank-2 reverse"] == "torch-det-singular"
    assert tables.cells(by_torch)[-1] == "rank-2: NO (known), rank-1: yes, rank-0: yes"
    assert set(by_numpy.singular.values()) <= {"agrees", "inaccurate"}
    assert rows["torch", "log_det", "torch.logdet"].singular == {}
    between = rows["torch", "eigenvalue[1]", "torch.linalg.eigh(UPLO='L')"]
    assert between.singular == {"rank-2": "agrees", "rank-1": "refused", "rank-0": "refused"}
    assert tables.cells(between)[-1] == "yes"


def test_the_files_tell_the_same(made, rows):
    text = (made / "atlas.md").read_text(encoding="utf-8")
    for row in rows.values():
        assert f"| {row.function} | {row.route} |" in text
    assert not (made / "atlas.journal").exists()
    with pytest.raises(msgspec.ValidationError):
        tables.from_json(b'{"rows": 1}')


@pytest.mark.parametrize(("width", "whole"), [(tables.WIDE, True), (tables.WIDE - 1, False)])
def test_a_narrow_terminal_has_fewer_columns_and_says_so(made, width, whole):
    console = Console(width=width, record=True, quiet=False, file=io.StringIO())
    tables.show(console, tables.from_json((made / "atlas.json").read_bytes()))
    shown = console.export_text()
    assert ("conjugation" in shown.split("not shown")[0]) == whole
    assert ("not shown for want of room, but in atlas.md: Hermitian" in shown) == (not whole)
    assert all(len(line) <= width for line in shown.split("\n") if line[:1] in "┏┃│└")


def test_an_interrupted_atlas_goes_on(tmp_path, rows):
    command = [sys.executable, "verify.py", "atlas", *ASKED, "-f", "numpy", "-f", "torch"]
    command += ["--output", str(tmp_path), "--quiet", "--jobs", "1"]
    journal = tmp_path / "atlas.journal"
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    while not journal.exists() or journal.read_bytes().count(b"\n") < 20:
        assert process.poll() is None
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on from" in said.decode()
    assert not (tmp_path / "atlas.json").exists()
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    resumed = msgspec.json.decode((tmp_path / "atlas.json").read_bytes(), type=Atlas)
    assert {(r.framework, r.function, r.route): r for r in resumed.rows} == rows
