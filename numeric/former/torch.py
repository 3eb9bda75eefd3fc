"""PyTorch before 2.0: reverse mode by torch.autograd, of the calls that a version has.

A route is offered where every public call in its name exists.
"""

import functools
import math

import torch

from symgrad.numeric.calls import find, offered
from symgrad.numeric.former import DECLINES
from symgrad.numeric.framework import BaseFramework

LOG_2PI = math.log(2 * math.pi)


def _find(call):
    """What ``torch.linalg.eigh`` stands for here; nothing if this version has no gradient of it."""
    found = find(torch, call)
    # what has been removed stays there for a while, as a function that says so
    is_gone = getattr(found, "__module__", "") == "torch._linalg_utils"
    document = getattr(found, "__doc__", None) or ""
    return None if is_gone or "doesn't support backpropagation" in document else found


_offered = functools.partial(offered, prefix="torch", find=_find)


def _takes(call, option):
    """Whether a call of this version has an option: its docstring begins with the signature."""
    signature = (getattr(_find(call), "__doc__", None) or "").strip().split("\n")[0]
    return option + "=" in signature


def _adjoint(M):
    return M.conj().t() if _is_complex(M) else M.t()


def _is_complex(M):
    return "complex" in str(M.dtype)


def _inner(W, M):
    return torch.sum(W * M)


def _unit(X, j):
    return torch.eye(len(X), dtype=X.dtype)[:, j : j + 1]


def _log_diagonal(factor):
    return factor.diagonal().log().sum()


# X → (λ, V), ascending, reading one triangle
LINALG_EIGH = _offered(
    {
        "torch.linalg.eigh(UPLO='L')": lambda X: torch.linalg.eigh(X, UPLO="L"),
        "torch.linalg.eigh(UPLO='U')": lambda X: torch.linalg.eigh(X, UPLO="U"),
    }
)
SYMEIG = _offered(
    {
        "torch.symeig(eigenvectors=True, upper=True)": lambda X: torch.symeig(
            X, eigenvectors=True, upper=True
        ),
        "torch.symeig(eigenvectors=True, upper=False)": lambda X: torch.symeig(
            X, eigenvectors=True, upper=False
        ),
    }
)
EIGH = {**SYMEIG, **LINALG_EIGH}
# X → (λ, V) of a square matrix, complex, in no order
EIG = _offered({"torch.linalg.eig": lambda X: torch.linalg.eig(X)})
# X → exp X
EXP = _offered(
    {
        "torch.matrix_exp": lambda X: torch.matrix_exp(X),
        "torch.linalg.matrix_exp": lambda X: torch.linalg.matrix_exp(X),
    }
)
# X → (U, σ, Vᴴ)
SVD = _offered({"torch.linalg.svd": lambda X: torch.linalg.svd(X)})
# X → λ
EIGVALSH = _offered(
    {
        "torch.linalg.eigvalsh(UPLO='L')": lambda X: torch.linalg.eigvalsh(X, UPLO="L"),
        "torch.linalg.eigvalsh(UPLO='U')": lambda X: torch.linalg.eigvalsh(X, UPLO="U"),
    }
)
# X → λ of a square matrix, as pairs (Re, Im) or complex, in no order
EIGVALS = _offered(
    {
        "torch.eig(eigenvectors=True)": lambda X: torch.eig(X, eigenvectors=True)[0][:, 0],
        "torch.linalg.eig": lambda X: torch.linalg.eig(X)[0].real,
        "torch.linalg.eigvals": lambda X: torch.linalg.eigvals(X).real,
    }
)
# X → L, lower, with X = L Lᴴ
FACTORS = _offered(
    {
        "torch.cholesky": torch.cholesky,
        "torch.cholesky(upper=True)": lambda X: _adjoint(torch.cholesky(X, upper=True)),
        "torch.potrf(upper=True)": lambda X: torch.potrf(X, upper=True).t(),
        "torch.potrf(upper=False)": lambda X: torch.potrf(X, upper=False),
        "torch.linalg.cholesky": lambda X: torch.linalg.cholesky(X),
        "torch.linalg.cholesky_ex": lambda X: torch.linalg.cholesky_ex(X)[0],
    }
)
if _takes("torch.linalg.cholesky", "upper"):
    FACTORS["torch.linalg.cholesky(upper=True)"] = lambda X: _adjoint(
        torch.linalg.cholesky(X, upper=True)
    )
