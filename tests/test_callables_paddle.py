"""Callables of PaddlePaddle, judged by the programs that they are translated to."""

import os

import numpy as np
import pytest

import symgrad
from symgrad.symbolic import here as symbolic
from symgrad.symbolic import traced

paddle = pytest.importorskip("paddle")
if not hasattr(os, "fork"):
    pytest.skip("it is recorded where processes can be forked", allow_module_level=True)
linalg, functional = paddle.linalg, paddle.nn.functional

HERE = "test_callables_paddle.py:"
W = paddle.to_tensor(np.random.default_rng(7).standard_normal((4, 4)))
Y = paddle.to_tensor(np.arange(1.0, 5.0))
COLUMN = paddle.to_tensor(np.arange(1.0, 5.0)[:, None], stop_gradient=False)
ROWS = paddle.to_tensor(np.array([0, 2, 0]))


def spd(n):
    A = np.random.default_rng(3).standard_normal((n, n))
    return (A @ A.T + (A @ A.T).T) / 2 + np.eye(n)


def check(f, X=None, **options):
    return symgrad.check(f, spd(4) if X is None else X, framework="paddle", **options)


def likelihood(X):
    return -linalg.slogdet(X)[1] / 2 - Y @ linalg.inv(X) @ Y / 2


def gaussian_process(X):
    L = linalg.cholesky(X)
    a = linalg.cholesky_solve(COLUMN, L)
    return Y @ a[:, 0] / 2 + paddle.diagonal(L).log().sum()


def log_euclidean(X):
    w, V = linalg.eigh(X)
    return (((V * w.log()) @ V.T - W) ** 2).sum()


def largest_eigenvalue(X):
    return linalg.eigvalsh(X).max()


def inverse_of_it(X):
    return (linalg.inv(X) * W).sum()


def attention(X):
    return (functional.softmax(X @ W, -1) @ X).sum()


def newton_schulz(X):
    I = paddle.eye(4, dtype="float64")  # noqa: E741
    A, Z = X / linalg.norm(X), I
    for _ in range(4):
        T = 1.5 * I - 0.5 * Z @ A
        A, Z = A @ T, T @ Z
    return (A * W).sum()


def by_svd(X):
    U, S, V = linalg.svd(X @ W)
    return ((U * S.sqrt()) @ V * W).sum()


def by_qr(X):
    Q, R = linalg.qr(X @ W)
    return (Q * W).sum() + paddle.diagonal(R).abs().log().sum()


def by_lu(X):
    return paddle.diagonal(linalg.lu(X @ W)[0]).abs().log().sum()


def pseudoinverse(X):
    return (linalg.pinv(X) * W).sum()


def products(X):
    batch = paddle.bmm(paddle.stack([X, X @ X]), paddle.stack([X, W]))
    return paddle.einsum("ij,jk,kl->", X, W, X) + batch.sum() + paddle.kron(X, W).trace()


def powers(X):
    cube = linalg.matrix_power(X / 4, 3).trace()
    return cube + linalg.matrix_power(X, -2).sum() + linalg.det(X / 3)


def exponential(X):
    return (linalg.matrix_exp(X / 4) * W).sum()


def triangles(X):
    T = linalg.triangular_solve(paddle.tril(X), COLUMN, upper=False)
    return (T**2).sum() + (paddle.triu(X, 1) ** 3).sum() + paddle.diag(X[0]).sum()


def moves(X):
    parts = paddle.concat([X[:, ::-1], paddle.flip(X, [0]), paddle.roll(X, 1)])
    chosen = X[ROWS].sum() * X[1, 2] + paddle.index_select(X, ROWS, 1)[0].sum()
    kept = paddle.where(X > 0.3, X, 2 * X).sum()
    return (parts**3).sum() + chosen + kept + X.reshape([2, 8]).transpose([1, 0])[3].sum()


def written_into(X):
    A = X.clone()
    A[0, 1] = X[1, 1] ** 2
    A[:, 2] = A[:, 2] * 3.0
    return (A**3).sum()


def of_entries(X):
    squares = paddle.exp(X / 3) + functional.sigmoid(X) + functional.gelu(X) + paddle.sin(X)
    clipped = paddle.clip(X, -1.0, 1.0).std() + paddle.logsumexp(X) + paddle.cumsum(X, 0).max()
    return (squares * W).sum() + clipped + paddle.sort(X[0])[1:].sum() + (X**2 + 1).rsqrt().mean()


