"""The recorder of TensorFlow: what it writes down, what it refuses, the derivative of one call."""

import math

import numpy as np
import pytest
import tensorflow as tf

from symgrad.court.evaluation import evaluate, replay
from symgrad.court.program import read, write
from symgrad.numeric.recording import tensorflow_entries
from symgrad.numeric.recording.tape import UnsupportedError
from symgrad.numeric.recording.tensorflow import record

L, S = tf.linalg, tf.reduce_sum
RNG = np.random.default_rng(11)
FULL = {n: tf.constant(RNG.standard_normal((n, n))) for n in (3, 5)}
ROWS = tf.constant(RNG.standard_normal((4, 5)))
OTHER = {n: RNG.standard_normal((n, n)) for n in (3, 5)}
OTHER = {n: tf.constant(G @ G.T / n + np.eye(n)) for n, G in OTHER.items()}


def spd(n, seed=0):
    G = np.random.default_rng(100 * n + seed).standard_normal((n, n))
    A = G @ G.T / n
    return (A + A.T) / 2 + np.diag(np.arange(1, n + 1) / n)


def hermitian(n, seed=0):
    rng = np.random.default_rng(200 * n + seed)
    G = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
    A = G @ G.conj().T / n
    return (A + A.conj().T) / 2 + np.diag(np.arange(1, n + 1) / n)


def W(X):
    return FULL[X.shape[0]]


def B(X):
    return OTHER[X.shape[0]]


def Z(X):
    return ROWS[:, : X.shape[0]]


def mapped(X, phi):
    w, V = L.eigh(X)
    return L.matmul(V * phi(w), V, transpose_b=True)


def reeig(X):
    w, V = L.eigh(tf.transpose(W(X)) @ X @ W(X))
    return S(V @ L.diag(tf.maximum(w, 0.5)) @ tf.transpose(V) * B(X))


def zca(X):
    Y = Z(X) @ mapped(X, lambda w: tf.math.rsqrt(w + 1e-5))
    return S((tf.transpose(Y) @ Y - tf.eye(X.shape[0], dtype=X.dtype)) ** 2)


def gp(X):
    D = Z(X)[:, None] - Z(X)[None]
    K = tf.exp(-0.5 * tf.einsum("ijk,kl,ijl->ij", D, X, D)) + 0.1 * tf.eye(4, dtype=X.dtype)
    c = L.cholesky(K)
    a = L.cholesky_solve(c, Z(X)[:, :1])
    return S(Z(X)[:, :1] * a) / 2 + S(tf.math.log(L.diag_part(c)))


def kalman(X):
    n = X.shape[0]
    unit = tf.eye(n, dtype=X.dtype)
    P, mean, total, H = unit, tf.zeros(n, X.dtype), tf.constant(0.0, X.dtype), W(X)[:2]
    for k in range(3):
        P, mean = 0.8 * P + X, 0.9 * mean
        K = H @ P @ tf.transpose(H) + tf.eye(2, dtype=X.dtype)
        e = Z(X)[k, :2] - L.matvec(H, mean)
        total -= (L.slogdet(K)[1] + S(e[:, None] * L.solve(K, e[:, None]))) / 2
        gain = tf.transpose(L.solve(K, H @ P))
        mean, P = mean + L.matvec(gain, e), (unit - gain @ H) @ P
    return total


def bures(X):
    root = mapped(B(X), tf.sqrt)
    return L.trace(X) + L.trace(B(X)) - 2 * S(tf.sqrt(L.eigvalsh(root @ X @ root)))


def affine_invariant(X):
    c = L.cholesky(B(X))
    Y = L.triangular_solve(c, tf.transpose(L.triangular_solve(c, X)))
    return tf.sqrt(S(tf.math.log(L.eigvalsh(Y)) ** 2))


def newton_schulz(X):
    size = tf.norm(X)
    Y, M, unit = X / size, tf.eye(X.shape[0], dtype=X.dtype), tf.eye(X.shape[0], dtype=X.dtype)
    for _ in tf.range(6):
        T = 0.5 * (3.0 * unit - M @ Y)
        Y, M = Y @ T, T @ M
    return S(Y * W(X)) * tf.sqrt(size)


