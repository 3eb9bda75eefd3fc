"""``verify.py my_loss.py:loss``: a callable of a file, judged by what it executes."""

import msgspec
import pytest

from symgrad import cli
from symgrad.court.records import Run

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
    assert "1 gradients: 1 agree" in capsys.readouterr().out


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
        (["{}.py:loss"], "there is no such file"),
        (["{}:loss", "det"], "judged by itself"),
        (["{}:loss", "-p", "toeplitz"], "leave the rest out"),
        (["{}:loss", "-f", "jax"], "it imports none of torch, jax, tensorflow"),
        (["{}:endless", "--timeout", "2"], "does not end within 2 s"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(file, capsys, arguments, told):
    assert cli.main([part.format(file) for part in arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1
