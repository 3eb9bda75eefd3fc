"""PyTorch: reverse mode by torch.autograd, forward mode by torch.func."""

import contextlib
import functools
import importlib
import math
import shutil

import numpy as np
import torch

from symgrad.numeric.calls import by, calls, then
from symgrad.numeric.executions import Multiplying, batched, compiled
from symgrad.numeric.framework import BaseFramework, directions
from symgrad.numeric.hessians.torch import WAYS, differentiate_twice
from symgrad.numeric.place import DEVICE

LOG_2PI = math.log(2 * math.pi)
MultivariateNormal = torch.distributions.MultivariateNormal
linalg = torch.linalg

CHUNK = 64
"""So many directions at once in forward mode: a bound on the memory."""
NO_PATH = (
    "the value does not require grad: it is a constant, or PyTorch saw nothing of how it is made "
    "of X, as after detach(), or under no_grad(), the caller's too"
)
"""What PyTorch says in its own words, which are about elements of tensors."""
MOST_COMPILED = 10**6
"""Programs of one line of code that torch.compile may compile; by default it is eight."""
LIMITS = {
    ("recompile_limit", "cache_size_limit"): MOST_COMPILED,
    ("accumulated_recompile_limit", "accumulated_cache_size_limit"): MOST_COMPILED,
    ("fail_on_recompile_limit_hit", "fail_on_cache_limit_hit"): True,
}
"""What is set of Dynamo: the names of today, and those of PyTorch 2.6."""

_calls = functools.partial(calls, {"torch": torch})


def _adjoint(M):
    return M.mH


def _log_diagonal(M):
    return M.diagonal().abs().log().sum()


def _has_half_trace():
    try:
        torch.trace(torch.zeros(1, 1, dtype=torch.half))
    except RuntimeError:  # PyTorch 2.0 to 2.6 lacks it, though not matrix_exp
        return False
    return True


_trace = torch.trace if _has_half_trace() else lambda M: M.diagonal().sum()


LOWER, UPPER = {"UPLO": "L"}, {"UPLO": "U"}

# X → λ and X → (λ, V), ascending; X → σ and X → |λ|, descending
EIGVALSH = _calls("torch.linalg.eigvalsh", LOWER, UPPER)
EIGH = _calls("torch.linalg.eigh", LOWER, UPPER)
SVDVALS = _calls("torch.linalg.svdvals", {})
SINGULAR = {**SVDVALS, **then(_calls("torch.linalg.svd", {}), lambda usv: usv[1])}
SIZES = then(EIGVALSH, lambda values: values.abs().sort(descending=True).values)
NUCLEAR_NORM = _calls("torch.linalg.matrix_norm", {"ord": "nuc"})

# X → L, lower, with X = L Lᴴ
FACTORS = {
    **_calls("torch.linalg.cholesky", {}),
    **then(_calls("torch.linalg.cholesky", {"upper": True}), _adjoint),
}
EVERY_FACTOR = {
    **FACTORS,
    **then(_calls("torch.linalg.cholesky_ex", {}), lambda factor: factor[0]),
    **_calls("torch.cholesky", {}),
    **then(_calls("torch.cholesky", {"upper": True}), _adjoint),
}


def _by_lu(solve, X, b):
    return solve(*linalg.lu_factor(X), b)


def _from_the_left(solve, X, b):
    """X⁻¹b as (bᴴX⁻¹)ᴴ, X being Hermitian."""
    return solve(X, b.mH).mH


def _by_qr(qr, X, b):
    Q, R = qr(X)
    return linalg.solve_triangular(R, Q.mH @ b, upper=True)


