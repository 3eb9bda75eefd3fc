"""CasADi: symbolic differentiation, by ca.gradient in reverse and by ca.jtimes in forward mode."""

import functools

import casadi as ca
import numpy as np

from symgrad.numeric.framework import BaseFramework, numbers
from symgrad.numeric.hessians.casadi import WAYS

ENTRIES, MINORS, ROOTS = 32, 7, 4
"""Up to which n all entries, all minors, and the roots of a polynomial can be written out."""


def _sx(route, largest=ENTRIES):
    """The route on a matrix of scalar expressions, ca.SX; the others take a ca.MX."""
    written_out = functools.partial(route)
    written_out.symbol, written_out.largest = ca.SX, largest
    return written_out


def _spectral(name, function):
    """function(λ, …) of the eigenvalues, in no order; the name has a %s for them."""
    route = _sx(lambda X, **data: function(ca.eig_symbolic(X), **data), ROOTS)
    return {name % "ca.eig_symbolic(X)" + " (SX)": route}


def _ascending(values):
    """The entries of a vector in ascending order, by exchanges of neighbours."""
    values = ca.vertsplit(values)
    for end in range(len(values) - 1, 0, -1):
        for k in range(end):
            low, high = values[k], values[k + 1]
            values[k], values[k + 1] = ca.fmin(low, high), ca.fmax(low, high)
    return values


def _gap(values, i):
    ordered = _ascending(values)
    return ordered[i + 1] - ordered[i]


def _strict_upper_sum(X):
    return ca.sum1(ca.sum2(ca.triu(X, False)))


def _unit(X, j):
    return ca.DM.eye(X.size1())[:, j]


def _cholesky_log_diagonal(X):
    return ca.sum1(ca.log(ca.diag(ca.chol(X))))


def _ldl_log_diagonal(X):
    return ca.sum1(ca.log(ca.ldl(X)[0])) / 2


def _ldl_entry(X, i, j):
    D, transposed, _ = ca.ldl(X, False)
    return ca.sqrt(D[j]) * (1 if i == j else transposed[j, i])


def _solve(*options):
    return lambda X, u: ca.dot(u, ca.solve(X, u, *options))


def _weighted_solve(*options):
    return lambda X, W: ca.trace(ca.solve(X, W.T, *options))


def _triangular_solve(X, b):
    return ca.solve(ca.chol(X).T, b)


def _whitened(X, B):
    C = ca.chol(B).T
    return ca.solve(C, ca.solve(C, X).T)


def _gaussian(log_det, quadratic_form):
    return lambda X, y: -(log_det(X) + quadratic_form(X, y)) / 2


def _gaussian_precision(log_det):
    return lambda X, y: (log_det(X) - ca.bilin(X, y, y)) / 2


def _gaussian_kl(log_det):
    return lambda X, J: (ca.trace(J @ X) - X.size1() - ca.log(ca.det(J)) - log_det(X)) / 2


def _log_det(X):
    return ca.log(ca.det(X))


def _log_det_by_cholesky(X):
    return 2 * _cholesky_log_diagonal(X)


def _bures_wasserstein(X, C):
    roots = ca.sqrt(ca.eig_symbolic(C @ X @ C))
    return ca.trace(X) + ca.trace(C @ C) - 2 * ca.sum1(roots)


SYMMETRIC = {"symmetric": True}

