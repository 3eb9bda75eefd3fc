"""PyTorch's recorder: a record's replay is f, its calls are the user's, the rest is refused."""

import copy
import random

import numpy as np
import pytest
import torch
from torch import linalg
from torch.distributions import Categorical, MultivariateNormal, Wishart, kl_divergence
from torch.nn import functional

from symgrad.court import program as records
from symgrad.court.evaluation import replay
from symgrad.numeric.recording import tape
from symgrad.numeric.recording.tape import UnsupportedError
from symgrad.numeric.recording.torch import record

RNG = np.random.default_rng(11)
ALL = torch.tensor(RNG.standard_normal((5, 5)))


def spd(n, seed=0):
    """Symmetric, positive definite, with full mantissas."""
    A = np.random.default_rng([n, seed]).standard_normal((n, n))
    A = A @ A.T / n + np.eye(n)
    return (A + A.T) / 2


def of(X):
    """Constants of the size of X: a matrix, a positive definite one, the identity, a vector."""
    n = len(X)
    W = ALL[:n, :n]
    return W, W @ W.T + torch.eye(n).double(), torch.eye(n).double(), ALL[0, :n]


def by_eigh(X, phi, UPLO="L"):
    w, V = linalg.eigh(X, UPLO)
    return (V * phi(w)) @ V.mT


def spdnet(X):
    W, *_ = of(X)
    Y = by_eigh(W.T @ X @ W, lambda w: torch.clamp(w, min=0.3))
    return (by_eigh(Y, torch.log) * W).sum()


def zca(X):
    W, *_ = of(X)
    return (by_eigh(X, lambda w: 1 / torch.sqrt(w + 1e-5)) @ W).pow(2).mean()


def gaussian_process(X):
    y = of(X)[3]
    L = linalg.cholesky(X)
    return y @ torch.cholesky_solve(y[:, None], L)[:, 0] / 2 + L.diagonal().log().sum()


def kalman(X):
    W, _, one, y = of(X)
    H, m, P, total = W[:2], torch.zeros_like(y), one.clone(), 0.0
    for k in range(3):
        m, P = 0.9 * m, 0.81 * P + X
        S = H @ P @ H.T + torch.eye(2).double() / 2
        K = linalg.solve(S, H @ P).T
        e = W[k, :2] - H @ m
        total = total - (e @ linalg.solve(S, e) + torch.slogdet(S)[1]) / 2
        m, P = m + K @ e, (one - K @ H) @ P
    return total


def bures_wasserstein(X):
    _, B, *_ = of(X)
    root = by_eigh(B, torch.sqrt)
    return torch.trace(X) + torch.trace(B) - 2 * linalg.eigvalsh(root @ X @ root).sqrt().sum()


def stein(X):
    _, B, *_ = of(X)
    return torch.logdet((X + B) / 2) - torch.logdet(X @ B) / 2


def affine_invariant(X):
    _, B, *_ = of(X)
    C = linalg.cholesky(B)
    half = linalg.solve_triangular(C, X, upper=False)
    M = linalg.solve_triangular(C.mT, half, upper=True, left=False)
    return linalg.eigvalsh((M + M.mT) / 2).log().pow(2).sum().sqrt()


def newton_schulz(X):
    W, _, one, _ = of(X)
    Y, Z = X / linalg.matrix_norm(X), one
    for _ in range(6):
        T = 1.5 * one - 0.5 * Z @ Y
        Y, Z = Y @ T, T @ Z
    return (Y * W).sum()


def sinkhorn(X):
    K = torch.exp(-X)
    for _ in range(4):
        K = K / K.sum(0, keepdim=True)
        K = K / K.sum(1, keepdim=True)
    return (K * of(X)[0]).sum()


def connectivity(X):
    A = torch.exp(-X) * (1 - of(X)[2])
    return linalg.eigvalsh(torch.diag(A.sum(0)) - A)[1]


def generalized(X):
    return linalg.eigvalsh(by_eigh(of(X)[1], torch.rsqrt) @ X @ by_eigh(of(X)[1], torch.rsqrt))[-1]


