"""TensorFlow before 2.4: by graphs, ``tf.gradients`` and a Session in 1, by GradientTape in 2.

A route is offered where every public call in its name exists.
"""

import functools

import tensorflow as tf

from symgrad.numeric.calls import find, offered
from symgrad.numeric.former import DECLINES
from symgrad.numeric.framework import BaseFramework

_offered = functools.partial(offered, prefix="tf", find=functools.partial(find, tf))


def _size(X):
    return int(X.shape[0])


def _inner(W, M):
    return tf.reduce_sum(W * M)


def _column(vector):
    return vector[:, tf.newaxis]


def _log_diagonal(L):
    return tf.reduce_sum(tf.math.log(tf.math.real(tf.linalg.diag_part(L))))


def _operator(X, **options):
    return tf.linalg.LinearOperatorFullMatrix(X, **options)


def _positive(X):
    return _operator(X, is_self_adjoint=True, is_positive_definite=True)


HINTS = "(is_self_adjoint=True, is_positive_definite=True)"

# X → (λ, V) and X → λ, ascending; X → σ, descending
EIGH = _offered(
    {
        "tf.linalg.eigh": lambda X: tf.linalg.eigh(X),
        "tf.self_adjoint_eig": lambda X: tf.self_adjoint_eig(X),
        "tf.compat.v1.self_adjoint_eig": lambda X: tf.compat.v1.self_adjoint_eig(X),
    }
)
EIGVALSH = _offered(
    {
        "tf.linalg.eigvalsh": lambda X: tf.linalg.eigvalsh(X),
        "tf.self_adjoint_eigvals": lambda X: tf.self_adjoint_eigvals(X),
    }
)
EIGVALS = _offered(
    {
        "tf.linalg.eig": lambda X: tf.linalg.eig(X)[0],
        "tf.linalg.eigvals": lambda X: tf.linalg.eigvals(X),
    }
)
SINGULAR = _offered(
    {
        "tf.linalg.svd": lambda X: tf.linalg.svd(X)[0],
        "tf.linalg.svd(compute_uv=False)": lambda X: tf.linalg.svd(X, compute_uv=False),
    }
)
# X → L, lower, with X = L Lᴴ
FACTORS = _offered(
    {
        "tf.linalg.cholesky": lambda X: tf.linalg.cholesky(X),
        "tf.cholesky": lambda X: tf.cholesky(X),
    }
)
# (X, B) → X⁻¹ B, the second only for a positive definite X; (X, B) → L⁻¹ B
SOLVE = _offered(
    {
        "tf.linalg.solve": lambda X, B: tf.linalg.solve(X, B),
        "tf.linalg.solve(adjoint=True)": lambda X, B: tf.linalg.solve(X, B, adjoint=True),
        "tf.linalg.inv": lambda X, B: tf.linalg.inv(X) @ B,
        "tf.linalg.inv(adjoint=True)": lambda X, B: tf.linalg.inv(X, adjoint=True) @ B,
        "tf.linalg.LinearOperatorFullMatrix.solve": lambda X, B: _operator(X).solve(B),
        "tf.linalg.lu, tf.linalg.lu_solve": lambda X, B: tf.linalg.lu_solve(*tf.linalg.lu(X), B),
    }
)
SOLVE_PD = _offered(
    {
        "tf.linalg.cholesky_solve": lambda X, B: tf.linalg.cholesky_solve(tf.linalg.cholesky(X), B),
        "tf.linalg.LinearOperatorFullMatrix%s.solve" % HINTS: lambda X, B: _positive(X).solve(B),
    }
)
SOLVE_FACTOR = _offered(
    {
        "tf.linalg.triangular_solve": lambda X, B: tf.linalg.triangular_solve(
            tf.linalg.cholesky(X), B
        ),
        "tf.linalg.triangular_solve(lower=False, adjoint=True)": lambda X, B: (
            tf.linalg.triangular_solve(
                tf.linalg.adjoint(tf.linalg.cholesky(X)), B, lower=False, adjoint=True
            )
        ),
        "tf.linalg.LinearOperatorLowerTriangular.solve": lambda X, B: (
            tf.linalg.LinearOperatorLowerTriangular(tf.linalg.cholesky(X)).solve(B)
        ),
    }
)
LOG_DET = _offered(
    {
        "tf.linalg.logdet": lambda X: tf.linalg.logdet(X),
        "tf.linalg.slogdet": lambda X: tf.math.real(tf.linalg.slogdet(X)[1]),
        "tf.linalg.cholesky": lambda X: 2 * _log_diagonal(tf.linalg.cholesky(X)),
        "tf.linalg.eigvalsh": lambda X: tf.reduce_sum(tf.math.log(tf.linalg.eigvalsh(X))),
        "tf.linalg.LinearOperatorFullMatrix.log_abs_determinant": lambda X: _operator(
            X
        ).log_abs_determinant(),
        "tf.linalg.LinearOperatorFullMatrix%s.log_abs_determinant" % HINTS: lambda X: _positive(
            X
        ).log_abs_determinant(),
    }
)
DET = _offered(
    {
        "tf.linalg.det": lambda X: tf.linalg.det(X),
        "tf.linalg.slogdet": lambda X: _det_by_slogdet(*tf.linalg.slogdet(X)),
        "tf.linalg.LinearOperatorFullMatrix(is_self_adjoint=True).determinant": lambda X: _operator(
            X, is_self_adjoint=True
        ).determinant(),
        "tf.reduce_prod(tf.linalg.eigvalsh(X))": lambda X: tf.reduce_prod(tf.linalg.eigvalsh(X)),
    }
)


