"""PyTensor: reverse mode by pytensor.grad, forward mode by pytensor.gradient.pushforward."""

import functools

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.assumptions import assume
from pytensor.compile.mode import Mode, get_default_mode, get_mode
from pytensor.gradient import pushforward

from symgrad.numeric.calls import has
from symgrad.numeric.framework import BaseFramework, numbers
from symgrad.numeric.hessians.pytensor import WAYS

DEFAULT = get_default_mode()
AS_BUILT = Mode(linker="py", optimizer=None)
MOST_COMPILED = 150
"""So many graphs in one process: each keeps some 5 MB, for good."""

eigh, eigvalsh, svd, expm = pt.linalg.eigh, pt.linalg.eigvalsh, pt.linalg.svd, pt.linalg.expm
inv, solve, cholesky, norm = pt.linalg.inv, pt.linalg.solve, pt.linalg.cholesky, pt.linalg.norm


TRIANGLES = {"lower": True}, {"lower": False}
SIDES = TRIANGLES if has(eigh, {"lower": True}) else ({"UPLO": "L"}, {"UPLO": "U"})
"""Of eigh; before version 3 the triangles have the names that NumPy gives them."""
HERMITIAN = {"assume_a": "her"}, {"assume_a": "her", "lower": True}
SYMMETRIC = {"assume_a": "sym"}, {"assume_a": "sym", "lower": True}
POSITIVE = {"assume_a": "pos"}, {"assume_a": "pos", "lower": True}


def _with(call, by, *options):
    """Routes ``by(**o)`` of a call, one for each of the options o."""
    routes = {}
    for o in options:
        written = ", ".join("%s=%r" % item for item in o.items())
        routes["pt.linalg.%s%s" % (call, "(%s)" % written if o else "")] = by(**o)
    return routes


def _by_eigenvalues(f):
    """Routes to a function of the eigenvalues and of further constants."""
    return _with("eigvalsh", lambda **o: lambda X, **c: f(eigvalsh(X, **o), **c), *TRIANGLES)


def _by_eigenvectors(f):
    """Routes to ⟨W, V diag(f) Vᴴ⟩, f being a function of the eigenvalues."""
    return _with("eigh", lambda **o: lambda X, W: _weigh(W, f, *eigh(X, **o)), *SIDES)


def _weigh(W, f, values, V):
    return pt.sum(W * ((V * f(values)) @ pt.conj(V.T)))


def _generalized_by_cholesky(X, i, B):
    C = inv(cholesky(B))
    return eigvalsh(C @ X @ C.T)[i]


def _singular_values(X):
    return svd(X, compute_uv=False)


def _log_det(X):
    return pt.linalg.slogdet(X)[1]


def _log_root_det(X, lower=True):
    return pt.log(pt.diagonal(cholesky(X, lower=lower))).sum()


def _log_det_by_lu(X):
    _, _, U = pt.linalg.lu(X)
    return pt.log(pt.abs(pt.diagonal(U))).sum()


def _log_det_by_qr(X):
    _, R = pt.linalg.qr(X)
    return pt.log(pt.abs(pt.diagonal(R))).sum()


def _det_by_lu(X):
    P, _, U = pt.linalg.lu(X)
    return pt.linalg.det(P) * pt.prod(pt.diagonal(U))


def _unit(X, j):
    return pt.eye(X.shape[0], dtype=X.dtype)[:, j]


def _norm2(z):
    return pt.sum(z * pt.conj(z))


def _projected(W, V):
    return pt.sum(W * (V @ pt.conj(V.T)))


def _quadratic(**options):
    return lambda X, u: u @ solve(X, u, **options)


def _lu_solve(X, b):
    return pt.linalg.lu_solve(pt.linalg.lu_factor(X), b)


def _permuted_lu_solve(X, b):
    PL, U = pt.linalg.lu(X, permute_l=True)
    return solve(U, solve(PL, b))


