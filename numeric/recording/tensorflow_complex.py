"""The operations of TensorFlow on complex arrays, which are written down as two: their parts.

What multiplies matrices is written by its parts; what solves with them by the real matrices
[[Re A, −Im A], [Im A, Re A]], which multiply as the complex ones do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from symgrad.numeric.recording import composites, tensorflow_operations
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_operations import BINARY, MOVES, THROUGH, UNARY, Executed


class Pair(NamedTuple):
    """A complex array by its parts."""

    re: Value
    im: Value

    @property
    def depends(self) -> bool:
        """Whether X has any part in it."""
        return self.re.depends or self.im.depends

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of both."""
        return self.re.shape

    @property
    def numbers(self) -> Array:
        """What it was."""
        return np.asarray(self.re.floats + 1j * self.im.floats)

    @classmethod
    def of(cls, t: Tape, x: Any) -> Pair:
        """A value, or numbers, as a complex array."""
        if isinstance(x, Pair):
            return x
        if isinstance(x, Value):
            return cls(x, t.const(np.zeros(x.shape)))
        return cls(t.const(np.real(x)), t.const(np.imag(x)))


Rule = Callable[[Tape, Executed], Sequence[Value | Pair | None]]
RULES: dict[str, Rule] = {}
APART = (*MOVES, *THROUGH, "AddN", "AddV2", "Add", "Sub", "Neg", "Sum", "Mean", "StopGradient")
APART = (
    *APART,
    "Cumsum",
    "TensorScatterAdd",
    "TensorScatterSub",
    "ScatterNd",
    "UnsortedSegmentSum",
)
"""What acts on the real and on the imaginary parts alike."""
ALONG_REALS = (*UNARY, *BINARY, "Rsqrt", "Square", "Pow", "Xlogy")
"""What takes a number that has no imaginary part, for all X, to one, where it is defined there."""


def rule(*kinds: str) -> Callable[[Rule], Rule]:
    """The rule of these operations."""

    def add(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(kinds, function))
        return function

    return add


def apply_complex(t: Tape, op: Executed) -> list[Value | Pair | None]:
    """The outputs of an operation that reads or gives complex arrays.

    Raises:
        UnsupportedError: there is no rule for it.
    """
    if op.kind in APART:
        real, imaginary = (tensorflow_operations.apply(t, _part(op, k)) for k in (0, 1))
        if op.kind == "ConjugateTranspose":
            imaginary = [None if v is None else t.unary("neg", v) for v in imaginary]
        return [
            None if a is None or b is None else Pair(a, b)
            for a, b in zip(real, imaginary, strict=True)
        ]
    if op.kind in tensorflow_operations.NO_DECISION:
        return [None] * len(op.came)
    if op.kind in ALONG_REALS and all(_is_real(x) for x in [*op.given, *op.came]):
        found = tensorflow_operations.apply(t, _part(op, 0))
        return [None if v is None else Pair.of(t, v) for v in found]
    if op.kind in RULES:
        return list(RULES[op.kind](t, op))
    raise UnsupportedError(
        "there is no rule to record it of complex numbers; write it by real and imaginary parts"
    )


def _part(op: Executed, k: int) -> Executed:
    """The operation on one of the parts alone."""

    def part(x: Any) -> Any:
        if isinstance(x, Pair):
            return x[k]
        if isinstance(x, Value) or x.dtype.kind != "c":
            return x
        return np.real(x) if k == 0 else np.imag(x)

    return replace(op, given=[part(x) for x in op.given], came=[part(x) for x in op.came])


def _is_real(x: Any) -> bool:
    """Whether there is no imaginary part, wherever X is."""
    if isinstance(x, Pair):
        return not x.im.depends and not x.im.floats.any()
    return isinstance(x, Value) or not np.imag(x).any()


def _pairs(t: Tape, op: Executed) -> list[Pair]:
    return [Pair.of(t, x) for x in op.given]


def product(t: Tape, a: Pair, b: Pair, by: Callable[[Value, Value], Value] | None = None) -> Pair:
    """The product of complex arrays, by a product of real ones."""
    by = by or (lambda x, y: t.binary("mul", x, y))
    re = t.binary("sub", by(a.re, b.re), by(a.im, b.im))
    return Pair(re, t.binary("add", by(a.re, b.im), by(a.im, b.re)))


def conjugate(t: Tape, a: Pair) -> Pair:
    """The conjugate."""
    return Pair(a.re, t.unary("neg", a.im))


def adjoint(t: Tape, A: Pair) -> Pair:
    """The conjugate transpose of matrices."""
    return Pair(t.mT(A.re), t.unary("neg", t.mT(A.im)))