def _by(table, f):
    """The routes f(call, X, …) by each of the calls."""
    return {name: functools.partial(f, call) for name, call in table.items()}


def _eigenvalues(f):
    """The routes to f(λ, …), λ being the eigenvalues by each call made for symmetric matrices."""
    return {
        **_by(EIGH, lambda eigh, X, **constants: f(tf.math.real(eigh(X)[0]), **constants)),
        **_by(EIGVALSH, lambda call, X, **constants: f(tf.math.real(call(X)), **constants)),
    }


def _singular(f):
    """The routes to f(σ, …)."""
    return _by(SINGULAR, lambda singular, X, **constants: f(singular(X), **constants))


def _det_by_slogdet(sign, log):
    return sign * tf.exp(log)


def _quadratic(solve, X, u):
    return _inner(_column(u), solve(X, _column(u)))


def _entry_of_inverse(solve, X, i, j):
    return solve(X, tf.eye(_size(X), dtype=X.dtype)[:, j : j + 1])[i, 0]


def _weighted_inverse(solve, X, W):
    return tf.linalg.trace(solve(X, tf.transpose(W)))


def _squares(solve, X, u):
    return tf.reduce_sum(tf.abs(solve(X, _column(u))) ** 2)


def _triangular(solve, X, u, w):
    return _inner(_column(u), solve(X, _column(w)))


def _projector(eigh, X, i, W):
    v = eigh(X)[1][:, i : i + 1]
    return _inner(W, tf.matmul(v, v, adjoint_b=True))


def _upper_sum(X):
    upper = tf.linalg.band_part(X, 0, -1) - tf.linalg.band_part(X, 0, 0)
    return tf.linalg.trace(X) + 2 * tf.reduce_sum(upper)


def _gaussian(log_det, solve, X, y):
    return -(log_det(X) + tf.math.real(_quadratic(solve, X, y))) / 2


