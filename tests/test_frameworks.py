"""Every route of every framework, crossed with structures, sizes and dtypes, from one table."""

from importlib import import_module

import numpy as np
import pytest
from rich.progress import Progress

from symgrad.court.hearing import Hearing
from symgrad.court.judging.judge import judge
from symgrad.court.names import family
from symgrad.court.questions import Choice, Problem, Reported, Resources
from symgrad.inquiry import hear
from symgrad.numeric.pool import Pool, is_installed, known_frameworks
from symgrad.studies.chosen.plan import chosen as chosen_plan
from symgrad.symbolic.catalogue import CATALOGUE
from tests.helpers import exact_gradient

STRUCTURES = ("symmetric", "toeplitz", "ar1")
EXTRAS = ("autograd", "jax", "pytensor", "paddle", "casadi")

DECLINED = {
    ("autograd", "anp.linalg.cond"),
    ("autograd", "anp.linalg.eigvalsh"),
    ("autograd", "anp.linalg.lstsq"),
    ("autograd", "anp.linalg.norm(X, 2)"),
    ("autograd", "anp.linalg.svd"),
    ("autograd", "anp.trace(anp.linalg.matrix_power(X, 3))"),
    ("autograd", "autograd.scipy.linalg.expm"),
    ("autograd", "autograd.scipy.linalg.logm"),
    ("casadi", "ca.expm"),
    ("casadi", "ca.norm_2"),
    ("jax", "jax.scipy.linalg.eigh"),
    ("jax", "jax.scipy.linalg.funm(X, jnp.log)"),
    ("jax", "jax.scipy.linalg.sqrtm"),
    ("jax", "jnp.linalg.eig"),
    ("paddle", "paddle.linalg.eigvals"),
    ("paddle", "paddle.linalg.lstsq"),
    ("pytensor", "pt.linalg.eig"),
    ("pytensor", "pt.linalg.lstsq"),
    ("pytensor", "pt.linalg.svd"),
    ("tensorflow", "tf.linalg.logm"),
    ("tensorflow", "tf.linalg.lstsq(fast=False)"),
    ("tensorflow", "tf.linalg.lu, tf.linalg.lu_solve"),
    ("torch", "torch.linalg.ldl_solve(hermitian=True)"),
}
"""Routes whose framework says itself that it has no gradient; one that had would fail the test."""

FLOAT64_ONLY = ("casadi",)

