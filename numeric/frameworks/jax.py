"""JAX: reverse mode by jax.value_and_grad, forward mode by jax.jvp, in 64 bits where asked for."""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import jax.scipy.linalg
import jax.scipy.special
import jax.scipy.stats
import numpy as np

from symgrad.numeric.calls import by, calls, only, then
from symgrad.numeric.executions import Multiplying, batched, compiled
from symgrad.numeric.framework import BaseFramework, directions
from symgrad.numeric.hessians.jax import WAYS, differentiate_twice

try:
    from jax.extend.core import jaxpr_as_fun
except ImportError:  # before JAX 0.4.14
    from jax.core import jaxpr_as_fun

_calls = functools.partial(calls, {"jnp": jnp, "jax": jax})


def _adjoint(M):
    return M.conj().T


def _log_diagonal(L):
    return jnp.log(jnp.diag(L)).sum()


RAW, UPPER_RAW = {"symmetrize_input": False}, {"UPLO": "U", "symmetrize_input": False}

# X → (λ, V) and X → λ, ascending; X → σ, descending
EIGH = _calls("jnp.linalg.eigh", {}, RAW, UPPER_RAW)
EIGVALSH = _calls("jnp.linalg.eigvalsh", {}, RAW, UPPER_RAW)
SINGULAR = {
    **_calls("jnp.linalg.svdvals", {}),
    **then(_calls("jnp.linalg.svd", {}), lambda usv: usv[1]),
    **_calls("jnp.linalg.svd", {"compute_uv": False, "hermitian": True}),
}

# X → L, lower, with X = L Lᴴ
FACTORS = {
    **_calls("jnp.linalg.cholesky", {}, RAW),
    **then(_calls("jnp.linalg.cholesky", {"upper": True}), _adjoint),
    **then(_calls("jax.scipy.linalg.cholesky", {}), _adjoint),
    **_calls("jax.scipy.linalg.cholesky", {"lower": True}),
}

# (X, b) → X⁻¹ b, the second only for a positive definite X; (X, b) → L⁻¹ b
SOLVE = {
    **_calls("jnp.linalg.solve", {}),
    "jnp.linalg.inv": lambda X, b: jnp.linalg.inv(X) @ b,
    **_calls("jax.scipy.linalg.solve", {"assume_a": "her"}),
    **by(
        _calls("jax.scipy.linalg.lu_solve", {}, {"trans": 2}),
        lambda solve, X, b: solve(jax.scipy.linalg.lu_factor(X), b),
    ),
}
SOLVE_PD = {
    **_calls("jax.scipy.linalg.solve", {"assume_a": "pos"}, {"assume_a": "pos", "lower": True}),
    **by(
        _calls("jax.scipy.linalg.cho_factor", {}, {"lower": True}),
        lambda factor, X, b: jax.scipy.linalg.cho_solve(factor(X), b),
    ),
}
SOLVE_FACTOR = {
    **by(
        _calls("jax.scipy.linalg.solve_triangular", {"lower": True}),
        lambda solve, X, b: solve(jnp.linalg.cholesky(X), b),
    ),
    **by(
        _calls("jax.scipy.linalg.solve_triangular", {"trans": 2}),
        lambda solve, X, b: solve(jnp.linalg.cholesky(X).T.conj(), b),
    ),
    **by(
        _calls("jax.lax.linalg.triangular_solve", {"left_side": True, "lower": True}),
        lambda solve, X, b: solve(jnp.linalg.cholesky(X), b[:, None])[:, 0],
    ),
}

LOG_DET = {
    **then(_calls("jnp.linalg.slogdet", {}, {"method": "qr"}), lambda pair: pair[1]),
    **then(FACTORS, lambda L: 2 * _log_diagonal(L)),
    **then(_calls("jnp.linalg.eigvalsh", {}), lambda values: jnp.log(values).sum()),
    **then(
        _calls("jax.scipy.linalg.lu_factor", {}), lambda factor: _log_diagonal(jnp.abs(factor[0]))
    ),
}
TWO_LOG_DETS = only(LOG_DET, "jnp.linalg.slogdet", "jnp.linalg.cholesky")

