"""Callables of TensorFlow, judged by the graphs that tf.function traces of them."""

import numpy as np
import pytest
import tensorflow as tf

import symgrad

W = np.random.default_rng(7).standard_normal((4, 4))


def spd(n):
    A = np.random.default_rng(3).standard_normal((n, n))
    return (A @ A.T + (A @ A.T).T) / 2 + np.eye(n)


def by_eigh(X, phi):
    w, V = tf.linalg.eigh(X)
    return tf.matmul(V * phi(w), V, transpose_b=True)


def repeated(X):
    return tf.while_loop(lambda i, A: i < 3, lambda i, A: (i + 1, A @ X / 9), [0, X])[1]


FUNCTIONS = {
    "cholesky": lambda X: (
        2 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(tf.linalg.cholesky(X))))
    ),
    "logdet": tf.linalg.logdet,
    "log-euclidean": lambda X: tf.reduce_sum((by_eigh(X, tf.math.log) - W) ** 2),
    "solve": lambda X: tf.reduce_sum(tf.linalg.solve(X, tf.constant(W)) ** 2),
    "inv": lambda X: tf.reduce_sum(tf.linalg.inv(X) * W),
    "expm": lambda X: tf.reduce_sum(tf.linalg.expm(X / 5) * W),
    "svd": lambda X: tf.reduce_sum(tf.linalg.svd(X @ W, compute_uv=False)),
    "einsum": lambda X: tf.einsum("ij,jk,kl->", X, tf.constant(W), X),
    "attention": lambda X: tf.reduce_sum(tf.nn.softmax(X @ W) @ X),
    "where": lambda X: tf.reduce_sum(tf.where(X > 0.3, X, 2 * X)),
    "sort": lambda X: tf.reduce_sum(tf.sort(tf.linalg.eigvalsh(X))[1:]),
    "while_loop": lambda X: tf.reduce_sum(repeated(X)),
    "tf.function": tf.function(lambda X: tf.linalg.logdet(X)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_right_gradient_agrees(name):
    report = symgrad.check(FUNCTIONS[name], tf.constant(spd(4)))
    assert (report.verdict, report.record.evidence) == ("agrees", "traced"), str(report)


@pytest.mark.parametrize("factor", [1.0, 1 + 1e-9])
def test_a_tf_function_that_was_differentiated_is_judged_as_before(factor):
    @tf.custom_gradient
    def square(X):
        return X @ X, lambda G: factor * (G @ tf.transpose(X) + tf.transpose(X) @ G)

    f, X = tf.function(lambda X: tf.linalg.logdet(square(X))), tf.constant(spd(4))
    before = symgrad.check(f, X)
    with tf.GradientTape() as tape:
        tape.watch(X)
        y = f(X)
    assert tape.gradient(y, X) is not None
    after = symgrad.check(f, X)
    assert before.verdict == after.verdict == ("agrees" if factor == 1 else "disagrees")
    assert before.program.steps == after.program.steps


def logm_spoiled_by(spoil):
    @tf.custom_gradient
    def logm(X):
        w, V = tf.linalg.eigh(X)

        def grad(G):
            unit = tf.eye(w.shape[0], dtype=w.dtype)
            logs = tf.math.log(w)
            gaps = w[:, None] - w + unit
            slopes = (logs[:, None] - logs) / gaps * (1 - unit) + tf.linalg.diag(1 / w)
            inner = tf.transpose(V) @ ((G + tf.transpose(G)) / 2) @ V
            return spoil(V @ (slopes * inner) @ tf.transpose(V))

        return tf.matmul(V * tf.math.log(w), V, transpose_b=True), grad

    return lambda X: tf.reduce_sum(logm(X) * W)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda S: S, ""),
        (lambda S: 2 * S - tf.linalg.diag(tf.linalg.diag_part(S)), "is doubled off the diagonal"),
        (lambda S: tf.linalg.band_part(S, -1, 0), "one triangle"),
        (lambda S: S * (1 + 1e-10), "a factor 1 + 1.0e-10"),
    ],
)
def test_a_custom_gradient_is_judged_and_blamed(spoil, told):
    report = symgrad.check(logm_spoiled_by(spoil), tf.constant(spd(4)))
    if not told:
        assert (report.verdict, report.blame) == ("agrees", ())
        return
    assert report.verdict == "disagrees"
    (blame,) = report.blame
    assert (blame.custom, told in str(blame)) == (True, True)