def _cho_solve(X, b, lower=True):
    return pt.linalg.cho_solve((cholesky(X, lower=lower), lower), b)


def _solve_lower(X, b):
    return pt.linalg.solve_triangular(cholesky(X), b, lower=True)


def _solve_upper(X, b):
    U = cholesky(X, lower=False)
    return pt.linalg.solve_triangular(U, b, trans="C", lower=False)


def _kl(log_det):
    return lambda X, J: (pt.trace(J @ X) - X.shape[0] - _log_det(J) - log_det(X)) / 2


def _bures_wasserstein(**options):
    return lambda X, C: pt.trace(X + C @ C) - 2 * pt.sqrt(eigvalsh(C @ X @ C, **options)).sum()


ROUTES = {
    "eigenvalue": {
        **_with("eigh", lambda **o: lambda X, i: eigh(X, **o)[0][i], *SIDES, {"driver": "evd"}),
        **_by_eigenvalues(lambda values, i: values[i]),
        "pt.linalg.eig": lambda X, i: pt.sort(pt.linalg.eig(X)[0].real)[i],
    },
    "largest_eigenvalue": {
        "pt.linalg.eigvalsh(X)[-1]": lambda X: eigvalsh(X)[-1],
        "pt.linalg.eigvalsh(X).max()": lambda X: eigvalsh(X).max(),
    },
    "smallest_eigenvalue": {
        "pt.linalg.eigvalsh(X)[0]": lambda X: eigvalsh(X)[0],
        "pt.linalg.eigvalsh(X).min()": lambda X: eigvalsh(X).min(),
    },
    "eigenvalue_gap": _by_eigenvalues(lambda values, i: values[i + 1] - values[i]),
    "singular_value": {
        **_with("svd", lambda **o: lambda X, i: svd(X, **o)[1][i], {}, {"full_matrices": False}),
        "pt.linalg.svd(compute_uv=False)": lambda X, i: _singular_values(X)[i],
    },
    "spectral_norm": {
        "pt.linalg.norm(X, ord=2)": lambda X: norm(X, ord=2),
        "pt.abs(pt.linalg.eigvalsh(X)).max()": lambda X: pt.abs(eigvalsh(X)).max(),
    },
    "nuclear_norm": {
        "pt.linalg.norm(X, ord='nuc')": lambda X: norm(X, ord="nuc"),
        "pt.abs(pt.linalg.eigvalsh(X)).sum()": lambda X: pt.abs(eigvalsh(X)).sum(),
    },
    "ky_fan_norm": {
        "pt.linalg.svd(compute_uv=False)": lambda X, k: _singular_values(X)[:k].sum(),
        "pt.linalg.eigvalsh": lambda X, k: pt.sort(pt.abs(eigvalsh(X)))[-k:].sum(),
    },
    "condition_number": {
        "pt.linalg.norm(X, ord=2) / pt.linalg.norm(X, ord=-2)": lambda X: (
            norm(X, ord=2) / norm(X, ord=-2)
        ),
        **_by_eigenvalues(lambda values: pt.abs(values).max() / pt.abs(values).min()),
    },
    "sum_entries": {
        "pt.sum(X)": pt.sum,
        "pt.trace(X) + 2*pt.triu(X, 1).sum()": lambda X: pt.trace(X) + 2 * pt.triu(X, 1).sum(),
    },
    "trace": {"pt.trace": pt.trace},
    "trace_square": {
        "pt.trace(X @ X)": lambda X: pt.trace(X @ X),
        "pt.sum(X * pt.conj(X))": lambda X: pt.sum(X * pt.conj(X)),
        "pt.linalg.norm(X)**2": lambda X: norm(X) ** 2,
        "pt.einsum('ij,ji->', X, X)": lambda X: pt.einsum("ij,ji->", X, X),
    },
    "trace_cube": {
        "pt.trace(X @ X @ X)": lambda X: pt.trace(X @ X @ X),
        "pt.trace(pt.linalg.matrix_power(X, 3))": lambda X: pt.trace(pt.linalg.matrix_power(X, 3)),
    },
    "rayleigh_quotient": {"u @ X @ u / (u @ u)": lambda X, u: u @ X @ u / (u @ u)},
    "det": {
        "pt.linalg.det": pt.linalg.det,
        "pt.prod(pt.linalg.eigvalsh(X))": lambda X: pt.prod(eigvalsh(X)),
        "pt.linalg.lu": _det_by_lu,
    },
    "log_det": {
        "pt.linalg.slogdet": _log_det,
        "pt.log(pt.linalg.det(X))": lambda X: pt.log(pt.linalg.det(X)),
        "2*pt.log(pt.diagonal(pt.linalg.cholesky(X))).sum()": lambda X: 2 * _log_root_det(X),
        "2*pt.log(pt.diagonal(pt.linalg.cholesky(X, lower=False))).sum()": lambda X: (
            2 * _log_root_det(X, lower=False)
        ),
        "pt.log(pt.linalg.eigvalsh(X)).sum()": lambda X: pt.log(eigvalsh(X)).sum(),
        "pt.linalg.lu": _log_det_by_lu,
        "pt.linalg.qr": _log_det_by_qr,
    },
    "inverse_entry": {
        "pt.linalg.inv": lambda X, i, j: inv(X)[i, j],
        "pt.linalg.solve": lambda X, i, j: solve(X, _unit(X, j))[i],
    },
    "inverse_quadratic_form": {
        "pt.linalg.inv": lambda X, u: u @ inv(X) @ u,
        **_with("solve", _quadratic, {}, {"transposed": True}, *SYMMETRIC, *HERMITIAN),
        "pytensor.assumptions.assume(X, symmetric=True), pt.linalg.solve": lambda X, u: (
            u @ solve(assume(X, symmetric=True), u)
        ),
        "pt.linalg.lu_factor, pt.linalg.lu_solve": lambda X, u: u @ _lu_solve(X, u),
        "pt.linalg.lu(permute_l=True)": lambda X, u: u @ _permuted_lu_solve(X, u),
    },
    "weighted_inverse": {
        "pt.linalg.inv": lambda X, W: pt.sum(W * inv(X)),
        "pt.linalg.matrix_power(X, -1)": lambda X, W: pt.sum(W * pt.linalg.matrix_power(X, -1)),
        **_with("solve", lambda **o: lambda X, W: pt.trace(solve(X, W.T, **o)), {}, *HERMITIAN),
        "pt.linalg.lu_factor, pt.linalg.lu_solve": lambda X, W: pt.trace(_lu_solve(X, W.T)),
    },
    "inverse_quadratic_form_pd": {
        **_with("solve", _quadratic, *POSITIVE),
        "pytensor.assumptions.assume(X, positive_definite=True), pt.linalg.solve": lambda X, u: (
            u @ solve(assume(X, positive_definite=True), u)
        ),
        "pt.linalg.cholesky, pt.linalg.cho_solve": lambda X, u: u @ _cho_solve(X, u),
        "pt.linalg.cholesky(lower=False), pt.linalg.cho_solve": lambda X, u: (
            u @ _cho_solve(X, u, lower=False)
        ),
        "pt.linalg.cholesky, pt.linalg.solve_triangular": lambda X, u: _norm2(_solve_lower(X, u)),
    },
    "weighted_pseudoinverse": _with(
        "pinv", lambda **o: lambda X, W: pt.sum(W * pt.linalg.pinv(X, **o)), {}, {"hermitian": True}
    ),
    "lstsq_quadratic_form": {
        "pt.linalg.lstsq": lambda X, u: u @ pt.linalg.lstsq(X, u[:, None], -1)[0][:, 0],
    },
    "cholesky_entry": {
        "pt.linalg.cholesky": lambda X, i, j: cholesky(X)[i, j],
        "pt.linalg.cholesky(lower=False)": lambda X, i, j: pt.conj(cholesky(X, lower=False)[j, i]),
    },
    "cholesky_log_diagonal": _with(
        "cholesky", lambda **o: lambda X: _log_root_det(X, **o), {}, {"lower": False}
    ),
    "triangular_solve": {
        "pt.linalg.cholesky, pt.linalg.solve_triangular": lambda X, u, w: u @ _solve_lower(X, w),
        "pt.linalg.cholesky(lower=False), pt.linalg.solve_triangular(trans='C')": lambda X, u, w: (
            u @ _solve_upper(X, w)
        ),
        "pt.linalg.inv(pt.linalg.cholesky(X))": lambda X, u, w: u @ inv(cholesky(X)) @ w,
    },
    "weighted_exp": {
        "pt.linalg.expm": lambda X, W: pt.sum(W * expm(X)),
        **_by_eigenvectors(pt.exp),
    },
    "weighted_log": _by_eigenvectors(pt.log),
    "weighted_sqrt": _by_eigenvectors(pt.sqrt),
    "weighted_inverse_sqrt": _by_eigenvectors(lambda values: 1 / pt.sqrt(values)),
    "weighted_cube_root": _by_eigenvectors(lambda values: values ** (1 / 3)),
    "weighted_square": {
        "X @ X": lambda X, W: pt.sum(W * (X @ X)),
        "pt.linalg.matrix_power(X, 2)": lambda X, W: pt.sum(W * pt.linalg.matrix_power(X, 2)),
    },
    "trace_exp": {
        "pt.trace(pt.linalg.expm(X))": lambda X: pt.trace(expm(X)),
        "pt.exp(pt.linalg.eigvalsh(X)).sum()": lambda X: pt.exp(eigvalsh(X)).sum(),
    },
    "trace_log": _by_eigenvalues(lambda values: pt.log(values).sum()),
    "von_neumann_entropy": _by_eigenvalues(lambda values: -(values * pt.log(values)).sum()),
    "log_sum_exp": {
        "pt.logsumexp(pt.linalg.eigvalsh(X))": lambda X: pt.logsumexp(eigvalsh(X)),
        "pt.log(pt.trace(pt.linalg.expm(X)))": lambda X: pt.log(pt.trace(expm(X))),
    },
    "projector": _with(
        "eigh", lambda **o: lambda X, i, W: _projected(W, eigh(X, **o)[1][:, i : i + 1]), *SIDES
    ),
    "eigenvector_entry": _with("eigh", lambda **o: lambda X, i: eigh(X, **o)[1][0, i], *SIDES),
    "subspace_projector": _with(
        "eigh", lambda **o: lambda X, k, W: _projected(W, eigh(X, **o)[1][:, -k:]), *SIDES
    ),
    "generalized_eigenvalue": {
        **_with("eigh", lambda **o: lambda X, i, B: eigh(X, B, **o)[0][i], *TRIANGLES),
        **_with("eigvalsh", lambda **o: lambda X, i, B: eigvalsh(X, B, **o)[i], *TRIANGLES),
        "pt.linalg.cholesky, pt.linalg.eigvalsh": _generalized_by_cholesky,
    },
    "gaussian_log_likelihood": {
        "pt.linalg.slogdet, pt.linalg.solve": lambda X, y: -(_log_det(X) + y @ solve(X, y)) / 2,
        "pt.linalg.cholesky, pt.linalg.cho_solve": lambda X, y: (
            -_log_root_det(X) - y @ _cho_solve(X, y) / 2
        ),
    },
    "gaussian_precision_log_likelihood": {
        "pt.linalg.slogdet": lambda X, y: (_log_det(X) - y @ X @ y) / 2,
        "pt.linalg.cholesky": lambda X, y: _log_root_det(X) - y @ X @ y / 2,
    },
    "gaussian_kl": {
        "pt.linalg.slogdet": _kl(_log_det),
        "pt.linalg.cholesky": _kl(lambda X: 2 * _log_root_det(X)),
    },
    "bures_wasserstein": _with("eigvalsh", _bures_wasserstein, *TRIANGLES),
}