WRONG = {
    ("casadi", "inverse_quadratic_form_pd", "ca.solve(X, u, 'csparsecholesky')"),
    ("paddle", "gaussian_log_likelihood", "MultivariateNormal(covariance_matrix=X)"),
    (
        "paddle",
        "gaussian_precision_log_likelihood",
        "MultivariateNormal(precision_matrix=X), y.stop_gradient=False",
    ),
    ("paddle", "inverse_quadratic_form", "paddle.linalg.solve"),
    ("paddle", "inverse_quadratic_form", "paddle.linalg.lu_solve(trans='T')"),
    (
        "paddle",
        "inverse_quadratic_form",
        "paddle.linalg.lu, paddle.linalg.triangular_solve(unitriangular=True)",
    ),
    ("paddle", "inverse_quadratic_form_pd", "paddle.linalg.triangular_solve"),
    ("paddle", "trace_square", "paddle.linalg.matrix_norm(X)**2"),  # X/(‖X‖ + 1e-12)
    ("paddle", "triangular_solve", "paddle.linalg.triangular_solve"),
    ("paddle", "weighted_exp", "paddle.linalg.eigh(X), paddle.diag_embed"),
    ("paddle", "weighted_cube_root", "paddle.linalg.eigh(X, UPLO='L')"),  # 1/3 in float32
    ("paddle", "weighted_cube_root", "paddle.linalg.eigh(X, UPLO='U')"),
    ("pytensor", "inverse_quadratic_form", "pt.linalg.lu(permute_l=True)"),
    # not by default: in FAST_COMPILE, as the tests run, the exponential is SciPy's
    ("pytensor", "log_sum_exp", "pt.log(pt.trace(pt.linalg.expm(X)))"),
    ("pytensor", "trace_exp", "pt.trace(pt.linalg.expm(X))"),
    ("pytensor", "weighted_exp", "pt.linalg.expm"),
    ("torch", "truncated_pseudoinverse", "torch.linalg.pinv(rtol=...)"),
    ("torch", "truncated_pseudoinverse", "torch.linalg.pinv(rtol=..., hermitian=True)"),
    ("jax", "truncated_pseudoinverse", "jnp.linalg.pinv(rtol=...)"),
    ("jax", "truncated_pseudoinverse", "jnp.linalg.pinv(rtol=..., hermitian=True)"),
}
"""Routes whose gradient is wrong at some matrices."""
RAISES = {("pytensor", "log_det", "pt.linalg.qr")}
"""Routes whose gradient is an error, where there is one."""
CONVENTIONS = {
    ("autograd", "anp.linalg.eigh(UPLO='L')"): ("lower", "lower"),
    ("autograd", "anp.linalg.eigh(UPLO='U')"): ("upper", "upper"),
    ("autograd", "anp.linalg.eig"): ("symmetric", "entries"),
    ("numpy", "np.linalg.eigh(UPLO='L')"): ("symmetric", "lower"),
    ("numpy", "np.linalg.eigh(UPLO='U')"): ("symmetric", "upper"),
    ("torch", "torch.linalg.eigh(UPLO='L')"): ("symmetric", "lower"),
    ("torch", "torch.linalg.eigh(UPLO='U')"): ("symmetric", "upper"),
    ("torch", "torch.linalg.eigvals"): ("symmetric", "entries"),
    ("tensorflow", "tf.linalg.eigh"): ("lower", "lower"),
    ("tensorflow", "tf.linalg.eigvalsh"): ("lower", "lower"),
    ("tensorflow", "tf.linalg.eig"): ("symmetric", "entries"),
    ("paddle", "paddle.linalg.eigh(X, UPLO='L')"): ("symmetric", "lower"),
    ("paddle", "paddle.linalg.eigh(X, UPLO='U')"): ("symmetric", "upper"),
    ("casadi", "ca.eig_symbolic(X) (SX)"): ("symmetric", "entries"),
    ("jax", "jnp.linalg.eigh"): ("symmetric", "both"),
    ("jax", "jnp.linalg.eigh(symmetrize_input=False)"): ("symmetric", "lower"),
    ("jax", "jnp.linalg.eigh(UPLO='U', symmetrize_input=False)"): ("symmetric", "upper"),
    ("pytensor", "pt.linalg.eigh(lower=True)"): ("lower", "lower"),
    ("pytensor", "pt.linalg.eigvalsh(lower=False)"): ("upper", "upper"),
}
"""What the pinned versions do with an eigenvalue: the convention reported, the entries read."""


def hearing_of(
    framework, size, dtypes=("float64",), functions=(), matrix=None, structures=("symmetric",)
):
    if framework in EXTRAS and not is_installed(framework):  # it is imported by its worker alone
        pytest.skip(f"{framework} is not installed")
    choice = Choice(
        resources=Resources(frameworks=[framework], timeout=300.0),
        functions=functions,
        matrix=matrix,
        parameterizations=() if matrix else structures,
        size=size,
        dtypes=dtypes,
        points=1,
        seed=11,
    )
    hearing = Hearing(choice)
    hearing.judge(
        hear(hearing, chosen_plan(hearing.choice, known_frameworks()), Progress(disable=True))
    )
    return hearing


@pytest.mark.sampled(2)
@pytest.mark.parametrize("framework", known_frameworks())
@pytest.mark.parametrize(
    ("size", "dtypes"),
    [
        (2, ("float64",)),
        pytest.param(2, ("float32",), marks=pytest.mark.slow),
        pytest.param(3, ("float64", "float32"), marks=pytest.mark.slow),
    ],
)
def test_every_route_agrees_and_its_planted_twin_does_not(framework, size, dtypes):
    structures = STRUCTURES if size > 2 else STRUCTURES[:1]
    hearing = hearing_of(framework, size, dtypes, structures=structures)
    verdicts = hearing.verdicts()
    assert len(verdicts) > 90
    assert not {(v.function, v.route, v.dtype, v.verdict, v.reason) for v in verdicts if is_odd(v)}
    for report in hearing.reported:
        if not report.error and not hearing.references[report.problem].refusal:
            reject_twin(hearing, report)


