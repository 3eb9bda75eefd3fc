"""Callables of PyTensor, judged by the graphs that they build."""

import numpy as np
import pytest

import symgrad
from symgrad.court.errors import InputError
from symgrad.symbolic import here as symbolic
from symgrad.symbolic import traced

pytensor = pytest.importorskip("pytensor")
pt = pytensor.tensor
linalg = pt.linalg

from pytensor.compile.builders import OpFromGraph  # noqa: E402
from pytensor.gradient import disconnected_grad, grad_scale, zero_grad  # noqa: E402
from pytensor.graph.basic import Apply  # noqa: E402
from pytensor.graph.op import Op  # noqa: E402
from pytensor.ifelse import ifelse  # noqa: E402
from pytensor.scan.utils import until  # noqa: E402
from pytensor.tensor.random.utils import RandomStream  # noqa: E402

W = np.random.default_rng(7).standard_normal((4, 4))
Y = np.arange(1.0, 5.0)
HERE = "test_callables_pytensor.py:"


def spd(n):
    A = np.random.default_rng(3).standard_normal((n, n))
    return (A @ A.T + (A @ A.T).T) / 2 + np.eye(n)


def check(f, X=None, **options):
    return symgrad.check(f, spd(4) if X is None else X, framework="pytensor", **options)


def by_eigh(X, phi):
    w, V = linalg.eigh(X)
    return (V * phi(w)) @ V.T


def likelihood(X):
    return -linalg.slogdet(X)[1] / 2 - Y @ linalg.solve(X, Y) / 2


def gaussian_process(X):
    L = linalg.cholesky(X)
    return Y @ linalg.cho_solve((L, True), Y) / 2 + pt.log(pt.diagonal(L)).sum()


def newton_schulz(X):
    I = pt.eye(4)  # noqa: E741
    A, Z = X / linalg.norm(X), I
    for _ in range(4):
        T = 1.5 * I - 0.5 * Z @ A
        A, Z = A @ T, T @ Z
    return (A * W).sum()


def by_svd(X):
    U, S, V = linalg.svd(X @ W, full_matrices=False)
    return ((U * pt.sqrt(S)) @ V * W).sum()


def by_lu(X):
    _, L, U = linalg.lu(X @ W)
    return (L * W).sum() + pt.log(pt.abs(pt.diagonal(U))).sum()


def written_into(X):
    A = pt.set_subtensor(X[0, 1], X[1, 1] ** 2)
    B = pt.inc_subtensor(A[[0, 2, 0]], (X @ X)[:3])
    return (pt.concatenate([B, X[:, ::-1]]) ** 3).sum() + pt.tril(B, -1).sum() * pt.diag(X[0])[0, 0]


def of_entries(X):
    squares = pt.exp(X / 3) + pt.sigmoid(X) + pt.softplus(4 * X) + pt.gammaln(X**2 + 1)
    return (squares * W).sum() + pt.switch(X > 0.3, X, 2 * X).sum() + pt.clip(X, -1, 1).std()


def scanned(X):
    _, rows = pytensor.scan(
        lambda r, c, A: (c @ A / 9 + r, pt.sin(c)),
        sequences=[X],
        outputs_info=[X[0], None],
        non_sequences=X,
        return_updates=False,
    )
    return rows.sum()


def scanned_until(X):
    powers = pytensor.scan(
        lambda A, B: (A @ B / 4, until(pt.sum(A) > 100)),
        outputs_info=X,
        non_sequences=X,
        n_steps=20,
        return_updates=False,
    )
    return powers[-1].sum()


def vectorized(X):
    product = pt.vectorize(lambda A, b: linalg.cholesky(A) @ b, signature="(m,m),(m)->(m)")
    return product(pt.stack([X, X @ X]), X[:2]).sum()