class _InMode:
    """A route whose graphs are compiled in this mode."""

    def __init__(self, mode, route):
        self.mode, self._route = mode, route

    def __call__(self, X, **constants):
        return self._route(X, **constants)


class Framework(BaseFramework):
    """PyTensor's graphs, in the mode that users get who say nothing: that of PYTENSOR_FLAGS.

    Where these do not set one it is Numba's.  It compiles for seconds the first time that a graph
    is met, and keeps what it compiled in the user's folder; so that a graph is met once, it is of
    matrices of any size.  Forward mode, whose graphs are larger, is run as it is built, by Python.
    """

    namespace = pt
    version = pytensor.__version__
    declines = (
        "integer-valued variable",
        "not understood",
        "disconnectedtype, or continuous",
        "unsupported",
        "not implemented for",
        "not supported",
        "must be a float type",
        "is not implemented",
    )
    routes = ROUTES
    hessians = WAYS
    executions = {
        "pytensor.function(mode='FAST_COMPILE')": functools.partial(
            _InMode, get_mode("FAST_COMPILE")
        )
    }
    has_forward_mode = True

    def __init__(self):
        self._compiled = {}

    def configure(self):
        pytensor.config.cxx = ""  # nothing waits for a compiler of C
        pytensor.config.traceback__limit = 0

    def array(self, values, dtype):
        return np.array(values, dtype)

    def value_at(self, f, X, dtype):
        return pt.as_tensor(f(pt.as_tensor(X.astype(dtype)))).eval(mode=AS_BUILT)

    def is_worn(self):
        return len(self._compiled) >= MOST_COMPILED

    def differentiate(self, route, X, constants, dtype):
        value, gradient = self._call(_gradient, DEFAULT, route, (X,), constants, dtype)
        wide = np.complex128 if np.iscomplexobj(gradient) else np.float64
        return float(value), gradient.astype(wide), str(gradient.dtype)

    def differentiate_twice(self, way, route, X, E, constants, dtype):
        slope, G = self._call(WAYS[way], DEFAULT, route, (X, E), constants, dtype)
        wide = np.complex128 if np.iscomplexobj(G) else np.float64
        return float(np.real(slope)), G.astype(wide), str(G.dtype)

    def evaluate(self, route, X, constants, dtype):
        return float(self._call(_value, DEFAULT, route, (X,), constants, dtype))

    def derivative_along(self, route, X, E, constants, dtype):
        return float(self._call(_slope, AS_BUILT, route, (X, E), constants, dtype))

    def _call(self, wanted, mode, route, matrices, constants, dtype):
        """What is ``wanted``, at numbers: a function compiled once per route and dtype.

        The constants are inputs of it, integers too, lest each were compiled anew.
        """
        arrays = {
            key: self.array(numbers(value), "int64" if isinstance(value, int) else dtype)
            for key, value in constants.items()
        }
        mode = getattr(route, "mode", mode)
        job = (wanted, route, dtype, tuple(arrays))
        if job not in self._compiled:
            x, *e = [pt.matrix(dtype=dtype) for _ in matrices]
            inputs = {
                key: pt.tensor(key, dtype=array.dtype, shape=(None,) * array.ndim)
                for key, array in arrays.items()
            }
            with pytensor.config.change_flags(mode=mode):  # also of graphs inside of nodes
                self._compiled[job] = pytensor.function(
                    [x, *e, *inputs.values()],
                    wanted(self.apply(route, x, inputs), x, *e),
                    on_unused_input="ignore",
                )
        return self._compiled[job](*[M.astype(dtype) for M in matrices], *arrays.values())


def _value(value, x):
    return value


def _gradient(value, x):
    return [value, pytensor.grad(value, x)]


def _slope(value, x, e):
    return pushforward(value, x, e)