EXPM = _calls("jax.scipy.linalg.expm", {})
NORM_2 = _calls("jnp.linalg.norm", {"ord": 2})
NUCLEAR_NORM = _calls("jnp.linalg.norm", {"ord": "nuc"})


def _truncated(X, k, W, **options):
    """⟨W, X⁺⟩ with a tolerance between the k-th largest singular value and the next."""
    sizes = jnp.linalg.svd(jax.lax.stop_gradient(X), compute_uv=False)
    rtol = (sizes[k - 1] + sizes[k]) / (2 * sizes[0])
    return jnp.sum(W * jnp.linalg.pinv(X, rtol=rtol, **options))


def _weighted(calls):
    """⟨W, f(X)⟩ by each of the calls for f."""
    return by(calls, lambda f, X, W: jnp.sum(W * f(X)))


def _function_by_eigh(function):
    return then(EIGH, lambda pair: (pair[1] * function(pair[0])) @ _adjoint(pair[1]))


def _spectral(function):
    """tr f(X), the sum over the eigenvalues."""
    return then(EIGVALSH, lambda values: function(values).sum())


def _quadratic(solve, X, u):
    return u @ solve(X, u)


def _by_eig(eig, X):
    """(λ, V) by a solver for matrices of any kind."""
    values, V = eig(X)
    order = jnp.argsort(values.real)
    return values.real[order], V[:, order]


EIGENVECTORS = {
    **EIGH,
    **_calls("jax.scipy.linalg.eigh", {"lower": False}),
    **by(
        _calls(
            "jax.lax.linalg.eig",
            {"compute_left_eigenvectors": False, "enable_eigvec_derivs": True},
        ),
        _by_eig,
    ),
}


def _projector(eigh, X, i, W):
    v = eigh(X)[1][:, i]
    return jnp.vdot(v, W.T @ v).real


def _subspace_projector(eigh, X, k, W):
    V = eigh(X)[1][:, len(X) - k :]
    return jnp.vdot(V, W.T @ V).real


def _generalized(eigvalsh, X, i, B):
    solve = functools.partial(jax.scipy.linalg.solve_triangular, jnp.linalg.cholesky(B), lower=True)
    return eigvalsh(solve(_adjoint(solve(X))))[i]


def _gaussian(log_det, solve, X, y):
    return -(log_det(X) + jnp.vdot(y, solve(X, y))) / 2


def _logpdf(logpdf, X, y):
    return logpdf(y, 0 * y, X) + len(y) * math.log(2 * math.pi) / 2


def _precision(log_det, X, y):
    return (log_det(X) - jnp.vdot(y, X @ y)) / 2


def _kl(log_det, X, J):
    return (jnp.trace(J @ X) - len(X) - log_det(J) - log_det(X)) / 2


def _bures_wasserstein(fidelity, X, C):
    return jnp.trace(X) + jnp.trace(C @ C) - 2 * fidelity(X, C)


