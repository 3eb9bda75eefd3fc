"""The answer of the main job: what is reported, what makes it equal, and who is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from symgrad.court.references import Identity
from symgrad.court.verdicts import JUDGED, Component, Verdict

FIRST = ("numpy", "torch", "tensorflow")
"""Whose gradients the experiment put side by side."""
SIDE_BY_SIDE = 3
KINDS = {
    "symmetric": "S",
    "lower": "2 tril(S) − diag(S)",
    "upper": "2 triu(S) − diag(S)",
    "unsymmetric": "S + K",
    "ambiguous": "S is diagonal",
}
"""The conventions, and what each makes of the symmetric gradient S; K is skew."""


class Contracted(Struct, frozen=True):
    """⟨G, ∂X/∂x_ij⟩ = G_ij + G_ji of one gradient; the last is what is made of its two entries."""

    who: str
    above: float
    below: float
    contracted: float


class Convention(Struct, frozen=True):
    """How many routes of a framework report each convention, or were ``refused``."""

    framework: str
    version: str
    count: dict[str, int]


class Answer(Struct, frozen=True):
    """What the main job answers.

    ``shown`` are gradients of the 4×4 matrix, of one framework each; ``parameter`` is the entry
    x_ij that they are ``contracted`` in, ``exact`` the derivative in it and ``spurious`` what
    2S − diag(S) gives instead.  ``residuals`` are those of the spurious form for all parameters.
    ``refused`` and ``wrong`` name routes by framework; ``why`` says of a wrong route what is wrong.
    """

    shown: list[Verdict]
    parameter: str
    contracted: list[Contracted]
    exact: float
    spurious: Contracted | None
    conventions: list[Convention]
    judged: int
    right: int
    digits_left: list[int]
    residuals: dict[str, str]
    refused: dict[str, list[str]]
    wrong: dict[str, list[str]]
    why: dict[str, str]

    @property
    def is_one_number(self) -> bool:
        """Whether the gradients that are shown have one contraction, as right ones have."""
        return all(v.verdict != "disagrees" for v in self.shown)

    @property
    def kinds(self) -> list[str]:
        """The conventions and outcomes that there are, conventions first."""
        there = {kind for row in self.conventions for kind in row.count}
        return [*(k for k in KINDS if k in there), *sorted(there - set(KINDS))]


def answer(
    verdicts: Sequence[Verdict], experiment: Sequence[Verdict], identities: Sequence[Identity]
) -> Answer:
    """The answer, from the verdicts on eigenvalues and those of the 4×4 matrix among them."""
    judged = [v for v in verdicts if v.verdict in JUDGED]
    right = [v for v in judged if v.verdict != "disagrees"]
    spurious = [i for i in identities if i.convention == "spurious" and not i.vanishes]
    shown = side_by_side(experiment)
    components = [off_diagonal(v) for v in shown]
    exact = next((float(c.exact) for c in components if c), float("nan"))
    return Answer(
        shown=shown,
        parameter=next((c.name for c in components if c), ""),
        contracted=[_contracted(v, c) for v, c in zip(shown, components, strict=True) if c],
        exact=exact,
        spurious=Contracted("2S − diag(S)", exact, exact, 2 * exact) if any(components) else None,
        conventions=_conventions(verdicts),
        judged=len(judged),
        right=len(right),
        digits_left=[v.digits for v in right if v.digits is not None],
        residuals={i.function: i.residual for i in spurious},
        refused=_routes(verdicts, "refused", "failed"),
        wrong=_routes(verdicts, "disagrees"),
        why={v.route: v.reason for v in verdicts if v.verdict == "disagrees"},
    )


def side_by_side(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The gradients of the smallest eigenvalue that are shown: of three frameworks the first."""
    there: dict[str, Verdict] = {}
    for v in verdicts:
        if v.function == "eigenvalue[0]" and v.gradient and v.verdict in JUDGED:
            there.setdefault(v.framework, v)
    names = [*(n for n in FIRST if n in there), *(n for n in there if n not in FIRST)]
    return [there[name] for name in names[:SIDE_BY_SIDE]]


def off_diagonal(v: Verdict) -> Component | None:
    """The contraction in the first entry above the diagonal, if there is one."""
    return next((c for c in v.parameters if c.name == "x0_1"), None)


def _contracted(v: Verdict, c: Component) -> Contracted:
    assert v.gradient is not None
    above, below = v.gradient[0][1], v.gradient[1][0]
    assert not isinstance(above, tuple)
    assert not isinstance(below, tuple)
    return Contracted(v.framework, float(above), float(below), float(c.contracted))


def _conventions(verdicts: Sequence[Verdict]) -> list[Convention]:
    """Routes are counted once, by what they report everywhere they are asked."""
    found = []
    for framework, version in dict.fromkeys((v.framework, v.version) for v in verdicts):
        of = [v for v in verdicts if (v.framework, v.version) == (framework, version)]
        kinds: dict[str, set[str]] = {}
        for v in of:
            kinds.setdefault(v.route, set()).add(v.convention or v.verdict)
        count = Counter(kind for told in kinds.values() for kind in sorted(told))
        found.append(Convention(framework, version, dict(count)))
    return found


def _routes(verdicts: Sequence[Verdict], *outcomes: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for v in verdicts:
        if v.verdict in outcomes and v.route not in found.setdefault(v.framework, []):
            found[v.framework].append(v.route)
    return found
