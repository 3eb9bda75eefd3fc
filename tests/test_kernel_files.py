"""``-p my_kernel.py:kernel``: f(X(θ)) of two files, judged in θ by what both execute."""

import msgspec
import pytest

from symgrad import check, cli
from symgrad.report.run import Run

LOSS = """
import torch


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, X):
        ctx.save_for_backward(X)
        return torch.logdet(X)

    @staticmethod
    def backward(ctx, G):
        S = torch.linalg.inv(ctx.saved_tensors[0])
        return G * (2 * S - torch.diag(torch.diagonal(S)))


def loss(X):
    return torch.logdet(X)


def doubled(X):
    return Doubled.apply(X)
"""
KERNEL = """
import torch


def kernel(theta):
    i = torch.arange(3, dtype=theta.dtype)
    near = torch.exp(-((i[:, None] - i) ** 2) / (2 * theta[0] ** 2))
    return near + theta[1] * torch.eye(3, dtype=theta.dtype)


def slip(theta):
    off = 1e-10 * (theta[1] - theta[1].detach())
    return kernel(torch.stack([theta[0], theta[1] + off]))


NUMBER = 1
"""
NAMED = KERNEL + '\ntheta = ("ell", "noise")\npoints = [(1, 2), ("3/2", "1/4")]\n'


@pytest.fixture
def loss(tmp_path):
    path = tmp_path / "my_loss.py"
    path.write_text(LOSS)
    return path


@pytest.fixture
def kernel(tmp_path):
    path = tmp_path / "my_kernel.py"
    path.write_text(KERNEL)
    return path


def run(arguments, path):
    status = cli.main([*map(str, arguments), "--json", str(path), "--quiet"])
    return status, msgspec.json.decode(path.read_bytes(), type=Run).verdicts


@pytest.mark.parametrize(
    ("f", "g", "verdict"),
    [
        ("loss", "kernel", "agrees"),
        ("doubled", "kernel", "disagrees"),
        ("loss", "slip", "disagrees"),
    ],
)
def test_it_is_judged_in_its_parameters(loss, kernel, tmp_path, f, g, verdict):
    asked = [f"{loss}:{f}", "-p", f"{kernel}:{g}", "--point", "a=1, b=2"]
    status, (found,) = run(asked, tmp_path / "out.json")
    assert (status, found.verdict) == (int(verdict == "disagrees"), verdict)
    assert (found.function, found.parameterization, found.evidence) == (f, g, "traced")
    assert [c.name for c in found.parameters] == ["a", "b"]
    assert found.point == {"a": "1", "b": "2"}
    if f == "doubled":
        assert "Doubled (my_loss.py:22)" in found.reason
        assert "doubled off the diagonal" in found.reason


def test_the_interface_says_the_same(loss, kernel, tmp_path):
    asked = [f"{loss}:loss", "-p", f"{kernel}:kernel", "--point", "a=1, b=2"]
    _, (found,) = run(asked, tmp_path / "out.json")
    torch = pytest.importorskip("torch")
    names = {}
    exec(LOSS + KERNEL, names)
    theta = torch.tensor([1.0, 2.0], dtype=torch.float64)
    report = check(names["loss"], theta, parameterization=names["kernel"])
    assert [(c.contracted, c.exact) for c in report.record.parameters] == [
        (c.contracted, c.exact) for c in found.parameters
    ]


def test_the_file_may_name_the_parameters_and_the_points(loss, kernel, tmp_path):
    kernel.write_text(NAMED)
    asked = [f"{loss}:loss", "-p", f"{kernel}:kernel"]
    status, found = run(asked, tmp_path / "out.json")
    assert (status, [v.point for v in found]) == (
        0,
        [{"ell": "1", "noise": "2"}, {"ell": "3/2", "noise": "1/4"}],
    )
    turned = [*asked, "--point", "noise=2, ell=1"]
    assert run(turned, tmp_path / "out.json")[1][0].parameters == found[0].parameters
    forward = [*asked, "--points", "1", "--forward"]
    assert [v.verdict for v in run(forward, tmp_path / "out.json")[1]] == ["agrees"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{}:kernel"], "the parameters are not known; give --point"),
        (["{}:colonel", "--point", "a=1"], "no callable 'colonel' in it"),
        (["{}:NUMBER", "--point", "a=1"], "no callable 'NUMBER'"),
        (["{}x.py:kernel", "--point", "a=1"], "there is no such file"),
        (["{}:kernel", "--point", "a=1, a=2"], "gives a parameter twice"),
        (["{}:kernel", "--point", "a"], "is not of the form"),
        (["{}:kernel", "--matrix", "2 1; 1 3"], "give a --point and no --matrix"),
        (["{}:kernel", "--point", "a=1, b=2", "-n", "3"], "leave out --size"),
        (["{}"], "X must be a function of n"),
        (["toeplits"], "unknown parameterization"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(loss, kernel, capsys, arguments, told):
    asked = [part.format(kernel) for part in arguments]
    assert cli.main([f"{loss}:loss", "-p", *asked]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1


def test_a_kernel_of_another_framework_is_refused(loss, kernel, capsys):
    kernel.write_text("import jax.numpy as jnp\ndef kernel(theta):\n    return jnp.diag(theta)\n")
    assert cli.main([f"{loss}:loss", "-p", f"{kernel}:kernel", "--point", "a=1, b=2"]) == 2
    assert "makes X(θ) in jax, and f is a function of torch" in capsys.readouterr().err


OTHERS = {
    "jax": "import jax\njax.config.update('jax_enable_x64', True)\nimport jax.numpy as jnp\n"
    "def loss(X):\n    return jnp.linalg.slogdet(X)[1]\n"
    "def kernel(theta):\n    return jnp.array([[theta[0], 1.0], [1.0, theta[1]]])\n",
    "tensorflow": "import tensorflow as tf\n"
    "def loss(X):\n    return tf.linalg.logdet(X)\n"
    "def kernel(theta):\n    return tf.linalg.diag(theta) + tf.ones((2, 2), theta.dtype)\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("framework", OTHERS)
def test_other_frameworks(tmp_path, framework):
    path = tmp_path / "both.py"
    path.write_text(OTHERS[framework])
    asked = [f"{path}:loss", "-p", f"{path}:kernel", "--point", "a=2, b=3"]
    status, (found,) = run(asked, tmp_path / "out.json")
    assert (status, found.framework, found.verdict) == (0, framework, "agrees")


def test_callables_of_a_file_are_judged_in_every_structure(loss, tmp_path):
    own = tmp_path / "own.py"
    own.write_text(
        "from sympy import eye, ones\nformula = 'a I + b J'\ntheta = ('a', 'b')\n"
        "points = [(2, '1/3')]\ndef X(n, a, b):\n    return a * eye(n) + b * ones(n, n)\n"
    )
    names = ["toeplitz", "fixed_trace", str(own)]
    asked = [part for name in names for part in ("-p", name)]
    status, found = run([f"{loss}:loss", *asked, "-n", 3, "--points", 1], tmp_path / "out.json")
    assert status == 0
    assert [(v.parameterization, len(v.parameters), v.verdict) for v in found] == [
        ("toeplitz", 3, "agrees"),
        ("fixed_trace", 5, "agrees"),
        ("own", 2, "agrees"),
    ]
    status, found = run([f"{loss}:doubled", *asked, "-n", 3, "--points", 1], tmp_path / "out.json")
    assert (status, {v.verdict for v in found}) == (1, {"disagrees"})
