"""Callables of JAX, judged by their jaxprs."""

import itertools
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


@pytest.mark.sampled(3)
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
    "apply": (lambda X: X.at[0].apply(jnp.sin).sum(), "write it by x.at[…].set(…)"),
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


@pytest.mark.parametrize("factor", [1.0, 1.01])
def test_what_is_rounded_to_integers_keeps_its_dtype(factor):
    """As in jax.scipy.linalg.expm, of float32 where 64 bits are enabled."""

    @jax.custom_vjp
    def scaled(X):
        return X * jnp.maximum(jnp.floor(X[0, 0] + 1.5), 0)

    def back(X, G):
        return (factor * G * jnp.maximum(jnp.floor(X[0, 0] + 1.5), 0),)

    scaled.defvjp(lambda X: (scaled(X), X), back)
    report = symgrad.check(lambda X: (scaled(X) ** 2).sum(), jnp.asarray(spd(3), "float32"))
    assert report.verdict == ("agrees" if factor == 1 else "disagrees"), str(report)


def scattered(X):
    Y = X.at[0, 1].add(X[1, 2] ** 2).at[jnp.array([0, 2, 0])].subtract(X[:3] @ X)
    Z = Y.at[jnp.array([1, 9])].add(X[:2]).at[jnp.array([1, 9])].add(X[:2], mode="clip")
    Z = Z.at[jnp.array([0, 2])].multiply(X[:2], unique_indices=True)
    return ((Z.at[3].max(X[0]) * W) ** 2).sum()


def summed_by_segments(X):
    return (jax.ops.segment_sum(X @ X, jnp.array([0, 1, 0, 2]), num_segments=3) ** 3).sum()


def switched(X):
    rows = [lambda A: A.sum(), lambda A: (A * W).sum(), lambda A: (A @ A).sum()]
    return lax.switch(jnp.argmax(X[0]), rows, X)


def reversed_scan(X):
    return lax.scan(lambda c, r: (c @ X / 9 + r, jnp.sin(c)), X[0], X, reverse=True)[1].sum()


SCATTERED_AND_LOOPED = {
    f.__name__: f for f in (scattered, summed_by_segments, switched, reversed_scan)
}


@pytest.mark.parametrize(
    ("name", "off"),
    [*((name, 0) for name in SCATTERED_AND_LOOPED), ("scattered", 1e-9), ("switched", 1e-9)],
)
@pytest.mark.sampled(3)
def test_scattering_and_control_flow(name, off):
    f = SCATTERED_AND_LOOPED[name]

    def spoiled(X):  # the same function, whose gradient by JAX is off by a factor 1 + off
        return (1 + off) * f(X) - off * f(lax.stop_gradient(X))

    report = symgrad.check(spoiled if off else f, jnp.asarray(spd(4)))
    assert report.verdict == ("disagrees" if off else "agrees"), str(report)


@jax.custom_vjp
def moved_into(X):
    return X.at[0, 1].add(X[1, 2] ** 2)


def moved_back(X, G):
    return (SPOIL[0](G.at[1, 2].add(2 * X[1, 2] * G[0, 1])),)


moved_into.defvjp(lambda X: (moved_into(X), X), moved_back)


@jax.custom_vjp
def inverse(X):
    """By Newton's iteration, until it has converged."""
    I = jnp.eye(len(X))  # noqa: E741

    def off(Y):
        return jnp.sum((I - X @ Y) ** 2) > 1e-6

    def step(Y):
        return Y @ (2 * I - X @ Y)

    return step(step(step(lax.while_loop(off, step, I / jnp.trace(X)))))


inverse.defvjp(
    lambda X: (inverse(X), linalg.inv(X)), lambda Y, G: (SPOIL[0](-Y.T @ G @ Y.T),)
)  # fmt: skip


