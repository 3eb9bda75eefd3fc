"""Workers that really crash, hang, flood and talk rubbish: their own rows alone are lost."""

import fcntl
import io
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from symgrad import cli, inquiry
from symgrad.numeric import worker
from symgrad.numeric.pool import Pool
from symgrad.report.document import from_json
from tests.helpers import heed_interrupts, own_function

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

    def run(fault, *options, head=""):
        file, output = tmp_path / "planted.py", tmp_path / "run.json"
        file.write_text(head + FILE.format(pid=str(tmp_path / "pid"), fault=fault))
        status = cli.main(
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


def assert_only_the_route_lost(verdicts, reason):
    found = [(v.route, v.verdict) for v in verdicts]
    honest = [(route, "agrees") for route in ("before", "after", "torch.trace")]
    assert sorted(found) == sorted([("faulty", "failed"), *honest] * 2)
    lost = [v for v in verdicts if v.verdict == "failed"]
    assert all(reason in v.reason for v in lost), lost[0].reason


def assert_gone(tmp_path):
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("    os._exit(7)", "ended with status 7"),
        ("    os.kill(os.getpid(), 11)", "killed by signal 11"),
        ("    os.kill(os.getpid(), 9)", "killed by signal 9"),
        ("    os.abort()", "killed by signal 6"),
        (WRITE_TO_ALL.format(what="b'rubbish\\n'"), "what is no answer: 'rubbish'"),
        (WRITE_TO_ALL.format(what="b'{}\\n'"), "what is no answer: '{}'"),
        (WRITE_TO_ALL.format(what="b'[1]\\n'"), "what is no answer: '[1]'"),
        (WRITE_TO_ALL.format(what="b'[' * 2**18 + b'\\n'"), "what is no answer: '[[["),
        (WRITE_TO_ALL.format(what="b'x' * 2**27"), "bytes at once"),
        (WRITE_TO_ALL.format(what=ANSWER % '{"shape": [2], "real": "AAAA"}'), "what is no answer"),
    ],
    ids=[
        "exit",
        "fault",
        "kill",
        "abort",
        "rubbish",
        "object",
        "array",
        "nested",
        "flood",
        "no matrix",
    ],
)
@pytest.mark.sampled(5)
def test_a_worker_that_dies_or_talks_rubbish(run, tmp_path, fault, reason):
    status, verdicts, _ = run(fault)
    assert status == 3
    assert_only_the_route_lost(verdicts, reason)
    assert_gone(tmp_path)


@pytest.mark.slow
def test_a_worker_that_hangs(run, tmp_path):
    status, verdicts, _ = run("    while True: pass", "--timeout", "8")
    assert status == 3
    assert_only_the_route_lost(verdicts, "silent for 8 s")
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
@pytest.mark.sampled(4)
def test_a_route_that_goes_wrong_costs_itself_alone(run, fault, outcome, reason):
    status, verdicts, _ = run(fault)
    assert status == 1
    for v in verdicts:
        assert v.verdict == (outcome if v.route == "faulty" else "agrees")
        assert v.route != "faulty" or reason in v.reason


AT_IMPORT = """
import os, sys
if sys.argv[1:2] == ["numpy"]:  # in the worker of NumPy alone
    {fault}
"""


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("os.kill(os.getpid(), 9)", "killed by signal 9"),
        ("raise ImportError('half installed')", "ended with status 1: ImportError: half installed"),
    ],
)
def test_a_worker_that_dies_at_import(run, tmp_path, fault, reason):
    status, verdicts, _ = run("    return honest(X)", head=AT_IMPORT.format(fault=fault))
    assert status == 3
    assert [v.verdict for v in verdicts if v.framework == "torch"] == ["agrees"] * 2
    lost = [v for v in verdicts if v.framework == "numpy"]
    assert lost
    assert all(v.verdict == "failed" and reason in v.reason for v in lost)


SECOND_TIME = """
    if not os.path.exists({first!r}):
        open({first!r}, "w").write(repr(X.tolist()))
    import numpy as np
    before = np.array(eval(open({first!r}).read()))
    if np.linalg.norm(X - before) > np.linalg.norm(before) / 4:  # more than reads.find moves it
        os.kill(os.getpid(), 9)
    return honest(X)
"""


def test_a_worker_that_dies_in_the_middle_of_a_batch(run, tmp_path):
    status, verdicts, _ = run(SECOND_TIME.format(first=str(tmp_path / "first")))
    assert status == 3
    lost = [k for k, v in enumerate(verdicts) if v.verdict != "agrees"]
    assert [(verdicts[k].route, verdicts[k].verdict) for k in lost] == [("faulty", "failed")]
    assert lost[0] >= len(verdicts) // 2  # at the second point, and it agrees at the first
    assert "killed by signal 9" in verdicts[lost[0]].reason
    assert_gone(tmp_path)