def sinkhorn(X):
    K = tf.exp(-X)
    u = tf.ones(X.shape[0], X.dtype)
    for _ in range(4):
        v = 1 / L.matvec(K, u, transpose_a=True)
        u = 1 / L.matvec(K, v)
    return S(u[:, None] * K * v * X)


def attention(X):
    scores = L.matmul(X @ W(X), X, transpose_b=True) / math.sqrt(X.shape[0])
    return S(tf.nn.softmax(scores) @ X)


def layer_norm(X):
    mean, var = tf.nn.moments(X @ W(X), axes=[-1], keepdims=True)
    return S(tf.nn.gelu((X @ W(X) - mean) / tf.sqrt(var + 1e-5)) * W(X))


def connectivity(X):
    A = tf.abs(X) * (1 - tf.eye(X.shape[0], dtype=X.dtype))
    return L.eigvalsh(L.diag(S(A, axis=1)) - A)[1]


def generalized(X):
    c = L.inv(L.cholesky(X))
    return tf.reduce_max(L.eigvalsh(c @ B(X) @ tf.transpose(c)))


def scattered(X):
    n = X.shape[0]
    K = tf.concat([tf.concat([X, 0 * X], 1), tf.concat([0 * X, 2 * X], 1)], 0)
    K = L.set_diag(K, L.diag_part(K) + 8.0)
    K = tf.tensor_scatter_nd_add(K, [[0, 0], [0, 0]], [X[0, 1], X[1, 2]])
    K = tf.tensor_scatter_nd_update(K, [[n, n]], [20 + X[0, 0]])
    return L.slogdet(K)[1] + S(tf.scatter_nd([[1], [1]], X[:2], [3, n]) ** 2)


def moved(X):
    Y = tf.reverse(tf.pad(X[::-1, 1:], [[1, 0], [0, 2]]), [0])
    parts = tf.split(tf.tile(tf.reshape(X, [-1]), [2]), 2)
    gathered = tf.gather(X, [1, 0, 1]) + tf.gather_nd(X, [[0, 1]])
    return S(Y * Y) + S(tf.stack(parts)[0, 1:3] ** 3) + S(gathered**2) + S(tf.roll(X, 1, 0) * X)


def chosen(X):
    big = S(tf.where(X > 0.3, X, 0.1 * X) * W(X))
    return big + S(tf.clip_by_value(X, -0.5, 0.5) ** 2) + S(tf.nn.relu(X - 0.2) ** 2)


def ordered(X):
    best = tf.math.top_k(tf.reshape(X, [-1]), 1).values
    rows = tf.gather(X, tf.argsort(L.diag_part(X)))
    return S(tf.sort(L.diag_part(X))[:2] ** 2) + S(best) + rows[0, 1] + X[tf.argmax(X[0])][0]


def norms(X):
    columns = tf.reduce_max(S(tf.abs(X), axis=0))
    return tf.norm(X) + columns + tf.norm(X, 1) + tf.norm(X, 3) + tf.norm(X, np.inf)


def power_until(X):
    v = tf.ones(X.shape[0], X.dtype) / math.sqrt(X.shape[0])
    old, new = tf.constant(0.0, X.dtype), S(v * L.matvec(X, v))
    while tf.abs(new - old) > 1e-3:
        w = L.matvec(X, v)
        old, new, v = new, S(v * w), w / tf.norm(w)
    return new


def branched(X):
    if S(X) > 0:
        return L.logdet(X)
    return S(X * X)


def switched(X):
    return tf.switch_case(tf.cast(X[0, 0] > 0, tf.int32), [lambda: S(X), lambda: S(X @ X)])


def listed(X):
    rows, Y = tf.TensorArray(X.dtype, size=3), X
    for k in tf.range(3):
        Y = Y @ X / 9
        rows = rows.write(k, Y)
    return S(rows.stack() * tf.cast(tf.range(1, 4), X.dtype)[:, None, None])


