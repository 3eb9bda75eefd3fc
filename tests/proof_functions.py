"""Matrix functions with gradient theorems, for tests of the proofs alone.

Functions of the eigenvalues, ⟨W, φ(X)⟩ = Σ_i φ(λ_i)⟨W, P_i⟩, and the Cholesky factor's entries.
"""

from collections.abc import Callable
from typing import Any

import sympy
from sympy import Expr, ImmutableDenseMatrix, Rational

from symgrad.symbolic.algebra.expressions import Eigenvalue
from symgrad.symbolic.catalogue import Instance, MatrixFunction, instances
from symgrad.symbolic.derivation import derive
from symgrad.symbolic.parameterizations import Parameterization
from symgrad.symbolic.proofs.by_flint.second_route import SecondRoute, second_route
from symgrad.symbolic.proofs.by_sympy.identities import contraction_identities

Scalar = Callable[[Expr], Expr]
HALF = Rational(1, 2)


def own(
    exact: Callable[[Any], Any], n: int = 2, theorem: Callable[[Any], Any] | None = None
) -> Instance:
    """A function that a user adds: its exact definition, perhaps with a gradient theorem."""
    gradient = None if theorem is None else lambda _, X: ImmutableDenseMatrix(theorem(X))
    mine = MatrixFunction("own", "f", "symmetric", "none", lambda _, X: exact(X), gradient)
    (instance,) = instances(mine, n)
    return instance


def in_first_route(function: Instance, x: Parameterization) -> list[bool]:
    """Whether each residual is 0 by SymPy alone."""
    return [identity.vanishes for identity in contraction_identities(function, x)]


def in_second_route(function: Instance, x: Parameterization) -> SecondRoute:
    """What python-flint alone finds."""
    return second_route(function, x, derive(function, x).gradient)


def projector(X: ImmutableDenseMatrix, i: int) -> ImmutableDenseMatrix:
    """The eigenprojector P_i = adj(λI − X) / tr adj(λI − X)."""
    adjugate = (Eigenvalue(i) * sympy.eye(X.rows) - X).adjugate()
    return adjugate / adjugate.trace()


def resolvent(X: ImmutableDenseMatrix, i: int) -> ImmutableDenseMatrix:
    """The reduced resolvent R_i = A′/p′ − A·p″/(2p′²), A = adj(λI − X), p = det(λI − X)."""
    adjugate = (Eigenvalue(i) * sympy.eye(X.rows) - X).adjugate()
    slope = adjugate.trace()
    of_slope = slope.diff(Eigenvalue(i))
    return adjugate.diff(Eigenvalue(i)) / slope - adjugate * of_slope / (2 * slope**2)


def of_eigenvalues(f: Callable[..., Expr], slopes: Callable[..., Any], n: int) -> Instance:
    """f(λ_0, …, λ_{n-1}) with gradient Σ_i slope_i P_i."""
    lambdas = [Eigenvalue(i) for i in range(n)]

    def theorem(X):
        weighted = [s * projector(X, i) for i, s in enumerate(slopes(*lambdas))]
        return sum(weighted[1:], weighted[0])

    return own(lambda X: f(*lambdas), n, theorem)


def weights(n: int) -> ImmutableDenseMatrix:
    """A matrix W that is not symmetric."""
    return ImmutableDenseMatrix(n, n, lambda i, j: 2 * i - j + 1)


def weighted_function(phi: Scalar, slope: Scalar, n: int, sign: int = 1) -> Instance:
    """⟨W, φ(X)⟩ with gradient Σ_i φ(λ_i)(R_i W P_i ± P_i W R_i) + φ'(λ_i) P_i W P_i."""
    W = weights(n)

    def exact(X):
        return sum(phi(Eigenvalue(i)) * (W.T * projector(X, i)).trace() for i in range(n))

    def theorem(X):
        total = sympy.zeros(n, n)
        for i in range(n):
            lam, P, R = Eigenvalue(i), projector(X, i), resolvent(X, i)
            total += phi(lam) * (R * W * P + sign * P * W * R) + slope(lam) * P * W * P
        return total

    return own(exact, n, theorem)


def cholesky(X: ImmutableDenseMatrix) -> tuple[sympy.Matrix, list[Expr]]:
    """The unit lower triangular factor and the pivots of X = L D Lᵀ."""
    n = X.rows
    L, d = sympy.eye(n), []
    minors = [sympy.S.One] + [X[:k, :k].det() for k in range(1, n + 1)]
    for k in range(n):
        d.append(minors[k + 1] / minors[k])
        for i in range(k + 1, n):
            rows = [*range(k), i]
            L[i, k] = X.extract(rows, [*range(k + 1)]).det() / minors[k + 1]
    return L, d


def cholesky_entry(i: int, j: int, n: int, half: Expr = HALF) -> Instance:
    """L_ij with Murray's gradient L⁻ᵀ Φ(Lᵀ E_ij) L⁻¹, Φ the lower triangle with ½ the diagonal."""

    def exact(X):
        L, d = cholesky(X)
        return L[i, j] * sympy.sqrt(d[j])

    def theorem(X):
        unit, d = cholesky(X)
        L = unit * sympy.diag(*map(sympy.sqrt, d))
        inverse = sympy.diag(*(1 / sympy.sqrt(x) for x in d)) * unit.inv()
        seed = sympy.zeros(n, n)
        seed[i, j] = 1
        M = L.T * seed
        Phi = sympy.Matrix(n, n, lambda r, c: M[r, c] * (half if r == c else int(bool(r > c))))
        return inverse.T * Phi * inverse

    return own(exact, n, theorem)