# There is no call for eigenvectors, nor for logarithms and roots of matrices.
ROUTES = {
    "eigenvalue": _spectral("%s", lambda values, i: _ascending(values)[i]),
    "largest_eigenvalue": _spectral("ca.mmax(%s)", ca.mmax),
    "smallest_eigenvalue": _spectral("ca.mmin(%s)", ca.mmin),
    "eigenvalue_gap": _spectral("%s", _gap),
    "singular_value": {
        "ca.sqrt(ca.eig_symbolic(X.T @ X)) (SX)": _sx(
            lambda X, i: ca.sqrt(_ascending(ca.eig_symbolic(X.T @ X))[-1 - i]), ROOTS
        ),
        **_spectral("ca.fabs(%s)", lambda values, i: _ascending(ca.fabs(values))[-1 - i]),
    },
    "spectral_norm": {
        "ca.norm_2": ca.norm_2,
        **_spectral("ca.norm_inf(%s)", ca.norm_inf),
    },
    "nuclear_norm": _spectral("ca.norm_1(%s)", ca.norm_1),
    "ky_fan_norm": _spectral("%s", lambda values, k: sum(_ascending(ca.fabs(values))[-k:])),
    "condition_number": _spectral(
        "%s", lambda values: ca.mmax(ca.fabs(values)) / ca.mmin(ca.fabs(values))
    ),
    "sum_entries": {
        "ca.sum1(ca.sum2(X))": lambda X: ca.sum1(ca.sum2(X)),
        "ca.trace(X) + 2*ca.sum1(ca.sum2(ca.triu(X, False)))": lambda X: (
            ca.trace(X) + 2 * _strict_upper_sum(X)
        ),
    },
    "trace": {"ca.trace": ca.trace},
    "trace_square": {
        "ca.trace(X @ X)": lambda X: ca.trace(X @ X),
        "ca.sumsqr": ca.sumsqr,
        "ca.norm_fro(X)**2": lambda X: ca.norm_fro(X) ** 2,
    },
    "trace_cube": {
        "ca.trace(X @ X @ X)": lambda X: ca.trace(X @ X @ X),
        "ca.trace(ca.mpower(X, 3))": lambda X: ca.trace(ca.mpower(X, 3)),
    },
    "rayleigh_quotient": {"ca.bilin": lambda X, u: ca.bilin(X, u, u) / ca.sumsqr(u)},
    "det": {
        "ca.det": ca.det,
        "ca.det (SX)": _sx(ca.det, MINORS),
        **_spectral("%s", lambda values: functools.reduce(ca.times, ca.vertsplit(values))),
    },
    "log_det": {
        "ca.log(ca.det(X))": _log_det,
        "ca.log(ca.det(X)) (SX)": _sx(_log_det, MINORS),
        "ca.chol (SX)": _sx(_log_det_by_cholesky),
        "ca.ldl (SX)": _sx(lambda X: 2 * _ldl_log_diagonal(X)),
        **_spectral("ca.sum1(ca.log(%s))", lambda values: ca.sum1(ca.log(values))),
    },
    "inverse_entry": {
        "ca.inv": lambda X, i, j: ca.inv(X)[i, j],
        "ca.inv (SX)": _sx(lambda X, i, j: ca.inv(X)[i, j]),
        "ca.inv_minor (SX)": _sx(lambda X, i, j: ca.inv_minor(X)[i, j], MINORS),
        "ca.mpower(X, -1)": lambda X, i, j: ca.mpower(X, -1)[i, j],
        "ca.solve": lambda X, i, j: ca.solve(X, _unit(X, j))[i],
    },
    "inverse_quadratic_form": {
        "ca.inv": lambda X, u: ca.bilin(ca.inv(X), u, u),
        "ca.solve": _solve(),
        "ca.solve (SX)": _sx(_solve()),
        "ca.solve(X, u, 'lapacklu')": _solve("lapacklu"),
        "ca.solve(X, u, 'mumps', {'symmetric': True})": _solve("mumps", SYMMETRIC),
    },
    "weighted_inverse": {
        "ca.inv": lambda X, W: ca.dot(W, ca.inv(X)),
        "ca.inv (SX)": _sx(lambda X, W: ca.dot(W, ca.inv(X))),
        "ca.solve(X, W.T, 'csparse')": _weighted_solve("csparse"),
        "ca.solve(X, W.T, 'mumps', {'symmetric': True})": _weighted_solve("mumps", SYMMETRIC),
    },
    "inverse_quadratic_form_pd": {
        "ca.solve(X, u, 'ldl')": _solve("ldl"),
        "ca.solve(X, u, 'csparsecholesky')": _solve("csparsecholesky"),
        "ca.solve(X, u, 'mumps', {'symmetric': True, 'posdef': True})": _solve(
            "mumps", {"symmetric": True, "posdef": True}
        ),
        "ca.chol, ca.solve (SX)": _sx(lambda X, u: ca.sumsqr(_triangular_solve(X, u))),
        "ca.ldl_solve (SX)": _sx(lambda X, u: ca.dot(u, ca.ldl_solve(u, *ca.ldl(X)))),
    },
    "weighted_pseudoinverse": {
        "ca.pinv": lambda X, W: ca.dot(W, ca.pinv(X)),
        "ca.pinv (SX)": _sx(lambda X, W: ca.dot(W, ca.pinv(X))),
    },
    "lstsq_quadratic_form": {
        "ca.pinv": lambda X, u: ca.dot(u, ca.pinv(X) @ u),
        "ca.solve(X, u, 'lsqr')": _solve("lsqr"),
        "ca.qr_sparse, ca.qr_solve (SX)": _sx(
            lambda X, u: ca.dot(u, ca.qr_solve(u, *ca.qr_sparse(X)))
        ),
    },
    "cholesky_entry": {
        "ca.chol(X)[j, i] (SX)": _sx(lambda X, i, j: ca.chol(X)[j, i]),
        "ca.ldl (SX)": _sx(_ldl_entry),
    },
    "cholesky_log_diagonal": {
        "ca.chol (SX)": _sx(_cholesky_log_diagonal),
        "ca.ldl (SX)": _sx(_ldl_log_diagonal),
    },
    "triangular_solve": {
        "ca.solve(ca.chol(X).T, w) (SX)": _sx(lambda X, u, w: ca.dot(u, _triangular_solve(X, w)))
    },
    # refused where SLICOT is missing, as in the wheels
    "weighted_exp": {"ca.expm": lambda X, W: ca.dot(W, ca.expm(X))},
    "weighted_square": {
        "X @ X": lambda X, W: ca.dot(W, X @ X),
        "ca.mpower(X, 2)": lambda X, W: ca.dot(W, ca.mpower(X, 2)),
    },
    "trace_exp": _spectral("ca.sum1(ca.exp(%s))", lambda values: ca.sum1(ca.exp(values))),
    "trace_log": _spectral("ca.sum1(ca.log(%s))", lambda values: ca.sum1(ca.log(values))),
    "von_neumann_entropy": _spectral("%s", lambda values: -ca.dot(values, ca.log(values))),
    "log_sum_exp": _spectral("ca.logsumexp(%s)", lambda values: ca.logsumexp(values)),
    "generalized_eigenvalue": {
        "ca.eig_symbolic(ca.solve(B, X)) (SX)": _sx(
            lambda X, i, B: _ascending(ca.eig_symbolic(ca.solve(B, X)))[i], ROOTS
        ),
        "ca.chol(B), ca.eig_symbolic (SX)": _sx(
            lambda X, i, B: _ascending(ca.eig_symbolic(_whitened(X, B)))[i], ROOTS
        ),
    },
    "gaussian_log_likelihood": {
        "ca.det, ca.solve": _gaussian(_log_det, _solve()),
        "ca.det, ca.solve(X, y, 'ldl')": _gaussian(_log_det, _solve("ldl")),
        "ca.chol, ca.solve (SX)": _sx(
            _gaussian(_log_det_by_cholesky, lambda X, y: ca.sumsqr(_triangular_solve(X, y)))
        ),
    },
    "gaussian_precision_log_likelihood": {
        "ca.det, ca.bilin": _gaussian_precision(_log_det),
        "ca.chol, ca.bilin (SX)": _sx(_gaussian_precision(_log_det_by_cholesky)),
    },
    "gaussian_kl": {
        "ca.det": _gaussian_kl(_log_det),
        "ca.chol (SX)": _sx(_gaussian_kl(_log_det_by_cholesky), MINORS),
    },
    "bures_wasserstein": {"ca.eig_symbolic(C @ X @ C) (SX)": _sx(_bures_wasserstein, ROOTS)},
}