def test_a_route_that_costs_process_after_process_is_asked_no_more(run):
    status, verdicts, _ = run("    os._exit(7)", "--points", "5", "-f", "numpy")
    assert status == 3
    faulty = [v.reason for v in verdicts if v.route == "faulty"]
    assert ["status 7" in reason for reason in faulty] == [True] * 3 + [False] * 2
    assert all(reason.startswith("not asked: at 3 matrices before") for reason in faulty[3:])
    others = [v.verdict for v in verdicts if v.route != "faulty"]
    assert others == ["agrees"] * 15


AT_THE_SECOND_START = """
import os, sys
if sys.argv[1:2] == ["numpy"]:
    if os.path.exists({mark!r}):
        os._exit(5)
    open({mark!r}, "w").close()
"""


def test_a_worker_that_cannot_be_started_again_owes_the_rest(run, tmp_path):
    head = AT_THE_SECOND_START.format(mark=str(tmp_path / "mark"))
    status, verdicts, _ = run("    os._exit(7)", head=head)
    assert status == 3
    assert [v.verdict for v in verdicts if v.framework == "torch"] == ["agrees"] * 2
    mine = [(v.route, v.verdict, v.reason) for v in verdicts if v.framework == "numpy"]
    assert mine[0][:2] == ("before", "agrees")
    assert mine[1] == ("faulty", "failed", "the worker ended with status 7")
    rest = [("after", "failed")] + [(r, "failed") for r in ("before", "faulty", "after")]
    assert [row[:2] for row in mine[2:]] == rest
    assert {row[2] for row in mine[2:]} == {"the worker ended with status 5"}


def test_a_route_that_forks_answers_once(run, tmp_path):
    forks = str(tmp_path / "forks")
    fault = f"    open({forks!r}, 'a').write('x')\n    os.fork()\n    return honest(X)"
    status, verdicts, _ = run(fault)
    assert status == 0
    assert [v.verdict for v in verdicts] == ["agrees"] * 8
    calls = len((tmp_path / "forks").read_text())
    status, verdicts, _ = run(fault.replace("os.fork()", "pass"))
    assert len((tmp_path / "forks").read_text()) == 2 * calls  # no child has gone on with the loop


@pytest.mark.parametrize(
    "fault",
    [
        WRITE_TO_ALL.format(what='b\'{"problem": 0, "ro\'') + "    os.kill(os.getpid(), 9)",
        pytest.param("    while True: os.write(2, b'x' * 2**16)", marks=pytest.mark.slow),
    ],
    ids=["while writing", "endless complaints"],
)
def test_a_worker_that_dies_while_writing_or_floods_its_complaints(run, tmp_path, fault):
    status, verdicts, _ = run(fault, "--timeout", "8")
    assert status == 3
    assert_only_the_route_lost(verdicts, "the worker ")
    assert_gone(tmp_path)


@pytest.mark.parametrize(
    "fault",
    [
        "    import numpy as np; np.ones(2**34)",
        "    raise RuntimeError('DefaultCPUAllocator: can\\'t allocate memory')",
    ],
    ids=["NumPy", "said as PyTorch says it"],
)
def test_a_worker_without_memory_loses_that_route_alone(run, fault):
    status, verdicts, _ = run(fault, "--memory", "8192")
    assert status == 3
    lost = [v for v in verdicts if v.verdict != "agrees"]
    assert {(v.route, v.verdict) for v in lost} == {("faulty", "failed")}
    assert all("llocate" in v.reason for v in lost)


def test_the_limit_on_memory_is_a_limit(run):
    fault = "    import resource\n    limit = resource.getrlimit(resource.RLIMIT_AS)[0]\n"
    fault += "    raise RuntimeError('may have %d MiB' % (limit // 2**20))"
    _, verdicts, _ = run(fault, "--memory", "8000")
    assert any("may have 8000 MiB" in v.reason for v in verdicts)


TWICE = """
    global calls
    calls = globals().get("calls", 0) + 1
    value, G = honest(X)
"""


