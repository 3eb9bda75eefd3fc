"""TensorFlow: reverse mode by tf.GradientTape, forward mode by tf.autodiff.ForwardAccumulator."""

import functools

import tensorflow as tf

from symgrad.numeric.calls import by, calls, only, then
from symgrad.numeric.executions import batched, compiled
from symgrad.numeric.framework import BaseFramework
from symgrad.numeric.hessians.tensorflow import WAYS, differentiate_twice

_calls = functools.partial(calls, {"tf": tf})


def _operator(method, *options):
    """A method of ``tf.linalg.LinearOperatorFullMatrix`` with each of the hints."""
    table = _calls("tf.linalg.LinearOperatorFullMatrix", *options)
    return {
        "%s.%s" % (name, method): functools.partial(_ask, operator, method)
        for name, operator in table.items()
    }


def _ask(operator, method, X, *arguments, **options):
    return getattr(operator(X), method)(*arguments, **options)


def _inner(W, M):
    return tf.reduce_sum(W * M)


def _column(vector):
    return vector[:, tf.newaxis]


def _real_sum(values):
    return tf.reduce_sum(tf.math.real(values))


def _log_diagonal(L):
    return tf.reduce_sum(tf.math.log(tf.math.real(tf.linalg.diag_part(L))))


HINT = {"is_self_adjoint": True}
HINTS = {"is_self_adjoint": True, "is_positive_definite": True}

# X → (λ, V) and X → λ, ascending (TensorFlow's λ of a complex X are complex); X → σ, descending
EIGH = _calls("tf.linalg.eigh", {})
EIG = _calls("tf.linalg.eig", {})
EIGVALSH = then(
    {**_calls("tf.linalg.eigvalsh", {}), **_operator("eigvals", HINT)},
    tf.math.real,
)
SINGULAR = {
    **then(_calls("tf.linalg.svd", {}), lambda suv: suv[0]),
    **_calls("tf.linalg.svd", {"compute_uv": False}),
}

# X → L, lower, with X = L Lᴴ
FACTORS = {
    **_calls("tf.linalg.cholesky", {}),
    **then(_operator("cholesky", HINTS), lambda L: L.to_dense()),
}

# (X, B) → X⁻¹ B, the second only for a positive definite X; (X, B) → L⁻¹ B
SOLVE = {
    **_calls("tf.linalg.solve", {}, {"adjoint": True}),
    **by(_calls("tf.linalg.inv", {}, {"adjoint": True}), lambda inv, X, B: inv(X) @ B),
    **_operator("solve", {}),
    "tf.linalg.lu, tf.linalg.lu_solve": lambda X, B: tf.linalg.lu_solve(*tf.linalg.lu(X), B),
}
SOLVE_PD = {
    **by(
        _calls("tf.linalg.cholesky_solve", {}),
        lambda solve, X, B: solve(tf.linalg.cholesky(X), B),
    ),
    **_operator("solve", HINTS),
}
SOLVE_FACTOR = {
    **by(
        _calls("tf.linalg.triangular_solve", {}),
        lambda solve, X, B: solve(tf.linalg.cholesky(X), B),
    ),
    **by(
        _calls("tf.linalg.triangular_solve", {"lower": False, "adjoint": True}),
        lambda solve, X, B: solve(tf.linalg.adjoint(tf.linalg.cholesky(X)), B),
    ),
    "tf.linalg.LinearOperatorLowerTriangular.solve": lambda X, B: (
        tf.linalg.LinearOperatorLowerTriangular(tf.linalg.cholesky(X)).solve(B)
    ),
}

LOG_DET = {
    **_calls("tf.linalg.logdet", {}),
    **then(_calls("tf.linalg.slogdet", {}), lambda pair: tf.math.real(pair[1])),
    **then(_calls("tf.linalg.cholesky", {}), lambda L: 2 * _log_diagonal(L)),
    **then(_calls("tf.linalg.eigvalsh", {}), lambda e: _real_sum(tf.math.log(e))),
    **then(_operator("log_abs_determinant", {}, HINTS), tf.math.real),
}
TWO_LOG_DETS = only(LOG_DET, "tf.linalg.logdet", "tf.linalg.slogdet")

EXPM = _calls("tf.linalg.expm", {})
SQRTM = _calls("tf.linalg.sqrtm", {})


def _truncated(X, k, W):
    """⟨W, X⁺⟩ with a tolerance between the k-th largest singular value and the next."""
    sizes = tf.linalg.svd(tf.stop_gradient(X), compute_uv=False)
    rcond = (sizes[k - 1] + sizes[k]) / (2 * sizes[0])
    return _inner(W, tf.linalg.pinv(X, rcond=rcond))


