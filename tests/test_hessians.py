"""Hessians along a direction: exactly, and by every way that a framework differentiates twice."""

from fractions import Fraction

import numpy as np
import pytest

from symgrad import cli
from symgrad.commands.session import BAD_INPUT
from symgrad.court.judging.judge import judge
from symgrad.court.questions import Query, Reported
from symgrad.numeric.pool import is_installed
from symgrad.symbolic.catalogue import CATALOGUE, choose, instances
from symgrad.symbolic.catalogue.second import along
from symgrad.symbolic.certified.reference import certify, refer
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.proofs.prove import examine
from symgrad.symbolic.queries import cotangents, direction, hessian_along
from tests.helpers import judged

STEP = Fraction(1, 2**40)
X = ((4, 1, 0), (1, 3, -1), (0, -1, 6))
SINGULAR = ((1, 1, 0), (1, 1, 0), (0, 0, 2))
OF_RANK_ONE = ((1, 1, 1), (1, 1, 1), (1, 1, 1))
TIED = ((2, 0, 0), (0, 2, 0), (0, 0, 5))
COMPLEX = ((2, 1, 0, -1), (1, 3, 1, 0), (0, 1, 2, 1), (-1, 0, 1, 3))
"""[[2, 1 + i], [1 − i, 3]] by its real blocks, i-part B = [[0, 1], [−1, 0]]."""
DIFFERENTIABLE = [
    instance
    for function in CATALOGUE.values()
    if not function.gauge
    for instance in instances(function, 3)[:2]
]


def exact(rows, E=None, step=Fraction(0)):
    n = len(rows)
    return tuple(
        tuple(Fraction(rows[i][j]) + step * (E[i][j] if E else 0) for j in range(n))
        for i in range(n)
    )


def S_of(function, Y, blocks=1):
    found = certify(function, Y, {}, blocks)
    assert not found.refusal, found.refusal
    return found


def by_differences(function, rows, E, blocks=1):
    """The derivative of S along E, by a central difference of certified enclosures."""
    wide = np.kron(np.eye(blocks, dtype=int), np.array(E)).tolist()
    high, low = (S_of(function, exact(rows, wide, s), blocks).S for s in (STEP, -STEP))
    return ((high.high - low.high) + (high.low - low.low)) / float(2 * STEP)


@pytest.mark.sampled(15)
@pytest.mark.parametrize("function", DIFFERENTIABLE, ids=lambda f: f.name)
def test_the_theorem_differentiated_is_the_slope_of_the_theorem(function):
    E = direction(3)
    found = S_of(along(function, E), exact(X))
    expected = by_differences(function, X, E)
    size = max(np.abs(expected).max(), np.abs(S_of(function, exact(X)).S.high).max())
    assert np.abs(found.S.high - expected).max() < 1e-12 * size
    first = S_of(function, exact(X))
    inner = sum(Fraction(first.S.high[i, j]) * E[i][j] for i in range(3) for j in range(3))
    assert abs(float(found.value.mid - inner)) < 1e-12 * (1 + size)


@pytest.mark.parametrize("rows", [SINGULAR, OF_RANK_ONE, ((0,) * 3,) * 3], ids=str)
def test_a_determinant_at_a_singular_matrix(rows):
    (det,) = choose("det", 3)
    E = direction(3)
    found = S_of(along(det, E), exact(rows))
    assert np.abs(found.S.high - by_differences(det, rows, E)).max() < 1e-9


@pytest.mark.parametrize("name", ["weighted_exp[full]", "weighted_sqrt[symmetric]", "trace_log"])
def test_a_tie_is_no_obstacle_where_f_is_smooth(name):
    (function,) = choose(name, 3)
    E = direction(3)
    found = S_of(along(function, E), exact(TIED))
    expected = by_differences(function, TIED, E)
    assert np.abs(found.S.high - expected).max() < 1e-9 * np.abs(expected).max()


