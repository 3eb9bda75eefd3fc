"""Every function of the catalogue: its constants, f(X), and a gradient G whose symmetric part is S.

A Hermitian X = A + iB is given as the real X of twice the size in which each entry a + ib is the
block [[a, −b], [b, a]]; then ``blocks`` is 2, else 1.  Products, transposes, inverses and triangles
of blocks are those of the complex matrices; traces are twice theirs.
"""

from fractions import Fraction as Q

from .intervals import ImpreciseError, Interval, UndefinedError, cube_root, exp, lift, log, sqrt
from .matrices import (
    cholesky,
    combined,
    enclosed,
    exact_product,
    identity,
    inner,
    integer_triangular_inverse,
    outer,
    plus,
    product,
    scaled,
    transpose,
    triangular_inverse,
)
from .spectrum import spectrum_of

MOST_BITS = 2048
SHARP = 2**-140
"""Enclosures of one's own are that narrow beside the largest entry."""


class Point:
    """An exact symmetric X by rows, and what the functions need of it."""

    def __init__(self, X, blocks):
        self.exact, self.blocks, self.n = X, blocks, len(X) // blocks
        self.X, self.one = enclosed(X), enclosed(identity(len(X)))

    def spectrum(self):
        return spectrum_of(self.exact, self.blocks, Interval.bits)

    def constant(self, rows):
        """The matrix of these integers, in blocks."""
        span, m = range(self.n * self.blocks), self.blocks
        return enclosed([[rows[i // m][j // m] * (i % m == j % m) for j in span] for i in span])

    def congruent(self, T):
        """The point T X Tᵀ of an integer T."""
        span, m = range(self.n * self.blocks), self.blocks
        M = [[T[i // m][j // m] * (i % m == j % m) for j in span] for i in span]
        X = exact_product(exact_product(M, self.exact), transpose(M))
        return Point(tuple(map(tuple, X)), m)

    def inner(self, A, B):
        return inner(A, B) / self.blocks if self.blocks > 1 else inner(A, B)

    def inverse(self):
        spectrum = self.spectrum()
        det = spectrum.coefficients[-1] * (-1) ** len(self.exact)
        if det == 0:
            raise UndefinedError("X is singular")
        unit = 2**spectrum.shift
        return enclosed([[Q(x * unit, det) for x in row] for row in spectrum.adjugate])

    def det(self):
        spectrum = self.spectrum()
        if self.blocks == 1:
            power = 2 ** (spectrum.shift * self.n)
            return lift(Q(spectrum.coefficients[-1] * (-1) ** self.n, power))
        return self.others(lambda cluster: True)

    def others(self, chosen):
        """The product of the eigenvalues of some clusters."""
        total = lift(1)
        for cluster in filter(chosen, self.spectrum().clusters):
            for _ in range(cluster.count):
                total = total * cluster.value
        return total

    def adjugate(self):
        spectrum = self.spectrum()
        if self.blocks == 1:
            power = 2 ** (spectrum.shift * (self.n - 1))
            return enclosed([[Q(x, power) for x in row] for row in spectrum.adjugate])
        kernel = [c for c in spectrum.clusters if c.value.sign() == 0]
        if not kernel:
            return scaled(self.det(), self.inverse())
        if kernel[0].count > 1:
            return scaled(0, self.one)
        return scaled(self.others(lambda c: c is not kernel[0]), spectrum.projector(kernel[0]))

    def clusters(self, positions=None):
        spectrum = self.spectrum()
        return spectrum.clusters if positions is None else spectrum.chosen(set(positions))

    def trace(self, f, positions=None):
        """Σ f(λ_i)."""
        values = [f(c.value) * c.count for c in self.clusters(positions)]
        return sum(values, Interval(0))

    def apply(self, f, positions=None):
        """Σ f(λ) P of the eigenprojectors P."""
        chosen = self.clusters(positions)
        projectors = [self.spectrum().projector(c) for c in chosen]
        return combined([f(c.value) for c in chosen], projectors)

    def frechet(self, f, slope, W, positions=None):
        """Σ f[λ, μ] P W R over all pairs of eigenprojectors P of λ and R of μ."""
        every, chosen = self.clusters(), self.clusters(positions)
        projectors = [self.spectrum().projector(c) for c in every]
        values = [f(c.value) if c in chosen else Interval(0) for c in every]
        W, total = self.constant(W), scaled(0, self.one)
        for k, a in enumerate(every):
            rates = [
                (slope(a.value) if a in chosen else Interval(0))
                if j == k
                else (values[k] - values[j]) / (a.value - b.value)
                for j, b in enumerate(every)
            ]
            total = plus(total, product(projectors[k], W, combined(rates, projectors)))
        return total

    def ranks(self, ranks):
        """The eigenvalues of these ranks by absolute value."""
        return self.spectrum().by_modulus(ranks)

    def factor(self):
        """(L, L⁻¹) of X = L Lᵀ."""
        L = cholesky(self.X)
        return L, triangular_inverse(L)

    def pull_back(self, M, R):
        """L⁻ᵀ Φ(M) L⁻¹, Φ the lower triangle with half its diagonal."""
        share, m = (Q(0), Q(1, 2), Q(1)), self.blocks
        rows = enumerate(M)
        half = [
            [x * share[(i // m > j // m) + (i // m >= j // m)] for j, x in enumerate(row)]
            for i, row in rows
        ]
        return product(transpose(R), half, R)


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


def _u(n):
    return [(-1) ** i * (i + 1) for i in range(n)]


def _weight(n):
    return [[2 * i - j + 1 for j in range(n)] for i in range(n)]


def _weights(n):
    W = _weight(n)
    return {"[symmetric]": {"W": plus(W, transpose(W))}, "[full]": {"W": W}}


def _positive(n):
    T = [[(i == j) - (i == j + 1) for j in range(n)] for i in range(n)]
    return exact_product(T, transpose(T))


def _tridiagonal(n):
    return [[3 * (i == j) + (abs(i - j) == 1) for j in range(n)] for i in range(n)]


def _each(key, first, last, **others):
    return {f"[{k}]": {key: k, **others} for k in range(first, last)}


def _places(n):
    return {f"[{i},{j}]": {"i": i, "j": j} for i in range(n) for j in range(i + 1)}


def _plain(n):
    return {"": {}}


def _vector(n):
    return {"": {"u": _u(n)}}


def _full(n):
    return {"": {"W": _weight(n)}}


def _indices(n):
    return _each("i", 0, n)


FAMILIES = {
    "eigenvalue": (_indices, at_index),
    "largest_eigenvalue": (_plain, lambda P: at_index(P, P.n - 1)),
    "smallest_eigenvalue": (_plain, lambda P: at_index(P, 0)),
    "eigenvalue_gap": (lambda n: _each("i", 0, n - 1), gap),
    "singular_value": (_indices, lambda P, i: at_rank(P, i)),
    "spectral_norm": (_plain, lambda P: at_rank(P, 0)),
    "nuclear_norm": (_plain, trace_of(modulus, sign)),
    "ky_fan_norm": (lambda n: _each("k", 1, n + 1), lambda P, k: at_rank(P, *range(k))),
    "condition_number": (_plain, condition_number),
    "eigenvector_entry": (_indices, refused),
    "sum_entries": (_plain, sum_entries),
    "trace": (_plain, lambda P: (P.inner(P.one, P.X), P.one)),
    "trace_square": (_plain, lambda P: (P.inner(P.X, P.X), scaled(2, P.X))),
    "trace_cube": (
        _plain,
        lambda P: (P.inner(P.X, product(P.X, P.X)), scaled(3, product(P.X, P.X))),
    ),
    "rayleigh_quotient": (_vector, rayleigh_quotient),
    "det": (_plain, lambda P: (P.det(), P.adjugate())),
    "log_det": (_plain, log_det),
    "inverse_entry": (
        _places,
        lambda P, i, j: weighted_inverse(P, outer(identity(P.n)[i], identity(P.n)[j])),
    ),
    "inverse_quadratic_form": (_vector, lambda P, u: weighted_inverse(P, outer(u, u))),
    "inverse_quadratic_form_pd": (_vector, lambda P, u: weighted_inverse(P, outer(u, u))),
    "lstsq_quadratic_form": (_vector, lambda P, u: weighted_inverse(P, outer(u, u))),
    "weighted_inverse": (_full, weighted_inverse),
    "weighted_pseudoinverse": (_full, weighted_inverse),
    "cholesky_entry": (_places, cholesky_entry),
    "cholesky_log_diagonal": (_plain, cholesky_log_diagonal),
    "triangular_solve": (
        lambda n: {"": {"u": _u(n), "w": [2 * i + 1 for i in range(n)]}},
        triangular_solve,
    ),
    "trace_exp": (_plain, trace_of(exp, exp)),
    "trace_log": (_plain, trace_of(log, lambda x: 1 / x)),
    "von_neumann_entropy": (_plain, trace_of(entropy, lambda x: -log(x) - 1)),
    "log_sum_exp": (_plain, log_sum_exp),
    "weighted_square": (_weights, weighted_square),
    **{f"weighted_{name}": (_weights, weighted_by(name)) for name in SCALARS},
    "projector": (
        lambda n: _each("i", 0, n, W=_weight(n)),
        lambda P, i, W: projector(P, W, i),
    ),
    "subspace_projector": (
        lambda n: _each("k", 1, n, W=_weight(n)),
        lambda P, k, W: projector(P, W, *range(P.n - k, P.n)),
    ),
    "truncated_pseudoinverse": (lambda n: _each("k", 1, n, W=_weight(n)), truncated),
    "gaussian_log_likelihood": (lambda n: {"": {"y": _u(n)}}, log_likelihood),
    "gaussian_precision_log_likelihood": (lambda n: {"": {"y": _u(n)}}, precision_log_likelihood),
    "gaussian_kl": (lambda n: {"": {"J": _positive(n)}}, divergence),
    "bures_wasserstein": (lambda n: {"": {"C": _tridiagonal(n)}}, bures_wasserstein),
    "generalized_eigenvalue": (
        lambda n: _each("i", 0, n, B=_positive(n)),
        generalized_eigenvalue,
    ),
}
"""Of each family: the members by the suffix of their names, with their constants, at size n; and
(f(X), G) of one at a point."""


def constants(name, n):
    """The constants of a function at size n; nothing, if there is no argument for its family."""
    family, bracket, rest = name.partition("[")
    if family not in FAMILIES:
        return None
    return FAMILIES[family][0](n)[bracket + rest]


def derive(name, X, blocks, bits=256):
    """(f(X), S) as intervals with their precision: with more bits until they are narrow.

    Raises:
        UndefinedError: there is no derivative.
    """
    family = name.partition("[")[0]
    while True:
        Interval.bits = bits
        try:
            P = Point(X, blocks)
            value, G = FAMILIES[family][1](P, **constants(name, P.n))
            S = scaled(Q(1, 2 * blocks), plus(G, transpose(G)))
            entries = [x for row in S for x in row]
            scale = max(abs(x.m) for x in entries)
            size = max(abs(x.m) for row in P.X for x in row)
            whole = abs(value.m) + (size * scale >> bits) + 1
            sharp = max(x.r for x in entries) <= SHARP * scale or scale == 0 or bits > 1000
            if sharp and value.r <= SHARP * whole:
                return value, S
        except ImpreciseError:
            if bits >= MOST_BITS:
                raise
        bits *= 2
        if bits > MOST_BITS:
            raise ImpreciseError(f"nothing is enclosed within {MOST_BITS} bits")