def branching(X):
    if linalg.det(X) > 0:
        return X.sum()
    return (X * X).sum()


def looping(X):
    A = X
    while A.sum() < 1000:
        A = A @ X
    return A.trace()


def of_numbers(X):
    """Each is translated to the float32 next to it."""
    small = paddle.where(X < 0.3, X, paddle.full_like(X, 0.3))
    return (0.1 * X + X / 3 - 0.7).sum() * paddle.to_tensor(0.3, dtype="float64") + small.sum()


class Quadratic(paddle.nn.Layer):
    """⟨X, V⟩² + ‖X V‖²."""

    def __init__(self):
        super().__init__()
        self.V = paddle.to_tensor(np.random.default_rng(2).standard_normal((4, 4)))

    def forward(self, X):
        return (X * self.V).sum() ** 2 + ((X @ self.V) ** 2).sum()


OWN = {
    "likelihood": likelihood,
    "gaussian process": gaussian_process,
    "log-euclidean": log_euclidean,
    "largest eigenvalue": largest_eigenvalue,
    "inverse": inverse_of_it,
    "attention": attention,
    "newton-schulz": newton_schulz,
    "svd": by_svd,
    "qr": by_qr,
    "lu": by_lu,
    "pinv": pseudoinverse,
    "products": products,
    "powers": powers,
    "exponential": exponential,
    "triangles": triangles,
    "moves": moves,
    "written into": written_into,
    "entries": of_entries,
    "numbers": of_numbers,
    "a branch": branching,
    "a loop": looping,
    "a layer": Quadratic(),
    "a lambda": lambda X: (X * X.T).sum() + linalg.slogdet(X)[1],
}


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", OWN)
def test_a_right_gradient_agrees(name):
    report = check(OWN[name])
    assert (report.verdict, report.record.evidence) == ("agrees", "traced"), str(report)


def by_autograd():
    """The same functions by autograd, whose recorder is another one."""
    pytest.importorskip("autograd")
    import autograd.numpy as anp

    V, y = W.numpy(), Y.numpy()

    def log_euclidean(X):
        w, U = anp.linalg.eigh(X)
        return anp.sum((anp.dot(U * anp.log(w), U.T) - V) ** 2)

    def newton(X):
        I = anp.eye(4)  # noqa: E741
        A, Z = X / anp.sqrt(anp.sum(X * X)), I
        for _ in range(4):
            T = 1.5 * I - 0.5 * anp.dot(Z, A)
            A, Z = anp.dot(A, T), anp.dot(T, Z)
        return anp.sum(A * V)

    def process(X):
        L = anp.linalg.cholesky(X)
        return anp.dot(y, anp.linalg.solve(X, y)) / 2 + anp.sum(anp.log(anp.diag(L)))

    def attention(X):
        E = anp.exp(anp.dot(X, V))
        return anp.sum(anp.dot(E / anp.sum(E, axis=1, keepdims=True), X))

    return {
        "likelihood": lambda X: (
            -anp.linalg.slogdet(X)[1] / 2 - anp.dot(y, anp.dot(anp.linalg.inv(X), y)) / 2
        ),
        "gaussian process": process,
        "log-euclidean": log_euclidean,
        "inverse": lambda X: anp.sum(anp.linalg.inv(X) * V),
        "attention": attention,
        "newton-schulz": newton,
        "pinv": lambda X: anp.sum(anp.linalg.inv(X) * V),
        "lu": lambda X: anp.linalg.slogdet(anp.dot(X, V))[1],
        "numbers": lambda X: (
            anp.sum(0.1 * X + X * (1 / 3) - 0.7) * 0.3
            + anp.sum(X[X < 0.3])
            + 0.3 * anp.sum(X >= 0.3)
        ),
    }


def apart(a, b):
    """Whether two enclosures of f(X) and S have nothing in common."""
    values = abs(a.value - b.value) > a.value_radius + b.value_radius
    return values or bool(np.any(np.abs(a.gradient - b.gradient) > a.radius + b.radius))


@pytest.mark.parametrize("name", sorted(by_autograd()))
def test_what_is_true_is_what_is_true_of_the_same_in_autograd(name):
    f = by_autograd()[name]
    mine = symgrad.derive(OWN[name], spd(4), framework="paddle")
    assert not apart(mine, symgrad.derive(f, spd(4), framework="autograd"))
    assert apart(mine, symgrad.derive(f, spd(4) * (1 + 1e-12), framework="autograd"))