@pytest.mark.parametrize("name", ["log_det", "eigenvalue[0]", "cholesky_entry[1,0]", "trace_exp"])
def test_a_hermitian_matrix(name):
    (function,) = choose(name, 2)
    E = direction(2)
    found = S_of(along(function, E), exact(COMPLEX), 2)
    expected = by_differences(function, COMPLEX, E, 2)
    assert np.abs(found.S.high - expected).max() < 1e-9 * np.abs(expected).max()


@pytest.mark.parametrize("name", ["det", "log_det", "eigenvalue[1]", "weighted_log[full]"])
def test_the_sensitivity_is_that_of_the_second_derivative(name):
    (function,) = choose(name, 3)
    derived = along(function, direction(3))
    found = S_of(derived, exact(X)).sensitivity
    squares = np.zeros((3, 3))
    for i in range(3):
        for j in range(i + 1):
            D = [[int({k, m} == {i, j} and len({k, m}) == 2 - (i == j)) for m in range(3)]
                 for k in range(3)]  # fmt: skip
            squares += by_differences(derived, X, D) ** 2 / (1 if i == j else 2)
    assert np.allclose(found, np.sqrt(squares), rtol=1e-6)


@pytest.mark.parametrize("name", ["log_det", "eigenvalue[0]", "det", "cholesky_entry[1,0]"])
def test_it_is_proved_for_all_parameters(name):
    (function,) = choose(name, 2)
    found, query = hessian_along(function, direction(2))
    assert examine(found, symmetric(2)).holds
    theta = {"a": Fraction(2), "b": Fraction(1), "c": Fraction(3)}
    assert refer(found, symmetric(2), theta, "float64").evidence == "proved"
    assert query == Query(operator="hvp", direction=direction(2))


def reported(G, value, mode="reverse over reverse"):
    return Reported(0, "planted", "1", "f", "float64", value, np.asarray(G, float), mode=mode)


@pytest.mark.parametrize("name", ["log_det", "eigenvalue[0]", "weighted_exp[full]", "trace_square"])
@pytest.mark.parametrize("form", [lambda S: S, lambda S: np.tril(S) + np.tril(S, -1)])
def test_every_convention_of_a_hessian_agrees_and_a_small_error_does_not(name, form):
    (function,) = choose(name, 3)
    true = S_of(along(function, direction(3)), exact(X))
    G, value = form(true.S.high), float(true.value.mid)
    assert judge(true, reported(G, value), "float64").verdict == "agrees"
    off = G + 1e-10 * np.abs(G).max() * np.eye(3)
    assert judge(true, reported(off, value), "float64").verdict == "disagrees"
    spurious = 2 * true.S.high - np.diag(np.diag(true.S.high))
    if np.abs(true.S.high - np.diag(np.diag(true.S.high))).max() > 0:
        assert judge(true, reported(spurious, value), "float64").verdict == "disagrees"


def test_the_hessian_of_a_linear_function_is_zero_and_judged():
    (trace,) = choose("trace", 2)
    true = S_of(along(trace, direction(2)), exact(((2, 1), (1, 3))))
    zero, value = np.zeros((2, 2)), float(true.value.mid)
    assert judge(true, reported(zero, value), "float64").verdict == "agrees"
    off = zero + np.eye(2) * 1e-12
    assert judge(true, reported(off, value), "float64").verdict == "disagrees"


def test_put_together_from_slopes_it_has_no_convention():
    (function,) = choose("log_det", 3)
    true = S_of(along(function, direction(3)), exact(X))
    about = (true.S.high, float(true.value.mid))
    by_slopes = judge(true, reported(*about, "forward over forward"), "float64")
    assert (by_slopes.verdict, by_slopes.convention) == ("agrees", None)
    assert judge(true, reported(*about), "float64").convention == "symmetric"