def squared_size(t: Tape, a: Pair) -> Value:
    """|a|²."""
    return t.binary("add", t.binary("mul", a.re, a.re), t.binary("mul", a.im, a.im))


def quotient(t: Tape, a: Pair, b: Pair) -> Pair:
    """a/b."""
    size, over = squared_size(t, b), product(t, a, conjugate(t, b))
    return Pair(t.binary("div", over.re, size), t.binary("div", over.im, size))


# entry by entry


@rule("Mul")
def _mul(t: Tape, op: Executed) -> list[Pair]:
    a, b = _pairs(t, op)
    return [product(t, a, b)]


@rule("RealDiv", "Div")
def _div(t: Tape, op: Executed) -> list[Pair]:
    a, b = _pairs(t, op)
    return [quotient(t, a, b)]


@rule("Reciprocal", "Inv")
def _reciprocal(t: Tape, op: Executed) -> list[Pair]:
    return [quotient(t, Pair.of(t, np.ones(())), _pairs(t, op)[0])]


@rule("Square")
def _square(t: Tape, op: Executed) -> list[Pair]:
    (a,) = _pairs(t, op)
    return [product(t, a, a)]


@rule("Exp")
def _exp(t: Tape, op: Executed) -> list[Pair]:
    (a,) = _pairs(t, op)
    size = t.unary("exp", a.re)
    return [Pair(*(t.binary("mul", size, t.unary(turn, a.im)) for turn in ("cos", "sin")))]  # type: ignore[arg-type]


@rule("Pow")
def _pow(t: Tape, op: Executed) -> list[Pair]:
    """To a whole power, by products."""
    base, exponent = op.given
    power = 0 if isinstance(exponent, Pair) else int(np.real(exponent.flat[0]))
    if not 1 <= power <= 8 or np.any(exponent != power):
        raise UnsupportedError("a power of complex numbers; take that of their real parts")
    found = base = Pair.of(t, base)
    for _ in range(power - 1):
        found = product(t, found, base)
    return [found]


@rule("Sqrt")
def _sqrt(t: Tape, op: Executed) -> list[Pair]:
    """That of positive real part, of what is not on the negative axis."""
    a = op.given[0]
    size = t.unary("sqrt", squared_size(t, a))
    re = t.unary("sqrt", t.binary("mul", 0.5, t.binary("add", size, a.re)))
    return [Pair(re, t.binary("div", t.binary("mul", 0.5, a.im), re))]


def _angle(t: Tape, a: Pair) -> Value:
    """That with the first axis, in the right half plane.

    Raises:
        UnsupportedError: it is in the left one.
    """
    if not (t.signs(a.re, "the half plane of an angle") > 0).all():
        raise UnsupportedError("the angle of a complex number whose real part is not positive")
    return t.unary("atan", t.binary("div", a.im, a.re))


@rule("Angle")
def _angle_of(t: Tape, op: Executed) -> list[Value]:
    return [_angle(t, op.given[0])]


@rule("Log")
def _log(t: Tape, op: Executed) -> list[Pair]:
    a = op.given[0]
    size = t.binary("mul", 0.5, t.unary("log", squared_size(t, a)))
    return [Pair(size, _angle(t, a))]


@rule("Conj")
def _conj(t: Tape, op: Executed) -> list[Pair]:
    return [conjugate(t, op.given[0])]


@rule("Real")
def _real(t: Tape, op: Executed) -> list[Value]:
    return [op.given[0].re]


@rule("Imag")
def _imag(t: Tape, op: Executed) -> list[Value]:
    return [op.given[0].im]


@rule("Complex")
def _complex(t: Tape, op: Executed) -> list[Pair]:
    return [Pair(t.value(op.given[0]), t.value(op.given[1]))]


@rule("ComplexAbs")
def _abs(t: Tape, op: Executed) -> list[Value]:
    return [t.unary("sqrt", squared_size(t, op.given[0]))]


@rule("Cast")
def _cast(t: Tape, op: Executed) -> list[Value | Pair]:
    old, new = op.attributes["SrcT"], op.attributes["DstT"]
    width = new.size if new.is_complex == old.is_complex else new.size * (0.5, 2)[old.is_complex]
    if width < old.size:
        t.casts.append(new.name)
    v = op.given[0]
    if new.is_complex:
        return [Pair.of(t, v)]
    if not new.is_floating:
        raise UnsupportedError("a cast of complex numbers to integers")
    return [v.re]


# products and matrices


