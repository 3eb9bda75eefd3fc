"""What a terminal shows: where text is cut, which characters it has, what a shell completes."""

import io
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.shell_completion import ShellComplete
from rich.console import Console

from symgrad import cli, inquiry
from symgrad.court.errors import InputError
from symgrad.report import plot, terminal
from symgrad.report.wrapping import Call, clipped, counted, folded
from symgrad.symbolic.catalogue import CATALOGUE
from tests.helpers import heed_interrupts

ROOT = Path(__file__).parent.parent
LONG = "tf.linalg.LinearOperatorFullMatrix(is_self_adjoint=True).eigvals"


@pytest.mark.parametrize("width", [20, 30, 40, 80])
@pytest.mark.parametrize("call", [LONG, "jnp.linalg.eigvalsh(UPLO='U', symmetrize_input=False)"])
def test_a_route_never_breaks_inside_a_word(call, width):
    lines = folded(call, width)
    assert "".join("".join(lines).split()) == "".join(call.split())
    words = set(re.findall(r"\w+", call))
    assert all(set(re.findall(r"\w+", line)) <= words for line in lines)
    if width >= 40:
        assert all(len(line) <= width for line in lines)


def test_a_route_in_a_table_takes_what_there_is():
    console = Console(width=40, file=io.StringIO())
    shown = console.render_lines(Call(LONG), console.options, pad=False)
    assert ["".join(s.text for s in line) for line in shown] == folded(LONG, 40)


def test_a_reason_keeps_whole_clauses():
    reason = "First clause here. " + "Second clause, which is long; " * 3 + "third (a.py:3)."
    short = clipped(reason, 60)
    assert (
        short == "First clause here. Second clause, which is long; […] (--verbose: 3 clauses more)"
    )
    assert clipped(reason, 10).startswith("First clause here. […]")
    assert clipped(reason) == reason
    assert clipped("x" * 400) == "x" * 400


def test_one_is_not_many():
    assert [counted(n, "gradient") for n in (0, 1, 2)] == [
        "0 gradients",
        "1 gradient",
        "2 gradients",
    ]
    assert terminal.closing_line([], [], "").plain.startswith("0 gradients: 0 agree")


def test_characters_that_are_missing_are_written_in_one_that_is_there():
    assert "⟨G, ∂X/∂θ⟩ ≤ 2·λ₁".encode("ascii", "symgrad") == b"<G, dX/dt> < 2*l1"
    assert "é".encode("ascii", "symgrad") == b"\\xe9"
    assert "·²".encode("cp437", "symgrad").decode("cp437") == "·²"
    assert all(len(c) == len(p) == 1 and p.isascii() for c, p in terminal.PLAIN.items())


# --- the command line


def completed(*words):
    """What a shell is offered after some words; the last one is unfinished."""
    *given, last = words
    asked = inquiry.Witnesses([])
    found = ShellComplete(cli.PROGRAM, {"obj": asked}, "symgrad", "_X").get_completions(given, last)
    return [item.value for item in found]


def test_a_shell_completes_commands_functions_structures_and_options():
    assert {"atlas", "history", "log_det"} <= set(completed(""))
    assert completed("atl") == ["atlas"]
    assert completed("log_d") == ["log_det"]
    assert completed("det", "-p", "toep") == ["toeplitz"]
    assert completed("det", "-f", "tens") == ["tensorflow"]
    assert completed("--sec") == ["--section"]
    assert "--axes" in completed("atlas", "--a")
    assert completed("nothing_like_it") == []


def test_no_function_is_taken_for_a_command():
    for name in CATALOGUE:
        cli.PROGRAM.check_word(name)
    with pytest.raises(click.UsageError, match="did you mean the command findings"):
        cli.PROGRAM.check_word("finding")


@pytest.mark.parametrize("name", ["verify.py", "symgrad/__main__.py"])
def test_an_interrupt_during_the_imports_is_no_traceback(name):
    """The import of click waits until it has come."""
    wait = (
        "import builtins, signal, os; real = builtins.__import__\n"
        "def slow(name, *a, **k):\n"
        "    if name == 'click': os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(name, *a, **k)\n"
        "builtins.__import__ = slow\n"
        f"import runpy; runpy.run_path({str(ROOT / name)!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", wait], cwd=ROOT, capture_output=True, preexec_fn=heed_interrupts
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


# --- pictures


def test_the_error_is_told_in_units_of_the_last_place():
    S = np.array([[1.0, 0.25], [0.25, 0.0]])
    G = S + np.array([[2.0**-52, 2.0**-54], [2.0**-54, 2.0**-52]])
    assert plot.ulps(G, S, "float64").tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert plot.ulps(G + np.array([[0, 1], [-1, 0]]), S, "float64").tolist() == [[1, 0], [0, 1]]


def test_a_report_is_drawn_alike_each_time_and_a_refusal_is_not(tmp_path):
    import symgrad

    X = [[2.0, 1.0], [1.0, 3.0]]
    report = symgrad.check_gradient([[0.6, 0.0], [-0.4, 0.4]], "log_det", X)
    report.plot(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_bytes() == plot.to_svg(report.plot())
    refused = symgrad.check_gradient(np.eye(2), "eigenvalue[0]", np.eye(2))
    with pytest.raises(InputError, match="nothing to draw, refused: "):
        refused.plot()