# (X, b) → X⁻¹ b, the second table only for a positive definite X, the third L⁻¹ b; b is n×m
SOLVE = {
    **_calls("torch.linalg.solve", {}),
    **by(_calls("torch.linalg.solve", {"left": False}), _from_the_left),
    **by(_calls("torch.linalg.solve_ex", {}), lambda solve, X, b: solve(X, b)[0]),
    **by(_calls("torch.linalg.inv", {}), lambda inv, X, b: inv(X) @ b),
    **by(_calls("torch.linalg.lu_solve", {}, {"adjoint": True}), _by_lu),
    **by(by(_calls("torch.linalg.lu_solve", {"left": False}), _by_lu), _from_the_left),
    **by(_calls("torch.linalg.qr", {}), _by_qr),
}
SOLVE_PD = {
    "torch.cholesky_solve": lambda X, b: torch.cholesky_solve(b, linalg.cholesky(X)),
    "torch.cholesky_solve(upper=True)": lambda X, b: torch.cholesky_solve(
        b, linalg.cholesky(X, upper=True), upper=True
    ),
    "torch.cholesky_inverse": lambda X, b: torch.cholesky_inverse(linalg.cholesky(X)) @ b,
    "torch.cholesky_inverse(upper=True)": lambda X, b: (
        torch.cholesky_inverse(linalg.cholesky(X, upper=True), upper=True) @ b
    ),
    "torch.distributions.MultivariateNormal(X).precision_matrix": lambda X, b: (
        _normal(covariance_matrix=X).precision_matrix @ b
    ),
}
SOLVE_FACTOR = {
    "torch.linalg.solve_triangular": lambda X, b: linalg.solve_triangular(
        linalg.cholesky(X), b, upper=False
    ),
    "torch.linalg.solve_triangular(left=False)": lambda X, b: (
        linalg.solve_triangular(linalg.cholesky(X).mH, b.mH, upper=True, left=False).mH
    ),
    "torch.linalg.solve_triangular, cholesky(upper=True)": lambda X, b: linalg.solve_triangular(
        linalg.cholesky(X, upper=True).mH, b, upper=False
    ),
}

LOG_DET = {
    **_calls("torch.logdet", {}),
    **then(_calls("torch.linalg.slogdet", {}), lambda pair: pair[1]),
    **then(FACTORS, lambda L: 2 * _log_diagonal(L)),
    **then(_calls("torch.linalg.lu_factor", {}), lambda factor: _log_diagonal(factor[0])),
    **then(_calls("torch.linalg.qr", {}), lambda factors: _log_diagonal(factors[1])),
    **then(EIGVALSH, lambda values: values.log().sum()),
}


def _sorted_real(eigenvalues, i):
    return torch.sort(eigenvalues.real).values[i]


def _by_eig(eig, X):
    """(λ, V) by the solver for matrices of any kind."""
    values, V = eig(X)
    order = torch.argsort(values.real)
    return values.real[order], V[:, order]


EIGENVECTORS = {**EIGH, **by(_calls("torch.linalg.eig", {}), _by_eig)}


def _truncated(pinv, **options):
    """⟨W, X⁺⟩ with a tolerance between the k-th largest singular value and the next."""

    def route(X, k, W):
        sizes = linalg.svdvals(X.detach())
        return torch.sum(W * pinv(X, rtol=(sizes[k - 1] + sizes[k]) / (2 * sizes[0]), **options))

    return route


def _weighted(calls):
    """⟨W, f(X)⟩ by each of the calls for f."""
    return by(calls, lambda f, X, W: torch.sum(W * f(X)))


def _function(f):
    """f(X), X symmetric, for a scalar function f."""

    def by_eig(X):
        values, V = linalg.eig(X)
        M = (V * f(values)) @ linalg.inv(V)
        return M if X.is_complex() else M.real

    by_eigh = then(EIGH, lambda pair: (pair[1] * f(pair[0])) @ pair[1].mH)
    return {**by_eigh, "torch.linalg.eig": by_eig}


def _function_pd(f):
    """The same of a positive definite X."""
    svd = then(_calls("torch.linalg.svd", {}), lambda usv: (usv[0] * f(usv[1])) @ usv[2])
    return {**_function(f), **svd}


def _column(solve, X, j):
    return solve(X, torch.eye(len(X), dtype=X.dtype)[:, j : j + 1])[:, 0]


def _quadratic(solve, X, u):
    return u @ solve(X, u[:, None])[:, 0]


def _by_ldl(X, b):
    return linalg.ldl_solve(*linalg.ldl_factor(X, hermitian=True), b, hermitian=True)


def _subspace(eigh, X, k, W):
    top = eigh(X)[1][:, -k:]
    return torch.sum(W * (top @ top.mH))