# X → σ, descending
SINGULAR = _offered(
    {
        "torch.svd": lambda X: torch.svd(X)[1],
        "torch.linalg.svd": lambda X: torch.linalg.svd(X)[1],
        "torch.linalg.svdvals": lambda X: torch.linalg.svdvals(X),
    }
)
# (X, B) → X⁻¹ B
SOLVE = _offered(
    {
        "torch.inverse": lambda X, B: torch.inverse(X) @ B,
        "torch.gesv": lambda X, B: torch.gesv(B, X)[0],
        "torch.solve": lambda X, B: torch.solve(B, X)[0],
        "torch.linalg.inv": lambda X, B: torch.linalg.inv(X) @ B,
        "torch.linalg.solve": lambda X, B: torch.linalg.solve(X, B),
    }
)
# (X, B) → X⁻¹ B of a positive definite X, by its Cholesky factor
SOLVE_PD = _offered(
    {
        "torch.potrs": lambda X, B: torch.potrs(B, torch.cholesky(X), upper=False),
        "torch.potrs(upper=True)": lambda X, B: torch.potrs(
            B, torch.cholesky(X, upper=True), upper=True
        ),
        "torch.cholesky_solve": lambda X, B: torch.cholesky_solve(B, torch.cholesky(X)),
        "torch.cholesky_solve(upper=True)": lambda X, B: torch.cholesky_solve(
            B, torch.cholesky(X, upper=True), upper=True
        ),
        "torch.potri": lambda X, B: torch.potri(torch.cholesky(X), upper=False) @ B,
        "torch.cholesky_inverse": lambda X, B: torch.cholesky_inverse(torch.cholesky(X)) @ B,
        "torch.distributions.MultivariateNormal(X).precision_matrix": lambda X, B: (
            _normal(covariance_matrix=X).precision_matrix @ B
        ),
    }
)
# (X, B) → L⁻¹ B
SOLVE_FACTOR = _offered(
    {
        "torch.trtrs": lambda X, B: torch.trtrs(B, torch.cholesky(X), upper=False)[0],
        "torch.trtrs(transpose=True)": lambda X, B: torch.trtrs(
            B, torch.cholesky(X, upper=True), transpose=True
        )[0],
        "torch.triangular_solve": lambda X, B: torch.triangular_solve(
            B, torch.cholesky(X), upper=False
        )[0],
        "torch.triangular_solve(transpose=True)": lambda X, B: torch.triangular_solve(
            B, torch.cholesky(X, upper=True), transpose=True
        )[0],
        "torch.linalg.solve_triangular": lambda X, B: torch.linalg.solve_triangular(
            torch.linalg.cholesky(X), B, upper=False
        ),
    }
)


def _by(table, f):
    """The routes f(call, X, …) by each of the calls."""
    return {name: functools.partial(f, call) for name, call in table.items()}


def _eigenvalues(f):
    """The routes to f(λ, …), λ being the eigenvalues by each call made for symmetric matrices."""
    return {
        **_by(EIGH, lambda eigh, X, **constants: f(eigh(X)[0], **constants)),
        **_by(EIGVALSH, lambda eigvalsh, X, **constants: f(eigvalsh(X), **constants)),
    }


def _singular(f):
    """The routes to f(σ, …)."""
    return _by(SINGULAR, lambda singular, X, **constants: f(singular(X), **constants))


def _factors(f):
    """The routes to f(L, …)."""
    return _by(FACTORS, lambda factor, X, **constants: f(factor(X), **constants))


def _of_X(call):
    """A call written with its argument: ``torch.cholesky(X, upper=True)``."""
    return call.replace("(", "(X, ") if "(" in call else call + "(X)"


def _entry_of_inverse(solve, X, i, j):
    return solve(X, _unit(X, j))[i, 0]


def _quadratic(solve, X, u):
    return torch.dot(u, solve(X, u[:, None])[:, 0])