ALL_WAYS = {
    "reverse over reverse",
    "forward over reverse",
    "reverse over forward",
    "forward over forward",
    "hessian",
}
WAYS = {
    "torch": ALL_WAYS,
    "jax": ALL_WAYS,
    "tensorflow": ALL_WAYS,
    "autograd": {"reverse over reverse", "hessian"},
    "casadi": ALL_WAYS - {"forward over forward"},
}
OWN = """
exact = "weighted_inverse"

def torch_right(X, W):
    import torch
    return (W * torch.linalg.inv(X)).sum()

def jax_right(X, W):
    import jax.numpy as jnp
    return (W * jnp.linalg.inv(X)).sum()

def tensorflow_right(X, W):
    import tensorflow as tf
    return tf.reduce_sum(W * tf.linalg.inv(X))

def autograd_right(X, W):
    import autograd.numpy as anp
    return anp.sum(W * anp.linalg.inv(X))

def casadi_right(X, W):
    import casadi as ca
    return ca.dot(W, ca.inv(X))

def wrong(right):
    return lambda X, W: right(X, W) * 1.0000000001

right = {name: globals()[name + "_right"] for name in (
    "torch", "jax", "tensorflow", "autograd", "casadi")}
routes = {name: {"right": f, "wrong": wrong(f)} for name, f in right.items()}
"""


@pytest.mark.sampled(2)
@pytest.mark.parametrize("framework", WAYS)
def test_every_way_to_differentiate_twice_is_judged(tmp_path, framework):
    if not is_installed(framework):
        pytest.skip(f"{framework} is not installed")
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    argv = (str(path), "-f", framework, "-n", "3", "--points=1", "--query=hvp")
    _, verdicts = judged(tmp_path, *argv)
    outcomes = {(v.route, v.mode): v.verdict for v in verdicts[framework]}
    for mode in WAYS[framework]:
        assert outcomes["right", mode] == "agrees"
        assert outcomes["wrong", mode] == "disagrees"


@pytest.mark.slow
def test_a_formula_of_ones_own_is_differentiated_twice(tmp_path):
    path = tmp_path / "square.py"
    path.write_text(
        "formula, domain, citation = 'tr X³', 'symmetric', 'mine'\n"
        "def exact(X):\n    return (X * X * X).trace()\n"
        "def route(X):\n    return (X @ X @ X).trace()\n"
        "def off(X):\n    return (X @ X @ X).trace() * 1.000000001\n"
        "routes = {'torch': {'right': route, 'wrong': off}}\n"
    )
    argv = (str(path), "-f", "torch", "--points=1", "--query=hvp")
    _, verdicts = judged(tmp_path, *argv)
    assert {(v.route, v.verdict) for v in verdicts["torch"]} == {
        ("right", "agrees"),
        ("wrong", "disagrees"),
    }


def test_what_has_no_derivative_in_a_framework_is_refused(tmp_path):
    _, verdicts = judged(tmp_path, "log_det", "-f", "numpy", "--points=1", "--query=hvp")
    assert {v.verdict for v in verdicts["numpy"]} == {"refused"}
    assert all("it differentiates once" in v.reason for v in verdicts["numpy"])


@pytest.mark.parametrize("query", ["vjp", "jvp"])
def test_cotangents_of_three_kinds(tmp_path, query):
    argv = ("weighted_inverse", "-f", "torch", "--points=1", "-n", "3", f"--query={query}")
    _, verdicts = judged(tmp_path, *argv)
    kinds = {v.function for v in verdicts["torch"]}
    assert kinds == {f"weighted_inverse[W {kind}]" for kind in ("symmetric", "lower", "general")}
    assert {v.verdict for v in verdicts["torch"]} == {"agrees"}
    assert ("forward" in {v.mode for v in verdicts["torch"]}) == (query == "jvp")


def test_a_cotangent_is_what_its_kind_says():
    (function,) = choose("weighted_inverse", 3)
    symmetric_, lower, general = (np.array(f.constants["W"]) for f in cotangents(function))
    assert np.array_equal(symmetric_, symmetric_.T)
    assert np.array_equal(lower, np.tril(general))
    assert not np.array_equal(general, general.T)