OWN = {
    "likelihood": likelihood,
    "gaussian process": gaussian_process,
    "log-euclidean": lambda X: ((by_eigh(X, pt.log) - W) ** 2).sum(),
    "largest eigenvalue": lambda X: linalg.eigvalsh(X).max(),
    "generalized eigenvalue": lambda X: linalg.eigvalsh(W.T @ W, X)[-1],
    "inverse": lambda X: (linalg.inv(X) * W).sum(),
    "attention": lambda X: (pt.special.softmax(X @ W, -1) @ X).sum(),
    "newton-schulz": newton_schulz,
    "svd": by_svd,
    "lu": by_lu,
    "pinv": lambda X: (linalg.pinv(X) * W).sum(),
    "kron": lambda X: linalg.slogdet(linalg.kron(X, X))[1],
    "nuclear norm": lambda X: linalg.norm(X @ W, "nuc"),
    "einsum": lambda X: pt.einsum("ij,jk,kl->", X, W, X),
    "sort": lambda X: pt.sort(linalg.eigvalsh(X))[1:].sum() + pt.cumsum(X, axis=0).max(),
    "positive": lambda X: (linalg.solve(X, W, assume_a="pos") ** 2).sum(),
    "lu_solve": lambda X: (linalg.lu_solve(linalg.lu_factor(X @ W), pt.constant(Y)) ** 2).sum(),
    "written into": written_into,
    "entries": of_entries,
    "a branch": lambda X: ifelse(linalg.det(X) > 0, X.sum(), (X * X).sum()),
    "a batch": lambda X: (linalg.inv(pt.stack([X, X @ X])) @ pt.stack([X, W])).sum(),
    "a shared variable": lambda X: (X * pytensor.shared(W) * pt.constant(3.0)).sum(),
    "vectorize": vectorized,
}


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", OWN)
def test_a_right_gradient_agrees(name):
    report = check(OWN[name])
    assert (report.verdict, report.record.evidence) == ("agrees", "traced"), str(report)


@pytest.mark.slow
@pytest.mark.parametrize("loop", [scanned, scanned_until])
def test_loops_are_unrolled(loop):
    assert check(loop).verdict == "agrees"
    wrong = check(lambda X: loop(X) * (1 + 1e-9) - 1e-9 * loop(disconnected_grad(X)))
    assert wrong.verdict == "disagrees"


def by_torch():
    """The same functions by PyTorch."""
    torch = pytest.importorskip("torch")
    V, y = torch.tensor(W), torch.tensor(Y)

    def log_euclidean(X):
        w, U = torch.linalg.eigh(X)
        return (((U * w.log()) @ U.T - V) ** 2).sum()

    def likelihood(X):
        return -torch.logdet(X) / 2 - y @ torch.linalg.solve(X, y) / 2

    def process(X):
        L = torch.linalg.cholesky(X)
        a = torch.cholesky_solve(y[:, None], L)[:, 0]
        return y @ a / 2 + L.diagonal().log().sum()

    def newton(X):
        I = torch.eye(4, dtype=X.dtype)  # noqa: E741
        A, Z = X / X.norm(), I
        for _ in range(4):
            T = 1.5 * I - 0.5 * Z @ A
            A, Z = A @ T, T @ Z
        return (A * V).sum()

    def svd(X):
        U, S, R = torch.linalg.svd(X @ V)
        return ((U * S.sqrt()) @ R * V).sum()

    return {
        "likelihood": likelihood,
        "gaussian process": process,
        "log-euclidean": log_euclidean,
        "largest eigenvalue": lambda X: torch.linalg.eigvalsh(X).max(),
        "inverse": lambda X: (torch.linalg.inv(X) * V).sum(),
        "attention": lambda X: (torch.softmax(X @ V, -1) @ X).sum(),
        "newton-schulz": newton,
        "svd": svd,
        "pinv": lambda X: (torch.linalg.pinv(X) * V).sum(),
        "kron": lambda X: torch.logdet(torch.kron(X, X)),
        "nuclear norm": lambda X: torch.linalg.norm(X @ V, "nuc"),
        "einsum": lambda X: torch.einsum("ij,jk,kl->", X, V, X),
    }


def apart(a, b):
    """Whether two enclosures of f(X) and S have nothing in common."""
    values = abs(a.value - b.value) > a.value_radius + b.value_radius
    return values or bool(np.any(np.abs(a.gradient - b.gradient) > a.radius + b.radius))


@pytest.mark.parametrize("name", sorted(by_torch()))
def test_what_is_true_is_what_is_true_of_the_same_in_pytorch(name):
    other = symgrad.derive(by_torch()[name], spd(4), framework="torch")
    assert not apart(symgrad.derive(OWN[name], spd(4), framework="pytensor"), other)
    beside = symgrad.derive(
        lambda X: OWN[name](X) * (1 + 1e-12), spd(4), framework="pytensor"
    )  # fmt: skip
    assert apart(beside, other)


def test_a_function_that_pytensor_does_not_differentiate_has_its_truth():
    """Its QR raises an error in its pullback; the forward pass is recorded all the same."""
    torch = pytest.importorskip("torch")
    V = torch.tensor(W)

    def f(X):
        Q, R = linalg.qr(X @ W)
        return (Q * W).sum() + pt.log(pt.abs(pt.diagonal(R))).sum()

    def g(X):
        Q, R = torch.linalg.qr(X @ V)
        return (Q * V).sum() + R.diagonal().abs().log().sum()

    mine = symgrad.derive(f, spd(4), framework="pytensor")
    assert not apart(mine, symgrad.derive(g, spd(4), framework="torch"))


