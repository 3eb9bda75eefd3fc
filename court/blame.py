"""Blame: which step of a program has a wrong derivative, and what is wrong with it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Mistake = Literal[
    "doubled off the diagonal",
    "one triangle dropped",
    "not transposed",
    "conjugated",
    "the sign",
    "a factor",
    "the diagonal dropped",
    "the diagonal halved",
    "a gap floor",
    "nothing passed on",
    "not finite",
    "held constant",
]
"""What a vector–Jacobian product may have in place of the right one, as far as it is recognised."""


class Blame(Struct, frozen=True, kw_only=True):
    """One call of the program whose vector–Jacobian product is not that of its forward pass.

    ``share`` is how much of the error of the gradient is by this call alone, in units of what
    rounding explains, and ``factor`` the number that its cotangent is off by, if it is one.
    """

    call: Annotated[int, Meta(description="its number among the calls of the program")]
    name: str
    line: Annotated[str, Meta(description="file:line of the caller")]
    custom: Annotated[bool, Meta(description="whether its derivative is the user's own")]
    share: float
    mistake: Mistake | None = None
    factor: float | None = None

    def __str__(self) -> str:
        """One line: the call, where it is, and what is wrong with it."""
        where = f" ({self.line})" if self.line else ""
        whose = "its own backward" if self.custom else "its derivative"
        told = {
            None: f"{whose} is wrong",
            "doubled off the diagonal": "its cotangent is doubled off the diagonal",
            "one triangle dropped": "one triangle of its cotangent is dropped",
            "not transposed": "its cotangent is not transposed",
            "conjugated": "its cotangent is conjugated",
            "the sign": "its cotangent has the wrong sign",
            "a factor": f"its cotangent is off by a factor {_told(self.factor or 0.0)}",
            "the diagonal dropped": "the diagonal of its cotangent is dropped",
            "the diagonal halved": "the diagonal of its cotangent is halved",
            "a gap floor": "gaps between eigenvalues are floored or softened in its cotangent",
            "nothing passed on": "no cotangent comes back from it",
            "not finite": "its cotangent is not finite",
            "held constant": "what it gives is held constant, and moves with X",
        }[self.mistake]
        return f"step {self.call}, {self.name}{where}: {told}"


def _told(factor: float) -> str:
    """The factor; near 1, what it is off by."""
    off = factor - 1
    return f"1 {'−' if off < 0 else '+'} {abs(off):.1e}" if abs(off) < 1e-3 else f"{factor:.6g}"
