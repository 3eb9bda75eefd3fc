"""What a user's file does stays in its own workers, and ends with the command that ran it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from symgrad.numeric import keeper
from symgrad.report.document import from_json
from tests.helpers import heed_interrupts, judged

ROOT = Path(__file__).parent.parent
PATIENCE = 5.0
"""Seconds after the end of a command in which all that it started must have ended."""

FILE = """
formula, domain, citation = "tr X", "symmetric", "linear"

def exact(X):
    return X.trace()

def by_numpy(X):
    import numpy as np
    {numpy}
    return np.trace(X), np.eye(len(X))

def by_torch(X):
    import torch
    {torch}
    return torch.trace(X)

def by_jax(X):
    import jax
    {jax}
    return jax.numpy.trace(X)

routes = {{"numpy": {{"own": by_numpy}}, "torch": {{"own": by_torch}}, "jax": {{"own": by_jax}}}}
"""


def planted(folder, name="planted", numpy="pass", torch="pass", jax="pass", head=""):
    """A function file whose routes do that first."""
    file = folder / f"{name}.py"
    file.write_text(head + FILE.format(numpy=numpy, torch=torch, jax=jax))
    return str(file)


def waited(condition, seconds):
    """Whether the condition has come true within so many seconds."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def has_ended(process):
    """Whether there is no such process, or only what is left until its parent looks."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


# --- what a file does to a framework

MUTATING = {
    "torch": "torch.set_grad_enabled(False); torch.set_default_dtype(torch.float16)",
    "jax": "jax.config.update('jax_enable_x64', False)",
    "numpy": "np.seterr(all='raise'); np.linalg.det = np.linalg.slogdet = None",
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("framework", ["numpy", "torch", "jax"])
def test_a_file_that_changes_its_framework_changes_it_for_itself_alone(tmp_path, framework, order):
    pytest.importorskip(framework)
    mutating = planted(tmp_path, **{framework: MUTATING[framework]})
    harmless = planted(tmp_path, "harmless")
    functions = [mutating, "det", harmless][::order]
    _, by = judged(tmp_path, *functions, "-f", framework, "--points", "2")
    found = {(v.function, v.verdict) for v in by[framework]}
    assert {row for row in found if row[0] != "planted"} == {
        ("det", "agrees"),
        ("harmless", "agrees"),
    }
    if framework != "numpy":  # it did change what is asked after it
        assert found & {("planted", "disagrees"), ("planted", "failed")}


def test_only_the_workers_that_have_something_to_answer_are_started(tmp_path):
    log = tmp_path / "log"
    head = f"import os, sys; open({str(log)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
    file = planted(tmp_path, head=head)
    with open(file, "a") as text:
        text.write("routes.pop('jax')\n")
    status, by = judged(tmp_path, file, "-f", "jax", "-f", "numpy", "--points", "1")
    assert (status, list(by)) == (0, ["numpy"])
    starts = [line.split()[0] for line in log.read_text().splitlines() if line.endswith(file)]
    assert [name for name in starts if name in ("jax", "numpy")] == ["numpy"]


# --- what a route leaves running

SPINNING = """
    import os, subprocess
    own = [subprocess.Popen(["sleep", "600"], start_new_session=new) for new in (False, True)]
    shell = "setsid sh -c 'echo $$ > {folder}/forsaken; exec sleep 600' &"
    subprocess.run(["sh", "-c", shell])
    while not os.path.exists("{folder}/forsaken") or not open("{folder}/forsaken").read(): pass
    with open("{folder}/draft", "w") as file:
        file.write(" ".join(str(p) for p in [os.getpid(), *(q.pid for q in own)]))
    os.rename("{folder}/draft", "{folder}/started")
    {then}