def _weighted(table):
    """⟨W, f(X)⟩ by each of the calls for f."""
    return by(table, lambda f, X, W: _inner(W, f(X)))


def _of_eigenvalues(f, pair):
    values, V = pair
    return tf.linalg.matmul(V * tf.cast(f(tf.math.real(values)), V.dtype), V, adjoint_b=True)


def _of_singular_values(f, suv):
    s, U, V = suv
    return tf.linalg.matmul(U * tf.cast(f(s), U.dtype), V, adjoint_b=True)


def _condition(values):
    sizes = tf.abs(values)
    return tf.reduce_max(sizes) / tf.reduce_min(sizes)


def _function(f):
    """f(X) of a symmetric X."""
    return then(EIGH, functools.partial(_of_eigenvalues, f))


def _function_pd(f):
    """f(X) of a positive definite X."""
    by_svd = then(_calls("tf.linalg.svd", {}), functools.partial(_of_singular_values, f))
    return {**_function(f), **by_svd}


def _spectral(f):
    """tr f(X), the sum over the eigenvalues."""
    return then(EIGVALSH, lambda values: tf.reduce_sum(f(values)))


def _cube_root(values):
    return values ** (1 / 3)


def _minus_log(values):
    return -values * tf.math.log(values)


def _logm(X):
    return tf.cast(tf.linalg.logm(tf.cast(X, tf.complex128)), X.dtype)


def _sorted_real(values, i):
    return tf.sort(tf.math.real(values))[i]


def _quadratic(solve, X, u):
    return _inner(_column(u), solve(X, _column(u)))


def _squares(solve, X, u):
    return tf.reduce_sum(tf.abs(solve(X, _column(u))) ** 2)


def _upper_sum(X):
    upper = tf.linalg.band_part(X, 0, -1) - tf.linalg.band_part(X, 0, 0)
    return tf.linalg.trace(X) + 2 * tf.reduce_sum(upper)


def _projector_on(V, W):
    """⟨W, V Vᴴ⟩; V is n×k."""
    return tf.math.real(
        tf.linalg.trace(tf.linalg.matmul(V, tf.cast(tf.transpose(W), V.dtype) @ V, adjoint_a=True))
    )


def _by_eig(eig, X):
    values, V = eig(X)
    return values, tf.gather(V, tf.argsort(tf.math.real(values)), axis=1)


EIGENVECTORS = {**EIGH, **by(EIG, _by_eig)}


def _subspace_projector(eigh, X, k, W):
    return _projector_on(eigh(X)[1][:, X.shape[0] - k :], W)


def _generalized(eigvalsh, X, i, B):
    C = tf.linalg.cholesky(B)
    half = tf.linalg.adjoint(tf.linalg.triangular_solve(C, X))
    return eigvalsh(tf.linalg.triangular_solve(C, half))[i]


def _gaussian(log_det, solve, X, y):
    return -(log_det(X) + tf.math.real(_quadratic(solve, X, y))) / 2


def _precision(log_det, X, y):
    return (log_det(X) - tf.math.real(_inner(y, tf.linalg.matvec(X, y)))) / 2


def _kl(log_det, X, J):
    return (tf.math.real(tf.linalg.trace(J @ X)) - X.shape[0] - log_det(J) - log_det(X)) / 2


def _bures_wasserstein(root_trace, X, C):
    return tf.math.real(tf.linalg.trace(X + C @ C)) - 2 * root_trace(C @ X @ C)


def _bures_by_svd(singular, X, C):
    fidelity = tf.reduce_sum(singular(tf.linalg.matmul(tf.linalg.cholesky(X), C, adjoint_a=True)))
    return tf.math.real(tf.linalg.trace(X + C @ C)) - 2 * fidelity