def scanned(X):
    each = tf.map_fn(tf.norm, X)
    return S(each) + S(tf.scan(lambda a, row: a / 2 + row, X) ** 2)


def vectorized(X):
    return tf.reduce_logsumexp(tf.vectorized_map(lambda z: S(z * L.matvec(X, z)), Z(X)))


def batched(X):
    Y = tf.stack([X, 2 * X, X @ X])
    return S(L.logdet(Y)) + S(L.inv(Y) * W(X)) + S(L.eigvalsh(Y)[:, 0]) + S(L.cholesky(Y) * W(X))


def by_qr(X):
    q, r = L.qr(X @ W(X))
    return S(tf.math.log(tf.abs(L.diag_part(r)))) + S(q @ tf.transpose(q[:2]) ** 2)


def by_lu(X):
    lu, order = L.lu(X)
    return S(L.lu_solve(lu, order, W(X))) + S(tf.math.log(tf.abs(L.diag_part(lu))))


def by_svd(X):
    s, u, v = L.svd(X @ W(X))
    return S(tf.math.log(s)) + S(u @ tf.transpose(v) * B(X))


def operator(X):
    of = L.LinearOperatorFullMatrix(X, is_self_adjoint=True, is_positive_definite=True)
    return of.log_abs_determinant() + S(of.solve(W(X)) ** 2)


@tf.function
def inner(X):
    return X @ X


DENSE = tf.keras.layers.Dense(3, activation="tanh", dtype="float64")
SCALE = tf.Variable(1.5, dtype=tf.float64)

FUNCTIONS = {
    "gaussian": lambda X: S(L.triangular_solve(L.cholesky(X), W(X)) ** 2) + L.logdet(X),
    "wishart": lambda X: 2 * L.slogdet(X)[1] - L.trace(L.solve(B(X), X)),
    "log-euclidean": lambda X: tf.norm(mapped(X, tf.math.log) - mapped(B(X), tf.math.log)) ** 2,
    "stein": lambda X: L.logdet((X + B(X)) / 2) - L.slogdet(X @ B(X))[1] / 2,
    "cayley": lambda X: S(W(X) * L.solve(X + tf.eye(X.shape[0], dtype=X.dtype), X @ X)),
    "projector": lambda X: (lambda V: S(V @ tf.transpose(V) * W(X)))(L.eigh(X)[1][:, 1:]),
    "entropy": lambda X: -S(tf.math.xlogy(*[L.eigvalsh(X / L.trace(X))] * 2)),
    "student": lambda X: S(tf.math.log1p(tf.einsum("ki,ij,kj->k", Z(X), L.inv(X), Z(X)))),
    "einsum": lambda X: tf.einsum("ij,jk,ki->", X, W(X), X @ X) + tf.einsum("ii", X),
    "ellipsis": lambda X: S(tf.einsum("...ij,jk->...ik", tf.stack([X, X @ X]), W(X)) ** 2),
    "triangles": lambda X: S(L.band_part(X, -1, 0) @ L.band_part(X, 0, -1) * W(X)),
    "expm": lambda X: S(W(X) * L.expm(X)),
    "sqrtm": lambda X: S(W(X) * L.sqrtm(X @ X + B(X))),
    "logm": lambda X: S(W(X) * tf.math.real(L.logm(tf.cast(X, tf.complex128)))),
    "pinv": lambda X: S(W(X) * L.pinv(X)),
    "lstsq": lambda X: S(L.lstsq(X, W(X)) * W(X)) + S(L.lstsq(X, W(X), fast=False)),
    "det": lambda X: L.det(X @ W(X) + 4 * B(X)),
    "condition": lambda X: (lambda s: tf.math.log(s[0] / s[-1]))(L.svd(X, compute_uv=False)),
    "wide svd": lambda X: S(L.svd(X[:2], compute_uv=False) * tf.constant([2.0, 1.0], X.dtype)),
    "cumulated": lambda X: (
        S(tf.cumsum(X, 1, exclusive=True) * W(X)) + S(tf.cumsum(X, reverse=True))
    ),
    "products": lambda X: S(tf.math.cumprod(X + 2, 1)) + tf.reduce_prod(X[0] + 2),
    "activations": lambda X: S(tf.nn.silu(X) + tf.nn.elu(-X) + tf.nn.selu(-X) + tf.nn.softplus(X)),
    "cross entropy": lambda X: S(
        tf.nn.softmax_cross_entropy_with_logits(tf.nn.softmax(W(X)), X)
        + tf.nn.sparse_softmax_cross_entropy_with_logits(tf.range(X.shape[0]), X)
    ),
    "segments": lambda X: S(tf.math.unsorted_segment_sum(X[:3], [1, 0, 1], 2) ** 3),
    "fourier": lambda X: S(tf.math.log1p(tf.abs(tf.signal.fft2d(tf.cast(X, tf.complex128))) ** 2)),
    "statistics": lambda X: tf.math.reduce_std(tf.sigmoid(X)) + tf.reduce_mean(tf.math.erf(X)),
    "variable": lambda X: SCALE * S(X @ X),
    "keras": lambda X: S(DENSE(X[:, :3]) ** 2),
    "tf.function": lambda X: S(inner(X) * W(X)),
    "of float32": lambda X: S(tf.cast(tf.cast(X, tf.float32), tf.float64) ** 2),
    **{
        f.__name__: f
        for f in (
            *(reeig, zca, gp, kalman, bures, affine_invariant, newton_schulz, sinkhorn, attention),
            *(layer_norm, connectivity, generalized, scattered, moved, chosen, ordered, norms),
            *(power_until, branched, switched, listed, scanned, vectorized, batched, by_qr, by_lu),
            *(by_svd, operator),
        )
    },
}


