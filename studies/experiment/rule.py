"""The reference experiment: claims C1 to C10 about it, each settled by a check that is run here.

The experiment differentiates the smallest eigenvalue of a random symmetric 4×4 matrix by NumPy,
PyTorch and TensorFlow, and asks why the three gradients differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from jaxtyping import Float
from msgspec import Struct

from symgrad.court.documentation import named_triangle
from symgrad.court.judging.contraction import contract
from symgrad.court.judging.conventions import WEIGHTS, representative
from symgrad.court.judging.tolerance import value_tolerance
from symgrad.court.names import name_of
from symgrad.court.questions import Excerpt
from symgrad.court.references import Identity, Reference
from symgrad.court.verdicts import JUDGED, Claim, Verdict

STEPS = 10
STEP_SIZE = 0.25


class Experiment(Struct, frozen=True):
    """What the claims are settled from.

    ``references`` and ``values`` are those of all eigenvalues of the 4×4 matrix, in order (values
    by framework and route); ``verdicts`` those of the smallest; ``sums`` those on the sum of the
    entries of [[a, b], [b, c]].  ``recorded`` are today's verdicts of the smallest eigenvalue on
    what versions that were not run are on record to have answered, and ``recorded_excerpts`` what
    their documentation said.
    """

    references: list[Reference]
    values: dict[tuple[str, str], list[float]]
    verdicts: list[Verdict]
    sums: list[Verdict]
    identities: list[Identity]
    excerpts: list[Excerpt]
    recorded: list[Verdict] = []
    recorded_excerpts: list[Excerpt] = []

    def of(self, framework: str) -> list[Verdict]:
        """The verdicts on one framework's symmetric eigensolvers, in all versions that were run."""
        return [v for v in self.symmetric_solvers if name_of(v.framework) == framework]

    @property
    def symmetric_solvers(self) -> list[Verdict]:
        """The verdicts on the routes made for symmetric matrices, where they have a gradient."""
        return symmetric_solvers(self.verdicts)


SOLVERS = ("eigh", "eigvalsh", "symeig", "self_adjoint_eig", "syevd")
"""What the public calls for symmetric eigenproblems are or were called."""