def log_det(X):
    return paddle.log(linalg.det(X))


def test_what_is_true_is_the_theorem_of_the_catalogue():
    mine = symgrad.derive(log_det, spd(4), framework="paddle")
    assert not apart(mine, symgrad.derive("log_det", spd(4)))
    assert apart(mine, symgrad.derive("log_det", spd(4) * (1 + 1e-12)))


class Inverse(paddle.autograd.PyLayer):
    """X⁻¹ with a backward of its own, which is told how to spoil what it gives."""

    @staticmethod
    def forward(ctx, A, spoil):
        B = linalg.inv(A)
        ctx.save_for_backward(B)
        ctx.spoil = spoil
        return B

    @staticmethod
    def backward(ctx, G):
        (B,) = ctx.saved_tensor()
        return ctx.spoil(-B.T @ G @ B.T)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda S: S, ""),
        (lambda S: S * (1 + 1e-16), ""),
        (lambda S: S * (1 + 1e-8), "a factor 1 + 1.0e-08"),
        (lambda S: 2 * S - paddle.diag(paddle.diagonal(S)), "is doubled off the diagonal"),
        (lambda S: S.T, "is not transposed"),
        (paddle.tril, "one triangle"),
    ],
)
def test_a_backward_of_its_own_is_judged_and_blamed(spoil, told):
    def f(X):
        return (Inverse.apply(X @ W, spoil) * W).sum()

    report = check(f)
    if not told:
        assert (report.verdict, report.blame) == ("agrees", ())
        return
    assert report.verdict == "disagrees"
    (blame,) = report.blame
    assert (blame.name, blame.custom, told in str(blame)) == ("Inverse", True, True), str(blame)
    assert blame.line.startswith(HERE)


def by_matrix_norm(X):
    return linalg.matrix_norm(X / 1e6) ** 2


def by_embedding(X):
    return (paddle.diag_embed(X[0]) @ X).sum()


def by_unit_triangle(X):
    return (linalg.triangular_solve(X, X @ X, upper=False, unitriangular=True) * W).sum()


def by_upper_unit_triangle(X):
    return (linalg.triangular_solve(X, X @ X, upper=True, unitriangular=True) * W).sum()


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (by_matrix_norm, "frobenius_norm"),
        (by_embedding, "diag_embed"),
        (by_unit_triangle, "triangular_solve"),
    ],
)
def test_mistakes_of_paddle_are_found_and_blamed(f, name):
    """The findings paddle-matrix-norm-epsilon, -diag-embed and -triangular-solve-unit."""
    report = check(f)
    assert report.verdict == "disagrees"
    assert [(b.name, b.custom) for b in report.blame] == [(name, False)]


def test_a_solve_with_an_upper_unit_triangle_is_right():
    assert check(by_upper_unit_triangle).verdict == "agrees"


def detached(X):
    return (X * X.detach()).sum()


def without_gradient(X):
    with paddle.no_grad():
        A = X @ X
    return (X * A).sum()


def stopped(X):
    A = X.clone()
    A.stop_gradient = True
    return (X * A).sum()


@pytest.mark.parametrize("f", [detached, without_gradient, stopped])
def test_what_is_held_is_said(f):
    report = check(f, spd(4))
    assert report.verdict == "disagrees"
    assert {blame.mistake for blame in report.blame} == {"held constant"}


def a_float(X):
    return X.sum() * float(X[0, 0])


def an_item(X):
    return X.sum() + X[0, 1].item()


def an_array(X):
    return X.sum() * X.numpy()[0, 0]


def in_place(X):
    A = X.clone()
    A.add_(X)
    return (A**3).sum()


def with_numpy(X):
    return (X * np.eye(4)).sum()


def an_eigenvector(X):
    return linalg.eigh(X)[1][0, 0]


def of_eig(X):
    return linalg.eig(X)[0].real().max()


def random_numbers(X):
    return (X * paddle.randn([4, 4], dtype="float64")).sum()


RUNS = []


def counted(X):
    RUNS.append(1)
    return X.sum() * len(RUNS)


def out_of_domain(X):
    return paddle.log(-X[0, 0])


def one_of_several(X):
    return (X * (1 + 1e-9)).sum() + paddle.scale(X, 1.0).trace()


