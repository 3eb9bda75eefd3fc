"""NumPy: no automatic differentiation; each route has the textbook's gradient beside its value."""

import inspect
import re

import numpy as np

from symgrad.numeric import textbook
from symgrad.numeric.framework import BaseFramework

ROUTES = {
    "eigenvalue": {**textbook.eigh(textbook.pick), "np.linalg.eig": textbook.eig},
    "largest_eigenvalue": {
        **textbook.eigh(textbook.pick_last),
        "np.linalg.eig": lambda X: textbook.eig(X, -1),
    },
    "smallest_eigenvalue": {
        **textbook.eigh(textbook.pick_first),
        "np.linalg.eig": lambda X: textbook.eig(X, 0),
    },
    "eigenvalue_gap": textbook.eigh(textbook.gap),
    "singular_value": {
        "np.linalg.svd": textbook.svd(textbook.pick),
        "np.linalg.svd(hermitian=True)": textbook.svd(textbook.pick, hermitian=True),
        **textbook.eigh(textbook.pick_by_size),
    },
    "spectral_norm": {
        "np.linalg.norm(X, 2)": textbook.svd(textbook.pick_first, lambda X: np.linalg.norm(X, 2)),
        **textbook.eigh(lambda values: textbook.pick_by_size(values, 0)),
    },
    "nuclear_norm": {
        "np.linalg.norm(X, 'nuc')": textbook.svd(
            textbook.sum_of_sizes, lambda X: np.linalg.norm(X, "nuc")
        ),
        **textbook.eigh(textbook.sum_of_sizes),
    },
    "ky_fan_norm": {
        "np.linalg.svd": textbook.svd(textbook.sum_of_first),
        **textbook.eigh(textbook.sum_of_largest),
    },
    "condition_number": {
        "np.linalg.cond": textbook.svd(textbook.condition, np.linalg.cond),
        **textbook.eigh(textbook.condition),
    },
    "sum_entries": {
        "np.sum(X)": lambda X: (np.sum(X), np.ones_like(X)),
        "np.trace(X) + 2*np.triu(X, 1).sum()": lambda X: (
            np.trace(X) + 2 * np.triu(X, 1).sum(),
            2 * np.triu(np.ones_like(X)) - textbook.identity(X),
        ),
    },
    "trace": {"np.trace": lambda X: (np.trace(X), textbook.identity(X))},
    "trace_square": {
        "np.trace(X @ X)": lambda X: (np.trace(X @ X), 2 * textbook.adjoint(X)),
        "np.linalg.norm(X)**2": lambda X: (np.linalg.norm(X) ** 2, 2 * X),
    },
    "trace_cube": {
        "np.trace(X @ X @ X)": lambda X: (np.trace(X @ X @ X), 3 * textbook.adjoint(X @ X)),
    },
    "rayleigh_quotient": {
        "u @ X @ u / (u @ u)": lambda X, u: (u @ X @ u / (u @ u), np.outer(u, u) / (u @ u))
    },
    "det": {"np.linalg.det": textbook.det, **textbook.eigh(textbook.product)},
    "log_det": {
        "np.linalg.slogdet": textbook.log_det,
        "np.linalg.qr": textbook.log_det_by_qr,
        **textbook.each_cholesky(textbook.log_det_by_diagonal),
        **textbook.eigh(textbook.log_sum),
    },
    "inverse_entry": {
        "np.linalg.inv": lambda X, i, j: textbook.through_inverse(
            textbook.weight_of_entry(X, i, j), np.linalg.inv(X)
        ),
        "np.linalg.solve": textbook.entry_by_solve,
    },
    "inverse_quadratic_form": {
        "np.linalg.solve": textbook.quadratic(np.linalg.solve),
        "np.linalg.inv": textbook.quadratic(lambda X, u: np.linalg.inv(X) @ u),
    },
    "weighted_inverse": {
        "np.linalg.inv": lambda X, W: textbook.through_inverse(W, np.linalg.inv(X)),
        "np.linalg.solve": textbook.weighted_by_solve,
    },
    "inverse_quadratic_form_pd": textbook.each_cholesky(textbook.whitened),
    "weighted_pseudoinverse": {
        "np.linalg.pinv": lambda X, W: textbook.through_inverse(W, np.linalg.pinv(X)),
        "np.linalg.pinv(hermitian=True)": lambda X, W: textbook.through_inverse(
            (W + textbook.adjoint(W)) / 2, np.linalg.pinv(X, hermitian=True)
        ),
    },
    "lstsq_quadratic_form": {"np.linalg.lstsq": textbook.quadratic(textbook.lstsq)},
    "cholesky_entry": textbook.each_cholesky(textbook.entry),
    "cholesky_log_diagonal": textbook.each_cholesky(textbook.log_diagonal),
    "triangular_solve": textbook.each_cholesky(textbook.triangular),
    "weighted_exp": textbook.daleckii_krein(textbook.exp),
    "weighted_log": textbook.daleckii_krein(textbook.log),
    "weighted_sqrt": textbook.daleckii_krein(textbook.sqrt),
    "weighted_inverse_sqrt": textbook.daleckii_krein(textbook.inverse_sqrt),
    "weighted_cube_root": textbook.daleckii_krein(textbook.cube_root),
    "weighted_square": {
        "X @ X": textbook.square(lambda X: X @ X),
        "np.linalg.matrix_power(X, 2)": textbook.square(lambda X: np.linalg.matrix_power(X, 2)),
    },
    "trace_exp": textbook.eigh(textbook.exp_sum),
    "trace_log": textbook.eigh(textbook.log_sum),
    "von_neumann_entropy": textbook.eigh(textbook.entropy),
    "log_sum_exp": textbook.eigh(textbook.log_sum_exp),
    "projector": textbook.daleckii_krein(textbook.projector),
    "subspace_projector": textbook.daleckii_krein(textbook.subspace),
    "eigenvector_entry": {
        "np.linalg.eigh(UPLO='L')": textbook.eigenvector("L"),
        "np.linalg.eigh(UPLO='U')": textbook.eigenvector("U"),
    },
    "generalized_eigenvalue": {
        "np.linalg.cholesky(B), eigh(UPLO='L')": textbook.generalized("L"),
        "np.linalg.cholesky(B), eigh(UPLO='U')": textbook.generalized("U"),
        "np.linalg.eig(np.linalg.solve(B, X))": textbook.generalized_by_eig,
    },
    "gaussian_log_likelihood": {
        "np.linalg.slogdet, np.linalg.solve": textbook.gaussian_by_solve,
        **textbook.each_cholesky(textbook.gaussian),
    },
    "gaussian_precision_log_likelihood": {"np.linalg.slogdet": textbook.gaussian_precision},
    "gaussian_kl": {"np.linalg.slogdet": textbook.kl},
    "bures_wasserstein": {
        "np.linalg.eigh(UPLO='L')": textbook.bures_wasserstein("L"),
        "np.linalg.eigh(UPLO='U')": textbook.bures_wasserstein("U"),
    },
}


