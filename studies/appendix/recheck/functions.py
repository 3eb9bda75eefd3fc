"""f(X), and a gradient G whose symmetric part is S, of the functions of the catalogue."""

from fractions import Fraction as Q

from .intervals import Interval, UndefinedError, cube_root, exp, lift, log, sqrt
from .matrices import (
    integer_triangular_inverse,
    outer,
    plus,
    product,
    scaled,
    transpose,
)


def one(x):
    return lift(1)


def identically(x):
    return x


def nonzero(x):
    """The sign of x, where |x| has a derivative."""
    sign = x.sign()
    if sign == 0:
        raise UndefinedError("|λ| has no derivative at 0")
    return sign


def modulus(x):
    return x * nonzero(x)


def sign(x):
    return lift(nonzero(x))


HALF, THIRD = Q(1, 2), Q(1, 3)
SCALARS = {
    "exp": (exp, exp),
    "log": (log, lambda x: 1 / x),
    "sqrt": (sqrt, lambda x: HALF / sqrt(x)),
    "inverse_sqrt": (lambda x: 1 / sqrt(x), lambda x: -HALF / (x * sqrt(x))),
    "cube_root": (cube_root, lambda x: THIRD * cube_root(x) / x),
}
"""φ and φ′ of ⟨W, φ(X)⟩."""


def trace_of(f, slope, positions=None):
    return lambda P: (P.trace(f, positions), P.apply(slope, positions))


def at_index(P, i):
    return P.trace(identically, [i]), P.apply(one, [i])


def at_rank(P, *ranks):
    found = P.ranks(ranks)
    return P.trace(modulus, found), P.apply(sign, found)


def gap(P, i):
    (high, S), (low, T) = at_index(P, i + 1), at_index(P, i)
    return high - low, plus(S, scaled(-1, T))


def condition_number(P):
    (largest, S), (least, T) = at_rank(P, 0), at_rank(P, P.n - 1)
    ratio = largest / least
    return ratio, scaled(1 / least, plus(S, scaled(-ratio, T)))


def weighted_by(name):
    f, slope = SCALARS[name]
    return lambda P, W: (
        P.inner(P.constant(W), P.apply(f)),
        P.frechet(f, slope, W),
    )


def weighted_square(P, W):
    M = P.constant(W)
    return P.inner(M, product(P.X, P.X)), plus(product(M, P.X), product(P.X, M))


def projector(P, W, *positions):
    value = P.inner(P.constant(W), P.apply(one, positions))
    return value, P.frechet(one, lambda x: Interval(0), W, positions)


def truncated(P, k, W):
    def slope(x):
        return -1 / (x * x)

    def reciprocal(x):
        if x.sign() == 0:
            raise UndefinedError("1/λ at λ = 0")
        return 1 / x

    found = P.ranks(range(k))
    return P.inner(P.constant(W), P.apply(reciprocal, found)), P.frechet(
        reciprocal, slope, W, found
    )


def weighted_inverse(P, W):
    M, R = P.constant(W), P.inverse()
    return P.inner(M, R), scaled(-1, product(R, M, R))


def log_det(P):
    if any(c.value.sign() <= 0 for c in P.clusters()):
        raise UndefinedError("X is not positive definite")
    return log(P.det()), P.inverse()


def log_sum_exp(P):
    total = P.trace(exp)
    return log(total), scaled(1 / total, P.apply(exp))


def entropy(x):
    return -(x * log(x))


def cholesky_entry(P, i, j):
    L, R = P.factor()
    E = P.constant([[int((a, b) == (i, j)) for b in range(P.n)] for a in range(P.n)])
    return P.inner(E, L), P.pull_back(product(transpose(L), E), R)


def cholesky_log_diagonal(P):
    _, R = P.factor()
    return log_det(P)[0] * HALF, P.pull_back(P.one, R)


def triangular_solve(P, u, w):
    _, R = P.factor()
    M = P.constant(outer(u, w))
    return P.inner(M, R), P.pull_back(scaled(-1, product(M, transpose(R))), R)


def log_likelihood(P, y):
    (log_of_det, R), (form, G) = log_det(P), weighted_inverse(P, outer(y, y))
    return -HALF * (log_of_det + form), scaled(-HALF, plus(R, G))


def precision_log_likelihood(P, y):
    (log_of_det, R), M = log_det(P), P.constant(outer(y, y))
    return HALF * (log_of_det - P.inner(M, P.X)), scaled(HALF, plus(R, scaled(-1, M)))


def divergence(P, J):
    (log_of_det, R), M = log_det(P), P.constant(J)
    return HALF * (P.inner(M, P.X) - P.n - log_of_det), scaled(HALF, plus(M, scaled(-1, R)))


def bures_wasserstein(P, C):
    M, inside = P.constant(C), P.congruent(C)
    value = P.inner(P.one, P.X) + P.inner(M, M) - inside.trace(sqrt) * 2
    roots = inside.apply(lambda x: 1 / sqrt(x))
    return value, plus(P.one, scaled(-1, product(M, roots, M)))


def generalized_eigenvalue(P, i, B):
    R = integer_triangular_inverse(B)
    value, S = at_index(P.congruent(R), i)
    M = P.constant(R)
    return value, product(transpose(M), S, M)


def rayleigh_quotient(P, u):
    G = scaled(Q(1, sum(x * x for x in u)), P.constant(outer(u, u)))
    return P.inner(G, P.X), G


def sum_entries(P):
    G = P.constant([[1] * P.n] * P.n)
    return P.inner(G, P.X), G


def refused(P, **constants):
    raise UndefinedError("gauge: an eigenvector has a sign, or a phase, that X does not determine")