@pytest.mark.parametrize(("known", "verdict"), [(True, "agrees"), (False, "failed")])
def test_qr_is_differentiated_where_the_shape_is_known(known, verdict):
    """The finding pytensor-qr-shape."""

    def f(X):
        _, R = linalg.qr(pt.specify_shape(X, (4, 4)) if known else X)
        return pt.log(pt.abs(pt.diagonal(R))).sum()

    assert check(f).verdict == verdict


def test_what_is_true_is_the_theorem_of_the_catalogue():
    mine = symgrad.derive(lambda X: linalg.slogdet(X)[1], spd(4), framework="pytensor")
    assert not apart(mine, symgrad.derive("log_det", spd(4)))
    assert apart(mine, symgrad.derive("log_det", spd(4) * (1 + 1e-12)))


def inverse(spoil, **options):
    """X⁻¹ with a backward of its own."""
    A = pt.matrix("A", dtype="float64")

    def backward(inputs, outputs, cotangents):
        (B,), (G,) = outputs, cotangents
        return [spoil(-B.T @ G @ B.T)]

    return OpFromGraph([A], [linalg.inv(A)], pullback=backward, name="inverse", **options)


@pytest.mark.parametrize("options", [{}, {"inline": True}])
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda S: S, ""),
        (lambda S: S * (1 + 1e-16), ""),
        (lambda S: S * (1 + 1e-8), "a factor 1 + 1.0e-08"),
        (lambda S: 2 * S - pt.diag(pt.diagonal(S)), "is doubled off the diagonal"),
        (lambda S: S.T, "is not transposed"),
        (pt.tril, "one triangle"),
    ],
)
def test_a_backward_of_its_own_is_judged_and_blamed(spoil, told, options):
    step = inverse(spoil, **options)
    report = check(lambda X: (step(X @ W) * W).sum(), spd(4))
    if not told:
        assert (report.verdict, report.blame) == ("agrees", ())
        return
    assert report.verdict == "disagrees"
    (blame,) = report.blame
    assert (blame.name, blame.custom, told in str(blame)) == ("inverse", True, True), str(blame)
    assert blame.line.startswith(HERE)


def test_a_known_mistake_of_pytensor_is_found_and_blamed():
    """The finding pytensor-lu-permute."""
    report = check(lambda X: (linalg.lu(X @ W, permute_l=True)[0] * W).sum())
    assert report.verdict == "disagrees"
    assert [(b.name, b.custom) for b in report.blame] == [("LU", False)]
    assert check(lambda X: (linalg.lu(X @ W)[1] * W).sum()).verdict == "agrees"


@pytest.mark.parametrize("hold", [disconnected_grad, zero_grad])
def test_what_is_held_is_said(hold):
    report = check(lambda X: (X * hold(X)).sum(), spd(3))
    assert report.verdict == "disagrees"
    assert {blame.mistake for blame in report.blame} == {"held constant"}


def test_what_changes_only_the_gradient_is_blamed():
    report = check(lambda X: (X * grad_scale(X, 2.0)).sum(), spd(3))
    assert [(b.name, b.factor) for b in report.blame] == [("GradScale", pytest.approx(2.0))]
    assert check(lambda X: (X * grad_scale(X, 1.0)).sum(), spd(3)).verdict == "agrees"


class Twice(Op):
    """An Op whose forward pass is Python."""

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = 2 * inputs[0]

    def pullback(self, inputs, outputs, cotangents):
        return [2 * cotangents[0]]


