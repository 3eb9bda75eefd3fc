"""PaddlePaddle's operations on complex arrays, by their parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from symgrad.numeric.recording import pair_entries as entries
from symgrad.numeric.recording import pair_matrices as matrices
from symgrad.numeric.recording import pairs as p
from symgrad.numeric.recording.paddle_calls import MOVES, PLACES
from symgrad.numeric.recording.paddle_matrices import MATRICES
from symgrad.numeric.recording.paddle_moves import MOVING
from symgrad.numeric.recording.paddle_operations import OPERATIONS, Executed
from symgrad.numeric.recording.pairs import Pair
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value

SUMS = ("add", "subtract", "add_n", "sum", "mean", "trace", "cumsum")
APART = (*MOVES, *SUMS, "scale")
"""What acts on the real and on the imaginary parts alike, but for the bias of scale."""
PLACES_OF = {"add": (0, 1), "subtract": (0, 1), **PLACES}
RULES = {**OPERATIONS, **MATRICES, **MOVING}


def is_complex(dtype: Any) -> bool:
    """Whether a dtype, or what has one in its text, is complex."""
    return "complex" in str(dtype)


def apply_complex(e: Executed) -> Any:
    """What an operation gives that reads or gives complex arrays.

    Raises:
        UnsupportedError: there is no rule for it.
    """
    if e.name in APART:
        both = [_several(RULES[e.name](_part(e, k))) for k in (0, 1)]
        return [Pair(*map(e.tape.value, two)) for two in zip(*both, strict=True)]
    if e.name not in COMPLEX:
        raise UnsupportedError(
            "an operation that is not known of complex numbers; write it by their real() and imag()"
        )
    return COMPLEX[e.name](e)


def _several(found: Any) -> list[Any]:
    return list(found) if isinstance(found, (list, tuple)) else [found]


def _part(e: Executed, k: int) -> Executed:
    """The operation on one of the parts alone."""
    places = PLACES_OF.get(e.name, (0,))

    def one(x: Any) -> Any:
        return list(map(one, x)) if isinstance(x, list) else Pair.of(e.tape, x)[k]

    args = [one(x) if place in places else x for place, x in enumerate(e.args)]
    attributes = dict(e.attributes)
    if e.name == "scale":
        if len(e.args) > 1 and is_complex([e.dtypes[1]]):
            raise UnsupportedError("scale by a complex number; multiply by a tensor")
        attributes["bias"] = attributes["bias"] if k == 0 else 0.0
    return e._replace(args=args, dtypes=list(map(_real, e.dtypes)), attributes=attributes)


def _real(dtype: Any) -> Any:
    """The dtype of the parts."""
    if isinstance(dtype, list):
        return list(map(_real, dtype))
    if not is_complex(dtype):
        return dtype
    return "float32" if "complex64" in str(dtype) else "float64"


def _pairs(e: Executed) -> list[Pair]:
    return [Pair.of(e.tape, x) for x in e.args]


def _entrywise(function: Callable[..., Any], *more: Any) -> Callable[[Executed], Any]:
    """The rule by a function of the operands as pairs."""
    return lambda e: function(e.tape, *_pairs(e), *more)


def _power(e: Executed) -> Pair:
    exponent = e.attributes["y"] if e.name == "pow" else e.args[1]
    t = e.tape
    return entries.general_power(t, Pair.of(t, e.args[0]), Pair.of(t, exponent))


def _square(t: Tape, a: Pair) -> Pair:
    return p.product(t, a, a)


def _over(numerator: Any, denominator: Any, *names: str) -> Callable[[Executed], Pair]:
    def rule(e: Executed) -> Pair:
        t, (a,) = e.tape, _pairs(e)
        return p.quotient(t, numerator(t, a, names[0]), denominator(t, a, names[1]))

    return rule


def _cast(e: Executed) -> Any:
    """To a complex dtype, or to the real part."""
    old, new = str(e.dtypes[0]), str(e.attributes["dtype"]).split(".")[-1].lower()
    narrow = {"complex64": "complex64", "float32": "float32"}
    if new not in ("complex128", "complex64", "float64", "float32"):
        raise UnsupportedError("a cast of complex numbers to others than real ones")
    if new in narrow and not old.endswith(("complex64", "float32")):
        e.tape.casts.append(narrow[new])
    (a,) = _pairs(e)
    return a if is_complex(new) else a.re


def _as_real(e: Executed) -> Value:
    t, (a,) = e.tape, _pairs(e)
    both = t.cat(list(a))
    return t.take(both, np.stack([a.re.places, a.re.places + a.re.size], -1))


def _as_complex(e: Executed) -> Pair:
    v = e.tape.value(e.args[0])
    return Pair(*(e.tape.take(v, v.places[..., k]) for k in (0, 1)))


# products and matrices


def _product(e: Executed) -> Pair:
    """By the same of real factors."""

    def by(*factors: Value) -> Value:
        found: Value = MATRICES[e.name](e._replace(args=list(factors)))  # type: ignore[assignment]
        return found

    return p.multilinear(e.tape, _pairs(e), by)


def _of_list(e: Executed) -> Pair:
    """The same of a list of factors."""

    def by(*factors: Value) -> Value:
        found: Value = MATRICES[e.name](e._replace(args=[list(factors)]))  # type: ignore[assignment]
        return found

    return p.multilinear(e.tape, [Pair.of(e.tape, x) for x in e.args[0]], by)


def _inverse(e: Executed) -> Pair:
    return matrices.inverse(e.tape, _pairs(e)[0])


def _det(e: Executed) -> Pair:
    t, (A,) = e.tape, _pairs(e)
    sign, size = matrices.hermitian_sign(A), t.unary("exp", matrices.log_size(t, A))
    return Pair.of(t, t.binary("mul", sign, size))


def _slogdet(e: Executed) -> Pair:
    """The sign and log |det|, as one array."""
    t, (A,) = e.tape, _pairs(e)
    both = t.cat([t.const(matrices.hermitian_sign(A)), matrices.log_size(t, A)])
    return Pair.of(t, t.reshape(both, (2, *A.shape[:-2])))


def _eigh(e: Executed) -> list[Any]:
    t, (A,) = e.tape, _pairs(e)
    values, V = p.eigh(t, p.mirrored(t, A, e.attributes["UPLO"] == "L"), e.told()[1])
    return [values, V]


def _eigvalsh(e: Executed) -> list[Any]:
    """The second, vectors, is there for the derivative alone."""
    t, (A,) = e.tape, _pairs(e)
    A = p.mirrored(t, A, e.attributes["uplo"] == "L")
    values, V = p.eigh(t, A, np.linalg.eigh(A.numbers)[1])
    return [values, V.numbers]


def _matrix_power(e: Executed) -> Pair:
    """By products, of the inverse where the exponent is negative."""
    t, (A,), n = e.tape, _pairs(e), int(e.attributes["n"])
    if not n:
        return Pair.of(t, np.broadcast_to(np.eye(A.shape[-1]), A.shape))
    factor = A if n > 0 else matrices.inverse(t, A)
    return reduce(lambda a, b: p.product(t, a, b, t.matmul), [factor] * abs(n))


COMPLEX: dict[str, Callable[[Executed], Any]] = {
    "multiply": _entrywise(p.product),
    "divide": _entrywise(p.quotient),
    "reciprocal": _entrywise(entries.reciprocal),
    "square": _entrywise(_square),
    **dict.fromkeys(("pow", "elementwise_pow"), _power),
    "exp": _entrywise(entries.exponential),
    "log": _entrywise(entries.logarithm),
    "sqrt": _entrywise(entries.root),
    **{name: _entrywise(entries.sine, name) for name in ("sin", "sinh")},
    **{name: _entrywise(entries.cosine, name) for name in ("cos", "cosh")},
    "tan": _over(entries.sine, entries.cosine, "sin", "cos"),
    "tanh": _over(entries.sine, entries.cosine, "sinh", "cosh"),
    "abs": _entrywise(entries.size),
    "angle": _entrywise(lambda t, a: entries.angle(t, a.im, a.re)),
    "conj": _entrywise(p.conjugate),
    "real": lambda e: _pairs(e)[0].re,
    "imag": lambda e: _pairs(e)[0].im,
    "complex": lambda e: Pair(*map(e.tape.value, e.args)),
    "as_real": _as_real,
    "as_complex": _as_complex,
    "cast": _cast,
    **dict.fromkeys(("shape", "shape64"), lambda e: np.asarray(_pairs(e)[0].shape)),
    "numel": lambda e: np.asarray(_pairs(e)[0].re.size),
    **dict.fromkeys(("matmul", "bmm", "mv", "dot", "kron"), _product),
    **dict.fromkeys(("einsum", "multi_dot"), _of_list),
    "inverse": _inverse,
    "det": _det,
    "slogdet": _slogdet,
    "eigh": _eigh,
    "eigvalsh": _eigvalsh,
    "matrix_power": _matrix_power,
}
