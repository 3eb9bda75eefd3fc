"""``symgrad.check`` and what goes with it, in the caller's process, by every framework."""

import doctest
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy

import symgrad
from symgrad import checks, strategies
from symgrad.court.errors import InputError
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.here import exactly, true_at

ROOT = Path(__file__).parent.parent
X = np.array([[2.0, 1.0, 0.3], [1.0, 3.0, 0.2], [0.3, 0.2, 1.5]])
ASK = """
import json, numpy as np, symgrad
{imports}
X = np.array({matrix})
def right(x):
    return {value}
def wrong(x):
    return {value} * (1 + 1e-9)
def told(report):
    return [report.verdict, report.convention, report.record.framework, report.error]
own = {own}
named = dict(function="log_det", framework={framework!r})
print(json.dumps([told(symgrad.check(f, x, **how)) for f, x, how in (
    (right, own, dict(function="log_det")), (right, X, named), (wrong, X, named),
) if x is not None]))
"""
BY_FRAMEWORK = {
    "torch": ("import torch", "torch.logdet(x)", "torch.tensor(X, requires_grad=True)"),
    "tensorflow": ("import tensorflow as tf", "tf.linalg.logdet(x)", "tf.Variable(X)"),
    "jax": (
        "import jax, jax.numpy as jnp; jax.config.update('jax_enable_x64', True)",
        "jnp.linalg.slogdet(x)[1]",
        "jnp.asarray(X)",
    ),
    "autograd": ("import autograd.numpy as anp", "anp.linalg.slogdet(x)[1]", "None"),
    "paddle": ("import paddle", "paddle.linalg.slogdet(x)[1]", "paddle.to_tensor(X)"),
    "pytensor": ("import pytensor.tensor as pt", "pt.log(pt.linalg.det(x))", "None"),
    "casadi": ("import casadi", "casadi.log(casadi.det(x))", "None"),
}


@pytest.mark.parametrize("framework", BY_FRAMEWORK)
@pytest.mark.sampled(2)
def test_a_callable_is_judged_in_a_process_of_the_users_own(framework):
    pytest.importorskip(framework) if framework == "autograd" else None
    imports, value, own = BY_FRAMEWORK[framework]
    about = {"imports": imports, "value": value, "own": own, "framework": framework}
    code = ASK.format(matrix=X.tolist(), **about)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    *own_arrays, by_name, wrong = json.loads(done.stdout.splitlines()[-1])
    for outcome, convention, who, error in (*own_arrays, by_name):
        assert (outcome, who) == ("agrees", framework)
        assert convention in ("symmetric", "lower", "upper", "unsymmetric")
        assert error < 1e-13
    assert (wrong[0], wrong[1]) == ("disagrees", "invalid")


def by_numpy(X):
    return np.linalg.slogdet(X)[1], np.linalg.inv(X)


def test_the_interface_is_what_it_says():
    assert symgrad.__all__ == sorted(symgrad.__all__)
    for name in symgrad.__all__:
        assert getattr(symgrad, name).__doc__
        assert name in dir(symgrad)
    with pytest.raises(AttributeError, match="no attribute 'chek'"):
        _ = symgrad.chek


@pytest.mark.parametrize("module", [checks, strategies], ids=lambda module: module.__name__)
def test_every_example_of_a_docstring_gives_what_it_says(module):
    done = doctest.testmod(module)
    assert done.attempted > 0
    assert done.failed == 0


def test_importing_it_imports_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); import symgrad; print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = {name.split(".")[0] for name in done.stdout.split()}
    assert "symgrad" in names
    assert not names & {"sympy", "numpy", "flint", "msgspec", "click", "rich", *BY_FRAMEWORK}
    assert len(done.stdout.split()) < 60


def test_a_gradient_that_is_off_by_the_last_digits_agrees_and_by_more_does_not():
    (instance,) = choose("log_det", 3)
    reference = true_at(instance, exactly(X)[0])
    S, tolerance = reference.S.high, entry_tolerances(reference, None, "float64")
    E = np.zeros((3, 3))
    E[1, 1] = tolerance[1, 1]
    assert symgrad.check_gradient(S + 0.9 * E, "log_det", X).verdict == "agrees"
    report = symgrad.check_gradient(S + 1.5 * E, "log_det", X)
    assert (report.verdict, report.is_right, bool(report)) == ("disagrees", False, False)
    assert 0.9 * tolerance[1, 1] < report.error < 2 * tolerance[1, 1]


