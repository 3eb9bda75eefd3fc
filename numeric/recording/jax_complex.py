"""JAX's primitives of complex arrays, by their parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording import jax_scatters as scatters
from symgrad.numeric.recording import pair_entries as entries
from symgrad.numeric.recording import pair_matrices as matrices
from symgrad.numeric.recording.jax_operations import (
    BINARY,
    OPERATIONS,
    SCATTERS,
    UNARY,
    Executed,
    Found,
    check_svd,
    eigenvectors,
    summed,
    triangular,
)
from symgrad.numeric.recording.pairs import (
    Pair,
    adjoint,
    conjugate,
    eigh,
    is_real,
    mirrored,
    part,
    product,
    quotient,
    solved,
    transposed,
)
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value

APART = ("add", "add_any", "sub", "neg", "reduce_sum", "cumsum", "select_n", "stop_gradient")
"""What acts on the real and on the imaginary parts alike."""
ALONG_REALS = (*UNARY, *BINARY, "rsqrt", "square", "exp2", "integer_pow", "pow")
"""What takes a number that has no imaginary part, for all X, to one, where it is defined there."""


def apply_complex(e: Executed) -> Found:
    """The results of a primitive that reads or gives complex arrays.

    Raises:
        UnsupportedError: there is no rule for it.
    """
    if e.name in APART:
        return _apart(e)
    if e.name in ALONG_REALS and all(map(is_real, e.args)) and all(map(is_real, e.told())):
        found = OPERATIONS[e.name](_part(e, 0))
        return Pair.of(e.tape, found) if e.equation.outvars[0].aval.dtype.kind == "c" else found
    if e.name not in COMPLEX:
        raise UnsupportedError(
            "a primitive that is not known of complex numbers; write it by others, or by X.real "
            "and X.imag"
        )
    return COMPLEX[e.name](e)


def _apart(e: Executed) -> Found:
    real, imaginary = (OPERATIONS[e.name](_part(e, k)) for k in (0, 1))
    assert isinstance(real, (Value, np.ndarray))
    assert isinstance(imaginary, (Value, np.ndarray))
    return Pair(e.tape.value(real), e.tape.value(imaginary))


def _part(e: Executed, k: int) -> Executed:
    return e._replace(args=[part(x, k) for x in e.args])


def _pairs(e: Executed) -> list[Pair]:
    return [Pair.of(e.tape, x) for x in e.args]


def _entrywise(function: Callable[..., Any], *more: Any) -> Callable[[Executed], Found]:
    """The rule by a function of the arguments as pairs."""
    return lambda e: function(e.tape, *_pairs(e), *more)


def _compared(e: Executed) -> Found:
    a, b = _pairs(e)
    same = entries.are_equal(e.tape, a, b, e.name)
    return same if e.name == "eq" else ~same


def _log1p(t: Tape, a: Pair) -> Pair:
    return entries.logarithm(t, entries.plus(t, Pair.of(t, np.ones(())), a))


def _expm1(t: Tape, a: Pair) -> Pair:
    return entries.plus(t, entries.exponential(t, a), Pair.of(t, np.ones(())), "sub")


def _logistic(t: Tape, a: Pair) -> Pair:
    less = entries.exponential(t, entries.scaled(t, a, -1.0))
    return entries.reciprocal(t, entries.plus(t, Pair.of(t, np.ones(())), less))


def _cast(e: Executed) -> Found:
    """To a complex dtype, or to the real part."""
    v = Pair.of(e.tape, e.args[0])
    old, new = (np.dtype(x.aval.dtype) for x in (e.equation.invars[0], e.equation.outvars[0]))
    if new.kind not in "fc":
        raise UnsupportedError("a cast of complex numbers to integers")
    if new.itemsize // (1 + (new.kind == "c")) < old.itemsize // (1 + (old.kind == "c")):
        e.tape.casts.append(new.name)
    return v if new.kind == "c" else v.re


def _scattered(e: Executed) -> Found:
    v, u = (Pair.of(e.tape, e.args[k]) for k in (0, 2))
    where = scatters.targets(e.equation, e.args[1])
    name = e.name.replace("_", "-").removeprefix("scatter-")
    return scatters.scattered_complex(e.tape, name, v, where, u)


# linear algebra


def _dot_general(e: Executed) -> Found:
    equation, (a, b) = summed(e), _pairs(e)
    return product(e.tape, a, b, lambda x, y: c.einsum(e.tape, equation, [x, y]))


def _cholesky(e: Executed) -> Found:
    return matrices.cholesky(e.tape, mirrored(e.tape, e.args[0]))


def _eigh(e: Executed) -> Found:
    A = mirrored(e.tape, e.args[0], bool(e.params["lower"]))
    values, vectors = eigh(e.tape, A, eigenvectors(e))
    return [vectors, values]


def _triangular_solve(e: Executed) -> Found:
    t, p, (T, B) = e.tape, e.params, _pairs(e)
    T = matrices.triangle(t, T, p["lower"], p["unit_diagonal"])
    T = transposed(t, T) if p["transpose_a"] else T
    T = conjugate(t, T) if p["conjugate_a"] else T
    if p["left_side"]:
        return solved(t, T, B)
    return transposed(t, solved(t, transposed(t, T), transposed(t, B)))


def _lu(e: Executed) -> Found:
    _, pivots, permutation = e.told()
    return [matrices.lu(e.tape, e.args[0], permutation), pivots, permutation]


def _svd(e: Executed) -> Found:
    t, A = e.tape, e.args[0]
    if not check_svd(e):
        return [matrices.svd(t, A, None, None)[1]]
    _, left, right = e.told()
    U, S, V = matrices.svd(t, A, left, right.swapaxes(-1, -2).conj())
    return [S, U, adjoint(t, V)]


def _qr(e: Executed) -> Found:
    diagonal = np.diagonal(triangular(e), axis1=-2, axis2=-1)
    if np.abs(diagonal.imag).max(initial=0) > 1e-5 * np.abs(diagonal).max(initial=0):
        raise UnsupportedError("a qr whose R has a diagonal that is not real")
    return list(matrices.qr(e.tape, e.args[0], np.sign(diagonal.real)))


def _fourier(e: Executed) -> Found:
    """Of the lengths that the axes have; of real numbers half of it is given."""
    kind, (a,) = jax.lax.FftType(e.params["fft_type"]).name, _pairs(e)
    axes = range(-len(e.params["fft_lengths"]), 0)
    if kind not in ("FFT", "IFFT", "RFFT"):
        raise UnsupportedError("a Fourier transform to real numbers; take the real part of ifft")
    found = matrices.fourier(e.tape, a, axes, kind == "IFFT")
    last = e.equation.outvars[0].aval.shape[-1]
    return Pair(*(e.tape.take(x, x.places[..., :last]) for x in found))


COMPLEX: dict[str, Callable[[Executed], Found]] = {
    "mul": _entrywise(product),
    "div": _entrywise(quotient),
    "square": lambda e: product(e.tape, e.args[0], e.args[0]),
    "integer_pow": lambda e: entries.power(e.tape, e.args[0], e.params["y"]),
    "pow": _entrywise(entries.general_power),
    "exp": _entrywise(entries.exponential),
    "expm1": _entrywise(_expm1),
    "log": _entrywise(entries.logarithm),
    "log1p": _entrywise(_log1p),
    "sqrt": _entrywise(entries.root),
    "rsqrt": _entrywise(lambda t, a: entries.reciprocal(t, entries.root(t, a))),
    **{name: _entrywise(entries.cosine, name) for name in ("cos", "cosh")},
    **{name: _entrywise(entries.sine, name) for name in ("sin", "sinh")},
    "tan": _entrywise(lambda t, a: quotient(t, entries.sine(t, a), entries.cosine(t, a))),
    "tanh": _entrywise(
        lambda t, a: quotient(t, entries.sine(t, a, "sinh"), entries.cosine(t, a, "cosh"))
    ),
    "logistic": _entrywise(_logistic),
    "abs": _entrywise(entries.size),
    "sign": _entrywise(entries.sign),
    "conj": _entrywise(conjugate),
    "real": lambda e: e.args[0].re,
    "imag": lambda e: e.args[0].im,
    "complex": lambda e: Pair(*map(e.tape.value, e.args)),
    **dict.fromkeys(("eq", "ne"), _compared),
    "reduce_prod": lambda e: entries.prod(e.tape, e.args[0], e.params["axes"]),
    "convert_element_type": _cast,
    **dict.fromkeys(SCATTERS, _scattered),
    "dot_general": _dot_general,
    "cholesky": _cholesky,
    "eigh": _eigh,
    "triangular_solve": _triangular_solve,
    "lu": _lu,
    "svd": _svd,
    "qr": _qr,
    "fft": _fourier,
}
