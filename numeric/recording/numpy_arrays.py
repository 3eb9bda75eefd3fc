"""Arrays of NumPy that are recorded: what they hold, what shares memory, how numbers leave them.

They are no arrays but stand for them, by NumPy's own protocols (NEP 13 and 18), so that what does
not keep to these is noticed.  Beside its numbers each has the positions of its entries in the
memory that it reads: NumPy, indexing these as it does the numbers, says what is a view.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from symgrad.numeric.recording.numpy_lines import reader
from symgrad.numeric.recording.pairs import Held
from symgrad.numeric.recording.tape import Array


class Storage:
    """Memory: its numbers, their positions, laid out alike, and what it holds of X, if anything.

    ``recorder`` is that of what it holds.
    """

    __slots__ = ("closed", "held", "hidden", "numbers", "places", "recorder")

    def __init__(self, recorder: Any, numbers: Array, held: Held | None) -> None:
        self.recorder = recorder
        self.numbers = numbers
        self.places = np.empty_like(numbers, dtype=np.intp, subok=False)
        self.places[...] = np.arange(numbers.size).reshape(numbers.shape)
        self.held = held
        self.closed = ""
        """Why it must not be written to."""
        self.hidden = ""
        """Why it must not be read."""


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """An array as the recorder hands it to f."""

    __slots__ = ("cache", "numbers", "places", "storage")
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, recorder: Any, numbers: Array, held: Held | None, base: Traced | None = None
    ) -> None:
        self.numbers = numbers
        self.storage = base.storage if base is not None else Storage(recorder, numbers, held)
        self.places = self.storage.places
        self.cache: tuple[Held, Held] | None = None

    @property
    def __class__(self) -> type:
        """What isinstance() is told."""
        return np.ndarray

    def view_of(self, numbers: Array, places: Array) -> Traced:
        """Another array of the same memory."""
        other = Traced(self.recorder, numbers, None, self)
        other.places = places
        return other

    def own(self, held: Held) -> None:
        """Let it have memory of its own, which holds this."""
        self.storage, self.cache = Storage(self.recorder, self.numbers, held), None
        self.places = self.storage.places

    # NumPy's protocols

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        known = (Traced, np.ndarray, np.generic)
        if any(hasattr(type(x), "__array_ufunc__") and not isinstance(x, known) for x in inputs):
            return NotImplemented  # as a box of autograd, which calls again
        return self.recorder.active(inputs, kwargs).ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self.recorder.active(args, kwargs).function(func, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self._left(), dtype)

    # what is known without its numbers

    @property
    def depends(self) -> bool:
        """Whether X has any part in its memory."""
        held = self.storage.held
        return bool(self.storage.hidden) or (held is not None and held.depends)

    @property
    def is_complex(self) -> bool:
        """Whether its dtype is."""
        return self.numbers.dtype.kind == "c"

    recorder = property(lambda self: self.storage.recorder)
    shape = property(lambda self: self.numbers.shape)
    dtype = property(lambda self: self.numbers.dtype)
    ndim = property(lambda self: self.numbers.ndim)
    size = property(lambda self: self.numbers.size)
    itemsize = property(lambda self: self.numbers.itemsize)
    nbytes = property(lambda self: self.numbers.nbytes)
    strides = property(lambda self: self.numbers.strides)
    flags = property(lambda self: self.numbers.flags)

    def __len__(self) -> int:
        return len(self.numbers)

    def __repr__(self) -> str:
        return repr(self.numbers)

    def __str__(self) -> str:
        return str(self.numbers)

    def __format__(self, spec: str) -> str:
        return format(self.numbers[()], spec)

    # entries

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        return self.recorder.moved("indexing", lambda x: x[key], self)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.recorder.active(self, value).write(self, key, value)

    def __contains__(self, x: Any) -> bool:
        return bool(np.any(self == x))

    def copy(self, order: str = "C") -> Any:
        """The same numbers in memory of their own."""
        return self.recorder.moved("copy", lambda x: x.copy(order), self)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, _: Any) -> Any:
        return self.copy()

    def __reduce_ex__(self, _: Any) -> Any:
        return self._left("pickle").__reduce_ex__(_)

    def flatten(self, order: str = "C") -> Any:
        """The same in one row."""
        return self.recorder.moved("flatten", lambda x: x.flatten(order), self)

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
        """In another shape."""
        shape = shape[0] if len(shape) == 1 else shape
        return self.recorder.moved("reshape", lambda x: x.reshape(shape, order=order), self)

    def transpose(self, *axes: Any) -> Any:
        """With its axes in this order."""
        return self.recorder.moved("transpose", lambda x: x.transpose(*axes), self)

    T = property(transpose)
    mT = property(lambda self: np.matrix_transpose(self))  # noqa: N815

    @property
    def real(self) -> Any:
        """Itself, or the real part of what is complex."""
        return self.recorder.part(self, 0) if self.is_complex else self

    @property
    def flat(self) -> Any:
        """Its entries in one row, to read or to write."""
        row = self.reshape(-1)
        if row.storage is not self.storage:
            raise self.recorder.refusal("flat", "of an array that does not lie in one row; ravel()")
        return row

    @property
    def imag(self) -> Any:
        """The imaginary part, or zeros."""
        return self.recorder.part(self, 1) if self.is_complex else np.zeros_like(self)

    def view(self, *kind: Any, **kwargs: Any) -> Any:
        """The same memory.

        Raises:
            UnsupportedError: it is read as another dtype.
        """
        if kwargs or any(k not in (np.ndarray, self.dtype) for k in kind):
            raise self.recorder.refusal("view", "memory that is read as another kind of array")
        return self.view_of(self.numbers, self.places)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """In another precision."""
        return self.recorder.cast(self, np.dtype(dtype), kwargs.get("copy", True))

    def fill(self, value: Any) -> None:
        """Write one number everywhere."""
        self[...] = value

    def sort(self, axis: int = -1) -> None:
        """Write the entries in order."""
        self[...] = np.sort(self, axis)

    def dot(self, other: Any) -> Any:
        """The product."""
        return np.dot(self, other)

    def conj(self) -> Any:
        """The conjugate."""
        return np.conjugate(self)

    conjugate = conj

    # numbers that leave

    def __bool__(self) -> bool:
        if self.depends:
            self.recorder.decided(self, "the truth of a number")
        return bool(self.numbers)

    def __int__(self) -> int:
        return int(self.recorder.whole(self))

    def __float__(self) -> float:
        """A number of Python's, which f may return but not compute with."""
        known = not self.storage.hidden
        made = self.recorder.returning.makes(self, sys._getframe(1)) if known else None
        return float(self._left("float()")) if made is None else float(made)

    def __complex__(self) -> complex:
        return complex(self._left("complex()"))

    def item(self, *place: Any) -> Any:
        """One number of Python's."""
        return self._left(".item()").item(*place)

    def tolist(self) -> Any:
        """Rows of Python's numbers."""
        return self._left(".tolist()").tolist()

    def tobytes(self) -> Any:
        """Its memory."""
        return self._left(".tobytes()").tobytes()

    def _left(self, name: str = "") -> Array:
        if self.depends:
            raise self.recorder.lost(reader(name), self.storage.hidden)
        return self.numbers


def _method(name: str) -> Callable[..., Any]:
    """The method of arrays that does what NumPy's function of that name does."""

    def method(self: Traced, *args: Any, **kwargs: Any) -> Any:
        return getattr(np, name)(self, *args, **kwargs)

    return method


for _name in (
    "sum", "mean", "std", "var", "prod", "cumsum", "cumprod", "max", "min", "argmax", "argmin",
    "trace", "diagonal", "ravel", "squeeze", "swapaxes", "repeat", "take", "clip", "round", "any",
    "all", "ptp", "nonzero", "argsort", "searchsorted",
):  # fmt: skip
    setattr(Traced, _name, _method(_name))


def _in_place(name: str) -> Callable[..., Any]:
    """Its operator that writes, as of +=; what has no axes is another number then, as in NumPy."""
    own = getattr(np.lib.mixins.NDArrayOperatorsMixin, f"__i{name}__")

    def operator(self: Traced, other: Any) -> Any:
        return own(self, other) if self.ndim else NotImplemented

    return operator


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(Traced, f"__i{_name}__", _in_place(_name))


def is_traced(x: Any) -> bool:
    """Whether it is one of these; isinstance() is told that it is NumPy's."""
    return type(x) is Traced