@pytest.mark.parametrize(
    ("convention", "make"),
    [
        ("symmetric", lambda S: S),
        ("lower", lambda S: 2 * np.tril(S) - np.diag(np.diag(S))),
        ("upper", lambda S: 2 * np.triu(S) - np.diag(np.diag(S))),
        ("unsymmetric", lambda S: S + np.array([[0, 1, 0], [-1, 0, 2], [0, -2, 0]])),
    ],
)
def test_every_convention_has_its_name_and_the_cookbook_s_gradient_has_none(convention, make):
    S = symgrad.derive("log_det", X).gradient
    assert symgrad.check_gradient(make(S), "log_det", X).convention == convention
    spurious = symgrad.check_gradient(2 * S - np.diag(np.diag(S)), "log_det", X)
    assert not spurious
    assert "vech" in spurious.reason


def test_a_printed_gradient_says_how_many_digits_it_has():
    S = symgrad.derive("log_det", X).gradient
    printed = np.vectorize(lambda x: float(f"{x:.5e}"))(S)
    assert symgrad.check_gradient(printed, "log_det", X).verdict == "disagrees"
    assert symgrad.check_gradient(printed, "log_det", X, digits=6).verdict == "agrees"
    printed[0, 0] += 2e-6
    assert symgrad.check_gradient(printed, "log_det", X, digits=6).verdict == "disagrees"


def test_a_definition_in_sympy_stands_for_a_name():
    def quartic(X):
        return (X**4).trace()

    def mine(X):
        return np.trace(np.linalg.matrix_power(X, 4)), 4 * np.linalg.matrix_power(X, 3)

    report = symgrad.check(mine, X, function=quartic)
    assert (report.verdict, report.record.function) == ("agrees", "quartic")
    off = symgrad.check(lambda X: (mine(X)[0], 3 * mine(X)[1] / 4), X, function=quartic)
    assert off.verdict == "disagrees"


def test_what_is_lost_to_rounding_is_no_wrong_formula():
    rng = np.random.default_rng(0)

    def noisy(X):
        value, G = by_numpy(X)
        return value, G + 1e-9 * rng.standard_normal(G.shape)

    assert symgrad.check(noisy, X, function="log_det").verdict == "inaccurate"
    shifted = symgrad.check(
        lambda X: (by_numpy(X)[0], by_numpy(X)[1] + 1e-9), X, function="log_det"
    )
    assert shifted.verdict == "disagrees"


def test_what_a_function_has_beside_x_is_passed_to_a_parameter_of_its_name():
    assert symgrad.catalogue(3)["weighted_square[full]"].constants == ("W",)

    def mine(X, W):
        return np.sum(W * (X @ X)), W @ X + X @ W

    assert symgrad.check(mine, X, function="weighted_square[full]").verdict == "agrees"
    seen = []
    symgrad.check(lambda X: seen.append(X) or (0.0, X), X, function="weighted_square[full]")
    assert seen


def test_an_error_of_the_callable_is_told_with_its_line():
    def broken(X):
        raise KeyError("mine")

    report = symgrad.check(broken, X, function="det")
    assert report.verdict == "failed"
    assert "KeyError: 'mine' (test_checks.py:" in report.reason
    with pytest.raises(AssertionError, match="KeyError: 'mine'"):
        symgrad.assert_gradient(broken, X, function="det")


def test_where_there_is_no_derivative_the_reason_is_told():
    report = symgrad.check(lambda X: (1.0, np.eye(3)), np.eye(3), function="eigenvalue[0]")
    assert (report.verdict, report.exact) == ("refused", None)
    assert "coincide" in report.reason
    outside = symgrad.check(by_numpy, -X, function="log_det")
    assert outside.verdict == "refused"
    assert "X is not positive definite" in outside.reason
    with pytest.raises(InputError, match="coincide"):
        symgrad.derive("eigenvalue[0]", np.eye(3))


def test_a_hermitian_matrix():
    H = np.array([[2, 1 + 1j], [1 - 1j, 3]])
    found = symgrad.derive("log_det", H)
    assert np.allclose(found.gradient, np.linalg.inv(H), atol=1e-15)
    assert found.value == pytest.approx(np.log(4))
    report = symgrad.check_gradient(np.linalg.inv(H), "log_det", H)
    assert (report.verdict, report.record.dtype) == ("agrees", "complex128")
    assert "convention: symmetric, ∂Re + i∂Im" in str(report)
    assert "∂Re − i∂Im" in str(symgrad.check_gradient(np.linalg.inv(H).conj(), "log_det", H))
    assert not symgrad.check_gradient(np.linalg.inv(H) * (1 + 1e-9), "log_det", H)


