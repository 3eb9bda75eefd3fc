"""Documents that are read back: data of a known shape, in which nothing is ever executed."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def plain(text: str) -> str:
    """The text with lone surrogates, which no UTF-8 has, written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def decode(text: bytes, shape: type[T]) -> T:
    """The record of that shape that some JSON holds.

    Raises:
        msgspec.DecodeError: it is no JSON, or (ValidationError) not of that shape.
    """
    try:
        return msgspec.json.decode(text, type=shape)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(f"JSON is malformed: {error}") from error