ROUTES = {
    "eigenvalue": {
        **by(EIGH, lambda eigh, X, i: eigh(X)[0][i]),
        **by(_calls("tf.linalg.eigvalsh", {}), lambda eigvalsh, X, i: eigvalsh(X)[i]),
        **by(EIG, lambda eig, X, i: _sorted_real(eig(X)[0], i)),
        **by(_calls("tf.linalg.eigvals", {}), lambda eigvals, X, i: _sorted_real(eigvals(X), i)),
        **by(_operator("eigvals", HINT), lambda eigvals, X, i: eigvals(X)[i]),
        **by(_calls("tf.compat.v1.self_adjoint_eig", {}), lambda eigh, X, i: eigh(X)[0][i]),
    },
    "largest_eigenvalue": then(EIGVALSH, lambda values: values[-1]),
    "smallest_eigenvalue": then(EIGVALSH, lambda values: values[0]),
    "eigenvalue_gap": by(EIGVALSH, lambda eigvalsh, X, i: eigvalsh(X)[i + 1] - eigvalsh(X)[i]),
    "singular_value": by(SINGULAR, lambda singular, X, i: singular(X)[i]),
    "spectral_norm": {
        **_calls("tf.norm", {"ord": 2, "axis": (-2, -1)}),
        **then(SINGULAR, tf.reduce_max),
        **then(EIGVALSH, lambda values: tf.reduce_max(tf.abs(values))),
    },
    "nuclear_norm": {
        **then(SINGULAR, tf.reduce_sum),
        **then(EIGVALSH, lambda values: tf.reduce_sum(tf.abs(values))),
    },
    "ky_fan_norm": {
        **by(SINGULAR, lambda singular, X, k: tf.reduce_sum(singular(X)[:k])),
        **by(EIGVALSH, lambda eigvalsh, X, k: tf.reduce_sum(tf.sort(tf.abs(eigvalsh(X)))[-k:])),
    },
    "condition_number": {
        **_operator("cond", {}, HINT),
        **then(EIGVALSH, _condition),
    },
    "sum_entries": {
        "tf.reduce_sum(X)": tf.reduce_sum,
        "tf.linalg.trace(X) + 2*tf.reduce_sum(strictly upper X)": _upper_sum,
    },
    "trace": {"tf.linalg.trace": tf.linalg.trace},
    "trace_square": {
        "tf.linalg.trace(X @ X)": lambda X: tf.linalg.trace(X @ X),
        "tf.reduce_sum(X * tf.math.conj(X))": lambda X: tf.reduce_sum(X * tf.math.conj(X)),
        "tf.norm(X)**2": lambda X: tf.norm(X) ** 2,
    },
    "trace_cube": {
        "tf.linalg.trace(X @ X @ X)": lambda X: tf.linalg.trace(X @ X @ X),
        "tf.einsum('ij,jk,ki', X, X, X)": lambda X: tf.einsum("ij,jk,ki", X, X, X),
    },
    "rayleigh_quotient": {
        "tf.linalg.matvec": lambda X, u: _inner(u, tf.linalg.matvec(X, u)) / _inner(u, u),
        "tf.einsum('i,ij,j', u, X, u)": lambda X, u: tf.einsum("i,ij,j", u, X, u) / _inner(u, u),
    },
    "det": {
        **_calls("tf.linalg.det", {}),
        **then(_calls("tf.linalg.slogdet", {}), lambda pair: pair[0] * tf.exp(pair[1])),
        **_operator("determinant", HINT),
        "tf.reduce_prod(tf.linalg.eigvalsh(X))": lambda X: tf.reduce_prod(tf.linalg.eigvalsh(X)),
    },
    "log_det": LOG_DET,
    "inverse_entry": by(
        SOLVE,
        lambda solve, X, i, j: solve(X, tf.eye(X.shape[0], dtype=X.dtype)[:, j : j + 1])[i, 0],
    ),
    "inverse_quadratic_form": by(SOLVE, _quadratic),
    "weighted_inverse": by(
        SOLVE, lambda solve, X, W: tf.linalg.trace(solve(X, tf.linalg.matrix_transpose(W)))
    ),
    "inverse_quadratic_form_pd": {**by(SOLVE_PD, _quadratic), **by(SOLVE_FACTOR, _squares)},
    "weighted_pseudoinverse": _weighted(_calls("tf.linalg.pinv", {})),
    "truncated_pseudoinverse": {"tf.linalg.pinv(rcond=...)": _truncated},
    "lstsq_quadratic_form": by(_calls("tf.linalg.lstsq", {}, {"fast": False}), _quadratic),
    "cholesky_entry": by(FACTORS, lambda cholesky, X, i, j: cholesky(X)[i, j]),
    "cholesky_log_diagonal": then(FACTORS, _log_diagonal),
    "triangular_solve": by(
        SOLVE_FACTOR, lambda solve, X, u, w: _inner(_column(u), solve(X, _column(w)))
    ),
    "weighted_exp": _weighted({**EXPM, **_function(tf.exp)}),
    "weighted_log": {
        **_weighted({"tf.linalg.logm": _logm}),
        **_weighted(_function_pd(tf.math.log)),
    },
    "weighted_sqrt": _weighted({**SQRTM, **_function_pd(tf.sqrt)}),
    "weighted_inverse_sqrt": _weighted(
        {**then(SQRTM, tf.linalg.inv), **_function_pd(tf.math.rsqrt)}
    ),
    "weighted_cube_root": _weighted(_function_pd(_cube_root)),
    "weighted_square": {
        "X @ X": lambda X, W: _inner(W, X @ X),
        "tf.linalg.matmul(X, X, adjoint_b=True)": lambda X, W: _inner(
            W, tf.linalg.matmul(X, X, adjoint_b=True)
        ),
    },
    "trace_exp": {**then(EXPM, tf.linalg.trace), **_spectral(tf.exp)},
    "trace_log": _spectral(tf.math.log),
    "von_neumann_entropy": _spectral(_minus_log),
    "log_sum_exp": {
        **then(EIGVALSH, tf.reduce_logsumexp),
        **then(EXPM, lambda exponential: tf.math.log(tf.linalg.trace(exponential))),
    },
    "projector": by(EIGENVECTORS, lambda eigh, X, i, W: _projector_on(eigh(X)[1][:, i : i + 1], W)),
    "subspace_projector": by(EIGENVECTORS, _subspace_projector),
    "eigenvector_entry": by(EIGENVECTORS, lambda eigh, X, i: tf.math.real(eigh(X)[1][0, i])),
    "generalized_eigenvalue": by(EIGVALSH, _generalized),
    "gaussian_log_likelihood": {
        "tf.linalg.logdet, tf.linalg.solve": functools.partial(
            _gaussian, LOG_DET["tf.linalg.logdet"], tf.linalg.solve
        ),
        "tf.linalg.cholesky, tf.linalg.cholesky_solve": functools.partial(
            _gaussian, LOG_DET["tf.linalg.cholesky"], SOLVE_PD["tf.linalg.cholesky_solve"]
        ),
    },
    "gaussian_precision_log_likelihood": by(TWO_LOG_DETS, _precision),
    "gaussian_kl": by(TWO_LOG_DETS, _kl),
    "bures_wasserstein": {
        **by(then(EIGVALSH, lambda values: tf.reduce_sum(tf.sqrt(values))), _bures_wasserstein),
        **by(then(SQRTM, lambda root: tf.math.real(tf.linalg.trace(root))), _bures_wasserstein),
        **by(SINGULAR, _bures_by_svd),
    },
}