def symbol_of(f, n):
    """ca.MX; or ca.SX, where f (X ↦ f(X), n×n) is written for that alone, as with ca.chol."""
    for symbol in (ca.MX, ca.SX):
        try:
            f(symbol.sym("X", n, n))
        except Exception:  # whatever f raises; what it raises of ca.MX is said where it is asked
            continue
        return symbol
    return ca.MX


@functools.lru_cache(maxsize=1024)
def _build(route, derivative, n, shapes, numbers):
    """The ca.Function of the value and, if named, its derivative, for one shape of the data."""
    if n > getattr(route, "largest", n):
        raise NotImplementedError("CasADi writes this out up to n = %d only" % route.largest)
    symbol = getattr(route, "symbol", ca.MX)
    X, E = symbol.sym("X", n, n), symbol.sym("E", n, n)
    arrays = {name: symbol.sym(name, *shape) for name, shape in shapes}
    value = route(X, **arrays, **dict(numbers))
    if value.shape != (1, 1):
        raise TypeError("the route gave an array of shape %d×%d, not a scalar" % value.shape)
    outputs = {
        None: lambda: [value],
        "gradient": lambda: [value, ca.gradient(value, X)],
        "forward": lambda: [value, ca.jtimes(value, X, E)],
        **{way: functools.partial(twice, value, X, E) for way, twice in WAYS.items()},
    }[derivative]()
    return ca.Function("f", [X, E, *arrays.values()], outputs)


def _call(derivative, route, X, E, constants, dtype):
    """The value and the derivative, each a ca.DM."""
    if dtype != "float64":
        raise NotImplementedError("CasADi computes in float64 only")
    arrays = {k: np.array(numbers(v)) for k, v in constants.items() if not isinstance(v, int)}
    shapes = tuple((name, array.shape) for name, array in arrays.items())
    indices = tuple((k, v) for k, v in constants.items() if k not in arrays)
    return _build(route, derivative, len(X), shapes, indices)(X, E, *arrays.values())


class Framework(BaseFramework):
    """CasADi in its virtual machine; a function is built once for each route and shape."""

    namespace = ca
    version = ca.__version__
    declines = (
        "not defined for",
        "is not found",
    )
    routes = ROUTES
    hessians = WAYS
    has_forward_mode = True

    def written(self, f, n):
        route = functools.partial(f)  # another one each time, as f may build another graph
        route.symbol = symbol_of(f, n)
        return route

    def differentiate(self, route, X, constants, dtype):
        value, gradient = _call("gradient", route, X, 0, constants, dtype)
        return float(value), gradient.full(), "float64"

    def differentiate_twice(self, way, route, X, E, constants, dtype):
        slope, G = _call(way, route, X, E, constants, dtype)
        return float(slope), G.full(), "float64"

    def evaluate(self, route, X, constants, dtype):
        return float(_call(None, route, X, 0, constants, dtype))

    def derivative_along(self, route, X, E, constants, dtype):
        return float(_call("forward", route, X, E, constants, dtype)[1])
