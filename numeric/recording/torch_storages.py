"""What PyTorch's tensors hold, by storage: views and in-place writes need no rules then.

A storage is one row of real numbers, those of a complex one its parts in turn; a tensor reads of it
what its shape, strides and offset say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils import _pytree as pytree

from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

Layout = tuple[tuple[int, ...], tuple[int, ...], int]


class Pair(NamedTuple):
    """A complex array, by its parts."""

    re: Value
    im: Value

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self.re.shape


Held = Value | Pair
PLAIN = {
    torch.Tensor, torch.nn.Parameter, int, float, complex, bool, str, type(None), torch.dtype,
    torch.device, torch.layout, torch.memory_format,
}  # fmt: skip
"""Types of what PyTorch's trees have as leaves."""


def parts(v: Held) -> tuple[Value, ...]:
    """The values of which it is made."""
    return tuple(v) if isinstance(v, Pair) else (v,)


def is_numeric(x: object) -> bool:
    """Whether it is a tensor of real or complex numbers, on which f may depend smoothly."""
    return isinstance(x, torch.Tensor) and (x.is_floating_point() or x.is_complex())


def leaves(tree: Any) -> list[Any]:
    """What is in nested tuples, lists and dicts: what PyTorch's ``tree_leaves`` gives, sooner."""
    if type(tree) is tuple or type(tree) is list:
        inside = tree
    elif type(tree) is dict:
        inside = tree.values()
    else:
        return [tree] if type(tree) in PLAIN else pytree.tree_leaves(tree)
    return [leaf for x in inside for leaf in ((x,) if type(x) in PLAIN else leaves(x))]


def numbers(t: torch.Tensor) -> Array:
    """The numbers of a tensor, in float64 or complex128."""
    if t.dtype is torch.float64 and t.device.type == "cpu" and not t.is_neg():
        return np.array(t.detach().numpy())
    t = t.detach().resolve_conj().resolve_neg().cpu()
    wide = torch.complex128 if t.is_complex() else torch.float64
    return np.array(t.to(wide).numpy())


class _State(NamedTuple):
    """What is known of a storage: what was last written, and the row that was there before.

    There is none where all of it was written.
    """

    written: dict[Layout, Value]
    under: Value | None


class _Storage:
    """One storage: a row of real numbers, put together once it is read otherwise than written."""

    def __init__(self, storage: torch.UntypedStorage, dtype: torch.dtype, size: int) -> None:
        self.storage = storage  # which stays alive, lest another have its address
        self.dtype = dtype
        self.size = size
        self.state: _State | None = None
        self.row: Value | None = None
        self.together: Value | None = None
        self.read: dict[Layout, Value] = {}
        self.writes = 0
        """How often a call that was given it has written to it."""

    def set(self, state: _State) -> None:
        """Know nothing else of it."""
        self.state, self.row, self.read = state, None, dict(state.written)
        self.together = None

    def covers(self, layouts: Iterable[Layout]) -> bool:
        """Whether they are all of it."""
        return _cover(tuple(layouts), self.size)

    def flat(self, tape: Tape) -> Value:
        """All entries, in one row."""
        assert self.state is not None
        if self.row is None:
            places, v = self._last(tape)
            if self.state.under is None:
                self.row = tape.take(v, np.argsort(places))
            else:
                self.row = tape.put(self.state.under, places, v)
        return self.row

    def at(self, tape: Tape, layout: Layout) -> Value:
        """What a tensor of this layout reads, of what was last written if that has all of it."""
        if layout not in self.read:
            wanted = _places(layout)
            places, v = self._last(tape)
            order = np.argsort(places)
            found = np.searchsorted(places, wanted, sorter=order)
            index = order[np.minimum(found, places.size - 1)]
            if self.row is None and np.array_equal(places[index], wanted):
                self.read[layout] = tape.take(v, index)
            else:
                self.read[layout] = tape.take(self.flat(tape), wanted)
        return self.read[layout]

    def _last(self, tape: Tape) -> tuple[Array, Value]:
        """What was last written, and where."""
        assert self.state is not None
        values = list(self.state.written.values())
        if len(values) > 1 and self.together is None:
            self.together = tape.cat(values)
        places = np.concatenate([_places(layout).ravel() for layout in self.state.written])
        return places, self.together or values[0]

    @property
    def depends(self) -> bool:
        """Whether X has any part in it."""
        if self.state is None:
            return False
        written, under = self.state
        return any(v.depends for v in written.values()) or (under is not None and under.depends)