def symmetric_solvers(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Those on routes made for symmetric matrices."""
    return [v for v in verdicts if any(name in v.route for name in SOLVERS)]


def is_about(framework: str) -> bool:
    """Whether the experiment was run with the framework, in any version."""
    return name_of(framework) in ("numpy", "torch", "tensorflow")


def matrix() -> Float[np.ndarray, "4 4"]:
    """The experiment's matrix: seed 123, a 4×4 standard normal sample plus its transpose."""
    x = np.random.RandomState(123).randn(4, 4)
    return np.asarray(x + x.T)


def settle(experiment: Experiment) -> list[Claim]:
    """All ten claims, in order."""
    checks = (_c1, _c2, _c3, _c4, _c5, _c6, _c7, _c8, _c9, _c10)
    return [
        Claim(f"C{k}", text, *check(experiment))
        for k, (text, check) in enumerate(zip(TEXTS, checks, strict=True), 1)
    ]


TEXTS = (
    "The frameworks compute the same eigenvalues.",
    "The diagonals of the gradients agree; off the diagonal a framework reports the analytic "
    "entry, twice that, or zero.",
    "Since version 1.3 PyTorch reports the analytic, symmetric gradient.",
    "Off the diagonal the gradient is not unique: an implementation may follow an entry, its "
    "mirror image, or any weighted sum of the two.",
    "The sum of the entries shows it: x00 + x01 + x10 + x11 and x00 + x11 + 2·x01 have different "
    "gradients.",
    "In the parameters of x = [[a, b], [b, c]] there is no such freedom: ∂f/∂a = ∂f/∂c = 1 and "
    "∂f/∂b = 2, both ways.",
    "A gradient-descent step keeps a symmetric matrix symmetric with the symmetric gradient, and "
    "not with the triangular ones.",
    "TensorFlow's documentation says that only the lower triangle is used, and its gradient is "
    "that of a function of the lower triangle.",
    "Two notions of the gradient of a function of a symmetric matrix are in use, and 2S − diag(S) "
    "is not a gradient in the sense of the Frobenius inner product.",
    "The gradients that started the question were not wrong, and what they follow is documented.",
)

Settled = tuple[bool, str]


def _c1(e: Experiment) -> Settled:
    largest = ratio = 0.0
    for values in e.values.values():
        for value, reference in zip(values, e.references, strict=True):
            assert reference.value is not None
            error = abs(float(Fraction(value) - reference.value.mid))
            largest = max(largest, error)
            ratio = max(ratio, error / value_tolerance(reference, "float64"))
    return bool(e.values) and ratio <= 1, (
        f"{len(e.values)} routes × 4 eigenvalues against exact enclosures: largest error "
        f"{largest:.1e}, {ratio:.2f} of the tolerance"
    )


def _c2(e: Experiment) -> Settled:
    measured = [v for v in e.symmetric_solvers if v.verdict != "refused"]
    recorded = [v for v in symmetric_solvers(e.recorded) if v.verdict != "refused"]
    found: dict[str, list[str]] = {name: [] for name in WEIGHTS}
    for verdicts, mark in ((measured, ""), (recorded, " (recorded)")):
        for name, who in found.items():
            who += sorted({v.framework + mark for v in verdicts if v.convention == name})
    words = {"symmetric": "1×", "lower": "2× below and 0 above", "upper": "2× above and 0 below"}
    told = "; ".join(f"{words[c]}: {', '.join(who)}" for c, who in found.items() if who)
    lower = any(v.convention == "lower" for v in measured)
    return lower and all(v.convention in WEIGHTS for v in (*measured, *recorded)), (
        f"entries off the diagonal, as multiples of the analytic ones: {told}"
    )


def _c3(e: Experiment) -> Settled:
    if not e.of("torch"):
        return False, "PyTorch was not run"
    recorded = [v for v in symmetric_solvers(e.recorded) if name_of(v.framework) == "torch"]
    judged = [v for v in (*e.of("torch"), *recorded) if v.verdict != "refused"]
    recent = [v for v in judged if _release(v.version) >= (1, 3)]
    older = [v for v in judged if _release(v.version) < (1, 3)]
    holds = all(v.verdict == "agrees" for v in judged) and any(v in e.verdicts for v in recent)
    changed = {v.convention for v in recent} == {"symmetric"}
    changed &= all(v.convention != "symmetric" for v in older)
    told = "; ".join(filter(None, [_by_version(e.of("torch")), _by_version(recorded, "recorded")]))
    return holds and changed, f"reported, by version: {told}" + (
        "" if older else "; releases before 1.3 were not run"
    )


def _by_version(verdicts: list[Verdict], how: str = "measured") -> str:
    """The conventions of each version, in order."""
    ordered = sorted(verdicts, key=lambda v: _release(v.version))
    told = []
    for version in dict.fromkeys(v.version for v in ordered if v.verdict != "refused"):
        mine = [v for v in ordered if v.version == version and v.verdict != "refused"]
        conventions = dict.fromkeys(v.convention or v.verdict for v in mine)
        told.append(f"{version} {', '.join(conventions)} ({how}, {len(mine)} routes)")
    return ", ".join(told)


def _release(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))


def _c4(e: Experiment) -> Settled:
    free = [i for i in e.identities if i.convention in ("weighted", "skew")]
    reads = sorted({v.reads for v in e.verdicts if v.reads and v.verdict == "agrees"})
    return bool(free) and all(i.holds and i.vanishes for i in free) and len(reads) > 1, (
        f"{len(free)} contractions vanish identically with the weight w, or the skew part κ, left "
        f"free; measured, routes that read {', '.join(reads)} all agree"
    )


def _c5(e: Experiment) -> Settled:
    agreeing = [v for v in e.sums if v.verdict == "agrees"]
    found = {f"{v.gradient} ({v.convention})" for v in agreeing}
    return {"symmetric", "upper"} <= {v.convention for v in agreeing}, (
        f"{len(agreeing)} routes that agree report {' and '.join(sorted(found))}"
    )