@pytest.mark.parametrize("step", [moved_into, inverse])
@pytest.mark.parametrize("off", [0, 1e-9])
@pytest.mark.sampled(2)
def test_a_custom_vjp_that_scatters_or_loops(monkeypatch, step, off):
    monkeypatch.setattr(sys.modules[__name__], "SPOIL", [lambda G: G * (1 + off)])
    report = symgrad.check(lambda X: (step(X @ X) * W).sum(), jnp.asarray(spd(4)))
    if not off:
        assert (report.verdict, report.blame) == ("agrees", ())
        return
    assert report.verdict == "disagrees"
    assert [blame.name for blame in report.blame] == [step.__name__]


def test_equal_eigenvalues_of_a_computed_matrix_are_no_obstacle_where_f_is_smooth():
    def share(X):
        return linalg.eigvalsh(X / jnp.trace(X))

    def log_det(factor):
        f = jax.custom_vjp(lambda A: jnp.log(linalg.eigvalsh(A)).sum())
        f.defvjp(lambda A: (f(A), A), lambda A, g: (g * linalg.inv(A) * factor,))
        return lambda X: f(X / linalg.norm(X))

    X = jnp.diag(jnp.array([1.0, 1.0, 2.0]))
    assert symgrad.check(lambda X: jnp.log(share(X)).sum(), X).verdict == "agrees"
    assert symgrad.check(lambda X: share(X)[0], X).verdict == "refused"
    assert symgrad.check(log_det(1.0), X).verdict == "agrees"
    assert symgrad.check(log_det(1 + 1e-10), X).verdict == "disagrees"


def test_a_branch_at_a_tie_is_a_kink():
    def f(X):
        return lax.cond(X[0, 1] > 1, lambda A: A.sum(), lambda A: (A @ A).sum(), X)

    at = np.array([[2.0, 1.0], [1.0, 3.0]])
    assert symgrad.check(f, jnp.asarray(at)).verdict == "refused"
    beside = symgrad.check(f, jnp.asarray(at + 1e-3 * np.array([[0, 1], [1, 0]])))
    assert beside.verdict == "agrees"


COMPLEX = np.random.default_rng(5).standard_normal((2, 3, 3))
V = COMPLEX[1] + 1j * COMPLEX[0]


def hermitian():
    H = COMPLEX[0] + 1j * COMPLEX[1]
    H = H @ H.conj().T + np.eye(3)
    return jnp.asarray((H + H.conj().T) / 2)


def weighed(Y):
    return jnp.sum(Y * V).real


def by_complex_eigh(X, phi):
    w, U = linalg.eigh(X)
    return (U * phi(w)) @ U.conj().T


def of_parts(X):
    squares = lax.complex(X.real**2, X.imag**3)
    return weighed(jnp.where(X.real > 0.3, squares, 2 * X.conj())) + jnp.sum(jnp.abs(X) ** 2)


def of_entries(X):
    Y = X + 5
    roots = jnp.sqrt(Y) + jnp.log(Y + V) + Y**2.5 + 1 / Y
    return weighed(roots + jnp.exp(X / 3) + jnp.tanh(X) + X**-3) + jnp.sum(jnp.angle(X + V) ** 2)


def written_into(X):
    Y = X.at[0, 1].set(2j).at[jnp.array([0, 1, 0])].add(X @ X)
    return weighed(Y.at[jnp.array([2])].multiply(X[:1], unique_indices=True))


def through_loops(X):
    A = lax.fori_loop(0, 3, lambda _, A: A @ X / 4, X)
    _, rows = lax.scan(lambda c, w: (c @ X / 5 + w, c * w), X[0], jnp.asarray(V), reverse=True)
    return lax.cond(linalg.det(X).real > 0, weighed, lambda Y: weighed(Y @ Y), A * rows)