def test_derivatives_in_the_parameters():
    a, b, c = sympy.symbols("a b c", real=True)
    found = symgrad.derive("log_det", sympy.Matrix([[a, b], [b, c]]))
    assert {k: sympy.simplify(v * (a * c - b**2)) for k, v in found.items()} == {
        a: c,
        b: -2 * b,
        c: a,
    }
    t = sympy.Symbol("t", real=True)
    assert symgrad.derive("det", sympy.Matrix([[t, 1], [1, t**2]])) == {t: 3 * t**2}


def test_an_enclosure_holds_the_truth():
    found = symgrad.derive("det", [[2.0, 1.0], [1.0, 3.0]])
    assert found.value == 5
    assert found.gradient.tolist() == [[3, -1], [-1, 2]]
    assert np.all(found.radius < 1e-15)


def _two_lines(X):
    raise ValueError("a\nb")


def test_a_gradient_that_is_not_finite_disagrees_and_says_so():
    report = symgrad.check_gradient([[np.nan, 0], [0, 1]], "det", [[2.0, 1.0], [1.0, 3.0]])
    assert report.verdict == "disagrees"
    assert "entry (0, 0) of the gradient is nan" in report.reason


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: symgrad.check(by_numpy, [[1.0, 2.0], [3.0, 4.0]], function="det"), "symmetric"),
        (lambda: symgrad.check(by_numpy, [[1, 1j], [1j, 4]], function="det"), "Hermitian"),
        (lambda: symgrad.check(by_numpy, [[np.nan]], function="det"), "not finite"),
        (lambda: symgrad.check(by_numpy, [1.0, 2.0], function="det"), "the shape (2,)"),
        (lambda: symgrad.check(by_numpy, np.eye(2, dtype=int), function="det"), "dtype int64"),
        (lambda: symgrad.check(by_numpy, "2 1; 1 3", function="det"), "no array of numbers"),
        (lambda: symgrad.check(by_numpy, object(), function="det"), "no array of numbers"),
        (lambda: symgrad.check(by_numpy, X, function="dett"), "did you mean 'det'?"),
        (lambda: symgrad.check(by_numpy, X, function="eigenvalue"), "name one: eigenvalue[0]"),
        (lambda: symgrad.check(by_numpy, X, function="det", framework="trch"), "'torch'"),
        (lambda: symgrad.check(by_numpy, X, function=lambda X: 0.5 * X.det()), "Rational(1, 2)"),
        (lambda: symgrad.check(by_numpy, X, function=lambda X: X), "must give a scalar"),
        (lambda: symgrad.check(by_numpy, X, function=lambda X: X.oops()), "raises"),
        (lambda: symgrad.check(by_numpy, np.eye(6), function=lambda X: X.det()), "1 to 5"),
        (lambda: symgrad.check(by_numpy, np.eye(101), function="det"), "1 to 100"),
        (lambda: symgrad.check(by_numpy, sympy.eye(2), function="det"), "of sympy"),
        (lambda: symgrad.check_gradient(np.eye(2), "det", X), "G has the shape 2×2, X 3×3"),
        (lambda: symgrad.check_gradient([[0.123]], "det", [[1.0]], digits=2), "has more than"),
        (lambda: symgrad.derive("det", sympy.Matrix([[0, 1], [2, 0]])), "not symmetric"),
        (lambda: symgrad.derive("eigenvector_entry[0]", sympy.eye(2)), "gauge: f changes with"),
        (lambda: symgrad.derive(_two_lines, X), "raises ValueError: a b"),
        (lambda: symgrad.derive(None, X), "function is None"),
        (lambda: symgrad.check(None, X, function="det"), "f is None"),
        (lambda: symgrad.check_gradient(X + 1j, "det", X), "G is complex and X is real"),
        (lambda: symgrad.check_gradient([[[0.0]]], "det", X), "G has the shape (1, 1, 1)"),
        (lambda: symgrad.check(by_numpy, X, function="det", dtype=np.float32), "float32, float64"),
        (lambda: symgrad.check(by_numpy, X, function="det", parameterization=3), "terization 3"),
        (lambda: symgrad.derive("det", n="2"), "n is '2'"),
        (lambda: symgrad.check_gradient(X, by_numpy, X), "asked at a SymPy matrix, raises"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(wrong, said):
    with pytest.raises(InputError) as told:
        wrong()
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({(0, 1): 1e-9, (2, 0): 0.5}, r"entry \(0, 2\) is .*, entry \(2, 0\) is .* by less; give"),
        (
            {(2, 1): 1e-9},
            r"entry \(1, 2\) is [^,]*, entry \(2, 1\) is [^,]*; give .*symmetrize=True",
        ),
        ({(0, 1): 1e-9, (1, 1): 2j}, r"not Hermitian: entry \(1, 1\) is .*, not real, .* by less"),
    ],
)
def test_the_largest_asymmetry_is_told(entries, said):
    M = X + 0j if any(map(np.iscomplexobj, entries.values())) else X.copy()
    assert symgrad.check_gradient(np.eye(3), "trace", M).verdict == "agrees"
    for place, off in entries.items():
        M[place] += off
    with pytest.raises(InputError, match=said):
        symgrad.check_gradient(np.eye(3), "trace", M)


