"""``symgrad.check(f, X)``: callables judged by what they execute, and their wrong steps named."""

import json
import random
import re
import time

import numpy as np
import pytest
import torch
from torch import linalg
from torch.nn import functional

import symgrad
from symgrad.court.errors import InputError
from symgrad.report.here import NoVerdictError

RNG = np.random.default_rng(7)
W = torch.tensor(RNG.standard_normal((4, 4)))


def spd(n, seed=3):
    A = np.random.default_rng(seed).standard_normal((n, n))
    return (A @ A.T + (A @ A.T).T) / 2 + np.eye(n)


X = torch.tensor(spd(4))


def by_eigh(X, phi):
    w, V = linalg.eigh(X)
    return (V * phi(w)) @ V.T


def gaussian_process(X):
    y = torch.arange(1.0, len(X) + 1, dtype=X.dtype)
    L = linalg.cholesky(X)
    a = torch.cholesky_solve(y[:, None], L)[:, 0]
    return 0.5 * y @ a + L.diagonal().log().sum()


def multivariate_normal(X):
    zero = torch.zeros(len(X), dtype=X.dtype)
    return torch.distributions.MultivariateNormal(zero, X).log_prob(zero + 1)


def newton_schulz(X):
    I = torch.eye(len(X), dtype=X.dtype)  # noqa: E741
    Y, Z = X / X.norm(), I
    for _ in range(8):
        T = 1.5 * I - 0.5 * Z @ Y
        Y, Z = Y @ T, T @ Z
    return (Y * W).sum()


def sinkhorn(X):
    K = torch.exp(-X)
    for _ in range(5):
        K = K / K.sum(0, keepdim=True)
        K = K / K.sum(1, keepdim=True)
    return (K * W).sum()


def bures_wasserstein(X):
    A = W @ W.T + torch.eye(4, dtype=X.dtype)
    root = by_eigh(A, torch.sqrt)
    return torch.trace(X + A - 2 * by_eigh(root @ X @ root, torch.sqrt))


def affine_invariant(X):
    A = W @ W.T + torch.eye(4, dtype=X.dtype)
    root = by_eigh(A, lambda w: w.rsqrt())
    return linalg.eigvalsh(root @ X @ root).log().pow(2).sum()


def stein(X):
    A = W @ W.T + torch.eye(4, dtype=X.dtype)
    return torch.logdet((X + A) / 2) - (torch.logdet(X) + torch.logdet(A)) / 2


def cayley(X):
    I = torch.eye(len(X), dtype=X.dtype)  # noqa: E741
    return (linalg.solve(I + X, I - X) * W).sum()


def zca(X):
    return (by_eigh(X, lambda w: (w + 1e-5).rsqrt()) @ W).pow(2).sum()


def spdnet(X):
    """BiMap, ReEig and LogEig."""
    Y = W[:3] @ X @ W[:3].T
    Z = by_eigh(Y, lambda w: torch.clamp(w, min=0.5))
    return by_eigh(Z, torch.log).sum()


def generalized(X):
    L = linalg.cholesky(W @ W.T + torch.eye(4, dtype=X.dtype))
    M = linalg.solve_triangular(L, X, upper=False)
    M = linalg.solve_triangular(L, M.mT, upper=False)
    return linalg.eigvalsh(M)[-1]


def connectivity(X):
    A = torch.exp(-X) * (1 - torch.eye(4, dtype=X.dtype))
    return linalg.eigvalsh(torch.diag(A.sum(0)) - A)[1]


def kalman(X):
    P = W @ X @ W.T + torch.eye(4, dtype=X.dtype)
    S = P[:2, :2] + 0.5 * torch.eye(2, dtype=X.dtype)
    K = linalg.solve(S, P[:2]).T
    P = P - K @ S @ K.T
    return torch.logdet(S) + torch.trace(P)


def written_into(X):
    A = X.clone()
    A[0, 0] = 5.0
    A.view(-1)[5] *= 2
    A[1:3, 1:3] += X[:2, :2]
    return A.pow(3).sum()


def chosen(X):
    largest = torch.topk(linalg.eigvalsh(X), 2).values.sum()
    return largest + torch.where(X > 0.3, X, 2 * X).sum() + X.clamp(-1, 1).sum() + X.abs().max()


def branching(X):
    return X.sum() if linalg.det(X) > 0 else X.pow(2).sum()


