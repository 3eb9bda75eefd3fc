"""TensorFlow: ``tf.GradientTape`` and ``tf.autodiff.ForwardAccumulator`` in one another."""

import tensorflow as tf

from symgrad.numeric.hessians import by_directions

Accumulator = tf.autodiff.ForwardAccumulator


def _inner(g, E):
    return tf.math.real(tf.reduce_sum(g * E))


def _gradient(f, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = f(x)
    return _found(tape.gradient(value, x))


def _found(derivative):
    if derivative is None:
        raise TypeError("TensorFlow found no path from X to the value")
    return tf.convert_to_tensor(derivative)


def _or_zero(derivative, x):
    """What does not depend on X any more has the derivative 0."""
    return tf.zeros_like(x) if derivative is None else tf.convert_to_tensor(derivative)


def reverse_over_reverse(f, x, E):
    with tf.GradientTape() as tape:
        tape.watch(x)
        slope = _inner(_gradient(f, x), E)
    return slope, _or_zero(tape.gradient(slope, x), x)


def forward_over_reverse(f, x, E):
    with Accumulator(x, E) as accumulator:
        g = _gradient(f, x)
    return _inner(g, E), _or_zero(accumulator.jvp(g), x)


def _slope(f, x, E):
    with Accumulator(x, E) as accumulator:
        value = f(x)
    return _found(accumulator.jvp(value))


def reverse_over_forward(f, x, E):
    with tf.GradientTape() as tape:
        tape.watch(x)
        slope = _slope(f, x, E)
    return slope, _or_zero(tape.gradient(slope, x), x)


def forward_over_forward(f, x, E):
    def along(D):
        with Accumulator(x, tf.constant(D, x.dtype)) as accumulator:
            slope = _slope(f, x, E)
        change = accumulator.jvp(slope)
        return 0.0 if change is None else float(change)

    return _slope(f, x, E), tf.constant(by_directions(along, x.numpy()))


def hessian(f, x, E):
    """``tape.jacobian`` of ``tape.gradient``."""
    if x.dtype.is_complex:
        raise NotImplementedError("the Jacobian of the gradient is asked of real matrices")
    with tf.GradientTape() as tape:
        tape.watch(x)
        g = _gradient(f, x)
    H = tape.jacobian(g, x)
    return _inner(g, E), tf.zeros_like(x) if H is None else tf.einsum("ijkl,ij->kl", H, E)


WAYS = {
    "reverse over reverse": reverse_over_reverse,
    "forward over reverse": forward_over_reverse,
    "reverse over forward": reverse_over_forward,
    "forward over forward": forward_over_forward,
    "hessian": hessian,
}


def differentiate_twice(way, f, X, E, dtype):
    """As :meth:`symgrad.numeric.framework.BaseFramework.differentiate_twice`."""
    slope, G = WAYS[way](f, tf.constant(X, dtype), tf.constant(E, dtype))
    return float(slope), tf.cast(G, X.dtype).numpy(), G.dtype.name