def written(X):
    A = X.clone()
    A[0, 0] = 5.0
    A.view(-1)[2] *= 2
    A[1:3, 1:3] += X[:2, :2]
    B = A[:2]
    B[1, 1] = B[0, 1] * X[0, 0]
    A.diagonal().mul_(2).add_(X.diagonal())
    return A.pow(3).sum()


def collected(X):
    A = torch.zeros(len(X), len(X), dtype=X.dtype)
    for i, row in enumerate(X):
        A[i] = row.cumsum(0)
        A[:, i] += row.prod()
    return (A * of(X)[0]).sum()


def indexed(X):
    n = len(X)
    lower = X[torch.tril_indices(n, n).unbind()]
    a = lower.pow(2).sum() + X[[0, 1], [1, 2]].prod() + X.take(torch.tensor([1, 5])).sum()
    b = torch.zeros(n).double().index_add(0, torch.tensor([0, 1, 1]), X[0, :3]).pow(2).sum()
    c = torch.zeros_like(X).scatter(0, torch.zeros((1, n), dtype=int), X[1:2]).pow(3).sum()
    return a + b + c + X.gather(0, torch.tensor([[1, 0]])).prod() + X[X > 0.1].sum()


def moved(X):
    W = of(X)[0]
    both = torch.cat([torch.cat([X, W], 1), torch.cat([W.T, X], 1)])
    a = functional.pad(X, (1, 2), value=0.5).pow(2).sum() + torch.block_diag(X, W).exp().mean()
    b = X.roll(1, 0).flip(1).rot90().tril(-1).pow(3).sum() + X.unfold(0, 2, 1).prod(-1).sum()
    return a + b + (both @ both).trace() + torch.kron(X, W).pow(2).sum() + X.repeat(2, 1).std()


def ordered(X):
    W = of(X)[0]
    values = linalg.eigvalsh(X)
    a = (X.sort(descending=True)[0] * W).sum() + values.topk(2).values.prod() + X.median()
    b = X.max(1).values.sum() + X.amin((0, 1)) + torch.where(X > W, X, W * X).sum()
    return a + b + X.clamp(-0.1, 1).sum() + torch.maximum(X, W).sum() + X.kthvalue(2, 0)[0].sum()


def normed(X):
    W = of(X)[0]
    a = sum(linalg.matrix_norm(X @ W, p) for p in ("fro", "nuc", 1, 2, -2, float("inf")))
    return a + linalg.vector_norm(X, 3) + linalg.cond(X) + functional.normalize(X).sum()


def products(X):
    W, B, _, y = of(X)
    a = torch.einsum("bi,ij,bj->b", W, X, W).sum() + torch.einsum("ii->", X @ W)
    b = (
        torch.addmm(W, X, X, beta=0.5, alpha=2).sum()
        + torch.baddbmm(W[None], X[None], W[None]).sum()
    )
    c = linalg.multi_dot([W, X, B, X]).sum() + linalg.matrix_power(X, -2).trace()
    return a + b + c + torch.tensordot(X, W, 2) + torch.outer(X[0], y).sum() + (X @ y) @ y


def factors(X):
    W, _, _, y = of(X)
    P, L, U = linalg.lu(X @ W)
    a = (L * W).sum() + U.diagonal().abs().log().sum() + (P @ L @ U @ W).trace()
    b = linalg.lu_solve(*linalg.lu_factor(X @ W), W, left=False, adjoint=True).sum()
    Q, R = linalg.qr(X @ W)
    return a + b + (Q * W).sum() + R.diagonal().abs().log().sum() + y @ linalg.inv(X) @ y


def least_squares(X):
    W, _, _, y = of(X)
    a = linalg.lstsq(X[:, :2], y[:, None]).solution.sum() + (linalg.pinv(X[:2]) * W[:, :2]).sum()
    U, S, Vh = linalg.svd(X[:, :2], full_matrices=False)
    return a + ((U * S.sqrt()) @ Vh).sum() + linalg.svdvals(X[:2]).log().sum()