def called(f, X):
    return float(f(tf.constant(X)))


def value_of(program, *X):
    return float(replay(program, *X)[program.output])


def flips(program, *X):
    """Whether a decision falls otherwise at X."""
    values = replay(program, *X)
    guards = [step for step in program.steps if step.operation == "guard"]
    signs = (np.sign(values[step.inputs[0]]).ravel().tolist() for step in guards)
    return any(list(step.signs) != found for step, found in zip(guards, signs, strict=True))


@pytest.mark.sampled(24)
@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_replay_is_the_function(name, n):
    f, X = FUNCTIONS[name], spd(n)
    program = read(write(record(f, X, "float64").program))
    rtol = 1e-6 if program.casts else 1e-9
    assert value_of(program, X) == pytest.approx(called(f, X), rel=rtol)
    near = X + 0.01 * (B(tf.constant(X)).numpy() - np.eye(n))
    if not flips(program, near):
        assert value_of(program, near) == pytest.approx(called(f, near), rel=rtol)
        assert value_of(program, near) != pytest.approx(called(f, X), rel=1e-7)


@pytest.mark.slow
def test_most_functions_decide_alike_beside_the_point():
    """So the test above compares them there."""
    near = spd(3) + 0.01 * (OTHER[3].numpy() - np.eye(3))
    flipping = [
        name for name, f in FUNCTIONS.items() if flips(record(f, spd(3), "float64").program, near)
    ]
    assert len(flipping) <= 4, flipping


@pytest.mark.parametrize("name", ["gaussian", "kalman", "attention", "zca", "batched"])
def test_in_float32_the_record_is_of_the_same_numbers(name):
    def f(X):
        return tf.cast(FUNCTIONS[name](tf.cast(X, tf.float64)), tf.float32)

    X = spd(3).astype(np.float32).astype(float)
    program = record(f, X, "float32").program
    assert program.dtype == "float32"
    assert value_of(program, X) == pytest.approx(called(FUNCTIONS[name], X), rel=1e-12)


# calls


def calls_of(f, X=None):
    program = record(f, spd(3) if X is None else X, "float64").program
    return [(call.name, call.custom) for call in program.calls], program