REFUSED = {
    "an Op": (lambda X: Twice()(X).sum(), f"pullback=…) (Twice, {HERE}"),
    "a branch of Python": (lambda X: X.sum() if X[0, 0] > 0 else X[0, 0], "Python boolean"),
    "an eigenvector": (lambda X: linalg.eigh(X)[1][0, 0], "the sign of eigenvector 0"),
    "a vector": (lambda X: X[0], "return one real number"),
    "a number of Python": (lambda X: 3.0, "it returned float"),
    "not known": (lambda X: linalg.lstsq(X, W, 1e-9)[0].sum(), f"(Lstsq, {HERE}"),
    "complex": (lambda X: linalg.eig(X)[0].real.max(), "complex numbers are not recorded"),
    "random numbers": (
        lambda X: (X * np.random.default_rng().standard_normal((4, 4))).sum(),
        "computed something else the second time",
    ),
    "a stream": (lambda X: (X * RandomStream().normal(size=(4, 4))).sum(), "random numbers"),
    "a free variable": (lambda X: X.sum() * pt.scalar("s"), "pytensor.function raised"),
    "the wrong domain": (lambda X: pt.log(-X[0, 0]), "is nan"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_is_refused(name):
    f, told = REFUSED[name]
    report = check(f)
    assert report.verdict == "refused"
    assert told in report.reason, report.reason
    assert "\n" not in report.reason


def test_a_kink_is_refused_and_a_point_beside_it_is_not():
    at = np.array([[2.0, 1.0], [1.0, 3.0]])

    def f(X):
        return pt.maximum(X[0, 1], 1.0) ** 2 + (X * X).sum()

    refused = check(f, at)
    assert refused.verdict == "refused"
    assert f"Maximum ({HERE}" in refused.reason
    assert check(f, at + 1e-3 * np.array([[0, 1], [1, 0]])).verdict == "agrees"


def log_det(X):
    return pt.log(linalg.det(X))


@pytest.mark.parametrize("of", [np.asarray, pt.constant, pytensor.shared])
def test_whose_array_x_is(of):
    report = symgrad.check(log_det, of(spd(3)))
    assert (report.verdict, report.record.framework) == ("agrees", "pytensor")


@pytest.mark.slow
def test_a_cotangent_has_the_shape_of_what_is_built():
    W = np.arange(16.0).reshape(4, 4)
    assert check(linalg.inv, cotangent=W).verdict == "agrees"
    wrong = OpFromGraph([X := pt.dmatrix()], [linalg.inv(X)], pullback=lambda _, o, g: [g[0]])
    assert check(wrong, cotangent=W).verdict == "disagrees"
    with pytest.raises(InputError, match=r"F\(X\) has the shape \(4, 4\), the cotangent W \(4,\)"):
        check(linalg.inv, cotangent=W[0])


COMPLEX = {
    "real": lambda X: pt.real(pt.trace(X @ X)),
    "imag": lambda X: pt.imag(X[0, 1]),
    "abs": lambda X: (pt.abs(X) ** 2).sum(),
    "det": lambda X: pt.abs(linalg.det(X)),
    "inverse": lambda X: pt.real(linalg.inv(X)[0, 0]),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_matrices_are_refused_as_pytensor_differentiates_none(name):
    report = check(COMPLEX[name], spd(3) + 0j)
    assert report.verdict == "refused"
    assert "complex (Hermitian) matrices are not differentiated by PyTensor" in report.reason
    X = pt.matrix(dtype="complex128")
    with pytest.raises(TypeError, match="complex128"):
        pytensor.grad(COMPLEX[name](X), X)


def test_where_pytensor_gives_a_gradient_of_a_complex_matrix_it_is_real():
    X = pt.matrix(dtype="complex128")
    assert pytensor.grad(pt.log(linalg.eigvalsh(X)).sum(), X).dtype == "float64"


def test_a_symbol_has_no_numbers():
    with pytest.raises(InputError, match="no array of numbers"):
        symgrad.check(log_det, pt.matrix("X"))


def test_other_precision_forward_mode_and_parameters():
    single = check(log_det, dtype="float32")
    assert (single.verdict, single.record.dtype) == ("agrees", "float32")
    cast = check(lambda X: (X.astype("float32") ** 2).sum().astype("float64"))
    assert (cast.verdict, cast.record.dtype) == ("agrees", "float32")
    assert check(log_det, mode="both").verdict == "agrees"

    def kernel(theta):
        return pt.exp(-pt.sqr(theta[:, None] - theta)) + pt.eye(3)

    theta = np.array([0.1, 0.7, 1.5])
    assert check(log_det, theta, parameterization=kernel).verdict == "agrees"


def test_the_graph_is_built_anew_for_each_check():
    """What was compiled of f before is not asked, if f builds another graph now."""
    factor = [1.0]

    def f(X):
        return (X * X).sum() * factor[0]

    assert check(f).exact.value == pytest.approx(np.sum(spd(4) ** 2))
    factor[0] = 2.0
    report = check(f)
    assert report.verdict == "agrees"
    assert report.exact.value == pytest.approx(2 * np.sum(spd(4) ** 2))


def test_a_call_without_a_line_of_the_users_has_that_of_the_check():
    report = symgrad.check(linalg.det, pt.constant(spd(3)))
    assert {call.name for call in report.program.calls} == {"Det"}
    assert all(call.line.startswith(HERE) for call in report.program.calls)


@pytest.mark.parametrize("name", ["likelihood", "attention", "written into", "a batch"])
def test_each_call_alone_has_the_derivative_of_its_steps(name):
    recorder = pytest.importorskip("symgrad.numeric.recording.pytensor")
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
            assert told[k] == pytest.approx(G, rel=1e-9, abs=1e-9), (number, call.name)
