"""What the court finds: it turns a ``Reference`` and a ``Reported`` into a ``Verdict``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, structs

from symgrad.court.questions import Mode, Reads
from symgrad.court.reasons import Kind, Reason, told
from symgrad.court.references import Evidence

Convention = Literal["symmetric", "lower", "upper", "unsymmetric", "ambiguous", "invalid"]
Outcome = Literal["agrees", "inaccurate", "disagrees", "refused", "failed"]
"""``inaccurate``: right but for digits that rounding lost; at least a third of them are left."""
RIGHT: tuple[Outcome, ...] = ("agrees", "inaccurate")
JUDGED: tuple[Outcome, ...] = (*RIGHT, "disagrees")
"""The outcomes of a gradient that was judged."""
Conjugation = Literal["∂Re + i∂Im", "∂Re − i∂Im", "real"]
"""How a complex gradient is written: by Re tr(Gᴴ dX) = df it is the first, the second its
conjugate; a real one is both."""
Number = float | Literal["NaN", "Infinity", "-Infinity"]
"""A float64; JSON has no literal for the values that are not finite, so they are spelled out."""
Rows = list[list[Number | tuple[Number, Number]]]
"""A matrix by rows, as it is written; a complex entry is [re, im]."""


class Component(Struct, frozen=True):
    """The contraction ⟨G, ∂X/∂θ_k⟩ against the exact ∂f/∂θ_k, for one parameter θ_k."""

    name: str
    contracted: Annotated[Number, Meta(description="the Frobenius inner product of G and ∂X/∂θ")]
    exact: Annotated[Decimal, Meta(description="∂f/∂θ, all digits kept")]
    radius: Annotated[float, Meta(description="rigorous bound of the error of `exact`")]
    error: Annotated[Number, Meta(description="|contracted - exact|")]
    tolerance: Annotated[float, Meta(description="largest error that rounding explains")]
    detectable: Annotated[
        Number, Meta(description="smallest error that disagrees, relative to ‖S‖·‖∂X/∂θ‖")
    ]


class Verdict(Struct, frozen=True):
    """The court's judgement on one route of one framework at one point."""

    function: str
    parameterization: str
    size: int
    point: Annotated[
        dict[str, str],
        Meta(description="parameter → exact rational; of a large matrix its seed and number"),
    ]
    framework: str
    version: str
    route: str
    dtype: str
    gradient: Annotated[
        Rows | None,
        Meta(description="G as reported, by rows; a complex entry is [re, im]"),
    ]
    convention: Convention | None
    reads: Annotated[Reads | None, Meta(description="entries that the forward pass reads")]
    parameters: Annotated[
        list[Component], Meta(description="of a large matrix the worst symmetric direction alone")
    ]
    evidence: Evidence
    verdict: Outcome
    reason: Annotated[str, Meta(description="all that is said of it, in one line")]
    mode: Mode = "reverse"
    conjugation: Annotated[
        Conjugation | None, Meta(description="of a complex gradient: which conjugate it is")
    ] = None
    digits: Annotated[
        int | None, Meta(description="decimal digits that rounding left, if it is inaccurate")
    ] = None
    reasons: Annotated[
        list[Reason], Meta(description="the same one by one, each with its kind")
    ] = []

    value: Annotated[
        Outcome | None, Meta(description="of f(X) alone, apart from the derivative")
    ] = None

    def is_said(self, *kinds: Kind) -> bool:
        """Whether a reason of one of these kinds is given."""
        return any(reason.kind in kinds for reason in self.reasons)

    @property
    def layout(self) -> str:
        """The convention, and of a complex gradient which conjugate it is; empty if it is none."""
        return ", ".join(filter(None, (self.convention, self.conjugation)))

    def saying(self, *reasons: Reason, **changes: Any) -> Verdict:
        """The same with these reasons in place of its own, and with other changes."""
        return structs.replace(self, reason=told(reasons), reasons=list(reasons), **changes)


class Claim(Struct, frozen=True):
    """One claim of the reference experiment, settled (or not) by a check that was run."""

    id: str
    text: str
    settled: Annotated[bool, Meta(description="whether the check was run and bears the claim out")]
    how: str