def _projector(eigenvectors, X, i, W):
    v = eigenvectors(X)[1][:, i]
    return (v @ W.to(v.dtype) @ v.conj()).real


def _generalized(eigvalsh, X, i, B):
    C = linalg.cholesky(B)
    half = linalg.solve_triangular(C, X, upper=False)
    return eigvalsh(linalg.solve_triangular(C.mH, half, upper=True, left=False))[i]


def _gaussian(log_det, solve, X, y):
    return -(log_det(X) + _quadratic(solve, X, y)) / 2


def _normal(**parameter):
    (matrix,) = parameter.values()
    return MultivariateNormal(torch.zeros(len(matrix), dtype=matrix.dtype), **parameter)


def _log_likelihood(normal, y):
    return normal.log_prob(y) + len(y) * LOG_2PI / 2


# (X, C) → tr (CXC)^½
CROSS = {
    **by(EIGVALSH, lambda eigvalsh, X, C: eigvalsh(C @ X @ C).sqrt().sum()),
    **by(NUCLEAR_NORM, lambda norm, X, C: norm(C @ linalg.cholesky(X))),
}


def _bures_wasserstein(cross, X, C):
    return torch.trace(X) + torch.trace(C @ C) - 2 * cross(X, C)


# torch.lobpcg is left out: its derivative is as accurate as its iteration, not as its arithmetic.
ROUTES = {
    "eigenvalue": {
        **by(EIGH, lambda eigh, X, i: eigh(X)[0][i]),
        **by(EIGVALSH, lambda eigvalsh, X, i: eigvalsh(X)[i]),
        **by(_calls("torch.linalg.eig", {}), lambda eig, X, i: _sorted_real(eig(X)[0], i)),
        **by(_calls("torch.linalg.eigvals", {}), lambda call, X, i: _sorted_real(call(X), i)),
    },
    "largest_eigenvalue": {
        **then(EIGVALSH, lambda values: values[-1]),
        "torch.linalg.eigvalsh(X).max()": lambda X: linalg.eigvalsh(X).max(),
    },
    "smallest_eigenvalue": {
        **then(EIGVALSH, lambda values: values[0]),
        "torch.linalg.eigvalsh(X).min()": lambda X: linalg.eigvalsh(X).min(),
    },
    "eigenvalue_gap": by(EIGVALSH, lambda eigvalsh, X, i: eigvalsh(X)[i + 1] - eigvalsh(X)[i]),
    "singular_value": {
        **by(SINGULAR, lambda singular, X, i: singular(X)[i]),
        **by(SIZES, lambda sizes, X, i: sizes(X)[i]),
    },
    "spectral_norm": {
        **_calls("torch.linalg.matrix_norm", {"ord": 2}),
        **then(SVDVALS, lambda values: values[0]),
        **then(SIZES, torch.max),
    },
    "nuclear_norm": {
        **NUCLEAR_NORM,
        **then(SVDVALS, torch.sum),
        **then(SIZES, torch.sum),
    },
    "ky_fan_norm": {
        **by(SVDVALS, lambda singular, X, k: singular(X)[:k].sum()),
        **by(SIZES, lambda sizes, X, k: sizes(X)[:k].sum()),
    },
    "condition_number": {
        **_calls("torch.linalg.cond", {}),
        "1/torch.linalg.cond(X, p=-2)": lambda X: 1 / linalg.cond(X, p=-2),
        **then(EIGVALSH, lambda values: values.abs().max() / values.abs().min()),
    },
    "sum_entries": {
        "torch.sum(X)": torch.sum,
        "torch.trace(X) + 2*torch.triu(X, 1).sum()": lambda X: X.trace() + 2 * X.triu(1).sum(),
    },
    "trace": {"torch.trace": torch.trace},
    "trace_square": {
        "torch.trace(X @ X)": lambda X: torch.trace(X @ X),
        "torch.sum(X * X.conj())": lambda X: torch.sum(X * X.conj()),
        "torch.linalg.matrix_norm(X)**2": lambda X: linalg.matrix_norm(X) ** 2,
    },
    "trace_cube": {
        "torch.trace(X @ X @ X)": lambda X: torch.trace(X @ X @ X),
        "torch.trace(torch.linalg.matrix_power(X, 3))": lambda X: linalg.matrix_power(X, 3).trace(),
    },
    "rayleigh_quotient": {
        "u @ X @ u / (u @ u)": lambda X, u: u @ X @ u / (u @ u),
        "torch.einsum": lambda X, u: torch.einsum("i,ij,j->", u, X, u) / torch.dot(u, u),
    },
    "det": {
        **_calls("torch.linalg.det", {}),
        **then(_calls("torch.linalg.slogdet", {}), lambda pair: pair[0] * pair[1].exp()),
        **then(EIGVALSH, torch.prod),
    },
    "log_det": LOG_DET,
    "inverse_entry": {
        **by(SOLVE, lambda solve, X, i, j: _column(solve, X, j)[i]),
        "torch.linalg.inv_ex": lambda X, i, j: linalg.inv_ex(X).inverse[i, j],
        "torch.linalg.tensorinv": lambda X, i, j: linalg.tensorinv(X, ind=1)[i, j],
        "torch.linalg.matrix_power(X, -1)": lambda X, i, j: linalg.matrix_power(X, -1)[i, j],
    },
    "inverse_quadratic_form": {
        **by(SOLVE, _quadratic),
        "torch.linalg.tensorsolve": lambda X, u: u @ linalg.tensorsolve(X, u),
        "torch.linalg.ldl_solve(hermitian=True)": functools.partial(_quadratic, _by_ldl),
    },
    "weighted_inverse": by(SOLVE, lambda solve, X, W: torch.trace(solve(X, W.T))),
    "inverse_quadratic_form_pd": {
        **by(SOLVE_PD, _quadratic),
        **by(SOLVE_FACTOR, lambda solve, X, u: linalg.vector_norm(solve(X, u[:, None])) ** 2),
    },
    "weighted_pseudoinverse": _weighted(_calls("torch.linalg.pinv", {}, {"hermitian": True})),
    "truncated_pseudoinverse": {
        "torch.linalg.pinv(rtol=...)": _truncated(linalg.pinv),
        "torch.linalg.pinv(rtol=..., hermitian=True)": _truncated(linalg.pinv, hermitian=True),
    },
    "lstsq_quadratic_form": by(
        _calls("torch.linalg.lstsq", *({"driver": d} for d in ("gelsy", "gels", "gelsd", "gelss"))),
        lambda lstsq, X, u: u @ lstsq(X, u[:, None]).solution[:, 0],
    ),
    "cholesky_entry": by(EVERY_FACTOR, lambda cholesky, X, i, j: cholesky(X)[i, j]),
    "cholesky_log_diagonal": {
        **then(FACTORS, _log_diagonal),
        "torch.distributions.transforms.PositiveDefiniteTransform().inv": lambda X: torch.trace(
            torch.distributions.transforms.PositiveDefiniteTransform().inv(X)
        ),
    },
    "triangular_solve": by(SOLVE_FACTOR, lambda solve, X, u, w: u @ solve(X, w[:, None])[:, 0]),
    "weighted_exp": _weighted({**_calls("torch.linalg.matrix_exp", {}), **_function(torch.exp)}),
    "weighted_log": _weighted(_function_pd(torch.log)),
    "weighted_sqrt": _weighted(_function_pd(torch.sqrt)),
    "weighted_inverse_sqrt": _weighted(_function_pd(torch.rsqrt)),
    "weighted_cube_root": _weighted(_function_pd(lambda values: values ** (1 / 3))),
    "weighted_square": {
        "X @ X": lambda X, W: torch.sum(W * (X @ X)),
        "torch.linalg.matrix_power(X, 2)": lambda X, W: torch.sum(W * linalg.matrix_power(X, 2)),
        "torch.linalg.multi_dot": lambda X, W: torch.trace(linalg.multi_dot([W.T, X, X])),
    },
    "trace_exp": {
        **then(_calls("torch.linalg.matrix_exp", {}), _trace),
        **then(EIGVALSH, lambda values: values.exp().sum()),
    },
    "trace_log": then(EIGVALSH, lambda values: values.log().sum()),
    "von_neumann_entropy": {
        **then(EIGVALSH, lambda values: -torch.sum(values * values.log())),
        "torch.special.entr": lambda X: torch.special.entr(linalg.eigvalsh(X)).sum(),
    },
    "log_sum_exp": {
        **then(EIGVALSH, lambda values: torch.logsumexp(values, 0)),
        **then(_calls("torch.linalg.matrix_exp", {}), lambda M: torch.trace(M).log()),
    },
    "projector": by(EIGENVECTORS, _projector),
    "subspace_projector": by(EIGH, _subspace),
    "eigenvector_entry": by(EIGH, lambda eigh, X, i: eigh(X)[1][0, i]),
    "generalized_eigenvalue": {
        **by(EIGVALSH, _generalized),
        "torch.linalg.eigvals(torch.linalg.solve(B, X))": lambda X, i, B: _sorted_real(
            linalg.eigvals(linalg.solve(B, X)), i
        ),
    },
    "gaussian_log_likelihood": {
        "torch.logdet, torch.linalg.solve": functools.partial(
            _gaussian, torch.logdet, linalg.solve
        ),
        "torch.linalg.cholesky, torch.cholesky_solve": functools.partial(
            _gaussian,
            LOG_DET["torch.linalg.cholesky"],
            SOLVE_PD["torch.cholesky_solve"],
        ),
        "torch.distributions.MultivariateNormal(covariance_matrix=X)": lambda X, y: _log_likelihood(
            _normal(covariance_matrix=X), y
        ),
        "torch.distributions.MultivariateNormal(scale_tril=torch.linalg.cholesky(X))": (
            lambda X, y: _log_likelihood(_normal(scale_tril=linalg.cholesky(X)), y)
        ),
    },
    "gaussian_precision_log_likelihood": {
        "torch.logdet": lambda X, y: (torch.logdet(X) - y @ X @ y) / 2,
        "torch.distributions.MultivariateNormal(precision_matrix=X)": lambda X, y: _log_likelihood(
            _normal(precision_matrix=X), y
        ),
    },
    "gaussian_kl": {
        "torch.logdet": lambda X, J: (
            (torch.trace(J @ X) - len(X) - torch.logdet(J) - torch.logdet(X)) / 2
        ),
        "torch.distributions.kl_divergence": lambda X, J: torch.distributions.kl_divergence(
            _normal(covariance_matrix=X), _normal(precision_matrix=J)
        ),
    },
    "bures_wasserstein": {
        **by(CROSS, _bures_wasserstein),
    },
}


