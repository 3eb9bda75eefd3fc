"""The tables of the document: what each route reported, what was printed, what was refused.

They are functions of the verdicts alone, each row made of numbers that the certificate has too, so
that a re-checker can make them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from symgrad.court.hearing import Hearing
from symgrad.court.judging.tolerance import gradient_norm
from symgrad.court.names import family
from symgrad.court.program import Program
from symgrad.court.verdicts import Verdict
from symgrad.studies.appendix.trust import markdown_table, plain

PRINTED = {"numpy": "np.linalg.eigh", "torch": "torch.linalg.eigh", "tensorflow": "tf.linalg.eigh"}
"""The three frameworks of the reference experiment, and the call that it used, as of today."""


def largest_radius(hearings: Sequence[Hearing]) -> float:
    """The largest radius of an entry of S, relative to ‖S‖."""
    references = [r for hearing in hearings for r in hearing.references if r.S is not None]
    return max(
        (float(np.max(r.S.radius)) / (gradient_norm(r) or 1.0) for r in references if r.S),
        default=0.0,
    )


def reports(verdicts: Sequence[Verdict]) -> str:
    """A row for each route and family: what it reads, its conventions, its largest error."""
    rows: dict[tuple[str, str, str], list[Verdict]] = {}
    for v in verdicts:
        key = (f"{v.framework} {v.version}", family(v.function), v.route)
        rows.setdefault(key, []).append(v)
    body = []
    for (framework, name, route), found in rows.items():
        parts = [c for v in found for c in v.parameters]
        ratio = max((float(c.error) / c.tolerance for c in parts if c.tolerance), default=0.0)
        conventions = dict.fromkeys(v.convention or "—" for v in found)
        agree = sum(v.verdict == "agrees" for v in found)
        body.append(
            (
                plain(framework),
                plain(name.replace("_", " ")),
                f"`{route}`",
                ", ".join(dict.fromkeys(v.reads or "—" for v in found)),
                ", ".join(conventions),
                f"{agree} of {len(found)}",
                f"{max((float(c.error) for c in parts), default=0.0):.1e}",
                f"{ratio:.2f}",
            )
        )
    header = ("framework", "function", "route", "reads", "convention", "valid", "error", "of tol.")
    return markdown_table(header, sorted(body), (16, 14, 34, 8, 12, 9, 9, 8))


def programs(name: str, records: Sequence[Program | None]) -> str:
    """A row for each length of a program that was recorded, with what is not of X in it."""
    counted = Counter(
        (
            plain(name),
            str(len(record.steps)) if record else "—",
            str(sum(step.operation == "hold" for step in record.steps)) if record else "—",
            plain(", ".join(record.casts)) if record else "",
            plain(", ".join(record.folded)) if record else "",
        )
        for record in records
    )
    rows = [(*row, str(count)) for row, count in counted.items()]
    header = ("program", "operations", "held", "casts to", "computed without X", "matrices")
    return markdown_table(header, rows, (14, 10, 8, 12, 24, 10))


def printed(verdicts: Sequence[Verdict]) -> list[dict[str, str]]:
    """What the three frameworks print for the smallest eigenvalue, to three decimals."""
    found = []
    for name, call in PRINTED.items():
        mine = [
            v
            for v in verdicts
            if v.framework == name and v.function == "eigenvalue[0]" and v.route.startswith(call)
        ]
        for v in mine[:1]:
            rows = [" & ".join(f"{x:.3f}" for x in row) for row in np.array(v.gradient, float)]
            matrix = r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}"
            told = {"framework": name, "version": plain(v.version), "route": v.route}
            found.append({**told, "convention": v.convention or "invalid", "matrix": matrix})
    return found


def refused(verdicts: Sequence[Verdict]) -> str:
    """A row for each reason why gradients of a route were not judged; nothing if all were."""
    counted = Counter(
        (v.framework, v.function, v.route, v.reason) for v in verdicts if v.verdict == "refused"
    )
    if not counted:
        return ""
    rows = [
        (plain(framework), plain(function), f"`{route}`", plain(reason), str(count))
        for (framework, function, route, reason), count in counted.items()
    ]
    header = ("framework", "function", "route", "why", "gradients")
    return markdown_table(header, rows, (12, 16, 28, 40, 8))


def told_of_printed(shown: Sequence[dict[str, str]]) -> str:
    """How many matrices the frameworks print that were there, in a sentence."""
    if len(shown) < 2:
        return ""
    names = [s["framework"] for s in shown]
    different = {s["matrix"] for s in shown}
    if len(different) == 1:
        return f"All print the same matrix: {', '.join(names)}."
    by_matrix = [
        " and ".join(s["framework"] for s in shown if s["matrix"] == matrix)
        for matrix in dict.fromkeys(s["matrix"] for s in shown)
    ]
    return f"They print {len(different)} different matrices: {'; '.join(by_matrix)}."


def agreement(verdicts: Sequence[Verdict]) -> str:
    """Whether the gradients of the experiment are right in every symmetric direction."""
    judged = [v for v in verdicts if v.verdict in ("agrees", "inaccurate", "disagrees")]
    right = sum(v.verdict == "agrees" for v in judged)
    return (
        f"Contracted with every symmetric direction, {right} of the {len(judged)} gradients of the "
        "experiment are those of the exact gradient, within what rounding explains."
    )