def test_a_mistake_of_the_callable_s_own_is_no_declining_of_the_framework():
    """NumPy says "unsupported" of it; only what a framework lacks is refused."""
    mine = symgrad.check(lambda X: (np.linalg.det(X.astype(np.longdouble)), X), X, function="det")
    assert (mine.verdict, "unsupported in linalg" in mine.reason) == ("failed", True)
    short = np.array([[2, 1], [1, 3]], np.float16)
    lacks = symgrad.check(lambda X: (np.linalg.det(X), np.linalg.inv(X)), short, function="trace")
    assert lacks.verdict == "refused"


def test_a_definition_in_sympy_is_one_of_real_matrices():
    H = np.array([[2.0, 1 + 1j], [1 - 1j, 3.0]])
    for ask in (
        lambda: symgrad.derive(lambda X: X.det(), H),
        lambda: symgrad.check_gradient(np.eye(2), lambda X: X.trace(), H),
    ):
        with pytest.raises(InputError, match="asked at real matrices"):
            ask()
    assert symgrad.derive("det", H).value == pytest.approx(4)
    assert symgrad.check_gradient(np.eye(2), "trace", H).verdict == "agrees"


# --- what is recorded, asked for its truth alone; structures and dtypes of X

TOEPLITZ = np.array([[2.0, 1.0, 0.5], [1.0, 2.0, 1.0], [0.5, 1.0, 2.0]])


def log_det_of_torch(X):
    import torch

    return torch.logdet(X)


@pytest.mark.parametrize(("off", "verdict"), [(0.0, "agrees"), (1e-9, "disagrees")])
def test_numbers_are_judged_by_what_a_callable_executes(off, verdict):
    pytest.importorskip("torch")
    G = np.linalg.inv(TOEPLITZ)
    G[0, 1] += off
    for framework in ("torch", None):
        report = symgrad.check_gradient(G, log_det_of_torch, TOEPLITZ, framework=framework)
        assert (report.verdict, report.record.evidence) == (verdict, "traced")


def test_what_is_true_of_a_callable_is_derived_without_a_gradient():
    pytest.importorskip("torch")
    exact = symgrad.derive(log_det_of_torch, TOEPLITZ, framework="torch")
    assert np.max(np.abs(exact.gradient - np.linalg.inv(TOEPLITZ))) < 1e-15
    formula = symgrad.derive(log_det_of_torch, n=2, framework="torch")
    assert formula.parameters == ("a", "b", "c")
    assert symgrad.derive(log_det_of_torch, n=2) == formula  # as SymPy cannot be meant
    with pytest.raises(InputError, match="SymPy matrix, raises"):  # and is where nothing else can
        symgrad.derive(lambda X: X.determinant(), n=2)
    a, b, c = symgrad.derive("log_det", n=2)
    assert str(symgrad.derive("log_det", n=2)[b]) == f"-2*{b}/({a}*{c} - {b}**2)"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "one of the two"),
        ({"X": TOEPLITZ, "n": 2}, "one of the two"),
        ({"n": 9}, "1 to 5"),
        ({"n": 3, "framework": "torch"}, "at n = 2, not 3"),
        ({"n": 2, "framework": "numpy"}, "has no record"),
    ],
)
def test_what_cannot_be_derived_is_said(changes, said):
    with pytest.raises(ValueError, match=said):
        symgrad.derive(log_det_of_torch, **changes)