@pytest.mark.parametrize(
    ("then", "status", "outcome", "said"),
    [
        ("    return value, G", 0, "agrees", ""),
        ("    return value, G * (1 + calls % 2 * 1e-16 * 3)", 0, "agrees", "(agrees, then agrees)"),
        ("    return value, G * (1 + calls % 2)", 1, "disagrees", "disagrees"),
        ("    return value, G * (2 - calls % 2)", 1, "disagrees", "disagrees"),
        ("    if calls % 2 == 0: raise OSError('off')\n    return value, G", 1, "failed",
         "then failed); OSError: off"),
    ],
)  # fmt: skip
def test_a_route_that_answers_differently_is_reported(run, then, status, outcome, said):
    found, verdicts, _ = run(TWICE + then)
    assert found == status
    for v in verdicts:
        faulty = v.route == "faulty"
        assert v.verdict == (outcome if faulty else "agrees")
        if faulty and said:
            assert v.reason.startswith("asked twice, it answered differently (")
            assert said in v.reason
        else:
            assert v.reason == ""


def limited_to(size):
    """Run before a program: no file may be larger than that, as on a disk that is full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_full_disk_loses_the_output_whole_and_nothing_else(tmp_path):
    output = tmp_path / "run.json"
    output.write_text("before")
    command = [sys.executable, "verify.py", "trace", "-f", "numpy", "--json"]
    for path, limit in ((str(output), limited_to(500)), ("/dev/full", None)):
        done = subprocess.run(
            [*command, path], cwd=ROOT, preexec_fn=limit, capture_output=True, text=True
        )
        assert done.returncode == 3, done.stderr
        assert "3 gradients: 3 agree" in done.stdout
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert "cannot be written" in done.stderr
        assert output.read_text() == "before"
        assert os.listdir(tmp_path) == ["run.json"]


def test_a_full_disk_leaves_an_atlas_to_be_gone_on_with(tmp_path):
    command = [sys.executable, "verify.py", "atlas", "trace", "det", "-f", "numpy", "--quiet"]
    command += ["--output", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, preexec_fn=limited_to(1500), capture_output=True, text=True
    )
    assert done.returncode == 3, done.stderr
    assert "cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == ["atlas.journal"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["atlas.json", "atlas.md"]


def test_two_runs_at_once_in_one_folder_do_not_meddle(tmp_path):
    command = [sys.executable, "verify.py", "atlas", "trace", "-f", "numpy", "--quiet"]
    command += ["--output", str(tmp_path)]
    with open(tmp_path / "atlas.journal", "a+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert second.returncode == 3
    assert "another run is writing this journal" in second.stderr
    assert second.stderr.count("\n") == 1
    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    assert {process.returncode for process in both} <= {0, 3}
    assert 0 in [process.returncode for process in both]
    assert all(b"Traceback" not in text for text in said)
    assert sorted(os.listdir(tmp_path)) == ["atlas.json", "atlas.md"]


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


def test_what_is_to_be_done_at_the_end_of_a_worker_is_done_and_no_more(run, tmp_path):
    """Taking an interpreter apart takes TensorFlow longer than its answers do."""
    head = """
import atexit, functools, os, pathlib, sys

class Left:
    def __del__(self):
        self.write()

if "sympy" not in sys.modules:
    folder, left = pathlib.Path(__file__).parent, Left()
    left.write = functools.partial(os.open, str(folder / "apart"), os.O_CREAT | os.O_WRONLY)
    atexit.register(folder.joinpath("done").touch)
"""
    assert run("    return honest(X)", head=head)[0] == 0
    assert (tmp_path / "done").exists()
    assert not (tmp_path / "apart").exists()


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
        yield from true(pool, wait)
        if wait:  # the references are all there
            raise KeyboardInterrupt

    monkeypatch.setattr(Pool, "events", interrupted)
    command = ["trace", "-f", "numpy", "--quiet", "--json", str(output)]
    assert cli.main(command) == 130
    assert capsys.readouterr().out.endswith("0 failed; interrupted\n")
    assert {v.verdict for v in from_json(output.read_bytes()).verdicts} == {"agrees"}


def test_an_interrupt_before_a_route_is_asked_near_x_convicts_nothing(
    tmp_path, monkeypatch, capsys
):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    file = Path(own_function(tmp_path))
    file.write_text(file.read_text().replace("np.eye(len(X))", "np.diag([1 + 1e-9, 1])"))
    command = [str(file), "--matrix", "1 2; 2 1", "-f", "numpy", "--quiet"]
    assert cli.main(command) == 1
    assert ", 1 disagree, 0 refused" in capsys.readouterr().out
    monkeypatch.setattr(inquiry, "ask_near", interrupted)
    assert cli.main(command) == 130
    assert ", 0 disagree, 1 refused" in capsys.readouterr().out
