"""What is true of the findings in other units, by difference quotients of 60 digits in mpmath.

They know neither Arb nor the gradient theorems: f is written down once more, by its eigenvalues.
"""

from pathlib import Path

import mpmath
import pytest

from symgrad.studies.findings import page
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.points import parse_hermitian, parse_matrix

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
