"""Every family of the catalogue: its members, their constants, and f and S of one, enclosed."""

from fractions import Fraction as Q

from .functions import (
    SCALARS,
    at_index,
    at_rank,
    bures_wasserstein,
    cholesky_entry,
    cholesky_log_diagonal,
    condition_number,
    divergence,
    entropy,
    gap,
    generalized_eigenvalue,
    log_det,
    log_likelihood,
    log_sum_exp,
    modulus,
    precision_log_likelihood,
    projector,
    rayleigh_quotient,
    refused,
    sign,
    sum_entries,
    trace_of,
    triangular_solve,
    truncated,
    weighted_by,
    weighted_inverse,
    weighted_square,
)
from .intervals import ImpreciseError, Interval, exp, log
from .matrices import (
    exact_product,
    identity,
    outer,
    plus,
    product,
    scaled,
    transpose,
)
from .point import Point

MOST_BITS = 2048
SHARP = 2**-140
"""Enclosures of one's own are that narrow beside the largest entry."""


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

    def once():
        P = Point(X, blocks)
        value, G = FAMILIES[family][1](P, **constants(name, P.n))
        S = scaled(Q(1, 2 * blocks), plus(G, transpose(G)))
        return value, S, max(abs(x.m) for row in P.X for x in row)

    return sharpened(once, bits)[:2]


def sharpened(once, bits=256):
    """(f(X), S, size, …) as ``once`` gives them, with more bits until they are narrow.

    ``size`` is the largest entry of X, in units.
    """
    while True:
        Interval.bits = bits
        try:
            found = value, S, size, *_ = once()
            entries = [x for row in S for x in row]
            scale = max(abs(x.m) for x in entries)
            whole = abs(value.m) + (size * scale >> bits) + 1
            sharp = max(x.r for x in entries) <= SHARP * scale or scale == 0 or bits > 1000
            if sharp and value.r <= SHARP * whole:
                return found
        except ImpreciseError:
            if bits >= MOST_BITS:
                raise
        bits *= 2
        if bits > MOST_BITS:
            raise ImpreciseError(f"nothing is enclosed within {MOST_BITS} bits")