def is_odd(verdict):
    """Whether the verdict is none that is expected of the route."""
    if CATALOGUE[family(verdict.function)].gauge:
        return verdict.verdict != "refused"
    route = (verdict.framework, verdict.route)
    if route in DECLINED or (verdict.framework in FLOAT64_ONLY and verdict.dtype != "float64"):
        return verdict.verdict != "refused"
    named = (verdict.framework, verdict.function.split("[")[0], verdict.route)
    if named in RAISES:
        return verdict.verdict != "failed"
    wrong = named in WRONG
    right = ("agrees", "inaccurate")
    return verdict.verdict not in ((*right, "disagrees") if wrong else right)


def reject_twin(hearing, report: Reported):
    """The reported gradient with one entry 0.1 % of ‖S‖ off must disagree."""
    reference, dtype = (
        hearing.references[report.problem],
        hearing.scenarios[report.problem].dtype,
    )
    G = report.gradient.copy()
    G[0, -1] += 2e-3 * np.linalg.norm(exact_gradient(reference))
    planted = Reported(
        report.problem, report.framework, report.version, report.route, report.dtype,
        report.value, G, report.reads,
    )  # fmt: skip
    assert judge(reference, planted, dtype).verdict == "disagrees", report


@pytest.mark.parametrize("framework", known_frameworks())
def test_conventions_and_reads_of_the_eigensolvers(framework):
    hearing = hearing_of(framework, 3, functions=("eigenvalue",))
    found = {
        (v.framework, v.route): (v.convention, v.reads)
        for v in hearing.verdicts()
        if v.function.startswith("eigenvalue") and v.parameterization == "symmetric"
    }
    expected = {key: value for key, value in CONVENTIONS.items() if key[0] == framework}
    assert {key: found[key] for key in expected} == expected


def ask(framework, *problems):
    """Every report of one framework on problems that need not be in the catalogue."""
    with Pool([framework], 300) as pool:
        for problem in problems:
            pool.ask(problem)
        pool.close()
        return [event for event in pool.events() if isinstance(event, Reported)]


WRONG_FORWARD = {
    "torch.cholesky_inverse",
    "torch.cholesky_inverse(upper=True)",
    "torch.distributions.MultivariateNormal(X).precision_matrix",
}
"""PyTorch's forward mode of cholesky_inverse has two factors in the wrong order (issue 196682)."""


@pytest.mark.parametrize("imaginary", [None, [[0, 0.5], [-0.5, 0]]])
def test_torch_agrees_with_itself_forward_and_reverse_but_for_a_known_error(imaginary):
    dtype = "float64" if imaginary is None else "complex128"
    about = ({"u": [1, 2]}, [[2, 1], [1, 2]], dtype, imaginary)
    reports = ask(
        "torch",
        Problem(0, "inverse_quadratic_form", *about, forward=True),
        Problem(1, "inverse_quadratic_form_pd", *about, forward=True),
        Problem(2, "log_det", {}, *about[1:], forward=True),
    )
    found = {(r.mode, r.route): r.gradient for r in reports if not r.error}
    agreeing = {
        route: bool(np.allclose((G + G.conj().T) / 2, found["forward", route], rtol=1e-13))
        for (mode, route), G in found.items()
        if mode == "reverse" and ("forward", route) in found
    }
    assert len(agreeing) > 20
    known = WRONG_FORWARD & set(agreeing)
    assert len(known) >= 2
    assert {route for route, agrees in agreeing.items() if not agrees} == known