def test_linear_algebra_stays_one_step_and_one_call():
    def f(X):
        return L.logdet(X) + S(L.inv(X)) + L.det(X) + L.eigh(X)[0][0] + S(L.solve(X, W(X)))

    calls, program = calls_of(f)
    names = [name for name, _ in calls]
    steps = [step.operation for step in program.steps]
    for name in ("cholesky", "inv", "det", "eigh", "solve"):
        assert names.count(f"tf.linalg.{name}") == 1
    assert [steps.count(k) for k in ("cholesky", "det", "eigh", "solve")] == [1, 1, 1, 2]


def test_calls_have_the_lines_of_the_user():
    def f(X):
        w = L.eigvalsh(X)
        return S(tf.math.log(w))

    first = f.__code__.co_firstlineno
    _, program = calls_of(f)
    lines = {call.name: call.line for call in program.calls}
    assert lines["tf.linalg.eigh"] == f"test_recording_tensorflow.py:{first + 1}"
    assert lines["tf.reduce_sum"] == f"test_recording_tensorflow.py:{first + 2}"


def test_the_lines_of_a_loop_are_those_of_its_body():
    def f(X):
        Y = X
        for _ in tf.range(2):
            Y = Y @ X
        return S(Y)

    first = f.__code__.co_firstlineno
    _, program = calls_of(f)
    products = [call for call in program.calls if call.name == "tf.linalg.matmul"]
    assert [c.line for c in products] == [f"test_recording_tensorflow.py:{first + 3}"] * 2


def test_only_one_triangle_is_read():
    def f(X):
        return S(L.eigvalsh(X)[:2]) + S(L.cholesky(X) * W(X))

    program = record(f, spd(3), "float64").program
    skew = spd(3) + np.triu(np.full((3, 3), 0.05), 1)
    assert value_of(program, skew) == pytest.approx(value_of(program, spd(3)), rel=1e-12)
    other = record(lambda X: f(tf.transpose(X)), spd(3), "float64").program
    assert value_of(other, skew) != pytest.approx(value_of(other, spd(3)), rel=1e-3)


def test_what_is_not_differentiated_is_held():
    _, program = calls_of(lambda X: S(tf.stop_gradient(X) * X))
    assert [step.operation for step in program.steps].count("hold") == 1
    _, program = calls_of(lambda X: S(X * X))
    assert [step.operation for step in program.steps].count("hold") == 0


def test_decisions_are_guards():
    _, program = calls_of(branched)
    (guard,) = [step for step in program.steps if step.operation == "guard"]
    assert (guard.signs, guard.note) == ((1,), "Greater")
    _, program = calls_of(lambda X: S(X * X))
    assert not [step for step in program.steps if step.operation == "guard"]


def test_narrower_floats_are_noted():
    assert calls_of(FUNCTIONS["of float32"])[1].casts == ("float32",)
    assert calls_of(lambda X: S(tf.cast(X, tf.float64)))[1].casts == ()


def test_random_numbers_with_a_seed_are_noted():
    def f(X):
        return S(X * tf.random.stateless_normal(X.shape, [1, 2], dtype=X.dtype))

    _, program = calls_of(f)
    assert any("tf.random.stateless_normal (test_recording" in note for note in program.folded)
    assert calls_of(lambda X: S(X * W(X)))[1].folded == ()


# one call, differentiated alone


def slopes(program, call, X, h=1e-6):
    """Of one call: the slopes of the sum of what it gives, by differences along each entry."""
    about, values = program.calls[call], replay(program, *X)

    def given(changed):
        held, number = dict(enumerate(values)) | changed, 0
        for step in program.steps:
            if step.call == call:
                outputs = evaluate(step, [held[k] for k in step.inputs])
                held |= {number + k: x for k, x in enumerate(outputs)}
            number += len(step.shapes)
        return sum(float(np.sum(held[k])) for k in about.outputs)

    found = []
    for k in about.inputs:
        slope = np.zeros(values[k].shape)
        for place in np.ndindex(slope.shape):
            E = np.zeros(slope.shape)
            E[place] = h
            slope[place] = (given({k: values[k] + E}) - given({k: values[k] - E})) / (2 * h)
        found.append(slope)
    return found