"""


def left_running(folder):
    """The processes of the route, once it has begun."""
    return [int(p) for name in ("started", "forsaken") for p in (folder / name).read_text().split()]


def is_there(folder):
    return lambda: (folder / "started").exists()


@pytest.fixture
def spinning(tmp_path):
    """A command whose worker never answers, started: the process, and those of the route."""
    ends = []

    def start(then="while True: pass"):
        room, output = tmp_path / "room", tmp_path / "output"
        room.mkdir()
        output.mkdir()
        file = planted(room, numpy=SPINNING.format(folder=room, then=then).strip())
        command = [sys.executable, "verify.py", file, "-f", "numpy", "--quiet"]
        command += ["--json", str(output / "run.json")]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_interrupts,
        )
        ends.append(process)
        assert waited(is_there(room), 60)
        return process, left_running(room), output

    yield start
    for process in ends:
        process.kill()
        process.communicate()


@pytest.mark.skipif(not keeper.IS_LINUX, reason="there is no subreaper")
@pytest.mark.parametrize(
    ("number", "status"),
    [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130), ("SIGKILL", -9)],
)
@pytest.mark.sampled(3)
def test_nothing_is_left_whatever_ends_the_command(spinning, number, status):
    process, others, output = spinning()
    assert len(others) == 4
    assert not any(has_ended(p) for p in others)
    process.send_signal(getattr(signal, number))
    _, said = process.communicate(timeout=60)
    assert process.returncode == status
    assert waited(lambda: all(has_ended(p) for p in others), PATIENCE)
    assert said == ""
    left = {"SIGINT": ["run.json"]}
    assert os.listdir(output) == left.get(number, [])


@pytest.mark.skipif(not keeper.IS_LINUX, reason="there is no subreaper")
def test_a_worker_ends_with_its_keeper(spinning):
    _, (worker, *others), _ = spinning()
    parent = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(parent, signal.SIGKILL)
    assert waited(lambda: has_ended(worker), PATIENCE)
    for process in others:  # which nobody keeps any more
        os.kill(process, signal.SIGKILL)


@pytest.mark.skipif(not keeper.IS_LINUX, reason="there is no subreaper")
def test_what_a_route_has_started_ends_with_a_run_that_ends_well(spinning):
    process, others, output = spinning(then="pass")
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0
    assert waited(lambda: all(has_ended(p) for p in others), PATIENCE)
    verdicts = from_json((output / "run.json").read_bytes()).verdicts
    assert {v.verdict for v in verdicts} == {"agrees"}


def test_a_signal_that_is_ignored_stays_so(tmp_path):
    code = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "from symgrad.commands import endings;"
        "endings.heed_signals(); print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN,"
        "signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"]


# --- the command itself

INTERRUPTED_AT_AN_IMPORT = """
import os, signal
os.kill(os.getpid(), signal.SIGINT)
"""


def test_an_interrupt_while_modules_are_imported_says_nothing(tmp_path):
    (tmp_path / "rich.py").write_text(INTERRUPTED_AT_AN_IMPORT)
    done = subprocess.run(
        [sys.executable, "verify.py", "trace"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=heed_interrupts,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode in (130, -signal.SIGINT)  # either is 130 to a shell
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize(("module", "is_one_line"), [("msgspec", True), ("symgrad.cli", False)])
def test_a_python_without_the_dependencies_is_told_so(tmp_path, module, is_one_line):
    """What is missing of symgrad itself is an error of ours, with its traceback."""
    planted = f"raise ModuleNotFoundError('no', name={module!r})"
    (tmp_path / "msgspec.py").write_text(planted)
    done = subprocess.run(
        [sys.executable, "verify.py", "trace"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    lines = done.stderr.splitlines()
    assert ((done.returncode, len(lines)) == (3, 1)) is is_one_line, done.stderr
    assert ("`make verify` makes an environment" in done.stderr) is is_one_line


@pytest.mark.parametrize("stream", [0, 1, 2])
@pytest.mark.sampled(3)
def test_a_closed_stream_loses_what_goes_there_and_nothing_else(tmp_path, stream):
    output = tmp_path / "run.json"
    command = [sys.executable, "verify.py", "trace", "-f", "numpy", "--json", str(output)]

    def close():
        with suppress(OSError):
            os.close(stream)

    pipes = {"stdout": subprocess.PIPE} if stream != 1 else {}
    done = subprocess.run(command, cwd=ROOT, preexec_fn=close, text=True, **pipes)
    assert done.returncode == 0
    assert {v.verdict for v in from_json(output.read_bytes()).verdicts} == {"agrees"}
    if stream != 1:
        assert done.stdout.endswith(
            "3 gradients: 3 agree, 0 inaccurate, 0 disagree, 0 refused, 0 failed\n"
        )


@pytest.mark.parametrize(("jobs", "status"), [("1025", 2), ("3000000", 2), ("1024", 0)])
def test_more_jobs_than_any_machine_runs_are_refused(tmp_path, jobs, status):
    command = [sys.executable, "verify.py", "atlas", "trace", "-f", "numpy", "--quiet"]
    command += ["--output", str(tmp_path), "--jobs", jobs]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == status
    said = f"error: Invalid value for '--jobs': {jobs} is not in the range 1<=x<=1024.\n"
    assert done.stderr == (said if status else "")


# --- what a framework declines, and what is a user's own error

PHASE = "    return (torch.linalg.{call}(X + 0j)[{k}][0, 0] * {by}).real\n"


@pytest.mark.parametrize(("call", "k"), [("eig", 1), ("eigh", 1), ("svd", 0)])
@pytest.mark.sampled(3)
def test_a_loss_that_depends_on_a_phase_is_refused_in_pytorchs_words(tmp_path, call, k):
    file = planted(tmp_path, torch=PHASE.format(call=call, k=k, by="(1 + 1j)").strip())
    status, by = judged(tmp_path, file, "-f", "torch", "--points", "1")
    (verdict,) = by["torch"]
    assert (status, verdict.verdict) == (2, "refused")
    assert "specified up to multiplication by e^{i phi}" in verdict.reason


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("torch.linalg.eigvalsh(X.half())", "refused"),
        ("raise RuntimeError('not supported')", "failed"),
        ("if len(X): raise NotImplementedError('not implemented for')", "failed"),
        ("X + 'a'", "failed"),
    ],
    ids=["compiled", "raised", "raised after a condition", "operator"],
)
@pytest.mark.sampled(2)
def test_an_error_of_the_users_own_is_no_refusal(tmp_path, body, outcome):
    file = planted(tmp_path, torch=body)
    status, by = judged(tmp_path, file, "-f", "torch", "--points", "1")
    assert [v.verdict for v in by["torch"]] == [outcome]
    assert status == {"refused": 2, "failed": 1}[outcome]


def test_a_type_error_of_numpy_in_a_users_file_is_no_refusal(tmp_path):
    file = planted(tmp_path, numpy="np.isnan(X.astype(object))")
    status, by = judged(tmp_path, file, "-f", "numpy", "--points", "1")
    (verdict,) = by["numpy"]
    assert (status, verdict.verdict) == (1, "failed")
    assert "not supported" in verdict.reason