OF_HERMITIAN = {
    f.__name__: f for f in (of_parts, of_entries, written_into, through_loops)
} | {
    "slogdet": lambda X: linalg.slogdet(X)[1],
    "det": lambda X: linalg.det(X).real,
    "eigvalsh": lambda X: jnp.log(linalg.eigvalsh(X)).sum(),
    "log-euclidean": lambda X: weighed(by_complex_eigh(X, jnp.log)),
    "inv": lambda X: weighed(linalg.inv(X)),
    "cholesky": lambda X: weighed(linalg.cholesky(X, upper=True)),
    "triangular solve": lambda X: weighed(jax.scipy.linalg.solve_triangular(X, V, trans=2)),
    "solve": lambda X: (jnp.abs(linalg.solve(X, V)) ** 2).sum(),
    "expm": lambda X: weighed(jax.scipy.linalg.expm(X / 5)),
    "svd": lambda X: (lambda U, S, W: weighed((U * jnp.sqrt(S)) @ W))(*linalg.svd(X @ V)),
    "qr": lambda X: (lambda Q, R: weighed(Q @ R.conj().T))(*linalg.qr(X @ V)),
    "pinv": lambda X: weighed(linalg.pinv(X)),
    "fft": lambda X: (jnp.abs(jnp.fft.fft2(X)) ** 2 * COMPLEX[0]).sum(),
}  # fmt: skip


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", OF_HERMITIAN)
def test_functions_of_a_hermitian_matrix(name):
    report = symgrad.check(OF_HERMITIAN[name], hermitian())
    assert (report.verdict, report.record.conjugation) == ("agrees", "∂Re − i∂Im"), str(report)
    assert report.record.evidence == "traced"


@jax.custom_vjp
def complex_logm(X):
    return by_complex_eigh(X, jnp.log)


def complex_backward(X, G):
    _, back = jax.vjp(lambda Y: by_complex_eigh((Y + Y.conj().T) / 2, jnp.log), X)
    return (SPOIL[0](back(G)[0]),)


complex_logm.defvjp(lambda X: (complex_logm(X), X), complex_backward)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda S: S, ""),
        (lambda S: S * (1 + 1e-16), ""),
        (lambda S: S * (1 + 1e-9), "a factor 1 + 1.0e-09"),
        (lambda S: S + 1e-9 * jnp.diag(jnp.diag(S)), "its own backward is wrong"),
        (jnp.conj, "the wrong sign"),
        (jnp.tril, "one triangle"),
    ],
)
@pytest.mark.sampled(3)
def test_a_custom_vjp_of_complex_numbers_is_judged_and_blamed(monkeypatch, spoil, told):
    monkeypatch.setattr(sys.modules[__name__], "SPOIL", [spoil])
    report = symgrad.check(
        lambda X: weighed(linalg.solve(X, complex_logm(V @ X @ V.conj().T))), hermitian()
    )
    if not told:
        assert (report.verdict, report.blame) == ("agrees", ())
        return
    assert report.verdict == "disagrees"
    (blame,) = report.blame
    assert (blame.name, blame.custom, told in str(blame)) == ("complex_logm", True, True)
    assert blame.line.startswith("test_callables_jax.py:")


def test_the_known_mistake_of_a_complex_solver_is_found_and_blamed():
    """The finding jax-solve-pos-complex."""
    u = jnp.asarray(V[0])

    def f(X, kind):
        return jnp.vdot(u, jax.scipy.linalg.solve(X, u, assume_a=kind)).real

    assert symgrad.check(lambda X: f(X, "her"), hermitian()).verdict == "agrees"
    report = symgrad.check(lambda X: f(X, "pos"), hermitian())
    assert report.verdict == "disagrees"
    assert [blame.name for blame in report.blame] == ["solve"]


REFUSED_OF_COMPLEX = {
    "an eigenvector": (lambda X: linalg.eigh(X)[1][0, 0].real, "the phase of eigenvector 0"),
    "a complex number": (lambda X: X.sum(), "return one real number"),
    "a size at 0": (lambda X: jnp.abs(X - jnp.diag(jnp.diag(X))).sum(), "not finite here"),
    "not known": (lambda X: weighed(jax.scipy.linalg.sqrtm(X)), "not known of complex numbers"),
}


@pytest.mark.parametrize("name", REFUSED_OF_COMPLEX)
def test_what_cannot_be_recorded_of_complex_numbers_is_refused(name):
    f, told = REFUSED_OF_COMPLEX[name]
    report = symgrad.check(f, hermitian())
    assert report.verdict == "refused"
    assert told in report.reason
    assert "\n" not in report.reason