def test_the_parameters_are_those_of_the_structure():
    pytest.importorskip("torch")
    about = {"framework": "torch", "parameterization": "toeplitz"}
    report = symgrad.check(log_det_of_torch, TOEPLITZ, **about)
    assert (report.verdict, [p.name for p in report.record.parameters]) == (
        "agrees",
        ["t0", "t1", "t2"],
    )
    by_numpy = symgrad.check(
        lambda X: (np.linalg.slogdet(X)[1], np.linalg.inv(X)),
        TOEPLITZ,
        function="log_det",
        parameterization="toeplitz",
    )
    assert [p.name for p in by_numpy.record.parameters] == ["t0", "t1", "t2"]
    for name, why in (("cholesky", "cannot be read off"), ("diagonal", "has not the structure")):
        with pytest.raises(ValueError, match=why):
            symgrad.check(log_det_of_torch, TOEPLITZ, framework="torch", parameterization=name)


def test_x_is_rounded_to_the_dtype_that_is_asked_for():
    pytest.importorskip("torch")
    report = symgrad.check(log_det_of_torch, TOEPLITZ / 3, framework="torch", dtype="float32")
    assert (report.verdict, report.record.dtype) == ("agrees", "float32")
    for dtype, why in (("float8", "unknown dtype"), ("complex64", "X is real")):
        with pytest.raises(ValueError, match=why):
            symgrad.check(log_det_of_torch, TOEPLITZ, framework="torch", dtype=dtype)


# --- parameters θ of a matrix X(θ) of one's own

THETA = [1.0, 0.3, 0.1]


def kernel_of_torch(theta, slip=0.0):
    """A Gaussian kernel with a backward pass of its own, that is off by a ``slip``."""
    import torch

    class Exponential(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.exp()

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x.exp() * (1 + slip)

    t = torch.linspace(0, 1, 5, dtype=theta.dtype)
    squares = (t[:, None] - t[None, :]) ** 2
    noise = theta[2] * torch.eye(5, dtype=theta.dtype)
    return theta[0] * Exponential.apply(-squares / (2 * theta[1] ** 2)) + noise


@pytest.mark.parametrize(("slip", "verdict"), [(0.0, "agrees"), (1e-9, "disagrees")])
def test_the_gradient_in_the_parameters_of_a_kernel(slip, verdict):
    torch = pytest.importorskip("torch")
    theta = torch.tensor(THETA, dtype=torch.float64)
    report = symgrad.check(
        log_det_of_torch, theta, parameterization=lambda theta: kernel_of_torch(theta, slip)
    )
    assert report.verdict == verdict
    assert len(report.record.parameters) == 3
    blamed = [blame.name.split(".")[-1] for blame in report.blame]
    assert blamed == ["Exponential"] * (verdict == "disagrees")


def test_parameters_in_other_frameworks_and_as_a_list():
    pytest.importorskip("torch")
    jnp = pytest.importorskip("jax.numpy")
    by_torch = symgrad.check(log_det_of_torch, THETA, parameterization=kernel_of_torch)
    by_jax = symgrad.check(
        lambda X: jnp.linalg.slogdet(X)[1],
        jnp.array([2.0, 1.0], jnp.float32),
        parameterization=lambda t: t[0] * jnp.eye(3) + t[1] * jnp.ones((3, 3)),
    )
    assert (by_torch.verdict, by_jax.verdict) == ("agrees", "agrees")
    assert by_jax.record.dtype == "float32"


@pytest.mark.parametrize(
    ("theta", "changes", "said"),
    [
        (np.eye(2), {}, "give a vector"),
        ([1, 2j], {}, "of real numbers"),
        ("a", {}, "no array of numbers"),
        (THETA, {"function": "log_det"}, "leave function or"),
        (THETA, {"framework": "numpy"}, "numpy does not tell"),
    ],
)
def test_parameters_that_cannot_be_used(theta, changes, said):
    pytest.importorskip("torch")
    about = {"framework": "torch", "parameterization": kernel_of_torch} | changes
    with pytest.raises(ValueError, match=said):
        symgrad.check(log_det_of_torch, theta, **about)
