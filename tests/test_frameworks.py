"""Every route of every framework, crossed with structures, sizes and dtypes, from one table."""

from importlib import import_module

import numpy as np
import pytest
from rich.progress import Progress

from court.hearing import Hearing
from court.judge import judge
from court.records import Choice, Reported
from numeric.pool import known_frameworks
from tests.helpers import exact_gradient
from verify import hear

STRUCTURES = ("symmetric", "diagonal", "toeplitz", "ar1")
EXTRAS = ("autograd", "jax", "pytensor")

DECLINED = {
    ("autograd", "anp.linalg.cond"),
    ("autograd", "anp.linalg.eigvalsh"),
    ("autograd", "anp.linalg.lstsq"),
    ("autograd", "anp.linalg.norm(X, 2)"),
    ("autograd", "anp.linalg.svd"),
    ("autograd", "anp.trace(anp.linalg.matrix_power(X, 3))"),
    ("autograd", "autograd.scipy.linalg.expm"),
    ("autograd", "autograd.scipy.linalg.logm"),
    ("jax", "jnp.linalg.eig"),
    ("pytensor", "pt.linalg.eig"),
    ("pytensor", "pt.linalg.lstsq"),
    ("pytensor", "pt.linalg.svd"),
}
"""Routes whose framework says itself that it has no gradient; one that had would fail the test."""

WRONG = {("pytensor", "pt.linalg.lu(permute_l=True)")}
"""Routes whose gradient is wrong at some matrices."""

WIDENED = "the gradient came back in float64, float32 was asked for"
"""What autograd does wherever a derivative of its own multiplies by np.eye."""

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
    ("jax", "jnp.linalg.eigh"): ("symmetric", "both"),
    ("jax", "jnp.linalg.eigh(symmetrize_input=False)"): ("symmetric", "lower"),
    ("jax", "jnp.linalg.eigh(UPLO='U', symmetrize_input=False)"): ("symmetric", "upper"),
    ("pytensor", "pt.linalg.eigh(lower=True)"): ("lower", "lower"),
    ("pytensor", "pt.linalg.eigvalsh(lower=False)"): ("upper", "upper"),
}
"""What the pinned versions do with an eigenvalue: the convention reported, the entries read."""


def hearing_of(framework, size, dtypes=("float64",), functions=(), matrix=None):
    if framework in EXTRAS:
        pytest.importorskip(framework)
    choice = Choice(
        functions=functions,
        frameworks=[framework],
        matrix=matrix,
        parameterizations=() if matrix else STRUCTURES,
        size=size,
        dtypes=dtypes,
        points=2,
        seed=11,
        point=None,
        timeout=300,
    )
    hearing = Hearing(choice)
    hear(hearing, Progress(disable=True))
    hearing.judge()
    return hearing


@pytest.mark.parametrize("framework", known_frameworks())
@pytest.mark.parametrize("size", [2, 3, pytest.param(4, marks=pytest.mark.slow)])
def test_every_route_agrees_and_its_planted_twin_does_not(framework, size):
    hearing = hearing_of(framework, size, ("float64", "float32"))
    verdicts = hearing.verdicts()
    assert len(verdicts) > 100
    for v in verdicts:
        expected = "refused" if (v.framework, v.route) in DECLINED else "agrees"
        widened = v.framework == "autograd" and v.reason == WIDENED
        if (v.framework, v.route) not in WRONG and not widened:
            assert v.verdict == expected, v
    for report in hearing.reported:
        if not report.error:
            reject_twin(hearing, report)


def reject_twin(hearing, report: Reported):
    """The reported gradient with one entry 0.1 % of ‖S‖ off must disagree."""
    reference, (_, dtype) = hearing.references[report.problem], hearing.cases[report.problem]
    G = report.gradient.copy()
    G[0, -1] += 2e-3 * np.linalg.norm(exact_gradient(reference))
    planted = Reported(
        report.problem, report.framework, report.version, report.route, report.dtype,
        report.value, G, report.reads,
    )  # fmt: skip
    assert judge(reference, planted, dtype).verdict == "disagrees", report


@pytest.mark.parametrize("framework", known_frameworks())
def test_conventions_and_reads_of_the_eigensolvers(framework):
    hearing = hearing_of(framework, 3)
    found = {
        (v.framework, v.route): (v.convention, v.reads)
        for v in hearing.verdicts()
        if v.function.startswith("eigenvalue") and v.parameterization == "symmetric"
    }
    expected = {key: value for key, value in CONVENTIONS.items() if key[0] == framework}
    assert {key: found[key] for key in expected} == expected


def test_the_required_frameworks_come_first():
    assert known_frameworks()[:3] == ["numpy", "torch", "tensorflow"]


@pytest.mark.parametrize(("matrix", "verdict"), [("3 1; 1 2", "agrees"), ("1 2; 2 5", "disagrees")])
def test_pytensor_is_wrong_where_lu_exchanges_rows(matrix, verdict):
    hearing = hearing_of("pytensor", 2, functions=("inverse_quadratic_form",), matrix=matrix)
    found = {v.route: v.verdict for v in hearing.verdicts()}
    assert found["pt.linalg.lu(permute_l=True)"] == verdict
    assert found["pt.linalg.lu_factor, pt.linalg.lu_solve"] == "agrees"


def test_the_complex_gradient_of_autograd_is_the_conjugate():
    pytest.importorskip("autograd")
    framework = import_module("numeric.frameworks.autograd").Framework()
    X = np.array([[2, 1 + 1j], [1 - 1j, 3]])
    route = framework.routes["trace_square"]["anp.trace(X @ X)"]
    value, G, dtype = framework.differentiate(route, X, {}, "complex128")
    assert (value, dtype) == (17, "complex128")
    np.testing.assert_allclose(G, 2 * X.conj())
    np.testing.assert_allclose(framework.differentiate_forward(route, X, {}, "complex128"), 2 * X)