def _weighted_inverse(solve, X, W):
    return torch.trace(solve(X, W.t()))


def _squared_norm(solve, X, u):
    return (solve(X, u[:, None]).abs() ** 2).sum()


def _triangular(solve, X, u, w):
    return torch.dot(u, solve(X, w[:, None])[:, 0])


def _projector(eigh, X, i, W):
    v = eigh(X)[1][:, i : i + 1]
    return _inner(W, v @ _adjoint(v))


def _projector_by_eig(eig, X, i, W):
    values, V = eig(X)
    v = V[:, torch.argsort(values.real)[i]]
    return (v @ W.to(v.dtype) @ v.conj()).real


def _subspace(eigh, X, k, W):
    top = eigh(X)[1][:, -k:]
    return _inner(W, top @ _adjoint(top))


def _function(f, eigh, X, W):
    """⟨W, f(X)⟩ for a scalar function f."""
    values, V = eigh(X)
    return _inner(W, (V * f(values)) @ _adjoint(V))


def _function_by_eig(f, eig, X, W):
    values, V = eig(X)
    M = (V * f(values)) @ torch.linalg.inv(V)
    return _inner(W, M if _is_complex(X) else M.real)


def _function_by_svd(f, svd, X, W):
    """The same of a positive definite X."""
    U, sizes, adjoint = svd(X)
    return _inner(W, (U * f(sizes)) @ adjoint)


def _truncated(X, k, W):
    """⟨W, X⁺⟩ with a tolerance between the k-th largest singular value and the next."""
    sizes = torch.linalg.svdvals(X.detach())
    middle = (sizes[k - 1] + sizes[k]) / (2 * sizes[0])
    return _inner(W, torch.linalg.pinv(X, rtol=middle))


def _det_by_slogdet(slogdet, X):
    sign, log = slogdet(X)
    return sign.detach() * log.exp()  # a constant; PyTorch 1.0.1 breaks down where it is not told


def _normal(**parameter):
    (matrix,) = parameter.values()
    mean = torch.zeros(len(matrix), dtype=matrix.dtype)
    return torch.distributions.MultivariateNormal(mean, **parameter)


def _log_likelihood(normal, y):
    return normal.log_prob(y) + len(y) * LOG_2PI / 2


def _gaussian(solve, X, y):
    return -(torch.logdet(X) + _quadratic(solve, X, y)) / 2


def _gaussian_by_cholesky(solve, X, y):
    return -_log_diagonal(torch.cholesky(X)) - _quadratic(solve, X, y) / 2