ROUTES = {
    "eigenvalue": {
        **by(EIGH, lambda eigh, X, i: eigh(X)[0][i]),
        **by(EIGVALSH, lambda eigvalsh, X, i: eigvalsh(X)[i]),
        **by(_calls("jnp.linalg.eig", {}), lambda eig, X, i: _by_eig(eig, X)[0][i]),
        **by(
            _calls("jnp.linalg.eigvals", {}),
            lambda eigvals, X, i: jnp.sort(eigvals(X).real)[i],
        ),
    },
    "largest_eigenvalue": then(EIGVALSH, lambda values: values[-1]),
    "smallest_eigenvalue": then(EIGVALSH, lambda values: values[0]),
    "eigenvalue_gap": by(EIGVALSH, lambda eigvalsh, X, i: jnp.diff(eigvalsh(X))[i]),
    "singular_value": by(SINGULAR, lambda singular, X, i: singular(X)[i]),
    "spectral_norm": {
        **NORM_2,
        **then(SINGULAR, lambda values: values[0]),
        **then(EIGVALSH, lambda values: jnp.abs(values).max()),
    },
    "nuclear_norm": {
        **NUCLEAR_NORM,
        **then(SINGULAR, lambda values: values.sum()),
        **then(
            _calls("jax.scipy.linalg.polar", {"method": "svd"}), lambda pair: jnp.trace(pair[1])
        ),
    },
    "ky_fan_norm": by(SINGULAR, lambda singular, X, k: singular(X)[:k].sum()),
    "condition_number": {
        **_calls("jnp.linalg.cond", {}),
        **then(EIGVALSH, lambda values: jnp.abs(values).max() / jnp.abs(values).min()),
    },
    "sum_entries": {
        "jnp.sum(X)": jnp.sum,
        "jnp.trace(X) + 2*jnp.triu(X, 1).sum()": lambda X: jnp.trace(X) + 2 * jnp.triu(X, 1).sum(),
    },
    "trace": {"jnp.trace": jnp.trace},
    "trace_square": {
        "jnp.trace(X @ X)": lambda X: jnp.trace(X @ X),
        "jnp.vdot(X, X)": lambda X: jnp.vdot(X, X),
        "jnp.linalg.norm(X)**2": lambda X: jnp.linalg.norm(X) ** 2,
    },
    "trace_cube": {
        "jnp.trace(X @ X @ X)": lambda X: jnp.trace(X @ X @ X),
        "jnp.trace(jnp.linalg.matrix_power(X, 3))": lambda X: jnp.trace(
            jnp.linalg.matrix_power(X, 3)
        ),
    },
    "rayleigh_quotient": {
        "u @ X @ u / (u @ u)": lambda X, u: u @ X @ u / (u @ u),
        "jnp.einsum('i,ij,j', u, X, u) / (u @ u)": lambda X, u: (
            jnp.einsum("i,ij,j", u, X, u) / (u @ u)
        ),
    },
    "det": {
        "jnp.linalg.det": jnp.linalg.det,
        **then(_calls("jnp.linalg.slogdet", {}), lambda pair: pair[0] * jnp.exp(pair[1])),
        "jnp.linalg.eigvalsh(X).prod()": lambda X: jnp.linalg.eigvalsh(X).prod(),
    },
    "log_det": LOG_DET,
    "inverse_entry": by(
        SOLVE, lambda solve, X, i, j: solve(X, jnp.eye(len(X), dtype=X.dtype)[j])[i]
    ),
    "inverse_quadratic_form": by(SOLVE, _quadratic),
    "weighted_inverse": by(
        only(SOLVE, "jnp.linalg.solve", "jnp.linalg.inv", "jax.scipy.linalg.lu_solve(trans=2)"),
        lambda solve, X, W: jnp.trace(solve(X, W.T)),
    ),
    "inverse_quadratic_form_pd": {
        **by(SOLVE_PD, _quadratic),
        **by(SOLVE_FACTOR, lambda solve, X, u: jnp.linalg.norm(solve(X, u)) ** 2),
    },
    "weighted_pseudoinverse": _weighted(_calls("jnp.linalg.pinv", {}, {"hermitian": True})),
    "truncated_pseudoinverse": {
        "jnp.linalg.pinv(rtol=...)": _truncated,
        "jnp.linalg.pinv(rtol=..., hermitian=True)": functools.partial(_truncated, hermitian=True),
    },
    "lstsq_quadratic_form": by(
        _calls("jnp.linalg.lstsq", {}), lambda lstsq, X, u: u @ lstsq(X, u)[0]
    ),
    "cholesky_entry": by(FACTORS, lambda cholesky, X, i, j: cholesky(X)[i, j]),
    "cholesky_log_diagonal": then(FACTORS, _log_diagonal),
    "triangular_solve": by(SOLVE_FACTOR, lambda solve, X, u, w: u @ solve(X, w)),
    "weighted_exp": _weighted({**EXPM, **_function_by_eigh(jnp.exp)}),
    "weighted_log": _weighted(
        {
            "jax.scipy.linalg.funm(X, jnp.log)": lambda X: jax.scipy.linalg.funm(X, jnp.log),
            **_function_by_eigh(jnp.log),
        }
    ),
    "weighted_sqrt": _weighted(
        {**_calls("jax.scipy.linalg.sqrtm", {}), **_function_by_eigh(jnp.sqrt)}
    ),
    "weighted_inverse_sqrt": _weighted(_function_by_eigh(jax.lax.rsqrt)),
    "weighted_cube_root": _weighted(_function_by_eigh(jnp.cbrt)),
    "weighted_square": {
        "X @ X": lambda X, W: jnp.sum(W * (X @ X)),
        "jnp.linalg.matrix_power(X, 2)": lambda X, W: jnp.sum(W * jnp.linalg.matrix_power(X, 2)),
    },
    "trace_exp": {**then(EXPM, jnp.trace), **_spectral(jnp.exp)},
    "trace_log": _spectral(jnp.log),
    "von_neumann_entropy": _spectral(jax.scipy.special.entr),
    "log_sum_exp": {
        **then(EIGVALSH, jax.nn.logsumexp),
        **then(EXPM, lambda exponential: jnp.log(jnp.trace(exponential))),
    },
    "projector": by(EIGENVECTORS, _projector),
    "subspace_projector": by(EIGH, _subspace_projector),
    "eigenvector_entry": by(EIGENVECTORS, lambda eigh, X, i: eigh(X)[1][0, i].real),
    "generalized_eigenvalue": {
        **by(_calls("jax.scipy.linalg.eigh", {}), lambda eigh, X, i, B: eigh(X, B)[0][i]),
        **by(EIGVALSH, _generalized),
    },
    "gaussian_log_likelihood": {
        "jnp.linalg.slogdet, jnp.linalg.solve": functools.partial(
            _gaussian, LOG_DET["jnp.linalg.slogdet"], jnp.linalg.solve
        ),
        "jax.scipy.linalg.cho_factor": functools.partial(
            _gaussian, LOG_DET["jax.scipy.linalg.cholesky"], SOLVE_PD["jax.scipy.linalg.cho_factor"]
        ),
        **by(_calls("jax.scipy.stats.multivariate_normal.logpdf", {}), _logpdf),
    },
    "gaussian_precision_log_likelihood": by(TWO_LOG_DETS, _precision),
    "gaussian_kl": by(TWO_LOG_DETS, _kl),
    "bures_wasserstein": {
        **by(
            EIGVALSH,
            lambda eigvalsh, X, C: _bures_wasserstein(
                lambda X, C: jnp.sqrt(eigvalsh(C @ X @ C)).sum(), X, C
            ),
        ),
        **by(
            NUCLEAR_NORM,
            lambda norm, X, C: _bures_wasserstein(
                lambda X, C: norm(_adjoint(jnp.linalg.cholesky(X)) @ C), X, C
            ),
        ),
    },
}