PULLED = {
    "tf.linalg.solve": lambda X: S(L.solve(X, X @ W(X)) ** 2),
    "tf.linalg.inv": lambda X: S(L.inv(X) ** 2),
    "tf.linalg.matmul": lambda X: S((X @ X) ** 2),
    "tf.linalg.det": lambda X: L.det(X) ** 2,
    "tf.linalg.triangular_solve": lambda X: S(L.triangular_solve(X, W(X)) ** 2),
    "tf.concat": lambda X: S(tf.concat([X, W(X), 2 * X], 0) ** 2),
    "tf.nn.softmax": lambda X: S(tf.nn.softmax(X) * W(X)),
    "tf.einsum": lambda X: S(tf.einsum("ij,kj->ik", X, X) ** 2),
    "tf.nn.silu": lambda X: S(tf.nn.silu(X) * W(X)),
    "tf.abs": lambda X: S(tf.abs(tf.complex(X, X @ X)) ** 2),
}


@pytest.mark.parametrize("name", PULLED)
def test_the_pullback_of_one_call(name):
    recording = record(PULLED[name], spd(3), "float64")
    program = recording.program
    call = [c.name for c in program.calls].index(name)
    shapes = [program.shapes[k] for k in program.calls[call].outputs]
    found = recording.pullback(call, [np.ones(shape) for shape in shapes])
    for told, slope in zip(found, slopes(program, call, (spd(3),)), strict=True):
        np.testing.assert_allclose(told, slope, rtol=1e-5, atol=1e-7)


def by_custom(factor):
    @tf.custom_gradient
    def square(Y, Z):
        return Y @ Z, lambda G: (factor * G @ tf.transpose(Z), factor * tf.transpose(Y) @ G)

    return square


@pytest.mark.parametrize("where", ["plain", "in a loop", "in a function"])
def test_a_custom_gradient_is_one_call_and_its_own_is_asked(where):
    square = by_custom(3.0)

    def plain(X):
        return S(square(X, W(X)) ** 2)

    def looped(X):
        Y = X
        for _ in tf.range(1):
            Y = square(Y, W(X))
        return S(Y**2)

    called_within = tf.function(lambda X: square(X, W(X)))
    f = {"plain": plain, "in a loop": looped, "in a function": lambda X: S(called_within(X) ** 2)}
    recording = record(f[where], spd(3), "float64")
    program = recording.program
    (call,) = [k for k, c in enumerate(program.calls) if c.custom]
    assert program.calls[call].name == "square"
    assert [step.operation for step in program.steps if step.call == call] == ["matmul"]
    assert value_of(program, spd(3, 1)) == pytest.approx(called(f[where], spd(3, 1)), rel=1e-12)
    G = np.arange(9.0).reshape(3, 3)
    (told,) = recording.pullback(call, [G])
    np.testing.assert_allclose(told, 3 * G @ FULL[3].numpy().T, rtol=1e-12)


def test_custom_gradients_one_after_the_other_and_given_the_same_twice():
    square = by_custom(2.0)
    recording = record(lambda X: S(square(square(X, X), X)), spd(3), "float64")
    calls = [k for k, c in enumerate(recording.program.calls) if c.custom]
    assert len(calls) == 2
    (told,) = recording.pullback(calls[0], [np.eye(3)])
    np.testing.assert_allclose(told, 4 * spd(3), rtol=1e-12)


def test_a_gradient_that_is_reversed():
    @tf.custom_gradient
    def reverse(Y):
        return Y, lambda G: -G

    recording = record(lambda X: S(reverse(X) @ W(X)), spd(3), "float64")
    (call,) = [k for k, c in enumerate(recording.program.calls) if c.custom]
    (told,) = recording.pullback(call, [np.eye(3)])
    np.testing.assert_array_equal(told, -np.eye(3))


def test_a_call_without_a_derivative_is_said_to_have_none():
    recording = record(FUNCTIONS["logm"], spd(3), "float64")
    program = recording.program
    call = [c.name for c in program.calls].index("tf.linalg.logm")
    with pytest.raises(UnsupportedError, match="MatrixLogarithm"):
        recording.pullback(call, [np.ones((3, 3))] * len(program.calls[call].outputs))


