"""The functions of NumPy and SciPy on complex arrays, by their parts; which rule one has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symgrad.numeric.recording import pair_entries as entries
from symgrad.numeric.recording.numpy_arguments import plain
from symgrad.numeric.recording.numpy_complex_matrices import COMPLEX_MATRICES
from symgrad.numeric.recording.numpy_moves import JOINS
from symgrad.numeric.recording.numpy_products import PRODUCTS
from symgrad.numeric.recording.numpy_rules import Executed, Rule, unused
from symgrad.numeric.recording.numpy_ufuncs import METHODS, UFUNCS
from symgrad.numeric.recording.pairs import Pair, conjugate, multilinear, part, product, quotient
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value

APART = {
    *JOINS,
    *(np.add, np.subtract, np.negative, np.positive),
    *(np.sum, np.mean, np.trace, np.linalg.trace, np.cumsum, np.diff),
} - {np.real_if_close, np.nan_to_num}
"""What acts on the real and on the imaginary parts alike."""


def of_complex(func: Any, rule: Rule | None, given: Sequence[Any], out: Any) -> Rule | None:
    """The rule of a function that reads or gives complex numbers; of any other the one it has.

    Raises:
        UnsupportedError: there is none.
    """
    if not _is_complex([*given, out]):
        return rule
    if func in APART and rule is not METHODS["outer"] and rule is not None:
        return _apart(rule)
    if func not in COMPLEX or rule in METHODS.values():
        raise UnsupportedError(
            "it is not known of complex numbers; write it by others, or by X.real and X.imag"
        )
    return COMPLEX[func]


def _is_complex(x: Any) -> bool:
    """Whether complex numbers are among these."""
    if isinstance(x, (list, tuple)):
        return any(map(_is_complex, x))
    numbers = plain(x)
    return isinstance(numbers, complex) or getattr(numbers, "dtype", np.dtype(bool)).kind == "c"


class _Part(Executed):
    """A call on one of the parts alone."""

    def __init__(self, e: Executed, k: int) -> None:
        super().__init__(e.recorder, e.func, _part_of(e.out, k))
        self.whole, self.k = e, k

    def held(self, x: Any) -> Value:
        """The part of an argument."""
        return x if isinstance(x, Value) else self.whole.pair(x)[self.k]


def _part_of(out: Any, k: int) -> Any:
    return [part(x, k) for x in out] if isinstance(out, (list, tuple)) else part(out, k)


def _apart(rule: Rule) -> Rule:
    def both(e: Executed, *args: Any, **kwargs: Any) -> Any:
        real, imaginary = (rule(_Part(e, k), *args, **kwargs) for k in (0, 1))
        if isinstance(real, list):
            return [Pair(*two) for two in zip(real, imaginary, strict=True)]
        return Pair(real, imaginary)

    return both


# entry by entry


def _entrywise(function: Callable[..., Any], *more: Any) -> Rule:
    """The rule by a function of the arguments as pairs."""

    def rule(e: Executed, *given: Any, **options: Any) -> Any:
        unused(**options)
        return function(e.tape, *map(e.pair, given), *more)

    return rule


def _square(t: Tape, a: Pair) -> Pair:
    return product(t, a, a)


def _over(numerator: Rule, denominator: Rule) -> Rule:
    return lambda e, x: quotient(e.tape, numerator(e, x), denominator(e, x))


def _compared(e: Executed, a: Any, b: Any, **options: Any) -> None:
    unused(**options)
    same = entries.are_equal(e.tape, e.pair(a), e.pair(b), e.func.__name__)
    if not np.array_equal(same if e.func is np.equal else ~same, e.out):
        raise UnsupportedError("it comes out otherwise in float64; give an X farther from the tie")


def _finite(e: Executed, x: Any) -> None:
    e.held(x)


def _angle(e: Executed, z: Any, deg: bool = False) -> Value:
    if deg:
        raise UnsupportedError("an angle in degrees; multiply by 180/np.pi")
    a = e.pair(z)
    return entries.angle(e.tape, a.im, a.re)


def _prod(e: Executed, a: Any, axis: Any = None, keepdims: Any = False, **options: Any) -> Pair:
    unused(**options)
    v, axes = e.pair(a), e.axes(axis)
    return entries.prod(e.tape, v, range(len(v.shape)) if axes is None else axes)


# products


def _linear(rule: Rule, conjugates: bool = False) -> Rule:
    """The rule of a product of two; ``conjugates``: of the first one's conjugate."""

    def both(e: Executed, a: Any, b: Any, *more: Any, **options: Any) -> Pair:
        x, y = e.pair(a), e.pair(b)
        x = conjugate(e.tape, x) if conjugates else x
        return multilinear(e.tape, [x, y], lambda *two: rule(e, *two, *more, **options))

    return both


def _einsum(e: Executed, equation: Any, *given: Any, **options: Any) -> Pair:
    if not isinstance(equation, str):
        raise UnsupportedError("einsum by lists of axes; write an equation")
    pairs = [e.pair(x) for x in given]
    return multilinear(e.tape, pairs, lambda *x: PRODUCTS["einsum"](e, equation, *x, **options))


def _size(e: Executed, x: Any, **options: Any) -> Value:
    unused(**options)
    return entries.size(e.tape, e.pair(x))


TURNS = {
    **{name: _entrywise(entries.sine, name) for name in ("sin", "sinh")},
    **{name: _entrywise(entries.cosine, name) for name in ("cos", "cosh")},
}
COMPLEX: dict[Any, Rule] = {
    np.multiply: _entrywise(product),
    np.divide: _entrywise(quotient),
    np.reciprocal: _entrywise(entries.reciprocal),
    np.square: _entrywise(_square),
    **dict.fromkeys((np.power, np.float_power), _entrywise(entries.general_power)),
    np.exp: _entrywise(entries.exponential),
    np.log: _entrywise(entries.logarithm),
    np.sqrt: _entrywise(entries.root),
    **{getattr(np, name): rule for name, rule in TURNS.items()},
    np.tan: _over(TURNS["sin"], TURNS["cos"]),
    np.tanh: _over(TURNS["sinh"], TURNS["cosh"]),
    np.sign: _entrywise(entries.sign),
    np.absolute: _size,
    np.conjugate: _entrywise(conjugate),
    np.angle: _angle,
    **dict.fromkeys((np.equal, np.not_equal), _compared),
    **dict.fromkeys((np.isfinite, np.isnan, np.isinf), _finite),
    np.prod: _prod,
    np.matmul: _linear(UFUNCS["matmul"]),
    **{getattr(np, name): _linear(PRODUCTS[name]) for name in ("dot", "inner", "tensordot")},
    **{getattr(np, name): _linear(PRODUCTS[name]) for name in ("outer", "kron")},
    np.vdot: _linear(PRODUCTS["vdot"], True),
    np.vecdot: _linear(UFUNCS["vecdot"], True),
    np.einsum: _einsum,
    **COMPLEX_MATRICES,
}