@pytest.mark.slow
def test_complex_numbers_in_single_precision_and_held_constant():
    def held(X):
        return jnp.sum(X * lax.stop_gradient(X).conj()).real

    x = hermitian().astype("complex64")
    report = symgrad.check(lambda X: linalg.slogdet(X)[1], x)
    assert (report.verdict, report.record.dtype) == ("agrees", "complex64")
    for X in (x, hermitian()):
        wrong = symgrad.check(held, X)
        assert wrong.verdict == "disagrees"
        assert {blame.mistake for blame in wrong.blame} == {"held constant"}
    cast = symgrad.check(lambda X: linalg.slogdet(X.astype("complex64"))[1] * 1.0, hermitian())
    assert cast.record.dtype == "complex64"


@pytest.mark.slow
def test_complex_numbers_within_a_function_of_a_real_matrix():
    def f(X):
        return jnp.abs(linalg.det(X + 1j * W)) + (jnp.abs(jnp.fft.rfft(X)) ** 2 * W[:, :3]).sum()

    assert symgrad.check(f, jnp.asarray(spd(4))).verdict == "agrees"
    wrong = symgrad.check(
        lambda X: f(X) * (1 + 1e-9) - 1e-9 * f(lax.stop_gradient(X)), jnp.asarray(spd(4))
    )
    assert wrong.verdict == "disagrees"


@pytest.mark.parametrize("mode", ["jacobian", "jacrev", "jacfwd"])
@pytest.mark.sampled(2)
def test_a_jacobian_as_a_whole(mode):
    @jax.custom_jvp
    def off(X):
        return jnp.linalg.inv(X)

    @off.defjvp
    def off_by_1e_10(given, moved):
        (Y,), (E,) = given, moved
        R = jnp.linalg.inv(Y)
        return R, -R @ E @ R * (1 + 1e-10)

    Y = spd(2)
    assert all(symgrad.check(jnp.linalg.inv, Y, framework="jax", mode=mode))
    wrong = symgrad.check(off, Y, framework="jax", mode=mode)
    assert [report.verdict for report in wrong] == ["disagrees"] * 4


def test_a_state_that_f_keeps_is_seen_though_jax_keeps_its_trace():
    """In steps that are lost in the digits by which replays are told apart."""
    count = itertools.count()
    report = symgrad.check(lambda X: X.sum() * (1 + 1e-9 * next(count)), jnp.eye(2))
    assert (report.verdict, "the second time" in report.reason) == ("refused", True)
    kept = {"scale": 1.0}

    def scaled(X):
        return kept["scale"] * (X * X).sum()

    assert symgrad.check(scaled, jnp.eye(2))
    kept["scale"] = 2.0  # as after a step of an optimizer: another f, and one at each time
    report = symgrad.check(scaled, jnp.eye(2))
    assert (report.verdict, report.exact.value) == ("agrees", 4.0)


@pytest.mark.parametrize("value", [None, "1", {}, 1j, [1.0, 2.0]])
def test_what_is_no_real_number_is_refused(value):
    report = symgrad.check(lambda X: value, jnp.eye(2))
    assert (report.verdict, "return one real number" in report.reason) == ("refused", True)
    assert symgrad.check(lambda X: jnp.array(1, jnp.bfloat16), jnp.eye(2)).verdict == "agrees"


def test_rows_of_numbers_are_taken_though_jax_takes_none():
    rows = spd(2).tolist()
    assert symgrad.check(lambda X: linalg.slogdet(X)[1], rows).record.framework == "jax"


@pytest.mark.parametrize("passes", [10, 10**6])
def test_a_loop_that_is_too_long_says_what_to_do(passes):
    report = symgrad.check(
        lambda X: lax.fori_loop(0, passes, lambda _, s: s + X[0, 0], 0.0), spd(2)
    )
    if passes == 10:
        assert report
    else:
        assert (report.verdict, "check it with fewer" in report.reason) == ("refused", True)
