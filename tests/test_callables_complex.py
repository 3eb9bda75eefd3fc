"""Callables of a Hermitian matrix in NumPy and autograd, held against PyTorch's record."""

import numpy as np
import pytest
import scipy.linalg

import symgrad
from tests.array_functions import overlap
from tests.hermitian_functions import PARTS, V, by_numpy, by_torch, hermitian

autograd = pytest.importorskip("autograd")
anp, linalg = autograd.numpy, pytest.importorskip("autograd.scipy.linalg")
primitive, defvjp = autograd.extend.primitive, autograd.extend.defvjp
torch = pytest.importorskip("torch")
BY_TORCH, BY_NUMPY, BY_AUTOGRAD = by_torch(torch), by_numpy(np), by_numpy(anp)
OFF = 1e-9


def weighed(Y):
    return anp.real(anp.sum(Y * V))


def check(f, X=None, **options):
    return symgrad.check(f, hermitian() if X is None else X, framework="autograd", **options)


def by_numpy_alone(f, X=None):
    return symgrad.derive(f, hermitian() if X is None else X, framework="numpy")


def of_torch(f):
    return symgrad.derive(f, hermitian(), framework="torch")


@primitive
def same(x):
    """x, whose gradient is spoiled."""
    return x * 1.0


SPOIL = [lambda G: G * (1 + OFF)]
defvjp(same, lambda out, x: lambda G: SPOIL[0](G))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", BY_AUTOGRAD)
def test_of_autograd_a_right_gradient_agrees_and_a_planted_one_does_not(name):
    f = BY_AUTOGRAD[name]
    report = check(f)
    assert (report.verdict, report.record.conjugation) == ("agrees", "∂Re − i∂Im"), str(report)
    assert report.record.evidence == "traced"
    assert overlap(report.exact, of_torch(BY_TORCH[name]))
    wrong = check(lambda X: f(same(X)))
    assert wrong.verdict == "disagrees"
    assert [(blame.name, blame.custom) for blame in wrong.blame] == [("same", True)]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", BY_NUMPY)
def test_of_numpy_the_enclosure_is_that_of_torch(name):
    found = by_numpy_alone(BY_NUMPY[name])
    assert overlap(found, of_torch(BY_TORCH[name]))
    for by, verdict in ((1.0, "agrees"), (1 + OFF, "disagrees")):
        G = found.gradient * by
        report = symgrad.check_gradient(G, BY_NUMPY[name], hermitian(), framework="numpy")
        assert report.verdict == verdict


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda G: G * (1 + 1e-16), ""),
        (lambda G: G * (1 + OFF), "a factor 1 + 1.0e-09"),
        (np.conj, "the wrong sign"),
        (lambda G: np.tril(G), "one triangle"),
        (lambda G: G.real + 0j, "no cotangent comes back"),
    ],
)
def test_a_primitive_of_one_s_own_is_judged_and_blamed(monkeypatch, spoil, told):
    monkeypatch.setattr("tests.test_callables_complex.SPOIL", [spoil])
    report = check(lambda X: weighed(anp.linalg.inv(same(V @ X @ np.conj(V.T)))))
    if not told:
        assert (report.verdict, report.blame) == ("agrees", ())
        return
    assert report.verdict == "disagrees"
    (blame,) = report.blame
    assert (blame.name, blame.custom, told in str(blame)) == ("same", True, True)


def entries(np):
    def f(X):
        Y = X + 5
        roots = np.sqrt(Y) + np.log(Y + V) + Y**2.5 + 1 / Y
        return np.real(np.sum((roots + np.exp(X / 3) + np.tanh(X) + X**-3) * V)) + np.sum(
            np.angle(X + V) ** 2
        )

    return f


def products(np):
    def f(X):
        each = [np.tensordot(X, X, 1), np.outer(X[0], X[1])[:3], np.kron(X, V)[:3, 3:6]]
        joined = np.concatenate([np.inner(X, V), np.where(np.real(X) > 0.3, X, 2j * X)])
        return np.real(np.sum(sum(each) * V)) + np.sum(np.imag(joined))

    return f