def triangles(X):
    """What reads one triangle only."""
    W = of(X)[0]
    Y = X + torch.triu(W, 1)
    a = linalg.cholesky(Y).sum() + linalg.eigvalsh(Y)[0] + by_eigh(Y.mT, torch.log, "U").sum()
    b = linalg.solve_triangular(Y, W, upper=True, unitriangular=True).sum()
    return a + b + linalg.cholesky(Y.mT, upper=True).pow(3).sum()


def layers(X):
    W, _, _, y = of(X)
    a = functional.scaled_dot_product_attention(X[None, None], X[None, None], W[None, None])
    b = functional.layer_norm(X, y.shape, y, y) + functional.rms_norm(X, y.shape)
    c = functional.group_norm(X[None], 1).squeeze() + functional.softmax(X @ W, -1)
    acts = ("gelu", "silu", "softplus", "elu", "leaky_relu", "mish", "logsigmoid", "hardswish")
    d = sum(getattr(functional, name)(X @ W) for name in acts)
    return ((a.squeeze() + b + c + d) * W).sum()


def losses(X):
    W = of(X)[0]
    a = functional.mse_loss(X, W) + functional.huber_loss(X, W) + functional.smooth_l1_loss(X, W)
    b = functional.cross_entropy(X, torch.arange(len(X))) + torch.cdist(X, W).sum()
    return a + b + functional.binary_cross_entropy_with_logits(X, W.sigmoid())


def entrywise(X):
    W, _, _, y = of(X)
    d = X.diagonal()
    a = (
        torch.atan2(X, W).sum()
        + torch.lerp(X, W, 0.3).sum()
        + torch.hypot(X, W).sum()
        + X.sinc().sum()
    )
    b = (
        d.log2().sum()
        + d.rsqrt().sum()
        + (2**X).sum()
        + (d ** X[0]).sum()
        + torch.xlogy(y, d).sum()
    )
    c = (
        torch.mvlgamma(d.sum() + 5, 3)
        + torch.special.entr(d).sum()
        + X.erfc().sum()
        + d.digamma().sum()
    )
    return a + b + c + torch.logaddexp(X, W).sum() + X.logcumsumexp(0).sum() + X.cumprod(1).sum()


def batched(X):
    W, B, *_ = of(X)
    Y = torch.stack([X, B + X, X @ X])
    a = linalg.eigh(Y)[0].log().sum() + (linalg.inv(Y) * W).sum() + torch.logdet(Y).sum()
    return (
        a
        + linalg.solve(Y, W).sum()
        + linalg.cholesky(Y).sum()
        + linalg.matrix_exp(Y / 9).sum()
        + linalg.det(Y[:2]).sum()
    )


def transformed(X):
    W, _, one, _ = of(X)
    a = torch.vmap(lambda s: torch.logdet(X + s * one))(torch.arange(3.0).double()).sum()
    return a + torch.vmap(lambda row: row @ linalg.solve(X, row))(W).sum()


def mixed(X):
    return X.trace() * X.float().double().logdet() + (X.to(torch.float32) ** 2).sum().double()


def complex_parts(X):
    W = of(X)[0]
    H = torch.complex(X, (W - W.T) / 9)
    a = linalg.eigvalsh(H).log().sum() + linalg.slogdet(H)[1] + linalg.svdvals(H + 1j * X).sum()
    b = linalg.cholesky(H).abs().pow(2).sum() + (linalg.inv(H) @ H.conj()).imag.pow(2).sum()
    return a + b + linalg.matrix_norm(H.mH @ H) + (H / (H + 3)).real.sum()


def branching(X):
    total = X.sum() if linalg.det(X) > 0 else X.prod()
    k = 0
    while X[k, k] > X[k + 1, k + 1] and k < len(X) - 2:
        total, k = total + X[k].prod(), k + 1
    if torch.isfinite(X).all() and torch.allclose(X, X.mT):
        total = total * int(10 * X[0, 0]) + X.frac().sum()
    return total


def text(X):
    assert f"{X} {X[0, 0]:.3f}"
    return X.logdet()