def _c6(e: Experiment) -> Settled:
    expected = {"a": 1.0, "b": 2.0, "c": 1.0}
    found = [{c.name: c.contracted for c in v.parameters} for v in e.sums]
    frameworks = sorted({v.framework for v in e.sums})
    ways = {v.convention for v in e.sums}
    return len(ways) > 1 and all(f == expected for f in found), (
        f"the contraction is 1, 2, 1, without rounding error, by both ways in "
        f"{', '.join(frameworks)}"
    )


def _c7(e: Experiment) -> Settled:
    asymmetry = {}
    for convention in WEIGHTS:
        X = matrix()
        for _ in range(STEPS):
            v = np.linalg.eigh(X, UPLO="U" if convention == "upper" else "L")[1][:, 0]
            X = X - STEP_SIZE * representative(np.outer(v, v), convention)
        asymmetry[convention] = float(np.abs(X - X.T).max())
    told = ", ".join(f"{name} {size:.2g}" for name, size in asymmetry.items())
    kept = asymmetry.pop("symmetric") == 0
    return kept and all(size > 0.1 for size in asymmetry.values()), (
        f"largest |X_ij − X_ji| after {STEPS} steps of {STEP_SIZE}: {told}"
    )


def _c8(e: Experiment) -> Settled:
    verdicts = e.of("tensorflow")
    said = [x for x in e.excerpts if name_of(x.framework) == "tensorflow" and named_triangle(x)]
    if not verdicts or not said:
        return False, "TensorFlow, or its documentation, was not there to be asked"
    lower = all(v.reads == "lower" and v.convention == "lower" for v in verdicts)
    return lower, (
        f"the docstring of tf.{said[0].name}: “{named_triangle(said[0])}”; perturbing the upper "
        f"triangle leaves the value unchanged and the reported gradient is the lower one, by "
        f"{len(verdicts)} routes"
    )


def _c9(e: Experiment) -> Settled:
    spurious = [i for i in e.identities if i.convention == "spurious"]
    shown = [i for i in spurious if not i.vanishes]
    S = e.references[0].S
    assert S is not None
    spurious_form = S.high * (2 - np.eye(4))  # doubling is exact
    entries = [(i, j, Fraction(1 + i + j, 1 + i * j)) for i in range(4) for j in range(4)]
    true = contract(S.high, tuple(entries))
    as_matrix = contract(spurious_form, tuple(entries))
    as_vech = contract(spurious_form, tuple((i, j, d) for i, j, d in entries if i >= j))
    holds = bool(shown) and all(i.holds for i in spurious) and true == as_vech != as_matrix
    return holds, (
        f"its residual in b is {', '.join(i.residual for i in shown)} for the two eigenvalues of "
        f"x; on the 4×4 matrix, along one E, ⟨S, E⟩ = {float(true):.6f}, the spurious form paired "
        f"with vech E gives exactly the same and paired with E {float(as_matrix):.6f}; that both "
        "are in use is from the literature: Petersen and Pedersen (2012), equation 138; "
        "Srinivasan and Panda (2022)"
    )


def _c10(e: Experiment) -> Settled:
    judged = [v for v in e.verdicts if v.verdict in JUDGED]
    wrong = [v for v in judged if v.verdict == "disagrees"]
    recorded = [v for v in e.recorded if v.verdict in JUDGED]
    right = [v for v in recorded if v.verdict != "disagrees"]
    said, silent = _told(e.excerpts, True), _told(e.excerpts, False)
    by_record = [f"{text} (recorded)" for text in _told(e.recorded_excerpts, True)]
    return bool(judged) and not wrong and bool(said) and recorded == right, (
        f"{len(judged)} gradients judged, {len(wrong)} wrong"
        + (f"; of {len(recorded)} recorded ones {len(recorded) - len(right)}" if recorded else "")
        + "; the triangle that is read is named in the docstrings of "
        + (", ".join([*said, *by_record]) or "none")
        + (f", not in {', '.join(silent)}" if silent else "")
    )


def _told(excerpts: list[Excerpt], is_named: bool) -> list[str]:
    """The public calls whose docstring names the triangle, or those whose does not."""
    return sorted(
        {f"{x.framework} {x.name}" for x in excerpts if bool(named_triangle(x)) == is_named}
    )
