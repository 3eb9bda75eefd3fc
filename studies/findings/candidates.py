"""From what a sweep sees wrong to candidates of findings: the smallest case, and its script.

A candidate has the form of a known finding, so that a reader has but to look at it, say what the
documentation does, and move it to ``known.json`` and its script beside the others.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct, structs

from symgrad.commands.session import Session
from symgrad.court.formats import real
from symgrad.court.hearing import Hearing, Judged
from symgrad.court.names import family, name_of, public
from symgrad.court.questions import Choice
from symgrad.court.verdicts import Outcome, Verdict
from symgrad.studies.findings import plan
from symgrad.studies.findings.record import OTHERS, Finding, Kind, Seen
from symgrad.studies.findings.rule import Examined, answer, examine, lost
from symgrad.studies.findings.scripting import Shown, script

NOT_READ = "Nobody has read it yet: look up what it says of such an input before this is reported."


class Candidate(Struct, frozen=True):
    """What was found, put to its framework again, with what every other route says there."""

    examined: Examined
    others: Annotated[dict[str, Outcome], Meta(description="every other route → its verdict")]
    script: Annotated[str, Meta(description="that shows it; empty if it cannot be written")]


def gathered(found: Sequence[Seen]) -> list[Seen]:
    """One of each framework's route, axis, kind and mode: the others are told beside it."""
    groups: dict[tuple[str, ...], list[Seen]] = {}
    for seen in found:
        key = (seen.framework, seen.route, seen.axis, seen.kinds[0], seen.mode)
        groups.setdefault(key, []).append(seen)
    return [_one_of(group) for group in groups.values()]


def _one_of(group: Sequence[Seen]) -> Seen:
    first = group[0]
    columns = dict.fromkeys(column for seen in group for column in seen.columns)
    others = dict.fromkeys((family(seen.function), seen.route) for seen in group)
    rest = (column for column in columns if column not in first.columns)
    return first._replace(columns=(*first.columns, *rest), others=tuple(others))


def search(
    session: Session, choice: Choice, found: Sequence[Seen]
) -> tuple[list[Candidate], list[Seen], bool]:
    """The candidates, what was seen at no small matrix, and whether it was interrupted."""
    left = dict(enumerate(gathered(found)))
    small: dict[int, Finding] = {}
    for number in range(plan.ROUNDS):
        if not left:
            break
        hearing = Hearing(_for(choice, list(left.values())))
        if session.hear(hearing, plan.small(left, number, choice, session.known())):
            return [], [], True
        small |= _smallest(hearing, left)
        left = {k: seen for k, seen in left.items() if k not in small}
    findings = _with_own_ids([small[k] for k in sorted(small)])
    hearing = Hearing(choice)
    if findings and session.hear(hearing, plan.candidates(findings, choice, session.known())):
        return [], [], True
    sources = _sources(session, findings, choice)
    again = {e.finding.id: e for e in examine(hearing, findings)}
    made = [_candidate(again[f.id], sources[f.id], hearing) for f in findings]
    return made, list(left.values()), False


def _for(choice: Choice, left: Sequence[Seen]) -> Choice:
    """The choice of the frameworks that these are of alone."""
    used = {seen.framework for seen in left}
    names = [name for name in choice.resources.frameworks if name in used]
    return structs.replace(
        choice, resources=structs.replace(choice.resources, frameworks=names, journal="")
    )


def _smallest(hearing: Hearing, left: Mapping[int, Seen]) -> dict[int, Finding]:
    """The first of its matrices at which a route is wrong by half of its digits, or raises."""
    found: dict[int, Finding] = {}
    for judged in hearing.judged:
        number = int(judged.scenario.label.split()[0])
        if number not in found and judged.verdict.mode == left[number].mode:
            kind = _kind(hearing, judged)
            if kind:
                found[number] = _finding(left[number], judged, kind, hearing)
    return found


def _kind(hearing: Hearing, judged: Judged) -> Kind | None:
    scenario, reported, verdict = judged
    if verdict.verdict == "failed":
        return "raises"
    if verdict.verdict != "disagrees" or reported is None:
        return None
    kinds = lost(answer(hearing, reported.problem, verdict), real(scenario.dtype))
    is_rounding = "wrong" in kinds and _loses_digits_alone(verdict)
    return "unstable" if is_rounding else next(iter(kinds), None)


def _loses_digits_alone(verdict: Verdict) -> bool:
    off = [r for r in verdict.reasons if r.kind in ("value", "contraction", "entry")]
    return all(reason.lost for reason in off)