def test_equal_eigenvalues_in_functions_of_a_matrix():
    """By divided differences the gradient is right; PyTorch divides by the gap, which is 0."""
    W = np.array([[1.0, 2.0], [4.0, 8.0]])
    slopes = {"exp": np.e, "log": 1, "sqrt": 1 / 2, "inverse_sqrt": -1 / 2, "cube_root": 1 / 3}
    problems = [
        Problem(k, "weighted_" + name, {"W": W.tolist()}, [[1, 0], [0, 1]], "float64")
        for k, name in enumerate(slopes)
    ]
    for r in ask("numpy", *problems):
        exact = list(slopes.values())[r.problem] * (W + W.T) / 2
        np.testing.assert_allclose(r.gradient, exact, rtol=1e-15)
    right = {r.route: not np.isnan(r.gradient).any() for r in ask("torch", problems[0])}
    assert right.pop("torch.linalg.matrix_exp")
    assert set(right.values()) == {False}


@pytest.mark.parametrize(
    ("framework", "dtype"), [("numpy", "float16"), ("numpy", "bfloat16"), ("torch", "float16")]
)
def test_a_dtype_that_the_framework_lacks_is_declined(framework, dtype):
    half, single = (
        ask(framework, Problem(0, "eigenvalue", {"i": 0}, [[2, 1], [1, 3]], kind))
        for kind in (dtype, "float32")
    )
    assert all(r.declined for r in half), half
    assert not any(r.error for r in single), single


def test_the_required_frameworks_come_first():
    assert known_frameworks()[:3] == ["numpy", "torch", "tensorflow"]


def test_a_cholesky_solver_of_casadi_is_right_forward_and_wrong_in_reverse():
    pytest.importorskip("casadi")
    from symgrad.numeric.frameworks.casadi import Framework

    X, constants = np.array([[2.0, 1.0], [1.0, 2.0]]), {"u": [1, 0]}
    exact = -np.array([[4.0, -2.0], [-2.0, 1.0]]) / 9
    for name, route in Framework.routes["inverse_quadratic_form_pd"].items():
        about = (route, X, constants, "float64")
        value, G, _ = Framework().differentiate(*about)
        assert value == pytest.approx(2 / 3)
        assert np.allclose(Framework().differentiate_forward(*about), exact)
        right = np.allclose((G + G.T) / 2, exact)
        assert right == (name != "ca.solve(X, u, 'csparsecholesky')"), name


@pytest.mark.parametrize(("matrix", "verdict"), [("3 1; 1 2", "agrees"), ("1 2; 2 5", "disagrees")])
def test_pytensor_is_wrong_where_lu_exchanges_rows(matrix, verdict):
    hearing = hearing_of("pytensor", 2, functions=("inverse_quadratic_form",), matrix=matrix)
    found = {v.route: v.verdict for v in hearing.verdicts()}
    assert found["pt.linalg.lu(permute_l=True)"] == verdict
    assert found["pt.linalg.lu_factor, pt.linalg.lu_solve"] == "agrees"


UNIT = "lu, paddle.linalg.triangular_solve(unitriangular=True)"


@pytest.mark.parametrize(
    ("function", "matrix", "wrong", "right"),
    [
        ("inverse_quadratic_form", "1 0; 0 -1", "lu_solve(trans='T')", "lu_solve"),
        ("inverse_quadratic_form", "2 1; 1 3", UNIT, "lu_solve"),
        ("weighted_exp", "2 1; 1 3", "eigh(X), paddle.diag_embed", "eigh(X, UPLO='L')"),
    ],
)
def test_paddle_is_wrong_by_one_call_and_right_by_its_neighbour(function, matrix, wrong, right):
    hearing = hearing_of("paddle", 2, functions=(function,), matrix=matrix)
    found = {v.route.removeprefix("paddle.linalg."): v.verdict for v in hearing.verdicts()}
    assert (found[wrong], found[right]) == ("disagrees", "agrees")


def test_the_complex_gradient_of_autograd_is_the_conjugate():
    pytest.importorskip("autograd")
    framework = import_module("symgrad.numeric.frameworks.autograd").Framework()
    X = np.array([[2, 1 + 1j], [1 - 1j, 3]])
    route = framework.routes["trace_square"]["anp.trace(X @ X)"]
    value, G, dtype = framework.differentiate(route, X, {}, "complex128")
    assert (value, dtype) == (17, "complex128")
    np.testing.assert_allclose(G, 2 * X.conj())
    np.testing.assert_allclose(framework.differentiate_forward(route, X, {}, "complex128"), 2 * X)
