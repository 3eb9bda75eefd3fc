"""Operations of PyTorch whose result is complex: eigenvalues of matrices that are not symmetric.

And Fourier transforms, and roots of complex numbers.
"""

from __future__ import annotations

import math

import numpy as np

from symgrad.numeric.recording import pair_matrices, pairs
from symgrad.numeric.recording.tape import UnsupportedError
from symgrad.numeric.recording.torch_complex import rule
from symgrad.numeric.recording.torch_rules import HIDDEN, Answer, Executed
from symgrad.numeric.recording.torch_storages import Pair


@rule("linalg_eig")
def _eigvals(e: Executed) -> Answer:
    """Real ones, in the order in which PyTorch has them; the vectors are not recorded."""
    if e.given["self"].is_complex():
        raise UnsupportedError("eigenvalues of a complex matrix; of a Hermitian one take eigvalsh")
    given = e.numbers(0)
    if np.any(given.imag):
        raise UnsupportedError("eigenvalues of a real matrix that are complex")
    t = e.tape
    values = t.emit("eigvals", [e.value("self")])[0]
    order = np.argsort(np.argsort(given.real, axis=-1), axis=-1)
    found = t.take(values, np.take_along_axis(values.places, order, -1))
    return Pair(found, t.const(np.zeros(found.shape))), HIDDEN


@rule("_fft_c2c", "_fft_r2c")
def _fourier(e: Executed) -> Answer:
    """``normalization`` is by 1, by √N or by N; of real numbers half of it may be given."""
    a, axes = e.held("self"), e.axes() or ()
    back = not e.get("forward", True)
    a = a if isinstance(a, Pair) else Pair(a, e.tape.const(np.zeros(a.shape)))
    count = math.prod(a.shape[axis] for axis in axes)
    scale = (1.0, 1 / math.sqrt(count), 1 / count)[e.get("normalization", 0)]
    scale *= count if back else 1
    found = pair_matrices.fourier(e.tape, pairs.Pair(*a), axes, back)
    if e.get("onesided", False):
        half = np.arange(e.out.shape[axes[-1]])
        found = [e.tape.take(x, np.take(x.places, half, axes[-1])) for x in found]
    return Pair(*(x if scale == 1 else e.tape.binary("mul", x, scale) for x in found))


@rule("sqrt")
def _sqrt(e: Executed) -> Answer:
    """√(a + ib) = r + ib/2r with r² = (|a + ib| + a)/2, where a > 0."""
    t, a = e.tape, e.held("self")
    assert isinstance(a, Pair)
    if not np.all(t.signs(a.re, "a root of a complex number") > 0):
        raise UnsupportedError("the root of a complex number whose real part is not positive")
    if not a.im.depends and not np.any(a.im.floats):
        return Pair(t.unary("sqrt", a.re), a.im)
    squares = (t.binary("mul", part, part) for part in a)
    size = t.unary("sqrt", t.binary("add", *squares))
    root = t.unary("sqrt", t.binary("mul", t.binary("add", size, a.re), 0.5))
    return Pair(root, t.binary("div", a.im, t.binary("add", root, root)))