def unnoticed(X):
    """A function that is compiled, and one that keeps nothing of its forward."""
    checkpoint = torch.utils.checkpoint.checkpoint
    return checkpoint(torch.logdet, X @ X, use_reentrant=False) + COMPILED(X)


COMPILED = torch.compile(lambda X: (X.sin() @ X).sum(), backend="eager")

FUNCTIONS = {
    f.__name__: f
    for f in (
        spdnet, zca, gaussian_process, kalman, bures_wasserstein, stein, affine_invariant,
        newton_schulz, sinkhorn, connectivity, generalized, written, collected, indexed, moved,
        ordered, normed, products, factors, least_squares, triangles, layers, losses, entrywise,
        batched, transformed, mixed, complex_parts, branching, text, unnoticed,
    )
} | {
    "sum": torch.sum,
    "log-euclidean": lambda X: (by_eigh(X, torch.log) - by_eigh(of(X)[1], torch.log)).pow(2).sum(),
    "cayley": lambda X: (linalg.solve(of(X)[2] + X, of(X)[2] - X) * of(X)[0]).sum(),
    "normal": lambda X: MultivariateNormal(of(X)[3], X).log_prob(of(X)[0]).sum(),
    "congruent": lambda X: MultivariateNormal(
        of(X)[3], of(X)[0] @ X @ of(X)[0].T, validate_args=True
    ).log_prob(0 * of(X)[3]),
    "precision": lambda X: MultivariateNormal(of(X)[3], precision_matrix=X).log_prob(of(X)[3] + 1),
    "divergence": lambda X: kl_divergence(
        MultivariateNormal(of(X)[3], X), MultivariateNormal(of(X)[3], of(X)[1])
    ),
    "wishart": lambda X: Wishart(torch.tensor(6.0).double(), X).log_prob(of(X)[1]),
    "entropy": lambda X: Categorical(logits=X).entropy().sum(),
    "detached": lambda X: (X * X.detach()).sum() + (X.data @ X).trace(),
    "fourier": lambda X: (
        (torch.fft.fft2(X, norm="ortho").abs().pow(2) * of(X)[0]).sum()
        + (torch.fft.ifft(X + 1j * X, dim=0, norm="forward").imag * X).sum()
        + (torch.fft.rfft(X, dim=0).real ** 2).sum()
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def recorded():
    """The records of all functions at n = 3 and 5."""
    return {
        (name, n): record(f, spd(n), "float64") for name, f in FUNCTIONS.items() for n in (3, 5)
    }


@pytest.mark.sampled(30)
@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_replay_is_the_function(recorded, name, n):
    program = recorded[name, n].program
    for step in (0, 1e-4):
        X = spd(n) + step * spd(n, 1)
        value = FUNCTIONS[name](torch.tensor(X)).item()
        close = 1e-5 if name == "mixed" else 1e-9
        assert replay(program, X)[program.output] == pytest.approx(value, rel=close)
    assert program.value == pytest.approx(FUNCTIONS[name](torch.tensor(spd(n))).item(), rel=1e-12)
    assert records.read(records.write(program)) == program


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_call_has_all_its_steps(recorded, name):
    """Between the inputs and the outputs of a call nothing is read that X moves besides."""
    program = recorded[name, 3].program
    made, depends, count = {}, set(), 0
    for step in program.steps:
        moves = step.operation == "input" or bool(depends & set(step.inputs))
        numbers = range(count, count + len(step.shapes))
        made |= dict.fromkeys(numbers, step)
        depends |= set(numbers) if moves and step.operation != "guard" else set()
        count += len(step.shapes)
    for k, call in enumerate(program.calls):
        ahead = [number for number in call.outputs if number not in call.inputs]
        while ahead:
            number = ahead.pop()
            assert made[number].call == k, f"{call} reads value {number} of {made[number]}"
            ahead += [i for i in made[number].inputs if i in depends and i not in call.inputs]


@pytest.mark.sampled(15)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_derivative_of_each_call(recorded, name):
    """⟨G, dY⟩ = ⟨pullback(G), dX⟩ along one direction, where the numbers move by the replay."""
    recording, X = recorded[name, 3], spd(3)
    program, rng, h = recording.program, np.random.default_rng(5), 1e-5
    E = np.random.default_rng(3).standard_normal((3, 3))
    high, low = (replay(program, X + s * h * (E + E.T)) for s in (1, -1))
    slopes = [(a - b) / (2 * h) for a, b in zip(high, low, strict=True)]
    skipped = ("torch.Tensor.detach", "torch.Tensor.data.__get__", "torch.Tensor.float")
    for k, call in enumerate(program.calls):
        phase = ("eig" in call.name and len(call.outputs) > 1) or "float32" in program.casts
        if not call.inputs or not call.outputs or call.name in skipped or phase:
            continue
        G = [rng.standard_normal(program.shapes[i]) for i in call.outputs]
        found = recording.pullback(k, G)
        assert [g.shape for g in found] == [program.shapes[i] for i in call.inputs]
        told = sum(np.sum(g * slopes[i]) for g, i in zip(found, call.inputs, strict=True))
        true = sum(np.sum(g * slopes[i]) for g, i in zip(G, call.outputs, strict=True))
        size = sum(np.sum(abs(g * slopes[i])) for g, i in zip(G, call.outputs, strict=True))
        assert told == pytest.approx(true, abs=1e-5 * size + 1e-7), call


# calls


def test_calls_have_the_names_and_lines_of_the_user():
    def f(X):
        w, V = linalg.eigh(X)
        return (V * w) @ V.T @ torch.ones(3).double() @ X[0]

    program = record(f, spd(3), "float64").program
    first = f.__code__.co_firstlineno
    calls = [(call.name, call.line) for call in program.calls]
    assert calls == [
        ("torch.linalg.eigh", f"test_recording_torch.py:{first + 1}"),
        *(
            (f"torch.Tensor.{name}", f"test_recording_torch.py:{first + 2}")
            for name in ("mul", "matmul", "matmul", "matmul")
        ),
    ]
    assert [len(call.outputs) for call in program.calls] == [2, 1, 1, 1, 1]
    assert not any(call.custom for call in program.calls)


class Square(torch.autograd.Function):
    """X², whose backward is wrong by a factor."""

    @staticmethod
    def forward(ctx, X, scale):
        ctx.save_for_backward(X)
        return scale * (X @ X)

    @staticmethod
    def backward(ctx, G):
        (X,) = ctx.saved_tensors
        return 7 * (G @ X.mT + X.mT @ G), None


square = Square.apply  # as it is written in most programs, before anything is recorded


def test_a_custom_function_is_one_call_with_its_own_backward():
    recording = record(lambda X: (square(X, 2.0) * of(X)[0]).sum(), spd(3), "float64")
    program, X = recording.program, spd(3)
    assert replay(program, X)[program.output] == pytest.approx(program.value)
    (k,) = [k for k, call in enumerate(program.calls) if call.custom]
    call = program.calls[k]
    assert (call.name, len(call.inputs), len(call.outputs)) == ("Square", 1, 1)
    assert {s.operation for s in program.steps if s.call == k} == {"matmul", "take", "mul"}
    G = RNG.standard_normal((3, 3))
    assert recording.pullback(k, [G])[0] == pytest.approx(7 * (G @ X + X @ G))
    with pytest.raises(ValueError, match="cotangents of the shapes"):
        recording.pullback(k, [G[:2]])


@pytest.mark.parametrize("own", ["detach", "data", "no_grad", "nothing"])
def test_what_is_not_differentiated_is_held(own):
    def f(X):
        if own == "no_grad":
            with torch.no_grad():
                scale = X.diagonal().sum()
        else:
            scale = {"detach": X.detach, "data": lambda: X.data, "nothing": X.clone}[own]().trace()
        return (X / scale).pow(2).sum()

    recording = record(f, spd(3), "float64")
    held = [s for s in recording.program.steps if s.operation == "hold"]
    assert bool(held) == (own != "nothing")
    for step in held:
        outputs = recording.program.calls[step.call].outputs
        G = [np.ones(recording.program.shapes[k]) for k in outputs]
        assert not np.any(recording.pullback(step.call, G)[0])


# dtypes


def test_single_precision():
    def f(X):
        return linalg.cholesky(X).diagonal().log().sum() + (0.1 * X).sum() + X.double().logdet()

    X = np.asarray(np.asarray(spd(4), np.float32), float)
    program = record(f, X, "float32").program
    assert (program.dtype, program.casts) == ("float32", ())
    constants = [c for s in program.steps if s.operation == "const" for c in s.constants]
    assert float(np.float32(0.1)) in constants
    assert 0.1 not in constants
    assert replay(program, X)[program.output] == pytest.approx(program.value, rel=1e-5)


def test_narrower_dtypes_are_noted():
    program = record(FUNCTIONS["mixed"], spd(3), "float64").program
    assert program.casts == ("float32",)
    assert record(torch.logdet, spd(3), "float64").program.casts == ()


HERMITIAN = {
    "slogdet": lambda X: linalg.slogdet(X)[1],
    "quadratic form": lambda X: (X[0].conj() @ linalg.solve(X + 1, X[0])).real,
    "inverse": lambda X: (linalg.inv(X) * X.mT).abs().pow(2).sum(),
    "cholesky": lambda X: linalg.cholesky(X, upper=True).abs().sum(),
    "eigenvalues": lambda X: linalg.eigvalsh(X).log().sum(),
    "logarithm": lambda X: (by_hermitian(X, torch.log) * X.mT).sum().imag + X.real.det(),
    "exponential": lambda X: linalg.matrix_exp(X / 5).trace().real,
    "singular values": lambda X: linalg.svdvals(X @ X[:, :2]).sum(),
    "einsum": lambda X: torch.einsum("ij,jk,ki->", X, X.conj(), X).real,
}


def by_hermitian(X, phi):
    w, V = linalg.eigh(X)
    return (V * phi(w)) @ V.mH


@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize("name", HERMITIAN)
def test_hermitian(name, n):
    skew = np.random.default_rng(n).standard_normal((n, n)) / 9
    X = spd(n) + 1j * (skew - skew.T)
    program = record(HERMITIAN[name], X, "complex128").program
    for there in (X, X + 0.01 * spd(n, 1) + 0.01j * (skew - skew.T)):
        value = HERMITIAN[name](torch.tensor(there)).item()
        assert replay(program, there.real, there.imag)[program.output] == pytest.approx(value)


# what is refused


def state(step=1.0):
    """A factor that is larger by so much each time, as one by a clock is."""
    count = [0]

    def f(X):
        count[0] += 1
        return (1 + count[0] * step) * X.sum()

    return f


def escaping(X):
    """Numbers leave unseen, into a list."""
    return X.sum() * torch.tensor(X.detach().__getitem__(0).neg().tolist()).sum()


def caught(X):
    try:
        return X.sum() * X[0, 0].item()
    except UnsupportedError:
        return X.sum()


def mutated(X):
    X[0, 0] = 1.0
    return X.sum()


def aliased(X):
    Y = X.clone()
    Z = Y.detach()
    Y.mul_(2)
    return (Y * Z).sum()


REFUSED = {
    "item": (lambda X: X.trace() * X[0, 0].item(), r"torch.Tensor.item \(test_.*left PyTorch"),
    "float": (lambda X: X.trace() * float(X[0, 0]), "torch.Tensor.__float__"),
    "numpy": (lambda X: X.trace() * X.numpy()[0, 0], "torch.Tensor.numpy .*keep it a tensor"),
    "asarray": (lambda X: X.trace() * np.asarray(X)[0, 0], "torch.Tensor.__array__"),
    "tolist": (escaping, "torch.Tensor.tolist"),
    "rows": (lambda X: torch.tensor([X[0, 0], X[1, 1]]).sum(), "torch.tensor .*torch.stack"),
    "caught": (caught, "torch.Tensor.item"),
    "unknown": (lambda X: torch.fft.irfft(X + 0j).sum(), r"torch.fft.irfft \(test_.*not known"),
    "unknown of complex": (lambda X: (X + 1j).sin().abs().sum(), "not known of complex"),
    "vector": (lambda X: X[0], r"of the shape \(3,\); return one real number"),
    "number": (lambda X: 3.0, "returned a float"),
    "complex": (lambda X: (X + 1j).sum(), "torch.complex128; return a real one"),
    "integer": (lambda X: (X > 0).sum(), "torch.int64"),
    "random": (lambda X: (X * torch.rand(3, 3)).sum(), "random numbers by torch.rand"),
    "dropout": (lambda X: functional.dropout(X).sum(), "random numbers"),
    "state": (state(), "computed something else the second time"),
    "clock": (state(2.0**-40), "computed something else the second time .*a clock"),
    "mutated": (mutated, "it writes into X"),
    "aliased": (aliased, "memory that a detached tensor shares"),
    "raises": (lambda X: X @ torch.ones(2), "it raised RuntimeError"),
    "inner gradient": (
        lambda X: torch.func.grad(lambda Y: Y.pow(3).sum())(X).sum(), "differentiates inside"
    ),
    "not finite": (lambda X: (X - 100).logdet() + (X - 100).sum().log(), "a finite number"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_say_what_and_where_in_one_line(name):
    f, told = REFUSED[name]
    with pytest.raises(UnsupportedError, match=told) as caught:
        record(f, spd(3), "float64", "loss")
    assert str(caught.value).startswith("loss")
    assert "\n" not in str(caught.value)


def test_programs_of_too_many_operations_are_refused(monkeypatch):
    monkeypatch.setattr(tape, "MOST_STEPS", 50)
    record(lambda X: sum(X.sum() for _ in range(24)), spd(3), "float64")
    with pytest.raises(UnsupportedError, match="more than 50 operations were executed"):
        record(lambda X: sum(X.sum() for _ in range(26)), spd(3), "float64")


def test_what_is_close_to_a_refusal_is_recorded():
    generator = torch.Generator().manual_seed(3)
    noise = torch.rand(3, 3, generator=generator).double()
    for f in (
        state(2.0**-52),  # the last digit of a constant
        lambda X: (X * noise).sum(),
        lambda X: functional.dropout(X, training=False).sum(),
        lambda X: torch.stack([X[0, 0], X[1, 1]]).sum(),
        lambda X: (X.clone().mul_(2) * X.detach()).sum(),
        lambda X: X.sum() * of(X)[0].numpy()[0, 0] * of(X)[0][0, 0].item(),
        lambda X: X.sum().reshape(1, 1),
    ):
        program = record(f, spd(3), "float64").program
        assert replay(program, spd(3))[program.output] == pytest.approx(program.value)


def test_numbers_that_leave_unseen_are_found_beside_X():
    memory = {}

    def f(X):
        memory.setdefault("scale", np.from_dlpack(X.sum().clone()))
        return X.sum() * memory["scale"].item()

    with pytest.raises(UnsupportedError, match="left"):
        record(f, spd(3), "float64")


# the caller's state


def test_the_state_of_the_caller_is_untouched():
    X = spd(3)
    before = copy.deepcopy((random.getstate(), np.random.get_state()[1].tolist(), X.tolist()))
    torch_state, apply = torch.get_rng_state(), torch.autograd.Function.__mro__[1].__dict__
    names = set(apply)
    with torch.no_grad():
        record(lambda X: torch.logdet(X) + 0 * torch.rand(1).sum(), X, "float64")
        with pytest.raises(UnsupportedError):
            record(lambda X: X.sum() * random.random() * torch.rand(1).item(), X, "float64")
        assert not torch.is_grad_enabled()
    assert before == (random.getstate(), np.random.get_state()[1].tolist(), X.tolist())
    assert torch.equal(torch_state, torch.get_rng_state())
    assert torch.get_default_dtype() == torch.float32
    assert set(apply) == names


def test_nothing_is_shown(capsys, recwarn):
    record(lambda X: torch.tensor(X).sum() + X.sum(), spd(3), "float64")
    assert capsys.readouterr() == ("", "")
    assert not recwarn.list