def _jacobian(F, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = F(x)
    J = tape.jacobian(value, x)
    if J is None:
        raise TypeError("tf.GradientTape found no path from X to the value")
    return J


class Framework(BaseFramework):
    """TensorFlow by ``tf.GradientTape`` in eager mode, and by ``tf.autodiff.ForwardAccumulator``.

    The latter is asked once for each direction, and is many times faster if traced once for all.
    """

    namespace = tf
    version = tf.__version__
    declines = (
        "could not find device for node",
        "list of allowed values",
        "must have dtype in",
        "must have `float`-like `dtype`",
        "gradient registry has no entry",
        "gradient not defined",
        "not defined for",
    )
    routes = ROUTES
    hessians = WAYS
    jacobians = {"jacobian": _jacobian}
    executions = {
        "tf.function": compiled(tf.function),
        "tf.function(jit_compile=True)": compiled(functools.partial(tf.function, jit_compile=True)),
        "tf.vectorized_map": batched(lambda f: functools.partial(tf.vectorized_map, f)),
    }
    has_forward_mode = True

    def __init__(self):
        self._traced = {}

    def array(self, values, dtype):
        return tf.constant(values, dtype)

    def name_of(self, dtype):
        return dtype.name

    def real(self, value):
        return tf.math.real(value)

    def differentiate(self, route, X, constants, dtype):
        x = tf.constant(X, dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = self.apply(route, x, constants)
        if not tf.is_tensor(value):
            raise TypeError("the route gave a %s, not a tensor" % type(value).__name__)
        gradient = tape.gradient(value, x)
        if gradient is None:
            raise TypeError("tf.GradientTape found no path from X to the value")
        gradient = tf.convert_to_tensor(gradient)
        return float(value), tf.cast(gradient, X.dtype).numpy(), gradient.dtype.name

    def differentiate_twice(self, way, route, X, E, constants, dtype):
        f = functools.partial(self.apply, route, constants=constants)
        return differentiate_twice(way, f, X, E, dtype)

    def evaluate(self, route, X, constants, dtype):
        return float(self.apply(route, tf.constant(X, dtype), constants))

    def derivative_along(self, route, X, E, constants, dtype):
        key = (route, X.shape, dtype, repr(constants))
        if key not in self._traced:
            slope = functools.partial(self._slope, route, constants)
            self._traced[key] = tf.function(slope, autograph=False)
        x, tangent = tf.constant(X, dtype), tf.constant(E, dtype)
        try:
            slope = self._traced[key](x, tangent)
        except Exception:  # a route that asks for values cannot be traced, or it declines anyway
            slope = self._slope(route, constants, x, tangent)
        return float(slope)

    def _slope(self, route, constants, x, tangent):
        with tf.autodiff.ForwardAccumulator(x, tangent) as accumulator:
            value = self.apply(route, x, constants)
        slope = accumulator.jvp(value)
        if slope is None:
            raise TypeError("tf.autodiff.ForwardAccumulator found no path from X to the value")
        return slope
