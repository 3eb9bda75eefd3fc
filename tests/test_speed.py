"""What makes the main job fast changes no answer: JAX's programs are kept, workers yield."""

import os
import subprocess
import sys

import platformdirs
import pytest

from symgrad import cli
from symgrad.numeric import compiled
from symgrad.numeric.pool import Pool
from symgrad.numeric.process import KEEPER


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """JAX asked with its cache in a folder: the bytes of ``--json``."""
    output = tmp_path / "run.json"
    for name in compiled.OWN:
        monkeypatch.delenv(name, raising=False)

    def asked(folder):
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
        words = ["trace_square", "-f", "jax", "--points", "1", "--quiet", "--json", str(output)]
        assert cli.main(words) == 0
        return output.read_bytes()

    return asked


def entries(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*-cache")}


def test_what_jax_has_compiled_is_found_again_and_changes_nothing(asked, tmp_path):
    pytest.importorskip("jax")
    kept, nowhere = tmp_path / "kept", tmp_path / "file"
    first = asked(kept)
    written = entries(kept / "symgrad" / "jax")
    assert len(written) > 3
    assert asked(kept) == first
    assert entries(kept) == written  # nothing was compiled that is not there
    for path in written:
        path.write_bytes(b"no program")
    assert asked(kept) == first  # what cannot be read is compiled again
    nowhere.write_text("no folder")
    assert asked(nowhere) == first
    assert not entries(tmp_path / "other")


def test_a_processor_has_a_folder_of_its_own_and_a_user_may_say_another(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in compiled.OWN:
        monkeypatch.delenv(name, raising=False)
    here = compiled.variables()["JAX_COMPILATION_CACHE_DIR"]
    assert compiled.variables()["JAX_COMPILATION_CACHE_DIR"] == here
    assert platformdirs.user_cache_dir("symgrad", appauthor=False) in here
    other = tmp_path / "cpuinfo"
    other.write_text("model name: another\nflags: sse2\n\nprocessor: 1\nflags: avx2\n")
    monkeypatch.setattr(compiled, "PROCESSOR", other)
    there = compiled.variables()["JAX_COMPILATION_CACHE_DIR"]
    assert there != here
    other.write_text("model name: another\nflags: sse2\n\nprocessor: 1\nflags: avx512f\n")
    assert compiled.variables()["JAX_COMPILATION_CACHE_DIR"] == there  # one core stands for all
    monkeypatch.setenv("JAX_ENABLE_COMPILATION_CACHE", "false")
    assert compiled.variables() == {}


def niceness_under_keeper(niceness):
    kept, lifeline = os.pipe()
    numbers = map(str, (kept, 0, niceness))
    told = [sys.executable, "-c", "import os; print(os.nice(0))"]
    command = [sys.executable, "-I", "-S", str(KEEPER), *numbers, *told]
    done = subprocess.run(command, pass_fds=(kept,), capture_output=True, text=True, check=True)
    os.close(kept)
    os.close(lifeline)
    return int(done.stdout)


def test_a_worker_is_as_nice_as_it_is_told_to_be():
    assert niceness_under_keeper(3) == min(niceness_under_keeper(0) + 3, 19)


@pytest.mark.parametrize(
    ("names", "jobs", "yielding"),
    [
        (["numpy", "tensorflow", "jax"], None, {"numpy", "jax"}),
        (["numpy", "jax"], None, set()),
        (["numpy", "tensorflow"], 1, set()),
    ],
)
def test_who_yields_to_the_slowest(names, jobs, yielding, tmp_path):
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nnice > "{tmp_path}/$2"\nexit 1\n')
    script.chmod(0o755)
    with Pool(names, 60, interpreters=dict.fromkeys(names, str(script)), jobs=jobs) as pool:
        pool.close()
        list(pool.events())
    own = os.nice(0)
    nice = {name for name in names if int((tmp_path / name).read_text()) > own}
    assert nice == (yielding if own < 19 else set())
