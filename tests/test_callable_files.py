"""``verify.py my_loss.py:loss``: a callable of a file, judged by what it executes."""

import msgspec
import pytest

from symgrad import cli
from symgrad.function_files import is_by_record
from symgrad.report.run import Run

TEXT = """
import torch


def loss(X):
    w, V = torch.linalg.eigh(X)
    return ((V * w.log()) @ V.T).pow(2).sum()


def surrogate(X):
    return (X * X.detach()).sum()


def largest(X):
    return torch.linalg.eigvalsh(X)[-1]


def endless(X):
    while True:
        X = X + 0


NUMBER = 1
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my_loss.py"
    path.write_text(TEXT)
    return path


def run(arguments, path):
    status = cli.main([*arguments, "--json", str(path), "--quiet"])
    return status, msgspec.json.decode(path.read_bytes(), type=Run).verdicts


def test_a_right_one_agrees_at_every_point(file, tmp_path, capsys):
    status, verdicts = run([f"{file}:loss", "-n", "4"], tmp_path / "out.json")
    assert status == 0
    assert [(v.function, v.framework, v.size, v.verdict) for v in verdicts] == [
        ("loss", "torch", 4, "agrees")
    ] * 3
    assert {(v.evidence, v.parameterization) for v in verdicts} == {("traced", "symmetric")}
    assert len({str(v.point) for v in verdicts}) == 3
    assert cli.main([f"{file}:loss", "--matrix", "2 1; 1 3"]) == 0
    assert "1 gradient: 1 agree" in capsys.readouterr().out


def test_a_wrong_one_disagrees_and_its_step_is_named(file, tmp_path):
    status, verdicts = run([f"{file}:surrogate", "--points", "1"], tmp_path / "out.json")
    assert status == 1
    (verdict,) = verdicts
    assert verdict.verdict == "disagrees"
    assert "held constant" in verdict.reason
    assert "my_loss.py:11" in verdict.reason


def test_float32_and_forward_mode(file, tmp_path):
    status, verdicts = run(
        [f"{file}:largest", "--dtype", "float32", "--forward", "-f", "torch"], tmp_path / "out.json"
    )
    assert status == 0
    assert {(v.dtype, v.mode) for v in verdicts} == {("float32", "forward")}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{}:lose"], "no callable 'lose' in it; there are endless, largest, loss, surrogate"),
        (["{}:NUMBER"], "no callable 'NUMBER'"),
        (["{}:"], "no callable ''"),
        (["{}"], ".py:loss"),
        (["{}.py:loss"], "there is no such file"),
        (["{}:loss", "det"], "judged by itself"),
        (["{}:loss", "--gradient", "1 0; 0 1", "-f", "torch"], "leave the rest out"),
        (["{}:loss", "--matrix", "2", "-n", "3"], "leave out --size"),
        (["{}:loss", "-n", "0"], "size 0"),
        (["{}:loss", "-f", "jax"], "it imports none of torch, jax, tensorflow"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(file, capsys, arguments, told):
    assert cli.main([part.format(file) for part in arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1


def test_a_callable_that_does_not_end_is_ended(file, capsys):
    assert cli.main([f"{file}:largest", "--points", "1", "--quiet"]) == 0  # has imported PyTorch
    assert cli.main([f"{file}:endless", "--timeout", "1"]) == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert "does not end within 1 s" in error


ROUTES = """
import torch


def right(X):
    exact = torch.linalg.inv(X)
    return exact.trace()


def wrong(X):
    return right(X) + (X[0, 0] - X[0, 0].detach()) * 1e-6


routes = {"torch": {"by inv": right, "with a slip": wrong}}
"""


def test_routes_without_a_definition_are_judged_by_what_they_execute(tmp_path):
    path = tmp_path / "trace_inverse.py"
    path.write_text(ROUTES)
    status, verdicts = run([str(path), "-n", "7", "--points", "1"], tmp_path / "out.json")
    assert status == 1
    assert [(v.function, v.route, v.verdict, v.evidence) for v in verdicts] == [
        ("trace_inverse", "by inv", "agrees", "traced"),
        ("trace_inverse", "with a slip", "disagrees", "traced"),
    ]
    assert cli.main([str(path), "-f", "autograd"]) == 2


@pytest.mark.parametrize(
    ("text", "is_alone"),
    [
        (ROUTES, True),
        (ROUTES + "\nexact = 'trace'", False),
        (ROUTES + "\nif True:\n    gauge = 'sign'", False),
        (ROUTES + "\nfrom elsewhere import exact", False),
        (ROUTES + "\nfrom elsewhere import *", False),
        ("def exact(X):\n    return 1\n" + ROUTES, False),
        ("routes: dict = {}", True),
        ("answers = {}", False),
        ("routes = (", False),
    ],
)
def test_whether_a_file_has_a_definition_is_read_off_its_text(tmp_path, text, is_alone):
    path = tmp_path / "f.py"
    path.write_text(text)
    assert is_by_record(str(path)) == is_alone
    assert is_by_record(f"{path}:f")


@pytest.mark.parametrize(
    ("exact", "verdict"),
    [
        ('"trace_square"', "agrees"),
        ("lambda X: (X * X).trace()", "agrees"),
        ('"trace_cube"', "refused"),
        ("lambda X: (X * X).trace() * (1 + sympy.Rational(1, 10**13))", "refused"),
    ],
)
def test_what_is_executed_is_held_against_the_files_own_definition(tmp_path, exact, verdict):
    path = tmp_path / "square.py"
    path.write_text(
        f"import sympy, torch\nexact = {exact}\ndef square(X):\n    return (X @ X).trace()\n"
    )
    status, verdicts = run([f"{path}:square", "-n", "3", "--points=1"], tmp_path / "out.json")
    assert [v.verdict for v in verdicts] == [verdict]
    assert [r.kind for v in verdicts for r in v.reasons] == ["definition"] * (status == 2)


HERMITIAN = """
import torch

exact = "log_det"


def loss(X):
    return 2 * torch.linalg.cholesky(X).diagonal().real.log().sum()


def wrong(X):
    return loss(X) + 1e-9 * (X[0, 1].real - X[0, 1].real.detach())
"""


@pytest.mark.parametrize(("name", "verdict"), [("loss", "agrees"), ("wrong", "disagrees")])
@pytest.mark.parametrize("where", [["--matrix", "2 1i; -1i 3"], ["-p", "hermitian", "--points=1"]])
def test_callables_of_hermitian_matrices(tmp_path, name, verdict, where):
    path = tmp_path / "hermitian_loss.py"
    path.write_text(HERMITIAN)
    _, verdicts = run([f"{path}:{name}", *where], tmp_path / "out.json")
    assert [(v.verdict, v.dtype, v.parameterization) for v in verdicts] == [
        (verdict, "complex128", "hermitian")
    ]
    assert cli.main([f"{path}:{name}", *where, "--dtype", "bfloat16"]) == 2