ONE_BY_ONE = 16
"""Up to so many directions, one jax.jvp each is faster than compiling it for all of them."""
TOGETHER = 64
"""Above that, so many directions by one jax.vmap."""
PROGRAMS = 800
"""More compiled programs than that are dropped: a thousand take more than a gigabyte."""
LOWERED = "/jax/core/compile/jaxpr_to_mlir_module_duration"
"""What JAX tells its monitors of each program that it makes."""


def _array(X, dtype):
    if not jax.config.jax_enable_x64 and dtype in ("float64", "complex128"):
        raise TypeError(
            "JAX has 64-bit numbers switched off: jax.config.update('jax_enable_x64', True) "
            "switches them on, or give X in a shorter dtype"
        )
    return jnp.asarray(X, dtype)


PRECISIONS = {
    "jax.default_matmul_precision(%r)" % name: Multiplying(
        name, functools.partial(jax.default_matmul_precision, name)
    )
    for name in ("float32", "tensorfloat32", "bfloat16")
}
"""How products of float32 can be taken on an accelerator; where there are units for tensorfloat32
(jax.lax.Precision), that is the default."""
TWICE = 2
"""So often a user's callable is differentiated as it is."""


class Written:
    """A user's callable.

    JAX compiles the body of a loop, or of a branch, whenever the callable is run, as that makes a
    new one each time.  So where it is differentiated more often than twice, it is traced once: the
    same primitives are executed then, one by one, by programs that have been compiled.  That it is
    one and the same function each time has been seen before, when it was recorded and when it was
    asked twice.
    """

    def __init__(self, f):
        self.f = f
        self._asked = 0
        self._traced = {}

    def __call__(self, x, **constants):
        return self.f(x, **constants)

    def often(self, both):
        """``both``, value and gradient of x, or the same as it was traced."""
        self._asked += 1
        return both if self._asked <= TWICE else functools.partial(self._run, both)

    def _run(self, both, x):
        key = (x.shape, x.dtype)
        if key not in self._traced:
            self._traced[key] = _traced(both, x)
        run = self._traced[key]
        return both(x) if run is None else run(x)