def _is_offered(route):
    """Whether the installed version has the option in a name, as ``np.linalg.svd(hermitian=…)``."""
    found = re.match(r"np\.linalg\.(\w+)\((\w+)=", route)
    if found is None:
        return True
    call, option = found.groups()
    return option in inspect.signature(getattr(np.linalg, call)).parameters


class Framework(BaseFramework):
    """Analytic formulae evaluated in floating point: a route gives the value and G together."""

    namespace = np
    version = np.__version__
    declines = (
        "float16 is unsupported in linalg",
        "not understood",
    )
    routes = {
        function: {name: route for name, route in named.items() if _is_offered(name)}
        for function, named in ROUTES.items()
    }

    def array(self, values, dtype):
        return np.array(values, dtype)

    def differentiate(self, route, X, constants, dtype):
        gradient = []

        def value(x, **arrays):
            answer = route(x, **arrays)
            if not isinstance(answer, tuple) or len(answer) != 2:
                raise TypeError(
                    "NumPy differentiates nothing; return (f(X), G), give G to "
                    "check_gradient(G, f, X, framework='numpy'), or, if f is written in "
                    "autograd.numpy, framework='autograd' to check"
                )
            f, G = answer
            gradient.append(np.asarray(G))
            if gradient[0].dtype.kind not in "biufc":
                told = (type(G).__name__, gradient[0].dtype)
                raise TypeError("the route gave its gradient as %s of %s, not as numbers" % told)
            return f

        f = float(self.apply(value, X.astype(dtype), constants))
        G = gradient[0]
        if np.iscomplexobj(G) and not np.iscomplexobj(X):
            raise TypeError("the gradient is complex, a real one was expected")
        return f, G.astype(np.result_type(G, np.float64)), str(G.dtype)

    def evaluate(self, route, X, constants, dtype):
        return self.differentiate(route, X, constants, dtype)[0]