def _finding(seen: Seen, judged: Judged, kind: Kind, hearing: Hearing) -> Finding:
    assert judged.reported is not None
    call = re.search(r"[\w.]+\.\w+", seen.route.rpartition(": ")[2])
    name = re.sub(r"\W+", "-", seen.route.lower()).strip("-")
    return Finding(
        id=f"{seen.framework}-{name}-{seen.axis}",
        kind=kind,
        framework=seen.framework,
        versions=(public(seen.version),),
        function=judged.verdict.function,
        route=seen.route,
        matrix=judged.scenario.label.partition(" ")[2],
        dtype=judged.scenario.dtype,
        mode=seen.mode,
        certain=kind != "unstable",
        in_atlas="never",
        reason=judged.verdict.reason,
        documentation=f"{call[0] if call else seen.route}: {NOT_READ}",
        script="",
        along=seen.columns,
        also=seen.others,
    )


def _with_own_ids(found: Sequence[Finding]) -> list[Finding]:
    """The same with ids of their own, and the names of their scripts."""
    times: Counter[str] = Counter()
    made: list[Finding] = []
    for finding in found:
        times[finding.id] += 1
        number = times[finding.id]
        name = f"{finding.id}-{number}" if number > 1 else finding.id
        file = name.replace("-", "_") + ".py"
        made.append(structs.replace(finding, id=name, script=file))
    return made


def _sources(session: Session, findings: Sequence[Finding], choice: Choice) -> dict[str, str]:
    """The lines that define each finding's route, by its id."""
    found: dict[str, str] = {}
    for framework in dict.fromkeys(f.framework for f in findings):
        mine = [f for f in findings if f.framework == framework]
        wanted = [(family(f.function), f.route.rpartition(": ")[2]) for f in mine]
        resources, name = choice.resources, name_of(framework)
        python = resources.interpreters.get(framework, "")
        told = session.written(name, wanted, choice.files, resources.timeout, python)
        found |= {f.id: text for f, text in zip(mine, told, strict=True)}
    return found


def _candidate(examined: Examined, source: str, hearing: Hearing) -> Candidate:
    finding = examined.finding
    others = {
        f"{v.framework} {v.version}, {v.route}": v.verdict
        for v in hearing.verdicts("known", label=OTHERS + finding.id)
        if v.mode == finding.mode and (v.framework, v.route) != (finding.framework, finding.route)
    }
    text = script(finding, source, _shown(examined, hearing)) if source else ""
    return Candidate(examined, others, text)


def _shown(examined: Examined, hearing: Hearing) -> Shown:
    """The matrix, and the direction along which the derivative is farthest off."""
    k = hearing.numbers("known", examined.finding.id)[0]
    reference, scenario, found = hearing.references[k], hearing.scenarios[k], examined.answer
    n = reference.size
    X = np.array(reference.X)
    X = X[:n, :n] + 1j * X[n:, :n] if reference.hermitian else X
    S, G = (_array(rows, n) for rows in (found.exact, found.gradient))

    def slope(M: np.ndarray, E: np.ndarray) -> float:
        return float(np.real(np.sum(np.conj(M) * E)))

    E = max(_directions(n, reference.hermitian), key=lambda E: _off(slope(G, E), slope(S, E)))
    return Shown(
        X.tolist(),
        E.tolist(),
        scenario.constants,
        float(found.exact_value or 0),
        slope(S, E),
        scenario.query.direction,
    )


def _off(found: float, exact: float) -> float:
    """How far a slope is off; infinitely where it is none.  What differs by its sign alone is not.

    That is where the two conjugates of a complex gradient differ.
    """
    off = min(abs(found - exact), abs(found + exact)) if exact else abs(found)
    return math.inf if math.isnan(off) else off


def _array(rows: Sequence[Sequence[Any]] | None, n: int) -> np.ndarray:
    """A matrix that a record holds; NaN where it has none."""
    if rows is None:
        return np.full((n, n), math.nan)
    return np.array(
        [[complex(*map(float, e)) if isinstance(e, tuple) else float(e) for e in r] for r in rows]
    )


def _directions(n: int, is_hermitian: bool) -> list[np.ndarray]:
    """The symmetric (Hermitian) directions of few entries."""
    found = []
    for i, j in zip(*np.tril_indices(n), strict=True):
        for unit in (1, 1j) if is_hermitian and i != j else (1,):
            E = np.zeros((n, n), complex if is_hermitian else float)
            E[i, j], E[j, i] = unit, np.conj(unit)
            found.append(E)
    return found