COMPILERS = [name for name in ("g++", "clang++") if shutil.which(name)]
"""One of C++ is what torch.compile needs by default."""


def _compile(f, **options):
    """``torch.compile(f)``; an error where it would go on without compiling, silently."""
    config = importlib.import_module("torch._dynamo").config
    for names, value in LIMITS.items():
        name = next((name for name in names if hasattr(config, name)), None)
        if name:  # the first versions of 2 lack some
            setattr(config, name, value)
    is_first = torch.__version__.startswith("2.0.")  # which takes functions alone, no partial
    function = (lambda X, **arrays: f(X, **arrays)) if is_first else f
    return torch.compile(function, **options)


@contextlib.contextmanager
def _multiplying(precision):
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


PRECISIONS = {
    "torch.set_float32_matmul_precision(%r)" % name: Multiplying(
        products, functools.partial(_multiplying, name)
    )
    for name, products in (("high", "tensorfloat32"), ("medium", "bfloat16"))
}
"""How products of float32 can be taken on an accelerator; there the default is ``highest``."""


def _tensor(values, dtype):
    return torch.tensor(values, dtype=dtype, device=DEVICE.get())


class _Functional:
    """A route that ``torch.func.grad`` differentiates."""

    def __init__(self, route):
        self._route = route

    def __call__(self, X, **constants):
        return self._route(X, **constants)