def _traced(f, x):
    """f, as it is executed at arrays like x; None where Python asks for numbers of x."""
    try:
        closed = jax.make_jaxpr(f)(x)
    except Exception:
        return None
    return jaxpr_as_fun(closed)


class Framework(BaseFramework):
    """JAX, by ``jax.value_and_grad``; without ``jit``: primitives are compiled once."""

    namespace = jnp
    version = jax.__version__
    declines = (
        "unsupported",
        "not supported",
        "not implemented for",
        "does not accept dtype",
    )
    routes = ROUTES
    hessians = WAYS
    jacobians = {
        "jacobian": lambda F, x: jax.jacobian(F)(x),
        "jacrev": lambda F, x: jax.jacrev(F)(x),
        "jacfwd": lambda F, x: jax.jacfwd(F)(x),
    }
    executions = {"jax.jit": compiled(jax.jit), "jax.vmap": batched(jax.vmap)}
    has_forward_mode = True
    _programs = 0
    _written = None

    def configure(self):
        jax.monitoring.register_event_duration_secs_listener(self._count)
        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")

    def use(self, device):
        jax.config.update("jax_platforms", "cuda,cpu" if device == "cuda" else device)
        found = jax.devices()[0]  # of the first platform that there is
        if device == "cuda" and found.platform != "gpu":
            raise LookupError("JAX %s finds no CUDA device here" % self.version)
        self.executions = dict(self.executions, **PRECISIONS)
        self.products = "tensorfloat32"
        libraries = " ".join(found.client.platform_version.split())
        return "%s, %s" % (found.device_kind, libraries) if device == "cuda" else device

    def array(self, values, dtype):
        return np.array(values, dtype)

    def written(self, f, n):
        if self._written is None or self._written.f is not f:
            self._written = Written(f)
        return self._written

    def _count(self, event, seconds, **about):
        self._programs += event == LOWERED

    def tidy(self):
        if self._programs > PROGRAMS:
            self._programs = 0
            jax.clear_caches()

    def differentiate(self, route, X, constants, dtype):
        f = functools.partial(self.apply, route, constants=constants)
        both = jax.value_and_grad(f)
        if isinstance(route, Written) and not constants:
            both = route.often(both)
        value, gradient = both(_array(X, dtype))
        return float(value), np.asarray(gradient, X.dtype), str(gradient.dtype)

    def differentiate_twice(self, way, route, X, E, constants, dtype):
        f = functools.partial(self.apply, route, constants=constants)
        return differentiate_twice(way, f, X, E, dtype)

    def evaluate(self, route, X, constants, dtype):
        return float(self.apply(route, _array(X, dtype), constants))

    def derivative_along(self, route, X, E, constants, dtype):
        f = functools.partial(self.apply, route, constants=constants)
        return float(jax.jvp(f, (_array(X, dtype),), (jnp.asarray(E, dtype),))[1])

    def differentiate_forward(self, route, X, constants, dtype):
        n, hermitian = len(X), np.iscomplexobj(X)
        if (n * n if hermitian else n * (n + 1) // 2) <= ONE_BY_ONE:
            return super(Framework, self).differentiate_forward(route, X, constants, dtype)
        f = functools.partial(self.apply, route, constants=constants)
        x, every = _array(X, dtype), directions(n, hermitian)
        slopes_along = jax.vmap(lambda E: jax.jvp(f, (x,), (E,))[1])
        S = np.zeros(X.shape, X.dtype)
        for block in iter(lambda: list(itertools.islice(every, TOGETHER)), []):
            E = np.array(block)
            slopes = np.asarray(slopes_along(jnp.asarray(E, dtype)), np.float64)
            S += np.tensordot(slopes / np.sum(np.abs(E) ** 2, axis=(1, 2)), E, 1)
        return S
