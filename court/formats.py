"""The floating-point formats, in one table.

Written for Python 3.6, as workers read it too.
"""

import math

REAL = {
    "float64": (53, -1074, 1024),
    "float32": (24, -149, 128),
    "float16": (11, -24, 16),
    "bfloat16": (8, -133, 128),
}
"""Of each real dtype: the bits of the significand, and the exponents of 2 of the smallest positive
number and of what is just above the largest one."""
REDUCED = {"tensorfloat32": (11, -136, 128)}
"""The same of formats that no array has: float32 is rounded to one before it is multiplied."""
COMPLEX = {"float64": "complex128", "float32": "complex64"}
"""The complex dtype whose parts have the given real one."""
PARTS = {dtype: real for real, dtype in COMPLEX.items()}
"""The dtype of the parts of a complex one."""
NAMES = tuple(REAL) + tuple(PARTS)
PRODUCTS = {name: "complex64 in " + name for name in ("tensorfloat32", "bfloat16")}
"""What complex64 is called whose parts are multiplied in a coarser format."""
PARTS.update({name: real for real, name in PRODUCTS.items()})
_ALL = dict(REAL, **REDUCED)
WIDER = {
    "float32": ("float64",),
    "float16": ("float32", "float64"),
    "bfloat16": ("float32", "float64"),
    "complex64": ("complex128",),
    "tensorfloat32": ("float32", "float64"),
}
WIDER.update(dict.fromkeys(PRODUCTS.values(), ("complex64", "complex128")))
"""Dtypes that hold all numbers of another: a gradient that comes back in one is judged as it is."""


def real(dtype: str) -> str:
    """The dtype of the numbers in an array: of a complex one, of their parts."""
    return PARTS.get(dtype, dtype)


def unit_roundoff(dtype: str) -> float:
    """u, half the distance from 1 to the next larger number; of complex ones √8 times that.

    That is the bound for a product of two (Higham (2002)).
    """
    bits, _, _ = _ALL[real(dtype)]
    return math.sqrt(8) ** (dtype in PARTS) * 2.0**-bits


def narrowest(dtype: str, *casts: str) -> str:
    """Of the dtype of a computation, and of those that it is cast to on the way, the coarsest.

    It is complex if the first is.
    """
    parts = [real(name) for name in (dtype, *casts) if name in NAMES]
    coarsest = max(parts, key=unit_roundoff)
    return COMPLEX.get(coarsest, "complex64") if dtype in PARTS else coarsest


def with_products_in(products: str, dtype: str) -> str:
    """What a computation in float32 or complex64 is judged in if its products are coarser."""
    if products not in PRODUCTS or real(dtype) != "float32":
        return dtype
    return PRODUCTS[products] if dtype in PARTS else products


def largest_exponent(dtype: str) -> int:
    """The exponent of 2 of what is just above the largest number."""
    _, _, most = _ALL[real(dtype)]
    return most


def spacing(dtype: str) -> float:
    """η, the smallest positive number, by which subnormal ones are apart."""
    _, least, _ = _ALL[real(dtype)]
    return 2.0**least


def smallest_normal(dtype: str) -> float:
    """The smallest number with a full significand; some frameworks take what is smaller for 0."""
    bits, least, _ = _ALL[real(dtype)]
    return 2.0 ** (least + bits - 1)