ROUTES = {
    "eigenvalue": {
        **_eigenvalues(lambda values, i: values[i]),
        **_by(EIGVALS, lambda call, X, i: tf.sort(tf.math.real(call(X)))[i]),
    },
    "largest_eigenvalue": _eigenvalues(lambda values: values[-1]),
    "smallest_eigenvalue": _eigenvalues(lambda values: values[0]),
    "eigenvalue_gap": _eigenvalues(lambda values, i: values[i + 1] - values[i]),
    "singular_value": _singular(lambda values, i: values[i]),
    "spectral_norm": {
        **_singular(tf.reduce_max),
        **_eigenvalues(lambda values: tf.reduce_max(tf.abs(values))),
    },
    "nuclear_norm": {
        **_singular(tf.reduce_sum),
        **_eigenvalues(lambda values: tf.reduce_sum(tf.abs(values))),
    },
    "sum_entries": {
        "tf.reduce_sum(X)": tf.reduce_sum,
        "tf.linalg.trace(X) + 2*tf.reduce_sum(strictly upper X)": _upper_sum,
    },
    "trace": {"tf.linalg.trace": tf.linalg.trace},
    "trace_square": {
        "tf.linalg.trace(X @ X)": lambda X: tf.linalg.trace(X @ X),
        "tf.norm(X)**2": lambda X: tf.norm(X) ** 2,
    },
    "det": DET,
    "log_det": LOG_DET,
    "inverse_entry": _by(SOLVE, _entry_of_inverse),
    "inverse_quadratic_form": _by(SOLVE, _quadratic),
    "weighted_inverse": _by(SOLVE, _weighted_inverse),
    "inverse_quadratic_form_pd": {**_by(SOLVE_PD, _quadratic), **_by(SOLVE_FACTOR, _squares)},
    "cholesky_entry": _by(FACTORS, lambda cholesky, X, i, j: cholesky(X)[i, j]),
    "cholesky_log_diagonal": _by(FACTORS, lambda cholesky, X: _log_diagonal(cholesky(X))),
    "triangular_solve": _by(SOLVE_FACTOR, _triangular),
    "projector": _by(EIGH, _projector),
    "gaussian_log_likelihood": {
        "tf.linalg.logdet, tf.linalg.solve": functools.partial(
            _gaussian, LOG_DET["tf.linalg.logdet"], SOLVE["tf.linalg.solve"]
        ),
        "tf.linalg.cholesky, tf.linalg.cholesky_solve": functools.partial(
            _gaussian, LOG_DET["tf.linalg.cholesky"], SOLVE_PD["tf.linalg.cholesky_solve"]
        ),
    },
}


class Graphs(BaseFramework):
    """TensorFlow 1: each route is a graph, built once for a problem and run in a Session."""

    namespace = tf
    version = tf.__version__
    declines = DECLINES
    routes = ROUTES

    def __init__(self):
        self._built = {}

    def array(self, values, dtype):
        return tf.constant(values, dtype)

    def real(self, value):
        return tf.math.real(value)

    def _build(self, route, X, constants, dtype):
        """(session, x, f(x), its gradient or the error that there is instead of one)."""
        key = (route, X.shape, dtype, repr(constants))
        if key not in self._built:
            with tf.Graph().as_default() as graph:
                x = tf.compat.v1.placeholder(dtype, X.shape)
                value = self.apply(route, x, constants)
                try:
                    gradient = _gradient(value, x)
                except Exception as error:  # the value is there all the same
                    gradient = error
                session = tf.compat.v1.Session(graph=graph)
            self._built[key] = (session, x, value, gradient)
        return self._built[key]

    def differentiate(self, route, X, constants, dtype):
        session, x, value, gradient = self._build(route, X, constants, dtype)
        if isinstance(gradient, Exception):
            raise gradient
        f, G = session.run((value, gradient), {x: X})
        return float(f), G.astype(X.dtype), gradient.dtype.name

    def evaluate(self, route, X, constants, dtype):
        session, x, value, _ = self._build(route, X, constants, dtype)
        return float(session.run(value, {x: X}))

    def tidy(self):
        for session, _, _, _ in self._built.values():
            session.close()
        self._built.clear()


def _gradient(value, x):
    (gradient,) = tf.gradients(value, x)
    if gradient is None:
        raise TypeError("tf.gradients found no path from X to the value")
    return tf.convert_to_tensor(gradient)


class Tapes(BaseFramework):
    """TensorFlow 2: eager, by ``tf.GradientTape``."""

    namespace = tf
    version = tf.__version__
    declines = DECLINES
    routes = ROUTES

    def array(self, values, dtype):
        return tf.constant(values, dtype)

    def real(self, value):
        return tf.math.real(value)

    def differentiate(self, route, X, constants, dtype):
        x = tf.constant(X, dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = self.apply(route, x, constants)
        gradient = tape.gradient(value, x)
        if gradient is None:
            raise TypeError("tf.GradientTape found no path from X to the value")
        gradient = tf.convert_to_tensor(gradient)
        return float(value), tf.cast(gradient, X.dtype).numpy(), gradient.dtype.name

    def evaluate(self, route, X, constants, dtype):
        return float(self.apply(route, tf.constant(X, dtype), constants))


Framework = Graphs if tf.__version__.startswith("1.") else Tapes