ROUTES = {
    "eigenvalue": {
        **_eigenvalues(lambda values, i: values[i]),
        **_by(EIGVALS, lambda eigvals, X, i: torch.sort(eigvals(X))[0][i]),
    },
    "largest_eigenvalue": _eigenvalues(lambda values: values[-1]),
    "smallest_eigenvalue": _eigenvalues(lambda values: values[0]),
    "eigenvalue_gap": _eigenvalues(lambda values, i: values[i + 1] - values[i]),
    "singular_value": _singular(lambda values, i: values[i]),
    "spectral_norm": {
        **_singular(lambda values: values[0]),
        **_eigenvalues(lambda values: values.abs().max()),
    },
    "nuclear_norm": {
        "torch.norm(p='nuc')": lambda X: torch.norm(X, p="nuc"),
        **_singular(torch.sum),
        **_eigenvalues(lambda values: values.abs().sum()),
    },
    "sum_entries": {
        "torch.sum(X)": torch.sum,
        "torch.trace(X) + 2*torch.triu(X, 1).sum()": lambda X: (
            torch.trace(X) + 2 * torch.triu(X, 1).sum()
        ),
    },
    "trace": {"torch.trace": torch.trace},
    "trace_square": {
        "torch.trace(X @ X)": lambda X: torch.trace(X @ X),
        "torch.norm(X)**2": lambda X: torch.norm(X) ** 2,
    },
    "det": {
        **_offered(
            {
                "torch.det": torch.det,
                "torch.slogdet": functools.partial(_det_by_slogdet, torch.slogdet),
                "torch.linalg.det": lambda X: torch.linalg.det(X),
                "torch.linalg.slogdet": lambda X: _det_by_slogdet(torch.linalg.slogdet, X),
            }
        ),
        **_eigenvalues(torch.prod),
    },
    "log_det": {
        **_offered(
            {
                "torch.logdet": torch.logdet,
                "torch.slogdet": lambda X: torch.slogdet(X)[1],
                "torch.linalg.slogdet": lambda X: torch.linalg.slogdet(X)[1],
                "torch.qr": lambda X: torch.qr(X)[1].diagonal().abs().log().sum(),
                "torch.linalg.qr": lambda X: torch.linalg.qr(X)[1].diagonal().abs().log().sum(),
            }
        ),
        **{
            "2*%s.diagonal().log().sum()" % _of_X(name): route
            for name, route in _factors(lambda factor: 2 * _log_diagonal(factor)).items()
        },
        **_eigenvalues(lambda values: values.log().sum()),
    },
    "inverse_entry": _by(SOLVE, _entry_of_inverse),
    "inverse_quadratic_form": _by(SOLVE, _quadratic),
    "weighted_inverse": _by(SOLVE, _weighted_inverse),
    "inverse_quadratic_form_pd": {
        **_by(SOLVE_PD, _quadratic),
        **_by(SOLVE_FACTOR, _squared_norm),
    },
    "cholesky_entry": _factors(lambda factor, i, j: factor[i, j]),
    "cholesky_log_diagonal": _factors(_log_diagonal),
    "triangular_solve": _by(SOLVE_FACTOR, _triangular),
    # of the functions of a matrix what the known findings are about
    "weighted_exp": {
        **_by(LINALG_EIGH, functools.partial(_function, torch.exp)),
        **_by(EIG, functools.partial(_function_by_eig, torch.exp)),
    },
    "weighted_log": _by(SVD, functools.partial(_function_by_svd, torch.log)),
    "trace_exp": _by(EXP, lambda exp, X: exp(X).diagonal().sum()),  # there is no trace of a half
    "truncated_pseudoinverse": (
        {"torch.linalg.pinv(rtol=...)": _truncated} if _takes("torch.linalg.pinv", "rtol") else {}
    ),
    "projector": {**_by(EIGH, _projector), **_by(EIG, _projector_by_eig)},
    "subspace_projector": _by(LINALG_EIGH, _subspace),
    "gaussian_log_likelihood": {
        **{"torch.logdet, %s" % name: route for name, route in _by(SOLVE, _gaussian).items()},
        **{
            "torch.cholesky, %s" % name: route
            for name, route in _by(SOLVE_PD, _gaussian_by_cholesky).items()
            if "distributions" not in name
        },
        "torch.distributions.MultivariateNormal(covariance_matrix=X)": lambda X, y: _log_likelihood(
            _normal(covariance_matrix=X), y
        ),
        "torch.distributions.MultivariateNormal(scale_tril=torch.cholesky(X))": (
            lambda X, y: _log_likelihood(_normal(scale_tril=torch.cholesky(X)), y)
        ),
    },
}


class Framework(BaseFramework):
    """PyTorch, in eager mode, by ``torch.autograd.grad``."""

    namespace = torch
    declines = DECLINES
    version = torch.__version__
    routes = ROUTES

    def array(self, values, dtype):
        return torch.tensor(values, dtype=dtype)

    def differentiate(self, route, X, constants, dtype):
        x = torch.tensor(X, dtype=_kind(dtype), requires_grad=True)
        value = self.apply(route, x, constants)
        (gradient,) = torch.autograd.grad(value, x)
        widest = torch.complex128 if _is_complex(gradient) else torch.float64
        return value.item(), gradient.to(widest).numpy(), str(gradient.dtype).split(".")[-1]

    def evaluate(self, route, X, constants, dtype):
        return self.apply(route, torch.tensor(X, dtype=_kind(dtype)), constants).item()


def _kind(dtype):
    is_there = hasattr(torch, "view_as_real") if dtype.startswith("complex") else True
    if not is_there or not hasattr(torch, dtype):
        raise NotImplementedError("PyTorch %s has no %s" % (torch.__version__, dtype))
    return getattr(torch, dtype)