@pytest.mark.parametrize("name", ["weighted_exp[full]", "projector[1]", "weighted_inverse"])
def test_a_complex_cotangent_of_hermitian_matrices(name):
    (function,) = choose(name, 2)
    weights = {f.name: np.array(f.constants["W"]) for f in cotangents(function, 2)}
    hermitian, lower, general = weights.values()
    assert np.array_equal(hermitian, hermitian.conj().T)
    assert np.array_equal(lower, np.tril(general))
    assert all(np.any(W.imag) for W in weights.values())
    skew = [[0, 0, 0, -1], [0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0]]
    for asked in cotangents(function, 2):
        true = S_of(asked, exact(COMPLEX), 2)
        values = [S_of(asked, exact(COMPLEX, skew, s), 2).value.mid for s in (STEP, -STEP)]
        slope = float((values[0] - values[1]) / (2 * STEP))
        assert slope == pytest.approx(float(np.sum(true.S.high * skew)), rel=1e-9, abs=1e-12)
        assert asked.told["W"]["imaginary"] != [[0, 0], [0, 0]]


def test_a_complex_cotangent_tells_a_conjugate_that_is_left_out(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(CONJUGATES)
    argv = (str(path), "-f", "torch", "--points=1", "--query=vjp", "-p", "hermitian")
    _, verdicts = judged(tmp_path, *argv)
    found = {(v.function.partition("W ")[2], v.route): v.verdict for v in verdicts["torch"]}
    kinds = ("Hermitian]", "lower]", "general]")
    assert found == {
        (kind, route): verdict
        for kind in kinds
        for route, verdict in (("right", "agrees"), ("wrong", "disagrees"))
    }


CONJUGATES = """
exact = "weighted_inverse"

def right(X, W):
    import torch
    return (W * torch.linalg.inv(X)).sum()

def wrong(X, W):
    import torch
    return (W.conj() * torch.linalg.inv(X)).sum()

routes = {"torch": {"right": right, "wrong": wrong}}
"""


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("det", "--query", "vjp"), "det is a number"),
        (("det", "--direction", "1 0; 0 1"), "give --query hvp too"),
        (("det", "--query", "hvp", "--direction", "1 2; 3 4"), "the direction is not symmetric"),
        (("det", "--query", "hvp", "--direction", "1 2; 2"), "the direction is not square"),
        (("det", "--query", "hvp", "--direction", ";"), "the direction is not square"),
        (("det", "--query", "hvp", "--direction", "1/2 0; 0 1"), "give integers below"),
        (("det", "--query", "hvp", "--direction", "1"), "the direction is 1×1, X is 2×2"),
        (("det", "--query", "hvp", "-n", "101"), "asked for sizes 1 to 100"),
        (("det", "--query", "hessian"), "hessian"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(capsys, argv, said):
    assert cli.main([*argv, "-f", "numpy"]) == BAD_INPUT
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_a_hessian_is_not_convicted_for_the_derivative_that_was_not_asked():
    (function,) = choose("log_det", 3)
    true = S_of(along(function, direction(3)), exact(X))
    for slope in (float("nan"), 1e6):
        verdict = judge(true, reported(true.S.high, slope), "float64")
        assert (verdict.verdict, verdict.value) == ("agrees", None)
        off = judge(true, reported(true.S.high * (1 + 1e-9), slope), "float64")
        assert off.verdict == "disagrees"


def test_the_value_has_a_verdict_of_its_own():
    (function,) = choose("log_det", 3)
    true = S_of(function, exact(X))
    value = float(true.value.mid)
    right = judge(true, reported(true.S.high, value, "reverse"), "float64")
    assert (right.verdict, right.value) == ("agrees", "agrees")
    gradient_off = judge(true, reported(true.S.high * 1.1, value, "reverse"), "float64")
    assert (gradient_off.verdict, gradient_off.value) == ("disagrees", "agrees")
    value_off = judge(true, reported(true.S.high, value * 1.1, "reverse"), "float64")
    assert (value_off.verdict, value_off.value) == ("disagrees", "disagrees")


@pytest.mark.slow
def test_a_whole_hessian_is_asked_of_real_matrices_alone(tmp_path):
    argv = ("log_det", "-f", "torch", "--points=1", "--query=hvp", "-p", "hermitian")
    _, verdicts = judged(tmp_path, *argv)
    outcomes = {v.mode: v.verdict for v in verdicts["torch"] if v.route == "torch.linalg.cholesky"}
    assert outcomes["hessian"] == "refused"
    assert outcomes["reverse over reverse"] == "agrees"
