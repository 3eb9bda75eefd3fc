"""PyTensor: graphs of ``grad`` and ``pushforward`` of one another."""

import pytensor
import pytensor.tensor as pt
from pytensor.gradient import pushforward


def _grad(value, x):
    """What does not depend on X any more has the derivative 0."""
    return pytensor.grad(value, x, disconnected_inputs="ignore")


def _along(y, x, e):
    return pushforward(y, x, e)


def reverse_over_reverse(value, x, e):
    slope = pt.sum(pytensor.grad(value, x) * e)
    return [slope, _grad(slope, x)]


def forward_over_reverse(value, x, e):
    g = pytensor.grad(value, x)
    return [pt.sum(g * e), _along(g, x, e)]


def reverse_over_forward(value, x, e):
    slope = _along(value, x, e)
    return [slope, _grad(slope, x)]


WAYS = {
    "reverse over reverse": reverse_over_reverse,
    "forward over reverse": forward_over_reverse,
    "reverse over forward": reverse_over_forward,
}