class Storages:
    """The storages on which X has any part, by their addresses."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.by_address: dict[int, _Storage] = {}
        self.closed: dict[int, str] = {}
        """Those that must not be written to, and why."""
        self.hidden: dict[int, torch.UntypedStorage] = {}
        """Those that depend on X and are not recorded."""
        self.before: list[tuple[_Storage, _Storage]] = []
        """What was known before a call of the storages that it was given."""

    def find(self, t: torch.Tensor) -> _Storage | None:
        """The storage of a tensor, if X has a part in it; None for a transform's wrapper too."""
        address = self._address(t)
        found = None if address is None else self.by_address.get(address)
        return found if found and found.depends else None

    def depends(self, x: object) -> bool:
        """Whether it is a tensor in whose storage X has a part."""
        if not isinstance(x, torch.Tensor):
            return False
        return self.find(x) is not None or self._address(x) in self.hidden

    def has(self, t: torch.Tensor) -> bool:
        """Whether it has a storage; a wrapper of a transform has none."""
        return not t.numel() or self._address(t) is not None

    def shares(self, t: torch.Tensor, other: torch.Tensor) -> bool:
        """Whether both lie in one storage."""
        return self._address(t) is not None and self._address(t) == self._address(other)

    def hide(self, t: torch.Tensor) -> None:
        """What a tensor holds depends on X and is not recorded: refuse to read it."""
        address = self._address(t)
        if address is not None:
            self.hidden[address] = t.untyped_storage()

    def close(self, t: torch.Tensor, why: str) -> None:
        """Refuse writes to the storage of this tensor from now on."""
        address = self._address(t)
        if address is not None:
            self.closed[address] = why

    def read(self, t: torch.Tensor) -> Held:
        """What a tensor holds; what does not depend on X is a constant.

        Raises:
            UnsupportedError: its storage was written with another dtype, or is hidden.
        """
        if self._address(t) in self.hidden:
            raise UnsupportedError(
                "it reads an output of the operation before that is not recorded"
            )
        storage = self.find(t)
        if storage is None:
            x = numbers(t)
            if t.is_complex():
                return Pair(self.tape.const(x.real), self.tape.const(x.imag))
            return self.tape.const(x)
        if _real(t.dtype) != storage.dtype:
            raise UnsupportedError(f"memory of {storage.dtype} is read as {t.dtype}; use .to()")
        found = self._stored(t, [storage.at(self.tape, layout) for layout in _layouts(t)])
        return Pair(*found) if t.is_complex() else found[0]

    def write(self, t: torch.Tensor, held: Held) -> None:
        """What a tensor holds now.

        Raises:
            UnsupportedError: its storage must not be written to.
        """
        address = self._address(t)
        if address is None or not t.numel():
            return
        self.hidden.pop(address, None)
        if address in self.closed:
            raise UnsupportedError(self.closed[address])
        if t.is_conj() or t.is_neg():
            raise UnsupportedError("a write into a conjugated view; write into its clone()")
        storage = self.by_address.get(address)
        if storage is None or storage.dtype != _real(t.dtype):
            size = t.untyped_storage().nbytes() // _real(t.dtype).itemsize
            storage = _Storage(t.untyped_storage(), _real(t.dtype), size)
            self.by_address[address] = storage
        self._put(storage, dict(zip(_layouts(t), parts(held), strict=True)), t)

    def _put(self, storage: _Storage, written: dict[Layout, Value], t: torch.Tensor) -> None:
        under = None
        if not storage.covers(written):
            row = self.tape.const(_row(t, storage.size)) if not storage.depends else None
            under = storage.flat(self.tape) if row is None else row
        storage.set(_State(written, under))
        storage.writes += 1

    def enter(self, given: Sequence[tuple[torch.Tensor, Held]]) -> None:
        """A call begins: what it reads of its arguments is made of the values that it was given."""
        own: dict[int, dict[Layout, Value]] = {}
        for t, held in given:
            storage = self.find(t)
            if storage is None:
                continue
            place = id(storage)
            if place not in own:
                self.before.append((storage, copy(storage)))
                own[place] = {}
            written = dict(zip(_layouts(t), self._stored(t, parts(held)), strict=True))
            under = None if storage.covers(written) else storage.flat(self.tape)
            own[place] |= written
            storage.set(_State(written, under))
            storage.read |= own[place]
            storage.writes = 0

    def _stored(self, t: torch.Tensor, values: Sequence[Value]) -> list[Value]:
        """What the storage has of a tensor that reads it, or gets it, conjugated or negated."""
        found = list(values)
        if t.is_conj():
            found[1] = self.tape.unary("neg", found[1])
        return [self.tape.unary("neg", v) for v in found] if t.is_neg() else found

    def leave(self) -> None:
        """It is over: what it did not write to is what it was."""
        for storage, before in self.before:
            if not storage.writes:
                vars(storage).update(vars(before))
        self.before = []

    def _address(self, t: torch.Tensor) -> int | None:
        try:
            return t.untyped_storage().data_ptr() or None
        except (NotImplementedError, RuntimeError):  # a transform's wrapper has none
            return None


def _real(dtype: torch.dtype) -> torch.dtype:
    return dtype.to_real() if dtype.is_complex else dtype


def _layouts(t: torch.Tensor) -> list[Layout]:
    """Where the entries are in the row of real numbers, or the parts of them."""
    shape, strides, offset = tuple(t.shape), t.stride(), int(t.storage_offset())
    if not t.is_complex():
        return [(shape, strides, offset)]
    doubled = tuple(2 * s for s in strides)
    return [(shape, doubled, 2 * offset), (shape, doubled, 2 * offset + 1)]


@lru_cache(maxsize=256)
def _cover(layouts: tuple[Layout, ...], size: int) -> bool:
    places = np.concatenate([_places(layout).ravel() for layout in layouts])
    return bool(places.size == size == np.unique(places).size)


@lru_cache(maxsize=256)
def _places(layout: Layout) -> Array:
    """The flat position of each entry, not to be written to."""
    shape, strides, offset = layout
    places = np.full(shape, offset)
    for axis, (size, stride) in enumerate(zip(shape, strides, strict=True)):
        places += (np.arange(size) * stride).reshape([-1] + [1] * (len(shape) - axis - 1))
    places.flags.writeable = False
    return places


def _row(t: torch.Tensor, size: int) -> Array:
    """All numbers in the storage of a tensor."""
    t = torch.view_as_real(t) if t.is_complex() else t
    return numbers(torch.as_strided(t.detach(), (size,), (1,), 0))
