"""The same command with the same versions gives the same JSON, byte for byte, in any process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from symgrad.numeric.pool import is_installed, known_frameworks
from symgrad.report.document import SCHEMA
from symgrad.studies.findings.record import read_known

PROGRAM = Path(__file__).parent.parent / "verify.py"
FAST = ["-f", "numpy", "-f", "torch"]
BY_CHANCE = {(f.framework, f.route) for f in read_known() if not f.certain}


def run(folder, hash_seed, arguments):
    """The bytes that a process of its own writes, in a folder of its own."""
    folder.mkdir()
    subprocess.run(
        [sys.executable, str(PROGRAM), *arguments, "--quiet", "--json", "run.json"],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        check=False,
    )
    return (folder / "run.json").read_bytes()


def twice(tmp_path, *arguments):
    return [run(tmp_path / str(seed), seed, arguments) for seed in (1, 2)]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["eigenvalue", "weighted_exp", "eigenvector_entry", "-n", "3", "--forward"],
        ["log_det", "-p", "hermitian", "--dtype", "float32"],
        ["trace_exp", "--matrix", "1 0; 0 1"],
    ],
    ids=" ".join,
)
@pytest.mark.sampled(2)
def test_the_same_command_gives_the_same_bytes(arguments, tmp_path):
    first, second = twice(tmp_path, *arguments, *FAST)
    assert first == second
    assert len(json.loads(first)["verdicts"]) > 3


def test_another_seed_gives_others(tmp_path):
    one = run(tmp_path / "one", 0, ["det", "-f", "numpy"])
    other = run(tmp_path / "other", 0, ["det", "-f", "numpy", "--seed", "1"])
    assert json.loads(one)["verdicts"] != json.loads(other)["verdicts"]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["-n", "3", "--points", "1", "eigenvalue", "log_det"]])
def test_every_framework_gives_the_same_bytes(arguments, tmp_path):
    frameworks = [
        part for name in known_frameworks() if is_installed(name) for part in ("-f", name)
    ]
    first, second = map(json.loads, twice(tmp_path, *arguments, *frameworks))
    for data in (first, second):
        rows = data["verdicts"]
        data["verdicts"] = [v for v in rows if (v["framework"], v["route"]) not in BY_CHANCE]
        assert len(data["verdicts"]) > 50
    assert first == second


def test_a_run_has_no_place_for_a_time():
    schema = json.loads(SCHEMA.read_bytes())
    names = {name for part in schema["$defs"].values() for name in part.get("properties", {})}
    assert {"toolkit", "environment", "verdicts"} <= names
    assert not {n for n in names if any(w in n for w in ("date", "time", "seconds", "duration"))}
