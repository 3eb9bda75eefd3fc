"""PaddlePaddle: ``paddle.grad`` twice."""

import paddle


def reverse_over_reverse(f, x, E):
    (g,) = paddle.grad(f(x), x, create_graph=True)
    slope = (g * E).sum()
    slope = paddle.real(slope) if slope.is_complex() else slope
    if slope.stop_gradient:
        return slope, paddle.zeros_like(x)
    (G,) = paddle.grad(slope, x, allow_unused=True)
    return slope, paddle.zeros_like(x) if G is None else G


WAYS = {"reverse over reverse": reverse_over_reverse}


def differentiate_twice(way, f, X, E, dtype):
    """As :meth:`symgrad.numeric.framework.BaseFramework.differentiate_twice`."""
    x = paddle.to_tensor(X, dtype=dtype, stop_gradient=False)
    slope, G = WAYS[way](f, x, paddle.to_tensor(E, dtype=dtype))
    found = G.numpy() if "complex" in dtype else G.astype("float64").numpy()
    return float(slope), found.astype(X.dtype), str(G.dtype).split(".")[-1]
