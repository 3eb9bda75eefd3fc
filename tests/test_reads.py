"""What a forward pass reads, on functions that read what their names say."""

import numpy as np
import pytest

from symgrad.numeric import reads
from symgrad.numeric.pool import is_installed, known_frameworks
from tests.helpers import judged

X = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])


def lower(Y):
    return np.linalg.eigvalsh(Y, UPLO="L")[0]


def upper(Y):
    return np.linalg.eigvalsh(Y, UPLO="U")[0]


def both(Y):
    return np.linalg.eigvalsh((Y + Y.T) / 2)[0]


def weighted(Y):
    return np.linalg.eigvalsh(0.75 * np.tril(Y, -1) + 0.25 * np.triu(Y, 1).T + np.diag(np.diag(Y)))[
        0
    ]


def entries(Y):
    return np.linalg.slogdet(Y)[1]


def mixed(Y):
    return Y[1, 0] + Y[0, 2] + Y[2, 1]


@pytest.mark.parametrize(("dtype", "roundoff"), [(np.float64, 2.0**-53), (np.float32, 2.0**-24)])
@pytest.mark.parametrize(
    ("evaluate", "expected"),
    [
        (lower, "lower"),
        (upper, "upper"),
        (both, "both"),
        (weighted, "entries"),
        (entries, "entries"),
        (mixed, "entries"),
        (np.trace, "entries"),
    ],
)
def test_what_is_read(evaluate, expected, dtype, roundoff):
    assert reads.find(lambda Y: float(evaluate(Y.astype(dtype))), X, roundoff) == expected


@pytest.mark.parametrize(("evaluate", "expected"), [(lower, "lower"), (both, "both")])
@pytest.mark.parametrize("n", [2, 40])
def test_a_few_passes_are_enough(evaluate, expected, n):
    A = np.random.RandomState(1).standard_normal((n, n))
    passes = []

    def counted(Y):
        passes.append(Y)
        return float(evaluate(Y))

    assert reads.find(counted, A + A.T) == expected
    assert len(passes) <= 4


@pytest.mark.parametrize("n", [3, 40])
def test_one_entry_that_is_read_on_its_own_is_found(n):
    A = np.random.RandomState(1).standard_normal((n, n))
    X = A @ A.T + np.eye(n)

    def but_one(Y):
        return both(Y) + 1e-6 * Y[n - 1, 0] * Y[0, n - 1]

    assert reads.find(both, X) == "both"
    assert reads.find(but_one, X) == "entries"
    assert reads.find(lambda Y: lower(Y) + 1e-6 * Y[0, n - 1], X) == "entries"


def test_a_diagonal_matrix_shows_what_is_read_although_the_first_derivative_is_zero():
    assert reads.find(lower, np.diag([1.0, 2.0, 4.0])) == "lower"


def inverse(Y):
    return np.linalg.inv(Y)[2, 0]


def weighted_inverse(Y):
    return np.sum(W * np.linalg.inv(Y))


def solved(Y):
    return np.array([1.0, -2.0, 3.0]) @ np.linalg.solve(Y, np.array([1.0, 0.5, 0.25]))


W = np.array([[1.0, 2.0, -1.0], [0.5, 3.0, 4.0], [-2.0, 0.25, 2.0]])


@pytest.mark.parametrize(
    "special",
    [np.eye(3), np.diag([4.0, 1.0, 1.0]), np.diag([1.0, 2.0, 3.0]), -np.eye(3), 1e-8 * np.eye(3)],
    ids=["I", "tie", "diagonal", "negative", "small"],
)
@pytest.mark.parametrize(
    "evaluate", [lower, upper, both, weighted, entries, inverse, weighted_inverse, solved]
)
def test_a_special_matrix_shows_what_a_generic_one_does(evaluate, special):
    assert reads.find(evaluate, special) == reads.find(evaluate, X)


def test_the_special_matrices_are_special():
    """Without the move to a generic one, an entry of the inverse seems to read one triangle."""
    h, I = reads.step(np.eye(3)), np.eye(3)  # noqa: E741
    assert inverse(reads._moved(I, h, (2, 0))) != inverse(I)
    assert inverse(reads._moved(I, h, (0, 2))) == inverse(I)


@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_the_generic_matrix_is_symmetric_and_near(n, hermitian):
    S = np.eye(n) * (1 + 0j if hermitian else 1)
    moved = reads.generic(S)
    assert np.array_equal(moved, moved.conj().T)
    assert np.linalg.eigvalsh(moved).min() > 0.8
    assert moved.dtype == S.dtype
    assert np.array_equal(moved, reads.generic(S))
    if n > 1:
        assert len(np.unique(moved)) > n


def test_the_generic_matrix_stays_positive_definite():
    near = np.diag([1.0, 1.0, 1e-2])
    assert np.linalg.eigvalsh(reads.generic(near)).min() > 0.8e-2


def test_the_step_stays_inside_the_positive_definite_matrices():
    near = np.diag([1.0, 1.0, 1e-2])
    assert reads.step(near) < 1e-2
    assert (
        reads.find(lambda Y: float(np.log(np.diag(np.linalg.cholesky(Y))).sum()), near) == "lower"
    )


SPECIAL = ("1 0 0; 0 1 0; 0 0 1", "4 0 0; 0 1 0; 0 0 1", "4 1 1/2; 1 3 1/4; 1/2 1/4 2")


@pytest.mark.slow
@pytest.mark.parametrize("framework", [name for name in known_frameworks() if is_installed(name)])
def test_every_route_reads_the_same_at_a_special_matrix(tmp_path, framework):
    said = {}
    for matrix in SPECIAL:
        functions = ("inverse_entry", "weighted_inverse", "log_det", "det", "eigenvalue")
        _, by = judged(tmp_path, *functions, "-f", framework, "--matrix", matrix)
        for v in by[framework]:
            said.setdefault((v.function, v.route), set()).add(v.reads)
    assert said
    assert {key: found for key, found in said.items() if len(found - {None}) > 1} == {}
    assert any(found - {None} for found in said.values())
