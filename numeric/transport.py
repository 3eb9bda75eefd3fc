"""What is between the pool and its workers: matrices, and the variables that name a device.

The floats of a matrix are in base64, since JSON takes too long.

A matrix is {"shape": [n, m], "real": TEXT, "imaginary": TEXT or null}, TEXT being the entries by
rows, as little-endian float64.
Written for Python 3.6 and NumPy.
"""

import base64
from typing import Any

import numpy as np

DEVICE = "SYMGRAD_DEVICE"
"""The environment variable that tells a worker its device."""
STAND_IN = "SYMGRAD_STAND_IN"
"""The one that names a device to be used in its place, for the tests: everything else is the same,
and the record says so."""


def pack(M: Any) -> "dict[str, Any]":
    """A real or complex matrix, as arrays or rows, in a form that JSON has."""
    M = np.asarray(M)
    imaginary = _encode(M.imag) if np.iscomplexobj(M) else None
    return {"shape": list(M.shape), "real": _encode(M.real), "imaginary": imaginary}


def unpack(packed: "dict[str, Any]") -> np.ndarray:
    """The matrix again, in float64 or complex128.

    Raises:
        ValueError, KeyError, TypeError: it was not packed here.
    """
    real = _decode(packed["real"], packed["shape"])
    if packed["imaginary"] is None:
        return real
    return real + 1j * _decode(packed["imaginary"], packed["shape"])


def _encode(M: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(M, dtype="<f8").tobytes()).decode("ascii")


def _decode(text: str, shape: "list[int]") -> np.ndarray:
    entries = np.frombuffer(base64.b64decode(text, validate=True), dtype="<f8")
    return entries.astype(np.float64).reshape(shape)
