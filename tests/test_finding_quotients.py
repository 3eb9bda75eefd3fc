"""What is true of the findings in other units, by difference quotients of 60 digits in mpmath.

They know neither Arb nor the gradient theorems: f is written down once more, by its eigenvalues.
"""

from pathlib import Path

import mpmath
import pytest

from symgrad.court.questions import TWICE
from symgrad.studies.findings import page
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.points import parse_hermitian, parse_matrix
from symgrad.symbolic.queries import direction

DOCUMENT = page.from_json((Path(__file__).parent.parent / "docs" / "findings.json").read_bytes())
PHI = {
    "projector[1]": lambda k, x: k == 1,
    "subspace_projector[1]": lambda k, x: k == 1,
    "weighted_log[symmetric]": lambda k, x: mpmath.log(x),
    "weighted_pseudoinverse": lambda k, x: 1 / x,
    "truncated_pseudoinverse[1]": lambda k, x: (k == 1) / x,
}
"""φ of the k-th smallest eigenvalue x, of 2×2 matrices: f is ⟨W, Σ φ v vᴴ⟩."""
FOUND = [
    e for e in DOCUMENT.findings if e.finding.id.endswith(("-units", "-overflow", "-truncated"))
]


def read(finding):
    """X as mpmath has it."""
    if not finding.is_complex:
        return mpmath.matrix(
            [
                [mpmath.mpf(x.numerator) / x.denominator for x in row]
                for row in parse_matrix(finding.matrix)
            ]
        )
    X, n = parse_hermitian(finding.matrix), 2
    part = lambda x: mpmath.mpf(x.numerator) / x.denominator  # noqa: E731
    return mpmath.matrix(
        [[mpmath.mpc(part(X[i][j]), part(X[n + i][j])) for j in range(n)] for i in range(n)]
    )


def value(phi, X, W):
    values, V = mpmath.eighe(X)
    return sum(
        W[i][j] * mpmath.re(mpmath.mpf(1) * phi(k, values[k]) * V[i, k] * mpmath.conj(V[j, k]))
        for i in range(2)
        for j in range(2)
        for k in range(2)
    )


def quotient(phi, X, W, E):
    h = mpmath.mpf(10) ** -20 * mpmath.norm(X)
    return (value(phi, X + h * E, W) - value(phi, X - h * E, W)) / (2 * h)


@pytest.mark.parametrize("found", FOUND, ids=lambda e: e.finding.id)
def test_what_is_said_to_be_exact_is_the_difference_quotient(found):
    finding = found.finding
    (function,) = choose(finding.function, 2)
    with mpmath.workdps(60):
        X, phi, W = read(finding), PHI[finding.function], function.constants["W"]
        S = [
            [complex(*map(float, e)) if isinstance(e, tuple) else complex(e) for e in row]
            for row in found.answer.exact
        ]
        size = max(abs(e) for row in S for e in row)
        directions = {
            ((1, 0), (0, 0)): S[0][0],
            ((0, 0), (0, 1)): S[1][1],
            ((0, 1), (1, 0)): 2 * S[0][1].real,
        }
        if finding.is_complex:
            directions[((0, 1j), (-1j, 0))] = 2 * S[0][1].imag
        for E, exact in directions.items():
            there = quotient(phi, X, W, mpmath.matrix([list(row) for row in E]))
            assert abs(float(there) - exact) <= 1e-6 * size
            assert abs(1.0001 * float(there) - exact) > 1e-6 * size or abs(exact) < 0.1 * size


def test_all_of_them_are_looked_at():
    assert len(FOUND) >= 12


SECOND = [e for e in DOCUMENT.findings if e.finding.mode in TWICE]


def of_exponential(X, _):
    values = mpmath.eigsy(X, eigvals_only=True)
    return mpmath.exp(values[0]) + mpmath.exp(values[1])


def of_projector(X, W):
    return value(lambda k, _: k == 0, X, W)


def of_inverse(X, _):
    u = mpmath.matrix([1, -2])
    return (u.T * X**-1 * u)[0]


VALUES = {
    "log_det": lambda X, _: mpmath.log(mpmath.det(X)),
    "det": lambda X, _: mpmath.det(X),
    "inverse_quadratic_form": of_inverse,
    "projector[0]": of_projector,
    "trace_exp": of_exponential,
}


@pytest.mark.parametrize("found", SECOND, ids=lambda e: e.finding.id)
def test_a_hessian_is_the_mixed_difference_quotient(found):
    """Σ_ij S_ij D_ij is the mixed derivative along E and D, of second order in the step."""
    finding, h = found.finding, mpmath.mpf(10) ** -15
    with mpmath.workdps(60):
        X, E = read(finding), mpmath.matrix([list(row) for row in direction(2)])
        (function,) = choose(finding.function, 2)
        f, W = VALUES[finding.function], function.constants.get("W")
        for D in ([[1, 0], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 1]]):
            at = lambda s, t, D=D: f(X + s * h * E + t * h * mpmath.matrix(D), W)  # noqa: E731
            mixed = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h * h)
            exact = sum(
                mpmath.mpf(str(found.answer.exact[i][j])) * D[i][j]
                for i in range(2)
                for j in range(2)
            )
            assert abs(mixed - exact) < mpmath.mpf(10) ** -20 * (1 + abs(exact))
            assert abs(mixed - exact - mpmath.mpf(10) ** -12) > mpmath.mpf(10) ** -13