# Hermitian matrices

C = tf.constant(hermitian(3, 7) @ np.diag([1, 2, 3]))
HERMITIAN = {
    "logdet": lambda X: tf.math.real(L.logdet(X)),
    "slogdet": lambda X: tf.math.real(L.slogdet(X)[1]),
    "det": lambda X: tf.math.real(L.det(X)),
    "inv": lambda X: tf.math.real(S(L.inv(X) * C)),
    "solve": lambda X: S(tf.abs(L.solve(X, C, adjoint=True)) ** 2),
    "triangular": lambda X: S(tf.abs(L.triangular_solve(L.cholesky(X), C)) ** 2),
    "eigvalsh": lambda X: S(tf.math.real(L.eigvalsh(X)) * tf.constant([1.0, 2, 4], tf.float64)),
    "projector": lambda X: (lambda V: tf.math.real(L.trace(L.matmul(V, V, adjoint_b=True) @ C)))(
        L.eigh(X)[1][:, 1:]
    ),
    "logm": lambda X: tf.math.real(S(L.logm(X) * C)),
    "sqrtm": lambda X: tf.math.real(S(L.sqrtm(X) * C)),
    "expm": lambda X: tf.math.real(S(L.expm(X / 4) * C)),
    "svd": lambda X: tf.reduce_max(L.svd(X @ C, compute_uv=False)),
    "norm": lambda X: tf.math.real(tf.norm(X)),
    "parts": lambda X: S(tf.math.imag(X * C) ** 2) + S(tf.abs(tf.math.conj(X) / (X + 3.0))),
    "einsum": lambda X: tf.math.real(tf.einsum("ij,jk->", X, C)),
    "log": lambda X: S(tf.abs(tf.math.log(X + 5.0))) + S(tf.math.angle(X + 5.0) ** 2),
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", HERMITIAN)
def test_of_hermitian_matrices_too(name):
    f, X, near = HERMITIAN[name], hermitian(3), hermitian(3) + 0.01 * hermitian(3, 1)
    program = record(f, X, "complex128").program
    assert [step.operation for step in program.steps].count("input") == 2
    assert value_of(program, X.real, X.imag) == pytest.approx(called(f, X), rel=1e-9)
    assert value_of(program, near.real, near.imag) == pytest.approx(called(f, near), rel=1e-9)


@pytest.mark.parametrize("name", ["inv", "projector", "triangular", "parts"])
def test_the_pullbacks_of_complex_calls_chain_to_the_derivative(name):
    X, E = hermitian(3), hermitian(3, 5) - hermitian(3, 6)
    recording = record(HERMITIAN[name], X, "complex128")
    program = recording.program
    held = {program.output: np.array(1.0)}
    for call in range(len(program.calls) - 1, -1, -1):
        about = program.calls[call]
        given = [held.pop(k, np.zeros(program.shapes[k])) for k in about.outputs]
        if about.inputs:
            for k, G in zip(about.inputs, recording.pullback(call, given), strict=True):
                held[k] = held.get(k, 0) + G
    told = np.sum(held[0] * E.real) + np.sum(held[1] * E.imag)
    ahead, back = (called(HERMITIAN[name], X + h * E) for h in (1e-6, -1e-6))
    assert told == pytest.approx((ahead - back) / 2e-6, rel=1e-5)


# what is refused

GENERATOR = tf.random.Generator.from_seed(1)
ASSIGNED = tf.Variable(1.0, dtype=tf.float64)
COUNT = [0.0]


def by_assignment(X):
    ASSIGNED.assign_add(1.0)
    return S(X) * ASSIGNED


def by_count(X):
    COUNT[0] += 1
    return S(X) * COUNT[0]


def differentiated_within(X):
    with tf.GradientTape() as tape:
        tape.watch(X)
        y = S(X @ X)
    return S(tape.gradient(y, X))


def raising(X):
    raise ValueError("of the user's own")


def too_long(X):
    total = tf.constant(0.0, X.dtype)
    for _ in tf.range(10_001):
        total += 1.0
    return total * S(X)


REFUSED = {
    "numpy()": (lambda X: S(X) * X[0, 0].numpy(), "leaves TensorFlow.*keep it a tensor"),
    "NumPy": (lambda X: tf.constant(np.linalg.det(X)), "leaves TensorFlow"),
    "a branch of Python": (
        tf.autograph.experimental.do_not_convert(lambda X: S(X) if S(X) > 0 else X[0, 0]),
        "leaves TensorFlow",
    ),
    "py_function": (
        lambda X: tf.py_function(tf.reduce_sum, [X], tf.float64),
        r"tf.py_function \(test_recording_tensorflow.py:\d+\) calls Python",
    ),
    "numpy_function": (lambda X: tf.numpy_function(np.sum, [X], tf.float64), "tf.numpy_function"),
    "no rule": (lambda X: S(tf.math.bessel_i0(X)), r"BesselI0 \(test_.*no rule.*write it"),
    "a vector": (lambda X: X[0], r"an array of the shape \(3,\)"),
    "two": (lambda X: (S(X), X), "returned a tuple"),
    "an integer": (lambda X: tf.cast(S(X), tf.int32), "int32; return a real one"),
    "a complex number": (lambda X: tf.cast(S(X), tf.complex128), "complex128"),
    "what it raises": (raising, "it raised ValueError: of the user's own"),
    "random numbers": (
        lambda X: S(X * tf.random.normal(X.shape, dtype=X.dtype)),
        "the second time.*tf.random.normal",
    ),
    "random numbers of NumPy": (
        lambda X: S(X * np.random.standard_normal(X.shape)),
        "the second time.*random numbers",
    ),
    "a generator": (lambda X: S(X) * GENERATOR.normal([], dtype=X.dtype), "draws random numbers"),
    "a clock": (lambda X: S(X) * tf.timestamp(), "Timestamp.*changes"),
    "a state": (by_count, "the second time"),
    "a variable": (by_assignment, "a variable is assigned to"),
    "a derivative within": (differentiated_within, "of a derivative that TensorFlow takes"),
    "a long loop": (too_long, "more than 10000 passes"),
    "not positive definite": (lambda X: S(L.cholesky(-X)), "Cholesky|cholesky"),
    "not symmetric": (lambda X: S(L.sqrtm(X @ B(X))), "not symmetric"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_refusals_are_one_line_and_say_what_to_do(why):
    f, told = REFUSED[why]
    with pytest.raises(UnsupportedError, match=told) as refused:
        record(f, spd(3), "float64", label="my_loss")
    assert str(refused.value).startswith("my_loss")
    assert "\n" not in str(refused.value)


def test_a_neighbour_that_is_another_function_is_refused():
    """What is computed once, where it is traced first, is a constant of the record alone."""

    def f(X):
        if tf.executing_eagerly():
            return S(X) * 2
        return S(X)

    with pytest.raises(UnsupportedError, match="off X f is"):
        record(f, spd(3), "float64")


def test_what_computes_something_else_than_was_recorded_is_refused(monkeypatch):
    monkeypatch.setitem(tensorflow_entries.UNARY, "Sin", "cos")
    with pytest.raises(UnsupportedError, match=r"tf.raw_ops.Sin \(test.*something else"):
        record(lambda X: S(tf.sin(X)), spd(3), "float64")


def test_the_callers_state_is_left_as_it_is(capfd):
    X = spd(3)
    before, drawn = X.copy(), np.random.get_state()[1].copy()
    level, generator = tf.get_logger().level, GENERATOR.state.numpy().copy()
    record(gp, X, "float64")
    for why in ("a variable", "a generator"):
        with pytest.raises(UnsupportedError):
            record(REFUSED[why][0], X, "float64")
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(np.random.get_state()[1], drawn)
    np.testing.assert_array_equal(GENERATOR.state.numpy(), generator)
    assert (tf.get_logger().level, float(ASSIGNED)) == (level, 1.0)
    assert tf.executing_eagerly()
    assert capfd.readouterr().out == ""
