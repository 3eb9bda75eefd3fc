"""Callables of JAX, judged by their jaxprs."""

import sys

import numpy as np
import pytest

import symgrad

jax = pytest.importorskip("jax")
jnp, lax, linalg = jax.numpy, jax.lax, jax.numpy.linalg
W = np.random.default_rng(7).standard_normal((4, 4))


@pytest.fixture(autouse=True)
def in_64_bits():
    """Only here: what else runs in this process has the default."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def spd(n):
    A = np.random.default_rng(3).standard_normal((n, n))
    return (A @ A.T + (A @ A.T).T) / 2 + np.eye(n)


def by_eigh(X, phi):
    w, V = linalg.eigh(X)
    return (V * phi(w)) @ V.T


def repeated(c, w):
    return c @ c / 9, c.sum() * w


FUNCTIONS = {
    "cholesky": lambda X: 2 * jnp.log(jnp.diagonal(linalg.cholesky(X))).sum(),
    "slogdet": lambda X: linalg.slogdet(X)[1],
    "log-euclidean": lambda X: ((by_eigh(X, jnp.log) - W) ** 2).sum(),
    "solve": lambda X: (linalg.solve(X, W) ** 2).sum(),
    "inv": lambda X: (linalg.inv(X) * W).sum(),
    "expm": lambda X: (jax.scipy.linalg.expm(X / 5) * W).sum(),
    "svd": lambda X: linalg.svd(X @ W, compute_uv=False).sum(),
    "qr": lambda X: jnp.log(jnp.abs(jnp.diagonal(linalg.qr(X @ W)[1]))).sum(),
    "pinv": lambda X: (linalg.pinv(X) * W).sum(),
    "einsum": lambda X: jnp.einsum("ij,jk,kl->", X, W, X),
    "attention": lambda X: (jax.nn.softmax(X @ W, -1) @ X).sum(),
    "logsumexp": lambda X: jax.scipy.special.logsumexp(X @ W),
    "where": lambda X: jnp.where(X > 0.3, X, 2 * X).sum() + jnp.clip(X, -1, 1).sum(),
    "sort": lambda X: jnp.sort(linalg.eigvalsh(X))[1:].sum(),
    "jit": jax.jit(lambda X: linalg.slogdet(X)[1]),
    "fori_loop": lambda X: lax.fori_loop(0, 5, lambda _, A: A @ X / 4, X).sum(),
    "scan": lambda X: lax.scan(repeated, X, jnp.arange(4.0))[1].sum(),
    "cond": lambda X: lax.cond(
        linalg.det(X) > 0, lambda x: x.sum(), lambda x: (x * x).sum(), X
    ),
    "checkpoint": jax.checkpoint(lambda X: linalg.slogdet(X)[1]),
    "vmap": lambda X: jax.vmap(lambda s: linalg.slogdet(X + s * jnp.eye(4))[1])(
        jnp.arange(3.0)
    ).sum(),
    "at[].set": lambda X: (X.at[0, 0].set(5.0) ** 3).sum(),
    "gaussian": lambda X: jax.scipy.stats.multivariate_normal.logpdf(
        jnp.ones(4), jnp.zeros(4), X
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_right_gradient_agrees(name):
    report = symgrad.check(FUNCTIONS[name], jnp.asarray(spd(4)))
    assert (report.verdict, report.record.evidence) == ("agrees", "traced"), str(report)


@jax.custom_vjp
def logm(X):
    return by_eigh(X, jnp.log)


def forward(X):
    return logm(X), X


def backward(X, G):
    _, back = jax.vjp(lambda Y: by_eigh(Y, jnp.log), X)
    (S,) = back((G + G.T) / 2)
    return (SPOIL[0](S),)


SPOIL = [lambda S: S]
logm.defvjp(forward, backward)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda S: S, ""),
        (lambda S: 2 * S - jnp.diag(jnp.diag(S)), "is doubled off the diagonal"),
        (lambda S: jnp.tril(S), "one triangle"),
        (lambda S: S * (1 + 1e-10), "a factor 1 + 1.0e-10"),
    ],
)
def test_a_custom_vjp_is_judged_and_blamed(monkeypatch, spoil, told):
    monkeypatch.setattr(sys.modules[__name__], "SPOIL", [spoil])
    report = symgrad.check(lambda X: (logm(X) * W).sum(), jnp.asarray(spd(4)))
    if not told:
        assert (report.verdict, report.blame) == ("agrees", ())
        return
    assert report.verdict == "disagrees"
    (blame,) = report.blame
    assert (blame.name, blame.custom, told in str(blame)) == ("logm", True, True)
    assert blame.line.startswith("test_callables_jax.py:")


REFUSED = {
    "a branch of Python": (lambda X: X.sum() if X[0, 0] > 0 else 0.0, "jnp.where or lax.cond"),
    "a callback": (
        lambda X: jax.pure_callback(np.trace, jax.ShapeDtypeStruct((), X.dtype), X),
        "not known",
    ),
    "an eigenvector": (lambda X: linalg.eigh(X)[1][0, 0], "the sign of eigenvector"),
    "a vector": (lambda X: X[0], "return one real number"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_is_refused(name):
    f, told = REFUSED[name]
    report = symgrad.check(f, jnp.asarray(spd(4)))
    assert report.verdict == "refused"
    assert told in report.reason


def test_what_is_stopped_is_said():
    report = symgrad.check(lambda X: (X * lax.stop_gradient(X)).sum(), jnp.asarray(spd(3)))
    assert report.verdict == "disagrees"
    assert {blame.mistake for blame in report.blame} == {"held constant"}


def test_in_32_bits_a_matrix_of_64_is_refused():
    jax.config.update("jax_enable_x64", False)
    report = symgrad.check(lambda X: linalg.slogdet(X)[1], spd(3), framework="jax")
    assert "enable jax_enable_x64" in report.reason
    x = jnp.asarray(spd(3), "float32")
    assert symgrad.check(lambda X: linalg.slogdet(X)[1], (x + x.T) / 2).verdict == "agrees"