@rule("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def _matmul(t: Tape, op: Executed) -> list[Pair]:
    a, b = _pairs(t, op)
    if op.kind == "MatMul":
        a, b = (
            Pair(t.mT(x.re), t.mT(x.im)) if op.attributes[name] else x
            for x, name in ((a, "transpose_a"), (b, "transpose_b"))
        )
    else:
        a, b = (
            adjoint(t, x) if op.attributes[name] else x for x, name in ((a, "adj_x"), (b, "adj_y"))
        )
    return [product(t, a, b, t.matmul)]


@rule("Einsum")
def _einsum(t: Tape, op: Executed) -> list[Pair]:
    """Of up to two factors."""
    values, equation = _pairs(t, op), op.attributes["equation"]
    equation = tensorflow_operations.written_out(equation, [len(v.shape) for v in values])

    def by(*factors: Value) -> Value:
        return t.reshape(composites.einsum(t, equation, factors), op.came[0].shape)

    if len(values) == 1:
        return [Pair(by(values[0].re), by(values[0].im))]
    if len(values) > 2:
        raise UnsupportedError("einsum of more than two complex factors; take two at a time")
    return [product(t, *values, by)]


def embedded(t: Tape, A: Pair) -> Value:
    """[[Re A, −Im A], [Im A, Re A]]."""
    parts = t.cat([A.re, A.im, t.unary("neg", A.im)])
    re, im, minus = parts.places.reshape(3, *A.shape)
    upper, lower = np.concatenate([re, minus], -1), np.concatenate([im, re], -1)
    return t.take(parts, np.concatenate([upper, lower], -2))


def of_embedded(t: Tape, M: Value) -> Pair:
    """A of its real matrix."""
    rows, columns = M.shape[-2] // 2, M.shape[-1] // 2
    first = M.places[..., :columns]
    return Pair(t.take(M, first[..., :rows, :]), t.take(M, first[..., rows:, :]))


def solved(t: Tape, A: Pair, B: Pair) -> Pair:
    """A⁻¹B."""
    return of_embedded(t, t.solve(embedded(t, A), embedded(t, B)))


def mirrored(t: Tape, A: Pair) -> Pair:
    """The Hermitian matrices of which the lower triangle was read."""
    half = composites.triangle(t, A.im, True, -1)
    return Pair(composites.mirror(t, A.re, True), t.binary("sub", half, t.mT(half)))


@rule("MatrixSolve", "MatrixTriangularSolve")
def _solve(t: Tape, op: Executed) -> list[Pair]:
    A, B = _pairs(t, op)
    if op.kind == "MatrixTriangularSolve":
        A = Pair(*(composites.triangle(t, x, op.attributes["lower"]) for x in A))
    return [solved(t, adjoint(t, A) if op.attributes["adjoint"] else A, B)]


@rule("MatrixInverse")
def _inverse(t: Tape, op: Executed) -> list[Pair]:
    A = op.given[0]
    A = adjoint(t, A) if op.attributes["adjoint"] else A
    return [of_embedded(t, composites.inverse(t, embedded(t, A)))]


@rule("Cholesky")
def _cholesky(t: Tape, op: Executed) -> list[Pair]:
    """By that of the blocks [[Re, −Im], [Im, Re]] of each entry, whose factor is of such blocks."""
    M = embedded(t, mirrored(t, op.given[0]))
    order = np.arange(M.shape[-1]).reshape(2, -1).T.ravel()
    L = t.emit("cholesky", [t.take(M, M.places[..., order[:, None], order])])[0]
    return [Pair(*(t.take(L, L.places[..., k::2, ::2]) for k in (0, 1)))]


def _log_size(t: Tape, A: Pair) -> Value:
    """log |det A|, half of that of its real matrix."""
    signs = (1,) * int(np.prod(A.shape[:-2]))
    return t.binary("mul", 0.5, t.emit("slogdet", [embedded(t, A)], signs=signs)[0])


def _hermitian_sign(A: Pair) -> Array:
    """The sign of the determinant of Hermitian matrices.

    Raises:
        UnsupportedError: they are not Hermitian.
    """
    M = A.numbers
    if not np.allclose(M, M.swapaxes(-1, -2).conj(), rtol=0, atol=1e-6 * np.abs(M).max()):
        raise UnsupportedError("the determinant of a complex matrix that is not Hermitian")
    return np.asarray(np.sign(np.linalg.slogdet(M)[0].real))


@rule("LogMatrixDeterminant")
def _slogdet(t: Tape, op: Executed) -> list[Value | Pair | None]:
    _hermitian_sign(op.given[0])
    return [None, Pair.of(t, _log_size(t, op.given[0]))]


@rule("MatrixDeterminant")
def _det(t: Tape, op: Executed) -> list[Pair]:
    sign, size = _hermitian_sign(op.given[0]), t.unary("exp", _log_size(t, op.given[0]))
    return [Pair.of(t, t.binary("mul", sign, size))]


def eigh(t: Tape, A: Pair, V: Array) -> tuple[Value, Pair]:
    """Eigenvalues and eigenvectors; the shadow of these has the phases of V, which are any."""
    pivots = np.argmax(np.abs(V), axis=-2)
    about = {"pivots": tuple(pivots.ravel().tolist()), "signs": (1,) * pivots.size}
    values, re, im = t.emit("eigh", list(A), **about)
    off = np.abs(A.numbers @ V - V * values.floats[..., None, :]).max(initial=0.0)
    if off <= 1e-5 * np.abs(A.numbers).max(initial=0.0):
        re.floats, im.floats = V.real, V.imag
    return values, Pair(re, im)


@rule("SelfAdjointEigV2")
def _eigh(t: Tape, op: Executed) -> list[Pair | None]:
    A = mirrored(t, op.given[0])
    wanted = op.attributes["compute_v"]
    values, vectors = eigh(t, A, op.came[1] if wanted else np.linalg.eigh(A.numbers)[1])
    return [Pair.of(t, values), vectors if wanted else None]


@rule("Svd")
def _svd(t: Tape, op: Executed) -> list[Value | Pair | None]:
    """By the eigenvalues of AᴴA; of a wide matrix by those of its adjoint."""
    A, (_, U, V) = op.given[0], op.came
    wanted, is_wide = op.attributes["compute_uv"], A.shape[-2] < A.shape[-1]
    if wanted and op.attributes["full_matrices"] and A.shape[-2] != A.shape[-1]:
        raise UnsupportedError("the full svd of a matrix that is not square; full_matrices=False")
    tall, right = (adjoint(t, A), U) if is_wide else (A, V)
    gram = mirrored(t, product(t, adjoint(t, tall), tall, t.matmul))
    right = right[..., ::-1] if wanted else np.linalg.eigh(gram.numbers)[1]
    squares, vectors = eigh(t, gram, right)
    S = t.unary("sqrt", t.take(squares, squares.places[..., ::-1]))
    if not wanted:
        return [Pair.of(t, S), None, None]
    first = Pair(*(t.take(x, x.places[..., ::-1]) for x in vectors))
    row = t.reshape(S, (*S.shape[:-1], 1, S.shape[-1]))
    second = Pair(*(t.binary("div", x, row) for x in product(t, tall, first, t.matmul)))
    left, right_vectors = (first, second) if is_wide else (second, first)
    return [Pair.of(t, S), left, right_vectors]


@rule("MatrixLogarithm", "MatrixSquareRoot")
def _of_eigenvalues(t: Tape, op: Executed) -> list[Pair]:
    """The logarithm or the square root of Hermitian positive definite matrices.

    Raises:
        UnsupportedError: they are not.
    """
    A = op.given[0]
    M, T = A.numbers, adjoint(t, A)
    if np.abs(M - T.numbers).max() > 1e-12 * np.abs(M).max() or np.linalg.eigvalsh(M).min() <= 0:
        raise UnsupportedError("a matrix that is not Hermitian and positive definite; use eigh")
    H = Pair(*(t.binary("mul", 0.5, t.binary("add", x, y)) for x, y in zip(A, T, strict=True)))
    values, V = eigh(t, H, np.linalg.eigh(M)[1])
    mapped = t.unary("log" if op.kind == "MatrixLogarithm" else "sqrt", values)
    row = t.reshape(mapped, (*mapped.shape[:-1], 1, mapped.shape[-1]))
    scaled = Pair(t.binary("mul", V.re, row), t.binary("mul", V.im, row))
    return [product(t, scaled, adjoint(t, V), t.matmul)]


@rule("FFT", "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D")
def _fourier(t: Tape, op: Executed) -> list[Pair]:
    """Along the last axes, by the matrix of the transform."""
    (v,) = _pairs(t, op)
    back = op.kind.startswith("I")
    for axis in range(-int(op.kind[-2]) if op.kind[-1] == "D" else -1, 0):
        n = v.shape[axis]
        F = np.fft.ifft(np.eye(n)) if back else np.fft.fft(np.eye(n))
        order = np.arange(len(v.shape))
        order[[axis, -1]] = order[[-1, axis]]
        turned = Pair(*(t.transpose(x, order) for x in v))
        flat = Pair(*(t.reshape(x, (-1, n)) for x in turned))
        done = product(t, flat, Pair.of(t, F), t.matmul)
        v = Pair(*(t.transpose(t.reshape(x, turned.shape), order) for x in done))
    return [v]
