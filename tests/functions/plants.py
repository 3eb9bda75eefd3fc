"""Ten mistakes in the backward of one step of a function, in each framework.

``own(op)`` is op with a backward of its own: the right cotangent, spoiled.  Where the step is given
a matrix that is symmetric for every X, the right one is symmetrized first, which changes nothing.
"""

import numpy as np

TWICE, MORE, SIGN, TRANSPOSED, TRIANGLE, DOUBLED, HALVED, ENTRY, GAP, HELD = KINDS = (
    "a factor 2",
    "a factor 1 + 1e-9",
    "the sign",
    "transposed",
    "one triangle dropped",
    "doubled off the diagonal",
    "the diagonal halved",
    "one entry off",
    "a gap floor",
    "held constant",
)
SMALL = {"float64": 1e-9, "float32": 1e-3}
FLOOR = 1.5
"""Of the smallest gap of the eigenvalues, so that one or more are floored."""


def weights(kind, n, dtype="float64"):
    """What the entries of the right cotangent (n×n) are multiplied by."""
    one = np.ones((n, n))
    return {
        TWICE: 2 * one,
        MORE: (1 + SMALL[dtype]) * one,
        SIGN: -one,
        TRIANGLE: np.tril(one),
        DOUBLED: 2 - np.eye(n),
        HALVED: one - np.eye(n) / 2,
        ENTRY: one + 0.01 * np.outer(np.arange(n) == 1, np.arange(n) == 0),
    }.get(kind, one)


def spoiled(kind, T, is_symmetric, transpose, array, dtype="float64"):
    """What comes back in place of the right cotangent T (n×n)."""
    if is_symmetric:
        T = (T + transpose(T)) / 2
    return transpose(T) if kind == TRANSPOSED else T * array(weights(kind, T.shape[0], dtype))


def half_held(found, hold):
    """What a step gives, of which one half does not move with X."""
    if isinstance(found, tuple):
        return tuple(half_held(x, hold) for x in found)
    return (found + hold(found)) / 2


def own_of(framework, kind, is_symmetric, dtype="float64"):
    """own(op) of a framework; of no kind, the right backward."""
    return {"torch": of_torch, "jax": of_jax, "tensorflow": of_tensorflow}[framework](
        kind, is_symmetric, dtype
    )


def of_torch(kind, is_symmetric, dtype):
    import torch

    def back(op, Y, w_and_V, G):
        if kind == GAP:
            (w, V), (gw, gV) = w_and_V, G
            gaps = w - w[:, None]
            floor = FLOOR * (w[1:] - w[:-1]).min()
            over = torch.sign(gaps) / torch.clamp(gaps.abs(), min=floor)
            return V @ (torch.diag(gw) + over * (V.T @ gV)) @ V.T
        with torch.enable_grad():
            Z = Y.detach().requires_grad_()
            (T,) = torch.autograd.grad(op(Z), Z, G)
        return spoiled(kind, T, is_symmetric, lambda M: M.T, torch.tensor, dtype)

    def own(op):
        if kind == HELD:
            return lambda Y: half_held(op(Y), lambda x: x.detach())

        class Planted(torch.autograd.Function):
            @staticmethod
            def forward(ctx, Y):
                found = op(Y)
                ctx.save_for_backward(Y, *(found if kind == GAP else ()))
                return found

            @staticmethod
            def backward(ctx, *G):
                Y, *rest = ctx.saved_tensors
                return back(op, Y, rest, G)

        return Planted.apply

    return own


def of_jax(kind, is_symmetric, dtype):
    import jax
    import jax.numpy as jnp

    def back(op, Y, G):
        if kind == GAP:
            w, V = op(Y)
            gaps = w - w[:, None]
            floor = FLOOR * jnp.min(w[1:] - w[:-1])
            over = jnp.sign(gaps) / jnp.maximum(jnp.abs(gaps), floor)
            return V @ (jnp.diag(G[0]) + over * (V.T @ G[1])) @ V.T
        (T,) = jax.vjp(op, Y)[1](G)
        return spoiled(kind, T, is_symmetric, jnp.transpose, jnp.asarray, dtype)

    def own(op):
        if kind == HELD:
            return lambda Y: half_held(op(Y), jax.lax.stop_gradient)

        @jax.custom_vjp
        def planted(Y):
            return op(Y)

        planted.defvjp(lambda Y: (op(Y), Y), lambda Y, G: (back(op, Y, G),))
        return planted

    return own


def of_tensorflow(kind, is_symmetric, dtype):
    import tensorflow as tf

    def back(op, Y, G):
        if kind == GAP:
            w, V = op(Y)
            gaps = w - w[:, None]
            floor = FLOOR * tf.reduce_min(w[1:] - w[:-1])
            over = tf.sign(gaps) / tf.maximum(tf.abs(gaps), floor)
            return V @ (tf.linalg.diag(G[0]) + over * (tf.transpose(V) @ G[1])) @ tf.transpose(V)
        with tf.GradientTape() as tape:
            Z = tf.identity(Y)
            tape.watch(Z)
            found = op(Z)
        T = tape.gradient(found, Z, output_gradients=G if isinstance(found, tuple) else G[0])
        return spoiled(kind, T, is_symmetric, tf.transpose, tf.constant, dtype)

    def own(op):
        if kind == HELD:
            return lambda Y: half_held(op(Y), tf.stop_gradient)

        @tf.custom_gradient
        def planted(Y):
            return op(Y), lambda *G: back(op, Y, G)

        return planted

    return own
