"""Workers that really crash, hang, flood and talk rubbish: their own rows alone are lost."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import verify
from court.records import Reported
from numeric import worker
from numeric.pool import Pool
from report.document import from_json
from tests.helpers import heed_interrupts

ROOT = Path(__file__).parent.parent

FILE = """
formula = "tr X"
domain = "symmetric"
citation = "linear"

def exact(X):
    return X.trace()

def honest(X):
    import numpy as np
    return np.trace(X), np.eye(len(X))

def by_torch(X):
    import torch
    return torch.trace(X)

def faulty(X):
    import os
    with open({pid!r}, "w") as f:
        f.write(str(os.getpid()))
{fault}

routes = {{
    "numpy": {{"before": honest, "faulty": faulty, "after": honest}},
    "torch": {{"torch.trace": by_torch}},
}}
"""

WRITE_TO_ALL = """
    import contextlib
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(descriptor, {what})
"""

ANSWER = (
    """b'{"problem": 0, "route": "x", "dtype": "", "value": 0, "reads": null, "gradient": %s}\\n'"""
)


@pytest.fixture
def run(tmp_path, capfd):
    """Run the file with a fault in it by NumPy and PyTorch: exit status, verdicts, closing line."""

    def run(fault, *options):
        file, output = tmp_path / "planted.py", tmp_path / "run.json"
        file.write_text(FILE.format(pid=str(tmp_path / "pid"), fault=fault))
        status = verify.main(
            [
                str(file),
                *["-f", "numpy", "-f", "torch", "--quiet", "--points", "2", "--json"],
                str(output),
                *options,
            ]
        )
        verdicts = from_json(output.read_bytes()).verdicts
        return status, verdicts, capfd.readouterr()

    return run


def assert_only_numpy_lost(verdicts, reason):
    assert [v.verdict for v in verdicts if v.framework == "torch"] == ["agrees"] * 2
    lost = [v for v in verdicts if v.framework == "numpy" and v.verdict == "failed"]
    assert {v.route for v in lost} >= {"faulty", "after"}
    assert all(reason in v.reason for v in lost), lost[0].reason
    assert [v.verdict for v in verdicts if v.route == "before"][:1] == ["agrees"]


def assert_gone(tmp_path):
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("    os._exit(7)", "ended with status 7"),
        ("    os.kill(os.getpid(), 9)", "killed by signal 9"),
        ("    os.abort()", "killed by signal 6"),
        (WRITE_TO_ALL.format(what="b'rubbish\\n'"), "what is no answer: 'rubbish'"),
        (WRITE_TO_ALL.format(what="b'{}\\n'"), "what is no answer: '{}'"),
        (WRITE_TO_ALL.format(what="b'[1]\\n'"), "what is no answer: '[1]'"),
        (WRITE_TO_ALL.format(what="b'[' * 2**18 + b'\\n'"), "what is no answer: '[[["),
        (WRITE_TO_ALL.format(what="b'x' * 2**27"), "bytes at once"),
        (WRITE_TO_ALL.format(what=ANSWER % '{"shape": [2], "real": "AAAA"}'), "what is no answer"),
    ],
    ids=["exit", "kill", "abort", "rubbish", "object", "array", "nested", "flood", "no matrix"],
)
def test_a_worker_that_dies_or_talks_rubbish(run, tmp_path, fault, reason):
    status, verdicts, _ = run(fault)
    assert status == 3
    assert_only_numpy_lost(verdicts, reason)
    assert_gone(tmp_path)


def test_a_worker_that_hangs(run, tmp_path):
    status, verdicts, _ = run("    while True: pass", "--timeout", "8")
    assert status == 3
    assert_only_numpy_lost(verdicts, "silent for 8 s")
    assert_gone(tmp_path)


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        ("    raise RuntimeError('no luck')", "failed", "RuntimeError: no luck (planted.py:"),
        ("    return X, X", "failed", "array of shape 2×2, not a scalar"),
        ("    return X.trace(), X[0]", "disagrees", "the gradient has the shape 2, X is 2×2"),
        ("    return X.trace(), 0 * X", "disagrees", "the contraction with ∂X/∂a"),
        ("    return float('nan'), 0 * X", "disagrees", "the value is nan"),
        ("    return X.trace() + 5j, honest(X)[1]", "failed", "the value is complex"),
        ("    return X.trace(), honest(X)[1] + 0j", "failed", "the gradient is complex"),
        ("    raise SystemExit(0)", "failed", "SystemExit: 0"),
        ("    raise NotImplementedError('later')", "failed", "NotImplementedError: later"),
    ],
)
def test_a_route_that_goes_wrong_costs_itself_alone(run, fault, outcome, reason):
    status, verdicts, _ = run(fault)
    assert status == 1
    for v in verdicts:
        assert v.verdict == (outcome if v.route == "faulty" else "agrees")
        assert v.route != "faulty" or reason in v.reason


def test_a_sign_of_life_is_no_answer_and_does_no_harm(run):
    status, verdicts, _ = run(
        WRITE_TO_ALL.format(what="b'{\"busy\": 0}\\n'") + "    return honest(X)"
    )
    assert status == 0
    assert all(v.verdict == "agrees" for v in verdicts)


def test_signs_of_life_come_once_a_second_while_something_happens(monkeypatch):
    now, answers = [100.0], io.StringIO()
    monkeypatch.setattr(worker.time, "time", lambda: now[0])
    beat = worker._Beat(answers, 7)
    for step in (0.5, 0.6, 0.5, 0.4, 0.2):
        now[0] += step
        beat()
    assert answers.getvalue() == '{"busy": 7}\n' * 2


def test_what_a_route_prints_is_no_answer_and_does_no_harm(run):
    fault = "    for _ in range(300): print('{\"done\": 0}' * 1000)\n    return honest(X)"
    status, verdicts, _ = run(fault)
    assert status == 0
    assert all(v.verdict == "agrees" for v in verdicts)


def test_an_interrupt_reports_what_is_finished_and_leaves_no_process(tmp_path):
    file, output, fifo = tmp_path / "planted.py", tmp_path / "run.json", tmp_path / "fifo"
    os.mkfifo(fifo)
    fault = f"    open({str(fifo)!r}, 'w').close()\n    while True: pass"
    file.write_text(FILE.format(pid=str(tmp_path / "pid"), fault=fault))
    process = subprocess.Popen(
        [sys.executable, "verify.py", str(file), "-f", "numpy", "--quiet", "--json", str(output)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    fifo.read_text()  # returns when the worker has begun to hang
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert out.endswith("interrupted\n")
    routes = [v["route"] for v in json.loads(output.read_bytes())["verdicts"]]
    assert routes in ([], ["before"])  # it was reported; whether it was judged too is a race
    assert_gone(tmp_path)


def test_an_interrupt_keeps_what_was_judged(tmp_path, monkeypatch, capsys):
    true, output = Pool.events, tmp_path / "run.json"

    def interrupted(pool, wait=True):
        for event in true(pool, wait):
            yield event
            if isinstance(event, Reported):
                raise KeyboardInterrupt

    monkeypatch.setattr(Pool, "events", interrupted)
    command = ["trace", "-f", "numpy", "--quiet", "--json", str(output)]
    assert verify.main(command) == 130
    assert capsys.readouterr().out.startswith("1 gradients: 1 agree")
    assert [v.verdict for v in from_json(output.read_bytes()).verdicts] == ["agrees"]