REFUSED = {
    "float": (a_float, f"a number that depends on X leaves PaddlePaddle ({HERE}"),
    "item": (an_item, f"a number that depends on X leaves PaddlePaddle ({HERE}"),
    "numpy": (an_array, f"a number that depends on X leaves PaddlePaddle ({HERE}"),
    "in place": (in_place, "what was executed is not what was recorded"),
    "an array of NumPy": (with_numpy, "crashes of it"),
    "an unnamed function": (lambda X: (X @ W).sum(), "write it as a def in a file"),
    "an eigenvector": (an_eigenvector, "the sign of eigenvector 0"),
    "a vector": (lambda X: X[0], "return one real number"),
    "a number of Python": (lambda X: 3.0, "it returned float"),
    "not known": (of_eig, f"(eig, {HERE}"),
    "random numbers": (random_numbers, "random numbers; give what it draws as a constant (gauss"),
    "a state": (counted, "what was executed is not what was recorded"),
    "the wrong domain": (out_of_domain, "is nan"),
    "one of several numbers": (one_of_several, "is translated to 1.0, and may be another one"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_is_refused(name):
    f, told = REFUSED[name]
    report = check(f)
    assert report.verdict == "refused"
    assert told in report.reason, report.reason
    assert "\n" not in report.reason
    assert paddle.in_dynamic_mode()


def printed(X):
    assert f"{X} {X[0, 0]}"
    return (X * X).sum()


def test_what_is_only_printed_does_not_leave():
    assert check(printed).verdict == "agrees"


def kinked(X):
    return paddle.clip(X[0, 1], 1.0, 9.0) ** 2 + (X * X).sum()


def test_a_kink_is_refused_and_a_point_beside_it_is_not():
    at = np.array([[2.0, 1.0], [1.0, 3.0]])
    refused = check(kinked, at)
    assert refused.verdict == "refused"
    assert f"clip ({HERE}" in refused.reason
    assert check(kinked, at + 1e-3 * np.array([[0, 1], [1, 0]])).verdict == "agrees"


def single(X):
    return (X.astype("float32") ** 2).sum().astype("float64")


def kernel(theta):
    return paddle.exp(-((theta[:, None] - theta) ** 2)) + W @ W.T


def test_other_precision_parameters_and_whose_array_x_is():
    given = symgrad.check(log_det, paddle.to_tensor(spd(3)))
    assert (given.verdict, given.record.framework) == ("agrees", "paddle")
    narrow = check(log_det, dtype="float32")
    assert (narrow.verdict, narrow.record.dtype) == ("agrees", "float32")
    cast = check(single)
    assert (cast.verdict, cast.record.dtype) == ("agrees", "float32")
    assert "return one real number" in check(log_det, spd(3) + 0j).reason  # slogdet is complex
    theta = np.array([0.1, 0.7, 1.5, 1.6])
    assert check(log_det, theta, parameterization=kernel).verdict == "agrees"


FACTOR = [1.0]


def with_state(X):
    return (X * X).sum() * FACTOR[0]


def test_it_is_translated_anew_for_each_check():
    assert check(with_state).exact.value == pytest.approx(np.sum(spd(4) ** 2))
    FACTOR[0] = 2.0
    report = check(with_state)
    assert report.verdict == "agrees"
    assert report.exact.value == pytest.approx(2 * np.sum(spd(4) ** 2))


@pytest.mark.parametrize("name", ["inverse", "attention", "written into", "products", "moves"])
def test_each_call_alone_has_the_derivative_of_its_steps(name):
    recorder = pytest.importorskip("symgrad.numeric.recording.paddle")
    recording = recorder.record(OWN[name], spd(4), "float64")
    program, (X, _) = recording.program, symbolic.exactly(spd(4))
    rng = np.random.default_rng(0)
    for number, call in enumerate(program.calls):
        given = [rng.standard_normal(program.shapes[k]) for k in call.outputs]
        if not call.inputs or not given:
            continue
        told = {}
        for k, G in zip(call.inputs, recording.pullback(number, given), strict=True):
            told[k] = told.get(k, 0) + G
        true = traced.pullback(program, X, number, given, 1)
        for k, G in zip(call.inputs, true, strict=True):
            np.testing.assert_allclose(told[k], G, rtol=1e-9, atol=1e-9, err_msg=call.name)
