"""What a forward pass reads, on functions that read what their names say."""

import numpy as np
import pytest

from numeric import reads

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
def test_a_large_matrix_takes_few_passes(evaluate, expected):
    A = np.random.RandomState(1).standard_normal((101, 101))
    passes = []

    def counted(Y):
        passes.append(Y)
        return float(evaluate(Y))

    assert reads.find(counted, A + A.T) == expected
    assert len(passes) <= 4
    passes.clear()
    assert reads.find(counted, (A + A.T)[:100, :100]) == expected
    assert len(passes) > 30


def test_a_diagonal_matrix_shows_what_is_read_although_the_first_derivative_is_zero():
    assert reads.find(lower, np.diag([1.0, 2.0, 4.0])) == "lower"


def test_the_step_stays_inside_the_positive_definite_matrices():
    near = np.diag([1.0, 1.0, 1e-2])
    assert reads.step(near) < 1e-2
    assert (
        reads.find(lambda Y: float(np.log(np.diag(np.linalg.cholesky(Y))).sum()), near) == "lower"
    )