class Framework(BaseFramework):
    """PyTorch, in eager mode, by ``torch.autograd.grad`` and ``torch.func.jvp``."""

    namespace = torch
    version = torch.__version__
    routes = ROUTES
    hessians = WAYS
    jacobians = {
        "jacobian": torch.autograd.functional.jacobian,
        "jacrev": lambda F, x: torch.func.jacrev(F)(x),
        "jacfwd": lambda F, x: torch.func.jacfwd(F)(x),
    }
    executions = {
        **({"torch.compile": compiled(_compile)} if COMPILERS else {}),
        "torch.compile(backend='aot_eager')": compiled(
            functools.partial(_compile, backend="aot_eager")
        ),
        "torch.func.grad": _Functional,
        "torch.func.vmap": batched(torch.func.vmap),
    }
    has_forward_mode = True
    declines = (
        "not implemented for",
        "is not implemented",
        "not supported",
        "not currently support",
        "to satisfy the constraint",
        "doesn't handle types",
        "cfloat or cdouble types",
        "must override the setup_context",  # forward mode of an autograd.Function
        "specified up to multiplication by e^{i phi}",  # the loss depends on a phase
        "requires compiling pytorch with magma",  # what CUDA has no solver for
        "parameter `driver` should be one of",  # of lstsq, on CUDA
    )

    def use(self, device):
        if device == "cuda" and not torch.cuda.is_available():
            why = "" if torch.version.cuda else ", it is built without CUDA"
            raise LookupError("PyTorch %s finds no CUDA device here%s" % (self.version, why))
        torch.set_default_device(device)
        self.executions = dict(self.executions, **PRECISIONS)
        if device != "cuda":
            return device
        solver = str(torch.backends.cuda.preferred_linalg_library()).split(".")[-1]
        about = (torch.cuda.get_device_name(), torch.version.cuda, solver)
        return "%s, CUDA %s, linear algebra by %s" % about

    def array(self, values, dtype):
        return _tensor(values, dtype)

    def dtype_of(self, name):
        return getattr(torch, name)

    def name_of(self, dtype):
        return str(dtype).split(".")[-1]

    def preserving(self):
        return torch.random.fork_rng(devices=[])

    def apply(self, route, x, constants):
        """The same; an array of one number will do, as it does for ``backward()``."""

        def one(x, **arrays):
            value = route(x, **arrays)
            is_one = isinstance(value, torch.Tensor) and value.numel() == 1
            return value.reshape(()) if is_one else value

        return super().apply(one, x, constants)

    def differentiate(self, route, X, constants, dtype):
        x = _tensor(X, getattr(torch, dtype))
        if isinstance(route, _Functional):
            f = functools.partial(self.apply, route, constants=constants)
            gradient, value = torch.func.grad_and_value(f)(x)
        else:
            value = self.apply(route, x.requires_grad_(), constants)
            if not isinstance(value, torch.Tensor):
                raise TypeError("the route gave a %s, not a tensor" % type(value).__name__)
            if not value.requires_grad:
                raise TypeError(NO_PATH)
            (gradient,) = torch.autograd.grad(value, x)
        widest = torch.complex128 if gradient.is_complex() else torch.float64
        G = gradient.to(widest).resolve_conj().resolve_neg().cpu().numpy()
        return value.item(), G, str(gradient.dtype).split(".")[-1]

    def differentiate_twice(self, way, route, X, E, constants, dtype):
        f = functools.partial(self.apply, route, constants=constants)
        return differentiate_twice(way, f, X, E, dtype)

    def evaluate(self, route, X, constants, dtype):
        x = _tensor(X, getattr(torch, dtype))
        return self.apply(route, x, constants).item()

    def derivative_along(self, route, X, E, constants, dtype):
        return self._slopes(route, X, E[np.newaxis], constants, dtype)[0]

    def differentiate_forward(self, route, X, constants, dtype):
        E = np.array(list(directions(len(X), np.iscomplexobj(X))))
        slopes = self._slopes(route, X, E, constants, dtype)
        return np.tensordot(slopes / np.sum(np.abs(E) ** 2, axis=(1, 2)), E, 1)

    def _slopes(self, route, X, directions, constants, dtype):
        """The derivatives along all directions (m×n×n) at once."""
        kind = getattr(torch, dtype)
        x = _tensor(X, kind)
        f = functools.partial(self.apply, route, constants=constants)
        along = torch.func.vmap(lambda E: torch.func.jvp(f, (x,), (E,))[1], chunk_size=CHUNK)
        return along(_tensor(directions, kind)).double().cpu().numpy()