FUNCTIONS = {
    f.__name__: f
    for f in (
        gaussian_process, multivariate_normal, newton_schulz, sinkhorn, bures_wasserstein,
        affine_invariant, stein, cayley, zca, spdnet, generalized, connectivity, kalman,
        written_into, chosen, branching,
    )
} | {
    "logdet": torch.logdet,
    "cholesky": lambda X: 2 * linalg.cholesky(X).diagonal().log().sum(),
    "log-euclidean": lambda X: (by_eigh(X, torch.log) - W).pow(2).sum(),
    "attention": lambda X: (functional.softmax(X @ W / 2, -1) @ X).sum(),
    "layer norm": lambda X: functional.layer_norm(X, (4,)).pow(3).sum(),
    "activations": lambda X: (functional.gelu(X) + torch.tanh(X) + torch.sigmoid(X)).sum(),
    "matrix_exp": lambda X: (linalg.matrix_exp(X / 5) * W).sum(),
    "svdvals": lambda X: linalg.svdvals(X @ W).sum(),
    "svd": lambda X: (lambda U, S, V: ((U * S.sqrt()) @ V).sum())(*linalg.svd(X @ W)),
    "qr": lambda X: linalg.qr(X @ W)[1].abs().diagonal().log().sum(),
    "inv": lambda X: (linalg.inv(X) * W).sum(),
    "pinv": lambda X: (linalg.pinv(X) * W).sum(),
    "einsum": lambda X: torch.einsum("ij,jk,kl->", X, W, X),
    "batched": lambda X: linalg.cholesky(torch.stack([X, 2 * X])).sum(),
    "matrix norms": lambda X: linalg.matrix_norm(X, "nuc") + linalg.matrix_norm(X, 2),
    "logsumexp": lambda X: torch.logsumexp(X @ W, (0, 1)) + X.std() + (X @ W).prod(),
    "cumsum": lambda X: (X.cumsum(0) * W).sum() + torch.mvlgamma(X.trace() + 4, 3),
    "half of it": lambda X: torch.tril(X).pow(3).sum(),
    "checkpoint": lambda X: torch.utils.checkpoint.checkpoint(
        torch.logdet, X, use_reentrant=False
    ),
    "vmap": lambda X: torch.func.vmap(lambda s: torch.logdet(X + s * torch.eye(4).double()))(
        torch.arange(3.0).double()
    ).sum(),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_right_gradient_agrees(name):
    report = symgrad.check(FUNCTIONS[name], X)
    assert report.verdict == "agrees", str(report)
    assert (report.record.evidence, report.blame) == ("traced", ())
    assert report.error <= report.tolerance
    assert report.tolerance <= 1e-10 * np.max(np.abs(report.exact.gradient)) + 1e-10
    assert np.all(report.exact.radius <= 2.0**-52 * np.max(np.abs(report.exact.gradient)))


SPECTRA = {
    "well conditioned": lambda rng: rng.uniform(1, 8, 4),
    "ill conditioned": lambda rng: np.geomspace(1e-5, 1, 4) * rng.uniform(0.5, 2, 4),
    "nearly singular": lambda rng: np.geomspace(1e-9, 1, 4),
    "nearly repeated": lambda rng: np.array([1, 1 + 10.0 ** -rng.integers(3, 13), 2, 3]),
    "small": lambda rng: 1e-6 * rng.uniform(1, 8, 4),
    "large": lambda rng: 1e4 * rng.uniform(1, 8, 4),
}


@pytest.mark.parametrize("kind", SPECTRA)
@pytest.mark.sampled(3)
def test_no_right_gradient_disagrees_wherever_X_is(kind):
    rng = np.random.default_rng(11)
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    M = (Q * SPECTRA[kind](rng)) @ Q.T
    M = torch.tensor((M + M.T) / 2)
    found = {name: symgrad.check(f, M).verdict for name, f in FUNCTIONS.items()}
    assert "disagrees" not in found.values(), found
    assert list(found.values()).count("agrees") > len(found) / 2
    assert symgrad.check(lambda X: (X * X.detach()).sum(), M).verdict == "disagrees"


@pytest.mark.parametrize("n", [1, 2, 3, 6, 16])
def test_any_size(n):
    report = symgrad.check(lambda X: by_eigh(X, torch.log).sum(), torch.tensor(spd(n)))
    assert report.verdict == "agrees", str(report)


class LogEig(torch.autograd.Function):
    """log X, with a backward that a test may spoil."""

    spoil = staticmethod(lambda S, G, w, V: S)

    @staticmethod
    def forward(ctx, X):
        w, V = linalg.eigh(X)
        ctx.save_for_backward(w, V)
        return (V * w.log()) @ V.T

    @staticmethod
    def backward(ctx, G):
        w, V = ctx.saved_tensors
        off = torch.eye(len(w), dtype=w.dtype)
        gaps = w[:, None] - w + off
        slopes = (w.log()[:, None] - w.log()) / gaps * (1 - off) + torch.diag(1 / w)
        S = V @ (slopes * (V.T @ ((G + G.T) / 2) @ V)) @ V.T
        return LogEig.spoil(S, G, w, V)


logm = LogEig.apply


def loss(X):
    return (logm(W[:3] @ X @ W[:3].T) * W[:3, :3]).sum()


def diagonal(M):
    return torch.diag(M.diagonal())


PLANTED = {
    "doubled": (lambda S, *_: 2 * S - diagonal(S), "is doubled off the diagonal"),
    "one triangle": (lambda S, *_: torch.tril(S), "one triangle"),
    "the sign": (lambda S, *_: -S, "the wrong sign"),
    "half": (lambda S, *_: S / 2, "a factor 0.5"),
    "a percent": (lambda S, *_: S * 1.01, "a factor 1.01"),
    "no diagonal": (lambda S, *_: S - diagonal(S), "the diagonal"),
    "nothing": (lambda S, *_: 0 * S, "no cotangent comes back"),
    "nan": (lambda S, *_: S * float("nan"), "not finite"),
    "a gap floor": (
        lambda S, G, w, V: S + 1e-6 * V @ ((V.T @ G @ V) / (1 + (w[:, None] - w) ** 2)) @ V.T,
        "its own backward is wrong",
    ),
    "1e-11": (lambda S, *_: S * (1 + 1e-11), "a factor 1 + 1.0e-11"),
    "the diagonal times 1 + 1e-9": (
        lambda S, *_: S + 1e-9 * diagonal(S), "its own backward is wrong"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_backward_disagrees_and_is_blamed(monkeypatch, name):
    spoil, told = PLANTED[name]
    monkeypatch.setattr(LogEig, "spoil", staticmethod(spoil))
    report = symgrad.check(loss, X)
    assert report.verdict == "disagrees"
    assert not report
    (blame,) = report.blame
    assert (blame.name, blame.custom) == ("LogEig", True)
    assert blame.line.startswith("test_callables.py:")
    if name not in ("a percent", "1e-11"):  # a factor near 1 is told by what it is off by
        assert told in str(blame)
    assert str(blame) in str(report)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda S, *_: S,
        lambda S, *_: S * (1 + 1e-16),
        lambda S, *_: S + torch.triu(S, 1) - torch.tril(S, -1),
    ],
)
def test_a_right_backward_of_any_layout_agrees(monkeypatch, spoil):
    monkeypatch.setattr(LogEig, "spoil", staticmethod(spoil))
    report = symgrad.check(loss, X)
    assert (report.verdict, report.blame) == ("agrees", ())
    (call,) = [call for call in report.program.calls if call.custom]
    assert (call.name, len(call.inputs), len(call.outputs)) == ("LogEig", 1, 1)


def test_a_function_that_is_given_as_it_is_is_called_where_it_is_checked(monkeypatch):
    monkeypatch.setattr(LogEig, "spoil", staticmethod(lambda S, *_: S / 2))
    report = symgrad.check(logm, X, cotangent=W)
    assert report.blame[0].line.startswith("test_callables.py:")


def test_a_value_that_is_read_twice_is_not_blamed(monkeypatch):
    monkeypatch.setattr(LogEig, "spoil", staticmethod(lambda S, *_: S / 2))
    report = symgrad.check(lambda X: (logm(X @ X) * W).sum(), X)
    assert [blame.name for blame in report.blame] == ["LogEig"]


def no_grad(X):
    with torch.no_grad():
        w, V = linalg.eigh(X)
    return torch.trace(V.T @ X @ V @ torch.diag(w))


def spread(X):
    """det X over the determinant of the mean eigenvalue: 1 at most, at multiples of I."""
    return torch.det(X) / (X.trace() / len(X)) ** len(X)


@pytest.mark.parametrize(
    ("f", "there"),
    [
        (spread, torch.eye(3).double()),
        (lambda X: (linalg.eigvalsh(X / X.trace()) ** 3).sum(), 2 * torch.eye(3).double()),
        (lambda X: (X / X.norm()).norm(), X),
    ],
)
def test_a_gradient_that_is_0_though_no_term_of_it_is_is_judged(f, there):
    report = symgrad.check(f, there)
    assert report.verdict == "agrees", report.reason
    assert np.max(np.abs(report.exact.gradient)) == 0
    wrong = symgrad.check(lambda X: f(X) + 1e-9 * (X.trace() - X.trace().detach()), there)
    assert wrong.verdict == "disagrees"
    assert {blame.mistake for blame in wrong.blame} == {"held constant"}


@pytest.mark.parametrize("f", [lambda X: (X * X.detach()).sum(), no_grad])
def test_what_is_held_constant_is_said(f):
    report = symgrad.check(f, X)
    assert report.verdict == "disagrees"
    assert {blame.mistake for blame in report.blame} == {"held constant"}


def unknown(X: torch.Tensor) -> torch.Tensor:
    return torch.special.bessel_j0(X).sum()


REFUSED = {
    "item": (lambda X: X.trace() * X[0, 0].item(), "a number that depends on X left PyTorch"),
    "numpy": (lambda X: X.trace() * float(X.detach().numpy()[0, 0]), "torch.Tensor.numpy"),
    "dropout": (lambda X: functional.dropout(X, 0.5, True).sum(), "random numbers"),
    "noise": (lambda X: (X * torch.rand(4, 4)).sum(), "something else the second time"),
    "a clock": (lambda X: X.sum() * time.time(), "something else the second time"),
    "a vector": (lambda X: X.diagonal(), "return one real number"),
    "a tuple": (lambda X: (X.sum(), 1), "it returned a tuple"),
    "raises": (lambda X: X @ W[:3, :3], "it raised RuntimeError"),
    "writes into X": (lambda X: X.mul_(2).sum(), "it writes into X"),
    "unknown": (unknown, "not known"),
    "unknown to a script": (torch.jit.script(unknown), "not known"),
    "complex": (lambda X: (X + 1j * W).sin().abs().sum(), "complex numbers"),
    "eigenvector": (lambda X: linalg.eigh(X)[1][0, 0], "the sign of eigenvector 0"),
}


NOTHING = {
    "a constant": lambda X: W.sum(),
    "detached": lambda X: torch.logdet(X.detach()),
    "no_grad": torch.no_grad()(torch.logdet),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_pytorch_did_not_see_has_failed_and_why_is_told(name):
    report = symgrad.check(NOTHING[name], X)
    assert report.verdict == "failed"
    assert "the value does not require grad: it is a constant, or" in report.reason
    assert symgrad.check(lambda X: NOTHING[name](X) + 0 * X.sum(), X).verdict in (
        "agrees",
        "disagrees",
    )


NO_DERIVATIVE = {
    "an infinite value": (lambda X: X.log().sum(), r"X\) is -inf, by torch.Tensor.log \(test_"),
    "an infinite slope": (lambda X: (X.trace() - 2).sqrt(), r"sqrt \(test_\w+.py:\d+\): the deriv"),
    "a kink": (
        lambda X: (X.trace() - 2).abs(),
        r"torch.Tensor.abs \(test_\w+.py:\d+\): abs decides",
    ),
    "a spectrum": (
        lambda X: linalg.eigvalsh(X)[0],
        r"eigvalsh \(test_\w+.py:\d+\): eigenvalues co",
    ),
    "a gauge": (lambda X: linalg.eigh(X)[1][0, 0] * X[0, 0], r"test_\w+.py:\d+\): eigenvalues co"),
}


@pytest.mark.parametrize("name", NO_DERIVATIVE)
def test_where_there_is_no_derivative_the_line_is_told(name):
    f, told = NO_DERIVATIVE[name]
    report = symgrad.check(f, torch.eye(2, dtype=torch.float64))
    assert report.verdict == "refused"
    assert re.search(told, report.reason), report.reason
    beside = symgrad.check(f, torch.tensor([[2, 1], [1, 4]], dtype=torch.float64))
    assert beside.verdict == ("refused" if name == "a gauge" else "agrees")


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_is_refused_in_one_line(name, capsys):
    f, told = REFUSED[name]
    report = symgrad.check(f, X)
    assert report.verdict == "refused"
    assert told in report.reason
    assert "\n" not in report.reason
    with pytest.raises(NoVerdictError, match="neither right nor wrong"):
        bool(report)
    assert capsys.readouterr() == ("", "")


def test_kinks_are_refused_at_the_users_line_and_judged_beside():
    at, beside = torch.tensor([[2.0, 0.0], [0.0, 1.0]]).double(), spd(2)
    report = symgrad.check(lambda X: X.abs().sum(), at)
    assert (report.verdict, "test_callables.py:" in report.reason) == ("refused", True)
    assert symgrad.check(lambda X: X.abs().sum(), torch.tensor(beside)).verdict == "agrees"
    outside = symgrad.check(lambda X: linalg.cholesky(X).sum(), torch.tensor([[1.0, 2], [2, 1]]))
    assert outside.verdict == "refused"


def test_near_a_kink_that_rounding_may_cross_nothing_is_convicted():
    C = X @ X  # rounded: what is left of X @ X - C is exactly some roundings, and 0 by PyTorch
    near = symgrad.check(lambda X: (X @ X - C).abs().sum(), X)
    assert (near.verdict, "across a kink" in near.reason) == ("refused", True)
    assert re.search(r"jumps, by torch.Tensor.abs \(test_callables.py:\d+\)", near.reason)
    far = symgrad.check(lambda X: (X @ X - C - 1e-6).abs().sum(), X)
    assert far.verdict == "agrees"
    assert far.detectable < 1e-9  # what decides far off makes no tolerance larger
    wrong = symgrad.check(lambda X: (X @ X.detach() - C - 1e-6).abs().sum(), X)
    assert wrong.verdict == "disagrees"


def test_what_is_computed_in_a_shorter_dtype_is_judged_in_it():
    report = symgrad.check(lambda X: torch.logdet(X.float()).double(), X)
    assert (report.verdict, report.record.dtype, report.blame) == ("agrees", "float32", ())
    assert "judged in float32" in report.reason
    assert 1e-9 < report.tolerance < 1e-3
    half = symgrad.check(lambda X: (X.half().double() @ X).trace(), X)
    assert half.verdict in ("agrees", "refused")
    wrong = symgrad.check(lambda X: (X.float() * X.float().detach()).sum().double(), X)
    assert wrong.verdict == "disagrees"


def test_the_state_of_the_caller_is_left_alone():
    x = X.clone().requires_grad_()
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    symgrad.check(lambda X: (X + 0 * torch.rand(4, 4)).sum(), x)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(x, X)
    assert x.grad is None
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def state_of_the_caller():
    _, keys, drawn, *_ = np.random.get_state()
    numbers = random.getstate(), (keys.tolist(), drawn), torch.random.get_rng_state().tolist()
    return *numbers, torch.get_default_dtype(), torch.is_grad_enabled()


ASKED = {
    "a gradient": lambda f: symgrad.check(f, X),
    "a Hessian": lambda f: symgrad.check(f, X, order=2, mode="reverse over reverse"),
    "a product": lambda f: symgrad.check(lambda X: X * f(X), X, cotangent=W),
    "a function": lambda f: symgrad.check(f, X, function="log_det"),
    "numbers": lambda f: symgrad.check_gradient(torch.inverse(X), f, X, framework="torch"),
    "what is true": lambda f: symgrad.derive(f, n=2),
    "of NumPy's": lambda f: symgrad.check(f, X.numpy()),
}


@pytest.mark.parametrize("asked", ASKED)
def test_whatever_f_draws_and_sets_is_put_back(asked):
    ran = []

    def f(X):
        random.random(), np.random.rand(), torch.rand(1), torch.set_default_dtype(torch.float64)
        ran.append(state_of_the_caller())
        return torch.logdet(X)

    before = state_of_the_caller()
    ASKED[asked](f)
    assert state_of_the_caller() == before
    assert not any(here == there for here, there in zip(before[:4], ran[-1], strict=False))


def test_whether_pytorch_differentiates_is_put_back():
    def f(X):
        torch.set_grad_enabled(True)
        return torch.logdet(X)

    with torch.no_grad():
        assert symgrad.check(f, X, function="log_det").verdict == "agrees"
        assert not torch.is_grad_enabled()
    with torch.enable_grad():
        symgrad.check(f, X)
        assert torch.is_grad_enabled()


def test_an_array_of_numpy_is_taken_where_only_tensors_are():
    """And f is called with a copy of it."""

    def writes(X):
        X *= 2
        return torch.as_tensor(X).sum()

    rows = X.numpy().tolist()
    assert symgrad.check(torch.logdet, rows).record.framework == "torch"
    Y = X.numpy().copy()
    assert symgrad.check(lambda X: (X * X.detach()).sum(), Y).verdict == "disagrees"
    assert symgrad.check(np.trace, Y).record.framework == "numpy"
    assert "it writes into X" in symgrad.check(writes, Y).reason
    assert np.array_equal(Y, X)


def test_in_single_precision():
    x = X.float()
    x = (x + x.T) / 2
    report = symgrad.check(lambda X: by_eigh(X, torch.log).sum(), x)
    assert (report.verdict, report.record.dtype) == ("agrees", "float32")
    wrong = symgrad.check(lambda X: (X * X.detach()).sum(), x)
    assert wrong.verdict == "disagrees"


def test_batches_modes_and_what_is_not_symmetric():
    several = torch.stack([X, 2 * X])
    reports = symgrad.check(torch.logdet, several)
    assert [r.verdict for r in reports] == ["agrees", "agrees"]
    assert reports
    assert reports.is_right
    assert reports.verdict == "agrees"
    assert json.loads(reports.to_json()) == [json.loads(r.to_json()) for r in reports]
    assert reports._repr_html_() == "".join(r._repr_html_() for r in reports)
    refused = symgrad.check(
        lambda X: abs(X[0, 1] - 1), torch.stack([torch.eye(2), torch.ones(2, 2)])
    )
    assert ([r.verdict for r in refused], refused.verdict) == (["agrees", "refused"], "refused")
    both = symgrad.check(lambda X: (X @ X).trace(), X, mode="both")
    assert both.verdict == "agrees"
    assert symgrad.check(torch.logdet, X, mode="forward").record.mode == "forward"
    with pytest.raises(InputError, match="mode is 'sideways'"):
        symgrad.check(torch.logdet, X, mode="sideways")
    skew = X + torch.triu(W, 1)
    with pytest.raises(InputError, match=r"^X is not symmetric"):
        symgrad.check(torch.logdet, skew)
    with pytest.raises(InputError, match=r"^X\[1\]: X is not symmetric"):
        symgrad.check(torch.logdet, torch.stack([X, skew]))
    assert symgrad.check(torch.logdet, skew, symmetrize=True).verdict == "agrees"
    assert "check_gradient" in symgrad.check(np.trace, X.numpy()).reason


def test_an_array_of_one_number_will_do_as_for_backward():
    report = symgrad.check(lambda X: torch.logdet(X).reshape(1, 1), X, mode="both")
    assert (report.verdict, report.record.mode) == ("agrees", "reverse")
    wrong = symgrad.check(lambda X: (X * X.detach()).sum().reshape(1), X)
    assert wrong.verdict == "disagrees"


def test_a_function_without_forward_mode_is_refused_in_it():
    report = symgrad.check(loss, X, mode="forward")
    assert (report.verdict, "setup_context" in report.reason) == ("refused", True)


class Resized(torch.autograd.Function):
    """X, in an array that was resized, as only a forward pass of one's own may."""

    @staticmethod
    def forward(ctx, X, *shape):
        return X.clone().resize_as_(X).resize_(*shape)

    @staticmethod
    def backward(ctx, G):
        return G.reshape(4, 4), None, None


def test_an_array_may_be_given_the_shape_that_it_has():
    report = symgrad.check(lambda X: Resized.apply(X, 4, 4).pow(3).sum(), X)
    assert report.verdict == "agrees"
    report = symgrad.check(lambda X: Resized.apply(X, 2, 8).pow(3).sum(), X)
    assert (report.verdict, "resize_" in report.reason) == ("refused", True)


def test_equal_eigenvalues_are_no_obstacle_where_f_is_smooth():
    I = torch.eye(3, dtype=torch.float64)  # noqa: E741
    assert symgrad.check(lambda X: linalg.eigvalsh(X).log().sum(), I).verdict == "agrees"
    assert symgrad.check(lambda X: linalg.matrix_exp(X)[0, 1] + X.trace(), I).verdict == "agrees"
    report = symgrad.check(lambda X: (by_eigh(X, torch.log) * W[:3, :3]).sum(), I)
    assert report.verdict == "disagrees"  # PyTorch divides by the gap, and gives NaN
    assert symgrad.check(lambda X: linalg.eigvalsh(X)[-1], I).verdict == "refused"


class Logm(torch.autograd.Function):
    """By divided differences, the limits of which are right; off by a factor."""

    factor = 1.0

    @staticmethod
    def forward(ctx, X):
        w, U = linalg.eigh(X)
        ctx.save_for_backward(w, U)
        return (U * w.log()[..., None, :]) @ U.mH

    @staticmethod
    def backward(ctx, G):
        w, U = ctx.saved_tensors
        off, logs = (x[..., :, None] - x[..., None, :] for x in (w, w.log()))
        tied = off.abs() < 1e-8
        F = torch.where(tied, 1 / w[..., None, :], logs / torch.where(tied, 1, off))
        return Logm.factor * U @ (F * (U.mH @ ((G + G.mH) / 2) @ U)) @ U.mH


TIED = {
    "symmetric": (torch.eye(3), lambda X: X),
    "over the trace": (torch.diag(torch.tensor([1.0, 1, 2])), lambda X: X / X.diagonal().sum()),
    "over the norm": (torch.eye(3), lambda X: X / X.norm()),
    "exponential": (torch.eye(3), linalg.matrix_exp),
    "twice": (torch.diag(torch.tensor([3.0, 4, 3])), lambda X: Logm.apply(X)),
    "batch": (torch.eye(3), lambda X: torch.stack([X, 2 * X, X @ X])),
    "hermitian": (torch.tensor([[2, 1j, 0], [-1j, 2, 0], [0, 0, 3]]), lambda X: X),
}


@pytest.mark.parametrize("name", TIED)
@pytest.mark.sampled(4)
def test_a_layer_that_is_right_at_equal_eigenvalues_agrees_and_a_wrong_one_does_not(
    name, monkeypatch
):
    tied, f = TIED[name]
    tied = tied.to(torch.complex128 if tied.is_complex() else torch.float64)

    def loss(X):
        return (Logm.apply(f(X)) * W[:3, :3]).sum().real

    assert symgrad.check(loss, tied).verdict == "agrees"
    monkeypatch.setattr(Logm, "factor", 1 + 1e-10)
    report = symgrad.check(loss, tied)
    assert (report.verdict, report.blame[0].mistake) == ("disagrees", "a factor")
    assert symgrad.check(lambda X: linalg.eigvalsh(f(X))[..., 1].sum(), tied).verdict == "refused"


def test_the_closed_form():
    report = symgrad.check(lambda X: torch.logdet(X) / 2, torch.tensor(spd(3)))
    assert report.formula.parameters == ("a", "b", "c")
    assert report.formula.latex_value == r"\frac{\log{\left(a c - b^{2} \right)}}{2}"
    assert "∂f/∂b" in str(report.formula)
    assert symgrad.check(lambda X: (X @ W).sum(), X).formula is None  # it takes no 2×2 matrix


def test_a_report_is_written_as_on_the_command_line():
    report = symgrad.check(torch.logdet, X)
    record = json.loads(report.to_json())
    assert (record["evidence"], record["verdict"]) == ("traced", "agrees")
    assert record["framework"] == "torch"


COMPLEX = np.random.default_rng(5).standard_normal((2, 3, 3))
HERMITIAN = COMPLEX[0] + 1j * COMPLEX[1]
HERMITIAN = torch.tensor(HERMITIAN @ HERMITIAN.conj().T + np.eye(3))
HERMITIAN = (HERMITIAN + HERMITIAN.mH) / 2
V = torch.tensor(COMPLEX[1] + 1j * COMPLEX[0])


def by_complex_eigh(X, phi):
    w, U = linalg.eigh(X)
    return (U * phi(w)) @ U.mH


OF_HERMITIAN = {
    "slogdet": lambda X: linalg.slogdet(X)[1],
    "eigvalsh": lambda X: linalg.eigvalsh(X).log().sum(),
    "log-euclidean": lambda X: (by_complex_eigh(X, torch.log) * V).sum().real,
    "inv": lambda X: (linalg.inv(X) * V).sum().real,
    "cholesky": lambda X: linalg.cholesky(X).diagonal().real.log().sum(),
    "solve": lambda X: linalg.solve(X, V).abs().pow(2).sum(),
}


@pytest.mark.parametrize("name", OF_HERMITIAN)
def test_functions_of_a_hermitian_matrix(name):
    report = symgrad.check(OF_HERMITIAN[name], HERMITIAN)
    assert (report.verdict, report.record.conjugation) == ("agrees", "∂Re + i∂Im"), str(report)


@pytest.mark.parametrize(("off", "verdict"), [(0.0, "agrees"), (1e-9, "disagrees")])
def test_where_nothing_moves_a_function_of_a_hermitian_matrix(off, verdict):
    """As no step of it says: only that S may be 0, and is below all that it is made of."""
    H = torch.tensor([[2, 1j], [-1j, 3]], dtype=torch.complex128)
    report = symgrad.check(
        lambda X: (torch.inverse(X) @ X).trace().real + off * (X - X.detach()).trace().real, H
    )
    assert report.verdict == verdict, str(report)


def test_a_wrong_one_of_a_hermitian_matrix():
    report = symgrad.check(lambda X: (X * X.detach().conj()).sum().real, HERMITIAN)
    assert report.verdict == "disagrees"
    assert [blame.mistake for blame in report.blame] == ["held constant"]
    f = OF_HERMITIAN["log-euclidean"]
    report = symgrad.check(lambda X: f(Off.apply(X, 1e-9)), HERMITIAN)
    assert report.verdict == "disagrees"
    assert [blame.name for blame in report.blame] == ["Off"]
    report = symgrad.check(lambda X: linalg.eigh(X)[1][0, 0].real, HERMITIAN)
    assert "moves with the phase of eigenvector 0" in report.reason


def ill_conditioned(condition):
    """4×4, positive definite."""
    Q = np.linalg.qr(np.random.default_rng(11).standard_normal((4, 4)))[0]
    M = (Q * np.geomspace(1 / condition, 1, 4)) @ Q.T
    return torch.tensor((M + M.T) / 2)


def by_svd(X):
    U, S, Vt = linalg.svd(X)
    return (U * S.log()) @ Vt


TWICE_OVER = {
    "svd": (lambda X: (by_svd(X) * W).sum(), lambda X: (by_eigh(X, torch.log) * W).sum()),
    "svdvals": (lambda X: linalg.svdvals(X).log().sum(), torch.logdet),
    "cond": (
        lambda X: linalg.cond(X).log(),
        lambda X: (lambda w: (w[-1] / w[0]).log())(linalg.eigvalsh(X)),
    ),
    "pinv": (lambda X: (linalg.pinv(X) * W).sum(), lambda X: (linalg.inv(X) * W).sum()),
    "qr": (lambda X: linalg.qr(X)[1].diagonal().abs().log().sum(), torch.logdet),
}
"""The same function by what might square the condition number, and by what does not."""


class Off(torch.autograd.Function):
    """X, with a backward that adds so much to one entry."""

    @staticmethod
    def forward(ctx, X, off):
        ctx.off = off
        return X.clone()

    @staticmethod
    def backward(ctx, G):
        E = torch.zeros_like(G)
        E[0, 0] = ctx.off
        return G + E, None


@pytest.mark.parametrize("name", TWICE_OVER)
def test_factors_are_judged_as_they_are_computed_at_a_condition_of_a_million(name):
    f, other = TWICE_OVER[name]
    X = ill_conditioned(1e6)
    report, expected = symgrad.check(f, X), symgrad.check(other, X)
    assert (report.verdict, expected.verdict) == ("agrees", "agrees")
    mine, others = ([c.tolerance for c in r.record.parameters] for r in (report, expected))
    assert max(mine) <= 4 * max(others)
    gap = np.abs(report.exact.gradient - expected.exact.gradient)
    assert np.all(gap <= 1e-15 * np.abs(expected.exact.gradient).max())
    for part, verdicts in (
        (0.5, {"agrees"}),
        (3, {"inaccurate", "disagrees"}),
        (1e5, {"disagrees"}),
    ):
        off = part * mine[0]
        found = symgrad.check(lambda X, off=off: f(Off.apply(X, off)), X)
        assert found.verdict in verdicts, str(found)


def test_a_qr_of_many_columns_is_in_few_steps():
    M = torch.tensor(spd(20))
    report = symgrad.check(lambda X: linalg.qr(X)[1].diagonal().abs().log().sum(), M)
    assert (report.verdict, len(report.program.steps) < 20) == ("agrees", True)
