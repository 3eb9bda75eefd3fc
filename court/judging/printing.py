"""A gradient that is proposed: numbers with no route to ask, perhaps printed with few digits.

Numbers that were rounded to be printed are known to half a unit in the last place of each.  That
allowance is added to the tolerances of the entries of (G + Gᵀ)/2, and so to those of the
contractions.  What it would also let pass of the known mistakes cannot be told from a right
gradient: then nothing is judged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Inexact
from msgspec import Struct

from symgrad.court.errors import InputError
from symgrad.court.judging.contraction import as_blocks
from symgrad.court.judging.conventions import mistakes
from symgrad.court.judging.judge import judge
from symgrad.court.questions import Reported
from symgrad.court.reasons import Reason, say
from symgrad.court.references import Reference
from symgrad.court.verdicts import Verdict

Matrix = Inexact[np.ndarray, "n n"]

PROPOSED = "proposed"
"""In place of a framework's name."""


class Printing(Struct, frozen=True):
    """How the entries of a matrix were rounded: to significant ``digits``, or to ``decimals``.

    Neither means that they were not.
    """

    digits: int | None = None
    decimals: int | None = None

    def __post_init__(self) -> None:
        if self.digits is not None and self.decimals is not None:
            raise InputError(
                f"digits ({self.digits}) and decimals ({self.decimals}) are given; the entries "
                "were rounded to one of them"
            )
        if (self.digits is not None and self.digits < 1) or (self.decimals or 0) < 0:
            raise InputError("a matrix is printed to 1 digit or more, or to 0 decimals or more")

    @property
    def said(self) -> str:
        """How, in words; nothing if they were not rounded."""
        return f"as printed to {self._places}" if self._places else ""

    @property
    def _places(self) -> str:
        for count, name in ((self.digits, "digit"), (self.decimals, "decimal")):
            if count is not None:
                return f"{count} {name}{'s' * (count != 1)}"
        return ""

    def rounded(self, G: Matrix) -> Matrix:
        """G (n×n) as it would be printed."""
        return self._entrywise(self._round, G)

    def half_units(self, G: Matrix) -> Matrix:
        """Half a unit in the last place of each entry of a printed G (n×n)."""
        return self._entrywise(self._half_unit, G)

    def check(self, G: Matrix) -> None:
        """Raise InputError if an entry of G (n×n) has more digits than are said to be printed."""
        for x in (*np.real(G).flat, *np.imag(G).flat):
            if math.isfinite(x) and self._round(float(x)) != x:
                raise InputError(f"the entry {float(x)!r} has more than {self._places}")

    def _entrywise(self, f: Callable[[float], float], G: Matrix) -> Matrix:
        each = np.vectorize(f, otypes=[float])
        if np.iscomplexobj(G):
            return np.asarray(each(np.real(G)) + 1j * each(np.imag(G)))
        return np.asarray(each(G))

    def _round(self, x: float) -> float:
        if self.digits is not None:
            return float(f"{x:.{self.digits - 1}e}")
        return x if self.decimals is None else float(f"{x:.{self.decimals}f}")

    def _half_unit(self, x: float) -> float:
        """Of 0, which has no significant digit, nothing."""
        if self.decimals is not None:
            return 0.5 * 10.0**-self.decimals
        if self.digits is None or x == 0 or not math.isfinite(x):
            return 0.0
        exponent = int(f"{x:.{self.digits - 1}e}".partition("e")[2])
        return 0.5 * 10.0 ** (exponent - self.digits + 1)


NOT_ROUNDED = Printing()
MOST_DIGITS = 17
"""Of a double, which they determine."""


def judge_proposed(
    reference: Reference, G: Matrix | None, by: str, dtype: str, printing: Printing = NOT_ROUNDED
) -> Verdict:
    """The verdict on a matrix G that is proposed as the gradient, printed in this way.

    ``dtype`` is that in which it was computed; G is complex where X is Hermitian.
    """
    verdict = judge(reference, _report(reference, G, by, dtype, printing), dtype)
    if G is None or G.shape != (reference.size, reference.size):
        return verdict
    if not printing.said:
        shown = Printing(min(_shown_digits(G), MOST_DIGITS))
        printed = judge(reference, _report(reference, G, by, dtype, shown), dtype).verdict
        hint = f"{shown.said} (--digits {shown.digits}) it agrees"
        is_printed = (verdict.verdict, printed) == ("disagrees", "agrees")
        return verdict.saying(*verdict.reasons, *say("printing", hint if is_printed else ""))
    if verdict.verdict == "agrees":
        passing = _passing_mistake(reference, by, dtype, printing)
        if passing:
            verdict = verdict.saying(Reason("vacuous", passing), verdict="refused", convention=None)
    is_wrong = verdict.verdict == "disagrees" and not verdict.is_said("mistake")
    mistake = _mistake(reference, G, printing) if is_wrong else ""
    rounding = say("printing", printing.said)
    return verdict.saying(*verdict.reasons, *say("mistake", mistake), *rounding)


def _shown_digits(G: Matrix) -> int:
    """How many significant digits the longest entry of G (n×n) has."""
    parts = [*np.real(G).flat, *np.imag(G).flat]
    texts = [repr(float(x)).partition("e")[0].replace(".", "") for x in parts if x]
    return max((len(text.strip("-0")) for text in texts), default=1)


def _report(
    reference: Reference, G: Matrix | None, by: str, dtype: str, printing: Printing
) -> Reported:
    """The proposed gradient, as a framework would report it, with the exact value."""
    value = float(reference.value.mid) if reference.value else float("nan")
    unknown: Float[np.ndarray, "n n"] | None = None
    if G is not None and printing.said:
        unknown = printing.half_units(G)
        unknown = np.abs(as_blocks(unknown)) if reference.hermitian else unknown
    return Reported(0, PROPOSED, "", by, dtype, value, G, half_units=unknown)


def _mistakes(reference: Reference) -> list[tuple[str, Matrix]]:
    """The known mistakes that can be made of S (n×n), as they would be proposed."""
    assert reference.S is not None
    n, S = reference.size, reference.S.high
    if not reference.hermitian:
        return [*mistakes(S)]
    return [(said, 2 * (M[:n, :n] + 1j * M[n:, :n])) for said, M in mistakes(S, 2)]


def _mistake(reference: Reference, G: Matrix, printing: Printing) -> str:
    """Which known mistake G (n×n) is, entry by entry as it is printed."""
    units = 2 * printing.half_units(G)
    fitting = [
        said
        for said, M in _mistakes(reference)
        if np.all(np.abs(np.real(G - printing.rounded(M))) <= np.real(units))
        and np.all(np.abs(np.imag(G - printing.rounded(M))) <= np.imag(units))
    ]
    return fitting[0] if len(fitting) == 1 else ""


def _passing_mistake(reference: Reference, by: str, dtype: str, printing: Printing) -> str:
    """A known mistake that would agree if it were printed alike, and does not if it is not."""
    for said, M in _mistakes(reference):
        told = [
            judge(reference, _report(reference, made, by, dtype, rounding), dtype).verdict
            for made, rounding in ((M, NOT_ROUNDED), (printing.rounded(M), printing))
        ]
        if told == ["disagrees", "agrees"]:
            name = re.split("[,:]", said)[0].removeprefix("it is ")
            return f"vacuous: printed alike, {name} would be within the tolerance too"
    return ""