REFUSED = {
    "numpy": (lambda X: tf.reduce_sum(X) * X.numpy()[0, 0], "leaves TensorFlow"),
    "a vector": (lambda X: X[0], "return one real number"),
    "an eigenvector": (lambda X: tf.linalg.eigh(X)[1][0, 0], "the sign of eigenvector"),
}


def test_a_number_that_is_no_tensor_has_failed_and_is_told():
    wrong = symgrad.check(lambda X: 3.0, tf.eye(2, dtype=tf.float64))
    assert (wrong.verdict, "gave a float, not a tensor" in wrong.reason) == ("failed", True)
    assert symgrad.check(lambda X: 3.0 + 0 * X[0, 0], tf.eye(2, dtype=tf.float64))


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_is_refused(name):
    f, told = REFUSED[name]
    report = symgrad.check(f, tf.constant(spd(4)))
    assert report.verdict == "refused"
    assert told in report.reason


def test_what_is_stopped_is_said():
    report = symgrad.check(lambda X: tf.reduce_sum(X * tf.stop_gradient(X)), tf.constant(spd(3)))
    assert report.verdict == "disagrees"
    assert {blame.mistake for blame in report.blame} == {"held constant"}


COMPLEX = np.random.default_rng(5).standard_normal((2, 3, 3))
HERMITIAN = COMPLEX[0] + 1j * COMPLEX[1]
HERMITIAN = HERMITIAN @ HERMITIAN.conj().T + np.eye(3)
HERMITIAN = tf.constant((HERMITIAN + HERMITIAN.conj().T) / 2)
V = COMPLEX[1] + 1j * COMPLEX[0]


def real_sum(Y):
    return tf.math.real(tf.reduce_sum(Y))


def test_equal_eigenvalues_of_a_computed_matrix_are_no_obstacle_where_f_is_smooth():
    def share(X):
        return tf.linalg.eigvalsh(X / tf.linalg.trace(X))

    def loss(X):
        return tf.reduce_sum(tf.math.log(share(X))) + X[0, 1]

    I = tf.eye(3, dtype=tf.float64)  # noqa: E741
    assert symgrad.check(loss, I).verdict == "agrees"
    wrong = symgrad.check(lambda X: loss(X) + 1e-9 * tf.stop_gradient(X[0, 0]), I)
    assert wrong.verdict == "disagrees"
    assert symgrad.check(lambda X: share(X)[-1], I).verdict == "refused"


OF_HERMITIAN = {
    "slogdet": lambda X: tf.math.real(tf.linalg.slogdet(X)[1]),
    "inv": lambda X: real_sum(tf.linalg.inv(X) * V),
    "cholesky": lambda X: real_sum(tf.math.log(tf.linalg.diag_part(tf.linalg.cholesky(X)))),
    "squares": lambda X: tf.reduce_sum(tf.math.abs(X) ** 2),
}


@pytest.mark.parametrize("name", OF_HERMITIAN)
def test_functions_of_a_hermitian_matrix(name):
    report = symgrad.check(OF_HERMITIAN[name], HERMITIAN)
    assert (report.verdict, report.record.conjugation) == ("agrees", "∂Re + i∂Im"), str(report)


def test_the_known_mistake_of_a_complex_root_is_found_and_blamed():
    """The finding tensorflow-sqrtm-complex."""
    report = symgrad.check(lambda X: real_sum(tf.linalg.sqrtm(X) * V), HERMITIAN)
    assert report.verdict == "disagrees"
    assert [blame.name for blame in report.blame] == ["tf.linalg.sqrtm"]


@pytest.mark.slow
def test_a_jacobian_as_a_whole():
    @tf.custom_gradient
    def off(X):
        R = tf.linalg.inv(X)
        return R, lambda G: -R @ G @ R * (1 + 1e-10)  # R is symmetric

    Y = spd(2)
    assert all(symgrad.check(tf.linalg.inv, Y, framework="tensorflow", mode="jacobian"))
    wrong = symgrad.check(off, Y, framework="tensorflow", mode="jacobian")
    assert [report.verdict for report in wrong] == ["disagrees"] * 4