def _softmax(*lambdas: Expr) -> list[Expr]:
    total = sum(map(sympy.exp, lambdas))
    return [sympy.exp(lam) / total for lam in lambdas]


def _norm(X):
    return sympy.sqrt((X * X).trace())


FUNCTIONS: dict[str, Callable[[int], Instance]] = {
    "tr exp X": lambda n: of_eigenvalues(
        lambda *lams: sum(map(sympy.exp, lams)), lambda *lams: map(sympy.exp, lams), n
    ),
    "log tr exp X": lambda n: of_eigenvalues(
        lambda *lams: sympy.log(sum(map(sympy.exp, lams))), _softmax, n
    ),
    "Σ|λ|": lambda n: of_eigenvalues(
        lambda *lams: sum(map(sympy.Abs, lams)), lambda *lams: map(sympy.sign, lams), n
    ),
    "Σ λ log λ": lambda n: of_eigenvalues(
        lambda *lams: sum(lam * sympy.log(lam) for lam in lams),
        lambda *lams: [sympy.log(lam) + 1 for lam in lams],
        n,
    ),
    "(Σ λ^(3/2))^(2/3)": lambda n: of_eigenvalues(
        lambda *lams: sum(lam ** Rational(3, 2) for lam in lams) ** Rational(2, 3),
        lambda *lams: [
            sympy.sqrt(lam) / sum(x ** Rational(3, 2) for x in lams) ** Rational(1, 3)
            for lam in lams
        ],
        n,
    ),
    "√tr X²": lambda n: own(_norm, n, lambda X: X / _norm(X)),
    "⟨W, √X⟩": lambda n: weighted_function(sympy.sqrt, lambda x: 1 / (2 * sympy.sqrt(x)), n),
    "⟨W, exp X⟩": lambda n: weighted_function(sympy.exp, sympy.exp, n),
    "⟨W, log X⟩": lambda n: weighted_function(sympy.log, lambda x: 1 / x, n),
    "⟨W, X^(-1/3)⟩": lambda n: weighted_function(
        lambda x: x ** Rational(-1, 3), lambda x: -(x ** Rational(-4, 3)) / 3, n
    ),
    "L_10": lambda n: cholesky_entry(1, 0, n),
    "L_11": lambda n: cholesky_entry(1, 1, n),
    "L_21": lambda n: cholesky_entry(2, 1, n),
    "L_22": lambda n: cholesky_entry(2, 2, n),
}

WRONG: dict[str, Callable[[int], Instance]] = {
    "exp for its derivative, halved": lambda n: of_eigenvalues(
        lambda *lams: sum(map(sympy.exp, lams)), lambda *lams: [sympy.exp(x / 2) for x in lams], n
    ),
    "log tr exp X, not normalized": lambda n: of_eigenvalues(
        lambda *lams: sympy.log(sum(map(sympy.exp, lams))), lambda *lams: map(sympy.exp, lams), n
    ),
    "Σ|λ| as if all were positive": lambda n: of_eigenvalues(
        lambda *lams: sum(map(sympy.Abs, lams)), lambda *lams: [1] * n, n
    ),
    "Σ|λ|, opposite sign": lambda n: of_eigenvalues(
        lambda *lams: sum(map(sympy.Abs, lams)), lambda *lams: [-sympy.sign(x) for x in lams], n
    ),
    "Σ λ log λ without the 1": lambda n: of_eigenvalues(
        lambda *lams: sum(lam * sympy.log(lam) for lam in lams),
        lambda *lams: map(sympy.log, lams),
        n,
    ),
    "(Σ λ^(3/2))^(2/3), power −2/3": lambda n: of_eigenvalues(
        lambda *lams: sum(lam ** Rational(3, 2) for lam in lams) ** Rational(2, 3),
        lambda *lams: [
            sympy.sqrt(lam) / sum(x ** Rational(3, 2) for x in lams) ** Rational(2, 3)
            for lam in lams
        ],
        n,
    ),
    "√tr X², squared": lambda n: own(_norm, n, lambda X: X / _norm(X) ** 2),
    "√X, φ′ without its ½": lambda n: weighted_function(sympy.sqrt, lambda x: 1 / sympy.sqrt(x), n),
    "√X, φ for φ′": lambda n: weighted_function(sympy.sqrt, sympy.sqrt, n),
    "√X, wrong sign of P W R": lambda n: weighted_function(
        sympy.sqrt, lambda x: 1 / (2 * sympy.sqrt(x)), n, sign=-1
    ),
    "exp X, φ′ = 1": lambda n: weighted_function(sympy.exp, lambda x: sympy.S.One, n),
    "log X, φ′ = −1/λ": lambda n: weighted_function(sympy.log, lambda x: -1 / x, n),
    "X^(-1/3), exponent −1/3": lambda n: weighted_function(
        lambda x: x ** Rational(-1, 3), lambda x: -(x ** Rational(-1, 3)) / 3, n
    ),
    "X^(-1/3), off by 10⁻²⁰": lambda n: weighted_function(
        lambda x: x ** Rational(-1, 3),
        lambda x: -(x ** Rational(-4, 3)) * (Rational(1, 3) + Rational(1, 10**20)),
        n,
    ),
    "L_10, whole diagonal": lambda n: cholesky_entry(1, 0, n, half=sympy.S.One),
    "L_11, whole diagonal": lambda n: cholesky_entry(1, 1, n, half=sympy.S.One),
    "L_10, no diagonal": lambda n: cholesky_entry(1, 0, n, half=sympy.S.Zero),
}
"""The same functions with gradients that are almost right."""
