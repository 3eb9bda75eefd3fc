"""The second derivative of t ↦ log det(X + tI) at 0, with log Σ of the factor compiled or not."""

import functools

formula = "d²/dt² log det(X + tI) at t = 0"
domain = "positive definite"
citation = "d²(log det X)[E, E] = −tr(X⁻¹ E X⁻¹ E)"


def exact(X):
    return -((X.adjugate() / X.det()) ** 2).trace()


def log_diagonal(L):
    return L.diagonal().log().sum()


@functools.cache
def compiled():
    import torch

    return torch.compile(log_diagonal, backend="aot_eager")


def curvature(part, X):
    import torch

    def log_det(X):
        return 2 * part(torch.linalg.cholesky(X))

    H = torch.autograd.functional.hessian(log_det, X, create_graph=True)
    return torch.einsum("iijj->", H)


routes = {
    "torch": {
        "torch.autograd.functional.hessian": lambda X: curvature(log_diagonal, X),
        "torch.autograd.functional.hessian, torch.compile(backend='aot_eager')": (
            lambda X: curvature(compiled(), X)
        ),
    }
}
