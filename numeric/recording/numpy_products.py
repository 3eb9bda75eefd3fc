"""The functions of NumPy that multiply arrays, made of the operations of a record."""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.numpy_rules import Executed, Rule, numbers, unused
from symgrad.numeric.recording.tape import UnsupportedError, Value


def _dot(e: Executed, a: Any, b: Any) -> Value:
    if min(np.ndim(numbers(a)), np.ndim(numbers(b))) == 0:
        return e.tape.binary("mul", e.value(a), e.value(b))
    return _contracted(e, a, b, [np.ndim(numbers(a)) - 1], [max(np.ndim(numbers(b)) - 2, 0)])


def _inner(e: Executed, a: Any, b: Any) -> Value:
    if min(np.ndim(numbers(a)), np.ndim(numbers(b))) == 0:
        return e.tape.binary("mul", e.value(a), e.value(b))
    return _contracted(e, a, b, [np.ndim(numbers(a)) - 1], [np.ndim(numbers(b)) - 1])


def _vdot(e: Executed, a: Any, b: Any) -> Value:
    t = e.tape
    return t.sum(t.binary("mul", *(t.reshape(e.value(x), (-1,)) for x in (a, b))))


def _tensordot(e: Executed, a: Any, b: Any, axes: Any = 2) -> Value:
    if np.ndim(axes) == 0:
        first = list(range(np.ndim(numbers(a)) - int(axes), np.ndim(numbers(a))))
        return _contracted(e, a, b, first, list(range(int(axes))))
    one, other = (list(np.atleast_1d(k)) for k in axes)
    return _contracted(e, a, b, one, other)


def _contracted(e: Executed, a: Any, b: Any, one: list[int], other: list[int]) -> Value:
    """The sum over these axes of both."""
    letters = iter(string.ascii_lowercase)
    x, y = e.value(a), e.value(b)
    first, second = ([next(letters) for _ in v.shape] for v in (x, y))
    for i, j in zip(one, other, strict=True):
        second[j] = first[i]
    gone = [first[i] for i in one]
    left = [name for name in first + second if name not in gone]
    equation = f"{''.join(first)},{''.join(second)}->{''.join(left)}"
    return c.einsum(e.tape, equation, [x, y])


def _outer(e: Executed, a: Any, b: Any) -> Value:
    t, x, y = e.tape, e.value(a), e.value(b)
    return t.binary("mul", t.reshape(x, (x.size, 1)), t.reshape(y, (1, y.size)))


def _kron(e: Executed, a: Any, b: Any) -> Value:
    t, x, y = e.tape, e.value(a), e.value(b)
    if len(x.shape) != 2 or len(y.shape) != 2:
        raise UnsupportedError("kron of what are not two matrices")
    (m, n), (p, q) = x.shape, y.shape
    product = t.binary("mul", t.reshape(x, (m, 1, n, 1)), t.reshape(y, (1, p, 1, q)))
    return t.reshape(product, (m * p, n * q))


def _einsum(e: Executed, equation: Any, *given: Any, optimize: Any = False, **options: Any) -> Any:
    if not isinstance(equation, str):
        raise UnsupportedError("einsum by lists of axes; write an equation")
    unused(**options)
    terms, arrow, out = equation.replace(" ", "").partition("->")
    if not arrow:
        once = [x for x in set(terms) if x.isalpha() and terms.count(x) == 1]
        out = ("..." if "..." in terms else "") + "".join(sorted(once))
    values = [e.value(x) for x in given]
    return c.einsum(e.tape, _without_ellipsis(f"{terms}->{out}", values), values)


def _without_ellipsis(equation: str, values: list[Value]) -> str:
    """The equation with letters in place of the axes that it leaves out.

    Raises:
        UnsupportedError: such an axis has the length 1 in one of them only.
    """
    terms, out = equation.split("->")
    free = [x for x in string.ascii_letters if x not in equation]
    size: dict[str, int] = {}
    longest, written = "", []
    for term, v in zip(terms.split(","), values, strict=True):
        count = len(v.shape) - len(term.replace("...", ""))
        letters = "".join(free[:count][::-1]) if "..." in term else ""
        whole = term.replace("...", letters)
        pairs = list(zip(whole, v.shape, strict=True))
        if any(size.setdefault(name, n) != n for name, n in pairs):
            raise UnsupportedError("einsum that repeats an axis of length 1; np.broadcast_to")
        longest = max(longest, letters, key=len)
        written.append(whole)
    return f"{','.join(written)}->{out.replace('...', longest)}"


PRODUCTS: dict[str, Rule] = {
    **{"dot": _dot, "inner": _inner, "vdot": _vdot, "tensordot": _tensordot},
    **{"outer": _outer, "kron": _kron, "einsum": _einsum},
}
