"""Findings put to their frameworks again: what came back, what is true, whether they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Float
from msgspec import Meta, Struct

from symgrad.court.formats import unit_roundoff
from symgrad.court.hearing import Hearing
from symgrad.court.judging.contraction import as_blocks, symmetric_error, to_float
from symgrad.court.judging.notation import number
from symgrad.court.judging.tolerance import gradient_norm, norm
from symgrad.court.names import public
from symgrad.court.questions import Mode, Reported
from symgrad.court.references import Reference
from symgrad.court.verdicts import Number, Outcome, Verdict
from symgrad.studies.findings.record import Finding, Kind, ranked

Entry = Decimal | tuple[Decimal, Decimal]
"""A real number, or a complex one by its parts."""
Status = Literal[
    "still wrong",
    "wrong in another way",
    "passes unexpectedly",
    "refused unexpectedly",
    "passes this time",
    "another version",
    "not installed",
]
DIGITS = 32


class Answer(Struct, frozen=True):
    """What one route returned at one matrix, and what is true there."""

    function: str
    matrix: str
    verdict: Outcome | None
    reason: str
    value: Number | None
    exact_value: Decimal | None
    gradient: Annotated[
        list[list[Number | tuple[Number, Number]]] | None, Meta(description="G as returned")
    ]
    exact: Annotated[list[list[Entry]] | None, Meta(description="S, the symmetric gradient")]
    radius: Annotated[float | None, Meta(description="rigorous bound of the error of `exact`")]
    error: Annotated[
        Number | None, Meta(description="of (G + Gᵀ)/2, relative to S, in the Frobenius norm")
    ] = None
    value_error: Annotated[
        Number | None, Meta(description="of the value, relative to it or to what it is made of")
    ] = None
    of_value: Annotated[bool, Meta(description="the verdict is on the value, first of all")] = False


class Examined(Struct, frozen=True):
    """A finding, put to its framework again."""

    finding: Finding
    version: Annotated[str | None, Meta(description="that was asked; none if not installed")]
    status: Status
    answer: Answer

    @property
    def fails(self) -> bool:
        """Whether the list of findings is out of date."""
        return self.status in (
            "passes unexpectedly",
            "refused unexpectedly",
            "wrong in another way",
        )


class Document(Struct, frozen=True):
    """All findings, examined, and what with."""

    toolkit: dict[str, str]
    environment: dict[str, str]
    findings: list[Examined]


def examine(hearing: Hearing, findings: Sequence[Finding]) -> list[Examined]:
    """What a run says of some findings, whose scenarios are labelled with their names; by class."""
    return [_examine(hearing, finding) for finding in ranked(findings)]


def _examine(hearing: Hearing, finding: Finding) -> Examined:
    verdicts = {
        v.route: v for v in hearing.verdicts("known", label=finding.id) if v.mode == finding.mode
    }
    verdict, other = verdicts.get(finding.route), verdicts.get(finding.against)
    version = hearing.versions.get(finding.framework)
    found = answer(hearing, hearing.numbers("known", finding.id)[0], verdict)
    if version is None:
        status: Status = "not installed"
    elif public(version) not in finding.versions:
        status = "another version"
    elif finding.kind == "raises" and verdict is not None:
        status = "still wrong" if verdict.verdict == "failed" else _status(finding, found)
    elif verdict is None or verdict.verdict in ("refused", "failed"):
        status = "refused unexpectedly" if finding.certain else "passes this time"
    elif finding.against:
        status = "still wrong" if _conjugate(verdict, other) else "passes unexpectedly"
    else:
        status = _status(finding, found)
    return Examined(finding, version, status, found)


def _status(finding: Finding, found: Answer) -> Status:
    """By what is lost: at least half of the digits, of what the finding says."""
    kinds = lost(found, finding.dtype)
    if found.verdict == "disagrees" and finding.kind in kinds:
        return "still wrong"
    if not finding.certain:
        return "passes this time"
    return "wrong in another way" if kinds else "passes unexpectedly"


def lost(found: Answer, dtype: str) -> tuple[Kind, ...]:
    """The kinds of finding that an answer in a dtype can be; none if half of the digits are left.

    What is unstable may be finite or not, as the last bits fall.
    """
    least = math.sqrt(unit_roundoff(dtype))

    def is_lost(error: Number | None) -> bool:
        return error is not None and (isinstance(error, str) or error >= least)

    if is_lost(found.value_error):
        return ("value",)
    if not is_lost(found.error):
        return ()
    return ("not finite", "unstable") if isinstance(found.error, str) else ("wrong", "unstable")


def _conjugate(a: Verdict, b: Verdict | None) -> bool:
    """Whether the gradients are written by different conjugates, where the two differ."""
    return b is not None and {a.conjugation, b.conjugation} == {"∂Re + i∂Im", "∂Re − i∂Im"}


def smallest(hearing: Hearing, mode: Mode) -> Answer | None:
    """The first case of a run at which the verdict is that it disagrees."""
    for _, reported, verdict in hearing.judged:
        if reported and verdict.mode == mode and verdict.verdict == "disagrees":
            return answer(hearing, reported.problem, verdict)
    return None


def answer(hearing: Hearing, case: int, verdict: Verdict | None) -> Answer:
    """What one route returned at a case, by the verdict on it, and what is true there."""
    reference = hearing.references[case]
    reports = [
        r
        for r in hearing.reported
        if verdict and (r.problem, r.route, r.mode) == (case, verdict.route, verdict.mode)
    ]
    exact, radius = _exact_entries(reference) if reference.S is not None else (None, None)
    return Answer(
        reference.function,
        as_text(reference.X, reference.hermitian),
        verdict.verdict if verdict else None,
        _reason(verdict),
        number(reports[0].value) if reports else None,
        _decimal(*reference.value) if reference.value else None,
        verdict.gradient if verdict else None,
        exact,
        radius,
        _error(reference, reports[0]) if reports else None,
        _value_error(reference, reports[0]) if reports else None,
        bool(verdict and verdict.reasons and verdict.reasons[0].kind == "value"),
    )


def _error(reference: Reference, reported: Reported) -> Number | None:
    """‖(G + Gᵀ)/2 − S‖/‖S‖, with the better of G and its conjugate; nothing where G is none."""
    G, S = reported.gradient, reference.S
    if G is None or S is None or G.shape != (reference.size, reference.size):
        return None
    if not np.all(np.isfinite(G)):
        return "NaN"
    written = (as_blocks(G), as_blocks(np.conj(G))) if reference.hermitian else (np.asarray(G),)
    least, size = min(norm(symmetric_error(M, S)) for M in written), norm(S.high)
    return number(least / size if size else math.inf) if least else 0.0


def _value_error(reference: Reference, reported: Reported) -> Number | None:
    """The error of the value relative to |f| + ‖X‖·‖S‖, the size of what it is made of."""
    if reference.value is None or reference.S is None or reported.error:
        return None
    if not math.isfinite(reported.value):
        return number(reported.value)
    error = abs(Fraction(reported.value) - reference.value.mid)
    made_of = Fraction(norm(reference.X)) * Fraction(gradient_norm(reference))
    scale = abs(reference.value.mid) + made_of
    return number(to_float(error / scale) if scale else math.inf) if error else 0.0


def _reason(verdict: Verdict | None) -> str:
    if verdict is None:
        return "there is no answer"
    if verdict.verdict == "agrees" and verdict.conjugation:
        return f"the gradient is written as {verdict.conjugation}"
    return verdict.reason


def _exact_entries(reference: Reference) -> tuple[list[list[Entry]], float]:
    """S to 32 digits, by rows, and a bound of their errors; a complex entry is a pair."""
    assert reference.S is not None
    n, S = reference.size, reference.S
    share = 2 if reference.hermitian else 1
    exact = {
        (i, j): share * (Fraction(float(S.high[i, j])) + Fraction(float(S.low[i, j])))
        for i in range(len(S.high))
        for j in range(n)
    }
    nothing = max(map(abs, exact.values())) / 10**DIGITS
    digits = {place: _decimal(x, nothing) for place, x in exact.items()}
    rounding = max(abs(x - Fraction(digits[place])) for place, x in exact.items())
    radius = share * float(np.max(S.radius)) + float(rounding)
    rows: list[list[Entry]] = [
        [(digits[i, j], digits[n + i, j]) if share == 2 else digits[i, j] for j in range(n)]
        for i in range(n)
    ]
    return rows, float(np.nextafter(radius, np.inf)) if radius else 0.0


def _decimal(x: Fraction, nothing: Fraction = Fraction(0)) -> Decimal:
    """x to 32 digits, plainly: an integer looks like one, and what is below ``nothing`` is 0."""
    context = Context(prec=DIGITS)
    rounded = context.divide(Decimal(x.numerator), Decimal(x.denominator))
    if abs(x) <= nothing:
        return Decimal(0)
    whole = rounded.to_integral_value()
    return whole if whole == rounded else rounded.normalize(context)


def as_text(X: Float[np.ndarray, "n n"], is_hermitian: bool) -> str:
    """The matrix in the form that ``--matrix`` takes; [[A, −B], [B, A]] stands for A + iB."""
    n = len(X) // 2 if is_hermitian else len(X)
    B = X[n:, :n] if is_hermitian else np.zeros((n, n))
    return "; ".join(" ".join(_entry(X[i, j], B[i, j]) for j in range(n)) for i in range(n))


def _entry(a: float, b: float) -> str:
    imaginary = f"{b:+g}i".replace("+1i", "+i").replace("-1i", "-i") if b else ""
    return f"{a:g}{imaginary}" if a or not b else imaginary.lstrip("+")