def norms(np):
    return lambda X: (
        np.linalg.norm(X)
        + np.linalg.norm(np.dot(X, V), "nuc")
        + np.sum(np.log(np.linalg.svd(X + V, compute_uv=False)))
        + np.abs(np.linalg.det(X + V))
    )


def held_in_blocks(np):
    def f(X):
        H = np.conj(V.T)
        M = np.concatenate([np.concatenate([X, V], axis=1), np.concatenate([H, 50 * np.eye(3)], 1)])
        return np.linalg.slogdet(M)[1]

    return f


@pytest.mark.sampled(1)
@pytest.mark.parametrize("of", [entries, products, norms, held_in_blocks])
def test_more_of_what_numpy_has(of):
    report = check(of(anp))
    assert report.verdict == "agrees", str(report)
    assert overlap(report.exact, by_numpy_alone(of(np)))
    wrong = check(lambda X: of(anp)(same(X)))
    assert [blame.name for blame in wrong.blame] == ["same"]


def test_a_gradient_within_f():
    def f(X):
        G = autograd.grad(lambda A: weighed(anp.linalg.inv(A)))(X)
        return anp.sum(anp.abs(G) ** 2)

    assert check(f).verdict == "agrees"
    assert check(lambda X: f(same(X))).verdict == "disagrees"


def test_complex_numbers_within_a_function_of_a_real_matrix():
    def f(X):
        return anp.abs(anp.linalg.det(X + 1j * V.real)) + anp.real(anp.exp(1j * X[0, 1]))

    X = hermitian().real
    assert check(f, X).verdict == "agrees"
    assert check(lambda X: f(same(X)), X).verdict == "disagrees"


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (
            lambda X: anp.sum(anp.log(anp.real(anp.diag(anp.linalg.cholesky(X))))),
            "np.linalg.cholesky",
        ),
        (lambda X: weighed(anp.dot(linalg.sqrtm(X), V)), "scipy.linalg.sqrtm"),
        (lambda X: anp.real(anp.linalg.pinv(X[:, :2])[0, 1]), "np.linalg.pinv"),
    ],
)
def test_the_mistakes_of_autograd_are_found_and_blamed(f, name):
    """Transposes in place of adjoints; the first two are the findings autograd-…-complex."""
    report = check(f)
    assert report.verdict == "disagrees"
    assert [blame.name for blame in report.blame] == [name]


def test_single_precision():
    X = hermitian().astype("complex64")
    report = check(BY_AUTOGRAD["log det"], X)
    assert (report.verdict, report.record.dtype) == ("agrees", "complex64")
    cast = check(lambda X: anp.linalg.slogdet(X.astype("complex64"))[1] * 1.0)
    assert cast.record.dtype == "complex64"


OF_SCIPY = {
    "expm": (
        lambda X: (scipy.linalg.expm(X / 5) * V).sum().real,
        lambda X: (torch.linalg.matrix_exp(X / 5) * torch.tensor(V)).sum().real,
    ),
    "logm": (lambda X: (scipy.linalg.logm(X) * V).sum().real, BY_TORCH["log-Euclidean"]),
    "cho_solve": (
        lambda X: (
            (lambda c: scipy.linalg.cho_solve(c, V[0]) @ V[0].conj())(
                scipy.linalg.cho_factor(X)
            ).real
        ),
        BY_TORCH["quadratic form"],
    ),
    "cholesky": (
        lambda X: 2 * np.log(np.diag(np.linalg.cholesky(X, upper=True)).real).sum(),
        BY_TORCH["log det"],
    ),
    "solve_triangular": (
        lambda X: (
            abs(scipy.linalg.solve_triangular(scipy.linalg.cholesky(X), V[0], trans="C")) ** 2
        ).sum(),
        BY_TORCH["quadratic form"],
    ),
    "eigh of SciPy": (
        lambda X: np.log(scipy.linalg.eigh(X, eigvals_only=True)).sum(),
        BY_TORCH["log det"],
    ),
    "qr": (lambda X: np.log(np.abs(np.diag(np.linalg.qr(X)[1]))).sum(), BY_TORCH["log det"]),
    "power": (
        lambda X: np.trace(np.linalg.matrix_power(X, 3)).real,
        BY_TORCH["trace of a power"],
    ),
    "vdot": (
        lambda X: np.vdot(X, X @ V).real,
        lambda X: (X.conj() * (X @ torch.tensor(V))).sum().real,
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", OF_SCIPY)
def test_what_numpy_and_scipy_have_alone(name):
    f, same_in_torch = OF_SCIPY[name]
    found, other = by_numpy_alone(f), of_torch(same_in_torch)
    assert overlap(found, other)
    assert not overlap(by_numpy_alone(lambda X: f(X) * (1 + 1e-13)), other)


def written_into(X):
    A = np.zeros((3, 3), complex)
    A[0] = X[1]
    A[1:] += 2j * X[:2].conj()
    A[2, 2] = X[0, 1].real
    return (A @ X * V).sum().real


def test_what_is_written_into_arrays():
    found = by_numpy_alone(written_into)
    for E in (PARTS[0] + PARTS[0].T, 1j * (PARTS[0] - PARTS[0].T)):
        slope = (written_into(hermitian() + 1e-6 * E) - written_into(hermitian() - 1e-6 * E)) / 2e-6
        assert abs(np.sum(found.gradient.conj() * E).real - slope) <= 1e-6 * (1 + abs(slope))


def parts_of_a_view(X):
    A = X * 1
    A.real[0, 0] = 2.0
    return A.sum().real


def a_part_that_stays(X):
    A = X * 1
    part = A.real
    A[0, 0] = 5.0
    return part.sum() + 0 * X[0, 0].real


REFUSED = {
    "an eigenvector": (
        lambda X: np.real(np.linalg.eigh(X)[1][0, 0]),
        "the phase of eigenvector 0",
    ),
    "a complex number": (lambda X: np.sum(X), "one real number"),
    "not known": (lambda X: np.fft.fft(X).sum().real, "np.fft.fft (test_callables_complex.py:"),
    "an order": (lambda X: np.maximum(X, V).sum().real, "not known of complex numbers"),
    "a decision": (lambda X: X.sum().real if X[0, 0] else 0.0, "a decision on complex numbers"),
    "a part of a view": (parts_of_a_view, "write into a copy"),
    "a part that stays": (a_part_that_stays, "write into a copy"),
    "into real ones": (lambda X: np.zeros_like(X.real).__setitem__(0, X[0]), "write their real"),
    "to real ones": (lambda X: X.astype(float).sum(), "take .real"),
    "the sign of a determinant": (
        lambda X: np.linalg.slogdet(X + V)[0].real,
        "not Hermitian; np.linalg.det",
    ),
    "degrees": (lambda X: np.angle(X + V, deg=True).sum(), "in degrees"),
    "a root": (lambda X: scipy.linalg.sqrtm(X - 9 * np.eye(3)).sum().real, "use eigh"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_of_complex_numbers_is_refused(name):
    f, told = REFUSED[name]
    report = symgrad.check_gradient(np.eye(3), f, hermitian(), framework="numpy")
    assert report.verdict == "refused"
    assert told in report.reason
    assert "\n" not in report.reason


@pytest.mark.parametrize(
    ("f", "told"),
    [
        (lambda X: weighed(linalg.expm(X)), "VJP of expm"),
        (lambda X: anp.real(anp.sum(anp.fft.fft(X))), "np.fft.fft"),
        (lambda X: anp.sum(X), "return one real number"),
        (lambda X: anp.sum(anp.abs(X - anp.diag(anp.diag(X)))), "not finite here"),
    ],
)
def test_what_autograd_cannot_do_is_refused(f, told):
    report = check(f)
    assert report.verdict == "refused"
    assert told in report.reason
